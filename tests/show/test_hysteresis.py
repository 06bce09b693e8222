"""The figures draw what they are given, also where that is little or nothing."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from janus_pore.analyse import current, loop, ndr, relaxation
from janus_pore.config import Analysis
from janus_pore.show import hysteresis
from janus_pore.testsystems import MemristiveConductor, RelaxingWater, SineConductor

SETTINGS = Analysis(
    pore_radius_nm=0.4, pore_half_depth_nm=0.25, current_window_ps=10.0, phase_bins=40, angle_bins=36,
    bootstrap_draws=100, confidence=0.68, discard_ps=20.0,
)  # fmt: skip


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    figure.canvas.draw()
    plt.close(figure)


@pytest.fixture(scope="module")
def units():
    return current.fold(MemristiveConductor().sample(1), SETTINGS)


def test_phase_has_a_line_and_a_band_a_label(ax, units):
    curve = current.curve(units, SETTINGS)
    hysteresis.phase({"box": curve, "pore": curve}, ax)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["box", "pore"]
    assert np.allclose(ax.lines[0].get_ydata(), curve.current.sel(species="total"))


def test_conductance_is_drawn_by_branch(ax, units):
    hysteresis.conductance(ndr.conductance(units, SETTINGS), "total", ax)
    assert "dI/dE" in ax.get_ylabel() and len(ax.collections) == 4


def test_relaxation_has_dots_and_a_fit_or_says_that_there_is_none(ax):
    steps = relaxation.steps(RelaxingWater(before_v_nm=0.6, after_v_nm=(1.2, 0.6001)).sample(1))
    curves, fits = zip(*((relaxation.sigma(s, SETTINGS), relaxation.decay(s, SETTINGS)) for s in steps), strict=True)
    hysteresis.relaxation(curves, fits, ax)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert "ps" in labels[0] and "no" in labels[1]


def test_steps_up_and_down_to_one_field_have_one_colour(ax):
    up, down = (
        {"before_v_nm": before, "after_v_nm": after} for before, after in ((0.0, (0.4, 1.2)), (1.2, (0.4, 0.0)))
    )
    for known in (up, down):
        steps = relaxation.steps(RelaxingWater(**known).sample(1))
        curves, fits = zip(
            *((relaxation.sigma(s, SETTINGS), relaxation.decay(s, SETTINGS)) for s in steps), strict=True
        )
        hysteresis.relaxation(curves, fits, ax)
    dots = {line.get_label().partition(",")[0]: line.get_color() for line in ax.lines if line.get_linestyle() == "None"}
    assert dots["0 to 0.4 V/nm"] == dots["1.2 to 0.4 V/nm"] != dots["0 to 1.2 V/nm"]
    alone = relaxation.steps(RelaxingWater(after_v_nm=(0.4,)).sample(1))[0]
    hysteresis.relaxation(
        [relaxation.sigma(alone, SETTINGS)], [relaxation.decay(alone, SETTINGS)], ax, strongest_v_nm=1.2
    )
    assert [line for line in ax.lines if line.get_linestyle() == "None"][-1].get_color() == dots["0 to 0.4 V/nm"]


def test_times_leave_refused_fits_out_and_count_them(ax):
    steps = relaxation.steps(RelaxingWater(before_v_nm=0.6, after_v_nm=(1.2, 0.6001)).sample(1))
    hysteresis.times([(step, relaxation.decay(step, SETTINGS)) for step in steps], ax)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["forward (1 refused)", "reverse"]


def test_times_of_a_staircase_stand_beside_those_of_jumps(ax):
    known = {"before_v_nm": 1.2, "after_v_nm": (0.6, 0.0)}
    steps = [s for way in (False, True) for s in relaxation.steps(RelaxingWater(**known, staircase=way).sample(1))]
    hysteresis.times([(step, relaxation.decay(step, SETTINGS)) for step in steps], ax)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == [f"{side}, {way}, 30 ps" for side in ("forward", "reverse") for way in ("jump", "staircase")]
    assert {line.get_marker() for line in ax.lines} >= {"o", "s"}


def test_nothing_to_draw_is_drawn_without_an_error(ax):
    hysteresis.relaxation([], [], ax)
    hysteresis.times([], ax)


def test_membranes_that_were_not_run_say_so(units):
    curve = current.curve(units, SETTINGS)
    names = ["a", "b", "c", "d", "e"]
    figure = hysteresis.membranes({name: curve if name == "b" else None for name in names}, dict.fromkeys(names, "t"))
    said = [text.get_text() for ax in figure.axes for text in ax.texts]
    assert said == ["not run at this scale"] * 4
    plt.close(figure)


def test_lobes_without_an_interval_are_left_out(ax, units):
    nothing = current.fold(SineConductor(conductance_na=0, noise_na=0).sample(1), SETTINGS)
    hysteresis.lobes({"some": loop.memory(units, SETTINGS), "none": loop.memory(nothing, SETTINGS)}, ax)
    assert [label.get_text().split("\n")[1] for label in ax.get_xticklabels()] == ["unipolar", "undecided"]
    assert np.isnan(ax.lines[0].get_xdata()).tolist() == [False, True]
