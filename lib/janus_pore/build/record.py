"""The record of a built system, `system.json`: what it was built from, its box, its counts, where its pore is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .. import hints
from ..errors import CellError
from ..files import read_json


def read(directory: Path) -> dict[str, Any]:
    """The record of the system in a directory.

    Raises
    ------
    CellError
        if there is none, or a crash cut it short.
    """
    path = directory / "system.json"
    if not path.exists():
        raise CellError(f"{path} is not there: {hints.build(path.parent)}")
    return read_json(
        path,
        "delete it and build the system again, which gives the same (janus-pore build, or engine --name settle)",
        CellError,
    )
