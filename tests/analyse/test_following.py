"""Water that follows the voltage across the sheet has no memory left; what it remembers beyond that comes back."""

from dataclasses import replace

import numpy as np
import pytest
from janus_pore.analyse import following, ordered
from janus_pore.parameters import Analysis
from janus_pore.testsystems import ChargingSheet

SETTINGS = Analysis(
    pore_radius_nm=0.4, pore_half_depth_nm=0.25, current_window_ps=10.0, phase_bins=40, angle_bins=36,
    bootstrap_draws=300, confidence=0.68, discard_ps=0.0,
)  # fmt: skip


def found(seed=1, **known):
    return following.memories(ordered.points(ChargingSheet(**known).sample(seed), SETTINGS), SETTINGS)


def test_without_memory_the_voltage_makes_all_of_the_difference():
    for one in found():
        assert one.seen.value > 5 and one.seen.low > 0
        assert one.expected.value == pytest.approx(one.seen.value, abs=2.5)
        assert one.left.low < 2 and one.left.high > -2


def test_memory_comes_back():
    first, second = found(memory_deg=12.0)
    for one in (first, second):
        assert one.left.value == pytest.approx(12.0, abs=3 * one.left.error + 1.5) and one.left.low > 5
        assert one.left.value == pytest.approx(one.seen.value - one.expected.value)


def test_the_interval_covers():
    """Two pieces a sample: 80 of them; of the interpolation half a degree is left."""
    inside = [
        one.left.low - 0.5 <= 0 <= one.left.high + 0.5
        for seed in range(40)
        for one in found(seed, held_v_nm=(0.3, 0.4, 0.6))
    ]
    assert 0.6 < np.mean(inside) < 0.95


def test_beyond_the_constant_fields_nothing_is_expected():
    for one in found(held_v_nm=()):
        assert one.left is None and one.expected is None and "no constant fields on both sides of 3." in one.failed
        assert one.seen.value > 5


def test_the_curve_puts_points_of_one_field_together():
    points = ordered.points(ChargingSheet().sample(1), SETTINGS)
    found = following.curve(points, SETTINGS)
    assert found.volts.shape == found.sigma.shape == (301, 6) and found.runs.tolist() == [6] * 6
    assert found.volts[0] == pytest.approx([0, 2, 3, 4, 6, 12], abs=0.02)
    twice = following.curve([*points, replace(points[2], way="again")], SETTINGS)
    assert twice.sigma.shape == (301, 6) and twice.sigma[0] == pytest.approx(found.sigma[0])
    assert twice.runs.tolist() == [6, 6, 6, 12, 6, 6]
    assert following.expected(points[2], found, SETTINGS).value == pytest.approx(found.sigma[0, 3])


def test_parts_of_a_stay_are_one_unit_a_replica():
    """Once broke: three parts of eight runs were drawn as if they were twenty-four."""
    stay = ordered.points(ChargingSheet(duration_ps=250.0, held_v_nm=()).sample(1), SETTINGS)
    stay = [
        replace(one, since_ps=(one.since_ps[0] + 1e-9, one.since_ps[1]), voltage_v=one.voltage_v + 1e-9 * k)
        for k, one in enumerate(stay)
    ]  # as times and fields are that were read from a file
    assert sum(one.steady for one in stay) == 1 + 2 * 3
    found = following.curve(stay, SETTINGS)
    assert found.runs.tolist() == [6, 12]
    again = following.curve([*stay, *(replace(one, units=one.units[:2]) for one in stay)], SETTINGS)
    assert again.runs.tolist() == [8, 16]  # of other runs, though they are called alike
    late = next(one for one in stay if one.steady and one.side == "up")
    assert following.curve_for(late, stay, SETTINGS).runs.tolist() == [6]  # not compared with itself


def test_a_field_with_one_run_has_no_interval():
    """Once broke: it was alike in all draws, so what it did not know made the interval narrow."""
    points = ordered.points(ChargingSheet().sample(1), SETTINGS)
    alone = [
        replace(one, units=one.units[:1]) if one.side == "held" and one.voltage_v == 3.0 else one for one in points
    ]
    seen = [following.memories(some, SETTINGS)[0] for some in (points, alone)]
    assert [one.left.n for one in seen] == [6, 1] and [one.seen.n for one in seen] == [6, 6]
    assert np.isfinite(seen[0].left.low) and np.isnan(seen[1].left.low) and "only 1" in seen[1].left.warning
    down = following.memories(alone, SETTINGS)[1]
    assert down.left.n == 1  # 3.7 and 4.4 V: one of them lies between 3 and 4 V


