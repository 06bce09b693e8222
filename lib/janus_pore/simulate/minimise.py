"""Energy minimisation of a built system: once, under a lock, kept with a manifest of what it was made from."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from ..build import forcefield
from ..config import Scale
from ..errors import RunError
from ..files import Record, sha256, synced, write_json
from . import prepare, process
from .gmx import Gmx
from .manifest import done

_KEPT = ("conf.gro", "em.log")


class _Inputs(Record):
    conf: str
    topology: str
    options: dict[str, str] = {}  # earlier manifests do not say them


class Made(Record):
    """What the manifest of a minimisation has."""

    inputs: _Inputs
    files: dict[str, str]


def minimise(scale: Scale, gmx: Gmx, place: Path, built: Path, threads: int, *, sheet: bool = True) -> Path:
    """Relax the lattice start, with flexible water; return the coordinates (kept with a manifest, made once).

    Raises
    ------
    RunError
        if another process is at it, it was made from another system or with other settings, or it fails.
    """
    options = prepare.minimisation(scale, sheet=sheet)
    inputs = {
        "conf": sha256(built / "conf.gro"),
        "topology": sha256(built / "topol.top"),
        "options": {key: str(value) for key, value in options.items()},
    }
    if _made(place, inputs):
        return place / "conf.gro"
    work = place.with_name(place.name + ".partial")
    work.mkdir(parents=True, exist_ok=True)
    with process.locked(work) as lock:
        if _made(place, inputs):  # another process ended it just now
            shutil.rmtree(work)
            return place / "conf.gro"
        for path in work.iterdir():  # it is short and begins anew
            if path.name != "lock":
                path.unlink()
        (work / "topol.top").write_text(forcefield.flexible((built / "topol.top").read_text()))
        shutil.copyfile(built / "index.ndx", work / "index.ndx")
        tpr = prepare.run_input(gmx, work / "em.tpr", options, built / "conf.gro", work)
        argv = [*process.mdrun(gmx, tpr, threads, dynamics=False), "-deffnm", "em", "-c", "conf.gro"]
        process.launch(argv, work, lock)
        reached = _reached(work)
        for path in work.iterdir():
            if path.name not in (*_KEPT, "lock"):
                path.unlink()
        for name in _KEPT:
            synced(work / name)
        files = {name: sha256(work / name) for name in _KEPT}
        write_json(work / "manifest.json", {"inputs": inputs, "files": files, **reached})
        shutil.rmtree(place, ignore_errors=True)  # without a manifest: of nothing that was finished
        os.replace(work, place)
        synced(place.parent)
        (place / "lock").unlink()
    return place / "conf.gro"


def _made(place: Path, inputs: dict[str, Any]) -> bool:
    """Whether the minimisation is done; RunError if from other inputs (earlier manifests do not say the options)."""
    manifest = done(place, Made)
    if manifest is None:
        return False
    old = manifest["inputs"]
    differs = [f"another {name}" for name in ("conf", "topology") if old.get(name, inputs[name]) != inputs[name]]
    asked, found = inputs["options"], old.get("options", inputs["options"])
    differs += [f"{key} {said}" for key, said in prepare.otherwise(found, asked).items()]
    if differs:
        raise RunError(
            f"{place} was made with {'; '.join(differs)}, and all runs began from it: set the scale file back, or give "
            "the changed scale a new name"
        )
    return True


def _reached(work: Path) -> dict[str, float]:
    """Potential energy and largest force in the end; RunError if that is no bound state."""
    log = (work / "em.log").read_text(errors="replace")
    found = {key: re.findall(rf"{key}\s+=\s+(\S+)", log)[-1:] for key in ("Potential Energy", "Maximum force")}
    numbers = {key: float(value[0]) for key, value in found.items() if value}
    if len(numbers) < 2 or not all(np.isfinite(list(numbers.values()))) or numbers["Potential Energy"] > 0:
        raise RunError(f"{work}: minimisation did not reach a bound state ({numbers}); see em.log there")
    return numbers
