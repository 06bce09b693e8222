"""Rates of what is counted: intervals hold the truth as often as they say, also where runs have rates of their own."""

import numpy as np
import pytest
from janus_pore.analyse import counts
from scipy.stats import binomtest

#: Half of all the time in one group, the rest in twelve.
TIMES = np.array([6.0] + [0.5] * 12)


def drawn(spread, seed, mean=4.0):
    """Counts in groups whose rates are drawn from a gamma distribution of that relative spread."""
    rng = np.random.default_rng(seed)
    rates = rng.gamma(spread**-2, mean * spread**2, len(TIMES)) if spread else mean
    return rng.poisson(rates * TIMES)


def inside(spread, grouped, mean=4.0):
    """How often the interval of a rate holds the mean of all groups there could be."""
    held = []
    for seed in range(600):
        things = drawn(spread, seed, mean)
        by = counts.scatter(things, TIMES, range(len(TIMES))) if grouped else counts.POISSON
        found = counts.rate(int(things.sum()), TIMES.sum(), 0.68, by)
        held.append(found.low <= mean <= found.high)
    return np.mean(held)


class TestScatter:
    def test_is_that_of_leaving_groups_out(self):
        """The jackknife's variance of nu over N / T^2, written as it is defined."""
        things, total = drawn(1.0, 5), TIMES.sum()
        without = np.array([np.delete(things, k).sum() / np.delete(TIMES, k).sum() for k in range(13)])
        variance = 12 / 13 * ((without - things.sum() / total) ** 2).sum()
        found = counts.scatter(things, TIMES, range(13))
        assert found.phi == pytest.approx(variance / (things.sum() / total**2)) and found.phi > 2
        assert found.units == pytest.approx(12**2 / (6**2 + 12 * 0.5**2))

    def test_intervals_hold_the_truth_where_groups_differ(self):
        """And where they do not they are not much too wide."""
        assert 0.66 < inside(0.0, grouped=True) < 0.8
        assert inside(1.0, grouped=False) < 0.3 < 0.55 < inside(1.0, grouped=True)

    def test_the_first_way_to_group_that_makes_five_groups(self):
        things, times = np.array([9, 0, 0, 0, 0, 9]), np.ones(6)
        assert counts.scatter(things, times, [0, 0, 0, 1, 1, 1]) == counts.POISSON  # two groups
        runs = counts.scatter(things, times, range(6))
        assert counts.scatter(things, times, [0, 0, 0, 1, 1, 1], range(6)) == runs and runs.phi > 5
        assert counts.scatter(things, times, [0, 1, 2, 3, 4, 0], range(6)).phi > runs.phi
        assert counts.scatter(0 * things, times, range(6)) == counts.scatter(things, times) == counts.POISSON

    def test_groups_without_time_say_nothing(self):
        assert counts.scatter([4, 0, 0, 0, 0], [1.0, 1.0, 1.0, 1.0, 0.0], range(5)) == counts.POISSON

    def test_one_thing_scatters_not_at_all(self):
        """In a small group it would have been 1.9 times a count."""
        assert counts.scatter([0, 1] + [0] * 11, TIMES, range(13)) == counts.POISSON


class TestRate:
    def test_nothing_was_seen(self):
        """The largest rate with which nothing is seen in 2 ns once in twenty times: 3.0 / 2 ns."""
        found = counts.rate(0, 2.0, 0.68)
        assert found.high == pytest.approx(-np.log(0.05) / 2) and (found.value, found.low, found.n) == (0, -np.inf, 0)

    def test_things_that_come_in_fours_are_a_quarter_of_them(self):
        fours, ones = counts.rate(400, 40.0, 0.68, counts.Scatter(4.0)), counts.rate(100, 10.0, 0.68)
        assert (fours.low, fours.high) == pytest.approx((ones.low, ones.high), rel=0.01)
        assert (fours.n, fours.value) == (400, 10.0)

    def test_of_few_groups_the_ends_are_those_of_student(self):
        """Far from zero it is the normal interval: half widths are as t is to z."""
        known, few = (counts.rate(10_000, 1.0, 0.95, counts.Scatter(4.0, n)) for n in (np.inf, 4.0))
        assert few.error / known.error == pytest.approx(3.182 / 1.960, rel=0.01)

    def test_draws_have_the_same_spread(self):
        drawn = counts.Scatter(4.0).draws(100, 20_000, np.random.default_rng(0))
        assert drawn.mean() == pytest.approx(100.5, rel=0.01) and drawn.var() == pytest.approx(4 * 100.5, rel=0.05)


class TestRatio:
    def test_exact_interval(self):
        share = binomtest(3, 15).proportion_ci(0.68)
        found = counts.ratio((12, 1.0), (3, 2.0), 0.68)
        assert (found.low, found.high) == pytest.approx([one / (1 - one) / 2 for one in (share.low, share.high)])
        assert found.value == pytest.approx(3 / 24) and found.n == 15

    def test_bounds_where_one_is_none(self):
        below, above = counts.ratio((5, 1.0), (0, 1.0), 0.68), counts.ratio((0, 1.0), (5, 1.0), 0.68)
        assert below.high == pytest.approx((1 - 0.05**0.2) / 0.05**0.2) and below.low == -np.inf and below.value == 0
        assert above.low == pytest.approx(1 / below.high) and (above.value, above.high) == (np.inf, np.inf)
        half = counts.ratio((10, 1.0), (0, 1.0), 0.68, counts.Scatter(2.0, 5.0))
        assert half.high == pytest.approx(below.high) and half.n == 10

    def test_bounds_hold_the_truth_where_groups_differ(self):
        """Nothing at the higher voltage where a fifth is expected: the bound is above that, mostly."""
        held = []
        for seed in range(400):
            low, high = drawn(1.0, seed), drawn(1.0, seed + 1000, mean=0.2)
            if not high.sum():
                by = counts.scatter(low, TIMES, range(13))
                held.append(counts.ratio((int(low.sum()), 12.0), (0, 12.0), 0.68, by).high > 0.05)
        assert len(held) > 30 and np.mean(held) > 0.95
