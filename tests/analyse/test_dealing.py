"""Chances by dealing replicas anew: as even as they should be where nothing differs, exact where counted by hand."""

import numpy as np
import pandas as pd
import pytest
from janus_pore.analyse import dealing


def rows(passes, times=1.0):
    return pd.DataFrame({"placement": 0, "replica": range(len(passes)), "passes": passes, "ns": times})


def test_by_hand():
    """2 + 2 replicas, 1 and 1 against 0 and 0: one of six ways to deal, one of four to exchange."""
    low, high = rows([1, 1]), rows([0, 0])
    assert dealing.dealt(low, high, "ns") == pytest.approx(1 / 6)
    assert dealing.exchanged(low, high, "ns") == (1 / 4, 2, 2)
    assert dealing.changes(low, high, "ns").tolist() == [-1.0, -1.0]
    assert dealing.differ(np.array([-1.0, -1.0]), np.array([1.0, 1.0])) == pytest.approx(2 / 6)


def test_pairs_that_do_not_differ_say_nothing_and_cost_nothing():
    """Of forty, twelve fall: exactly one way of 2^12. Once ways were drawn, and the p was that of the draw."""
    low, high = rows([1] * 12 + [0] * 28), rows([0] * 40)
    assert dealing.exchanged(low, high, "ns") == (2**-12, 40, 12)
    placed = [one.assign(placement=range(40), replica=0) for one in (low, high)]
    assert dealing.exchanged_placements(*placed, "ns") == (2**-12, 40, 12)
    assert dealing.exchanged(high, high, "ns") == (1.0, 40, 0)


def test_time_counts():
    """Twice the passes in twice the time is no difference: all ways to deal are as good."""
    assert dealing.dealt(rows([1, 1]), rows([2, 2], 2.0), "ns") == 1.0
    assert dealing.changes(rows([1, 1]), rows([2, 2], 2.0), "ns").tolist() == [0.0, 0.0]


def test_without_pairs_there_is_none():
    low, high = rows([1, 1]), rows([0, 0]).assign(placement=1)
    assert dealing.exchanged(low, high, "ns")[1] == 0 and not len(dealing.changes(low, high, "ns"))
    assert np.isnan([dealing.differ(np.empty(0), np.ones(2)), dealing.differ(np.ones(12), np.zeros(1))]).all()


def test_exchange_is_even_where_starts_decide_how_much_flows():
    """Pairs that share a rate of their own: p below 0.1 no more often than that."""
    rng, seen = np.random.default_rng(0), []
    for _ in range(300):
        rate = rng.gamma(1.0, 2.0, 7)
        seen.append(dealing.exchanged(rows(rng.poisson(rate)), rows(rng.poisson(rate)), "ns")[0] <= 0.1)
    assert 0.03 < np.mean(seen) < 0.13


def test_two_means_seldom_differ_where_they_are_equal():
    rng = np.random.default_rng(1)
    seen = [dealing.differ(rng.normal(size=8), rng.normal(size=5)) <= 0.1 for _ in range(300)]
    assert 0.05 < np.mean(seen) < 0.15


class TestPlacements:
    def test_each_counts_once(self):
        """Eight pairs of one placement that fall are one of two; three placements that fall, one way of eight."""
        low, high = rows([1] * 8), rows([0] * 8)
        assert dealing.exchanged_placements(low, high, "ns") == (1 / 2, 1, 1)
        others = [rows([1, 2]).assign(placement=k) for k in (1, 2)]
        low, high = (pd.concat([one, *(other.assign(passes=other.passes * k) for other in others)]) for one, k in
                     ((low, 1), (high, 0)))  # fmt: skip
        assert dealing.exchanged_placements(low, high, "ns") == (1 / 8, 3, 3)
        level = low.assign(passes=np.where(low.placement == 2, 0, low.passes))  # one in which nothing flows: 2 of 8
        assert dealing.exchanged_placements(level, high, "ns") == (2 / 8, 3, 2)

    def test_pairs_without_time_are_left_out(self):
        """A rate per time near: a placement to whose pore no ion came says nothing of it."""
        low, high = (pd.concat([rows(n), rows([0], 0.0).assign(placement=1)]) for n in ([1, 1], [0, 0]))
        assert dealing.exchanged_placements(low, high, "ns") == (1 / 2, 1, 1)

    def test_without_placements_or_pairs_there_is_none(self):
        low, high = rows([1, 1]), rows([0, 0])
        assert dealing.exchanged_placements(low, high.assign(placement=1), "ns")[1] == 0
        bare = [one.drop(columns="placement") for one in (low, high)]
        assert dealing.exchanged_placements(*bare, "ns")[1] == 0

    def test_even_where_replicas_of_a_placement_share_their_change(self):
        """Each placement has a change of its own, none on average; by pairs that would be sure far too often."""
        rng, seen = np.random.default_rng(2), {"pairs": [], "placements": []}
        for _ in range(200):
            low, high = (
                pd.concat([
                    rows(rng.poisson(own, 6)).assign(placement=k) for k, own in enumerate(rng.gamma(1.0, 2.0, 7))
                ]) for _ in range(2)
            )  # fmt: skip
            seen["pairs"].append(dealing.exchanged(low, high, "ns")[0] <= 0.1)
            seen["placements"].append(dealing.exchanged_placements(low, high, "ns")[0] <= 0.1)
        assert 0.04 < np.mean(seen["placements"]) < 0.16 and np.mean(seen["pairs"]) > 0.2
