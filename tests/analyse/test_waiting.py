"""Ions that wait in the pore at known rates of passing: times, passes and rates come back."""

import numpy as np
import pytest
from janus_pore.analyse import waiting
from janus_pore.errors import AnalysisError
from janus_pore.testsystems import WaitingIons

PLACE = waiting.Place(radius_nm=0.4, depth_nm=0.25)


@pytest.fixture
def settings(make_scale):
    changes = {"discard_ps": 0.0, "bootstrap_draws": 500, "angle_bins": 72, "current_window_ps": 10.0}
    return make_scale(**{f"analysis__{key}": value for key, value in changes.items()}).analysis


@pytest.fixture(scope="module")
def ions():
    system = WaitingIons(replicas=20)
    return system, *system.sample(1)


class TestWaits:
    def test_the_rates_come_back(self, ions, settings):
        system, holds, reruns = ions
        table = waiting.waits(holds, reruns, settings, PLACE)
        assert table.volt.tolist() == [2.0, 4.0, 7.5] and (table.replicas == 20).all()
        assert table.ns.values == pytest.approx(20 * 1001 * 0.5e-3)
        for one, truth in zip(table.itertuples(), system.rates_per_ns, strict=True):
            assert one.rate.n == one.cl > 10 and abs(one.rate.value - truth) < 3 * one.rate.error
            share = system.arrival_per_ns / (system.arrival_per_ns + truth)
            assert one.near == pytest.approx(share, rel=0.25) and one.far == 0 and one.k == 0
            # an ion at the edge has not left: each visit but the last of a replica ends with a pass
            assert one.cl <= one.visits <= one.cl + 20
            assert 0.5 * one.waited_ns * 1000 / one.visits < one.longest_ps <= 500.5

    def test_intervals_hold_the_truth_as_often_as_they_say(self, settings):
        """Also with few passes: 3 replicas at a rate at which 0 to 5 pass."""
        system = WaitingIons(fields_v_nm=(0.8,), rates_per_ns=(2.0,))
        inside = []
        for seed in range(60):
            one = waiting.waits(*system.sample(seed), settings, PLACE).rate[0]
            inside.append(one.low <= 2.0 <= one.high)
        assert 0.5 < np.mean(inside) < 0.9  # 0.68

    def test_a_field_toward_minus_x(self, settings):
        system = WaitingIons(fields_v_nm=(-0.8, 0.8), rates_per_ns=(20.0, 20.0), replicas=6)
        table = waiting.waits(*system.sample(2), settings, PLACE)
        assert table.volt.tolist() == [-4.0, 4.0] and (table.cl > 5).all() and (table.near > 0.1).all()
        assert (table.far == 0).all()
        order = waiting.order(*system.sample(2), settings, PLACE)
        assert all(one["waiting"].value > one["none"].value > 0.6 for one in order.values())

    def test_ions_on_the_far_side_do_not_wait(self, ions, settings):
        _, holds, reruns = ions
        turned = {name: one.assign(x=-one.x) for name, one in reruns.items()}
        table = waiting.waits(holds, turned, settings, PLACE)
        assert (table.near == 0).all() and (table.far > 0.1).all() and table.rate.isna().all()
        assert (table.longest_ps == 0).all() and (table.visits == 0).all()

    def test_ions_off_the_axis_are_not_in_the_pore(self, ions, settings):
        _, holds, reruns = ions
        beside = {name: one.assign(radial=one.radial + 0.4) for name, one in reruns.items()}
        assert (waiting.waits(holds, beside, settings, PLACE).near == 0).all()

    def test_only_replicas_with_forces_count(self, ions, settings):
        _, holds, reruns = ions
        name, forces = next(iter(reruns.items()))
        some = forces.isel(frame=(forces.frame_replica < 5).values)
        kept = np.isin(forces.sample_frame.values, np.flatnonzero((forces.frame_replica < 5).values))
        runs = " ".join(forces.attrs["trajectories_sha256"].split()[:5])
        some = some.isel(sample=kept).assign_attrs(trajectories_sha256=runs)
        one = waiting.waits(holds, {name: some}, settings, PLACE).iloc[0]
        data = holds[name]
        assert one.replicas == 5 and one.ns == pytest.approx(5 * 1001 * 0.5e-3)
        assert one.cl == -int(data.crossings.sel(species="CL").values[:5].sum())

    def test_forces_of_every_fifth_frame(self, ions, settings):
        """`barrier.every_frames`: fewer frames, and the same time waited, shares and passes."""
        _, holds, reruns = ions
        name, forces = next(iter(reruns.items()))
        kept = np.flatnonzero(np.arange(forces.sizes["frame"]) % 1001 % 5 == 0)
        position = np.full(forces.sizes["frame"], -1)
        position[kept] = np.arange(len(kept))
        of = position[forces.sample_frame.values]
        thin = forces.isel(frame=kept, sample=of >= 0).assign(sample_frame=("sample", of[of >= 0]))
        one, other = (waiting.waits(holds, {name: rerun}, settings, PLACE).iloc[0] for rerun in (forces, thin))
        assert other.ns == pytest.approx(one.ns, rel=0.01) and other.near == pytest.approx(one.near, rel=0.1)
        assert other.waited_ns == pytest.approx(one.waited_ns, rel=0.1) and other.cl == one.cl

    def test_forces_of_other_runs_are_refused(self, ions, settings):
        _, holds, reruns = ions
        other = {name: one.assign_attrs(trajectories_sha256="x") for name, one in reruns.items()}
        with pytest.raises(AnalysisError, match="not of the runs"):
            waiting.waits(holds, other, settings, PLACE)

    def test_nothing_there(self, ions, settings):
        _, holds, _ = ions
        empty = waiting.waits(holds, {}, settings, PLACE)
        assert empty.empty and waiting.order(holds, {}, settings, PLACE) == {}


def test_the_order_of_the_water_with_and_without_an_ion(ions, settings):
    """<cos> of a Gaussian of width s is exp(-s^2 / 2); absences that were filled hold water as it is."""
    system, holds, reruns = ions
    order = waiting.order(holds, reruns, settings, PLACE)
    assert list(order) == [2.0, 4.0, 7.5]
    truth = {key: np.exp(-(np.radians(s) ** 2) / 2) for key, s in (("waiting", 20.0), ("none", 40.0))}
    for one in order.values():
        for key, expected in truth.items():
            assert one[key].value == pytest.approx(expected, abs=0.02) and one[key].n > 10


def test_short_absences_are_filled_and_long_ones_are_not():
    there = np.array([0, 1, 0, 0, 1, 0, 0, 0, 1, 1], dtype=bool)
    filled = waiting._filled(there, 2)
    assert filled.astype(int).tolist() == [0, 1, 1, 1, 1, 0, 0, 0, 1, 1]
    assert waiting._lengths(filled).tolist() == [4, 2] and waiting._lengths(~there[:1]).tolist() == [1]
