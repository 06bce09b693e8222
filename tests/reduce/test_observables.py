"""A ladder for each observable: one particle, many, edge cases, then a naive double loop on random data."""

import numpy as np
import pytest
from janus_pore.reduce import observables as ob
from janus_pore.units import NA_PER_E_PER_PS

BOX = np.array([5.0, 3.0, 4.0])


class TestDisplacement:
    @pytest.mark.parametrize(
        ("before", "after", "expected"),
        [(1.0, 1.2, 0.2), (1.2, 1.0, -0.2), (4.9, 0.1, 0.2), (0.1, 4.9, -0.2), (4.9, 5.1, 0.2), (0.0, 5.0, 0.0),
         (2.0, 2.0, 0.0), (-0.1, 4.8, -0.1)],
    )  # fmt: skip
    def test_through_the_wrap(self, before, after, expected):
        assert ob.displacement(np.array([before]), np.array([after]), 5.0) == pytest.approx([expected], abs=1e-12)

    def test_against_a_loop_over_images(self):
        rng = np.random.default_rng(1)
        before, after = rng.uniform(-5, 10, (2, 500))
        nearest = [min((b - a + 5.0 * k for k in range(-4, 5)), key=abs) for a, b in zip(before, after, strict=True)]
        assert ob.displacement(before, after, 5.0) == pytest.approx(nearest)


class TestCurrent:
    def test_one_charge_around_the_box(self):
        """One e that needs 1 ps for the box's length is 1 e/ps."""
        assert ob.current_na(1.0, np.array([5.0]), 1.0, 5.0) == pytest.approx(NA_PER_E_PER_PS)

    def test_charges_and_directions(self):
        """A cation forward and an anion backward add up; together in one direction they cancel."""
        step = np.array([0.1, 0.2])
        cations = ob.current_na(1.0, step, 0.5, 5.0)
        assert cations == pytest.approx(NA_PER_E_PER_PS * 0.3 / 2.5)
        assert ob.current_na(-1.0, -step, 0.5, 5.0) == pytest.approx(cations)
        assert ob.current_na(-1.0, step, 0.5, 5.0) + cations == 0

    def test_no_ions(self):
        assert ob.current_na(1.0, np.array([]), 0.1, 5.0) == 0

    def test_constant_velocity_through_many_wraps_is_exact(self):
        """Seven ions at 0.9 nm/ps for 40 ps in a 5 nm box, seen only wrapped: I = q n v / L in every interval."""
        time = np.arange(0, 40, 0.5)
        x = np.mod(np.linspace(0, 5, 7)[None] + 0.9 * time[:, None], 5.0)
        found = [ob.current_na(1.0, ob.displacement(a, b, 5.0), 0.5, 5.0) for a, b in zip(x, x[1:], strict=False)]
        assert found == pytest.approx(np.full(len(time) - 1, NA_PER_E_PER_PS * 7 * 0.9 / 5.0))


class TestCrossings:
    @pytest.mark.parametrize(
        ("before", "step", "expected"),
        [
            ([2.4], [0.2], 1),  # forward
            ([2.6], [-0.2], -1),  # back
            ([2.4], [0.05], 0),  # not yet
            ([4.9], [0.2], 0),  # the box's boundary does not count
            ([0.1], [-0.2], 0),
            ([2.4, 2.45, 2.3, 2.6], [0.2, 0.2, 0.1, -0.2], 1),  # two forward, one short, one back
            ([7.4], [0.2], 1),  # the plane's image, for one not wrapped
            ([2.4], [5.2], 2),  # right round and once more
            ([], [], 0),
        ],
    )
    def test_one_interval(self, before, step, expected):
        assert ob.crossings(np.array(before), np.array(step), 2.5, 5.0) == expected

    def test_back_and_forth_cancels(self):
        rng = np.random.default_rng(2)
        before, step = rng.uniform(0, 5, 300), rng.normal(0, 0.5, 300)
        there = ob.crossings(before, step, 2.5, 5.0)
        assert there == -ob.crossings(before + step, -step, 2.5, 5.0)

    def test_against_a_loop(self):
        rng = np.random.default_rng(3)
        before, step = rng.uniform(0, 5, 1000), rng.normal(0, 0.8, 1000)
        net = 0
        for a, d in zip(before, step, strict=True):
            for plane in (2.5 - 5, 2.5, 2.5 + 5):
                net += int(a < plane <= a + d) - int(a + d < plane <= a)
        assert ob.crossings(before, step, 2.5, 5.0) == net

    def test_in_the_long_run_both_currents_agree(self):
        """100 wrapped random walkers with a drift: the two differ by no more than one box's filling."""
        rng = np.random.default_rng(4)
        x, crossed, moved = rng.uniform(0, 5, 100), 0, 0.0
        for _ in range(2000):
            step = rng.normal(0.02, 0.1, 100)
            crossed += ob.crossings(x, step, 2.5, 5.0)
            moved += step.sum() / 5.0
            x = np.mod(x + step, 5.0)
        assert moved == pytest.approx(800, rel=0.05)
        assert abs(crossed - moved) < 100


