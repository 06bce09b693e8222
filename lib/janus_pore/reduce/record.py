"""The manifest of a shipped replica: all that is needed to make it again, and to see that it is the same one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import xarray as xr

from ..config import Scale
from ..errors import TrajectoryError
from ..files import Record, read_json, sha256
from ..paths import Campaign
from ..simulate.field import Protocol
from ..simulate.manifest import Build, builds, each_once
from ..simulate.protocols import md_of


class _Run(Record):
    trajectory_sha256: str


class _Parameters(Record):
    system: dict[str, Any]


class Shipped(Record):
    """What the manifest of a shipped replica has."""

    system: str
    protocol: str
    replica: int
    gromacs: Build
    gromacs_before: list[Build] = []
    mdrun: list[str]
    mdrun_before: list[list[str]] = []
    topology_sha256: str
    parameters: _Parameters
    segments: list[_Run]
    files: dict[str, str]


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of a shipped replica `r000.nc`, or of its forces."""
    record = path.with_name(path.name.split(".")[0] + ".json")
    if not record.exists():
        raise TrajectoryError(
            f"{record} is missing: {path} cannot be traced to a run; restore it from git, or ship it again"
        )
    remedy = "restore it from git, or delete it and ship the replica again"
    return read_json(record, remedy, Shipped, TrajectoryError)


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
    run = sorted({*each_once(manifests, "commit")})  # earlier runs do not say
    ran, commands = builds(manifests), each_once(manifests, "command")
    others = [one for one in commands[:-1] if one[4:] != commands[-1][4:]]  # but for the name of the run input
    days = sum(n / m["ns_per_day"] for n, m in zip(ns, manifests, strict=True) if m.get("ns_per_day"))
    return {
        "scale": scale.scale, "system": system, "protocol": protocol.name, "replica": k, "seed": k + 1,
        "janus_pore": data.attrs["janus_pore"], "commit": " ".join(run) or "unknown", "shipped_by_commit": commit,
        "gromacs": ran[-1], **({"gromacs_before": ran[:-1]} if ran[:-1] else {}), "mdrun": commands[-1],
        **({"mdrun_before": others} if others else {}),
        "simulated_ns": sum(ns), "hours": 24 * days,
        "topology_sha256": sha256(campaign.system(system) / "topol.top"),
        "parameters": {
            "system": scale.systems[system].model_dump(), "md": md_of(scale, protocol).model_dump(),
            "ensemble": scale.ensemble.model_dump(),
        },
        "segments": segments,
    }  # fmt: skip
