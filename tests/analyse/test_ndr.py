"""Falls that are there are found where they are; falls that are not there are rarely seen, and give a bound."""

import numpy as np
import pytest
from janus_pore.analyse import current, ndr
from janus_pore.config import Analysis
from janus_pore.testsystems import MemristiveConductor, SineConductor

SETTINGS = Analysis(
    pore_radius_nm=0.4, pore_half_depth_nm=0.25, current_window_ps=10.0, phase_bins=100, angle_bins=36,
    bootstrap_draws=200, confidence=0.68, discard_ps=20.0,
)  # fmt: skip
WIDE = SETTINGS.model_copy(update={"confidence": 0.95})


def units(pore, seed, settings=SETTINGS):
    return current.fold(pore.sample(seed), settings)


class TestFall:
    @pytest.mark.parametrize("onset", [50.0, 1.2])
    def test_noise_alone_is_called_a_fall_no_more_often_than_the_level_says(self, onset):
        """Above all where the current is flat at the end: the largest |I| is at the amplitude, or not reached."""
        pore = SineConductor(onset_v_nm=onset, noise_na=6.0, replicas=3)
        seen = [ndr.has_fall(units(pore, seed), SETTINGS, 1) for seed in range(150)]
        assert np.mean(seen) < ndr.LEVEL + 0.03

    def test_a_current_that_saturates_is_no_fall(self):
        pore = MemristiveConductor(field_v_nm=100.0, noise_na=1.0)
        assert not ndr.has_fall(units(pore, 1), SETTINGS, 1)

    @pytest.mark.parametrize("sign", [1, -1])
    def test_a_clear_fall_is_seen_and_has_the_right_size(self, sign):
        pore = SineConductor(noise_na=0.3)
        found = ndr.fall(units(pore, 2), SETTINGS, sign)
        field = np.array([0.6, 1.2])
        peak, end = 10 * field * np.exp(-(field**2) / (2 * 0.36))
        assert found.seen and found.drop_na == pytest.approx(peak - end, rel=0.05)

    def test_too_few_units_are_not_tested(self):
        found = ndr.fall(units(SineConductor(replicas=1, noise_na=0.1), 3), SETTINGS, 1)
        assert np.isnan(found.p) and not found.seen


class TestOnset:
    def test_intervals_cover_the_truth_as_often_as_they_say(self):
        pore = MemristiveConductor(replicas=6, periods=2)
        truth, inside = pore.analytical_onset(), {0.68: 0, 0.95: 0}
        for seed in range(150):
            folded = units(pore, seed)
            for settings in (SETTINGS, WIDE):
                found = ndr.onset(folded, settings, 1)
                inside[settings.confidence] += found.low <= truth <= found.high
        assert 0.58 < inside[0.68] / 150 < 0.8 and 0.88 < inside[0.95] / 150

    def test_no_fall_gives_a_bound_below_which_there_is_none(self):
        pore = SineConductor(onset_v_nm=50.0, noise_na=1.0)
        up, down = (ndr.onset(units(pore, 4), SETTINGS, sign) for sign in (1, -1))
        assert up.value == up.high == np.inf and 0.8 < up.low < 1.2 and "no fall seen" in up.warning
        assert down.value == down.low == -np.inf and -1.2 < down.high < -0.8

    def test_species_have_onsets_of_their_own(self):
        pore = MemristiveConductor(potassium=0.0, noise_na=0.3)
        folded = units(pore, 5)
        found = ndr.onset(folded, SETTINGS, 1, species="CL")
        assert abs(found.value - pore.analytical_onset()) < 0.06
        assert not ndr.has_fall(folded, SETTINGS, 1, species="K")

    def test_too_few_units_give_no_number(self):
        found = ndr.onset(units(SineConductor(replicas=2, periods=1), 6), SETTINGS, 1)
        assert np.isnan(found.value) and "only 2" in found.warning


class TestPeakToValley:
    def test_the_ratio_of_a_known_curve(self):
        pore = SineConductor(noise_na=0.2)
        found = ndr.peak_to_valley(units(pore, 7), SETTINGS, 1)
        field = np.array([0.6, 1.2])
        peak, end = field * np.exp(-(field**2) / (2 * 0.36))
        assert found.value == pytest.approx(peak / end, rel=0.05) and found.low <= found.value <= found.high

    def test_no_fall_is_one_without_an_error_bar(self):
        found = ndr.peak_to_valley(units(SineConductor(onset_v_nm=50.0, noise_na=1.0), 8), SETTINGS, 1)
        assert found.value == 1 and np.isnan(found.low) and "no fall seen" in found.warning

    def test_a_valley_of_zero_gives_a_bound(self):
        found = ndr.peak_to_valley(units(SineConductor(onset_v_nm=0.3, noise_na=1.0), 9), SETTINGS, 1)
        assert 1 < found.low and found.high == np.inf

    def test_no_current_has_no_ratio(self):
        found = ndr.peak_to_valley(units(SineConductor(conductance_na=0, noise_na=0), 9), SETTINGS, 1)
        assert np.isnan(found.value)


class TestConductance:
    def test_of_a_linear_conductor_within_its_band(self):
        found = ndr.conductance(units(SineConductor(conductance_na=8.0, onset_v_nm=1e3), 10), WIDE).sel(species="total")
        inside = (found.low <= 8.0) & (found.high >= 8.0)
        assert inside.mean() > 0.85 and float(found.conductance.mean()) == pytest.approx(8.0, rel=0.05)

    def test_negative_beyond_the_onset_and_positive_before_it(self):
        found = ndr.conductance(units(SineConductor(noise_na=0.3), 11), SETTINGS).sel(species="total")
        rising = found.isel(bin=np.flatnonzero(found.branch.values == "forward"))
        field = np.abs(rising.field)
        assert (rising.low[field < 0.4] > 0).all() and (rising.high[(field > 0.85) & (field < 1.15)] < 0).all()


@pytest.mark.parametrize(("n", "expected"), [(25, 3), (10, 1), (40, 5)])
def test_smoothing_is_an_eighth_of_the_bins(n, expected):
    spike = np.zeros(n)
    spike[n // 2] = 1.0
    assert np.count_nonzero(ndr.smoothed(spike)) == expected and ndr.smoothed(spike).sum() == pytest.approx(1)
