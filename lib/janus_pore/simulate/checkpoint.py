"""What a checkpoint vouches for: the state to go on from, and the outputs up to its step.

A checkpoint lists the files of its own part with their lengths at that step and an MD5 of the last megabyte before
it; whatever was written later, or by a later part, is cut off before resuming, so nothing is counted twice. It
carries no checksum of itself (GROMACS takes one with flipped bits): `seal` keeps one while no mdrun is at work.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, RootModel

from ..errors import RunError
from ..files import read_json, sha256, write_json
from .gmx import Gmx, reason
from .pieces import PART

CHECKPOINTS = ("state.cpt", "state_prev.cpt")


@dataclass(frozen=True)
class Output:
    """One output of a checkpoint's part: its length then, and the MD5 of the `checked` bytes before that (or -1)."""

    name: str
    length: int
    checked: int = -1
    md5: str = ""


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says of itself: step, part number, and that part's outputs."""

    step: int
    part: int
    outputs: tuple[Output, ...]


def read(gmx: Gmx, path: Path) -> Checkpoint:
    """Read a checkpoint through `gmx dump -cp`.

    Raises
    ------
    RunError
        if GROMACS cannot read it (truncated or damaged), or does not list its outputs.
    """
    done = subprocess.run([gmx.path, "-quiet", "dump", "-cp", str(path)], capture_output=True)
    text = done.stdout.decode(errors="replace")
    step, part = re.search(r"^step = (\d+)", text, re.M), re.search(r"^simulation part # = (\d+)", text, re.M)
    if done.returncode != 0 or not step or not part:
        said = done.stderr.decode(errors="replace")
        if re.search(r"checkpoint file of version \d+ with code of version \d+", said):
            raise RunError(
                f"{path} is of a newer GROMACS than {gmx.path} ({gmx.version}), which cannot read it: set GMX to that "
                f"which wrote it (the log in {path.parent} names it), and call again to go on"
            )
        raise RunError(
            f"{path} cannot be read as a checkpoint of GROMACS: it is truncated or damaged. Delete {path.parent} to "
            f"run this segment again from its start. GROMACS says: {reason(said)}"
        )
    found = re.findall(
        r"output filename = (.+)\nfile_offset_high = (-?\d+)\nfile_offset_low = (-?\d+)\n"
        r"file_checksum_size = (-?\d+)\nfile_checksum = (\w*)",
        text,
    )
    outputs = tuple(
        Output(Path(name).name, (int(high) << 32) + (int(low) & 0xFFFFFFFF), int(size), md5)
        for name, high, low, size, md5 in found
    )
    if not outputs:
        raise RunError(
            f"{gmx.path} dump does not list the outputs of {path} as GROMACS 2021 to 2025 do, so nothing vouches for "
            "them: set GMX to one of these to go on"
        )
    return Checkpoint(int(step.group(1)), int(part.group(1)), outputs)


class Sealed(RootModel[dict[str, str]]):
    """SHA-256 of checkpoints, by name."""


def read_note(path: Path, kind: type[BaseModel]) -> dict[str, Any]:
    """What a runner wrote down (JSON); RunError if a crash cut it short, or it is not of the `kind`."""
    return read_json(path, f"delete {path.parent} to run this segment again", kind)


def seal(directory: Path) -> None:
    """Note the SHA-256 of the checkpoints that an mdrun left."""
    write_json(directory / "sealed.json", {name: sha256(directory / name) for name in CHECKPOINTS})


def unseal(directory: Path) -> None:
    """Forget it: an mdrun is about to write new ones."""
    (directory / "sealed.json").unlink(missing_ok=True)


def resume_point(gmx: Gmx, directory: Path) -> Checkpoint | None:
    """The checkpoint to go on from, as `state.cpt`, with the outputs trimmed to it; None if none was ever written.

    If the last checkpoint is lost or damaged, or outputs do not match it, the one before is taken.

    Raises
    ------
    RunError
        if neither can be gone on from, or both are lost, as the seal or the logs say; nothing was changed then.
    """
    note = directory / "sealed.json"
    remedy = "delete it, and the run goes on from the checkpoint as that is"
    sealed = read_json(note, remedy, Sealed) if note.exists() else {}
    found = [path for name in CHECKPOINTS if (path := directory / name).exists()]
    if not found:
        if lost := [name for name in CHECKPOINTS if sealed.get(name)] or _written(directory):
            raise RunError(
                f"{directory}: {' and '.join(lost)} vanished since mdrun wrote them, and nothing else says how far it "
                f"came. Restore one, or delete {directory} to run this segment again from its start"
            )
        for path in directory.glob("md.part*"):
            path.unlink()
        return None
    faults = []
    for path in found:
        try:
            if sealed.get(path.name, "") not in ("", sha256(path)):
                raise RunError(
                    f"{path} was changed since mdrun wrote it. Restore it, or delete {directory} to run this segment "
                    "again from its start"
                )
            state = read(gmx, path)
            trim(directory, state)
        except RunError as fault:
            faults.append(fault)
            continue
        if path.name != CHECKPOINTS[0]:
            shutil.copy2(path, directory / CHECKPOINTS[0])
        return state
    raise faults[0]


def _written(directory: Path) -> list[str]:
    """The checkpoint that was there, by the launches' logs: one says that it was written, or there are several."""
    logs = sorted(directory.glob("md.part*.log"))
    said = len(logs) > 1 or any("Writing checkpoint, step" in path.read_text(errors="replace") for path in logs)
    return [CHECKPOINTS[0]] if said else []


def check(directory: Path, checkpoint: Checkpoint) -> None:
    """Compare the outputs in `directory` with what `checkpoint` says of them.

    Raises
    ------
    RunError
        if an output is missing or shorter (frames are lost), or other bytes are in it than mdrun wrote.
    """
    for output in checkpoint.outputs:
        path = directory / output.name
        size = path.stat().st_size if path.exists() else 0
        remedy = f"Restore it, or delete {directory} to run this segment again from its start"
        if size < output.length:
            raise RunError(
                f"{path} has {size} bytes where its checkpoint says {output.length}: output was lost. {remedy}"
            )
        if output.checked > 0:
            with open(path, "rb") as file:
                file.seek(output.length - output.checked)
                md5 = hashlib.md5(file.read(output.checked), usedforsecurity=False).hexdigest()
            if md5 != output.md5.lower():
                raise RunError(f"{path} was changed since mdrun wrote it (its checkpoint's MD5 differs). {remedy}")


def trim(directory: Path, checkpoint: Checkpoint) -> None:
    """Cut the outputs in `directory` back to what `checkpoint` vouches for, after `check`."""
    check(directory, checkpoint)
    for path in directory.iterdir():
        match = PART.match(path.name)
        if match and int(match.group(1)) > checkpoint.part:
            path.unlink()
    for output in checkpoint.outputs:
        os.truncate(directory / output.name, output.length)
