"""What does the cell look like? A static picture and a small 3D view of the same GRO file.

Frame of the cell: the sheet lies at x = Lx/2 in the y-z plane and the pore axis runs along x through
(Ly/2, Lz/2). Se faces -x and S faces +x. Lengths are in nm; only the text handed to nglview is in angstrom.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import matplotlib.pyplot as plt
import MDAnalysis as mda
import nglview
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle

from .. import hints
from ..errors import ViewError
from .figures import SHEET_COLOURS

Region = Literal["pore", "cell"]
COLOUR = SHEET_COLOURS | {"K": "#8e44ad", "CL": "#2e9e4f", "OW": "#9ecae1"}
LABEL = {"SE": "Se", "MO": "Mo", "S": "S", "K": "K$^+$", "CL": "Cl$^-$", "OW": "water O"}
#: Drawn radii in nm. They are chosen to be readable; they are not van der Waals radii.
RADIUS_NM = {"SE": 0.11, "MO": 0.12, "S": 0.10, "K": 0.14, "CL": 0.18, "OW": 0.035}
SHEET = ("MO", "S", "SE")
IONS = ("K", "CL")
ELEMENT = {"OW": "O", "HW1": "H", "HW2": "H"}
PORE_WINDOW_NM, SLICE_NM = 1.3, 1.0
VIEW_DEG = (-35.0, -20.0)


@dataclass(frozen=True)
class Scene:
    """Atoms of one GRO file: names (n,), residues (n,), positions_nm (n, 3) and box_nm (3,)."""

    names: np.ndarray
    residues: np.ndarray
    positions_nm: np.ndarray
    box_nm: np.ndarray

    @property
    def pore_nm(self) -> np.ndarray:
        """The centre of the cell, where the pore axis meets the sheet."""
        return self.box_nm / 2

    def named(self, *names: str) -> np.ndarray:
        """Mask (n,) of the atoms with one of these names."""
        return np.isin(self.names, names)

    def pore_diameter_nm(self) -> float:
        """Inner centre-to-centre diameter: twice the distance from the axis to the nearest sheet atom."""
        from_pore_nm = self.positions_nm[self.named(*SHEET)] - self.pore_nm
        return 2 * float(np.linalg.norm(from_pore_nm[:, 1:], axis=1).min())

    def inside(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Mask (n,) of the atoms between two corners (nm)."""
        return np.all((self.positions_nm >= low) & (self.positions_nm <= high), axis=1)


def read(gro: Path | str) -> Scene:
    """Read a GRO file of this project (sheet MSH, water SOL, ions K and CL)."""
    if not Path(gro).is_file():
        raise ViewError(f"{gro} is not there: {hints.build(Path(gro).parent)}")
    universe = mda.Universe(str(gro), to_guess=())
    atoms, box = universe.atoms, universe.dimensions
    box_nm = np.zeros(3) if box is None else box[:3] / 10
    scene = Scene(atoms.names.astype(str), atoms.resindices, atoms.positions / 10, box_nm)
    if not scene.named(*SHEET).any() or not np.all(box_nm > 0):
        raise ViewError(f"{gro} holds no sheet atom {SHEET} or no box: give the GRO of a built system")
    return scene


def static_view(gro: Path | str, *, region: Region = "cell", pore_diameter_nm: float | None = None) -> Figure:
    """Draw the sheet from the front (down x, S side) and a slice through the pore axis from the side.

    `region` is the whole cell or a window of 2.6 nm around the pore. `pore_diameter_nm` is that of the circle
    drawn; it is measured from the sheet if not given.
    """
    scene = read(gro)
    low, high = _window(scene, region)
    inside = scene.inside(low, high)
    in_slice = inside & (np.abs(scene.positions_nm[:, 2] - scene.pore_nm[2]) <= SLICE_NM / 2)

    figure, (front, side) = plt.subplots(1, 2, figsize=(10.5, 5.0), layout="constrained")
    _spheres(front, scene, inside & scene.named(*SHEET), across=1, up=2, toward=0)
    _spheres(side, scene, in_slice & scene.named(*SHEET, *IONS, "OW"), across=0, up=1, toward=2)
    _frame(front, "y", "z", low[[1, 2]], high[[1, 2]], "front: the sheet from the S side")
    _frame(side, "x", "y", low[[0, 1]], high[[0, 1]], f"side: slice of {SLICE_NM:g} nm through the pore axis")

    diameter_nm = scene.pore_diameter_nm() if pore_diameter_nm is None else pore_diameter_nm
    front.add_patch(Circle(scene.pore_nm[1:], diameter_nm / 2, fill=False, ls="--", lw=1.2, color="black"))
    front.annotate(f"{diameter_nm:.2f} nm", scene.pore_nm[1:], ha="center", va="center", fontsize=9)
    handles = [
        Line2D([], [], ls="", marker="o", ms=8, color=COLOUR[name], mec="0.3", label=LABEL[name])
        for name in COLOUR
        if (scene.named(name) & inside).any()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=6, frameon=False)
    plt.close(figure)
    return figure


