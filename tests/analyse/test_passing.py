"""Rates of passing: a lower one is found where there is one and not where there is none; K+ meanwhile."""

import numpy as np
import pandas as pd
import pytest
from janus_pore.analyse import passing, waiting
from janus_pore.testsystems import WaitingIons
from scipy.stats import fisher_exact

LISTED = ["near_ns", "far_ns", "ions", "visits", "unfinished", "cl_back", "left", "k", "k_meanwhile", "longest_ps"]
PLACE = waiting.Place(radius_nm=0.4, depth_nm=0.25)


@pytest.fixture(scope="module")
def settings(make_scale):
    return make_scale(analysis__discard_ps=0.0, analysis__bootstrap_draws=500).analysis


def rows(system, seed):
    return waiting.waits(*system.sample(seed), PLACE)


class TestRate:
    def test_intervals_hold_the_truth_as_often_as_they_say(self, settings):
        """Also with few passes, 0 to 8; where none passed the bound counts."""
        system, inside = WaitingIons(fields_v_nm=(0.8,), rates_per_ns=(2.0,)), []
        for seed in range(60):
            one = passing.summed(rows(system, seed), settings).rate[0]
            inside.append(one.low <= 2.0 <= one.high)
        assert 0.5 < np.mean(inside) < 0.9  # 0.68

    def test_summed(self, settings):
        table = rows(WaitingIons(replicas=4), 0)
        found = passing.summed(table, settings)
        assert found.replicas.tolist() == [4] * 3 and found.cl.sum() == table.cl.sum()
        assert found.near.tolist() == pytest.approx((table.groupby("volt").near_ns.mean() / 0.5005).tolist())
        assert found.rate_inside.tolist() == found.rate.tolist()  # none is beyond the Mo plane
        held = passing.summed(table.assign(far_ns=9 * table.near_ns), settings)
        assert held.rate_inside[0].value == pytest.approx(held.rate[0].value / 10)
        stuck = passing.summed(table.assign(left=0), settings)
        assert stuck.rate.tolist() == found.rate.tolist() and [one.n for one in stuck.rate_inside] == [0] * 3
        assert [one.high for one in found.k_rate] == pytest.approx([-np.log(0.05) / 2.002] * 3)  # no K+ in 4 runs
        assert passing.summed(pd.DataFrame(), settings).empty
        assert passing.summed(table.assign(near_ns=0.0), settings).rate.tolist() == [None] * 3


class TestByPlacement:
    def test_only_voltages_that_several_have(self):
        """The first placement has two runs at 2 V and one at 4 and 7 V, the second one at 2 and 4 V."""
        table = pd.DataFrame({
            "placement": [0, 0, 0, 0, 1, 1], "volt": [2.0, 2.0, 4.0, 7.0, 2.0, 4.0], "ns": 0.5,
            "cl": [1, 2, 0, 5, 1, 0], "near_ns": [0.1, 0.2, 0.5, 0.1, 0.3, 0.4],
        })  # fmt: skip
        found = passing.by_placement(table, ["one", "two"])
        assert found.index.tolist() == ["one", "two"] and set(found.columns.get_level_values("volt")) == {2.0, 4.0}
        assert found["replicas"].values.tolist() == [[2, 1], [1, 1]]
        assert found["passed"].values.tolist() == [[3, 0], [1, 0]]
        assert found["near_ns"][2.0].tolist() == pytest.approx([0.3, 0.3])
        assert passing.by_placement(table[table.placement == 0], ["one"]).empty
        assert passing.by_placement(pd.DataFrame(), ["one"]).empty