def test_a_voltage_that_changes_makes_a_mixture():
    """Water that follows it at once has the width of all that there was; at the ends of the curve the last is taken."""
    cosines = np.exp(-(np.radians([90.0, 30.0]) ** 2) / 2)
    known = following.Curve(np.array([[0.0, 4.0]]), np.array([[[c, 0.0, 0.0, 1.0] for c in cosines]]), np.array([6, 6]))
    assert known.sigma[0] == pytest.approx([90.0, 30.0])
    held = ordered.points(ChargingSheet().sample(1), SETTINGS)[0]
    moving = replace(held, offsets_v=np.array([-4.0, 4.0]))  # beyond both ends: half of the time at each
    mixture = np.degrees(np.sqrt(-2 * np.log(cosines.mean())))
    for one in (held, moving):
        assert known.at(one, np.array([2.0])) == pytest.approx([mixture])
    quarter = np.degrees(np.sqrt(-2 * np.log(cosines @ [0.75, 0.25])))
    assert known.at(held, np.array([1.0])) == pytest.approx([quarter])
    assert known.at(moving, np.array([1.0])) == pytest.approx([mixture])
    assert np.isnan(known.at(moving, np.array([4.1]))).all()


def test_water_turns_where_the_voltage_changes_its_sign():
    """Fields toward -x turn it round, so on the way there it has no order; by widths alone it would keep one."""
    points = [
        one for one in ordered.points(ChargingSheet().sample(1), SETTINGS) if one.side == "held" and one.voltage_v == 3
    ]
    units = points[0].units * np.array([1, 1, 1, 1, -1])
    back = replace(points[0], units=units, field_v_nm=-points[0].field_v_nm, voltage_v=-points[0].voltage_v)
    known = following.curve([*points, back], SETTINGS)
    assert known.volts[0] == pytest.approx([-3, 3], abs=0.02)
    assert known.means[0, 0, :2] == pytest.approx(-known.means[0, 1, :2])
    assert known.sigma[0, 0] == pytest.approx(known.sigma[0, 1])
    assert known.at(points[0], np.full(301, 0.01))[0] > 150


def test_sixteenths_pair_by_where_they_are():
    """Once broke: frames are counted every few steps, so the mean fields of both sides differ, and pairs were lost."""
    one = ordered.points(ChargingSheet().sample(1), SETTINGS)[0]
    up = replace(one, way="sweep", side="up", since_ps=(0.0, 60.0), field_v_nm=0.20)
    down = replace(up, side="down", field_v_nm=0.26)
    others = [replace(down, field_v_nm=-0.26), replace(down, protocol="a sweep of another amplitude")]
    assert [(a.up, a.down) for a in following.memories([up, down, *others], SETTINGS)] == [(up, down)]


def test_no_steady_field_no_curve():
    assert following.curve([], SETTINGS).volts.shape == (1, 0)


def test_the_longest_stay_in_all_its_parts():
    short, long = (ordered.points(ChargingSheet(duration_ps=t).sample(1), SETTINGS) for t in (40.0, 160.0))
    stay = following.longest_stay(following.memories([*short, *long], SETTINGS))
    assert [(one.side, one.since_ps[1]) for one in stay] == [(s, t) for t in (40, 80, 120, 160) for s in ("up", "down")]
    assert {one.way for one in stay} == {"jump, 160 ps"}
    assert following.longest_stay([]) == []


def test_another_box_is_asked_by_itself():
    """One with the same order at each voltage leaves as much; one of one order leaves all that is seen."""
    points = ordered.points(ChargingSheet(memory_deg=12.0).sample(1), SETTINGS)
    short = ordered.points(ChargingSheet(length_x_nm=5.0, held_v_nm=(0.4, 0.6, 0.8, 1.2, 2.4)).sample(2), SETTINGS)
    same = following.curve([one for one in short if one.way == "constant"], SETTINGS)
    level = replace(same, means=np.broadcast_to(same.means[:, :1], same.means.shape))
    few = following.curve([one for one in short if one.voltage_v > 5], SETTINGS)
    for one in following.memories(points, SETTINGS, {"same": same, "level": level, "few": few}):
        made, left, failed = one.others["same"]
        assert left.value == pytest.approx(one.left.value, abs=3) and made.value > 3 and not failed
        assert one.others["level"][1].value == pytest.approx(one.seen.value)
        assert one.others["few"][:2] == (None, None) and "no constant fields on both sides" in one.others["few"][2]
    assert not following.memories(points, SETTINGS)[0].others