def widget(gro: Path | str, *, region: Region = "pore", water_within_nm: float = 0.8) -> nglview.NGLWidget:
    """Make a 3D view that also turns in the static book: sheet, ions and the water near the pore.

    Parameters
    ----------
    region : {"pore", "cell"}
        "pore" keeps sheet and ions near the pore axis; "cell" keeps all of them and draws the box.
    water_within_nm : float
        Water molecules whose oxygen is this near to the pore centre are drawn.

    The widget's state is stored in the executed notebook: hence a selection of some 100 kB, not all water.
    """
    scene = read(gro)
    text = _pdb(scene, _selected(scene, region, water_within_nm))
    view = nglview.NGLWidget(nglview.TextStructure(text, ext="pdb"))
    view.clear_representations()
    for name in (*SHEET, *IONS):
        look = {"color": COLOUR[name], "radius": 10 * RADIUS_NM[name]}
        view.add_representation("spacefill", selection=f".{name}", **look)
    view.add_representation("licorice", selection="SOL", radius=0.15)
    if region == "cell":
        view.add_representation("unitcell")
    view.camera = "orthographic"
    view.stage.set_parameters(fog_near=100, fog_far=100)
    view._view_height = "360px"
    view.control.orient(_orientation(scene, region))
    return view


def _window(scene: Scene, region: Region) -> tuple[np.ndarray, np.ndarray]:
    if region not in ("pore", "cell"):
        raise ViewError(f"region {region!r}: choose 'pore' or 'cell'")
    if region == "cell":
        return np.zeros(3), scene.box_nm
    half = np.minimum(PORE_WINDOW_NM, scene.box_nm / 2)
    return scene.pore_nm - half, scene.pore_nm + half


def _spheres(axes: Axes, scene: Scene, keep: np.ndarray, *, across: int, up: int, toward: int) -> None:
    """Discs of the kept atoms, those nearest to the viewer last."""
    chosen = np.flatnonzero(keep)[np.argsort(scene.positions_nm[keep, toward])]
    size = [2 * RADIUS_NM[name] for name in scene.names[chosen]]
    face = [COLOUR[name] for name in scene.names[chosen]]
    offsets = scene.positions_nm[chosen][:, [across, up]]
    axes.add_collection(
        EllipseCollection(
            size,
            size,
            np.zeros(len(size)),
            units="xy",
            offsets=offsets,
            offset_transform=axes.transData,
            facecolors=face,
            edgecolors="0.25",
            linewidths=0.3,
        )
    )


def _frame(axes: Axes, across: str, up: str, low: np.ndarray, high: np.ndarray, title: str) -> None:
    bar_nm = 1.0 if (high - low).min() > 2 else 0.5
    start = low + 0.04 * (high - low)
    axes.plot([start[0], start[0] + bar_nm], [start[1]] * 2, "k", lw=3, solid_capstyle="butt", zorder=5)
    axes.annotate(
        f"{bar_nm:g} nm",
        (start[0] + bar_nm / 2, start[1]),
        (0, 4),
        textcoords="offset points",
        ha="center",
        fontsize=9,
        zorder=5,
        bbox={"fc": "white", "ec": "none", "pad": 1},
    )
    axes.set(
        xlim=(low[0], high[0]),
        ylim=(low[1], high[1]),
        aspect="equal",
        title=title,
        xlabel=f"{across} (nm)",
        ylabel=f"{up} (nm)",
    )


def _selected(scene: Scene, region: Region, water_within_nm: float) -> np.ndarray:
    solid = scene.named(*SHEET, *IONS) & ((region == "cell") | scene.inside(*_window(scene, region)))
    near = np.linalg.norm(scene.positions_nm - scene.pore_nm, axis=1) <= water_within_nm
    return solid | np.isin(scene.residues, scene.residues[scene.named("OW") & near])


def _pdb(scene: Scene, keep: np.ndarray) -> str:
    """PDB text (angstrom) with explicit elements; only the atoms of one water share a residue."""
    lines = ["CRYST1{:9.3f}{:9.3f}{:9.3f}  90.00  90.00  90.00 P 1           1".format(*(10 * scene.box_nm))]
    for serial, index in enumerate(np.flatnonzero(keep), start=1):
        name, (x, y, z) = scene.names[index], 10 * scene.positions_nm[index]
        kind, chain = ("SOL", "W") if name in ELEMENT else ("MSH" if name in SHEET else name, "A")
        number = (scene.residues[index] if chain == "W" else serial) % 10000
        lines.append(
            f"HETATM{serial % 100000:5d} {name:<4s} {kind:>3s} {chain}{number:4d}    "
            f"{x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00          {ELEMENT.get(name, name):>2s}"
        )
    return "\n".join([*lines, "END", ""])


def _orientation(scene: Scene, region: Region) -> list[float]:
    """NGL's 4 x 4 orientation (columns first): from the S side, turned and tilted, filling the frame.

    NGL looks along +z of the rotated atoms with -x to the right; the matrix's scale is the camera's distance,
    of which 2 tan(20 degrees) is seen from top to bottom.
    """
    turn, tilt = np.radians(VIEW_DEG)
    from_front = np.array([[0, -1, 0], [0, 0, 1], [-1, 0, 0]], float)
    about_up = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    about_right = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    rotation = about_right @ about_up @ from_front
    across, up, _ = np.abs(rotation) @ (10 * np.subtract(*_window(scene, region)[::-1]))
    matrix = np.eye(4)
    matrix[:3, :3] = rotation * max(up, across / 2) * 1.1 / (2 * np.tan(np.radians(20)))
    matrix[:3, 3] = -10 * scene.pore_nm
    return matrix.T.ravel().tolist()
