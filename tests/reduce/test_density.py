"""Counts along x against a naive loop, and the sheet's charge with its dipole moment kept."""

import numpy as np
import pytest
from janus_pore.errors import TrajectoryError
from janus_pore.reduce import dataset, density
from janus_pore.simulate.field import Protocol, Segment

BOX, CENTRE = np.array([5.0, 3.0, 4.0]), np.array([2.5, 1.5, 2.0])
NAMES = np.array(["MO", "SE"] + ["OW", "HW1", "HW2"] * 40 + ["K"] * 7 + ["CL"] * 5)


class TestSheet:
    """Once broke: Mo exactly on a bin's edge, counted into the bin beside it, moves the potential by 5 V."""

    def test_charge_and_dipole_are_kept(self):
        rng = np.random.default_rng(1)
        x, charge = rng.uniform(-1, 1, 50), rng.normal(0, 1, 50)
        found = density.shared(x, charge, 5.0)
        assert found.sum() == pytest.approx(charge.sum())
        assert found @ density.centres_nm(5.0) == pytest.approx(charge @ x)

    def test_a_plane_on_a_bins_edge_is_shared(self):
        found = density.shared(np.zeros(1), np.ones(1), 5.0)
        assert found[49:51].tolist() == [0.5, 0.5] and found.sum() == 1

    def test_through_the_boundary(self):
        found = density.shared(np.array([2.5, -2.5]), np.ones(2), 5.0)
        assert found[[0, -1]].tolist() == [1.0, 1.0]


class TestCounts:
    def naive(self, positions, radius):
        total, near = np.zeros((4, 100), int), np.zeros((3, 100), int)
        for name, (x, y, z) in zip(NAMES, positions.astype(np.float32), strict=True):
            kind = {"OW": 0, "HW1": 1, "HW2": 1, "K": 2, "CL": 3}.get(name)
            if kind is None:
                continue
            place = int(np.floor(x * np.float32(20))) % 100
            total[kind, place] += 1
            dy, dz = abs(y - 1.5) % 3, abs(z - 2.0) % 4
            inside = np.hypot(min(dy, 3 - dy), min(dz, 4 - dz)) <= radius
            if inside and kind != 1:
                near[{0: 0, 2: 1, 3: 2}[kind], place] += 1
        return total, near

    def test_against_a_loop(self):
        """Also with atoms a little outside the box, as GROMACS writes them between neighbour searches."""
        rng = np.random.default_rng(2)
        counts, expected = density.Counts(NAMES, CENTRE, BOX, 1.3, 2), []
        for part in (0, 1, 1):
            positions = rng.uniform(-0.2, 1.2, (len(NAMES), 3)) * BOX
            counts.add(part, positions.astype(np.float32))
            expected.append(self.naive(positions, 1.3))
        total, near = counts.folded()
        assert counts.frames.tolist() == [1, 2]
        assert np.array_equal(total[0], expected[0][0]) and np.array_equal(near[0], expected[0][1])
        assert np.array_equal(total[1], expected[1][0] + expected[2][0])
        assert np.array_equal(near[1], expected[1][1] + expected[2][1]) and near.sum() > 20

    def test_names_in_any_order(self):
        rng = np.random.default_rng(3)
        order, positions = rng.permutation(len(NAMES)), (rng.uniform(0, 1, (len(NAMES), 3)) * BOX).astype(np.float32)
        found = []
        for way in (np.arange(len(NAMES)), order):
            counts = density.Counts(NAMES[way], CENTRE, BOX, 0.8, 1)
            counts.add(0, positions[way])
            found.append(counts.folded())
        assert np.array_equal(found[0][0], found[1][0]) and np.array_equal(found[0][1], found[1][1])

    @pytest.mark.parametrize("far", [-6.0, 11.0, 40.0])
    def test_atoms_far_outside_are_not_lost_in_silence(self, far):
        counts = density.Counts(NAMES, CENTRE, BOX, 0.8, 1)
        positions = np.full((len(NAMES), 3), 1.0, dtype=np.float32)
        positions[2, 0] = far
        with pytest.raises(TrajectoryError, match="write the trajectory wrapped"):
            counts.add(0, positions)
            counts.folded()

    def test_no_mobile_atoms_and_no_frames(self):
        counts = density.Counts(np.array(["MO", "S"]), CENTRE, BOX, 0.8, 3)
        counts.add(1, np.zeros((2, 3), dtype=np.float32))
        assert counts.folded()[0].sum() == 0 and counts.folded()[0].shape == (3, 4, 100)


class TestParts:
    def test_segments_of_a_constant_field_begin_after_the_discarded_time(self):
        hold = Protocol("h", "constant", (Segment(1.0, 10.0),), ("a",))
        assert dataset.parts(hold) == ["segment 1"]
        assert [dataset.part_of(hold, 0, t, 2.0) for t in (0.0, 1.9, 2.0, 10.0)] == [-1, -1, 0, 0]

    def test_steps_are_kept_from_their_start(self):
        steps = Protocol("s", "steps", (Segment(0.0, 1.0), Segment(1.0, 1.0)), ("a",))
        assert [dataset.part_of(steps, k, 0.0, 2.0) for k in (0, 1)] == [0, 1]

    def test_long_steps_are_counted_in_equal_pieces(self):
        """No longer than 50 ps; the end of a piece belongs to the next one, that of the segment to the last."""
        steps = Protocol("s", "steps", (Segment(0.0, 20.0), Segment(1.0, 120.0), Segment(0.0, 50.0)), ("a",))
        expected = ["segment 1", *(f"segment 2, {k}/3" for k in (1, 2, 3)), "segment 3"]
        assert dataset.parts(steps) == expected
        assert [dataset.part_of(steps, 1, t, 2.0) for t in (0.2, 39.8, 40.0, 79.8, 80.0, 120.0)] == [1, 1, 2, 2, 3, 3]
        assert [dataset.part_of(steps, k, 20.0, 2.0) for k in (0, 2)] == [0, 4]
        hold = Protocol("h", "constant", (Segment(1.0, 500.0),), ("a",))
        assert dataset.parts(hold) == ["segment 1"]

    def test_sixteenths_of_a_sine(self):
        """The first period, which starts with an uncharged sheet, apart from all later ones."""
        sine = Protocol("s", "sine", (Segment(1.0, 75.0, 40.0),), ("a",))
        assert dataset.parts(sine)[15:17] == ["16/16 of the first period", "1/16 of later periods"]
        times = np.array([0.0, 1.5, 1.5625, 24.9, 25.0, 26.6, 50.0, 75.0])
        assert [dataset.part_of(sine, 0, float(t), 2.0) for t in times] == [0, 0, 1, 15, 16, 17, 16, 16]
        once = Protocol("s", "sine", (Segment(1.0, 25.0, 40.0),), ("a",))
        assert len(dataset.parts(once)) == 16
        assert [dataset.part_of(once, 0, float(t), 2.0) for t in (0.0, 24.9, 25.0)] == [0, 15, 0]
