"""The same observables as the one-pass reduction, through MDAnalysis' own analysis classes: one pass a class.

- `AnalysisFromFunction` for the ions' positions (currents and crossings follow from them), for the angles of waters
  in the pore's slab (a selection updated in each frame; `dipole_vector` of its residues), for those of the wider
  region, and for the heavy atoms near the axis;
- `LinearDensity` for each kind of atom along x.

What the reduction does in every fourth frame is done in every fourth frame here too.
"""

from __future__ import annotations

from typing import Any

import MDAnalysis as mda
import numpy as np
from janus_pore.build.forcefield import MOBILE_CHARGES
from janus_pore.reduce import density, observables, region
from MDAnalysis.analysis.base import AnalysisFromFunction
from MDAnalysis.analysis.lineardensity import LinearDensity


def universe(conf: str, trajectory: str) -> mda.Universe:
    """With the charges and masses that these classes need."""
    u = mda.Universe(conf, trajectory, to_guess=())
    charge = {
        "OW": MOBILE_CHARGES["OW"],
        "HW1": MOBILE_CHARGES["HW"],
        "HW2": MOBILE_CHARGES["HW"],
        "K": 1.0,
        "CL": -1.0,
    }
    u.add_TopologyAttr("charges", [charge.get(name, 0.0) for name in u.atoms.names])
    u.add_TopologyAttr("masses", [16.0 if name == "OW" else 1.0 for name in u.atoms.names])
    return u


def run(u: mda.Universe, record: dict[str, Any], radius_nm: float, half_depth_nm: float) -> dict[str, np.ndarray]:
    """All passes; returns what can be compared with the reduction."""
    box, centre = 10 * np.array(record["box_nm"]), 10 * np.array(record["pore_centre_nm"])
    ions = {name: u.select_atoms(f"name {name}") for name in ("K", "CL")}
    x = AnalysisFromFunction(_positions, u.trajectory, *ions.values()).run().results.timeseries
    interval, split = float(u.trajectory.dt), len(ions["K"])
    steps = observables.displacement(x[:-1], x[1:], box[0])
    current = [
        observables.current_na(charge, part, interval, box[0])
        for one in steps
        for charge, part in ((1.0, one[:split]), (-1.0, one[split:]))
    ]
    crossings = [observables.crossings(a, s, centre[0], box[0]) for a, s in zip(x, steps, strict=False)]
    theta = _angles(u, centre, 10 * radius_nm, 10 * half_depth_nm, 1)
    wide = _angles(
        u, centre, 10 * radius_nm * region.RADIUS_FACTOR, 10 * half_depth_nm * region.DEPTH_FACTOR, density.EVERY
    )
    counts = []
    for names in density.KINDS.values():
        atoms = u.select_atoms("name " + " ".join(names))
        found = LinearDensity(atoms, grouping="atoms", binsize=10 * density.BIN_NM).run(step=density.EVERY)
        counts.append(found.results.x.mass_density)
    heavy = u.select_atoms("name OW K CL")
    near = AnalysisFromFunction(_near, u.trajectory, heavy, box, centre, 10 * radius_nm).run(step=density.EVERY)
    return {
        "current": np.reshape(current, (-1, 2)), "crossings": np.array(crossings), "waters": theta, "wide": wide,
        "densities": np.array(counts), "column": near.results.timeseries.sum(axis=0),
    }  # fmt: skip


def _angles(u: mda.Universe, centre: np.ndarray, radius: float, depth: float, step: int) -> np.ndarray:
    """Number of waters in the region in each frame; the angles are computed and dropped."""
    slab = u.select_atoms(f"name OW and prop x >= {centre[0] - depth} and prop x <= {centre[0] + depth}", updating=True)
    found = AnalysisFromFunction(_theta, u.trajectory, slab, centre, radius).run(step=step)
    return found.results.timeseries


def _positions(*groups: mda.AtomGroup) -> np.ndarray:
    return np.concatenate([group.positions[:, 0] for group in groups])


def _theta(slab: mda.AtomGroup, centre: np.ndarray, radius: float) -> int:
    near = slab[np.hypot(*(slab.positions[:, 1:] - centre[1:]).T) <= radius]
    if not len(near):
        return 0
    dipole = near.residues.atoms.dipole_vector(compound="residues")
    return len(np.arctan2(dipole[:, 1], dipole[:, 0]))


def _near(heavy: mda.AtomGroup, box: np.ndarray, centre: np.ndarray, radius: float) -> np.ndarray:
    positions = heavy.positions
    inside = np.hypot(*(positions[:, 1:] - centre[1:]).T) <= radius
    return np.histogram(positions[inside, 0] % box[0], density.bins(box[0] / 10), (0, box[0]))[0]
