"""Water and KCl in a periodic box: how many, where they start, and the files that GROMACS reads.

Shared by the pore's cell (`system`) and the bulk electrolyte (`bulk`). A volume V holds

    N_KCl = c V,    N_water = rho_water (V - N_KCl v_KCl)

with c the salt concentration and v_KCl the volume of one dissolved KCl.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import MDAnalysis as mda
import numpy as np
from scipy.spatial import cKDTree

from ..errors import CellError
from ..files import sha256, synced, write_json, write_text, writing
from ..parameters import System
from ..units import NM3_PER_CM3_MOL, PER_NM3_PER_MOL_L, water_per_nm3
from .record import read, same, unchanged

FILES = ("conf.gro", "topol.top", "index.ndx")
_OXYGEN_CLEARANCE_NM = 0.26
_ION_SPACING_NM = 0.5
_OH_NM, _HH_NM = 0.1, 0.16330


def counts(config: System, volume_nm3: float) -> dict[str, int]:
    """How many waters and ion pairs a volume holds (equation at the head of this module)."""
    pairs = round(config.salt_mol_l * PER_NM3_PER_MOL_L * volume_nm3)
    salt_volume = pairs * config.salt_molar_volume_cm3_mol * NM3_PER_CM3_MOL
    waters = round(water_per_nm3(config.water_density_g_cm3) * (volume_nm3 - salt_volume))
    return {"SOL": waters, "K": pairs, "CL": pairs}


def lattice(solid: np.ndarray, box: np.ndarray, needed: int, rng: np.random.Generator) -> np.ndarray:
    """`needed` sites (nm) of a box-filling lattice that keep clear of a solid; the widest that holds enough.

    Parameters
    ----------
    solid : positions (n, 3) in nm; n may be 0
    """
    tree = cKDTree(np.mod(solid, box), boxsize=box) if len(solid) else None
    for spacing in np.arange(0.34, 0.24, -0.002):
        steps = np.floor(box / spacing).astype(int)
        axes = [(np.arange(n) + 0.5) * length / n for n, length in zip(steps, box, strict=True)]
        sites = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
        sites = sites[tree.query(sites)[0] > _OXYGEN_CLEARANCE_NM] if tree else sites
        if len(sites) >= needed:
            return sites[np.sort(rng.permutation(len(sites))[:needed])]
    raise CellError(f"no room for {needed} waters and ions: lower water_density_g_cm3 or enlarge the box")


def spread_ions(
    sites: np.ndarray, box: np.ndarray, allowed: np.ndarray, needed: int, rng: np.random.Generator
) -> np.ndarray:
    """Indices of sites for the ions, far from each other, first-come in a random order.

    Parameters
    ----------
    sites : positions (n, 3) in nm
    allowed : bool (n,), which of them an ion may take
    """
    order = rng.permutation(len(sites))
    chosen: list[int] = []
    for i in order[allowed[order]]:
        if len(chosen) == needed:
            break
        delta = sites[chosen] - sites[i]
        delta -= box * np.round(delta / box)
        if not len(chosen) or np.linalg.norm(delta, axis=1).min() > _ION_SPACING_NM:
            chosen.append(int(i))
    if len(chosen) < needed:
        raise CellError(f"no room for {needed} ions {_ION_SPACING_NM} nm apart: lower salt_mol_l or enlarge the box")
    return np.array(chosen, dtype=int)


def waters(oxygens: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rigid SPC/E waters (3 n, 3) at the oxygen sites, with random orientations."""
    half_angle = np.arcsin(_HH_NM / 2 / _OH_NM)
    along = rng.normal(size=(len(oxygens), 3))
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.cross(along, rng.normal(size=along.shape))
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    stem, branch = _OH_NM * np.cos(half_angle) * along, _OH_NM * np.sin(half_angle) * across
    return np.stack([oxygens, oxygens + stem + branch, oxygens + stem - branch], axis=1).reshape(-1, 3)


def universe(
    sheet: Sequence[str], molecules: Mapping[str, int], positions_nm: np.ndarray, box_nm: np.ndarray
) -> mda.Universe:
    """A cell as an MDAnalysis universe (lengths in Angstrom there), atoms in topology order.

    Parameters
    ----------
    sheet : names of the sheet's atoms, none for a bulk liquid
    molecules : number of SOL, K and CL
    """
    n_water, n_k, n_cl = (molecules[name] for name in ("SOL", "K", "CL"))
    names = [*sheet, *["OW", "HW1", "HW2"] * n_water, *["K"] * n_k, *["CL"] * n_cl]
    solid = ["MSH"] if len(sheet) else []
    residues = [*solid, *["SOL"] * n_water, *["K"] * n_k, *["CL"] * n_cl]
    sizes = [len(sheet)] * len(solid) + [3] * n_water + [1] * (n_k + n_cl)
    u = mda.Universe.empty(
        len(names), len(residues), atom_resindex=np.repeat(np.arange(len(residues)), sizes), trajectory=True
    )
    u.add_TopologyAttr("ids", np.arange(1, len(names) + 1))
    u.add_TopologyAttr("names", names)
    u.add_TopologyAttr("resnames", residues)
    u.add_TopologyAttr("resids", np.arange(1, len(residues) + 1))
    u.atoms.positions = positions_nm * 10
    u.dimensions = [*(box_nm * 10), 90, 90, 90]
    return u


def store(
    directory: Path, fingerprint: dict[str, Any], make: Callable[[], tuple[mda.Universe, str, dict[str, Any]]], *,
    held: int = 0,
) -> Path:  # fmt: skip
    """Write conf.gro, topol.top, index.ndx and system.json into `directory`; return the last.

    Idempotent: a directory that already holds this very system is left alone.

    Parameters
    ----------
    fingerprint : the parameters that decide the system
    make : gives atoms, topology and what else system.json records; called only if there is no system yet
    held : so many of the Cl-, from the first on, are frozen with the sheet

    Raises
    ------
    CellError
        if the directory holds a system built from other parameters, or one whose files were changed.
    """
    record = directory / "system.json"
    if record.exists():
        old = read(directory)
        same(old, fingerprint, directory)
        unchanged(directory)
        return record
    u, topology, more = make()
    directory.mkdir(parents=True, exist_ok=True)
    with writing(directory / "conf.gro"):
        u.atoms.write(str(directory / "conf.gro"), reindex=False)
    write_text(directory / "topol.top", topology)
    _write_groups(u, directory / "index.ndx", held)
    for name in FILES:
        synced(directory / name)
    files = {name: sha256(directory / name) for name in FILES}
    return write_json(record, {"parameters": fingerprint, "atoms": len(u.atoms), **more, "files": files})


def _write_groups(u: mda.Universe, path: Path, held: int) -> None:
    """The index groups every later step uses; "Sheet" is all that is frozen, an ion that is held included."""
    path.unlink(missing_ok=True)
    kinds = {"Water": "resname SOL", "K": "resname K", "CL": "resname CL", "Ions": "resname K CL"}
    frozen = u.select_atoms("resname MSH") + u.select_atoms("resname CL")[:held]
    groups = {"System": u.atoms, "Sheet": frozen, "Mobile": u.atoms - frozen}
    groups |= {name: u.select_atoms(selection) for name, selection in kinds.items()}
    with mda.selections.gromacs.SelectionWriter(str(path), mode="w") as ndx:
        for name, atoms in groups.items():
            if len(atoms):
                ndx.write(atoms, name=name)
