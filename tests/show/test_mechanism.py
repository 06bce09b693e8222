"""The figures of the mechanism draw what they are given, also where there is little of it."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from janus_pore.analyse import charging, mechanism, potential
from janus_pore.parameters import Analysis
from janus_pore.show import mechanism as draw
from janus_pore.testsystems import ChargedCell, OrientedWater, SteppedCell


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture
def settings():
    return Analysis(
        pore_radius_nm=0.4, pore_half_depth_nm=0.25, current_window_ps=10.0, phase_bins=40, angle_bins=72,
        bootstrap_draws=100, confidence=0.68, discard_ps=50.0,
    )  # fmt: skip


def picture(*waters, sheet=()):
    """A data set with a snapshot of waters (oxygen, theta in degrees)."""
    found = []
    for oxygen, theta in waters:
        stem = 0.058 * np.array([np.cos(np.radians(theta)), np.sin(np.radians(theta)), 0])
        found.append([oxygen, oxygen + stem + [0, 0, 0.08], oxygen + stem - [0, 0, 0.08]])
    return xr.Dataset(
        {
            "snapshot": (("molecule", "atom", "xyz"), np.array(found).reshape(-1, 3, 3)),
            "snapshot_sheet": (("sheet", "xyz"), np.array([at for _, at in sheet]).reshape(-1, 3)),
        },
        coords={"sheet": [name for name, _ in sheet]},
        attrs={"pore_radius_nm": 0.4, "pore_half_depth_nm": 0.25},
    ).assign(snapshot=lambda d: d.snapshot.assign_attrs(time_ps=3.0, field_v_nm=1.2))


class TestSnapshot:
    @pytest.mark.parametrize("theta", [40, -70, 130])
    def test_the_angle_drawn_is_the_waters(self, theta):
        data = picture((np.array([0.1, 0.0, 0.0]), theta), sheet=[("MO", (0, 0.6, 0)), ("SE", (-0.17, 0.6, 0))])
        ax = plt.figure().subplots()
        draw.snapshot(data, ax)
        assert [text.get_text() for text in ax.texts if "theta" in text.get_text()] == [rf"$\theta$ = {theta}°"]
        assert "+1.20 V/nm" in ax.get_title()

    def test_only_the_region_has_an_angle(self):
        ax = plt.figure().subplots()
        draw.snapshot(picture((np.array([0.4, 0.0, 0.0]), 40)), ax)
        assert not any("theta" in text.get_text() for text in ax.texts)

    def test_without_any_water(self):
        draw.snapshot(picture(), plt.figure().subplots())


def test_panels_say_that_there_is_no_barrier(settings):
    lines = {"constant": mechanism.steady(SteppedCell(duration_ps=150.0).sample(0), settings)}
    figure = draw.panels(lines, None)
    assert figure.axes[0].texts[0].get_text() == "not computed yet" and len(figure.axes) == 5
    empty = xr.Dataset(
        {f"{name}{end}": ("bin", [np.nan]) for name in ("barrier", "by_counts") for end in ("", "_low", "_high")},
        coords={"field": ("bin", [0.4])},
    )
    assert draw.panels(lines, empty).axes[0].texts[0].get_text() == "not enough data"
    there = empty.assign({name: ("bin", [3.0]) for name in ("barrier", "barrier_low", "barrier_high")})
    assert not draw.panels(lines, there).axes[0].texts


def test_potential_voltage_and_charging(settings):
    cells = {f"{field}": ChargedCell(field_v_nm=field).sample(0) for field in (0.2, 0.4)}
    ax = plt.figure().subplots()
    draw.potential({name: potential.profile(one, settings) for name, one in cells.items()}, ax)
    assert len(ax.lines) == 2
    brief = settings.model_copy(update={"current_window_ps": 1.0, "discard_ps": 0.0})
    assert len(draw.voltage(potential.against_voltage(cells, brief)).axes) == 2
    ax = plt.figure().subplots()
    draw.charging(charging.after_step(SteppedCell().sample(1), settings), ax)
    assert "aF" in ax.lines[1].get_label()
    ax = plt.figure().subplots()
    draw.charging(charging.after_step(SteppedCell(capacitance_af=0.0).sample(1), settings), ax)
    assert len(ax.lines) == 1 and ax.get_title().startswith("no fit")


def test_charging_by_voltage_says_what_has_no_fit(settings):
    some, one = SteppedCell(noise_e=0.1, fields_v_nm=(0.3,)), SteppedCell(fields_v_nm=(0.6,), replicas=1)
    table = draw.charging_by_voltage(charging.by_voltage(some.sample(0) | one.sample(1), settings))
    assert list(table.index) == ["3", "6"] and list(table.runs) == [4, 1]
    assert float(table["C (aF)"].iloc[0].split()[0]) == pytest.approx(0.5, rel=0.02)
    assert table["RC (ps)"].iloc[1] == "not enough data"
    assert "no error bar" in table.remark.iloc[1] and not table.remark.iloc[0]


def test_order_and_region(settings):
    ax = plt.figure().subplots()
    draw.order({"sweep": mechanism.order(OrientedWater().sample(0), settings)}, [], "mean_cos", ax)
    assert ax.get_legend_handles_labels()[1] == ["sweep, forward", "sweep, reverse"]
    fits = {f"fit{end}": (("branch", "field"), [[140.0, 30.0]]) for end in ("", "_low", "_high")}
    wide = xr.Dataset(fits, coords={"branch": ["forward"], "field": [0.1, 0.8]})
    for how, expected in (("fit", [np.nan, 30.0]), ("mean_cos", [140.0, 30.0])):  # wider than flat: no peak
        ax = plt.figure().subplots()
        table = wide.rename({name: name.replace("fit", how) for name in wide}).assign(fit=wide.fit)
        draw.order({}, [table], how, ax)
        assert np.array_equal(ax.lines[0].get_ydata(), expected, equal_nan=True)
    names = [f"{name}{end}" for name in ("sigma", "mean_cos") for end in ("", "_low", "_high")] + ["waters"]
    table = xr.Dataset(
        {name: (("radius", "half_depth"), np.ones((3, 2))) for name in names},
        coords={"radius": [0.2, 0.4, 0.6], "half_depth": [0.2, 0.4]},
    )
    assert len(draw.region(table, (0.4, 0.25)).axes) == 3
