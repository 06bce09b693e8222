"""The figures and tables of the water's order against the voltage across the sheet."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from janus_pore.analyse import following, ordered
from janus_pore.parameters import Analysis
from janus_pore.show import following as show
from janus_pore.testsystems import ChargingSheet

SETTINGS = Analysis(
    pore_radius_nm=0.4, pore_half_depth_nm=0.25, current_window_ps=10.0, phase_bins=40, angle_bins=36,
    bootstrap_draws=100, confidence=0.68, discard_ps=0.0,
)  # fmt: skip


@pytest.fixture(scope="module")
def points():
    return ordered.points(ChargingSheet().sample(1), SETTINGS)


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    figure.canvas.draw()
    plt.close(figure)


@pytest.mark.parametrize("applied", [True, False])
def test_order_has_a_label_a_side_and_a_way(ax, points, applied):
    show.order(points, SETTINGS, applied, ax)
    labels = ax.get_legend_handles_labels()[1]
    assert sorted(labels) == ["constant field", "down, jump, 60 ps", "up, jump, 60 ps"]
    drawn = {x for line in ax.lines for x in np.round(line.get_xdata(), 2)}
    assert (3.33 in drawn) is not applied


def test_course_shows_both_sides_and_what_was_expected(points):
    stay = following.longest_stay(following.memories(points, SETTINGS))
    figure = show.course(stay, points, SETTINGS)
    volts, sigma = figure.axes
    assert [line.get_xdata().tolist() for line in sigma.lines if line.get_linestyle() == "--"] == [[22.5, 52.5]] * 2
    assert any(line.get_ydata()[0] == 4 for line in volts.lines if line.get_linestyle() == ":")
    plt.close(figure)


def test_another_box_has_a_line_a_column_and_rows_of_its_own(ax, points):
    others = {"box of 5 nm": following.curve([one for one in points if one.voltage_v < 7], SETTINGS)}
    show.order(points, SETTINGS, False, ax, others)
    dashed = [line.get_label() for line in ax.lines if line.get_linestyle() == "--"]
    assert dashed == ["constant field, box of 5 nm"]
    table = show.table(points, SETTINGS, others)
    assert table["constant field, box of 5 nm (degrees)"].iloc[-1] != "not known"
    rows = show.claims(following.memories(points, SETTINGS, others))
    assert [one.quantity[:24] for one in rows[:3]] == [
        "sigma_theta up - down, +", "left of it at one voltag", "the same by constant fie"
    ]  # fmt: skip
    assert rows[2].here.value == pytest.approx(rows[1].here.value, abs=3) and "the voltage makes" in rows[2].remark


def test_nothing_to_draw_is_drawn_without_an_error(ax):
    show.order([], SETTINGS, False, ax)
    plt.close(show.course([], [], SETTINGS))
    assert show.table([], SETTINGS).empty and show.claims([]) == []


def test_the_table_and_the_claims_say_what_is_not_known():
    points = ordered.points(ChargingSheet(held_v_nm=()).sample(1), SETTINGS)
    table = show.table(points, SETTINGS)
    assert table["constant field (degrees)"].tolist()[1:] == ["not known"] * 4
    assert table["since (ps)"].tolist()[:2] == ["", "0 to 30"]
    seen, left = show.claims(following.memories(points, SETTINGS))[:2]
    assert seen.here.value > 5 and "smaller in reverse" in seen.paper
    assert left.here is None and "no constant fields" in left.remark
