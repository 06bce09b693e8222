"""Each part of a protocol with the voltage across the sheet and the width of the angles that it was made with."""

import numpy as np
import pytest
from janus_pore.analyse import ordered, potential
from janus_pore.errors import AnalysisError
from janus_pore.parameters import Analysis
from janus_pore.testsystems import ChargingSheet, OrientedWater

SETTINGS = Analysis(
    pore_radius_nm=0.4, pore_half_depth_nm=0.25, current_window_ps=10.0, phase_bins=40, angle_bins=36,
    bootstrap_draws=200, confidence=0.68, discard_ps=0.0,
)  # fmt: skip
SHEET = ChargingSheet()


@pytest.fixture(scope="module")
def points():
    return ordered.points(SHEET.sample(1))


def test_every_part_is_there_once(points):
    """A step of 60 ps is counted in two pieces; the high field that "down" starts at is no steady one."""
    said = [(one.way, one.side, one.since_ps) for one in points]
    jumps = [("jump, 60 ps", side, span) for side in ("up", "down") for span in ((0.0, 30.0), (30.0, 60.0))]
    held = ("constant", "held", (0.0, np.inf))
    assert said == [held] * 5 + [("rest", "held", (0.0, np.inf))] + jumps
    assert [one.steady for one in points] == [True] * 6 + [False] * 4


def test_voltages_and_widths_are_those_that_were_put_in(points):
    for one in points[6:]:
        middle = np.mean(one.since_ps)
        volts = SHEET.across(middle, 0.0 if one.side == "up" else 1.2, 0.4)
        found, sigma = one.sheet_v(SETTINGS), one.sigma(SETTINGS)
        assert found.value == pytest.approx(volts, abs=0.02) and found.n == 6
        assert sigma.value == pytest.approx(SHEET.steady(volts), abs=1.5) and sigma.low < sigma.value < sigma.high
    assert [one.voltage_v for one in points[:5]] == pytest.approx([2, 3, 4, 6, 12])


def test_only_the_second_half_of_a_part_counts():
    """When the water has turned: here it has in the first half, by wrong angles, which must not be seen."""
    data = SHEET.sample(2)["up"]
    late = data.time.values[data.theta_frame.values] - SHEET.prepare_ps
    early = (late > 0) & (late <= 15) | (late > 30) & (late <= 45)
    data["theta"] = data.theta.copy(data=np.where(early, np.pi, data.theta.values))
    wrong, right = (ordered.points({"up": one})[1:] for one in (data, SHEET.sample(2)["up"]))
    assert [one.units[:, 0].tolist() for one in wrong] == [one.units[:, 0].tolist() for one in right]


def test_a_field_that_has_stayed_is_steady():
    points = ordered.points({"up": ChargingSheet(duration_ps=200.0).sample(1)["up"]})
    assert [one.steady for one in points] == [True, False, False, True, True]


def test_sixteenths_of_a_sweep_pair_up(monkeypatch):
    water = OrientedWater()
    data = water.sample(1)
    monkeypatch.setattr(potential, "across_sheet", lambda data: np.zeros((data.sizes["replica"], 16)))
    data["profile_field"] = ("profile", np.sin(2 * np.pi * (np.arange(16) + 0.5) / 16))
    data = data.assign_attrs(kind="sine", length_x_nm=10.0)
    points = ordered.points({"sweep": data})
    step = float(data.attrs["period_ps"]) / 16
    assert [one.side for one in points] == (["up"] * 4 + ["down"] * 4) * 2
    assert [one.since_ps[0] / step for one in points] == [0, 1, 2, 3, 3, 2, 1, 0] * 2
    assert sum(one.units[:, 3].sum() for one in points) == data.sizes["sample"]


def test_one_replica_has_no_interval():
    one = ordered.points(ChargingSheet(replicas=1).sample(1))[0].sigma(SETTINGS)
    assert np.isnan(one.low) and np.isfinite(one.value) and "only 1" in one.warning


def test_data_with_other_parts_are_refused(monkeypatch):
    data = {"up": SHEET.sample(1)["up"]}
    monkeypatch.setattr(potential, "across_sheet", lambda data: np.zeros((6, 2)))
    with pytest.raises(AnalysisError, match="2 profiles along x where 3 are expected: reduce"):
        ordered.points(data)
