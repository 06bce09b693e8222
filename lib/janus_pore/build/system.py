"""The electrolyte cell: sheet, water and KCl in one box, written as conf.gro, topol.top and index.ndx.

NVT has no barostat to put a wrong density right, so the cell is filled by volume:

    V = Ly Lz (Lx - t) + t pi d_free^2 / 4
    N_KCl = c V,    N_water = rho_water (V - N_KCl v_KCl)

with t the thickness that the sheet takes from the liquid (its Gibbs dividing surfaces), c the salt
concentration, v_KCl the volume of one dissolved KCl. The equilibration notebook measures what came out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import MDAnalysis as mda
import numpy as np
from scipy.spatial import cKDTree

from ..errors import CellError
from ..files import sha256, write_json, write_text
from ..parameters import System
from ..units import NM3_PER_CM3_MOL, PER_NM3_PER_MOL_L, water_per_nm3
from . import forcefield, membrane

_OXYGEN_CLEARANCE_NM = 0.26
_ION_SPACING_NM = 0.5
_ION_CLEARANCE_OF_PORE_NM = 0.6
_OH_NM, _HH_NM = 0.1, 0.16330


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
    pairs = round(config.salt_mol_l * PER_NM3_PER_MOL_L * volume)
    salt_volume = pairs * config.salt_molar_volume_cm3_mol * NM3_PER_CM3_MOL
    waters = round(water_per_nm3(config.water_density_g_cm3) * (volume - salt_volume))
    return {"SOL": waters, "K": pairs, "CL": pairs}


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
    sites = _lattice(solid, box, sum(counts.values()), rng)
    ions = _spread_ions(sites, box, sheet.centre_nm, counts["K"] + counts["CL"])
    waters = np.setdiff1d(np.arange(len(sites)), ions)
    positions = np.concatenate([solid, _waters(sites[waters], rng), sites[ions]])
    return Cell(sheet, charges, types, box, {"MSH": 1, **counts}, positions)


def universe(cell: Cell) -> mda.Universe:
    """The cell as an MDAnalysis universe (lengths in Angstrom there), atoms in topology order."""
    n_sheet, counts = len(cell.sheet.names), cell.counts
    names = [*cell.sheet.names, *["OW", "HW1", "HW2"] * counts["SOL"], *["K"] * counts["K"], *["CL"] * counts["CL"]]
    residues = ["MSH", *["SOL"] * counts["SOL"], *["K"] * counts["K"], *["CL"] * counts["CL"]]
    sizes = [n_sheet] + [3] * counts["SOL"] + [1] * (counts["K"] + counts["CL"])
    u = mda.Universe.empty(
        len(names), len(residues), atom_resindex=np.repeat(np.arange(len(residues)), sizes), trajectory=True
    )
    u.add_TopologyAttr("ids", np.arange(1, len(names) + 1))
    u.add_TopologyAttr("names", names)
    u.add_TopologyAttr("resnames", residues)
    u.add_TopologyAttr("resids", np.arange(1, len(residues) + 1))
    u.atoms.positions = cell.positions_nm * 10
    u.dimensions = [*(cell.box_nm * 10), 90, 90, 90]
    return u


def write(config: System, directory: Path) -> Path:
    """Write conf.gro, topol.top, index.ndx and system.json into `directory`; return the last.

    Idempotent: a directory that already holds this very system is left alone.

    Raises
    ------
    CellError
        if the directory holds a system built from other parameters, or one whose files were changed.
    """
    directory = Path(directory)
    record = directory / "system.json"
    fingerprint = config.model_dump()
    if record.exists():
        old = json.loads(record.read_text())
        if old["parameters"] != fingerprint:
            changed = sorted(k for k in fingerprint if old["parameters"].get(k) != fingerprint[k])
            raise CellError(
                f"{directory} was built with other values of {', '.join(changed) or 'some parameters'}. Runs made "
                "from it would no longer fit: give the changed scale a new name, or move the old directory away."
            )
        if all(sha256(directory / name) == digest for name, digest in old["files"].items()):
            return record
        raise CellError(f"files in {directory} were changed after they were built: move the directory away.")
    cell = fill(config)
    directory.mkdir(parents=True, exist_ok=True)
    u = universe(cell)
    u.atoms.write(str(directory / "conf.gro"), reindex=False)
    topology = forcefield.topology(cell.types, cell.sheet.names, cell.charges, cell.counts)
    write_text(directory / "topol.top", topology)
    _write_groups(u, directory / "index.ndx")
    files = ("conf.gro", "topol.top", "index.ndx")
    content = {
        "parameters": fingerprint,
        "counts": cell.counts,
        "atoms": len(cell.positions_nm),
        "removed": cell.sheet.removed,
        "box_nm": cell.box_nm.tolist(),
        "pore_centre_nm": [cell.box_nm[0] / 2, *cell.sheet.centre_nm.tolist()],
        "diameters_nm": membrane.diameters_nm(cell.sheet, cell.types),
        "net_charge_e": round(sum(cell.charges), 9) + 0.0,
        "files": {name: sha256(directory / name) for name in files},
    }
    return write_json(record, content)


def _write_groups(u: mda.Universe, path: Path) -> None:
    """The index groups every later step uses."""
    path.unlink(missing_ok=True)
    groups = {"System": "all", "Sheet": "resname MSH", "Mobile": "not resname MSH", "Water": "resname SOL"}
    groups |= {"K": "resname K", "CL": "resname CL", "Ions": "resname K CL"}
    with mda.selections.gromacs.SelectionWriter(str(path), mode="w") as ndx:
        for name, selection in groups.items():
            atoms = u.select_atoms(selection)
            if len(atoms):
                ndx.write(atoms, name=name)


def _lattice(solid: np.ndarray, box: np.ndarray, needed: int, rng: np.random.Generator) -> np.ndarray:
    """`needed` sites (nm) of a box-filling lattice that keep clear of the sheet; the widest that holds enough."""
    tree = cKDTree(np.mod(solid, box), boxsize=box)
    for spacing in np.arange(0.34, 0.24, -0.002):
        steps = np.floor(box / spacing).astype(int)
        axes = [(np.arange(n) + 0.5) * length / n for n, length in zip(steps, box, strict=True)]
        sites = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
        sites = sites[tree.query(sites)[0] > _OXYGEN_CLEARANCE_NM]
        if len(sites) >= needed:
            return sites[np.sort(rng.permutation(len(sites))[:needed])]
    raise CellError(f"no room for {needed} waters and ions: lower water_density_g_cm3 or enlarge length_x_nm")


def _spread_ions(sites: np.ndarray, box: np.ndarray, centre: np.ndarray, needed: int) -> np.ndarray:
    """Indices of sites for the ions, far from each other and from the pore, first-come in a seeded order."""
    order = np.random.default_rng(len(sites)).permutation(len(sites))
    radial = np.hypot(*(sites[:, 1:] - centre).T)
    away = (np.abs(sites[:, 0] - box[0] / 2) > _ION_CLEARANCE_OF_PORE_NM) | (radial > 1.0)
    chosen: list[int] = []
    for i in order[away[order]]:
        if len(chosen) == needed:
            break
        delta = sites[chosen] - sites[i]
        delta -= box * np.round(delta / box)
        if not len(chosen) or np.linalg.norm(delta, axis=1).min() > _ION_SPACING_NM:
            chosen.append(int(i))
    if len(chosen) < needed:
        raise CellError(f"no room for {needed} ions {_ION_SPACING_NM} nm apart: lower salt_mol_l or enlarge the box")
    return np.array(chosen, dtype=int)


def _waters(oxygens: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rigid SPC/E waters (3 n, 3) at the oxygen sites, with random orientations."""
    half_angle = np.arcsin(_HH_NM / 2 / _OH_NM)
    along = rng.normal(size=(len(oxygens), 3))
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.cross(along, rng.normal(size=along.shape))
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    stem, branch = _OH_NM * np.cos(half_angle) * along, _OH_NM * np.sin(half_angle) * across
    return np.stack([oxygens, oxygens + stem + branch, oxygens + stem - branch], axis=1).reshape(-1, 3)
