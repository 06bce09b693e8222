"""Where a number came from: the code's commit, the scale file, the data and their trajectories."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import xarray as xr

from .. import __version__
from ..checkout import commit
from ..files import sha256
from ..paths import repository


def provenance(scale_file: Path | str, data: Iterable[xr.Dataset]) -> dict[str, Any]:
    """A record to keep beside every result."""
    datasets = list(data)
    return {
        "janus_pore": __version__,
        "commit": commit(),
        "scale_file": Path(scale_file).name,
        "scale_file_sha256": sha256(repository() / scale_file),
        "gromacs": sorted({str(d.attrs["gromacs"]) for d in datasets}),
        "trajectories_sha256": sorted(h for d in datasets for h in str(d.attrs["trajectories_sha256"]).split()),
        "replicas": sum(d.sizes.get("replica", 1) for d in datasets),
        "simulated_ns": round(sum(_ns(d) for d in datasets), 6),
    }


def line(scale_file: Path | str, data: Iterable[xr.Dataset]) -> str:
    """The one-line version that notebooks end with."""
    record = provenance(scale_file, data)
    return f"From {behind(record)} ({', '.join(record['gromacs'])}), {record['scale_file']}, commit {record['commit']}."


def behind(record: dict[str, Any]) -> str:
    """How much stands behind a result, from its record: trajectories, and replicas and nanoseconds where they count."""
    found = f"{len(record['trajectories_sha256'])} trajectories"
    if record.get("simulated_ns"):
        found += f" of {record['replicas']} replicas, {record['simulated_ns']:.3g} ns"
    return found


def _ns(data: xr.Dataset) -> float:
    """Simulated time of all replicas, every segment once; 0 for what was not reduced to intervals."""
    count = data.sizes.get("interval", 0) * data.sizes.get("replica", 1)
    return count * float(data.attrs.get("interval_ps", 0.0)) / 1000
