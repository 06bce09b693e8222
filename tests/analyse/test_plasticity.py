"""Pulses with known ratios and times come back within their error; what the data do not hold is refused, with a reason.

Also the modules around it: which intervals belong to which pulse, memory told from charging, order along a train.
"""

from dataclasses import replace

import numpy as np
import pytest
from janus_pore.analyse import memory, plasticity, pulses, train
from janus_pore.analyse.pulses import Pulses
from janus_pore.config import Analysis
from janus_pore.errors import AnalysisError
from janus_pore.testsystems import OrientedWater, PulsedPore
from janus_pore.units import NA_PER_E_PER_PS

PAIR = PulsedPore()
TRAIN = PulsedPore(delays_ps=(), near=1.0, far=4.0, noise_na=20.0, replicas=60)
REST = PulsedPore(prime_ps=0.0, near=0.2, far=0.9, tau_ps=7.5)


def settings(confidence=0.68, draws=200):
    return Analysis(
        pore_radius_nm=0.4, pore_half_depth_nm=0.25, current_window_ps=10.0, phase_bins=40, angle_bins=72,
        bootstrap_draws=draws, confidence=confidence, discard_ps=0.0,
    )  # fmt: skip


def made(first, later, estimator="box", window=5.0):
    later = np.asarray(later, dtype=float)
    return Pulses(np.asarray(first, dtype=float), later, np.arange(1.0, later.shape[1] + 1), estimator, "pair", window)


class TestBookkeeping:
    def test_a_tree_with_a_prime(self):
        found = pulses.spans(PAIR.sample(0))
        assert [one.label for one in found[:4]] == ["prime", "pulse 1", "gap to 1 ps", "pulse 2 after 1 ps"]
        assert [(one.start_ps, one.end_ps) for one in found[:5]] == [(0, 2), (2, 7), (7, 8), (8, 13), (8, 9)]
        assert [one.field_v_nm for one in found[:4]] == [2.0, 0.7, 0.5, 0.7]

    @pytest.mark.parametrize(
        ("of", "name"), [(PAIR, "PPF"), (REST, "PPD"), (TRAIN, "STF"), (replace(TRAIN, prime_ps=0.0), "STD")]
    )
    def test_the_experiment_the_delays_and_the_width(self, of, name):
        data = of.sample(0)
        assert pulses.experiment(data) == name and pulses.pulse_ps(data) == 5.0
        assert pulses.currents(data, "box").after_ps == pytest.approx(of.after_ps())

    def test_delays_with_many_digits_are_read_from_the_times_not_from_the_labels(self):
        of = replace(PAIR, delays_ps=(1.00025, 2.0), interval_ps=0.00025, pulse_ps=0.01, prime_ps=0.0, replicas=2)
        assert pulses.currents(of.sample(0), "box").after_ps == pytest.approx([1.00025, 2.0], abs=1e-7)

    @pytest.mark.parametrize("window", [None, 0.5, 2.0])
    def test_each_pulse_is_averaged_over_its_own_intervals(self, window):
        """Current = 100 x segment + position within it, so that every mean is known."""
        data = replace(PAIR, replicas=2).sample(0)
        segment = data.interval_segment.values
        within = np.concatenate([np.arange(n) for n in np.bincount(segment)])
        data.current[:] = (0.5 * (100.0 * segment + within))[None, :, None]
        found = pulses.currents(data, "box", window)
        mean = (round((window or 5.0) / 0.5) - 1) / 2
        assert found.first == pytest.approx(100 + mean)
        assert found.later[0] == pytest.approx(100.0 * np.arange(3, 14, 2) + mean)

    def test_charging_is_what_is_left_of_the_box(self):
        data = replace(PAIR, replicas=3).sample(1)
        box, pore, rest = (pulses.currents(data, e).units for e in pulses.ESTIMATORS)
        assert rest == pytest.approx(box - pore)
        net = pulses.crossings(data)["net"]
        assert pore.sum() * 5.0 / NA_PER_E_PER_PS == pytest.approx(net)

    def test_windows_are_whole_intervals_up_to_the_pulse(self):
        assert pulses.windows(PAIR.sample(0)) == pytest.approx([1, 2, 3, 4, 5])
        assert pulses.windows(replace(PAIR, pulse_ps=1.0, replicas=2).sample(0), 5) == pytest.approx([0.5, 1.0])

    def test_crossings_are_counted_by_ion_charge_and_pulse(self):
        data = replace(PAIR, pore_na=0.0, replicas=3).sample(0)
        assert pulses.crossings(data) == {"gross": 0, "net": 0, "carriers": 0}
        one = np.flatnonzero(data.interval_segment.values == 1)[0]
        data.crossings[0, one] = [1, -1]  # K+ forward and Cl- backward: two charges to the +x side
        data.crossings[1, one] = [1, 1]  # both forward: none
        assert pulses.crossings(data, [0]) == {"gross": 4, "net": 2, "carriers": 1}
        assert pulses.crossings(data, [1])["gross"] == 0

    def test_what_is_not_of_pulses_is_refused(self):
        with pytest.raises(AnalysisError, match="kind 'pair' or 'train'"):
            pulses.spans(OrientedWater().sample(0))
        data = replace(PAIR, replicas=2).sample(0)
        with pytest.raises(AnalysisError, match="unknown: use 'box'"):
            pulses.currents(data, "both")
        for window in (0.1, 6.0):
            with pytest.raises(AnalysisError, match="between an interval"):
                pulses.currents(data, "box", window)
        with pytest.raises(AnalysisError, match="no segment is labelled"):
            pulses.during(data, "box", "pulse 9")
        with pytest.raises(AnalysisError, match="1 labels for 14 segments"):
            pulses.spans(data.assign_attrs(labels="pulse 1"))
        names = "|".join(f"piece {k}" for k in range(14))
        with pytest.raises(AnalysisError, match="no two segments"):
            pulses.spans(data.assign_attrs(labels=names))


