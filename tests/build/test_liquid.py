"""The liquid alone: sites of a lattice, ions apart through the faces of the box, waters that point anywhere."""

import numpy as np
import pytest
from janus_pore.build import liquid
from janus_pore.errors import CellError

BOX = np.array([3.0, 2.0, 2.5])


@pytest.fixture
def rng():
    return np.random.default_rng(7)


class TestLattice:
    def test_as_many_sites_as_asked_for_far_from_each_other(self, rng):
        sites = liquid.lattice(np.empty((0, 3)), BOX, 400, rng)
        gap = sites[:, None] - sites[None]
        gap = np.linalg.norm(gap - BOX * np.round(gap / BOX), axis=-1)
        assert sites.shape == (400, 3)
        assert gap[np.triu_indices(400, 1)].min() > 0.24
        assert (sites > 0).all() and (sites < BOX).all()

    def test_the_solid_is_felt_through_the_faces_of_the_box(self, rng):
        solid = np.array([[0.01, 1.0, 1.25]])
        sites = liquid.lattice(solid, BOX, 400, rng)
        gap = sites - solid
        gap = np.linalg.norm(gap - BOX * np.round(gap / BOX), axis=1)
        assert gap.min() > 0.26
        beyond = sites[:, 0] > 2.5
        assert beyond.any() and gap[beyond].min() < 0.6  # there are sites on the far side to be felt

    def test_no_room(self, rng):
        with pytest.raises(CellError, match="lower water_density_g_cm3 or enlarge the box"):
            liquid.lattice(np.empty((0, 3)), BOX, 5000, rng)


class TestIons:
    def test_apart_through_the_faces_of_the_box_and_only_where_allowed(self, rng):
        sites = liquid.lattice(np.empty((0, 3)), BOX, 400, rng)
        allowed = sites[:, 0] < 1.5
        ions = liquid.spread_ions(sites, BOX, allowed, 12, rng)
        gap = sites[ions][:, None] - sites[ions][None]
        gap = np.linalg.norm(gap - BOX * np.round(gap / BOX), axis=-1)
        assert len(set(ions)) == 12
        assert allowed[ions].all()
        assert gap[np.triu_indices(12, 1)].min() > 0.5

    def test_none_asked_for(self, rng):
        sites = rng.random((10, 3)) * BOX
        assert liquid.spread_ions(sites, BOX, np.ones(10, dtype=bool), 0, rng).shape == (0,)

    def test_placed_anew_by_every_generator(self):
        """Once broke: the order hung on the number of sites, and all seeds put their ions nearly at the same places."""
        waves = []
        for seed in range(40):
            rng = np.random.default_rng(seed)
            sites = liquid.lattice(np.empty((0, 3)), BOX, 400, rng)
            ions = liquid.spread_ions(sites, BOX, np.ones(len(sites), dtype=bool), 12, rng)
            waves.append(np.cos(2 * np.pi * (sites[ions] / BOX + 0.125)).sum(axis=0))
        mean, spread = np.mean(waves, axis=0), np.std(waves, axis=0)
        assert (np.abs(mean) < 4 * spread / np.sqrt(40)).all()
        assert (spread > 1.2).all()  # 2.4 without repulsion

    def test_no_room(self, rng):
        with pytest.raises(CellError, match="lower salt_mol_l or enlarge the box"):
            liquid.spread_ions(np.full((10, 3), 1.0), BOX, np.ones(10, dtype=bool), 2, rng)


def test_waters_have_the_shape_of_spc_e_and_point_everywhere_alike(rng):
    """Mean direction 0 and mean square 1/3 along every axis, of the dipole and of H-H: all three angles isotropic."""
    n = 20_000
    atoms = liquid.waters(np.zeros((n, 3)), rng).reshape(n, 3, 3)
    first, second = atoms[:, 1], atoms[:, 2]
    cosine = np.sum(first * second, axis=1) / 0.01
    assert np.allclose(np.linalg.norm(first, axis=1), 0.1) and np.allclose(np.linalg.norm(second, axis=1), 0.1)
    assert np.allclose(np.degrees(np.arccos(cosine)), 109.47, atol=0.01)
    for way in (first + second, first - second):
        unit = way / np.linalg.norm(way, axis=1, keepdims=True)
        assert np.abs(unit.mean(axis=0)).max() < 4 / np.sqrt(3 * n)
        assert np.abs((unit**2).mean(axis=0) - 1 / 3).max() < 4 * np.sqrt(4 / 45 / n)
