"""Error bars cover what they say they cover."""

import numpy as np
import pytest
from janus_pore.analyse import stats
from janus_pore.errors import AnalysisError


def mean(units):
    return units.mean(axis=0)


@pytest.mark.parametrize("confidence", [0.68, 0.95])
def test_the_interval_covers_the_truth_as_often_as_it_says(confidence):
    rng = np.random.default_rng(1)
    draws, hits = 400, 0
    for k in range(draws):
        found = stats.estimate(rng.normal(3.0, 2.0, 40), mean, draws=300, confidence=confidence, seed=k)
        hits += found.low <= 3.0 <= found.high
    # a percentile bootstrap of 40 units is slightly narrow; 400 trials scatter by 0.023
    assert abs(hits / draws - confidence) < 0.06


def test_one_unit_has_a_value_but_no_interval():
    found = stats.estimate(np.array([2.0]), mean, draws=100, confidence=0.68)
    assert found.value == 2.0 and np.isnan(found.low) and np.isnan(found.high) and found.n == 1


def test_no_unit_is_an_error_that_says_what_to_do():
    with pytest.raises(AnalysisError, match="run longer or more"):
        stats.bootstrap(np.empty((0, 3)), mean, draws=100, confidence=0.68)


def test_the_same_seed_gives_the_same_interval():
    units = np.random.default_rng(2).normal(size=(8, 5))
    one, two = (stats.bootstrap(units, mean, draws=200, confidence=0.95, seed=3) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def test_correlation_time_of_an_autoregressive_series():
    """rho_k = a^k gives tau = 1/2 + a / (1 - a) intervals."""
    rng, a, n = np.random.default_rng(4), 0.9, 100_000
    series = np.zeros(n)
    noise = rng.normal(size=n)
    for i in range(1, n):
        series[i] = a * series[i - 1] + noise[i]
    assert stats.correlation_time(series, 0.2) == pytest.approx(0.2 * (0.5 + a / (1 - a)), rel=0.1)


def test_correlation_time_of_white_noise_and_of_a_constant_is_half_an_interval():
    assert stats.correlation_time(np.random.default_rng(5).normal(size=20_000), 2.0) == pytest.approx(1.0, abs=0.1)
    assert stats.correlation_time(np.ones(50), 2.0) == 1.0
