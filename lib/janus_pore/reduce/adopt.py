"""A campaign goes on from the shelf: replicas that are shipped are taken over, not run again.

A replica that is taken over lies in ``runs/<scale>/<system>/<protocol>/r000/shipped/``, as it lies on the shelf:
reduced data, forces on Cl- if there are any, and the manifest (docs/adr/0017).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from ..config import Scale, load
from ..errors import ConfigError, TrajectoryError
from ..files import settle, sha256
from ..hints import shown
from ..paths import Campaign
from ..simulate.field import Protocol
from ..simulate.protocols import protocols_of, replicas_of
from . import asked, store
from .record import read_manifest
from .reference import SCALE_FILE
from .settings import REDUCTION, differing, same_reduction


def adopt(
    scale: Scale, campaign: Campaign, system: str, protocol: Protocol, replicas: Iterable[int], shelf: Path
) -> list[int]:
    """Take over those of the replicas that are shipped, unless this campaign has begun them itself.

    One that was taken over earlier is taken again if the shelf has new data or forces of the same run.

    Returns
    -------
    the numbers of those taken over, now or earlier

    Raises
    ------
    ConfigError
        if they were run or reduced with other settings than the scale has now.
    TrajectoryError
        if a shipped file does not match its manifest.
    """
    sources = {
        k: shelf / scale.scale / system / protocol.name / f"r{k:03d}.nc"
        for k in replicas
        if not campaign.begun(system, protocol.name, k)
    }
    if any(source.exists() for source in sources.values()):  # taken over or not: the scale may have changed since
        _same_run(scale, system, protocol, shelf / scale.scale)
    taken = []
    for k, source in sources.items():
        place = campaign.taken(system, protocol.name, k)
        if source.exists() and (not place.is_dir() or _shipped_again(source, place)):
            part = place.with_name("shipped.partial")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            for path in (source, source.with_suffix(".forces.nc"), source.with_suffix(".json")):
                if path.exists():
                    shutil.copyfile(path, part / path.name)
            _whole(part / source.name)
            shutil.rmtree(place, ignore_errors=True)
            part.rename(place)
        if place.is_dir():
            taken.append(k)
    return taken


def restore(scale: Scale, campaign: Campaign, system: str, protocol: str, replica: int, target: Path) -> bool:
    """Put the reduced data (or forces) of a replica that was taken over where reducing it would.

    Returns
    -------
    False if it was not taken over, or was begun here since: then its own run is to be reduced

    Raises
    ------
    ConfigError
        if it was reduced, or its forces were computed, with other settings than the scale has now.
    TrajectoryError
        if what is wanted was not shipped with it, or does not match its manifest.
    """
    place = campaign.taken(system, protocol, replica)
    if not campaign.took_over(system, protocol, replica):
        return False
    source = place / target.name
    if not source.exists():
        raise TrajectoryError(
            f"{place} holds no {target.name}, and its trajectories were not shipped: remove {place.parent} and run "
            "the replica here (SHIPPED=no)"
        )
    data = place / f"r{replica:03d}.nc"
    _whole(data)
    instead = f"remove {place.parent} and run the replica here (SHIPPED=no)"
    same_reduction(scale, store.read(data).attrs, data, instead)
    if source != data:
        asked.same_barrier(scale, store.read(source).attrs, source, instead)
    part = target.with_name(f"partial-{target.name}")
    shutil.copyfile(source, part)
    settle(part, target)
    return True


def waiting(scale: Scale, campaign: Campaign, shelf: Path | None) -> dict[tuple[str, str], set[int]] | None:
    """The shipped replicas that a campaign has not begun itself and need not run, by system and protocol.

    None without a shelf: then nothing is taken over, and what was does not count.
    """
    if shelf is None:
        return None
    found: dict[tuple[str, str], set[int]] = {}
    for system in scale.systems:
        for name, protocol in protocols_of(scale, system).items():
            place = shelf / scale.scale / system / name
            if there := {
                k for k in replicas_of(scale, protocol)
                if (place / f"r{k:03d}.nc").exists() and not campaign.begun(system, name, k)
            }:  # fmt: skip
                _same_run(scale, system, protocol, shelf / scale.scale)
                found[system, name] = there
    return found


def _same_run(scale: Scale, system: str, protocol: Protocol, place: Path) -> None:
    """Refuse shipped replicas that were run or reduced with other settings."""
    shipped = load(place / SCALE_FILE)
    keys = {f"systems.{system}", "md", "ensemble", "equilibration", f"protocol {protocol.name}"}
    differs = sorted(keys & set(differing(shipped, scale)))
    differs += [
        f"analysis.{key}" for key in REDUCTION if getattr(shipped.analysis, key) != getattr(scale.analysis, key)
    ]
    if differs:
        raise ConfigError(
            f"{place} ships replicas of scale {scale.scale!r} with other {', '.join(differs)}: give the changed scale "
            "a new name, or run all replicas here (make ... SHIPPED=no)"
        )


def _shipped_again(source: Path, place: Path) -> bool:
    """Whether what was taken over to `place` is shipped with new data or forces by now: of the same trajectories."""
    if not (place / source.name).with_suffix(".json").exists():
        return True
    new, old = read_manifest(source), read_manifest(place / source.name)
    runs = [[segment["trajectory_sha256"] for segment in manifest["segments"]] for manifest in (new, old)]
    return new["files"] != old["files"] and runs[0] == runs[1]


def _whole(path: Path) -> None:
    """Refuse a replica of which a file is not the one that its manifest describes (start frames are not looked at)."""
    for name, digest in read_manifest(path)["files"].items():
        if "/" not in name and sha256(path.with_name(name)) != digest:
            raise TrajectoryError(
                f"{path.with_name(name)} is not the file its manifest describes: restore data/reference from git and "
                f"remove {shown(path.parents[1])}, and the stamps that say it is done: {shown(path.parents[2])}/*.done"
            )
