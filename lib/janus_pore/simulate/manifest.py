"""The manifest of a finished segment: what it was made from and with, and the SHA-256 of what is kept."""

from __future__ import annotations

import re
import shlex
import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from ..checkout import commit
from ..errors import RunError
from ..files import Record, sha256
from . import checkpoint
from .gmx import Gmx
from .later import in_words, later

KEPT = ("md.xtc", "md.edr", "md.log", "state.cpt")


class Inputs(Record):
    """SHA-256 of what a segment is run from."""

    tpr: str
    checkpoint: str | None


class Launch(Record):
    """How mdrun was launched, and by which commit of the code."""

    command: list[str]
    commit: str


class Begun(Record):
    """What is noted of a segment when it is begun."""

    inputs: Inputs
    started: str
    launches: list[Launch] = []  # those of mdrun that differ from the one before


class Steps(Record):
    """What tells how long a finished segment is."""

    steps: Annotated[list[int], Field(min_length=2, max_length=2)]


class Energy(Record):
    """Means over a run's energies."""

    temperature_k: float
    spread_k: float
    canonical_spread_k: float
    potential_kj_mol: float
    samples: int


class Build(Record):
    """Which GROMACS ran."""

    version: str
    simd: str
    gpu: str


class Kept(Record):
    """SHA-256 of what is kept of a segment; the trajectory has to be among it."""

    xtc: str = Field(alias="md.xtc")


class Segment(Steps):
    """What the manifest of a finished segment has."""

    inputs: Inputs
    files: Kept
    frames: int
    energy: Energy
    gromacs: Build
    command: list[str]
    commit: str = ""  # earlier runs do not say
    gromacs_before: list[Build] = []  # others that ran a part of it, before a stop; so the next two
    command_before: list[list[str]] = []
    commit_before: list[str] = []
    ended: str
    ns_per_day: float | None = None


def of_run(work: Path, gmx: Gmx, command: list[str], run: dict[str, Any], begun: dict[str, Any]) -> dict[str, Any]:
    """The manifest of a verified run in `work`: `run` says inputs, steps, frames and energy, `begun` what was noted.

    Which GROMACS ran is what mdrun's log says of each launch, how and by which commit what was noted of it; `gmx`,
    `command` and the commit that runs stand in where neither says it.
    """
    said = (work / "md.log").read_text(errors="replace")
    launches = begun.get("launches") or [{"command": command, "commit": running()}]
    builds = _builds(said) or [{"version": gmx.version, "simd": gmx.simd, "gpu": gmx.gpu}]
    return {
        "inputs": run["inputs"],
        "files": {name: sha256(work / name) for name in KEPT},
        **{key: run[key] for key in ("steps", "frames", "energy")},
        **_of_launches("gromacs", builds),
        **_of_launches("command", [one["command"] for one in launches]),
        **_of_launches("commit", [one["commit"] for one in launches]),
        "host": socket.gethostname(),
        "started": begun["started"],
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        **_speed(said),
    }


@cache
def running() -> str:
    """The commit of the code that runs, asked once: it stays what it was."""
    return commit()


def done(directory: Path, kind: type[Record] = Segment) -> dict[str, Any] | None:
    """The manifest of a finished segment, or None if there is no such segment.

    Raises
    ------
    RunError
        if files changed since the manifest was written, or it is none of this `kind`.
    """
    path = directory / "manifest.json"
    if not path.exists():
        return None
    manifest = checkpoint.read_note(path, kind)
    changed = [name for name, digest in manifest["files"].items() if sha256(directory / name) != digest]
    if changed:
        raise RunError(
            f"{directory}: {', '.join(changed)} changed or vanished since the run. Restore them, or delete this "
            f"directory to run it again{in_words(directory, ' with')}, and the stamps that say it is done: "
            f"{removal(directory)}"
        )
    return manifest


def removal(directory: Path) -> str:
    """The command (for a shell) that removes a run so that the workflow makes it again.

    With it go the segments that went on from it, its stamps and what was collected from it, and nothing else, whatever
    the path is called.
    """
    words = [shlex.quote(str(path)) for path in (directory, *later(directory))]
    place = next((p for p in (directory.parent, directory.parents[1]) if any(p.glob("*.done"))), None)
    if place:
        quoted = (shlex.quote(f"{place}{end}") for end in (".nc", ".forces.nc"))
        words += [f"{shlex.quote(str(place))}/*.done", *quoted]
    return " ".join(["rm -rf --", *words])


def same(manifest: dict, inputs: dict, directory: Path) -> dict:
    """The manifest (or note of a begun run), if it is of these inputs; RunError otherwise."""
    if manifest["inputs"] != inputs:
        also = in_words(directory, ", and with it")
        raise RunError(
            f"{directory} was run from other inputs (system, settings, protocol or earlier segment changed since, or "
            "its run input was made anew by another GROMACS). Set that back, give the changed scale a new name, or "
            f"move this directory away to run it again{also and f'{also}, or remove them: {removal(directory)}'}"
        )
    return manifest


def builds(manifests: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """The GROMACS builds that ran these segments, each once; the one that ended the last of them comes last."""
    return each_once(manifests, "gromacs")


def each_once(manifests: Sequence[dict[str, Any]], key: str) -> list[Any]:
    """What launches of these segments had as `key` ("gromacs", "command", "commit"), each once; the last comes last."""
    ran = [one for m in manifests if key in m for one in (*m.get(f"{key}_before", ()), m[key])]
    return [one for k, one in enumerate(ran) if one not in ran[k + 1 :]]


def _of_launches(key: str, ran: Sequence[Any]) -> dict[str, Any]:
    """The last, and the others that ran before it (on another machine, perhaps)."""
    *before, last = each_once([{key: one} for one in ran], key)
    return {key: last, **({f"{key}_before": before} if before else {})}


def _builds(said: str) -> list[dict[str, str]]:
    """The build of each launch, by mdrun's log."""
    keys = {"version": "GROMACS version", "simd": "SIMD instructions", "gpu": "GPU support"}
    each = [re.findall(rf"^{key}:\s+(\S.*?)\s*$", said, re.M) for key in keys.values()]
    return [dict(zip(keys, launch, strict=True)) for launch in zip(*each, strict=False)]


def _speed(said: str) -> dict[str, float]:
    """ns/day of the fastest launch, from mdrun's own log: one that had few steps left, or none, says little."""
    found = re.findall(r"^Performance:\s+([\d.]+)", said, re.M)
    return {"ns_per_day": max(map(float, found))} if found else {}
