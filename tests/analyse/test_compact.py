"""From constant fields and steps to a model: times and law come back, and too little data give a reason."""

from dataclasses import replace

import numpy as np
import pytest
from janus_pore.analyse import compact, fit
from janus_pore.analyse.stats import Estimate
from janus_pore.config import Analysis
from janus_pore.errors import AnalysisError
from janus_pore.testsystems import MemristivePore

FIELDS = (-1.2, -0.9, -0.6, -0.3, -0.15, 0.15, 0.3, 0.6, 0.9, 1.2)
PORE = MemristivePore(offset_v_nm=0.1, noise_na=5.0, replicas=12)


@pytest.fixture
def settings():
    return Analysis(
        pore_radius_nm=0.4, pore_half_depth_nm=0.25, current_window_ps=10.0, phase_bins=20, angle_bins=36,
        bootstrap_draws=100, confidence=0.68, discard_ps=20.0,
    )  # fmt: skip


class TestSteps:
    def test_times_and_directions_come_back(self, settings):
        runs = {"up": PORE.sample_steps(0.0, [0.6, 1.2], 60, 1), "down": PORE.sample_steps(1.2, [0.3, 0.0], 60, 2)}
        found = compact.steps(runs, settings)
        assert [(s.field_v_nm, s.ordering) for s in found] == [(0.6, True), (1.2, True), (0.3, False), (0.0, False)]
        for one in found:
            assert abs(one.decay.tau.value - 8.0) < 4 * one.decay.tau.error
            assert one.decay.a.value == pytest.approx(float(PORE.order(one.field_v_nm)), abs=0.05)

    def test_one_replica_fixes_no_time(self, settings):
        runs = {"up": replace(PORE, replicas=1).sample_steps(0.0, [0.6], 60, 1)}
        assert compact.steps(runs, settings)[0].decay.failed


class TestByField:
    def test_where_protocols_disagree_the_interval_holds_them_all_in_whatever_order(self):
        jump, stairs, other = (
            compact.Step(field, True, fit.Decay(None, None, Estimate(*tau), failed=""))
            for field, tau in ((0.4, (4.0, 3.0, 6.0, 4)), (0.4, (9.0, 8.0, 16.0, 3)), (0.8, (2.0, 1.0, 3.0, 4)))
        )
        found = compact.by_field([jump, stairs, other])
        assert found == compact.by_field([stairs, other, jump])  # in any order
        back = replace(jump, field_v_nm=-jump.field_v_nm)  # once one of both was lost without a word
        assert compact.by_field([jump, back]) == compact.by_field([jump, jump])
        assert found[0.4] == Estimate(pytest.approx(6.0), 3.0, 16.0, 3)
        assert found[0.8] == Estimate(pytest.approx(2.0), 1.0, 3.0, 4)


class TestTimes:
    def test_central_values_interpolated_in_the_size_of_the_field_and_spread_as_given(self):
        taus = {0.4: Estimate(4.0, 3.6, 4.4, 9), 1.2: Estimate(8.0, 7.0, 9.1, 9)}
        drawn = compact.times(taus, np.array([-1.2, -0.8, 0.2, 0.4, 1.2]), 0.68, draws=4000)
        assert drawn[0] == pytest.approx([8, 6, 4, 4, 8])
        low, high = np.percentile(drawn[1:, 4], [16, 84])
        assert (low, high) == pytest.approx((8 * np.sqrt(7 / 9.1), 8 * np.sqrt(9.1 / 7)), rel=0.02)

    def test_an_assumed_range_is_kept_to_and_is_the_same_at_all_fields(self):
        drawn = compact.assumed(2.0, 50.0, np.zeros(3), draws=500)
        assert (
            drawn.min() > 2
            and drawn.max() < 50
            and drawn[0, 0] == pytest.approx(10)
            and np.ptp(drawn, axis=1).max() == 0
        )

    @pytest.mark.parametrize("taus", [{}, {0.4: Estimate(-1.0, -2.0, 1.0, 3)}])
    def test_no_times_are_refused(self, taus):
        with pytest.raises(AnalysisError, match="relaxation times"):
            compact.times(taus, np.array([1.0]), 0.68)
        with pytest.raises(AnalysisError, match="range"):
            compact.assumed(5.0, 2.0, np.array([1.0]))


class TestAssemble:
    def runs(self):
        return {f"{e}": PORE.sample_constant(e, k) for k, e in enumerate(FIELDS)}

    def test_a_model_with_the_times_of_its_steps(self, settings):
        runs = {"up": PORE.sample_steps(0.0, [1.2], 60, 1), "down": PORE.sample_steps(1.2, [0.0], 60, 2)}
        case = compact.assemble(self.runs(), runs, settings, 1.2, range_ps=(2, 50), draws=20)
        assert not case.failed and not case.assumed and len(case.steps) == 2 and case.pore.draws == 21
        assert case.pore.ordering_ps[0] == pytest.approx(8.0, abs=2.0)

    def test_times_that_are_not_known_are_assumed_and_said_to_be(self, settings):
        case = compact.assemble(self.runs(), {}, settings, 1.2, range_ps=(2, 50), draws=20)
        assert "ordering and relaxing times assumed, 2 to 50 ps" in case.assumed
        assert np.ptp(case.pore.relaxing_ps[:, 0]) > 5

    def test_too_little_is_a_reason_and_no_model(self, settings):
        none = compact.assemble({}, {}, settings, 1.2, range_ps=(2, 50))
        short = compact.assemble(dict(list(self.runs().items())[:3]), {}, settings, 1.2, range_ps=(2, 50))
        assert "constant fields" in none.failed and "3 constant fields" in short.failed and short.pore is None
