"""Noise that lasts is not taken for a decay more often than promised; a real decay still is one."""

import numpy as np
import pytest
from janus_pore.analyse import chance, fit

STEP_PS = 0.1
TIME = np.arange(251) * STEP_PS


def mean(units):
    return units.mean(axis=0)


def noise(rng, n, tau_ps):
    """First-order autoregressive noise (n, t) of variance 1."""
    keep = np.exp(-STEP_PS / tau_ps) if tau_ps else 0.0
    drawn = rng.normal(size=(len(TIME), n)) * np.sqrt(1 - keep**2)
    drawn[0] = rng.normal(size=n)
    for k in range(1, len(TIME)):
        drawn[k] += keep * drawn[k - 1]
    return drawn.T


@pytest.mark.parametrize("tau_ps", [0.0, 0.2, 1.0, 3.0])
@pytest.mark.parametrize("n", [3, 4, 10])
def test_noise_alone_seldom_passes(tau_ps, n):
    """Once its correlation was left out: of noise of 1 ps a fifth passed as a decay of a few picoseconds."""
    rng, trials = np.random.default_rng(int(10 * tau_ps) + n), 120
    p = np.array([chance.of_decay(TIME, 60 + 8 * noise(rng, n, tau_ps), mean, seed, 2000) for seed in range(trials)])
    assert (p <= fit.LEVEL).sum() <= 4 and (p < 0.05).mean() < 0.13 and 0.3 < (p < 0.5).mean() < 0.7


@pytest.mark.parametrize(("tau_ps", "b", "n"), [(0.2, 30.0, 3), (1.0, 30.0, 3), (0.0, 8.0, 3), (0.2, 8.0, 10)])
def test_a_real_decay_is_found(tau_ps, b, n):
    rng, found = np.random.default_rng(3), []
    for seed in range(20):
        units = 60 + b * np.exp(-TIME / 3.0) + 8 * noise(rng, n, tau_ps)
        found.append(fit.decay(TIME, units, mean, draws=60, confidence=0.68, seed=seed))
    assert sum(not one.failed for one in found) >= 18
    assert np.median([one.tau.value for one in found if not one.failed]) == pytest.approx(3.0, abs=0.7)


def test_a_walk_is_no_decay():
    """Charge that comes and goes at random: noise that lasts as long as the run."""
    rng, trials = np.random.default_rng(4), 150
    passed = 0
    for seed in range(trials):
        walks = rng.normal(size=(6, 80)).cumsum(axis=1)
        passed += chance.of_decay(np.arange(80.0), walks, mean, seed, 2000) <= fit.LEVEL
    assert passed / trials < 0.05


def test_few_points_and_unequal_steps():
    """Five delays of pulse pairs, ten replicas."""
    rng, delays = np.random.default_rng(5), np.array([5.0, 10.0, 20.0, 40.0, 80.0])
    p = np.array([chance.of_decay(delays, rng.normal(1, 0.3, (10, 5)), mean, seed, 2000) for seed in range(200)])
    assert (p <= fit.LEVEL).sum() <= 4 and (p < 0.05).mean() < 0.13
    seen = 1 + np.exp(-delays / 12.0) + rng.normal(0, 0.3, (10, 5))
    assert chance.of_decay(delays, seen, mean) <= fit.LEVEL


@pytest.mark.parametrize(("tau_ps", "asked"), [(0.0, 1.0), (0.2, 4.08), (1.0, 20.0)])
def test_strength_and_inefficiency_of_the_noise_come_back(tau_ps, asked):
    """g = (1 + phi) / (1 - phi); a unit's own level is no noise, a decay that all share is none either."""
    rng, found = np.random.default_rng(6), []
    for _ in range(40):
        units = 50 * np.exp(-TIME / 4.0) + rng.normal(0, 9, (5, 1)) + 2 * noise(rng, 5, tau_ps)
        found.append(chance.noise(chance.deviations(units, mean)))
    variance, factor = np.median(found, axis=0)
    assert factor == pytest.approx(asked, rel=0.15) and variance == pytest.approx(4.0, rel=0.15)


def test_deviations_are_those_of_the_units_where_the_curve_is_their_mean():
    units = np.random.default_rng(7).normal(size=(4, 6))
    assert np.allclose(chance.deviations(units, mean), units - units.mean(axis=0))


def test_without_noise_any_decay_counts_and_without_points_none():
    units = np.tile(np.exp(-TIME / 3.0), (3, 1))
    assert chance.of_decay(TIME, units, mean) <= fit.LEVEL and chance.of_decay(TIME, 0 * units, mean) == 1
    assert chance.of_decay(TIME, np.where(TIME < 0.25, units, np.nan), mean) == 1
