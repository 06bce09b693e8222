"""Water that follows the voltage across the sheet has no memory left; what it remembers beyond that comes back."""

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
    return following.memories(ordered.points(ChargingSheet(**known).sample(seed)), SETTINGS)


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
    points = ordered.points(ChargingSheet().sample(1))
    volts, sigma = following.curve(points, SETTINGS)
    assert volts.shape == sigma.shape == (301, 6) and volts[0] == pytest.approx([0, 2, 3, 4, 6, 12], abs=0.02)
    twice = following.curve([*points, points[2]], SETTINGS)
    assert twice[0].shape == (301, 6) and twice[1][0] == pytest.approx(sigma[0])
    assert following.expected(points[2], (volts, sigma), SETTINGS).value == pytest.approx(sigma[0, 3])


def test_no_steady_field_no_curve():
    volts, _ = following.curve([], SETTINGS)
    assert volts.shape == (1, 0)


def test_the_longest_stay_in_all_its_parts():
    short, long = (ordered.points(ChargingSheet(duration_ps=t).sample(1)) for t in (40.0, 160.0))
    stay = following.longest_stay(following.memories([*short, *long], SETTINGS))
    assert [(one.side, one.since_ps[1]) for one in stay] == [(s, t) for t in (40, 80, 120, 160) for s in ("up", "down")]
    assert {one.way for one in stay} == {"jump, 160 ps"}
    assert following.longest_stay([]) == []
