"""Ions in a known potential: the barrier and its parts come back; where ions are missing, a reason and no number."""

import dataclasses

import numpy as np
import pytest
from janus_pore.analyse import barrier
from janus_pore.errors import AnalysisError
from janus_pore.reduce.forces import join, on_branch
from janus_pore.testsystems import PoreIons

#: kJ/mol; bins of 0.04 nm round the ends of the climb off.
ROUNDED = 0.5


def test_fields_are_those_with_frames(scale):
    asked = scale.barrier.model_copy(update={"fields_v_nm": [0.2, 0.4, 0.8]})
    system = PoreIons()
    assert barrier.fields([system.sample(0)], asked) == [system.field_v_nm] == [0.4]
    assert barrier.fields([], asked) == []


class TestKnownPotential:
    """Once broke: with the ends taken from the integrated force, its noise alone made a barrier of 10 kJ/mol."""

    def test_the_barrier_and_its_parts(self, scale, binned):
        system = PoreIons(ions=60.0, noise_kj_mol_nm=50.0)
        found = barrier.climb(binned(system), scale.analysis)
        truth = system.analytical_barrier()
        assert found.minimum.value == pytest.approx(truth["minimum"], abs=0.05)
        assert found.maximum.value == pytest.approx(truth["maximum"], abs=0.05)
        assert found.total.value == pytest.approx(truth["total"], abs=3 * found.total.error + ROUNDED)
        assert found.by_counts.value == pytest.approx(truth["total"], abs=3 * found.by_counts.error + ROUNDED)
        for name, one in found.parts.items():
            assert one.value == pytest.approx(truth[name], abs=max(3 * one.error, 1.0)), name
        assert sum(one.value for one in found.parts.values()) == pytest.approx(found.total.value)
        assert found.total.n == 10  # whole runs, of four cycles each

    def test_the_ions_way_is_against_the_field(self, scale, binned):
        up = PoreIons(field_v_nm=-0.4, ions=60.0, noise_kj_mol_nm=50.0)
        found = barrier.climb(binned(up), scale.analysis)
        assert found.minimum.value < found.maximum.value
        assert found.total.value == pytest.approx(up.analytical_barrier()["total"], abs=3 * found.total.error + ROUNDED)

    def test_no_barrier_is_not_made_one_by_noise(self, scale, binned):
        """Flat but for what is left of the field: forces that spread by 300 say so, within their error."""
        flat = PoreIons(field_v_nm=0.4, noise_kj_mol_nm=150.0, ions=6.0, depth=0.0)
        totals = [barrier.climb(binned(flat, seed), scale.analysis).total.value for seed in range(40)]
        assert abs(np.mean(totals)) < 3 * np.std(totals) / np.sqrt(40)


@pytest.mark.parametrize(("confidence", "least", "most"), [(0.68, 0.58, 0.86), (0.95, 0.88, 1.0)])
def test_the_intervals_cover_the_truth_as_often_as_they_say(scale, confidence, least, most, binned):
    """Both ends are found anew in every draw, which widens the intervals of the parts: they may cover too often."""
    system = PoreIons(ions=6.0, noise_kj_mol_nm=100.0)
    truth = system.analytical_barrier()
    truth["by_counts"] = truth["total"]
    settings = scale.analysis.model_copy(update={"confidence": confidence})
    hits, trials = dict.fromkeys(("total", "by_counts", "water_electrostatic", "ion_vdw"), 0), 120
    for seed in range(trials):
        found = barrier.climb(binned(system, seed), settings)
        for name in hits:
            one = found.parts.get(name) or getattr(found, name)
            hits[name] += one.low <= truth[name] <= one.high
    assert all(least < count / trials <= most for count in hits.values()), hits


class TestTooFewIons:
    def test_a_gap_gives_a_reason_and_no_number(self, scale, binned):
        data = binned(PoreIons(ions=60.0))
        counts = data.counts.copy()
        counts[:, 12:15] = 0
        found = barrier.climb(dataclasses.replace(data, counts=counts), scale.analysis)
        assert found.total is None and found.parts == {}
        assert found.failed == "3 of 30 bins hold Cl- in fewer than 3 units (x = -0.12 to 0.00 nm)"

    def test_two_units_are_not_three(self, scale, binned):
        data = binned(PoreIons(ions=60.0))
        counts = data.counts.copy()
        counts[2:, 20] = 0
        assert "1 of 30 bins" in barrier.climb(dataclasses.replace(data, counts=counts), scale.analysis).failed


