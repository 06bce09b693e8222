"""Constant fields of the same pore in shipped data of other scales, to compare a scale's own with.

A scale that sweeps the field holds it at a few values only, and another may hold it at more. The same pore is the same
sheet with the same hole in the same solution; the box may have another length, and the ions other places (`seed`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import xarray as xr

from ..config import Scale, load
from ..paths import Campaign
from . import shelf


@dataclass(frozen=True)
class Elsewhere:
    """Constant fields of another scale.

    Attributes
    ----------
    scale, system, length_x_nm : which, and the length of its box
    same_box : whether that is the length of the system it is compared with
    data : what `shelf.there` gives
    """

    scale: str
    system: str
    length_x_nm: float
    same_box: bool
    data: dict[str, xr.Dataset]

    @property
    def label(self) -> str:
        """The box, and where it is from."""
        return f"box of {self.length_x_nm:g} nm ({self.scale})"


def constants(scale: Scale, system: str, shipped: Path, runs: Path) -> list[Elsewhere]:
    """Constant fields of the same pore, reduced in the same region, of all other scales that ship data.

    Parameters
    ----------
    shipped : the directory of shipped data, whose scale files say what was run
    runs : where these data lie, put together (`janus-pore reference`); a scale that is not there is left out
    """
    found = []
    for path in sorted(shipped.glob("*/scale.yml")):
        other = load(path)
        for one in other.placements if other.scale != scale.scale else ():
            data = {}
            if _same_pore(scale, system, other, one):
                data = shelf.there(other, Campaign.of(other.scale, runs), one, "constant")
            if data:
                length_nm = other.systems[one].length_x_nm
                same_box = math.isclose(length_nm, scale.systems[system].length_x_nm)
                found.append(Elsewhere(other.scale, one, length_nm, same_box, data))
    return found


def _same_pore(scale: Scale, system: str, other: Scale, one: str) -> bool:
    """Whether two systems differ in the length of the box and the places of ions at most, and were reduced alike."""
    ours = scale.systems[system]
    known = other.systems[one].model_copy(update={"length_x_nm": ours.length_x_nm, "seed": ours.seed})
    region = {(found.analysis.pore_radius_nm, found.analysis.pore_half_depth_nm) for found in (scale, other)}
    return known == ours and len(region) == 1
