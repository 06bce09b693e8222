"""The manifest of a shipped replica: all that is needed to make it again, and to see that it is the same one."""

from __future__ import annotations

from typing import Any

import xarray as xr

from ..config import Scale
from ..files import sha256
from ..paths import Campaign
from ..simulate.field import Protocol
from ..simulate.protocols import md_of


def record(
    scale: Scale, campaign: Campaign, system: str, protocol: Protocol, k: int,
    manifests: list[dict[str, Any]], data: xr.Dataset, commit: str,
) -> dict[str, Any]:  # fmt: skip
    """What is said of a replica, but for the checksums of its files.

    Parameters
    ----------
    manifests : of its segments, in order
    data : the reduced replica
    commit : that ships it
    """
    segments = [
        {
            "label": label, "field_v_nm": segment.amplitude_v_nm, "frequency_ghz": segment.frequency_ghz,
            "duration_ps": segment.duration_ps, "steps": m["steps"], "frames": m["frames"], "inputs": m["inputs"],
            "trajectory_sha256": m["files"]["md.xtc"], "energy": m["energy"], "ended": m["ended"],
        }
        for label, segment, m in zip(protocol.labels, protocol.segments, manifests, strict=True)
    ]  # fmt: skip
    ns = [segment.duration_ps / 1000 for segment in protocol.segments]
    run = sorted({m["commit"] for m in manifests if "commit" in m})  # earlier runs do not say
    days = sum(n / m["ns_per_day"] for n, m in zip(ns, manifests, strict=True) if m["ns_per_day"])
    return {
        "scale": scale.scale, "system": system, "protocol": protocol.name, "replica": k, "seed": k + 1,
        "janus_pore": data.attrs["janus_pore"], "commit": " ".join(run) or "unknown", "shipped_by_commit": commit,
        "gromacs": manifests[-1]["gromacs"], "mdrun": manifests[-1]["command"],
        "simulated_ns": sum(ns), "hours": 24 * days,
        "topology_sha256": sha256(campaign.system(system) / "topol.top"),
        "parameters": {
            "system": scale.systems[system].model_dump(), "md": md_of(scale, protocol).model_dump(),
            "ensemble": scale.ensemble.model_dump(),
        },
        "segments": segments,
    }  # fmt: skip
