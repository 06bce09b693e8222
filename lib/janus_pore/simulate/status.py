"""What has been run: one row a finished segment, read from the manifests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from ..config import Scale
from ..paths import Campaign
from .protocols import protocols_of, replicas_of
from .runner import done


def segments(scale: Scale, campaign: Campaign) -> pd.DataFrame:
    """Every segment of a campaign that is finished, and those still missing (with `finished` False).

    Returns
    -------
    DataFrame with system, protocol, replica, segment, finished, ps, frames, temperature_k, spread_k,
    canonical_spread_k, ns_per_day.
    """
    rows = []
    for system in scale.systems:
        rows.append(_row(scale, campaign.equilibration(system) / "nvt", system, "equilibrate", "", "nvt"))
        for name, protocol in protocols_of(scale, system).items():
            for replica in replicas_of(scale, protocol):
                place = campaign.replica(system, name, replica)
                for k in range(len(protocol.segments) + 1):
                    rows.append(_row(scale, place / f"seg{k:02d}", system, name, place.name, f"seg{k:02d}"))
    return pd.DataFrame(rows)


def _row(scale: Scale, directory: Path, system: str, protocol: str, replica: str, segment: str) -> dict[str, Any]:
    row = {"system": system, "protocol": protocol, "replica": replica, "segment": segment, "finished": False}
    manifest = done(directory)
    if manifest is None:
        return row
    first, last = manifest["steps"]
    energy = manifest["energy"]
    return row | {
        "finished": True,
        "ps": (last - first) * scale.md.timestep_fs / 1000,
        "frames": manifest["frames"],
        "temperature_k": round(energy["temperature_k"], 1),
        "spread_k": round(energy["spread_k"], 2),
        "canonical_spread_k": round(energy["canonical_spread_k"], 2),
        "ns_per_day": manifest.get("ns_per_day"),
    }
