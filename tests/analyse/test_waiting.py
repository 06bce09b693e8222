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
    def test_times_passes_and_visits(self, ions):
        system, holds, reruns = ions
        rows = waiting.waits(holds, reruns, PLACE)
        assert rows.volt.unique().tolist() == [2.0, 4.0, 7.5] and rows.replica.tolist() == [*range(20)] * 3
        assert rows.ns.values == pytest.approx(1001 * 0.5e-3)
        for (volt, one), truth in zip(rows.groupby("volt"), system.rates_per_ns, strict=True):
            assert one.cl.sum() / one.near_ns.sum() == pytest.approx(truth, rel=4 / np.sqrt(one.cl.sum())), volt
            share = system.arrival_per_ns / (system.arrival_per_ns + truth)
            assert one.near_ns.sum() / one.ns.sum() == pytest.approx(share, rel=0.25)
            assert (one.far_ns == 0).all() and (one.k == 0).all() and (one.cl_back == 0).all()
            # an ion at the edge has not left: each visit ends with a pass or with the run
            assert (one.visits == one.cl + one.unfinished).all() and (one.unfinished <= 1).all()
            assert (one.longest_ps <= 1000 * one.near_ns + 1e-9).all() and (one.longest_ps.max() <= 500.5)
            assert (one.ions == (one.visits > 0)).all()  # this pore's are all ion 0
            assert (one.left == one.cl).all()  # none stops beyond the Mo plane

    def test_a_field_toward_minus_x(self, settings):
        sample = WaitingIons(fields_v_nm=(-0.8, 0.8), rates_per_ns=(20.0, 20.0), replicas=6).sample(2)
        rows = waiting.waits(*sample, PLACE)
        assert rows.volt.tolist() == [-4.0] * 6 + [4.0] * 6 and (rows.far_ns == 0).all()
        assert all((one.cl.sum() > 5) and (one.near_ns.sum() > 0.1) for _, one in rows.groupby("volt"))
        order = waiting.order(*sample, settings, PLACE)
        assert all(one["waiting"].value > one["none"].value > 0.6 for one in order.values())

    def test_ions_on_the_far_side_do_not_wait(self, ions):
        _, holds, reruns = ions
        turned = {name: one.assign(x=-one.x) for name, one in reruns.items()}
        rows = waiting.waits(holds, turned, PLACE)
        assert (rows.near_ns == 0).all() and rows.far_ns.sum() > 1
        assert not rows[["longest_ps", "visits", "ions", "unfinished"]].to_numpy().any()

    @pytest.mark.parametrize(
        "first, last, passed, left",
        [((), (1,), 1, 0), ((), (), 1, 1), ((0,), (), 0, 0), ((0,), (0,), 1, 1), ((0,), (1,), 1, 0), ((), (), 0, 0)],
    )
    @pytest.mark.parametrize("field", [0.8, -0.8])
    def test_ions_that_stay_beyond_the_plane_have_not_left(self, field, first, last, passed, left):
        """Those there at the beginning and at the end of a run, and whether one passed in between."""
        holds, reruns = WaitingIons(fields_v_nm=(field,), rates_per_ns=(0.0,), arrival_per_ns=1e6, replicas=1).sample(0)
        (name, data), forces = next(iter(holds.items())), next(iter(reruns.values()))
        frames = forces.sizes["frame"]
        where, ion = [0] * len(first) + [5] + [frames - 1] * len(last), [*first, 0, *last]
        x = np.full(len(where), -0.2 * np.sign(field))
        samples = forces.isel(sample=[0] * len(where)).assign(
            sample_frame=("sample", where), x=("sample", x), ion=("sample", ion)
        )
        crossings = np.zeros_like(data.crossings.values)
        crossings[0, 3, 1] = -np.sign(field) * passed
        found = waiting.waits({name: data.assign(crossings=(data.crossings.dims, crossings))}, {name: samples}, PLACE)
        assert (found.cl[0], found.left[0]) == (passed, left)

    def test_ions_off_the_axis_are_not_in_the_pore(self, ions):
        _, holds, reruns = ions
        beside = {name: one.assign(radial=one.radial + 0.4) for name, one in reruns.items()}
        assert (waiting.waits(holds, beside, PLACE).near_ns == 0).all()

    def test_only_replicas_with_forces_count(self, ions):
        _, holds, reruns = ions
        name, forces = next(iter(reruns.items()))
        some = forces.isel(frame=(forces.frame_replica < 5).values)
        kept = np.isin(forces.sample_frame.values, np.flatnonzero((forces.frame_replica < 5).values))
        runs = " ".join(forces.attrs["trajectories_sha256"].split()[:5])
        some = some.isel(sample=kept).assign_attrs(trajectories_sha256=runs)
        rows = waiting.waits(holds, {name: some}, PLACE)
        assert rows.replica.tolist() == [*range(5)]
        assert rows.cl.sum() == -int(holds[name].crossings.sel(species="CL").values[:5].sum())

    def test_forces_of_every_fifth_frame(self, ions):
        """`barrier.every_frames`: fewer frames, and the same time, passes and end."""
        _, holds, reruns = ions
        name, forces = next(iter(reruns.items()))
        kept = np.flatnonzero(np.arange(forces.sizes["frame"]) % 1001 % 5 == 0)
        position = np.full(forces.sizes["frame"], -1)
        position[kept] = np.arange(len(kept))
        of = position[forces.sample_frame.values]
        thin = forces.isel(frame=kept, sample=of >= 0).assign(sample_frame=("sample", of[of >= 0]))
        one, other = (waiting.waits(holds, {name: rerun}, PLACE) for rerun in (forces, thin))
        assert other.ns.sum() == pytest.approx(one.ns.sum(), rel=0.01) and other.cl.tolist() == one.cl.tolist()
        assert other.near_ns.sum() == pytest.approx(one.near_ns.sum(), rel=0.1)

    def test_passes_against_the_way_are_counted_apart(self, ions):
        _, holds, reruns = ions
        name, data = next(iter(holds.items()))
        back = data.crossings.values.copy()
        back[0, 10, 1] = 1  # Cl- toward +x, where the field points
        rows = waiting.waits({name: data.assign(crossings=(data.crossings.dims, back))}, reruns, PLACE)
        assert rows.cl_back.tolist() == [1] + [0] * 19

    def test_forces_of_other_runs_are_refused(self, ions):
        _, holds, reruns = ions
        other = {name: one.assign_attrs(trajectories_sha256="x") for name, one in reruns.items()}
        with pytest.raises(AnalysisError, match="not of the runs"):
            waiting.waits(holds, other, PLACE)

    def test_nothing_there(self, ions, settings):
        _, holds, reruns = ions
        assert waiting.waits(holds, {}, PLACE).empty and waiting.order(holds, {}, settings, PLACE) == {}
        off = {name: one.assign(field=0 * one.field) for name, one in holds.items()}
        assert waiting.waits(off, reruns, PLACE).empty  # without a field there is no near side
        once = {name: one.assign(time=0 * one.time) for name, one in reruns.items()}
        assert waiting.waits(holds, once, PLACE).empty


