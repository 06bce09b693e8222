"""What both benchmarks say of the conditions they ran under, and how they write their results."""

from __future__ import annotations

import os
import platform
import re
import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from janus_pore.files import write_json, write_text


def command() -> str:
    """The command line of this run."""
    return shlex.join(["python", f"bench/{Path(sys.argv[0]).name}", *sys.argv[1:]])


def conditions() -> dict[str, Any]:
    """Processor, its load when the benchmark began, and versions."""
    model = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": model.group(1) if model else platform.machine(),
        "cores": os.cpu_count(),
        "load_average_at_start": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "mdanalysis": version("MDAnalysis"),
    }


def table(rows: Sequence[dict[str, Any]]) -> str:
    """A Markdown table of rows with the same keys; floats with four significant digits."""
    cells = [list(rows[0]), ["---"] * len(rows[0]), *(row.values() for row in rows)]
    shown = [[f"{x:.4g}" if isinstance(x, float) else "" if x is None else str(x) for x in row] for row in cells]
    return "\n".join(f"| {' | '.join(row)} |" for row in shown)


def write(result: dict[str, Any], tables: Sequence[str], out: Path) -> None:
    """Write `out` (JSON) and the same as Markdown beside it; print the Markdown."""
    said = "; ".join(f"{key}: {value}" for key, value in result["conditions"].items())
    text = "\n\n".join([f"`{result['command']}`", said, *tables]) + "\n"
    write_json(out, result)
    write_text(out.with_suffix(".md"), text)
    print(text, end="")


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
