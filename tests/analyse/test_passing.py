"""Rates of passing: a fall is found where there is one and not where there is none; whether K+ is obstructed."""

import numpy as np
import pandas as pd
import pytest
from janus_pore.analyse import passing, waiting
from janus_pore.testsystems import WaitingIons

PLACE = waiting.Place(radius_nm=0.4, depth_nm=0.25)


@pytest.fixture
def settings(make_scale):
    return make_scale(analysis__discard_ps=0.0, analysis__bootstrap_draws=500).analysis


class TestSlower:
    def test_a_fall_is_found(self, settings):
        holds, reruns = WaitingIons(replicas=20).sample(1)
        found = passing.slower(waiting.waits(holds, reruns, settings, PLACE), settings)
        assert (found.low_v, found.high_v) == (2.0, 4.0) and found.p < 1e-6
        assert found.ratio.low < 2.0 / 40.0 < found.ratio.high

    def test_equal_rates_seldom_look_like_a_fall(self, settings):
        system = WaitingIons(rates_per_ns=(10.0, 10.0, 10.0), duration_ps=200.0)
        chances = [
            passing.slower(waiting.waits(*system.sample(seed), settings, PLACE), settings).p for seed in range(40)
        ]
        assert np.mean(np.array(chances) < passing.LEVEL) <= 0.1

    def test_a_rise_is_none(self, settings):
        system = WaitingIons(rates_per_ns=(2.0, 20.0, 80.0), replicas=10)
        assert passing.slower(waiting.waits(*system.sample(0), settings, PLACE), settings).p == 1.0

    def test_no_pass_at_the_higher_voltage_is_a_bound(self, settings):
        system = WaitingIons(fields_v_nm=(0.4, 0.8), rates_per_ns=(40.0, 0.0), replicas=10)
        found = passing.slower(waiting.waits(*system.sample(0), settings, PLACE), settings)
        assert found.ratio.value == 0 and found.ratio.low == -np.inf and 0 < found.ratio.high < 0.1
        assert found.p < 1e-6 and passing.rate(0, 2.0, settings).high == pytest.approx(0.247, abs=0.01)

    def test_one_voltage_says_nothing(self, settings):
        system = WaitingIons(fields_v_nm=(0.4,), rates_per_ns=(10.0,))
        assert passing.slower(waiting.waits(*system.sample(0), settings, PLACE), settings) is None
        assert passing.slower(pd.DataFrame(), settings) is None


class TestObstructed:
    @staticmethod
    def table(k, meanwhile, near):
        return pd.DataFrame({"k": k, "k_meanwhile": meanwhile, "near": near})

    def test_by_hand(self):
        """Of 3 passes at a share of 0.5 none: 1/8; with 1 of 1 at another voltage: none more unlikely than (1/2)^4."""
        assert passing.obstructed([self.table([3], [0], [0.5])]) == (3, 0, 1.5, pytest.approx(1 / 8))
        k, seen, expected, p = passing.obstructed([self.table([3, 1], [0, 0], [0.5, 0.5]), self.table([0], [0], [0.9])])
        assert (k, seen, expected) == (4, 0, 2.0) and p == pytest.approx(1 / 16)

    def test_no_pass_says_nothing(self):
        assert passing.obstructed([self.table([0], [0], [0.5])]) == (0, 0, 0.0, pytest.approx(1.0))
        assert passing.obstructed([]) == (0, 0, 0.0, 1.0)

    def test_passes_are_told_apart_by_whether_an_ion_waits(self, settings):
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
            found[empty_only] = passing.obstructed([waiting.waits(changed, reruns, settings, PLACE)])
        k, seen, expected, p = found[True]
        assert k > 30 and seen == 0 and expected > 10 and p < 1e-6
        k, seen, expected, p = found[False]
        assert seen == pytest.approx(expected, abs=4 * np.sqrt(expected)) and p > 0.01
