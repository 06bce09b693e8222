"""The figures draw what they are given: the numbers on the page are those of the data."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from janus_pore.analyse.decorrelation import Memory
from janus_pore.analyse.stats import Estimate
from janus_pore.show import figures


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def lines(ax):
    return {line.get_label(): line for line in ax.lines}


def curve(field, branch, current):
    dims = {"species": ["total"], "point": np.arange(len(field))}
    value = np.array([current], dtype=float)
    data = {name: (("species", "point"), value + shift) for name, shift in (("current", 0), ("low", -1), ("high", 1))}
    return xr.Dataset(data, dims).assign(field=("point", field), branch=("point", branch))


def test_one_legend_for_all_panels_has_each_label_once():
    figure, axes = plt.subplots(1, 2)
    for k, ax in enumerate(axes):
        ax.plot([0, 1], label="both")
        ax.plot([1, 0], label=f"panel {k}")
        figures.below(figure)
    assert [[text.get_text() for text in one.get_texts()] for one in figure.legends] == [["both", "panel 0", "panel 1"]]
    plt.close(figure)


def test_configurations_stand_apart_about_their_voltage():
    at = [figures.apart(2.0, k, 3) for k in range(3)]
    assert np.diff(at) == pytest.approx([0.08, 0.08]) and np.mean(at) == pytest.approx(2.0)


def test_a_file_is_the_same_every_time(tmp_path):
    """No date and no random names in it: a book that is built again has no other files."""
    figures.use_style()
    for name in ("one", "two"):
        figure, ax = plt.subplots()
        ax.plot([0, 1], [0, 1])
        figures.save(figure, name, tmp_path / "made")
        plt.close(figure)
    one, two = ((tmp_path / "made" / f"{name}.svg").read_bytes() for name in ("one", "two"))
    assert one == two and b"<svg" in one


def test_a_loop_joins_each_branch_in_the_order_of_the_field(ax):
    data = curve(
        [0.5, -0.5, 1.0, 0.4, -0.4], ["forward", "forward", "forward", "reverse", "reverse"], [5, -5, 10, 4, -4]
    )
    figures.loop(data, "total", ax)
    named = lines(ax)
    assert named["forward"].get_xdata().tolist() == [0.5, 1.0] and named["forward"].get_ydata().tolist() == [5, 10]
    assert named["reverse"].get_ydata().tolist() == [4]
    drawn = sorted(x for line in ax.lines if line.get_marker() == "o" for x in line.get_xdata())
    assert drawn == [-0.5, -0.4, 0.4, 0.5, 1.0]


def test_a_ladder_has_its_intervals(ax):
    rows = xr.Dataset(
        {name: (("species", "field"), [[one, 2.0]]) for name, one in (("current", 1.0), ("low", 0.5), ("high", 3.0))},
        {"species": ["total"], "field": [0.2, 0.4]},
    )
    figures.ladder({"hold": rows}, ax)
    (bars,) = ax.containers[0].lines[2]
    assert bars.get_segments()[0][:, 1].tolist() == [0.5, 3.0]


def test_the_field_asked_for_and_the_one_applied(ax):
    time = np.linspace(0, 1, 240)
    asked = xr.Dataset({"asked": ("time", time), "applied": ("time", 2 * time)}, {"time": time}, {"protocol": "sweep"})
    figures.waveform(asked, ax)
    assert lines(ax)["asked"].get_ydata() == pytest.approx(time) and ax.get_title() == "sweep"
    assert lines(ax)["applied by GROMACS"].get_ydata() == pytest.approx(2 * time[::4])


def test_branches_of_a_waveform_are_lines_of_their_own(ax):
    """Two that leave at 10 ps: once one line went from the end of the first back to there."""
    time = np.array([0.0, 10.0, 20.0, 10.0, 30.0])
    fields = {"asked": ("time", time), "applied": ("time", time)}
    figures.waveform(xr.Dataset(fields, {"time": time}, {"protocol": "pair"}), ax)
    assert [line.get_xdata().tolist() for line in ax.lines[:-1]] == [[0.0, 10.0, 20.0], [10.0, 30.0]]
    assert len(ax.get_legend_handles_labels()[1]) == 2


def test_a_further_entry_takes_no_colour_of_a_system():
    assert figures.colours(["a", "a, back", "b"]) == {"a": "C0", "b": "C1", "a, back": "C2"}


def test_angles_with_their_gaussian(ax):
    centres = np.array([-10.0, 0.0, 10.0])
    figures.angles(centres, np.array([0.01, 0.02, 0.01]), 0.0, 20.0, ax, "2 V")
    dots, line = ax.lines
    assert dots.get_ydata().tolist() == [0.01, 0.02, 0.01] and dots.get_label() == "2 V"
    assert line.get_ydata().max() == pytest.approx(1 / (20 * np.sqrt(2 * np.pi)))
    figures.angles(centres, np.zeros(3), np.nan, np.nan, ax)
    assert len(ax.lines) == 3  # no Gaussian without a width


def test_densities_with_what_they_should_be():
    x = np.linspace(-2, 2, 9)
    values = np.array([np.full(9, 33.0), np.full(9, 0.6), np.full(9, 0.5)])
    data = xr.Dataset({"density": (("species", "x"), values)}, {"species": ["OW", "K", "CL"], "x": x})
    figure = figures.profile(data, 33.4, 0.6, 1.0)
    top, bottom = figure.axes
    assert lines(top)["target"].get_ydata()[0] == 33.4 and (lines(top)["water O"].get_ydata() == 33.0).all()
    assert (lines(bottom)["Cl$^-$"].get_ydata() == 0.5).all()
    shaded = sorted(patch.get_x() for patch in top.patches)
    assert shaded == pytest.approx([-2.0, 1.0])
    plt.close(figure)


@pytest.mark.parametrize(("spacing", "seen"), [(1.5, True), (20.0, False)])
def test_a_memory_and_the_spacing_of_starts(spacing, seen):
    lag = np.arange(4.0)
    data = xr.Dataset(
        {"dipole_correlation": (("place", "block", "lag"), [[np.exp(-lag), np.exp(-2 * lag)]])},
        {"place": ["pore"], "lag": lag},
    )
    figure = figures.memory(data, [Memory("pore", Estimate(3.0, 2.0, 4.0, 5), False)], spacing)
    named = lines(figure.axes[0])
    assert named["pore: at least 3 ps"].get_ydata() == pytest.approx(0.5 * (np.exp(-lag) + np.exp(-2 * lag)))
    assert ("spacing of start frames" in named) == seen
    plt.close(figure)


def test_temperatures_with_their_canonical_distribution():
    time = np.arange(100.0)
    data = xr.Dataset(
        {"temperature": ("energy_time", 300 + np.sin(time)), "late": ("energy_time", time > 50)}, {"energy_time": time}
    )
    figure = figures.temperature(data, 300.0, 5.0)
    left, right = figure.axes
    assert [len(line.get_xdata()) for line in left.lines] == [100, 49]
    assert right.lines[0].get_xdata().max() == pytest.approx(1 / (5 * np.sqrt(2 * np.pi)), rel=1e-3)
    plt.close(figure)
