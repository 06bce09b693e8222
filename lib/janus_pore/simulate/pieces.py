"""The pieces mdrun leaves, and joining them to one trajectory.

A segment continues another's checkpoint with its own .tpr, so mdrun must run with `-noappend`: each launch writes
`md.partNNNN.*`, trimmed before the next launch to what the checkpoint vouches for.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
from pathlib import Path

from ..errors import RunError
from ..files import settle, synced

PART = re.compile(r"md\.part(\d{4})\.(xtc|edr|log)$")
_EDR_FRAME = rb"\xd0\x95\x02\xf9" + struct.pack(">i", -7777777) + rb"...."
_EDR_STEPS = 32  # byte of a frame where it says its steps since the frame before


def join(directory: Path) -> None:
    """Join `md.partNNNN.*` to `md.xtc`, `md.edr` and `md.log`; the parts go only when all three are whole.

    A single part is only given its name. Of several, a frame that a restart repeats comes once; the first energy frame
    of a launch counts its steps from the launch and, joined, says those since the frame before it, as in an
    uninterrupted run.
    """
    parts: dict[str, list[Path]] = {"xtc": [], "edr": [], "log": []}
    for path in sorted(directory.iterdir()):
        if match := PART.match(path.name):
            parts[match.group(2)].append(path)
    for suffix, paths in parts.items():
        whole = directory / f"md.{suffix}"
        if whole.exists() or not paths:
            continue
        if len(paths) == 1:
            os.replace(paths.pop(), whole)
            continue
        part, last = directory / f"{whole.name}.tmp", None
        with open(part, "wb") as out:
            for path in paths:
                with open(path, "rb") as more:
                    if suffix != "log":
                        frames = _xtc_frames(path) if suffix == "xtc" else _edr_frames(path)
                        new = [frame for frame in frames if last is None or frame[1] > last]
                        if not new:  # a launch may end before its first frame
                            continue
                        start, step = new[0]
                        more.seek(0 if last is None else start)  # the first launch's EDR begins with names
                        if suffix == "edr" and last is not None:
                            out.write(more.read(_EDR_STEPS) + struct.pack(">q", step - last))
                            more.seek(8, os.SEEK_CUR)
                        last = new[-1][1]
                    shutil.copyfileobj(more, out, 1 << 24)
        settle(part, whole)
    synced(directory)  # what is joined is on the disk before the parts, which mdrun saw written there, go
    for path in (path for paths in parts.values() for path in paths):
        path.unlink()


def _xtc_frames(path: Path) -> list[tuple[int, int]]:
    """(byte, step) of each frame of an XTC file, from the frames' headers alone (its reader can die of damage)."""
    found, start, size = [], 0, path.stat().st_size
    with open(path, "rb") as xtc:
        while start < size:
            xtc.seek(start)
            head = xtc.read(92).ljust(92, b"\0")
            magic, atoms, step = struct.unpack(">3i", head[:12])
            packed = struct.unpack(">i", head[88:])[0] if atoms > 9 else 12 * atoms - 36  # few atoms are not packed
            end = start + 92 + (packed + 3) // 4 * 4
            if magic != 1995 or end < start + 56 or end > size:
                raise RunError(
                    f"{path} is damaged at byte {start}. Delete {path.parent} to run the segment again from its start"
                )
            found.append((start, step))
            start = end
    return found


def _edr_frames(path: Path) -> list[tuple[int, int]]:
    """(byte, step) of each frame of an EDR file (a frame: a real, the magic number, version, time, step, ...)."""
    data = path.read_bytes()
    return [
        (found.start(), struct.unpack(">q", data[found.end() + 8 : found.end() + 16])[0])
        for found in re.finditer(_EDR_FRAME, data, re.S)
    ]
