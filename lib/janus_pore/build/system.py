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

from ..parameters import System
from . import forcefield, liquid, membrane

_ION_CLEARANCE_OF_PORE_NM = 0.6


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

    The start is a lattice of waters with random orientations (seeded); minimisation and equilibration melt it.

    Raises
    ------
    MembraneError
        if the cut leaves a net charge that the configuration does not compensate.
    CellError
        if the box cannot hold the ions or waters asked for.
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
    sites = liquid.lattice(solid, box, sum(counts.values()), rng)
    radial = np.hypot(*(sites[:, 1:] - sheet.centre_nm).T)
    away = (np.abs(sites[:, 0] - box[0] / 2) > _ION_CLEARANCE_OF_PORE_NM) | (radial > 1.0)
    ions = liquid.spread_ions(sites, box, away, counts["K"] + counts["CL"])
    waters = np.setdiff1d(np.arange(len(sites)), ions)
    positions = np.concatenate([solid, liquid.waters(sites[waters], rng), sites[ions]])
    return Cell(sheet, charges, types, box, {"MSH": 1, **counts}, positions)


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

    return liquid.store(Path(directory), config.model_dump(), make)


def _record(cell: Cell) -> dict[str, Any]:
    return {
        "counts": cell.counts,
        "removed": cell.sheet.removed,
        "box_nm": cell.box_nm.tolist(),
        "pore_centre_nm": [cell.box_nm[0] / 2, *cell.sheet.centre_nm.tolist()],
        "diameters_nm": membrane.diameters_nm(cell.sheet, cell.types),
        "net_charge_e": round(sum(cell.charges), 9) + 0.0,
    }