class TestCompare:
    def test_a_lower_rate_is_found_by_counts_and_by_replicas(self, settings):
        found = passing.compare(rows(WaitingIons(replicas=6), 1), 2.0, 4.0, settings)
        assert (found.low_v, found.high_v, found.replicas) == (2.0, 4.0, (6, 6))
        assert found.ratio.low < 2.0 / 40.0 < found.ratio.high and found.p_counts < 1e-6 and found.p_replicas < 0.01

    def test_what_flows_falls_less_than_the_rate_where_ions_gather(self, settings):
        """Per ns of run: a slow pore is full, so the share of time makes up for part of the rate."""
        table = rows(WaitingIons(replicas=6), 1)
        waiting, flow = (passing.compare(table, 2.0, 4.0, settings, per) for per in ("near_ns", "ns"))
        high, low = (table[table.volt == volt] for volt in (4.0, 2.0))
        assert flow.ratio.value == pytest.approx(high.cl.sum() * low.ns.sum() / (low.cl.sum() * high.ns.sum()))
        assert waiting.ratio.value < 0.5 * flow.ratio.value and flow.p_replicas < 0.05

    def test_those_that_left_the_other_way_too(self, settings):
        """Along -x the higher voltage is the lower number; a net return counts as none."""
        volt, left = np.repeat([-2.0, -4.0], 4), [3, 2, 4, 3, 0, 0, -1, 0]
        table = pd.DataFrame({"volt": volt, "ns": np.ones(8), "cl": np.ones(8), "left": left})
        found = passing.compare(table, -2.0, -4.0, settings, "ns", "left")
        assert (found.low_v, found.high_v, found.ratio.value, found.ratio.n) == (-2.0, -4.0, 0.0, 12)
        assert found.p_replicas == pytest.approx(1 / 70)
        assert passing.compare(table, -2.0, -4.0, settings, "ns").ratio.value == pytest.approx(1.0)

    def test_pairs_that_start_alike(self, settings):
        """All four fall: one of the 16 ways to exchange the voltages within pairs. One rises by one: three."""
        start = {"placement": [0, 0, 0, 1], "replica": [0, 1, 2, 0]}
        low, high = (pd.DataFrame(start | {"volt": v, "ns": 1.0}) for v in (2.0, 4.0))
        found = passing.compare(pd.concat([low.assign(cl=[1, 2, 1, 3]), high.assign(cl=0)]), 2.0, 4.0, settings, "ns")
        assert found.pairs == 4 and found.p_pairs == 1 / 16
        assert found.placements == 2 and found.p_placements == 1 / 4
        rises = pd.concat([low.assign(cl=[1, 2, 1, 3]), high.assign(cl=[2, 0, 0, 0])])
        assert passing.compare(rises, 2.0, 4.0, settings, "ns").p_pairs == 3 / 16
        other = pd.concat([low.assign(cl=1), high.assign(cl=0, replica=9)])
        assert passing.compare(other, 2.0, 4.0, settings, "ns").pairs == 0
        many = pd.DataFrame({"placement": 0, "replica": range(20), "ns": 1.0})
        rows = pd.concat([many.assign(volt=2.0, cl=1), many.assign(volt=4.0, cl=0)])
        assert passing.compare(rows, 2.0, 4.0, settings, "ns").p_pairs <= 2e-4

    def test_many_ions_of_one_placement_are_not_lower(self, settings):
        """Twelve pairs of one placement fall, and of seven others one rises for each that falls."""
        runs = pd.DataFrame({"placement": [0] * 12 + [*range(1, 8)], "replica": [*range(12)] + [0] * 7, "ns": 1.0})
        low, high = [2] * 12 + [1, 1, 1, 0, 0, 0, 0], [0] * 12 + [0, 0, 0, 1, 1, 1, 0]
        rows = pd.concat([runs.assign(volt=2.0, cl=low), runs.assign(volt=4.0, cl=high)])
        found = passing.compare(rows, 2.0, 4.0, settings, "ns")
        assert max(found.p_counts, found.p_replicas, found.p_pairs) < 0.01 and found.p_placements > 0.2
        assert (found.placements, found.changing, found.verdict) == (8, 7, "not established")
        one = passing.compare(rows[rows.placement == 0], 2.0, 4.0, settings, "ns")
        assert one.verdict == "likely lower"  # it says nothing of others
        few = passing.compare(rows.query("placement == 0 and replica < 4"), 2.0, 4.0, settings, "ns")
        assert few.p_pairs == 1 / 16 and few.verdict == "likely lower"  # by replicas it is 1 / 70

    @pytest.mark.parametrize(("falling", "verdict"), [(3, "likely lower"), (4, "likely lower"), (5, "lower")])
    def test_lower_takes_five_placements_that_change(self, settings, falling, verdict):
        """Of twelve, in some of which nothing passes; four replicas of each. Once twelve that are there were enough."""
        runs = pd.DataFrame({"placement": np.repeat(range(12), 4), "replica": [*range(4)] * 12, "ns": 1.0})
        low = runs.assign(volt=2.0, cl=(runs.placement < falling).astype(int) * 2)
        found = passing.compare(pd.concat([low, runs.assign(volt=4.0, cl=0)]), 2.0, 4.0, settings, "ns")
        assert (found.placements, found.changing, found.p_placements) == (12, falling, 0.5**falling)
        assert (found.pairs, found.differing, found.verdict) == (48, 4 * falling, verdict)

    def test_the_nearest_voltage_within_a_tenth(self, settings):
        table = rows(WaitingIons(replicas=3), 1)
        assert passing.compare(table, 4.2, 8.0, settings).high_v == 7.5
        assert passing.compare(table, 2.0, 5.0, settings) is None and passing.compare(table, 7.0, 8.0, settings) is None

    def test_the_least_chance_of_two_and_two_replicas_is_a_sixth(self, settings):
        """However clear the counts are."""
        found = passing.compare(rows(WaitingIons(rates_per_ns=(200.0, 0.5, 1.0), replicas=2), 0), 2.0, 4.0, settings)
        assert found.p_counts < 1e-6 and found.p_replicas == pytest.approx(1 / 6)

    @pytest.mark.parametrize("alike", [True, False])
    def test_equal_rates_seldom_look_lower(self, settings, alike):
        """By replicas, also where ions are of two kinds: half of the replicas pass quickly, half never. By counts only
        where one rate holds."""
        seldom = {"p_counts": [], "p_replicas": []}
        for seed in range(60):
            rng = np.random.default_rng(seed)
            rate = np.full(10, 4.0) if alike else rng.permutation([8.0] * 5 + [0.0] * 5)
            waited = rng.uniform(0.2, 1.0, 10)
            volt = np.repeat([2.0, 4.0], 5)
            table = pd.DataFrame({"volt": volt, "near_ns": waited, "cl": rng.poisson(rate * waited)})
            found = passing.compare(table, 2.0, 4.0, settings)
            for name, chances in seldom.items():
                chances.append(getattr(found, name) < passing.LEVEL)
        assert np.mean(seldom["p_replicas"]) <= 0.12
        assert np.mean(seldom["p_counts"]) <= 0.12 if alike else np.mean(seldom["p_counts"]) > 0.12

    def test_bounds_where_none_passed_at_one_of_them(self, settings):
        """Of 4 passes in equal times all at the lower: the share at the higher is below 1 - 0.05^(1/4), exactly."""
        table = pd.DataFrame({"volt": [2.0, 4.0], "near_ns": [1.0, 1.0], "cl": [4, 0]})
        one, share = passing.compare(table, 2.0, 4.0, settings).ratio, 1 - 0.05**0.25
        assert (one.value, one.low, one.high) == (0.0, -np.inf, pytest.approx(share / (1 - share)))
        other = passing.compare(table.assign(cl=[0, 4]), 2.0, 4.0, settings).ratio
        assert other.high == np.inf and other.low == pytest.approx((1 - share) / share)

    def test_nothing_to_compare(self, settings):
        table = pd.DataFrame({"volt": [2.0, 4.0], "near_ns": [1.0, 1.0], "cl": [0, 0]})
        assert passing.compare(table, 2.0, 4.0, settings) is None
        assert passing.compare(table.assign(cl=[1, 0], near_ns=[1.0, 0.0]), 2.0, 4.0, settings) is None
        assert passing.compare(pd.DataFrame(), 2.0, 4.0, settings) is None

    def test_many_replicas_are_dealt_at_random(self, settings):
        rng = np.random.default_rng(0)
        volt, waited = np.repeat([2.0, 4.0], 20), np.ones(40)
        table = pd.DataFrame({"volt": volt, "near_ns": waited, "cl": rng.poisson(np.repeat([8.0, 3.0], 20))})
        assert passing.compare(table, 2.0, 4.0, settings).p_replicas < 0.001


