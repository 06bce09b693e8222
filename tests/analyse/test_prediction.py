"""From a ladder and times to the loop: a pore that is such a memristor is predicted within the errors."""

from dataclasses import replace

import numpy as np
import pytest
from janus_pore.analyse import compact, current, loop, prediction, static
from janus_pore.analyse.memristor import sweep
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


def ladder(settings, seed=0, pore=PORE):
    runs = {f"{e}": pore.sample_constant(e, 20 * seed + k) for k, e in enumerate(FIELDS)}
    return static.ladder(runs, settings, draws=40, seed=seed)


class TestPrediction:
    def test_a_sweep_that_was_not_fitted_is_predicted_within_the_errors(self, settings):
        """Ladder and times from their own runs; the sweep from others. z is of size one, the areas agree."""
        z2, off = [], []
        for seed in range(3):
            taus = {e: Estimate(8.0, 7.6, 8.4, 9) for e in (0.0, 1.2)}
            found = ladder(settings, seed)
            tau = compact.times(taus, found.field_v_nm, 0.68, draws=40, seed=seed)
            predicted = sweep(compact.model(found, tau, tau), 1.2, 100.0, points=200)
            units = current.fold(PORE.sample_sine(1.2, 100.0, 3, 70 + seed), settings)
            compared = prediction.compare(predicted, units, settings)
            z2.append(compared.attrs["mean_z2"])
            here, there = static.interval(predicted.area(1), 9, 0.68), loop.area(units, settings, 1)
            off.append((here.value - there.value) / np.hypot(here.error, there.error))
        assert compared.attrs["n"] == 12 and 0.5 < np.mean(z2) < 1.6 and np.abs(off).max() < 3

    def test_a_wrong_time_is_found_out(self, settings):
        found = ladder(settings)
        tau = np.full(found.order.shape, 40.0)
        units = current.fold(replace(PORE, noise_na=1.0).sample_sine(1.2, 100.0, 4, 70), settings)
        compared = prediction.compare(sweep(compact.model(found, tau, tau), 1.2, 100.0, points=200), units, settings)
        assert compared.attrs["mean_z2"] > 4

    def test_a_bin_without_a_crossing_is_not_exact(self, settings):
        data = PORE.sample_sine(1.2, 100.0, 4, 70)
        data["crossings"] = data.crossings * 0
        units = current.fold(data, settings, "pore").assign_attrs(period_ps=100.0)
        tau = np.full((41, len(FIELDS)), 8.0)
        predicted = sweep(compact.model(ladder(settings), tau, tau), 1.2, 100.0, points=200)
        compared = prediction.compare(predicted, units, settings)
        assert float(compared.measured_error.min()) >= 160.2177 / (5.0 * 36) - 1e-4

    def test_three_cycles_are_too_few(self, settings):
        units = current.fold(replace(PORE, replicas=1).sample_sine(1.2, 100.0, 4, 70), settings)
        tau = np.full((41, len(FIELDS)), 8.0)
        with pytest.raises(AnalysisError, match="3 cycles"):
            prediction.compare(sweep(compact.model(ladder(settings), tau, tau), 1.2, 100.0, 200), units, settings)


class TestPredict:
    def case(self, settings):
        tau = np.full((41, len(FIELDS)), 8.0)
        found = ladder(settings)
        return compact.Case(found, [], compact.model(found, tau, tau))

    def test_both_currents_are_compared(self, settings):
        found = prediction.predict(self.case(settings), PORE.sample_sine(1.2, 100.0, 4, 70), settings)
        assert not found.failed and set(found.compared) == {"pore", "box"} and found.cycles == 36
        assert max(one.attrs["mean_z2"] for one in found.compared.values()) < 3 and found.loop.area(1)[0] > 0

    def test_without_a_model_a_sweep_or_cycles_there_is_a_reason_and_no_line(self, settings):
        case, few = self.case(settings), replace(PORE, replicas=1).sample_sine(1.2, 100.0, 4, 70)
        for args, why in (
            ((compact.Case(None, [], None, failed="no runs"), few), "no runs"),
            ((case, None), "no sine sweep"),
            ((case, few), "3 cycles"),
        ):
            found = prediction.predict(*args, settings)
            assert why in found.failed and found.loop is None and not found.compared
