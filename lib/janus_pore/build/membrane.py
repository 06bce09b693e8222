"""The sheet and its pore: a 1H MoSSe or MoS2 monolayer in the y-z plane with one hole along x.

Mo lies at x = 0, S toward +x, Se (or the second S) toward -x; the pore's axis passes through the middle of
the sheet. The rectangular cell is a x sqrt(3) a with two formula units (paper: 5.2 x 5.07 nm is 16 x 9 cells).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import Voronoi

from ..errors import MembraneError
from .forcefield import AtomType

LATTICE_NM = 0.325
ROW_NM = float(np.sqrt(3)) * LATTICE_NM
S_HEIGHT_NM = 0.1528
SE_HEIGHT_NM = -0.1706

#: Centres about which a cut is made, in units of the cell (y / a, z / (sqrt(3) a)).
_CENTRES = {"hollow": (0.0, 2 / 3), "bond": (0.0, 1 / 6)}
#: Readings of the paper's "0.85 nm" and a narrower pore: what is cut, and about which centre.
READINGS = {"3/3/3": "hollow", "5/5/5": "widest", "6/6/6": "hollow", "7/7/7": "bond"}


@dataclass(frozen=True)
class Sheet:
    """A periodic sheet.

    Attributes
    ----------
    names : atom names, length n ("MO", "S", "SE")
    positions_nm : array (n, 3); x relative to the Mo plane, y and z within the box
    box_nm : (Ly, Lz)
    centre_nm : (y, z) of the pore's axis
    removed : atoms taken out, by name
    """

    names: tuple[str, ...]
    positions_nm: np.ndarray
    box_nm: np.ndarray
    centre_nm: np.ndarray
    removed: dict[str, int]

    def radial_nm(self) -> np.ndarray:
        """In-plane distance (n,) of each atom from the pore's axis, nearest image."""
        return _distances(self.positions_nm[:, 1:], self.centre_nm, self.box_nm)


def pristine(membrane: str, cells_y: int, cells_z: int) -> Sheet:
    """The whole sheet, without a pore, of `cells_y` x `cells_z` rectangular cells.

    For `mos2` both faces are S at 0.1528 nm, on the MoSSe mesh (an assumption).
    """
    basis = np.array([[0.0, 0.0], [0.5, 0.5]])
    y, z = np.meshgrid(np.arange(cells_y), np.arange(cells_z), indexing="ij")
    corner = np.stack([y.ravel(), z.ravel()], axis=1)[:, None, :]
    mo = (corner + basis).reshape(-1, 2) * [LATTICE_NM, ROW_NM]
    chalcogen = (corner + basis + [0, 1 / 3]).reshape(-1, 2) * [LATTICE_NM, ROW_NM]
    bottom, height = ("S", -S_HEIGHT_NM) if membrane == "mos2" else ("SE", SE_HEIGHT_NM)
    layers = [("MO", mo, 0.0), ("S", chalcogen, S_HEIGHT_NM), (bottom, chalcogen, height)]
    positions = np.concatenate([np.column_stack([np.full(len(p), x), p]) for _, p, x in layers])
    names = tuple(name for name, p, _ in layers for _ in p)
    box = np.array([cells_y * LATTICE_NM, cells_z * ROW_NM])
    positions[:, 1:] %= box
    return Sheet(names, positions, box, box / 2, {})