class TestAlike:
    @staticmethod
    def table(low, high, ns=(1.0, 1.0)):
        return pd.DataFrame({"volt": [2.0, 4.0], "ns": ns, "cl": [low, high]})

    def test_equal_times_are_the_exact_test_of_fisher(self):
        """12 and 0 against 5 and 5, and other tables, computed by another route."""
        for one, other in (((12, 0), (5, 5)), ((3, 4), (4, 3)), ((1, 6), (9, 2))):
            counts, p, *_ = passing.alike(self.table(*one), self.table(*other), 2.0, 4.0)
            assert counts == [*one, *other] and p == pytest.approx(fisher_exact([one, other]).pvalue)

    def test_twice_the_time_at_one_voltage_is_taken_into_account(self):
        """Rates of both fall by half; equal odds would be refused, these are not."""
        one, other = self.table(40, 40, (1.0, 2.0)), self.table(40, 20, (1.0, 1.0))
        assert passing.alike(one, other, 2.0, 4.0)[1] > 0.5 > 0.1 > fisher_exact([(40, 40), (40, 20)]).pvalue

    def test_by_pairs_that_start_alike(self):
        """Changes -1, -2, -1 against 1, 2, 1: the clearest of the 20 ways to deal six, either way round."""
        start = {"placement": 0, "replica": [0, 1, 2], "ns": 1.0}
        low, high = (pd.DataFrame(start | {"volt": v}) for v in (2.0, 4.0))
        falls = pd.concat([low.assign(cl=[1, 2, 1]), high.assign(cl=[0, 0, 0])])
        rises = pd.concat([low.assign(cl=[0, 0, 0]), high.assign(cl=[1, 2, 1])])
        assert passing.alike(falls, rises, 2.0, 4.0)[2] == pytest.approx(2 / 20)
        assert passing.alike(falls.assign(cl=1), rises.assign(cl=1), 2.0, 4.0)[2] == 1.0
        assert np.isnan(passing.alike(self.table(1, 2), self.table(2, 1), 2.0, 4.0)[2:]).all()

    def test_by_placements_however_many_pairs_they_have(self):
        """Two placements that fall, of six pairs and one, and two that rise: two of six ways; by pairs one of 36."""
        start = {"placement": [0] * 6 + [1], "replica": [*range(6), 0], "ns": 1.0}
        low, high = (pd.DataFrame(start | {"volt": v}) for v in (2.0, 4.0))
        falls = pd.concat([low.assign(cl=2), high.assign(cl=1)])
        other = falls.query("replica == 0").assign(cl=lambda runs: (runs.volt == 4.0) * 1)
        _, _, by_pairs, by_placements = passing.alike(falls, other, 2.0, 4.0)
        assert by_pairs == pytest.approx(1 / 36) and by_placements == pytest.approx(2 / 6)

    def test_chance_is_as_often_small_as_it_says(self):
        rng, seen = np.random.default_rng(0), []
        for _ in range(400):
            one, other = self.table(*rng.poisson([8, 4])), self.table(*rng.poisson([16, 4]), ns=(2.0, 1.0))
            if found := passing.alike(one, other, 2.0, 4.0):
                seen.append(found[1] < 0.1)
        assert len(seen) > 390 and np.mean(seen) < 0.13

    def test_nothing_to_say(self):
        some = self.table(3, 4)
        for none in (self.table(0, 0), some.iloc[:1], pd.DataFrame(), self.table(1, 1, (1.0, 0.0))):
            assert passing.alike(some, none, 2.0, 4.0) is None
        assert passing.alike(self.table(3, 0), self.table(4, 0), 2.0, 4.0) is None


