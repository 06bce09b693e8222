"""Known relaxation times come back within their errors, for both widths, branches and directions of the field."""

import numpy as np
import pytest
from janus_pore.analyse import fold, relaxation
from janus_pore.analyse.stats import interval
from janus_pore.config import Analysis
from janus_pore.errors import AnalysisError
from janus_pore.testsystems import RelaxingWater, SineConductor

SETTINGS = Analysis(
    pore_radius_nm=0.4, pore_half_depth_nm=0.25, current_window_ps=10.0, phase_bins=40, angle_bins=36,
    bootstrap_draws=150, confidence=0.68, discard_ps=20.0,
)  # fmt: skip
UP = RelaxingWater(after_v_nm=(0.6, 1.2))
DOWN = RelaxingWater(before_v_nm=1.2, after_v_nm=(0.6, 0.0))


class TestSteps:
    def test_branches_start_at_the_last_frame_before_the_step(self):
        one, two = relaxation.steps(UP.sample(1))
        assert (one.before_v_nm, one.after_v_nm, one.direction) == (0.0, 0.6, "forward")
        assert np.allclose(one.time_ps, np.arange(61) * 0.5) and np.allclose(one.time_ps, two.time_ps)
        assert np.allclose(one.sums[:, 0], two.sums[:, 0]) and not np.allclose(one.sums[:, 1], two.sums[:, 1])
        assert [step.direction for step in relaxation.steps(DOWN.sample(1))] == ["reverse", "reverse"]

    def test_sums_are_those_of_a_loop_over_the_waters(self):
        data = UP.sample(2)
        step = relaxation.steps(data)[1]
        frame = int(np.flatnonzero(data.segment.values == 2)[4])
        own = data.theta.values[(data.theta_frame.values == frame) & (data.theta_replica.values == 3)]
        expected = [np.cos(own).sum(), np.sin(own).sum(), (own**2).sum(), len(own)]
        assert step.sums[3, 5] == pytest.approx(expected, rel=1e-6)

    @pytest.mark.parametrize("sign", [1, -1])
    def test_without_a_field_after_the_step_the_direction_is_that_before_it(self, sign):
        """Else water that still points along a negative field would have 180 degrees, and a width to match."""
        pore = RelaxingWater(before_v_nm=1.2 * sign, after_v_nm=(0.0,), rest_deg=50.0)
        step = relaxation.steps(pore.sample(3))[0]
        assert (step.sums[..., 0].sum(axis=0) > 0).all()
        assert (
            np.abs(
                relaxation.width(step.sums.mean(axis=0), "gaussian") - pore.analytical_sigma(step.time_ps, 0.0)
            ).max()
            < 20
        )

    def test_a_staircase_goes_from_field_to_field(self):
        """Each step starts at the last frame of the one before, and comes back with its own time and widths."""
        stairs = RelaxingWater(before_v_nm=1.2, after_v_nm=(0.6, 0.0), staircase=True, waters=40)
        one, two = relaxation.steps(stairs.sample(4))
        assert one.label == "1.2 to 0.6 V/nm, staircase, 30 ps"
        assert (two.label, two.way) == ("0.6 to 0 V/nm, staircase, 30 ps", "staircase, 30 ps")
        assert (two.before_v_nm, two.after_v_nm, two.path) == (0.6, 0.0, "staircase")
        assert np.allclose(one.time_ps, two.time_ps) and np.array_equal(one.sums[:, -1], two.sums[:, 0])
        for step in (one, two):
            found = relaxation.decay(step, SETTINGS)
            assert abs(found.tau.value - 6.0) < 3 * found.tau.error
            assert found.a.value == pytest.approx(stairs.steady(step.after_v_nm), abs=3.0)
            assert found.a.value + found.b.value == pytest.approx(stairs.steady(step.before_v_nm), abs=4.0)
        assert relaxation.steps(DOWN.sample(1))[1].path == "jump"

    def test_data_of_another_kind_are_refused(self):
        with pytest.raises(AnalysisError, match="steps are needed"):
            relaxation.steps(SineConductor().sample(0))


class TestWidth:
    @pytest.mark.parametrize("sigma_deg", [10.0, 40.0, 90.0])
    def test_the_circular_width_of_a_wrapped_gaussian_is_its_sigma(self, sigma_deg):
        angle = fold.fold_angles(np.random.default_rng(1).normal(0, np.radians(sigma_deg), 400_000), np.ones(1))
        sums = np.array([np.cos(angle).sum(), np.sin(angle).sum(), (angle**2).sum(), len(angle)])
        assert relaxation.width(sums) == pytest.approx(sigma_deg, rel=0.01)
        if sigma_deg < 50:
            assert relaxation.width(sums, "gaussian") == pytest.approx(sigma_deg, rel=0.01)

    def test_no_water_is_nan_and_an_unknown_width_is_refused(self):
        assert np.isnan(relaxation.width(np.zeros(4))) and np.isnan(relaxation.width(np.zeros(4), "gaussian"))
        with pytest.raises(AnalysisError, match="'circular' or 'gaussian'"):
            relaxation.width(np.ones(4), "fit")


