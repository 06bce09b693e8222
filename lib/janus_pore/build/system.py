"""The electrolyte cell: sheet, water and KCl in one box, written as conf.gro, topol.top and index.ndx.

NVT has no barostat to put a wrong density right, so the cell is filled by volume (`liquid.counts`):

    V = Ly Lz (Lx - t) + t pi d_free^2 / 4

with t the thickness that the sheet takes from the liquid (its Gibbs dividing surfaces). The equilibration
notebook measures what came out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import MDAnalysis as mda
import numpy as np

from ..errors import CellError
from ..parameters import System
from . import forcefield, liquid, membrane

_ION_CLEARANCE_OF_PORE_NM = 0.6
_CL_CLEARANCE_NM = 0.25


@dataclass(frozen=True)
class Cell:
    """A filled box: the sheet (moved to the middle of the box), the molecule counts and all positions."""

    sheet: membrane.Sheet
    charges: list[float]
    types: dict[str, forcefield.AtomType]
    box_nm: np.ndarray
    counts: dict[str, int]
    positions_nm: np.ndarray


def fill_counts(config: System, free_diameter_nm: float) -> dict[str, int]:
    """How many waters and ion pairs the cell holds (equation at the head of this module)."""
    area = config.cells_y * membrane.LATTICE_NM * config.cells_z * membrane.ROW_NM
    thickness = config.excluded_thickness_nm
    volume = area * (config.length_x_nm - thickness)
    volume += thickness * np.pi * max(free_diameter_nm, 0.0) ** 2 / 4
    return liquid.counts(config, volume)


def fill(config: System) -> Cell:
    """Build the sheet, cut the pore and fill the rest of the box with water and ions.

    The start is a lattice of waters with random orientations (seeded); minimisation and equilibration melt it. A Cl-
    that is held (`held_cl_nm`) is the first of them, on the pore's axis.

    Raises
    ------
    MembraneError
        if the cut leaves a net charge that the configuration does not compensate.
    CellError
        if the box cannot hold the ions or waters asked for, or there is no room for an ion that is to be held.
    """
    rng = np.random.default_rng(config.seed)
    types = forcefield.atom_types(config.se_type, config.s_type)
    sheet = membrane.cut(
        membrane.pristine(config.membrane, config.cells_y, config.cells_z), config.pore_cut, config.pore_centre
    )
    charges = forcefield.compensated(sheet.names, config.membrane, config.charge_compensation)
    box = np.array([config.length_x_nm, *sheet.box_nm])
    solid = sheet.positions_nm + [config.length_x_nm / 2, 0.0, 0.0]
    counts = fill_counts(config, membrane.diameters_nm(sheet, types)["free"])
    held = _held(config, sheet.centre_nm, solid, counts)
    sites = liquid.lattice(np.concatenate([solid, held]), box, sum(counts.values()) - len(held), rng)
    radial = np.hypot(*(sites[:, 1:] - sheet.centre_nm).T)
    away = (np.abs(sites[:, 0] - box[0] / 2) > _ION_CLEARANCE_OF_PORE_NM) | (radial > 1.0)
    ions = liquid.spread_ions(sites, box, away, counts["K"] + counts["CL"] - len(held), rng)
    waters = np.setdiff1d(np.arange(len(sites)), ions)
    ions_k, ions_cl = np.split(sites[ions], [counts["K"]])
    positions = np.concatenate([solid, liquid.waters(sites[waters], rng), ions_k, held, ions_cl])
    return Cell(sheet, charges, types, box, {"MSH": 1, **counts}, positions)


def _held(config: System, centre_nm: np.ndarray, solid: np.ndarray, counts: dict[str, int]) -> np.ndarray:
    """Where a Cl- is held, (1, 3) in nm, or nowhere (0, 3); CellError if there is none to hold or no room."""
    if config.held_cl_nm is None:
        return np.empty((0, 3))
    held = np.array([[config.length_x_nm / 2 + config.held_cl_nm, *centre_nm]])
    if not counts["CL"]:
        raise CellError("held_cl_nm holds a Cl-, and the cell has none: raise salt_mol_l, or leave held_cl_nm out")
    nearest = float(np.linalg.norm(solid - held, axis=1).min())
    if nearest < _CL_CLEARANCE_NM:
        raise CellError(
            f"held_cl_nm: {config.held_cl_nm:g} nm is {nearest:.2f} nm from an atom of the sheet, and a Cl- needs "
            f"{_CL_CLEARANCE_NM:g} nm: hold it elsewhere, or cut a wider pore"
        )
    return held


def universe(cell: Cell) -> mda.Universe:
    """The cell as an MDAnalysis universe (lengths in Angstrom there), atoms in topology order."""
    return liquid.universe(cell.sheet.names, cell.counts, cell.positions_nm, cell.box_nm)


def write(config: System, directory: Path) -> Path:
    """Write conf.gro, topol.top, index.ndx and system.json into `directory`; return the last.

    Idempotent: a directory that already holds this very system is left alone.

    Raises
    ------
    CellError
        if the directory holds a system built from other parameters, or one whose files were changed.
    """

    def make() -> tuple[mda.Universe, str, dict[str, Any]]:
        cell = fill(config)
        topology = forcefield.topology(cell.types, cell.sheet.names, cell.charges, cell.counts)
        return universe(cell), topology, _record(cell)

    return liquid.store(Path(directory), config.model_dump(), make, held=int(config.held_cl_nm is not None))


def _record(cell: Cell) -> dict[str, Any]:
    return {
        "counts": cell.counts,
        "removed": cell.sheet.removed,
        "box_nm": cell.box_nm.tolist(),
        "pore_centre_nm": [cell.box_nm[0] / 2, *cell.sheet.centre_nm.tolist()],
        "diameters_nm": membrane.diameters_nm(cell.sheet, cell.types),
        "net_charge_e": round(sum(cell.charges), 9) + 0.0,
    }
