"""Ladders of order and current: the truth within their errors, and reasons where there is too little."""

from dataclasses import replace

import numpy as np
import pytest
from janus_pore.analyse import static
from janus_pore.config import Analysis
from janus_pore.errors import AnalysisError
from janus_pore.testsystems import MemristivePore

FIELDS = (-1.2, -0.6, -0.3, 0.3, 0.6, 1.2)


@pytest.fixture
def settings():
    return Analysis(
        pore_radius_nm=0.4, pore_half_depth_nm=0.25, current_window_ps=10.0, phase_bins=20, angle_bins=36,
        bootstrap_draws=200, confidence=0.68, discard_ps=20.0,
    )  # fmt: skip


def runs(pore, fields=FIELDS, seed=0, **how):
    return {f"{e}": pore.sample_constant(e, 50 * seed + k, **how) for k, e in enumerate(fields)}


def test_order_and_current_come_back_within_their_errors_as_often_as_they_should(settings):
    pore = MemristivePore(offset_v_nm=0.1, noise_na=3.0, replicas=12)
    z = []
    for seed in range(12):
        found = static.ladder(runs(pore, seed=seed, duration_ps=120.0), settings, draws=100, seed=seed)
        assert list(found.field_v_nm) == list(FIELDS) and list(found.units) == [12] * 6 == list(found.water_units)
        z.append((found.order[0] - pore.order(found.field_v_nm)) / found.order[1:].std(axis=0))
        z.append((found.current_na[0] - pore.static(found.field_v_nm)) / found.current_na[1:].std(axis=0))
    assert 0.56 < (np.abs(z) < 1).mean() < 0.78 and np.abs(z).max() < 5


def test_fields_are_drawn_each_on_their_own(settings):
    """As many units at all of them: the same ones drawn at two fields would hide how much their difference scatters."""
    found = static.ladder(runs(MemristivePore(noise_na=3.0, replicas=8), duration_ps=120.0), settings, draws=400)
    for drawn in (found.current_na[1:], found.order[1:], np.column_stack([found.current_na[1:], found.order[1:]])):
        between = np.corrcoef(drawn.T)[np.triu_indices(drawn.shape[1], 1)]
        assert np.abs(between).max() < 4 / np.sqrt(400)


def test_an_interval_is_the_central_row_with_the_spread_of_the_others():
    rows = np.concatenate([[5.0], np.linspace(0, 10, 101)])
    found = static.interval(rows, 7, 0.8)
    assert (found.value, found.low, found.high, found.n) == pytest.approx((5.0, 1.0, 9.0, 7))


class TestRefusal:
    def reason(self, settings, pore=None, amplitude=1.2, confidence=0.95, **how):
        found = static.ladder(runs(pore or MemristivePore(), **how), settings, draws=100)
        return static.refusal(found, confidence, amplitude)

    def test_enough_is_enough(self, settings):
        assert self.reason(settings) == ""

    def test_few_fields_few_blocks_and_a_short_ladder(self, settings):
        assert "3 constant fields" in self.reason(settings, fields=(-1.2, 0.3, 1.2))
        assert "3 independent units" in self.reason(settings, replace(MemristivePore(), replicas=1), duration_ps=50.0)
        assert "does not reach" in self.reason(settings, fields=(0.2, 0.3, 0.6, 1.2))
        assert self.reason(settings, fields=(0.2, 0.3, 0.6, 1.2), amplitude=0.0) == ""

    def test_a_current_lost_in_noise_and_water_that_does_not_turn(self, settings):
        assert "current" in self.reason(settings, MemristivePore(conductance_na=0.0), confidence=0.9999)
        assert "order" in self.reason(settings, MemristivePore(scale_v_nm=1e4, noise_na=0.01))

    def test_no_run_is_an_error_and_no_water_a_reason(self, settings):
        with pytest.raises(AnalysisError, match="constant"):
            static.ladder({}, settings)
        dry = runs(MemristivePore())
        dry["0.3"] = dry["0.3"].isel(sample=slice(0, 0))
        found = static.ladder(dry, settings)
        assert np.isnan(found.order[0, 3]) and "0 independent units" in static.refusal(found, 0.95)