class TestRatios:
    @pytest.mark.parametrize("of", [PAIR, REST, TRAIN])
    @pytest.mark.parametrize("estimator", ["box", "pore"])
    def test_known_ratios_come_back_within_their_errors(self, of, estimator):
        found = plasticity.ratios(pulses.currents(of.sample(3), estimator), settings())
        truth = of.analytical_pore()
        off = [(one.value - t) / one.error for one, t in zip(found.values, truth, strict=True)]
        assert np.abs(off).max() < 3.5 and not found.failed

    @pytest.mark.parametrize(("n", "counted"), [(8, False), (30, False), (150, True)])
    def test_intervals_cover_as_often_as_they_say(self, n, counted):
        rng, inside, defined = np.random.default_rng(n), {0.68: 0, 0.95: 0}, 0
        for _ in range(150):
            if counted:
                first, later = rng.poisson(0.2, n), rng.poisson(0.4, (n, 1))
            else:
                first, later = rng.normal(10, 2 * np.sqrt(n), n), rng.normal(20, 2 * np.sqrt(n), (n, 1))
            one = made(first, later, "pore" if counted else "box")
            defined += not plasticity.undefined(one.first)
            for confidence in inside:
                if values := plasticity.ratios(one, settings(confidence)).values[0]:
                    inside[confidence] += values.low <= 2 <= values.high
        assert defined > 120
        assert 0.57 < inside[0.68] / defined < 0.79 and 0.89 < inside[0.95] / defined <= 0.995

    def test_a_ratio_of_means_is_right_where_a_mean_of_ratios_is_not(self):
        rng = np.random.default_rng(0)
        first = rng.normal(10, 20, (400, 150))
        later = rng.normal(20, 20, (400, 150))
        means = [plasticity.ratio_of_means(np.column_stack([a, b]))[0] for a, b in zip(first, later, strict=True)]
        single = (later / first).mean(axis=1)
        assert np.mean(means) == pytest.approx(2, rel=0.05) and np.std(means) < 0.5
        assert np.std(single) > 10 * np.std(means)

    def test_what_the_two_pulses_share_stays_together(self):
        shared = np.random.default_rng(1).normal(10, 4, 40)
        one = plasticity.ratios(made(shared, 2 * shared[:, None]), settings()).values[0]
        assert (one.low, one.high) == pytest.approx((2, 2))

    @pytest.mark.parametrize("first", [np.zeros(20), np.tile([3.0, -3.0], 10), np.tile([9.0, -3.0, -3.0, -1.0], 5)])
    def test_no_ratio_to_a_current_that_may_be_zero(self, first):
        one = made(first, np.ones((20, 3)))
        found, fitted = plasticity.ratios(one, settings()), plasticity.decay(one, settings())
        assert found.values == (None, None, None) and "zero within its 95 % interval (n = 20)" in found.failed
        assert fitted.tau is None and fitted.failed == found.failed

    def test_zero_current_everywhere(self):
        data = replace(PAIR, pore_na=0.0, noise_na=0.0, replicas=20).sample(0)
        for estimator in pulses.ESTIMATORS:
            one = pulses.currents(data, estimator)
            assert "zero within" in plasticity.ratios(one, settings()).failed
            number, why = plasticity.needed(one, settings())
            assert number is None and "no current at all" in why
        found = memory.parts(data, settings())
        assert memory.conclusion(found)[0] == "undefined" and memory.own_memory(found)[0] == "undecided"

    def test_a_handful_of_replicas_gives_no_ratio(self):
        one = made([10.0, 11.0, 12.0], np.ones((3, 4)))
        assert "3 replicas" in plasticity.ratios(one, settings()).failed
        assert "3 replicas" in plasticity.needed(one, settings())[1]
        means = plasticity.means(one, settings())
        assert means[0].value == 11 and means[0].low < 11 < means[0].high

    def test_no_crossing_at_all_is_not_known_without_error(self):
        first = np.tile([0.0, 32.0], 50)
        one = plasticity.ratios(made(first, np.zeros((100, 1)), "pore"), settings(0.95)).values[0]
        most = -np.log(0.05) / 100 * NA_PER_E_PER_PS / 5.0 / 16.0  # three in a hundred pulses
        assert (one.value, one.low, one.high) == pytest.approx((0, -most, most))
        assert plasticity.unseen(made(first, first[:, None], "box"), 0.95) == pytest.approx(0)