class TestInPore:
    centre = np.array([2.5, 1.5, 2.0])

    def chosen(self, points, centre=None):
        centre = self.centre if centre is None else np.array(centre)
        return ob.in_pore(np.array(points), centre, BOX, 0.4, 0.25).tolist()

    @pytest.mark.parametrize(
        ("offset", "inside"),
        [((0, 0, 0), True), ((0.2, 0, 0.3), True), ((0.26, 0, 0), False), ((-0.24, 0.2, 0.2), True),
         ((0, 0.3, 0.3), False), ((0, 0.39, 0), True), ((0, -0.41, 0), False), ((0, 0, 3.7), True)],
    )  # fmt: skip
    def test_one_point(self, offset, inside):
        assert self.chosen([self.centre + offset]) == ([0] if inside else [])

    def test_a_pore_in_the_corner_of_the_box(self):
        points = [[0.1, 0.1, 0.1], [4.9, 2.9, 3.9], [0.1, 2.9, 0.1], [4.7, 0, 0], [2.5, 1.5, 2.0]]
        assert self.chosen(points, centre=[0, 0, 0]) == [0, 1, 2]

    def test_against_a_loop_over_images(self):
        rng = np.random.default_rng(5)
        points = rng.uniform(0, 1, (800, 3)) * BOX
        centre = np.array([0.1, 2.9, 2.0])
        expected = []
        for i, point in enumerate(points):
            images = [point + BOX * [a, b, c] - centre for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1)]
            if any(abs(d[0]) <= 0.25 and np.hypot(d[1], d[2]) <= 0.4 for d in images):
                expected.append(i)
        assert len(expected) > 3
        assert self.chosen(points, centre) == expected

    def test_nothing_there(self):
        assert self.chosen(np.empty((0, 3))) == []


def water(oxygen, angle, tilt=0.0):
    """An SPC/E molecule whose dipole has this angle in the x-y plane and this elevation out of it (rad)."""
    along = np.array([np.cos(angle) * np.cos(tilt), np.sin(angle) * np.cos(tilt), np.sin(tilt)])
    across = np.cross(along, [0.31, -0.2, 0.7])
    across /= np.linalg.norm(across)
    stem, branch = 0.0577 * along, 0.08165 * across
    return np.array([oxygen, oxygen + stem + branch, oxygen + stem - branch])


class TestDipoleAngles:
    @pytest.mark.parametrize("degrees", [0, 1, 45, 90, 135, 179, -1, -60, -90, -179])
    @pytest.mark.parametrize("tilt", [0.0, 0.9, -1.4])
    def test_prescribed(self, degrees, tilt):
        found = ob.dipole_angles(water([2.5, 1.5, 2.0], np.radians(degrees), tilt)[None], BOX)
        assert np.degrees(found) == pytest.approx([degrees], abs=1e-6)

    def test_straight_back_is_half_a_turn_either_way(self):
        found = ob.dipole_angles(np.array([[[1, 1, 1], [0.95, 1.05, 1], [0.95, 0.95, 1]]]), BOX)
        assert abs(found[0]) == pytest.approx(np.pi)

    @pytest.mark.parametrize("sign", [1, -1])
    def test_along_z_it_is_defined(self, sign):
        """atan2(0, 0) = 0: no NaN from a dipole that has no projection."""
        molecule = np.array([[[1.0, 1.0, 1.0], [1.08, 1.0, 1 + sign * 0.06], [0.92, 1.0, 1 + sign * 0.06]]])
        molecule[0, 1, 0], molecule[0, 2, 0] = 1.0625, 0.9375  # binary fractions: the sum is exactly zero
        assert ob.dipole_angles(molecule, BOX)[0] == 0

    @pytest.mark.parametrize("oxygen", [[0.01, 1.5, 2.0], [2.5, 0.01, 2.0], [4.99, 2.99, 3.99], [0.0, 0.0, 0.0]])
    def test_broken_across_the_box(self, oxygen):
        angles = np.radians([10, 100, -170, -80])
        molecules = np.array([np.mod(water(oxygen, angle, 0.3), BOX) for angle in angles])
        assert ob.dipole_angles(molecules, BOX) == pytest.approx(angles)

    def test_single_precision_and_none_at_all(self):
        molecules = np.array([water([2.5, 1.5, 2.0], 0.7)], dtype=np.float32)
        assert ob.dipole_angles(molecules, BOX) == pytest.approx([0.7], abs=1e-5)
        assert ob.dipole_angles(molecules[:0], BOX).shape == (0,)

    def test_against_a_loop(self):
        """With charges spelled out: mu = sum of q r over the whole molecule."""
        rng = np.random.default_rng(6)
        molecules, expected = [], []
        for _ in range(200):
            whole = water(rng.uniform(0, 1, 3) * BOX, rng.uniform(-np.pi, np.pi), rng.uniform(-1.2, 1.2))
            mu = sum(q * r for q, r in zip((-0.8476, 0.4238, 0.4238), whole, strict=True))
            expected.append(np.arctan2(mu[1], mu[0]))
            molecules.append(np.mod(whole, BOX))
        assert ob.dipole_angles(np.array(molecules), BOX) == pytest.approx(expected, abs=1e-9)