def cut(sheet: Sheet, counts: str, centre: str) -> Sheet:
    """Open a pore by removing the `counts` ("Mo/S/Se", e.g. "6/6/6") atoms nearest to a centre.

    The centre is a `hollow` of the honeycomb, the middle of a `bond`, or the `widest` choice: the point that
    leaves the largest distance to the nearest remaining atom. The sheet is then shifted so that the largest
    empty circle lies in the middle of the box.

    Raises
    ------
    MembraneError
        if more atoms are to go than the sheet can spare.
    """
    n_mo, n_s, n_se = (int(part) for part in counts.split("/"))
    layers = _layers(sheet)
    if max(n_mo, n_s, n_se) > len(layers[0]) // 4:
        raise MembraneError(f"pore_cut {counts} takes more than a quarter of a layer; enlarge cells_y and cells_z")
    if centre == "widest":
        point = _widest(sheet, layers, (n_mo, n_s, n_se))
    else:
        point = np.round(sheet.box_nm / [LATTICE_NM, ROW_NM] / 2) * [LATTICE_NM, ROW_NM]
        point = point + np.array(_CENTRES[centre]) * [LATTICE_NM, ROW_NM]
    gone = _nearest(sheet, layers, (n_mo, n_s, n_se), point)
    keep = np.setdiff1d(np.arange(len(sheet.names)), gone)
    removed: dict[str, int] = {}
    for i in gone:
        removed[sheet.names[i]] = removed.get(sheet.names[i], 0) + 1
    holed = replace(
        sheet,
        names=tuple(sheet.names[i] for i in keep),
        positions_nm=sheet.positions_nm[keep],
        centre_nm=point,
        removed=removed,
    )
    if not len(gone):
        return holed
    middle = _largest_circle(holed)
    shifted = holed.positions_nm.copy()
    shifted[:, 1:] = (shifted[:, 1:] + sheet.box_nm / 2 - middle) % sheet.box_nm
    return replace(holed, positions_nm=shifted, centre_nm=sheet.box_nm / 2)


def diameters_nm(sheet: Sheet, types: dict[str, AtomType]) -> dict[str, float]:
    """Centre-to-centre and free diameter of the pore, in nm.

    `centre_to_centre` is the largest circle, seen down the axis, with no atom's centre inside; `free` is the
    circle about the same axis that stays outside every atom's radius sigma/2.
    """
    radial = sheet.radial_nm()
    half_sigma = np.array([types[name].sigma_nm / 2 for name in sheet.names])
    return {"centre_to_centre": 2 * float(radial.min()), "free": 2 * float((radial - half_sigma).min())}


def _distances(points_nm: np.ndarray, centre_nm: np.ndarray, box_nm: np.ndarray) -> np.ndarray:
    delta = points_nm - centre_nm
    delta -= box_nm * np.round(delta / box_nm)
    return np.hypot(delta[:, 0], delta[:, 1])


def _layers(sheet: Sheet) -> list[np.ndarray]:
    """Indices of the Mo, +x and -x layers."""
    x = sheet.positions_nm[:, 0]
    return [np.flatnonzero(x == 0), np.flatnonzero(x > 0), np.flatnonzero(x < 0)]


def _nearest(sheet: Sheet, layers: list[np.ndarray], counts: tuple[int, ...], point: np.ndarray) -> np.ndarray:
    gone = []
    for layer, n in zip(layers, counts, strict=True):
        distance = _distances(sheet.positions_nm[layer, 1:], point, sheet.box_nm)
        gone.append(layer[np.argsort(np.round(distance, 9), kind="stable")[:n]])
    return np.concatenate(gone)


def _widest(sheet: Sheet, layers: list[np.ndarray], counts: tuple[int, ...], grid: int = 60) -> np.ndarray:
    """The point of one cell with the largest distance to the nearest atom that a cut there would leave."""
    origin = np.floor(sheet.box_nm / [LATTICE_NM, ROW_NM] / 2) * [LATTICE_NM, ROW_NM]
    best, where = -1.0, origin
    for u in range(grid):
        for v in range(grid):
            point = origin + np.array([u, v]) / grid * [LATTICE_NM, ROW_NM]
            left = []
            for layer, n in zip(layers, counts, strict=True):
                distance = _distances(sheet.positions_nm[layer, 1:], point, sheet.box_nm)
                left.append(np.partition(distance, n)[n])
            if min(left) > best + 1e-9:
                best, where = min(left), point
    return where


def _largest_circle(sheet: Sheet) -> np.ndarray:
    """Centre of the largest circle near the cut that holds no atom (a Voronoi vertex)."""
    delta = sheet.positions_nm[:, 1:] - sheet.centre_nm
    delta -= sheet.box_nm * np.round(delta / sheet.box_nm)
    points = np.unique(np.round(delta, 9), axis=0)
    vertices = Voronoi(points).vertices
    vertices = vertices[np.hypot(*vertices.T) < sheet.radial_nm().min() + 0.01]
    if not len(vertices):
        return sheet.centre_nm
    radius = np.array([np.hypot(*(points - v).T).min() for v in vertices])
    # of equal circles (a symmetric cut can leave two) always the same one
    return sheet.centre_nm + vertices[np.lexsort((*np.round(vertices.T, 6), -np.round(radius, 9)))[0]]
