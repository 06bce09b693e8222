"""The record of a built system, `system.json`: what it was built from, its box, its counts, where its pore is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from .. import hints
from ..errors import CellError
from ..files import Record, read_json, sha256

_Vector = Annotated[list[float], Field(min_length=3, max_length=3)]


class _Counts(Record):
    SOL: int
    K: int
    CL: int


class _Diameters(Record):
    centre_to_centre: float
    free: float


class Liquid(Record):
    """What the record of any system has."""

    parameters: dict[str, Any]
    atoms: int
    counts: _Counts
    box_nm: _Vector
    files: dict[str, str]


class Cell(Liquid):
    """What that of a sheet with a pore has."""

    pore_centre_nm: _Vector
    diameters_nm: _Diameters


def same(built: dict[str, Any], parameters: dict[str, Any], directory: Path) -> None:
    """Raise CellError if the record of a built system says other parameters than these."""
    old = built["parameters"]
    if old != parameters:
        changed = sorted(key for key in {*parameters, *old} if old.get(key) != parameters.get(key))
        raise CellError(
            f"{directory} was built with other values of {', '.join(changed) or 'some parameters'}. Runs made "
            "from it would no longer fit: set the scale file back, give the changed scale a new name, or move the old "
            "directory away."
        )


def unchanged(built: Path) -> None:
    """Raise CellError if the files of a built system are not those that its record describes."""
    files = read(built)["files"]
    if changed := [name for name, digest in files.items() if sha256(built / name) != digest]:
        raise CellError(
            f"{built}: {', '.join(changed)} changed or vanished since it was built. Restore what was there, or move "
            f"this directory away to have the same again, and {hints.build(built)}"
        )


def read(directory: Path, kind: type[Liquid] = Liquid) -> dict[str, Any]:
    """The record of the system in a directory.

    Raises
    ------
    CellError
        if there is none, a crash cut it short, or it is none of this `kind`.
    """
    path = directory / "system.json"
    if not path.exists():
        raise CellError(f"{path} is not there: {hints.build(path.parent)}")
    return read_json(
        path,
        "delete it and build the system again, which gives the same (janus-pore build, or engine --name settle)",
        kind,
        CellError,
    )
