"""Topologies in which groups lose their charges or their Lennard-Jones depths, written from the built one.

(`gmx convert-tpr -zeroq` was removed from GROMACS as broken.)
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from .. import hints
from ..errors import RunError
from ..files import write_text

#: The three groups that forces on an ion are divided into, and the molecule types they are made of.
GROUPS = {"water": ("SOL",), "membrane": ("MSH",), "ion": ("K", "CL")}
_GROUP_OF = {molecule: group for group, molecules in GROUPS.items() for molecule in molecules}


def write(built: Path, place: Path, *, charges: Collection[str], depths: Collection[str]) -> Path:
    """Write topol.top, index.ndx and conf.gro into `place`: the system in `built` with the named groups' interactions.

    Parameters
    ----------
    charges, depths : groups ("water", "membrane", "ion") that keep their charges, and their epsilons

    Raises
    ------
    RunError
        if the built topology is not there or not of the form that `build.forcefield.topology` writes.
    """
    source = built / "topol.top"
    if not source.exists():
        raise RunError(f"{source} is not there: {hints.build(built)}")
    write_text(place / "topol.top", topology(source.read_text(encoding="utf-8"), charges, depths))
    for name in ("index.ndx", "conf.gro"):
        shutil.copy2(built / name, place / name)
    return place


def topology(text: str, charges: Collection[str], depths: Collection[str]) -> str:
    """The text of a topology with the charges and epsilons of all other groups set to zero.

    Raises
    ------
    RunError
        if a molecule or atom type belongs to none of the groups, or a type to two of them.
    """
    types = _types(text)
    lines = []
    for section, molecule, line in _sections(text):
        fields = line.split(";")[0].split()
        if section == "atoms" and fields and _GROUP_OF[molecule] not in charges:
            fields[6] = "0.0"
            line = " ".join(fields)
        elif section == "atomtypes" and fields and types.get(fields[0]) not in depths:
            fields[5] = "0.0"
            line = " ".join(fields)
        lines.append(line)
    return "\n".join(lines) + "\n"


def _types(text: str) -> dict[str, str]:
    """The group of each atom type in use."""
    found: dict[str, str] = {}
    for section, molecule, line in _sections(text):
        fields = line.split(";")[0].split()
        if section != "atoms" or not fields:
            continue
        if molecule not in _GROUP_OF or found.setdefault(fields[1], _GROUP_OF[molecule]) != _GROUP_OF[molecule]:
            raise RunError(f"topol.top: type {fields[1]} of molecule {molecule} belongs to no group, or to two")
    return found


def _sections(text: str) -> Iterator[tuple[str, str, str]]:
    """(section, molecule type, line) of each line; headings belong to no section."""
    section = molecule = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[] ")
            yield "", "", line
            continue
        fields = line.split(";")[0].split()
        if section == "moleculetype" and fields:
            molecule = fields[0]
        yield section, molecule, line
