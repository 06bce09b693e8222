"""An outsider's count on the same trajectory: current by species, crossings, angles and sigma of theta.

The left-hand side uses MDAnalysis and its own arithmetic only: topology and charges from the .tpr, unwrapped paths,
the pore chosen by a selection string, water made whole by MDAnalysis, the circular standard deviation by scipy.
"""

import MDAnalysis as mda
import numpy as np
import pytest
from janus_pore.reduce import replica
from scipy.stats import circstd

E_PER_PS_IN_NA = 1.602176634e-19 / 1e-12 / 1e-9


@pytest.fixture(scope="module")
def scale(lab):
    """Positions are stored to 0.001 nm; the region's faces lie between two of them, so that no atom is on a face.

    Once failed on another processor: an oxygen at 0.250 nm was inside for one and outside for the other.
    """
    analysis = lab.scale.analysis.model_copy(update={"pore_half_depth_nm": 0.2503})
    return lab.scale.model_copy(update={"analysis": analysis})


@pytest.fixture(scope="module")
def ours(scale, lab, chain, replicas):
    return replica.reduce_replica(scale, lab.campaign, "mosse", chain, 1)


@pytest.fixture(scope="module")
def universe(lab, chain, replicas):
    """Both segments of replica 1, read by MDAnalysis alone; `continuous` drops the frame they share."""
    place = lab.campaign.replica("mosse", chain.name, 1)
    tpr = lab.campaign.protocol("mosse", chain.name) / "tpr" / "seg01.tpr"
    files = [str(place / name / "md.xtc") for name in ("seg01", "seg02")]
    return mda.Universe(str(tpr), files, continuous=True, to_guess=())


@pytest.fixture(scope="module")
def paths(universe):
    """Times (ps) and unwrapped x (A) of all ions by name, frame by frame."""
    ions = {name: universe.select_atoms(f"name {name}") for name in ("K", "CL")}
    times, found = [], {name: [] for name in ions}
    for ts in universe.trajectory:
        times.append(ts.time)
        for name, atoms in ions.items():
            found[name].append(atoms.positions[:, 0].astype(float))
    length = float(universe.dimensions[0])
    return np.array(times), {name: np.unwrap(np.array(x), period=length, axis=0) for name, x in found.items()}, length


def test_the_same_frames(ours, paths):
    times, _, _ = paths
    assert len(times) == ours.sizes["time"] == 41
    assert ours.time.values == pytest.approx(times - 0.2, abs=1e-4)


@pytest.mark.parametrize(("name", "charge"), [("K", 1), ("CL", -1)])
def test_current(universe, ours, paths, name, charge):
    times, x, length = paths
    assert set(universe.select_atoms(f"name {name}").charges) == {charge}
    current = charge * E_PER_PS_IN_NA * np.diff(x[name], axis=0).sum(axis=1) / length / np.diff(times)
    assert ours.current.sel(species=name).values == pytest.approx(current, rel=1e-3, abs=0.05)
    mean = charge * E_PER_PS_IN_NA * (x[name][-1] - x[name][0]).sum() / length / (times[-1] - times[0])
    assert ours.current.sel(species=name).mean().item() == pytest.approx(mean, rel=1e-3, abs=0.01)
    assert abs(mean) > 0.1  # there is something to agree on


@pytest.mark.parametrize("name", ["K", "CL"])
def test_crossings(ours, paths, name):
    """Over the whole run: how many periods of the pore's plane each unwrapped path has passed."""
    _, x, length = paths
    passed = np.floor((x[name] - length / 2) / length)
    assert ours.crossings.sel(species=name).sum().item() == (passed[-1] - passed[0]).sum()


@pytest.fixture(scope="module")
def angles(scale, universe):
    """theta of the pore's waters in each frame, from dipoles that MDAnalysis computes with the .tpr's charges."""
    radius, depth = 10 * scale.analysis.pore_radius_nm, 10 * scale.analysis.pore_half_depth_nm
    box = universe.dimensions[:3]
    mo = universe.select_atoms("name MO")
    found = []
    for _ in universe.trajectory:
        x, (y, z) = mo.positions[:, 0].mean(), box[1:] / 2
        oxygens = universe.select_atoms(f"name OW and prop x >= {x - depth} and prop x <= {x + depth}")
        near = oxygens[np.hypot(oxygens.positions[:, 1] - y, oxygens.positions[:, 2] - z) <= radius]
        theta = []
        for water in near.residues:
            mu = water.atoms.dipole_vector(unwrap=False) if _whole(water) else _dipole(water, box)
            theta.append(np.arctan2(mu[1], mu[0]))
        found.append(np.array(theta))
    return found


def _whole(water):
    return np.ptp(water.atoms.positions, axis=0).max() < 3


def _dipole(water, box):
    """Of a molecule broken across the box: every atom in the image nearest to the oxygen."""
    positions = water.atoms.positions.astype(float)
    for i in (1, 2):
        for k in range(3):
            shift = min((-1, 0, 1), key=lambda n: abs(positions[i, k] + n * box[k] - positions[0, k]))
            positions[i, k] += shift * box[k]
    return water.atoms.charges @ positions


def test_water_in_the_pore(ours, angles):
    counts = [len(theta) for theta in angles]
    assert ours.pore_water.values.tolist() == counts
    assert sum(counts) > 40
    for frame, theta in enumerate(angles):
        mine = ours.theta.values[ours.theta_frame.values == frame]
        for part in (np.cos, np.sin):  # an angle itself may be pi in one and -pi in the other
            assert np.sort(part(mine)) == pytest.approx(np.sort(part(theta)), abs=2e-3)


def test_sigma_theta(ours, angles):
    outside = circstd(np.concatenate(angles), high=np.pi, low=-np.pi)
    inside = np.sqrt(-2 * np.log(np.abs(np.exp(1j * ours.theta.values.astype(float)).mean())))
    assert inside == pytest.approx(outside, rel=1e-4)
    assert 0.1 < outside < 4