class TestSelection:
    def test_only_the_column_counts(self, binned):
        """Radii are uniform up to 0.4 nm: half of the samples lie within 0.2 nm."""
        whole, half = (binned(PoreIons(ions=20.0), radius_nm=r).counts.sum() for r in (0.45, 0.2))
        assert half / whole == pytest.approx(0.5, abs=0.02)

    def test_samples_beyond_the_range_are_left_out(self, binned):
        """Once they were counted in the outermost bins."""
        wide, narrow = (binned(PoreIons(ions=20.0), half_range_nm=r).counts.sum(axis=0) for r in (0.8, 0.4))
        assert narrow.tolist() == wide[10:30].tolist()

    def test_the_closing_frame_of_a_constant_field_is_no_block_of_its_own(self, scale):
        """Once each replica had one block more, of a single frame."""
        data = PoreIons().sample(0)
        replicas = int(data.frame_replica.max()) + 1
        time = np.linspace(0.0, 4 * scale.analysis.current_window_ps, data.sizes["frame"] // replicas)
        held = data.assign(time=("frame", np.tile(time, replicas))).assign_attrs(period_ps=0.0)
        field = float(held.field[0])
        assert len(barrier.binned([held], field, scale.barrier, scale.analysis).counts) == 4 * replicas

    def test_several_protocols_and_their_windows(self, scale):
        """Units of different protocols are different; frames of other fields do not count."""
        low, high = PoreIons(field_v_nm=0.4).sample(0), PoreIons(field_v_nm=0.8).sample(1)
        both = barrier.binned([low, high, low], 0.4, scale.barrier, scale.analysis)
        later = low.time.values >= low.attrs["period_ps"]  # three of four cycles of ten replicas
        assert both.counts.shape == (60, 30) and both.frames == 2 * later.sum() < 2 * low.sizes["frame"]
        assert both.counts.sum() == 2 * later[low.sample_frame.values].sum() and both.sums.shape == (60, 30, 7)
        with pytest.raises(AnalysisError, match=r"no frame with forces within 0.05 of -0.4 V/nm"):
            barrier.binned([low, high], -0.4, scale.barrier, scale.analysis)

    def test_each_branch_by_itself(self, scale):
        """Hills of the same shape and another height on the way back, in one file of forces."""
        there, back = PoreIons(ions=60.0), PoreIons(ions=60.0, depth=0.5)
        late = back.sample(1)
        late = late.assign(time=late.time + 0.3 * back.period_ps)
        both = join([there.sample(0), late])
        for branch, system in (("forward", there), ("reverse", back)):
            (data, found) = barrier.by_field([on_branch(both, branch)], [0.4, 1.9], scale.barrier, scale.analysis)
            assert list(data) == [0.4] and "no frame with forces" in found[1.9].failed
            total, expected = found[0.4].by_counts, system.analytical_barrier()["total"]
            assert total.value == pytest.approx(expected, abs=max(4 * total.error, 0.5)), branch
        gap = there.analytical_barrier()["total"] - back.analytical_barrier()["total"]
        assert gap > 1.5  # or the two could not be told apart

    def test_blocks_of_a_constant_field_are_its_units(self, scale):
        """0.1 ps of current_window_ps: 20 frames of 0.02 ps are four units."""
        data = PoreIons(replicas=1, periods=1).sample(0)
        data.attrs["period_ps"] = 0.0
        data["time"] = data.time * 0.02
        assert len(barrier.binned([data], 0.4, scale.barrier, scale.analysis).counts) == 4

    @pytest.mark.parametrize(("began", "runs"), [([0] * 4 + [4, 5, 6, 7, 4, 4], 5), ([0] * 7 + [7, 8, 9], 10)])
    def test_placements_of_the_ions_are_the_runs_where_there_are_five(self, scale, began, runs):
        """Units stay the replicas' own blocks; ten replicas of four placements are ten runs."""
        data = PoreIons().sample(0)
        placed = data.assign(frame_began=("frame", np.array(began)[data.frame_replica.values]))
        found, alone = (barrier.binned([one], 0.4, scale.barrier, scale.analysis) for one in (placed, data))
        assert (found.counts == alone.counts).all() and len(np.unique(alone.runs)) == 10
        assert len(np.unique(found.runs)) == len(found.drawn) == runs

    def test_other_units_are_refused(self, scale):
        data = PoreIons().sample(0)
        data.force.attrs["units"] = "pN"
        with pytest.raises(AnalysisError, match="pN"):
            barrier.binned([data], 0.4, scale.barrier, scale.analysis)


@pytest.mark.parametrize(("way", "start", "end"), [(1, 1, 3), (-1, 5, 3)])
def test_the_largest_climb(way, start, end):
    assert barrier.ends(np.array([4.0, 0.0, 1.0, 7.0, 6.0, -2.0, -1.0]), way) == (start, end)