class TestCoverage:
    @pytest.mark.parametrize("confidence", [0.68, 0.95])
    def test_of_sigma_at_each_time(self, confidence):
        """Two thousand points; few waters make the width itself a little small."""
        settings = SETTINGS.model_copy(update={"confidence": confidence, "bootstrap_draws": 400})
        inside = []
        for seed in range(40):
            found = relaxation.sigma(relaxation.steps(UP.sample(seed))[0], settings)
            truth = UP.analytical_sigma(found.time.values, 0.6)
            inside.append(((found.low <= truth) & (truth <= found.high)).mean())
        assert abs(np.mean(inside) - confidence) < 0.05

    @pytest.mark.parametrize(
        "pore",
        [
            RelaxingWater(after_v_nm=(1.0,), interval_ps=1.0, duration_ps=20.0, waters=16),
            RelaxingWater(
                before_v_nm=1.2, after_v_nm=(0.0,), interval_ps=1.0, duration_ps=30.0, waters=16, correlation_ps=1.0
            ),
        ],
        ids=["ordering", "relaxing, correlated"],
    )
    def test_of_tau(self, pore):
        settings = SETTINGS.model_copy(update={"bootstrap_draws": 200})
        truth, inside, trials = pore.analytical_tau(pore.after_v_nm[0]), {0.68: 0, 0.95: 0}, 200
        for seed in range(trials):
            step = relaxation.steps(pore.sample(seed))[0]
            drawn = relaxation.times(step, settings)
            for confidence in inside:
                low, high = interval(drawn, pore.replicas, confidence)
                inside[confidence] += (low <= truth <= high) / trials
        assert 0.58 < inside[0.68] < 0.8 and 0.87 < inside[0.95]


class TestSettled:
    def test_the_width_long_after_the_step(self):
        """30 ps after a step with 3 ps: what is left of the start is e^-5 in the second half."""
        step = relaxation.steps(UP.sample(3))[1]
        found = relaxation.settled(step, SETTINGS)
        assert found.value == pytest.approx(UP.steady(1.2), abs=3 * found.error + 1.0) and found.n == 10
        assert found.low < found.value < found.high

    def test_one_replica_has_no_interval(self):
        found = relaxation.settled(relaxation.steps(RelaxingWater(replicas=1).sample(3))[0], SETTINGS)
        assert np.isnan(found.low) and found.n == 1 and "only 1" in found.warning


class TestDecay:
    @pytest.mark.parametrize("how", relaxation.WIDTHS)
    def test_both_laws_and_their_signs(self, how):
        up, down = (relaxation.steps(pore.sample(4)) for pore in (UP, DOWN))
        ordering, relaxing = (relaxation.decay(steps[0], SETTINGS, how) for steps in (up, down))
        assert ordering.b.low > 0 and relaxing.b.high < 0
        assert abs(ordering.tau.value - 3.0) < 3 * ordering.tau.error
        assert abs(relaxing.tau.value - 6.0) < 3 * relaxing.tau.error

    def test_water_that_does_not_change_has_no_time(self):
        pore = RelaxingWater(before_v_nm=0.6, after_v_nm=(0.6001,))
        assert relaxation.decay(relaxation.steps(pore.sample(5))[0], SETTINGS).failed

    def test_few_replicas_are_warned_of(self):
        found = relaxation.decay(relaxation.steps(RelaxingWater(replicas=3, waters=30).sample(6))[1], SETTINGS)
        assert "only 3" in found.tau.warning


class TestCompare:
    def test_slower_relaxing_is_told_with_confidence(self):
        up, down = (relaxation.steps(pore.sample(7)) for pore in (UP, DOWN))
        (found,) = relaxation.compare(up, down, SETTINGS)
        assert found.field_v_nm == 0.6 and found.probability > 0.8
        assert found.difference.low - 1 < 3.0 < found.difference.high + 1

    def test_equal_times_are_not_told_apart_more_often_than_chance_would(self):
        """The confidence is evenly spread where the two times are the same."""
        settings = SETTINGS.model_copy(update={"bootstrap_draws": 100})
        shape = {"interval_ps": 1.5, "duration_ps": 24.0, "waters": 20, "relaxing_ps": 4.0, "ordering_ps": 4.0}
        up, down = RelaxingWater(after_v_nm=(0.6,), **shape), RelaxingWater(before_v_nm=2.0, after_v_nm=(0.6,), **shape)
        said = []
        for seed in range(20):
            (one,) = relaxation.compare(
                relaxation.steps(up.sample(seed)), relaxation.steps(down.sample(seed + 500)), settings
            )
            said.append(one.probability)
        said = np.array(said)[np.isfinite(said)]
        assert len(said) > 12 and np.mean((said > 0.975) | (said < 0.025)) < 0.2 and 0.25 < said.mean() < 0.75

    def test_several_fields_have_an_average(self):
        up = relaxation.steps(RelaxingWater(after_v_nm=(0.3, 0.6)).sample(8))
        down = relaxation.steps(RelaxingWater(before_v_nm=1.2, after_v_nm=(0.6, 0.3)).sample(9))
        found = relaxation.compare(up, down, SETTINGS)
        assert [one.field_v_nm for one in found[:2]] == [0.3, 0.6] and np.isnan(found[2].field_v_nm)
        both = np.mean([one.difference.value for one in found[:2]])
        assert found[2].difference.value == pytest.approx(both) and found[2].probability > 0.9

    def test_a_refused_fit_refuses_the_comparison_with_its_reason(self):
        still = RelaxingWater(before_v_nm=0.6001, after_v_nm=(0.6,))
        found = relaxation.compare(relaxation.steps(UP.sample(1)), relaxation.steps(still.sample(1)), SETTINGS)
        assert found[0].difference is None and "relaxing:" in found[0].failed
