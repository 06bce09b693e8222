"""Areas, pinch and kind of memory of synthetic pores come back, and their error bars cover what they say."""

import numpy as np
import pytest
from janus_pore.analyse import current, loop
from janus_pore.config import Analysis
from janus_pore.testsystems import MemristiveConductor, SineConductor

SETTINGS = Analysis(
    pore_radius_nm=0.4, pore_half_depth_nm=0.25, current_window_ps=10.0, phase_bins=100, angle_bins=36,
    bootstrap_draws=200, confidence=0.68, discard_ps=20.0,
)  # fmt: skip
WIDE = SETTINGS.model_copy(update={"confidence": 0.95})


def units(pore, seed):
    return current.fold(pore.sample(seed), SETTINGS)


def binned(pore):
    """Mean current (bin,) of a memristive conductor."""
    return pore.cycle()[2].reshape(SETTINGS.phase_bins, -1).mean(axis=1)


@pytest.mark.parametrize(
    "pore",
    [
        MemristiveConductor(replicas=8, periods=2, noise_na=2.0),
        MemristiveConductor(replicas=2, periods=6, noise_na=2.0),
        MemristiveConductor(replicas=8, periods=2, spread=0.1, correlation_ps=2.0),
    ],
    ids=["replicas", "cycles", "spread and memory"],
)
def test_intervals_cover_the_truth_as_often_as_they_say(pore):
    truth = {"area": pore.analytical_area(), "pinch": 0.0, "current": binned(pore)}
    draws, inside = 150, {(name, c): 0.0 for name in truth for c in (0.68, 0.95)}
    for seed in range(draws):
        folded = units(pore, seed)
        for settings in (SETTINGS, WIDE):
            mean = current.curve(folded, settings).sel(species="total")
            found = {"area": loop.area(folded, settings, 1), "pinch": loop.pinch(folded, settings), "current": mean}
            for name, one in found.items():
                covered = (np.asarray(one.low) <= truth[name]) & (truth[name] <= np.asarray(one.high))
                inside[name, settings.confidence] += covered.mean() / draws
    for (name, confidence), share in inside.items():
        # 150 draws scatter by 0.038 and 0.018; 8 units leave a bootstrap slightly narrow
        assert confidence - 0.1 < share < confidence + 0.1, (name, confidence, share)


class TestArea:
    @pytest.mark.parametrize("sign", [1, -1])
    @pytest.mark.parametrize("bipolar", [False, True])
    def test_of_a_memristive_conductor_by_quadrature(self, sign, bipolar):
        pore = MemristiveConductor(bipolar=bipolar, noise_na=0.2, periods=3)
        found = loop.area(units(pore, 1), WIDE, sign)
        assert found.value == pytest.approx(pore.analytical_area(sign), abs=0.03)
        assert np.sign(found.value) == (-1 if bipolar and sign < 0 else 1)

    def test_a_capacitor_leaves_nothing_beyond_charging_and_a_memory_leaves_itself(self):
        capacitor = SineConductor(onset_v_nm=100.0, capacitance_na_ps=20.0, noise_na=0.1)
        left = loop.area_beyond_charging(units(capacitor, 2), WIDE, 1)
        assert abs(left.value) < 0.01 * capacitor.analytical_area() + left.error
        pore = MemristiveConductor(noise_na=0.2)
        found = loop.area_beyond_charging(units(pore, 3), WIDE, -1)
        assert abs(found.value - pore.analytical_area(-1)) < 2 * found.error

    def test_of_a_species_is_its_part_of_the_whole(self):
        pore = MemristiveConductor(potassium=0.25, noise_na=0.1)
        folded = units(pore, 4)
        parts = {name: loop.area(folded, SETTINGS, 1, species=name).value for name in ("K", "CL", "total")}
        assert parts["K"] / parts["total"] == pytest.approx(0.25, abs=0.02)
        assert parts["K"] + parts["CL"] == pytest.approx(parts["total"], rel=1e-9)


