"""Run one segment of MD to its end, or leave a state from which the next call goes on.

inputs hashed -> work in `<segment>.partial/` -> `mdrun -cpi` until the checkpoint's step is the last -> pieces
joined -> verified -> manifest -> renamed to `<segment>/`. A segment is done if and only if its manifest verifies.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from ..errors import RunError
from ..files import sha256, write_json
from . import checkpoint, pieces, process, verify
from .gmx import Gmx
from .process import Progress

KEPT = ("md.xtc", "md.edr", "md.log", "state.cpt")


@dataclass(frozen=True)
class Task:
    """One segment to run.

    Attributes
    ----------
    directory : where the finished segment will lie
    tpr : run input; its step count is cumulative over the replica's segments
    checkpoint : the previous segment's end, or None for a run from the .tpr's own state
    first_step, last_step : cumulative steps
    timestep_ps, interval_ps : time step and spacing of trajectory frames
    temperature_k, degrees_of_freedom : of the mobile atoms
    """

    directory: Path
    tpr: Path
    checkpoint: Path | None
    first_step: int
    last_step: int
    timestep_ps: float
    interval_ps: float
    temperature_k: float
    degrees_of_freedom: int


def done(directory: Path) -> dict[str, Any] | None:
    """The manifest of a finished segment, or None if there is no such segment.

    Raises
    ------
    RunError
        if files changed since the manifest was written.
    """
    path = directory / "manifest.json"
    if not path.exists():
        return None
    manifest = checkpoint.read_note(path)
    changed = [name for name, digest in manifest["files"].items() if sha256(directory / name) != digest]
    if changed:
        raise RunError(
            f"{directory}: {', '.join(changed)} changed or vanished since the run. Restore them, or delete this "
            "directory to run it again"
        )
    return manifest


def run(
    task: Task,
    gmx: Gmx,
    *,
    threads: int,
    max_hours: float | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Bring a segment to its end and return its manifest; costs nothing if it is done already.

    Raises
    ------
    RunError
        if another runner has the segment, its inputs changed since it was run, mdrun failed, the walltime or a
        signal ended it early (call again to resume), or the result does not verify.
    """
    work = task.directory.with_name(task.directory.name + ".partial")
    try:
        inputs = {"tpr": sha256(task.tpr), "checkpoint": sha256(task.checkpoint) if task.checkpoint else None}
        if not inputs["tpr"] or inputs["checkpoint"] == "":
            raise RunError(f"{task.directory}: {task.tpr} or the previous segment's checkpoint is missing")
        if (manifest := done(task.directory)) is None:
            work.mkdir(parents=True, exist_ok=True)
            with process.locked(work) as lock:
                if (manifest := done(task.directory)) is None:  # else another runner ended it just now
                    manifest = _finish(task, gmx, work, inputs, threads, max_hours, progress, lock)
                else:
                    shutil.rmtree(work)
        return _same(manifest, inputs, task.directory)
    except OSError as error:
        raise RunError(
            f"{work}: {error.strerror}: {error.filename or 'while writing'}. What was written stays there: make room "
            "on the disk, or make the directory writable, and call again to go on"
        ) from error


def _finish(
    task: Task, gmx: Gmx, work: Path, inputs: dict, threads: int, max_hours: float | None,
    progress: Progress | None, lock: IO,
) -> dict[str, Any]:  # fmt: skip
    """Run what is missing of a segment in `work`, verify it, write its manifest and give it its name."""
    if (manifest := done(work)) is None:  # else only the renaming is missing
        started = datetime.now(UTC).isoformat(timespec="seconds")
        note = work / "inputs.json"
        if note.exists():
            earlier = checkpoint.read_note(note)
            _same(earlier, inputs, work)
            started = earlier["started"]
        else:
            write_json(note, {"inputs": inputs, "started": started})
        _to_the_end(task, gmx, work, threads, max_hours, progress, lock)
        frames, energy = _verified(task, work)
        manifest = {
            "inputs": inputs,
            "files": {name: sha256(work / name) for name in KEPT},
            "steps": [task.first_step, task.last_step],
            "frames": frames,
            "energy": energy,
            "gromacs": {"version": gmx.version, "simd": gmx.simd, "gpu": gmx.gpu},
            "command": ["gmx", "mdrun", "-s", task.tpr.name, *process.mdrun(gmx, task.tpr, threads)[5:]],
            "host": socket.gethostname(),
            "started": started,
            "ended": datetime.now(UTC).isoformat(timespec="seconds"),
            **_speed(work / "md.log"),
        }
        write_json(work / "manifest.json", manifest)
    _same(manifest, inputs, work)
    for path in work.iterdir():
        if path.name not in (*KEPT, "manifest.json"):
            path.unlink()
    os.replace(work, task.directory)
    return manifest


def _same(manifest: dict, inputs: dict, directory: Path) -> dict:
    if manifest["inputs"] != inputs:
        raise RunError(
            f"{directory} was run from other inputs (system, settings, protocol or earlier segment changed since). "
            "Give the changed scale a new name, or delete this directory to run it again"
        )
    return manifest


def _to_the_end(
    task: Task, gmx: Gmx, work: Path, threads: int, max_hours: float | None, progress: Progress | None, lock: IO
) -> None:
    """Launch mdrun until it has ended by itself with the last step in its checkpoint; join what it wrote.

    mdrun's exit code 0 does not mean finished (`-maxh` gives it too), and a checkpoint at the last step does not
    mean that the last frame was written: both are needed. A launch with no steps left costs a second.
    """
    own, before = work / "state.cpt", -1
    while not (work / "md.xtc").exists():  # there once joining has begun
        state = checkpoint.resume_point(gmx, work)
        if state is not None and before == state.step < task.last_step:
            raise RunError(f"{work}: mdrun ended twice at step {before}; see mdrun.out and the log there")
        before = state.step if state else -1
        argv = process.mdrun(gmx, task.tpr, threads)
        argv += ["-deffnm", "md", "-noappend", "-cpo", "state.cpt", "-cpt", "5"]
        start = own if state else task.checkpoint
        argv += ["-cpi", str(start.resolve())] if start else []
        argv += ["-maxh", f"{max_hours:g}"] if max_hours else []
        checkpoint.unseal(work)
        try:
            process.launch(argv, work, lock, progress)
        finally:
            checkpoint.seal(work)
        state = checkpoint.read(gmx, own)
        if state.step >= task.last_step:
            checkpoint.check(work, state)
            break
        if max_hours:
            raise RunError(f"{work}: walltime of {max_hours} h reached at step {state.step}; call again to resume")
    pieces.join(work)


def _verified(task: Task, work: Path) -> tuple[int, dict[str, float]]:
    start, end = task.first_step * task.timestep_ps, task.last_step * task.timestep_ps
    frames = verify.trajectory(work / "md.xtc", start, end, task.interval_ps)
    return frames, verify.energies(work / "md.edr", task.temperature_k, task.degrees_of_freedom)


def _speed(log: Path) -> dict[str, float]:
    """ns/day of the last launch, from mdrun's own log."""
    found = re.findall(r"^Performance:\s+([\d.]+)", log.read_text(errors="replace"), re.M)
    return {"ns_per_day": float(found[-1])} if found else {}