class TestMeanwhile:
    @staticmethod
    def table(k, meanwhile, share):
        return pd.DataFrame({"k": k, "k_meanwhile": meanwhile, "meanwhile": share})

    def test_by_hand(self):
        """Of 3 passes at a share of 0.5 none: 1/8; with 1 more at 0.5: (1/2)^4."""
        assert passing.meanwhile([self.table([3], [0], [0.5])]) == (3, 0, 1.5, pytest.approx(1 / 8))
        k, seen, expected, p = passing.meanwhile([self.table([3, 1], [0, 0], [0.5, 0.5]), self.table([0], [0], [0.9])])
        assert (k, seen, expected) == (4, 0, 2.0) and p == pytest.approx(1 / 16)

    def test_no_pass_says_nothing(self):
        assert passing.meanwhile([self.table([0], [0], [0.5])]) == (0, 0, 0.0, pytest.approx(1.0))
        assert passing.meanwhile([]) == (0, 0, 0.0, 1.0)

    def test_passes_are_told_apart_by_whether_an_ion_is_near(self):
        """K+ that passes only in an empty pore, and K+ that does not care."""
        holds, reruns = WaitingIons(rates_per_ns=(2.0, 2.0, 2.0), replicas=5).sample(3)
        rng, found = np.random.default_rng(0), {}
        for empty_only in (True, False):
            changed = {}
            for name, data in holds.items():
                there = waiting.where(data, reruns[name], PLACE).near.values
                passes = rng.uniform(size=there[:, 1:].shape) < 0.02
                passes &= ~(there[:, 1:] | there[:, :-1]) if empty_only else True
                crossings = data.crossings.values.copy()
                crossings[..., 0] = passes
                changed[name] = data.assign(crossings=(data.crossings.dims, crossings))
            found[empty_only] = passing.meanwhile([waiting.waits(changed, reruns, PLACE)])
        k, seen, expected, p = found[True]
        assert k > 30 and seen == 0 and expected > 10 and p < 1e-6
        k, seen, expected, p = found[False]
        assert seen == pytest.approx(expected, abs=4 * np.sqrt(expected)) and p > 0.01