class TestPinched:
    def test_a_memory_is_pinched_and_a_capacitor_is_open(self):
        tight = loop.pinched(units(MemristiveConductor(noise_na=0.5), 5), SETTINGS)
        assert tight.verdict == "pinched" and tight.p > 0.01 and tight.bound_na < 0.4
        capacitor = SineConductor(onset_v_nm=100.0, capacitance_na_ps=20.0, noise_na=0.1)
        found = loop.pinched(units(capacitor, 6), SETTINGS)
        assert found.verdict == "open" and found.p < 0.001
        assert found.opening.value == pytest.approx(capacitor.analytical_opening(), rel=0.01)

    def test_noise_leaves_it_undecided_rather_than_pinched(self):
        assert loop.pinched(units(MemristiveConductor(noise_na=30.0), 7), SETTINGS).verdict == "undecided"

    def test_p_is_evenly_spread_for_a_pinched_loop(self):
        pore = MemristiveConductor(replicas=6, noise_na=3.0)
        p = np.array([loop.pinched(units(pore, seed), SETTINGS).p for seed in range(100)])
        assert abs(np.mean(p < 0.05) - 0.05) < 0.06 and abs(np.mean(p < 0.5) - 0.5) < 0.15

    def test_no_current_is_undecided(self):
        found = loop.pinched(units(SineConductor(conductance_na=0, noise_na=0), 8), SETTINGS)
        assert found.verdict == "undecided" and np.isnan(found.p) and "alike" in found.opening.warning


class TestStart:
    """A sheet that charges in tau: I = C w A (cos w t + w tau sin w t - exp(-t / tau)) / (1 + w^2 tau^2)."""

    @staticmethod
    def charged(periods, noise_na=0.02):
        """The sweep's current, and its opening once it repeats itself."""
        pore = SineConductor(conductance_na=0.0, noise_na=noise_na, periods=periods, replicas=6, period_ps=200.0)
        data, omega, tau = pore.sample(0), 2 * np.pi / 200.0, 16.0
        turn = omega * data.interval_time.values
        shape = np.cos(turn) + omega * tau * np.sin(turn) - np.exp(-turn / (omega * tau))
        size = 20.0 * omega * pore.amplitude_v_nm / (1 + (omega * tau) ** 2)
        return data.assign(current=data.current + 0.5 * size * shape[None, :, None].astype("f4")), -size

    @pytest.mark.parametrize("periods", [2, 3])
    def test_it_is_not_in_the_loop(self, periods):
        data, opening = self.charged(periods)
        data.current.attrs["units"] = "nA"
        folded = current.fold(data, SETTINGS)
        found = loop.pinch(folded, SETTINGS)
        assert found.value == pytest.approx(opening, rel=0.02) and found.n == 6
        for sign in (1, -1):
            assert loop.area_beyond_charging(folded, SETTINGS, sign).value == pytest.approx(0.0, abs=0.01)
        assert loop.memory(folded, SETTINGS).verdict == "none seen"

    def test_a_single_cycle_is_taken_with_it(self):
        data, opening = self.charged(1)
        data.current.attrs["units"] = "nA"
        found = loop.pinch(current.fold(data, SETTINGS), SETTINGS)
        assert found.n == 6 and abs(found.value) < 0.8 * abs(opening)


class TestMemory:
    @pytest.mark.parametrize(
        ("pore", "verdict"),
        [
            (MemristiveConductor(noise_na=0.3), "unipolar, reverse below forward"),
            (MemristiveConductor(bipolar=True, noise_na=0.3), "bipolar"),
            (SineConductor(noise_na=0.5, replicas=6, periods=3), "none seen"),
            (MemristiveConductor(noise_na=0.3, replicas=2, periods=2), "undecided"),
            (SineConductor(conductance_na=0, noise_na=0), "undecided"),
        ],
        ids=["unipolar", "bipolar", "conductor", "few", "nothing"],
    )
    def test_kinds(self, pore, verdict):
        assert loop.memory(units(pore, 1), SETTINGS).text == verdict

    def test_a_capacitor_or_a_plain_conductor_is_rarely_said_to_remember(self):
        for pore in (SineConductor(onset_v_nm=100.0, capacitance_na_ps=20.0), SineConductor(replicas=6)):
            said = [loop.memory(units(pore, seed), SETTINGS).verdict for seed in range(60)]
            assert sum(one in ("unipolar", "bipolar") for one in said) <= 6

    def test_with_charging_a_capacitor_looks_unipolar(self):
        capacitor = SineConductor(onset_v_nm=100.0, capacitance_na_ps=20.0, noise_na=0.1, replicas=5)
        assert loop.memory(units(capacitor, 10), SETTINGS, beyond_charging=False).verdict == "unipolar"

    def test_replicas_that_spread_are_warned_of(self):
        pore = MemristiveConductor(replicas=3, periods=8, spread=0.3, noise_na=0.5)
        assert "replicas differ" in loop.memory(units(pore, 11), SETTINGS).warning
        assert "replicas differ" in current.curve(units(pore, 11), SETTINGS).attrs["warning"]
