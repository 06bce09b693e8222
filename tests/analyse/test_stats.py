"""Error bars cover what they say they cover."""

import numpy as np
import pytest
from janus_pore.analyse import independence, stats
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


class TestOfMean:
    @pytest.mark.parametrize("confidence", [0.68, 0.95])
    @pytest.mark.parametrize(("n", "groups"), [(6, None), (20, None), (24, np.repeat(np.arange(6), 4))])
    def test_few_units_and_whole_replicas_still_cover_the_truth_as_often_as_they_say(self, n, groups, confidence):
        """Replicas have an offset of their own, as large as the spread of their blocks."""
        rng, hits, trials = np.random.default_rng(6), 0, 500
        for k in range(trials):
            offset = 0.0 if groups is None else rng.normal(0, 2.0, 6)[groups]
            values = 3.0 + offset + rng.normal(0, 2.0, n)
            found = stats.of_mean(values, lambda m: m, groups=groups, draws=400, confidence=confidence, seed=k)
            hits += found.low <= 3.0 <= found.high
        assert abs(hits / trials - confidence) < 0.055

    def test_too_few_replicas_are_drawn_by_block_and_an_offset_is_warned_of(self):
        rng, groups = np.random.default_rng(7), np.repeat(np.arange(3), 10)
        values = rng.normal(0, 3.0, 3)[groups] + rng.normal(0, 1.0, 30)
        found = stats.of_mean(values, lambda m: m, groups=groups, draws=200, confidence=0.68)
        assert found.n == 30 and "replicas differ" in found.warning

    def test_a_bound_may_be_infinite(self):
        values = np.random.default_rng(8).normal(0.2, 1.0, 30)
        found = stats.of_mean(
            values, lambda m: np.where(m > 0, 1 / np.maximum(m, 1e-9), np.inf), draws=500, confidence=0.95
        )
        assert np.isfinite(found.low) and found.high == np.inf

    def test_units_that_are_all_alike_say_nothing_of_the_error(self):
        found = stats.of_mean(np.ones(8), lambda m: m, draws=100, confidence=0.68)
        assert found.value == 1 and np.isnan(found.low) and "alike" in found.warning

    def test_of_a_linear_number_every_unit_contributes_its_own(self):
        units = np.random.default_rng(9).normal(size=(7, 5))
        weight = np.arange(5.0)
        assert np.allclose(stats.pseudovalues(units, lambda m: m @ weight), units @ weight)


def test_expanded_percentiles_are_students_in_the_limit_of_many_draws():
    """For the mean of normal units the interval is mean +- t s / sqrt(n)."""
    values = np.random.default_rng(10).normal(size=10)
    drawn = stats.resampled_means(values, None, draws=200_000)
    low, high = stats.interval(drawn, 10, 0.95)
    half = 2.262 * values.std(ddof=1) / np.sqrt(10)
    assert 0.5 * (high - low) == pytest.approx(half, rel=0.1)
    assert stats.expanded(0.95, 10_000) == pytest.approx(0.95, abs=1e-3)


def test_the_confidence_of_a_sign_agrees_with_the_interval():
    drawn = np.random.default_rng(11).normal(-1.0, 0.7, 100_000)
    for confidence in (0.8, 0.95):
        edge = drawn - stats.interval(drawn, 8, confidence)[1]  # moved so that the interval just reaches zero
        assert stats.below_zero(edge, 8) == pytest.approx(0.5 + confidence / 2, abs=0.01)
    assert np.isnan(stats.below_zero(np.full(3, np.nan), 8))


def test_an_interval_may_have_units_of_its_own_for_every_number():
    drawn = np.random.default_rng(12).normal(size=(4000, 3))
    together = np.array(stats.interval(drawn, np.array([3, 8, 100]), 0.68))
    for k, n in enumerate((3, 8, 100)):
        assert np.allclose(together[:, k], stats.interval(drawn[:, k], n, 0.68))


def test_whole_replicas_are_summed_where_there_are_enough():
    units, groups = np.arange(24.0).reshape(12, 2), np.repeat(np.arange(6), 2)
    assert np.allclose(stats.summed(units, groups), units.reshape(6, 2, 2).sum(axis=1))
    assert stats.summed(units, groups // 2) is units


def test_draws_that_are_nan_are_left_out_of_an_interval():
    drawn = np.concatenate([np.linspace(0, 1, 1001), np.full(500, np.nan)])
    low, high = stats.interval(drawn, 10_000, 0.9)
    assert (low, high) == (pytest.approx(0.05, abs=0.01), pytest.approx(0.95, abs=0.01))


def test_an_interval_is_widened_by_what_its_units_count_for():
    found = stats.Estimate(1.0, 0.9, 1.2, 40)
    few = independence.Independence("block", 40, 10.0, "too small", "correlated: 40 blocks count as 10")
    wide = stats.widened(found, few)
    assert (wide.value, wide.low, wide.high, wide.n) == pytest.approx((1.0, 0.8, 1.4, 40))
    assert wide.warning == "correlated: 40 blocks count as 10, and the error bar is wider by that"
    assert stats.widened(found, independence.Independence("block", 40, 40.0)) == found
