"""Exponentials: known constants come back within their error; data that do not fix them are refused with a reason."""

import numpy as np
import pytest
from janus_pore.analyse import fit

TIME = np.linspace(0, 40, 41)


def mean(units):
    return units.mean(axis=0)


def curves(n, noise, *, a=1.2, b=1.9, tau=8.0, seed=0):
    rng = np.random.default_rng(seed)
    return a + b * np.exp(-TIME / tau) + rng.normal(0, noise, (n, len(TIME)))


class TestDecay:
    @pytest.mark.parametrize("b", [1.9, -0.7])
    def test_exact_data_give_exact_constants(self, b):
        found = fit.decay(TIME, curves(3, 1e-9, b=b), mean, draws=20, confidence=0.68)
        assert (found.a.value, found.b.value, found.tau.value) == pytest.approx((1.2, b, 8.0), rel=1e-6)
        assert found.at(TIME) == pytest.approx(1.2 + b * np.exp(-TIME / 8.0), rel=1e-6) and not found.failed

    def test_intervals_of_tau_cover_the_truth_as_often_as_they_say(self):
        inside = {0.68: 0, 0.95: 0}
        for seed in range(120):
            units = curves(20, 0.5, seed=seed)
            for confidence in inside:
                tau = fit.decay(TIME, units, mean, draws=60, confidence=confidence, seed=seed).tau
                inside[confidence] += tau.low <= 8.0 <= tau.high
        assert 0.56 < inside[0.68] / 120 < 0.8 and 0.86 < inside[0.95] / 120 <= 0.99

    @pytest.mark.parametrize(
        ("units", "why"),
        [
            (curves(10, 3.0, b=0.0), "resampled|constant|inside the range"),
            (curves(3, 30.0), "resampled|constant|inside the range"),
            (curves(1, 0.1), "one replica"),
            (curves(5, 0.1, tau=1e4), "resampled|inside the range|constant"),
            (np.full((4, len(TIME)), np.nan), "only 0 points"),
            (np.ones((4, len(TIME))), "inside the range"),
        ],
    )
    def test_data_that_do_not_fix_it_give_a_reason_and_no_number(self, units, why):
        found = fit.decay(TIME, units, mean, draws=60, confidence=0.68)
        assert found.tau is None and found.a is None and np.isnan(found.at(TIME)).all()
        assert any(word in found.failed for word in why.split("|"))


def test_many_curves_at_once_are_fitted_as_one_by_one():
    units = np.concatenate(
        [curves(6, 0.3), curves(3, 0.3, b=-0.7, tau=3.0), curves(3, 1.0, b=0.0), np.ones((1, len(TIME)))]
    )
    units[1, 5] = np.nan
    together = fit.exponentials(TIME, units)
    for row, curve in zip(together, units, strict=True):
        one = fit.exponential(TIME, curve)
        assert np.isnan(row).all() if one is None else row == pytest.approx(one, rel=1e-4)
    assert np.isfinite(together[:9]).all() and np.isnan(together[-1]).all()
