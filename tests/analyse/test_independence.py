"""Blocks that are not independent are told apart from blocks that are, and independent ones rarely raise an alarm."""

import numpy as np
import pytest
import xarray as xr
from janus_pore.analyse import independence
from janus_pore.analyse.stats import estimate, interval, resampled_means, share_of, widened
from janus_pore.testsystems.hysteresis import noise


def runs(seed, *, replicas=3, blocks=40, memory=0.0, spread=0.0):
    """Values of blocks in units of their own spread, correlated over `memory` blocks, with an offset a replica."""
    rng = np.random.default_rng(seed)
    values = noise(rng, (replicas, blocks), 1.0, memory) + spread * rng.normal(size=(replicas, 1))
    return values.ravel(), np.repeat(np.arange(replicas), blocks)


class TestJudge:
    def test_independent_blocks_raise_an_alarm_in_few_of_many_draws(self):
        alarms = [bool(independence.judge(*runs(seed)).warning) for seed in range(300)]
        assert np.mean(alarms) < 0.04

    def test_correlated_blocks_raise_one_and_are_counted_for_what_they_are(self):
        found = [independence.judge(*runs(seed, memory=3.0)) for seed in range(100)]
        assert np.mean(["successive blocks" in one.warning for one in found]) > 0.95
        keep = np.exp(-1 / 3.0)
        assert np.median([one.effective for one in found]) == pytest.approx(120 * (1 - keep) / (1 + keep), rel=0.4)

    def test_replicas_that_spread_raise_one_and_count_as_little_more_than_the_replicas(self):
        found = [independence.judge(*runs(seed, spread=2.0)) for seed in range(50)]
        loud = [one for one in found if "replicas differ" in one.warning]
        assert len(loud) > 40 and np.median([one.effective for one in loud]) < 6

    def test_short_blocks_raise_one(self):
        values, groups = runs(1)
        found = independence.judge(values, groups, unit_ps=5.0, correlation_ps=10.0)
        assert "shorter than two correlation times" in found.warning and found.effective == 120 * 5 / 20
        assert not independence.judge(values, groups, unit_ps=20.0, correlation_ps=10.0).warning

    def test_enough_replicas_are_drawn_whole_and_nothing_within_them_matters(self):
        found = independence.judge(*runs(2, replicas=5, memory=10.0, spread=3.0), unit_ps=1.0, correlation_ps=9.0)
        assert (found.drawn, found.n, found.effective, found.warning) == ("replica", 5, 5.0, "")

    @pytest.mark.parametrize("n", [1, 2, 4])
    def test_few_units_say_so(self, n):
        assert f"only {n} independent unit" in independence.judge(np.arange(n) * [1.0]).warning

    def test_values_that_are_all_alike_are_no_error(self):
        assert independence.judge(np.ones(12), np.repeat([0, 1, 2], 4)).effective == 12


def test_the_mean_at_each_phase_is_taken_away():
    time = np.arange(200) * 0.5 + 0.25
    wave = np.sin(2 * np.pi * time / 20)
    series = np.stack([wave, wave + np.random.default_rng(0).normal(0, 0.1, 200)])
    left = independence.about_phase(series, 20.0, time)
    assert np.abs(left).max() < 0.5 and np.allclose(left.reshape(2, 5, 40).mean(axis=(0, 1)), 0)


def test_correlation_of_a_current_that_does_not_change_is_unknown():
    assert np.isnan(independence.correlation(np.ones((2, 50))))
    assert independence.correlation(noise(np.random.default_rng(1), (4, 20_000), 1.0, 5.0)) == pytest.approx(5, rel=0.1)


class TestCoverage:
    """How often 68 % intervals of one run's blocks hold the truth, 0, where blocks remember the one before."""

    @staticmethod
    def inside(memory, monkeypatch, level=None):
        if level:
            monkeypatch.setattr(independence.between, "__defaults__", (level,))
            monkeypatch.setattr(independence.inefficiency, "__defaults__", (level,))
        held = []
        for seed in range(300):
            values, groups = runs(seed, replicas=1, blocks=20, memory=memory)
            judged = independence.judge(values, groups)
            found = estimate(values, lambda one: float(one.mean()), draws=200, confidence=share_of(judged, 0.68))
            found = widened(found, judged)
            held.append(found.low <= 0 <= found.high)
        return np.mean(held)

    def test_intervals_are_widened_before_an_alarm_is_sure(self, monkeypatch):
        assert 0.62 < self.inside(0.0, monkeypatch) < 0.78
        ours = self.inside(0.7, monkeypatch)
        assert 0.56 < ours and self.inside(0.7, monkeypatch, independence.LEVEL) < ours - 0.05

    def test_what_chance_may_do_is_no_alarm(self):
        found = [independence.judge(*runs(seed)) for seed in range(300)]
        assert 0.15 < np.mean([one.effective < one.n for one in found]) < 0.45
        assert all(one.reason for one in found if one.warning)


def test_replicas_that_belong_together():
    """Placements, those that began alike as one, where there are five; without, each replica by itself."""
    data = xr.Dataset({"current": ("replica", np.zeros(7))})
    assert independence.together(data).tolist() == [*range(7)]
    placed = data.assign_coords(began=("replica", [0, 0, 2, 0, 5, 6, 9]))
    assert independence.together(placed).tolist() == [0, 0, 1, 0, 2, 3, 4]
    few = data.assign_coords(began=("replica", [0, 0, 2, 0, 5, 6, 6]))
    assert independence.together(few.current).tolist() == [*range(7)]


def test_groups_of_different_size_count_as_fewer():
    """Half of the data in one of eleven replicas: 3.6 of one size, and so it says."""
    groups = np.repeat(np.arange(11), [10] + [1] * 10)
    found = independence.judge(np.arange(20.0), groups)
    assert (found.n, found.effective, found.behind) == (11, 11.0, 4) and found.weighed == pytest.approx(400 / 110)
    assert found.warning == "11 independent units, one with 50% of the data: they count as 3.6"
    even = independence.judge(np.arange(20.0), groups, weights=np.where(groups == 0, 0.1, 1.0))
    assert even.weighed == pytest.approx(11) and even.warning == "" and even.behind == 11
    blocks = independence.judge(np.array([1.0, -1.0] * 10))
    assert blocks.behind == 20 and np.isinf(blocks.weighed)


def test_an_interval_holds_the_truth_where_one_placement_has_half_of_the_data():
    """Placements with means of their own: 0.68 is asked for; as if there were eleven of one size it would be 0.5."""
    rng, groups, held, even = np.random.default_rng(3), np.repeat(np.arange(11), [10] + [1] * 10), [], []
    for seed in range(300):
        values = rng.normal(size=11)[groups]
        drawn = resampled_means(values, groups, draws=400, seed=seed)
        for n, where in ((independence.judge(values, groups).behind, held), (11, even)):
            low, high = interval(drawn, n, 0.68)
            where.append(low <= 0 <= high)
    assert np.mean(even) < 0.62 < np.mean(held) < 0.85