class TestDecay:
    @pytest.mark.parametrize("of", [PAIR, REST])
    def test_the_paper_s_curves_come_back(self, of):
        found = plasticity.decay(pulses.currents(of.sample(5), "box"), settings())
        assert abs(found.tau.value - of.tau_ps) < 3 * found.tau.error
        assert abs(found.a.value - of.far) < 3 * found.a.error
        assert abs(found.b.value - (of.near - of.far)) < 3 * found.b.error

    def test_intervals_of_tau_cover_the_truth(self):
        """Six delays with the errors of 150 replicas; how often in full is tested with the fit itself."""
        rng, inside = np.random.default_rng(0), 0
        truth = 40 * np.array([1.0, *PAIR.analytical_pore()])
        for _ in range(25):
            units = truth + rng.normal(0, 30, (150, 7))
            tau = plasticity.decay(
                Pulses(units[:, 0], units[:, 1:], PAIR.after_ps(), "box", "pair", 5.0), settings(0.95, 100)
            ).tau
            inside += tau.low <= 8.0 <= tau.high
        assert inside >= 21

    @pytest.mark.parametrize("of", [replace(PAIR, near=1.2), replace(PAIR, replicas=6, noise_na=300.0)])
    def test_too_little_data_or_no_decay_gives_a_reason_and_no_number(self, of):
        found = plasticity.decay(pulses.currents(of.sample(2), "box"), settings(draws=100))
        assert found.tau is None and found.a is None and found.failed

    def test_two_delays_are_too_few(self):
        found = plasticity.decay(pulses.currents(replace(PAIR, delays_ps=(1.0, 5.0)).sample(0), "box"), settings())
        assert found.tau is None and "four are needed" in found.failed

    def test_against_the_window(self):
        of = replace(PAIR, noise_na=20.0)
        table = plasticity.against_window(of.sample(0), "box", settings(draws=100))
        assert table.window.values == pytest.approx([1, 2, 3, 4, 5])
        truth = of.analytical_pore()[0]
        assert np.all(np.abs(table.ratio - truth) < 2 * (table.ratio_high - table.ratio_low))
        assert np.isfinite(table.tau[-1]) and not str(table.failed.values[-1])
        few = plasticity.against_window(replace(of, replicas=3).sample(0), "pore", settings(), parts=2)
        assert np.isnan(few.tau).all() and all("3 replicas" in str(why) for why in few.failed.values)


