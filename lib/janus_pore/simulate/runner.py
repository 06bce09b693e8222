"""Run one segment of MD to its end, or leave a state from which the next call goes on.

inputs hashed -> work in `<segment>.partial/` -> `mdrun -cpi` until the checkpoint's step is the last -> pieces
joined -> verified -> manifest -> renamed to `<segment>/`. A segment is done if and only if its manifest verifies.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

from ..errors import RunError, StoppedError
from ..files import sha256, synced, write_json
from . import checkpoint, pieces, process, verify
from .gmx import Gmx
from .manifest import KEPT, Begun, done, of_run, running, same
from .process import Progress


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


class Ended:
    """A segment whose steps are done, and whose directory stays locked until `conclude` has verified and named it."""

    def __init__(self, task: Task, conclude: Callable[[], dict[str, Any]]) -> None:
        self._task, self._conclude = task, conclude
        self._manifest: dict[str, Any] | None = None
        self._fault: RunError | None = None

    @property
    def state(self) -> Path:
        """Its checkpoint, where it lies now."""
        whole = self._task.directory
        return (whole if whole.exists() else _work(self._task)) / "state.cpt"

    def conclude(self) -> dict[str, Any]:
        """Verify what was not yet verified, and return the manifest; a second call costs nothing, and says the same."""
        if self._fault:
            raise self._fault
        if self._manifest is None:
            try:
                self._manifest = self._conclude()
            except RunError as fault:
                self._fault = fault
                raise
        return self._manifest


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
    return advance(task, gmx, threads=threads, max_hours=max_hours, progress=progress).conclude()


def advance(
    task: Task, gmx: Gmx, *, threads: int, max_hours: float | None = None, progress: Progress | None = None
) -> Ended:
    """The first part of `run`: all steps. The next segment may start from `Ended.state` before this one is concluded.

    Only `Ended.conclude` makes it count, and raises what is wrong with it.
    """
    work, held = _work(task), ExitStack()
    with _said_by_the_disk(work), held:
        inputs = {"tpr": sha256(task.tpr), "checkpoint": sha256(task.checkpoint) if task.checkpoint else None}
        if not inputs["tpr"] or inputs["checkpoint"] == "":
            raise RunError(f"{task.directory}: {task.tpr} or the previous segment's checkpoint is missing")
        if (manifest := done(task.directory)) is None:
            work.mkdir(parents=True, exist_ok=True)
            lock = held.enter_context(process.locked(work))
            if (manifest := done(task.directory)) is not None:  # another runner ended it just now
                shutil.rmtree(work)
        if manifest is not None:
            return Ended(task, partial(same, manifest, inputs, task.directory))
        if task.directory.exists() and any(task.directory.iterdir()):
            raise RunError(
                f"{task.directory} holds files, and no manifest that says what they are: move it away, and call again"
            )
        _steps(task, gmx, work, inputs, threads, max_hours, progress, lock)
        return Ended(task, partial(_conclude, task, gmx, work, inputs, threads, held.pop_all()))
    raise AssertionError("not reached")


def _work(task: Task) -> Path:
    return task.directory.with_name(task.directory.name + ".partial")


@contextmanager
def _said_by_the_disk(work: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{work}: {error.strerror}: {error.filename or 'while writing'}. What was written stays there: make room "
            "on the disk, or make the directory writable, and call again to go on"
        ) from error


def _steps(
    task: Task, gmx: Gmx, work: Path, inputs: dict, threads: int, max_hours: float | None,
    progress: Progress | None, lock: IO,
) -> None:  # fmt: skip
    """Run what is missing of a segment in `work`."""
    if done(work) is not None:  # only the renaming is missing
        return
    note = work / "inputs.json"
    if note.exists():
        same(checkpoint.read_note(note, Begun), inputs, work)
    else:
        write_json(note, {"inputs": inputs, "started": datetime.now(UTC).isoformat(timespec="seconds")})
    if task.checkpoint:  # a copy: the previous segment may be given its name while mdrun reads
        shutil.copyfile(task.checkpoint, work / "start.cpt")
    _to_the_end(task, gmx, work, threads, max_hours, progress, lock)


def _conclude(task: Task, gmx: Gmx, work: Path, inputs: dict, threads: int, held: ExitStack) -> dict[str, Any]:
    """Join the pieces of a segment, verify it, write its manifest and give it its name; free its directory."""
    with held, _said_by_the_disk(work):
        if (manifest := done(work)) is None:
            pieces.join(work)
            frames, energy = _verified(task, work)
            run = {"inputs": inputs, "steps": [task.first_step, task.last_step], "frames": frames, "energy": energy}
            begun = checkpoint.read_note(work / "inputs.json", Begun)
            manifest = of_run(work, gmx, _command(task, gmx, threads), run, begun)
            write_json(work / "manifest.json", manifest)
        same(manifest, inputs, work)
        for path in work.iterdir():
            if path.name not in (*KEPT, "manifest.json"):
                path.unlink()
        os.replace(work, task.directory)
        synced(task.directory.parent)
    return manifest


def _to_the_end(
    task: Task, gmx: Gmx, work: Path, threads: int, max_hours: float | None, progress: Progress | None, lock: IO
) -> None:
    """Launch mdrun until it has ended by itself with the last step in its checkpoint.

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
        start = own if state else work / "start.cpt"
        argv += ["-cpi", str(start.resolve())] if state or task.checkpoint else []
        argv += ["-maxh", f"{max_hours:g}"] if max_hours is not None else []
        _note_launch(work / "inputs.json", {"command": _command(task, gmx, threads), "commit": running()})
        checkpoint.unseal(work)
        try:
            process.launch(argv, work, lock, progress)
        finally:
            checkpoint.seal(work)
        state = checkpoint.read(gmx, own)
        if state.step >= task.last_step:
            checkpoint.check(work, state)
            break
        if max_hours is not None:
            raise StoppedError(f"{work}: walltime of {max_hours} h reached at step {state.step}; call again to resume")


def _command(task: Task, gmx: Gmx, threads: int) -> list[str]:
    """mdrun's command as manifests have it: without paths."""
    return ["gmx", "mdrun", "-s", task.tpr.name, *process.mdrun(gmx, task.tpr, threads)[5:]]


def _note_launch(note: Path, launch: dict[str, Any]) -> None:
    """Add a launch to the note of a begun segment, if it is another than the last."""
    begun = checkpoint.read_note(note, Begun)
    launches = begun.get("launches", [])
    if launches[-1:] != [launch]:
        write_json(note, begun | {"launches": [*launches, launch]})


def _verified(task: Task, work: Path) -> tuple[int, dict[str, float]]:
    start, end = task.first_step * task.timestep_ps, task.last_step * task.timestep_ps
    frames = verify.trajectory(work / "md.xtc", start, end, task.interval_ps)
    return frames, verify.energies(work / "md.edr", task.temperature_k, task.degrees_of_freedom, start, end)
