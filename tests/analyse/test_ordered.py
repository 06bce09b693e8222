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
    return ordered.points(SHEET.sample(1), SETTINGS)


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
    wrong, right = (ordered.points({"up": one}, SETTINGS)[1:] for one in (data, SHEET.sample(2)["up"]))
    assert [one.units[:, 0].tolist() for one in wrong] == [one.units[:, 0].tolist() for one in right]


@pytest.mark.parametrize("prepare_ps", [50.0, 60.0, 120.0])
def test_a_long_preparation_is_counted_in_pieces_too(prepare_ps):
    """Once broke: it was taken for one part, and the data were refused, with a remedy that could not help."""
    data = ChargingSheet(prepare_ps=prepare_ps).sample(1)
    found = ordered.points({name: data[name] for name in ("up", "down")}, SETTINGS)
    assert [one.way for one in found] == ["rest"] + ["jump, 60 ps"] * 4
    assert found[0].sheet_v(SETTINGS).value == pytest.approx(0.0, abs=0.02)


def test_angles_after_a_step_are_of_a_later_voltage_than_the_parts_mean():
    """The voltage relaxes while the part lasts: linear between the means of parts, a quarter of the way to the next."""
    sheet = ChargingSheet(duration_ps=150.0)
    first, second, third = ordered.points({"up": sheet.sample(1)["up"]}, SETTINGS)[1:]
    for one, nearly in ((first, 0.03), (second, 0.02)):
        start, end = one.since_ps
        late = sheet.across(np.linspace((start + end) / 2, end, 50), 0.0, 0.4).mean()
        assert one.units[:, 4].mean() + one.offsets_v.mean() == pytest.approx(late, abs=nearly)
        assert abs(one.offsets_v.mean()) > nearly
    assert third.offsets_v.tolist() == [0.0]


def test_a_constant_field_counts_from_where_a_step_is_steady():
    """And where data do not say what was discarded, the settings do."""
    data = ChargingSheet(duration_ps=200.0).sample(1)["hold_+0.40"]
    late = data.time.values[data.theta_frame.values] >= ordered.STEADY_PS
    (one,) = ordered.points({"hold": data}, SETTINGS)
    assert one.units[:, 3].sum() == late.sum()
    short = ChargingSheet(duration_ps=80.0).sample(1)["hold_+0.40"]
    del short.attrs["discard_ps"]
    (one,) = ordered.points({"hold": short}, SETTINGS.model_copy(update={"discard_ps": 30.0}))
    assert one.units[:, 3].sum() == (short.time.values[short.theta_frame.values] >= 30.0).sum()


def test_a_field_that_has_stayed_is_steady():
    points = ordered.points({"up": ChargingSheet(duration_ps=200.0).sample(1)["up"]}, SETTINGS)
    assert [one.steady for one in points] == [True, False, False, True, True]


def test_sixteenths_of_a_sweep_pair_up(monkeypatch):
    """The first period is apart: its angles and its voltages (99 V) are in no point."""
    data = OrientedWater().sample(1)
    volts = np.concatenate([np.full(16, 99.0), np.zeros(16)])
    monkeypatch.setattr(potential, "across_sheet", lambda data: np.tile(volts, (data.sizes["replica"], 1)))
    data["profile_field"] = ("profile", np.tile(np.sin(2 * np.pi * (np.arange(16) + 0.5) / 16), 2))
    data = data.assign_attrs(kind="sine", length_x_nm=10.0)
    points = ordered.points({"sweep": data}, SETTINGS)
    step = float(data.attrs["period_ps"]) / 16
    assert [one.side for one in points] == (["up"] * 4 + ["down"] * 4) * 2
    assert [one.since_ps[0] / step for one in points] == [0, 1, 2, 3, 3, 2, 1, 0] * 2
    later = data.time.values[data.theta_frame.values] >= float(data.attrs["period_ps"])
    assert sum(one.units[:, 3].sum() for one in points) == later.sum() < data.sizes["sample"]
    assert not any(one.units[:, 4].any() for one in points)
    volts[:] = np.concatenate([np.full(16, 99.0), np.arange(16.0)])
    rising = ordered.points({"sweep": data}, SETTINGS)[3]
    assert rising.offsets_v == pytest.approx((np.arange(8) + 0.5) / 8 - 0.5)  # a volt from one part to the next


def test_one_replica_has_no_interval():
    one = ordered.points(ChargingSheet(replicas=1).sample(1), SETTINGS)[0].sigma(SETTINGS)
    assert np.isnan(one.low) and np.isfinite(one.value) and "only 1" in one.warning


def test_data_with_other_parts_are_refused(monkeypatch):
    data = {"up": SHEET.sample(1)["up"]}
    monkeypatch.setattr(potential, "across_sheet", lambda data: np.zeros((6, 2)))
    with pytest.raises(AnalysisError, match="2 profiles along x where 3 are expected: reduce"):
        ordered.points(data, SETTINGS)