class TestNeeded:
    def test_the_number_is_the_one_that_gives_ten_percent(self):
        """With n replicas of independent currents of 10 +- 5 and 20 +- 5: var R / R^2 = (1/4 + 1/16) / n."""
        rng = np.random.default_rng(0)
        one = made(rng.normal(10, 5, 4000), rng.normal(20, 5, (4000, 2)))
        for k in (0, -1):
            number, why = plasticity.needed(one, settings(), k)
            assert number.value == pytest.approx((0.9945 / 0.1) ** 2 * 0.3125, rel=0.08) and "68%" in why
            assert number.low < number.value < number.high

    def test_none_for_a_ratio_of_zero_and_a_lower_bound_where_there_is_no_ratio(self):
        rng = np.random.default_rng(1)
        strong, noise = rng.normal(10, 2, 50), rng.normal(0, 20, 50)
        number, why = plasticity.needed(made(strong, noise[:, None]), settings())
        assert number is None and "no share of zero" in why
        number, why = plasticity.needed(made(noise, strong[:, None]), settings())
        assert number is None and int(why.split("at least ")[1]) > 50


class TestMemoryOrCharging:
    CHARGING = PulsedPore(
        pore_na=6.0, near=1.0, far=1.0, charging_na=40.0, depth=0.8, prime_ps=0.0, noise_na=60.0, replicas=300
    )

    def test_the_parts_are_those_put_in(self):
        of = replace(self.CHARGING, near=3.0, pore_na=20.0)
        found = memory.parts(of.sample(0), settings())
        whole = of.pore_na + of.charging_na
        truth = {
            "effect": of.analytical_box() - 1,
            "pore": of.pore_na * (of.analytical_pore() - 1) / whole,
            "charging": of.charging_na * (of.analytical_charging() - 1) / whole,
        }
        for name, expected in truth.items():
            values = getattr(found, name)
            off = [(one.value - t) / (one.error / 2) for one, t in zip(values, expected, strict=True)]
            assert np.abs(off).max() < 3.5
        sums = [p.value + c.value for p, c in zip(found.pore, found.charging, strict=True)]
        assert sums == pytest.approx([one.value for one in found.effect])

    def test_charging_alone_looks_like_depression_and_is_told_apart(self):
        data = self.CHARGING.sample(1)
        assert plasticity.ratios(pulses.currents(data, "box"), settings(0.95)).values[0].high < 0.6
        found = memory.parts(data, settings())
        word, sentence = memory.conclusion(found)
        assert word == "charging" and "96 crossings" in sentence and "whole-box ratio 0." in sentence
        assert memory.own_memory(found)[0] == "no memory"

    def test_a_decay_time_of_the_difference(self):
        tau = plasticity.decay(pulses.currents(self.CHARGING.sample(2), "charging"), settings()).tau
        assert abs(tau.value - 20.0) < 3 * tau.error

    def test_the_pore_alone(self):
        found = memory.parts(replace(PAIR, pore_na=60.0, noise_na=30.0).sample(0), settings())
        assert memory.conclusion(found)[0] == "pore" and memory.own_memory(found)[0] == "memory"

    def test_both(self):
        of = replace(self.CHARGING, pore_na=40.0, near=0.2)
        assert memory.conclusion(memory.parts(of.sample(0), settings()))[0] == "both"
        against = replace(of, near=2.0, depth=0.9, charging_na=60.0)
        word, sentence = memory.conclusion(memory.parts(against.sample(0), settings()))
        assert word == "both" and "opposite directions" in sentence

    def test_no_effect(self):
        found = memory.parts(replace(self.CHARGING, depth=0.0).sample(0), settings())
        assert memory.conclusion(found)[0] == "no effect"

    def test_few_crossings_leave_it_undecided_and_say_how_few(self):
        found = memory.parts(replace(self.CHARGING, pore_na=2.0, near=0.1, replicas=30).sample(0), settings())
        word, sentence = memory.own_memory(found)
        assert word == "undecided" and f"{found.counts[0]['gross']} crossings" in sentence

    def test_no_crossings_in_few_replicas_do_not_prove_charging(self):
        """Box currents of a few nA: one unseen crossing would be the whole effect."""
        of = PulsedPore(pore_na=0.0, charging_na=3.0, depth=0.9, prime_ps=0.0, noise_na=1.0, replicas=10)
        assert memory.conclusion(memory.parts(of.sample(0), settings()))[0] == "undecided"
        more = memory.parts(replace(of, replicas=600).sample(0), settings())
        assert memory.conclusion(more)[0] == "charging" and more.counts[0]["gross"] == 0

    def test_wrong_verdicts_are_rare(self):
        """Charging alone must never be called the pore's, nor the pore alone charging, in 40 campaigns each."""
        words = {"charging": [], "pore": []}
        sparse = replace(self.CHARGING, delays_ps=(1.0,), replicas=80, waters=1)
        pore = replace(sparse, pore_na=40.0, near=0.2, depth=0.0, charging_na=5.0)
        for seed in range(40):
            for name, of in (("charging", sparse), ("pore", pore)):
                words[name].append(memory.conclusion(memory.parts(of.sample(seed), settings(draws=100)))[0])
        assert words["charging"].count("pore") == 0 and words["pore"].count("charging") == 0
        assert words["charging"].count("charging") > 25 and words["pore"].count("pore") > 12

    def test_capacitance_and_rc_of_a_known_circuit(self):
        """3 aF behind 8 ps: the charge within the pulse is C V (1 - exp(-w / RC)), the current decays with RC."""
        data = replace(PAIR, pore_na=0.0, prime_ps=0.0, noise_na=0.0, replicas=40, interval_ps=0.1).sample(0)
        start = pulses.spans(data)[0]
        time = data.interval_time.values - start.start_ps
        volts, rng = start.field_v_nm * data.attrs["length_x_nm"], np.random.default_rng(0)
        current = 3.0 * volts / 8.0 * 1e3 * np.exp(-time / 8.0)  # aF V / ps = 1e-6 A = 1e3 nA
        noisy = current[None, :, None] / 2 + rng.normal(0, 300, data.current.shape)
        data.current[:] = np.where((data.interval_segment.values == 0)[None, :, None], noisy, 0)
        found, tau = memory.capacitance(data, settings()), memory.charging_within(data, settings()).tau
        assert found.value == pytest.approx(3.0 * (1 - np.exp(-5.0 / 8.0)), rel=0.02)
        assert abs(tau.value - 8.0) < 3 * tau.error
        moved = memory.charge_within(data, settings())["charging"]
        assert moved.charge.values[-1] * 0.1602177 / volts == pytest.approx(found.value)
        assert memory.charging_within(data.isel(replica=slice(0, 3)), settings()).tau is None


