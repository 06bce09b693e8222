"""A cube of the electrolyte without a sheet, on which the engine is checked against what is known of bulk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import MDAnalysis as mda
import numpy as np

from ..parameters import System
from . import forcefield, liquid


def fill(config: System, edge_nm: float) -> tuple[dict[str, int], np.ndarray]:
    """Molecule counts and positions (n, 3) in nm of a cube filled with a system's electrolyte, on a lattice.

    Raises
    ------
    CellError
        if the cube cannot hold the ions or waters asked for.
    """
    rng = np.random.default_rng(config.seed)
    box = np.full(3, edge_nm)
    counts = liquid.counts(config, edge_nm**3)
    sites = liquid.lattice(np.empty((0, 3)), box, sum(counts.values()), rng)
    ions = liquid.spread_ions(sites, box, np.full(len(sites), True), counts["K"] + counts["CL"], rng)
    waters = np.setdiff1d(np.arange(len(sites)), ions)
    return counts, np.concatenate([liquid.waters(sites[waters], rng), sites[ions]])


def write(config: System, edge_nm: float, directory: Path) -> Path:
    """Write conf.gro, topol.top, index.ndx and system.json into `directory`; return the last.

    Idempotent, and strict about parameters, as `build.system.write`.

    Parameters
    ----------
    config : the system whose salt, water density and salt volume the cube has; its sheet plays no part
    edge_nm : edge of the cube
    """
    keys = ("salt_mol_l", "water_density_g_cm3", "salt_molar_volume_cm3_mol", "seed")
    fingerprint = {"edge_nm": edge_nm} | {key: getattr(config, key) for key in keys}

    def make() -> tuple[mda.Universe, str, dict[str, Any]]:
        counts, positions = fill(config, edge_nm)
        u = liquid.universe([], counts, positions, np.full(3, edge_nm))
        topology = forcefield.topology(forcefield.MOBILE_TYPES, [], [], counts)
        return u, topology, {"counts": counts, "box_nm": [edge_nm] * 3}

    return liquid.store(Path(directory), fingerprint, make)
