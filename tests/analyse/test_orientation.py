"""Angles with a prescribed width are given back, through every wrap."""

import numpy as np
import pytest
from janus_pore.analyse import orientation
from janus_pore.config import Analysis
from janus_pore.errors import AnalysisError
from janus_pore.testsystems import OrientedWater, SineConductor


@pytest.fixture
def settings():
    return Analysis(
        pore_radius_nm=0.4, pore_half_depth_nm=0.25, current_window_ps=10.0, phase_bins=40, angle_bins=72,
        bootstrap_draws=300, confidence=0.95, discard_ps=20.0,
    )  # fmt: skip


@pytest.mark.parametrize("sigma", [12.0, 25.0, 40.0])
@pytest.mark.parametrize("how", ["fit", "circular"])
@pytest.mark.parametrize("branch", ["forward", "reverse"])
def test_both_widths_recover_the_truth_on_both_branches_and_polarities(settings, sigma, how, branch):
    data = OrientedWater(sigma_forward_deg=sigma, sigma_reverse_deg=sigma).sample(1)
    samples = orientation.samples(data, settings)
    for field in (0.8, -0.8):
        found = orientation.width(samples.select(field, 0.3, branch), settings, how)
        assert found.value == pytest.approx(sigma, rel=0.1) and found.n == 5
        assert found.low - 0.03 * sigma <= sigma <= found.high + 0.03 * sigma


def test_branches_are_told_apart(settings):
    samples = orientation.samples(OrientedWater().sample(2), settings)
    table = orientation.against_field(samples, np.array([-0.8, 0.8]), 0.2, settings)
    assert np.all(table.circular.sel(branch="forward") > 35) and np.all(table.circular.sel(branch="reverse") < 30)
    assert np.all(table.mean_cos.sel(branch="reverse") > table.mean_cos.sel(branch="forward"))


def test_a_window_without_water_is_nan_in_the_table_and_an_error_by_itself(settings):
    samples = orientation.samples(OrientedWater().sample(3), settings)
    table = orientation.against_field(samples, np.array([3.0]), 0.1, settings)
    assert np.isnan(table.fit).all() and (table.waters == 0).all()
    with pytest.raises(AnalysisError, match="widen it or run longer"):
        orientation.width(samples.select(3.0, 0.1, "forward"), settings, "circular")


def test_circular_moments_of_known_sets():
    sharp = orientation.circular(np.zeros(5))
    assert sharp["sigma_deg"] == 0 and sharp["mean_cos"] == 1
    opposite = orientation.circular(np.radians([179.0, -179.0]))
    assert abs(opposite["mean_deg"]) == pytest.approx(180) and opposite["sigma_deg"] == pytest.approx(1.0, rel=1e-3)
    assert orientation.circular(np.radians([0, 90, 180, 270]))["sigma_deg"] > 300  # no direction: R is zero


def test_a_flat_or_empty_histogram_does_not_pretend_to_have_a_width():
    centres = np.arange(-175, 180, 10.0)
    assert np.isnan(orientation.gaussian_fit(centres, np.zeros(36))[1])
    flat = orientation.gaussian_fit(centres, np.full(36, 1 / 360))[1]
    assert np.isnan(flat) or flat > 100


def test_constant_fields_are_cut_into_blocks_after_the_discarded_time(settings):
    data = SineConductor(replicas=2, periods=2).sample(0).assign_attrs(period_ps=0.0)
    samples = orientation.samples(data, settings)
    # 2 replicas x 18 blocks of 10 ps; the last frame, at 200 ps, is of the last
    assert len(np.unique(samples.unit)) == 2 * 18 and len(samples.theta) == 2 * 361 * 8


def test_a_wrong_unit_and_an_unknown_estimator_are_refused(settings):
    data = OrientedWater().sample(0)
    with pytest.raises(AnalysisError, match="'fit' or 'circular'"):
        orientation.width(orientation.samples(data, settings), settings, "gauss")
    data.theta.attrs["units"] = "degrees"
    with pytest.raises(AnalysisError, match="expected 'rad'"):
        orientation.samples(data, settings)


class TestWaterThatChangesSlowly:
    """An ion that lodges orders the water for longer than a block: blocks of one run then count as fewer."""

    @staticmethod
    def samples(rng, stay, replicas=2, blocks=45):
        """Two states of the water, 15 and 35 degrees wide, that change between blocks with probability 1 - stay."""
        change = rng.uniform(size=(replicas, blocks)) > stay
        state = (rng.integers(2, size=(replicas, 1)) + np.cumsum(change, axis=1)) % 2
        width = np.radians(np.where(state, 15.0, 35.0)).ravel()
        theta = (rng.normal(size=(replicas * blocks, 20)) * width[:, None]).ravel()
        unit = np.repeat(np.arange(replicas * blocks), 20)
        ones = np.ones(len(theta))
        return orientation.Samples(theta, 0.4 * ones, ones.astype(bool), unit, unit // blocks)

    def test_the_interval_is_wider_and_says_why(self, settings):
        rng = np.random.default_rng(0)
        quick, slow = self.samples(rng, 0.5), self.samples(rng, 0.96)
        mixed = orientation.mean_cos(quick, settings)
        assert mixed.warning == "" and mixed.n == 90
        for found in (orientation.mean_cos(slow, settings), orientation.width(slow, settings, "circular")):
            assert "90 blocks count as" in found.warning and "the error bar is wider by that" in found.warning
            assert found.n == 90 and found.low < found.value < found.high
        assert orientation.mean_cos(slow, settings).error > 2 * mixed.error

    def test_it_holds_the_truth_far_more_often_than_blocks_alone(self, settings):
        truth = np.mean(np.exp(-(np.radians([15.0, 35.0]) ** 2) / 2))
        held = {"blocks": 0, "widened": 0}
        for seed in range(40):
            samples = self.samples(np.random.default_rng(seed), 0.9)
            found = orientation.mean_cos(samples, settings)
            means = np.bincount(samples.unit, np.cos(samples.theta)) / 20
            held["blocks"] += abs(found.value - truth) < 1.96 * means.std() / np.sqrt(len(means))
            held["widened"] += found.low <= truth <= found.high
        assert held["blocks"] < 28 and held["widened"] >= 35  # of 40 at 95 %