class TestTrain:
    def test_the_width_along_the_train(self):
        data = TRAIN.sample(0)
        found = train.width_in_time(data, settings())
        end = data.time.values.max()
        truth = 20.0 + 25.0 * found.time / end
        assert found.sizes["bin"] == 2 + 10 * 5 + 9 * 5 and found.waters.sum() == len(data.theta)
        off = (found.sigma - truth) / (0.5 * (found.high - found.low))
        assert 0.5 < float((np.abs(off) < 1).mean()) < 0.9 and np.abs(off).max() < 4.5
        change, each = train.width_change(data, settings()), train.in_pulses(data)
        assert len(each) == 10 and each[-1] - each[0] == pytest.approx(change.value)
        assert np.diff(each) == pytest.approx([(each[-1] - each[0]) / 9] * 9, abs=1.5)  # it rises evenly
        expected = 25.0 * (pulses.currents(data, "box").after_ps[-1] / end)
        assert abs(change.value - expected) < 3 * change.error and change.n == 60

    def test_bins_end_where_segments_end(self):
        data = replace(TRAIN, replicas=4, interval_ps=0.5).sample(0)
        found = train.width_in_time(data, settings(), bin_ps=2.0)
        assert found.sizes["bin"] == 1 + 10 * 2 + 9 * 2  # 5 ps hold two bins
        assert found.time.values[:3] == pytest.approx([1.0, 3.25, 5.75])

    def test_too_few_waters_have_no_width(self):
        data = replace(TRAIN, replicas=1, waters=1).sample(0)
        found = train.width_in_time(data, settings(), bin_ps=0.5)
        assert np.isnan(found.sigma).all() and np.isnan(found.low).all()

    def test_a_tree_has_no_time_axis(self):
        with pytest.raises(AnalysisError, match="not a train"):
            train.width_in_time(PAIR.sample(0), settings())
