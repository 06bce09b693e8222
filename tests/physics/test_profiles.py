"""Profiles along x of a real trajectory against MAICoS, and the sheet's charges against the run input."""

import MDAnalysis as mda
import numpy as np
import pytest
from janus_pore.build.forcefield import MOBILE_CHARGES
from janus_pore.reduce import density, observables, replica
from janus_pore.simulate.field import Protocol
from MDAnalysis.transformations import unwrap


@pytest.fixture(scope="module")
def ours(lab, chain, replicas):
    return replica.reduce_replica(lab.scale, lab.campaign, "mosse", chain, 1)


@pytest.fixture
def universe(lab, chain, replicas):
    """The first segment of replica 1, counted as the reduction's first part; topology and charges of the .tpr."""
    place = lab.campaign.replica("mosse", chain.name, 1) / "seg01"
    tpr = lab.campaign.protocol("mosse", chain.name) / "tpr" / "seg01.tpr"
    return mda.Universe(str(tpr), str(place / "md.xtc"), to_guess=())


def counted(lab, chain: Protocol):
    """Slice of the frames that the reduction counts in the first segment: every fourth, after discard_ps."""
    interval = lab.scale.md.trajectory_interval_ps
    first = -(-round(lab.scale.analysis.discard_ps / interval) // density.EVERY) * density.EVERY
    return slice(first, round(chain.segments[0].duration_ps / interval) + 1, density.EVERY)


def test_charges_are_those_of_the_run_input(universe):
    for kind, names in density.KINDS.items():
        assert np.unique(universe.select_atoms("name " + " ".join(names)).charges) == pytest.approx(
            MOBILE_CHARGES[kind]
        )


def test_the_sheets_charge_and_dipole_are_those_of_the_run_input(ours, universe):
    sheet = universe.select_atoms("name MO S SE")
    x = sheet.positions[:, 0] / 10 - ours.attrs["length_x_nm"] / 2
    assert ours.sheet_charge.sum().item() == pytest.approx(sheet.charges.sum(), abs=1e-5)
    assert (ours.sheet_charge * ours.x).sum().item() == pytest.approx(sheet.charges @ x, abs=2e-3)


def test_counts_against_numpy(ours, universe, lab, chain):
    frames = counted(lab, chain)
    assert ours.profile_frames.values[0] == len(range(universe.trajectory.n_frames)[frames])
    edges = np.linspace(0, universe.dimensions[0], ours.sizes["x"] + 1)
    for kind, names in density.KINDS.items():
        atoms = universe.select_atoms("name " + " ".join(names))
        found = sum(np.histogram(atoms.positions[:, 0] % edges[-1], edges)[0] for _ in universe.trajectory[frames])
        mine = ours.number.isel(profile=0).sel(kind=kind).values
        assert mine.sum() == found.sum()
        assert np.abs(mine - found).sum() <= 0.01 * found.sum()  # atoms on the edge of a bin, to float32


class TestMaicos:
    """Skipped where MAICoS is not installed."""

    @pytest.fixture
    def maicos(self):
        return pytest.importorskip("maicos")

    @pytest.mark.parametrize("kind", density.KINDS)
    def test_number_density(self, maicos, ours, universe, lab, chain, kind):
        atoms = universe.select_atoms("name " + " ".join(density.KINDS[kind]))
        theirs = maicos.DensityPlanar(atoms, dens="number", dim=0, bin_width=10 * density.BIN_NM, unwrap=False)
        frames = counted(lab, chain)
        theirs.run(start=frames.start, stop=frames.stop, step=frames.step)
        volume = ours.attrs["area_nm2"] * ours.attrs["length_x_nm"] / ours.sizes["x"]
        mine = ours.number.isel(profile=0).sel(kind=kind).values / ours.profile_frames.values[0] / volume
        profile = 1000 * theirs.results.profile.ravel()
        assert len(profile) == len(mine)
        assert mine == pytest.approx(profile, abs=1e-5 * profile.max())

    def test_charge_density(self, maicos, ours, universe, lab, chain):
        """Of water and ions; the sheet's point charges we divide between bins, which MAICoS does not."""
        atoms = universe.select_atoms("not name MO S SE")
        theirs = maicos.DensityPlanar(atoms, dens="charge", dim=0, bin_width=10 * density.BIN_NM, unwrap=False)
        frames = counted(lab, chain)
        theirs.run(start=frames.start, stop=frames.stop, step=frames.step)
        charge = np.array([MOBILE_CHARGES[kind] for kind in ours.kind.values])
        volume = ours.attrs["area_nm2"] * ours.attrs["length_x_nm"] / ours.sizes["x"]
        mine = charge @ ours.number.isel(profile=0).values / ours.profile_frames.values[0] / volume
        assert mine == pytest.approx(1000 * theirs.results.profile.ravel(), abs=1e-5 * np.abs(mine).max())

    def test_order_of_the_water(self, maicos, universe, lab, chain):
        """<cos theta> with x of all waters by the bin of their centre of mass; dipoles by `observables.dipoles`."""
        water, bins = universe.select_atoms("name OW HW1 HW2"), 15
        universe.trajectory.add_transformations(unwrap(water))  # MAICoS cannot do it: the sheet has no bonds
        length = float(universe.dimensions[0])
        theirs = maicos.DiporderPlanar(
            water, order_parameter="cos_theta", dim=0, pdim=0, bin_width=length / bins, grouping="residues",
            bin_method="com", unwrap=False,
        )  # fmt: skip
        theirs.run()
        total, number, box = np.zeros(bins), np.zeros(bins), universe.dimensions[:3]
        mass = water.residues[0].atoms.masses
        for _ in universe.trajectory:
            molecules = water.positions.reshape(-1, 3, 3)
            dipole = observables.dipoles(molecules, box)
            arms = molecules - molecules[:, :1]
            arms -= box * np.round(arms / box)
            com = molecules[:, 0, 0] + (arms[..., 0] @ mass) / mass.sum()
            place = (com % length / length * bins).astype(int) % bins
            total += np.bincount(place, dipole[:, 0] / np.linalg.norm(dipole, axis=1), bins)
            number += np.bincount(place, minlength=bins)
        with np.errstate(invalid="ignore"):
            mine = total / number
        assert np.nan_to_num(mine) == pytest.approx(np.nan_to_num(theirs.results.profile.ravel()), abs=1e-6)
