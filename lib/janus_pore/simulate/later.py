"""The segments of a replica that went on from one: each is known by the checkpoint that it started from."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from ..errors import RunError
from ..files import Record, sha256
from .checkpoint import read_note


class _Inputs(Record):
    checkpoint: str | None


class _Started(Record):
    inputs: _Inputs


class _Kept(Record):
    files: dict[str, str]


def later(directory: Path) -> list[Path]:
    """The segments, finished or begun, that went on from this one, or from one that did.

    None of them fits when this one is run anew: its checkpoint is another then. What was moved away under another name
    is not looked at.
    """
    others = [path for path in directory.parent.glob("seg*") if re.fullmatch(r"seg\d+(\.partial)?", path.name)]
    found, ends = [directory], {_end(directory)}
    while more := [path for path in others if path not in found and _start(path) in ends]:
        found += more
        ends = {_end(path) for path in more}
    return sorted(found[1:])


def in_words(directory: Path, before: str) -> str:
    """What goes with a segment that is run anew, after the words `before`; nothing if nothing went on from it."""
    names = [path.name for path in later(directory)]
    return f"{before} what went on from it ({', '.join(names)})" if names else ""


def _start(directory: Path) -> str | None:
    """SHA-256 of the checkpoint that a segment started from; None if it had none, or nothing tells."""
    for name in ("manifest.json", "inputs.json"):
        with suppress(RunError, OSError):
            return read_note(directory / name, _Started)["inputs"]["checkpoint"]
    return None


def _end(directory: Path) -> str:
    """SHA-256 of the checkpoint that a segment ended with, as its manifest says if it has one."""
    with suppress(RunError, OSError, KeyError):
        return read_note(directory / "manifest.json", _Kept)["files"]["state.cpt"]
    return sha256(directory / "state.cpt")