def test_placements_that_began_alike_are_one_unit(settings):
    """Four placements that fall, three of which began alike: two units, and one of the four ways to exchange these."""
    start = pd.DataFrame({"placement": range(4), "replica": 0, "ns": 1.0})
    runs = pd.concat([start.assign(volt=2.0, cl=1), start.assign(volt=4.0, cl=0)])
    assert passing.compare(runs, 2.0, 4.0, settings, "ns").p_placements == 1 / 16
    found = passing.compare(runs.assign(unit=[0, 0, 2, 0] * 2), 2.0, 4.0, settings, "ns")
    assert (found.placements, found.p_placements) == (2, 1 / 4)
    assert (found.pairs, found.p_pairs) == (4, 1 / 16)  # pairs are counted as before


def test_what_flows_is_less_sure_where_placements_scatter(settings):
    """Twelve that passed in one placement of ten are less than twelve of ten placements; of one they are runs."""
    start = pd.DataFrame({"placement": range(10), "unit": range(10), "replica": 0, "ns": 1.0})
    low, high = start.assign(volt=2.0, cl=[12] + [0] * 9), start.assign(volt=4.0, cl=[1] * 3 + [0] * 7)
    even = pd.concat([low.assign(cl=[2, 1, 1, 1, 1, 1, 1, 1, 2, 1]), high])
    uneven = pd.concat([low, high])
    flows = [passing.summed(one.assign(**dict.fromkeys(LISTED, 0.0)), settings).cl_rate[0] for one in (even, uneven)]
    ratios = [passing.compare(one, 2.0, 4.0, settings, "ns").ratio for one in (even, uneven)]
    for one, other in (flows, ratios):
        assert one.value == other.value and other.low < one.low < one.high < other.high
    few = uneven.query("placement < 4").assign(unit=0)  # four runs: nothing is said of how they scatter
    assert (
        passing.compare(few, 2.0, 4.0, settings, "ns").ratio.low
        == passing.compare(few.assign(cl=[3] * 4 + [1, 1, 1, 0]), 2.0, 4.0, settings, "ns").ratio.low
    )
