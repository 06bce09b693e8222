"""The pieces mdrun leaves: what a checkpoint vouches for, and joining the pieces to one trajectory.

A segment continues another's checkpoint with its own .tpr, so mdrun must run with `-noappend`: each launch writes
`md.partNNNN.*`. A checkpoint lists the files of its own part with their lengths at that step; whatever was
written later, or by a later part, is cut off before resuming, so nothing is counted twice.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from MDAnalysis.lib.formats.libmdaxdr import XTCFile

from ..errors import RunError
from .gmx import Gmx

_EDR_FRAME = rb"\xd0\x95\x02\xf9" + struct.pack(">i", -7777777) + rb"...."
_PART = re.compile(r"md\.part(\d{4})\.(xtc|edr|log)$")


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says of itself: step, part number, and (file name, length) of that part's outputs."""

    step: int
    part: int
    lengths: tuple[tuple[str, int], ...]


def read_checkpoint(gmx: Gmx, path: Path) -> Checkpoint:
    """Read a checkpoint through `gmx dump -cp`.

    Raises
    ------
    RunError
        if GROMACS cannot read it (truncated or damaged).
    """
    done = subprocess.run([gmx.path, "-quiet", "dump", "-cp", str(path)], capture_output=True, text=True)
    text = done.stdout
    step, part = re.search(r"^step = (\d+)", text, re.M), re.search(r"^simulation part # = (\d+)", text, re.M)
    if done.returncode != 0 or not step or not part:
        raise RunError(f"{path} cannot be read as a checkpoint of GROMACS: it is truncated or damaged")
    found = re.findall(r"output filename = (.+)\nfile_offset_high = (-?\d+)\nfile_offset_low = (-?\d+)", text)
    lengths = tuple((Path(name).name, (int(high) << 32) + (int(low) & 0xFFFFFFFF)) for name, high, low in found)
    return Checkpoint(int(step.group(1)), int(part.group(1)), lengths)


def trim(directory: Path, checkpoint: Checkpoint) -> None:
    """Cut the outputs in `directory` back to what `checkpoint` vouches for.

    Raises
    ------
    RunError
        if an output is missing or shorter than the checkpoint says: those frames are lost.
    """
    for path in directory.iterdir():
        match = _PART.match(path.name)
        if match and int(match.group(1)) > checkpoint.part:
            path.unlink()
    for name, length in checkpoint.lengths:
        path = directory / name
        size = path.stat().st_size if path.exists() else 0
        if size < length:
            raise RunError(
                f"{path} has {size} bytes where the checkpoint beside it says {length}: output was lost. Delete "
                f"{directory} to run this segment again from its start"
            )
        os.truncate(path, length)


def join(directory: Path) -> None:
    """Join `md.partNNNN.*` to `md.xtc`, `md.edr` and `md.log`; the parts go only when all three are whole."""
    parts: dict[str, list[Path]] = {"xtc": [], "edr": [], "log": []}
    for path in sorted(directory.iterdir()):
        if match := _PART.match(path.name):
            parts[match.group(2)].append(path)
    starts = {"xtc": _xtc_start, "edr": _edr_start, "log": lambda path, before: 0}
    holds = {"xtc": lambda path: path.stat().st_size > 0, "edr": _edr_frames, "log": lambda path: True}
    for suffix, paths in parts.items():
        whole = directory / f"md.{suffix}"
        if whole.exists() or not paths:
            continue
        part = directory / f"{whole.name}.tmp"
        with open(part, "wb") as out:
            framed = [path for path in paths if holds[suffix](path)]  # a launch may end before its first frame
            for before, path in zip([None, *framed], framed, strict=False):
                with open(path, "rb") as more:
                    more.seek(starts[suffix](path, before) if before else 0)
                    shutil.copyfileobj(more, out, 1 << 24)
        os.replace(part, whole)
    for path in (path for paths in parts.values() for path in paths):
        path.unlink()


def _xtc_start(path: Path, before: Path) -> int:
    """Byte at which a later part's frames begin to be new (a restart may repeat the frame it starts from)."""
    with XTCFile(str(before)) as earlier, XTCFile(str(path)) as later:
        offsets = np.asarray(later.offsets)
        if not len(earlier) or not len(offsets):
            return 0
        earlier.seek(len(earlier) - 1)
        last = earlier.read().step
        for offset in offsets:
            if later.read().step > last:
                return int(offset)
    return path.stat().st_size


def _edr_start(path: Path, before: Path) -> int:
    """Byte at which a later part's energy frames begin to be new, past the list of names and repeated frames."""
    earlier, later = _edr_frames(before), _edr_frames(path)
    last = earlier[-1][1] if earlier else -1
    return next((start for start, step in later if step > last), path.stat().st_size)


def _edr_frames(path: Path) -> list[tuple[int, int]]:
    """(byte, step) of each frame of an EDR file (a frame: a real, the magic number, version, time, step, ...)."""
    data = path.read_bytes()
    return [
        (found.start(), struct.unpack(">q", data[found.end() + 8 : found.end() + 16])[0])
        for found in re.finditer(_EDR_FRAME, data, re.S)
    ]
