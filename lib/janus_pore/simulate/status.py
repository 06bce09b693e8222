"""What has been run: finished segments from their manifests, running ones from what mdrun prints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ..config import Scale
from ..parameters import MD
from ..paths import Campaign
from . import engine_checks
from .checkpoint import read_note
from .field import Protocol
from .manifest import Steps
from .protocols import md_of, protocols_of, replicas_of
from .runner import done

COLUMNS = [
    "system", "protocol", "replica", "segment", "finished", "ps", "frames", "temperature_k", "spread_k",
    "canonical_spread_k", "ns_per_day",
]  # fmt: skip


#: Replicas that are shipped and need not be run, by system and protocol. None: all are run, those taken over, too.
Shipped = Mapping[tuple[str, str], Set[int]] | None
#: Nothing is shipped; what was taken over counts.
NOTHING: Shipped = {}


def segments(scale: Scale, campaign: Campaign) -> pd.DataFrame:
    """Every segment of a campaign that is finished, and those still missing (with `finished` False).

    Replicas taken over from shipped data were not run here and are left out.

    Returns
    -------
    DataFrame with system, protocol, replica, segment, finished, ps, frames, temperature_k, spread_k,
    canonical_spread_k, ns_per_day.
    """
    rows = []
    for system in scale.systems:
        rows.append(_row(scale.md, campaign.equilibration(system) / "nvt", system, "equilibrate", "", "nvt"))
        for name, protocol in protocols_of(scale, system).items():
            md = md_of(scale, protocol)
            for replica in replicas_of(scale, protocol):
                if campaign.took_over(system, name, replica):
                    continue
                place = campaign.replica(system, name, replica)
                for k in range(len(protocol.segments) + 1):
                    rows.append(_row(md, place / f"seg{k:02d}", system, name, place.name, f"seg{k:02d}"))
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(md: MD, directory: Path, system: str, protocol: str, replica: str, segment: str) -> dict[str, Any]:
    row = {"system": system, "protocol": protocol, "replica": replica, "segment": segment, "finished": False}
    manifest = done(directory)
    if manifest is None:
        return row
    first, last = manifest["steps"]
    energy = manifest["energy"]
    return row | {
        "finished": True,
        "ps": (last - first) * md.timestep_fs / 1000,
        "frames": manifest["frames"],
        "temperature_k": round(energy["temperature_k"], 1),
        "spread_k": round(energy["spread_k"], 2),
        "canonical_spread_k": round(energy["canonical_spread_k"], 2),
        "ns_per_day": manifest.get("ns_per_day"),
    }


def progress(scale: Scale, campaign: Campaign, shipped: Shipped = NOTHING) -> pd.DataFrame:
    """One row per system and protocol, and one for the engine's checks: runs and time finished and asked, and begun.

    Cheap: manifests are read, checksums are not computed. What is shipped or was taken over counts as finished, and
    the equilibration of a system of which nothing else is left to run.
    """
    rows = []
    for system in scale.systems:
        place = campaign.equilibration(system)
        length = scale.equilibration.duration_ps
        whole = equilibrated(scale, campaign, system, shipped)
        rows.append(_line(system, "equilibrate", int(whole), 1, length * whole, length, place.glob("*.partial")))
        for name, protocol in protocols_of(scale, system).items():
            replicas = replicas_of(scale, protocol)
            done_ps = [finished_ps(scale, campaign, system, protocol, shipped, [k]) for k in replicas]
            each = scale.ensemble.randomise_ps + protocol.simulated_ps
            whole = sum(ps > each - 1e-6 for ps in done_ps)
            running = campaign.protocol(system, name).glob("r*/*.partial")
            rows.append(_line(system, name, whole, len(replicas), sum(done_ps), each * len(replicas), running))
    runs, place = engine_runs(scale, campaign), campaign.engine()
    whole, finished = sum(one.finished_ps > 0 for one in runs), sum(one.finished_ps for one in runs)
    asked = sum(one.ps for one in runs)
    rows.append(_line("engine", "checks", whole, len(runs), finished, asked, place.glob("*.partial")))
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class EngineRun:
    """One of the engine's checks, or its settling: settings, length, and how much of it has a manifest."""

    md: MD
    ps: float
    finished_ps: float


def engine_runs(scale: Scale, campaign: Campaign) -> list[EngineRun]:
    """The runs of the engine's checks, the settling first."""
    found = {"settle": (engine_checks.settling(scale), scale.engine.settle_ps)}
    found |= {name: (check.md, check.duration_ps) for name, check in engine_checks.checks(scale).items()}
    return [
        EngineRun(md, ps, ps if (campaign.engine() / name / "manifest.json").exists() else 0.0)
        for name, (md, ps) in found.items()
    ]


def equilibrated(scale: Scale, campaign: Campaign, system: str, shipped: Shipped = NOTHING) -> bool:
    """Whether a system's equilibration need not be run: it has been, or all replicas are shipped or were taken over.

    A scale that makes a book shows it, and so runs it.
    """
    if (campaign.equilibration(system) / "nvt" / "manifest.json").exists():
        return True
    protocols = protocols_of(scale, system)
    return bool(protocols and scale.lacks) and all(
        _taken(campaign, system, name, replica, shipped)
        for name, protocol in protocols.items()
        for replica in replicas_of(scale, protocol)
    )


def _taken(campaign: Campaign, system: str, protocol: str, replica: int, shipped: Shipped) -> bool:
    """Whether a replica counts as finished because it is shipped or was taken over."""
    if shipped is None:
        return False
    return replica in shipped.get((system, protocol), frozenset()) or campaign.took_over(system, protocol, replica)


def finished_ps(
    scale: Scale, campaign: Campaign, system: str, protocol: Protocol, shipped: Shipped = NOTHING,
    replicas: Iterable[int] | None = None,
) -> float:  # fmt: skip
    """Simulated time (ps) of a protocol with a manifest, or shipped, over some or all of its replicas."""
    timestep_fs = md_of(scale, protocol).timestep_fs
    total = 0.0
    for replica in replicas_of(scale, protocol) if replicas is None else replicas:
        if _taken(campaign, system, protocol.name, replica, shipped):
            total += scale.ensemble.randomise_ps + protocol.simulated_ps
            continue
        for k in range(len(protocol.segments) + 1):  # not what was moved away, and lies beside them
            path = campaign.replica(system, protocol.name, replica) / f"seg{k:02d}" / "manifest.json"
            if path.exists():
                first, last = read_note(path, Steps)["steps"]
                total += (last - first) * timestep_fs / 1000
    return total


def _line(
    system: str, protocol: str, whole: int, replicas: int, finished: float, asked: float, running: Iterable[Path]
) -> dict[str, Any]:
    return {
        "system": system,
        "protocol": protocol,
        "replicas": f"{whole}/{replicas}",
        "finished_ps": finished,
        "asked_ps": asked,
        "begun": ", ".join(str(path.relative_to(path.parents[1])) for path in sorted(running)),
    }
