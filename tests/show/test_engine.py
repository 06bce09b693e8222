"""Figures of the engine's checks: series, errors and the lines that they are to be compared with."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from janus_pore.analyse.engine import Conservation, Flatness
from janus_pore.analyse.stats import Estimate
from janus_pore.show import engine


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def test_each_thermostat_has_its_row():
    time = np.arange(20.0)
    data = xr.Dataset(
        {"temperature": (("thermostat", "energy_time"), [300 + np.sin(time), 300 + np.cos(time)])},
        {"thermostat": ["nose-hoover", "v-rescale"], "energy_time": time},
    )
    figure = engine.temperatures(data, 5.0, 300.0, 4.0)
    rows = np.reshape(figure.axes, (2, 2))
    assert [left.get_title() for left, _ in rows] == ["nose-hoover", "v-rescale"]
    for k, (left, right) in enumerate(rows):
        assert left.lines[1].get_ydata() == pytest.approx(data.temperature.values[k, 5:])  # what is not discarded
        assert right.lines[0].get_xdata().max() == pytest.approx(1 / (4 * np.sqrt(2 * np.pi)), rel=1e-3)
    plt.close(figure)


def test_the_square_law_goes_through_the_middle_with_the_noise_taken_off():
    found = Conservation(
        np.array([0.5, 1.0, 2.0]), [], [Estimate(v, v - 0.1, v + 0.1, 9) for v in (1.1, 5.0, 16.0)], floor=3.0
    )
    data = xr.Dataset({"total": (("dt", "nve_time"), np.zeros((3, 30)))}, {"nve_time": np.arange(30.0)})
    figure = engine.energies(data, found)
    left, right = figure.axes
    assert [line.get_label() for line in left.lines] == ["2 fs", "1 fs", "0.5 fs"]
    named = {line.get_label(): line for line in right.lines}
    law = named["dt$^2$ through the middle"]
    assert np.interp(1.0, law.get_xdata(), law.get_ydata()) == pytest.approx(4.0, rel=0.01)  # sqrt(5^2 - 3^2)
    assert law.get_ydata()[-1] == pytest.approx(16.0) and named["noise of the sum"].get_ydata()[0] == 3.0
    plt.close(figure)


@pytest.mark.parametrize("fields", [[0.05, 0.1, 0.15], [-0.5, 0.5]])
def test_ohms_line_passes_through_the_origin(ax, fields):
    points = xr.Dataset(
        {"density": ("field", 11.0 * np.array(fields)), "error": ("field", np.full(len(fields), 0.1))},
        {"field": fields},
    )
    engine.ohm(points, 11.0, 10.8, ax)
    for line, sigma in zip(ax.lines[-2:], (11.0, 10.8), strict=True):
        assert line.get_ydata() == pytest.approx(sigma * line.get_xdata())
        assert line.get_xdata().min() == min(0.0, *fields) and line.get_xdata().max() >= max(fields)


def test_a_flat_density_and_its_mean(ax):
    engine.flat(np.arange(3.0), Flatness(np.array([32.0, 33.0, 34.0]), np.full(3, 0.5), 1.0, (0.5, 2.0), 9), ax)
    named = {line.get_label(): line for line in ax.lines}
    assert named["mean"].get_ydata()[0] == 33.0