def test_where_they_stand(ions):
    """At 0.1 nm on the near side, and now and then at 0.27, which is outside; the radius is 0.1 nm."""
    _, holds, reruns = ions
    found = waiting.stands(holds, reruns, PLACE)
    assert found.volt.tolist() == [2.0, 4.0, 7.5] and found.x_nm.tolist() == pytest.approx([0.1] * 3)
    assert found.radial_nm.tolist() == pytest.approx([0.1] * 3) and (np.diff(found.frames)[0] > 0)
    for none in (waiting.stands(holds, reruns, waiting.Place(0.05, 0.25)), waiting.stands({}, {}, PLACE)):
        assert none.empty and np.isnan(none.x_nm[none.volt > 0].median())


def test_the_order_of_the_water_with_and_without_an_ion(ions, settings):
    """<cos> of a Gaussian of width s is exp(-s^2 / 2); absences that were filled hold water as it is."""
    system, holds, reruns = ions
    order = waiting.order(holds, reruns, settings, PLACE)
    assert list(order) == [2.0, 4.0, 7.5]
    truth = {key: np.exp(-(np.radians(s) ** 2) / 2) for key, s in (("waiting", 20.0), ("none", 40.0))}
    for one in order.values():
        for key, expected in truth.items():
            assert one[key].value == pytest.approx(expected, abs=0.02) and one[key].n >= 20
            assert one[key].low < one[key].value < one[key].high


def test_one_long_stay_has_no_error_bar(settings):
    """An ion that never leaves is one ion, however many frames it is seen in."""
    system = WaitingIons(fields_v_nm=(0.8,), rates_per_ns=(0.0,), arrival_per_ns=1e6, replicas=1, away=0.0)
    found = waiting.order(*system.sample(0), settings, PLACE)[4.0]["waiting"]
    assert found.n == 1 and np.isnan(found.low) and found.value == pytest.approx(0.94, abs=0.02)


def test_short_absences_are_filled_and_long_ones_are_not():
    there = np.array([0, 1, 0, 0, 1, 0, 0, 0, 1, 1], dtype=bool)
    filled = waiting._filled(there, 2)
    assert filled.astype(int).tolist() == [0, 1, 1, 1, 1, 0, 0, 0, 1, 1]
    assert waiting._lengths(filled).tolist() == [4, 2] and waiting._lengths(~there[:1]).tolist() == [1]
