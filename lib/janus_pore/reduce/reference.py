"""Reference data: reduced replicas that are shipped, each with a manifest; they add up and are never overwritten.

``<shelf>/<scale>/scale.yml`` is the scale they were run at, ``<system>/<protocol>/r000.nc`` a reduced replica,
``r000.forces.nc`` its forces on Cl- if there are any, ``r000.json`` its manifest, ``<system>/starts/r000.gro.gz`` the
frame it started from (docs/adr/0011). ``engine.nc`` are the scale's checks of the engine, if they ship (`checked`).
"""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ..config import RESERVED, Scale, load
from ..errors import ConfigError, TrajectoryError
from ..files import sha256, write_bytes, write_json
from ..paths import Campaign
from ..simulate.field import Protocol
from ..simulate.protocols import protocols_of, replicas_of
from . import asked, checked, forces, store
from .record import read_manifest, record
from .settings import run_as_asked, same_physics, same_reduction

SCALE_FILE = "scale.yml"
_FORCES = ".forces."


def ship(scale: Scale, scale_file: Path, campaign: Campaign, shelf: Path, commit: str) -> dict[str, int]:
    """Put a campaign's reduced replicas on the shelf, beside those already there.

    A replica on the shelf is replaced only by a new reduction of the same trajectories. One that was cut short is put
    there again.

    Returns
    -------
    dict with the numbers of replicas "added", "reduced again", "kept" (there already), "other run kept" (a replica of
    that number but from another run is there: it stays); "set of checks of the engine added" if it was

    Raises
    ------
    ConfigError
        if the shelf holds this scale's name with other systems, settings or protocols, or if replicas there, or those
        to be put there, were reduced with other settings, or those were not run as the scale file says.
    TrajectoryError
        if a replica to be put there is not complete, its reduced data or forces are not of its trajectories, or its
        forces were asked for otherwise than those of the replicas beside it.
    RunError
        if a trajectory changed since it was run.

    But for data that are not of a replica's trajectories, nothing is put there then.
    """
    place = shelf / scale.scale
    held = load(place / SCALE_FILE) if (place / SCALE_FILE).exists() else scale
    same_physics(held, scale, place)
    wanted: list[tuple[str, Protocol, int, Path]] = []
    count = {"added": 0, "reduced again": 0, "kept": 0, "other run kept": 0}
    for system in scale.systems:
        for name, protocol in protocols_of(scale, system).items():
            for k in replicas_of(scale, protocol):
                target = place / system / name / f"r{k:03d}.nc"
                sources = _sources(campaign, system, name, k)
                if target.name not in sources:
                    continue
                what = "kept" if campaign.took_over(system, name, k) else _standing(sources, target)
                count[what] += 1
                if what in ("added", "reduced again"):
                    wanted.append((system, protocol, k, target))
    stay = {path for path in place.glob("*/*/r*.nc") if _FORCES not in path.name} - {target for *_, target in wanted}
    _same_reduction(scale, held, sorted(stay), [campaign.reduced(s, p.name, k) for s, p, k, _ in wanted])
    runs = [run_as_asked(scale, campaign, system, protocol, k) for system, protocol, k, _ in wanted]
    for parent in sorted({target.parent for *_, target in wanted}):
        _forces_alike(parent, [campaign.forces(s, p.name, k) for s, p, k, to in wanted if to.parent == parent])
    if (wanted or (place / SCALE_FILE).exists()) and checked.ship(scale, campaign, place, commit):
        count["set of checks of the engine added"] = 1
    if wanted:
        write_bytes(place / SCALE_FILE, scale_file.read_bytes())
    for (system, protocol, k, target), manifests in zip(wanted, runs, strict=True):
        _place(scale, campaign, system, protocol, k, target, commit, manifests)
    return count


def collect(shelf: Path, scale_name: str, campaign: Campaign) -> list[Path]:
    """Put the shelf's replicas of one scale together as if they were a campaign, so that notebooks read them alike.

    What was put together earlier and has left the shelf is removed.

    Returns
    -------
    the collected files, one a system and protocol

    Raises
    ------
    ConfigError
        if a campaign that was run lies there.
    TrajectoryError
        if nothing is there, or a file does not match its manifest.
    """
    place, root = shelf / scale_name, campaign.root
    if any(root.glob("systems")) or any(root.glob("*/equilibrate")) or any(root.glob("*/*/r[0-9]*")):
        raise ConfigError(
            f"{root} holds a campaign that was run, whose data would be lost: name another place with --runs, such as "
            "runs/reference"
        )
    found: dict[tuple[str, str, bool], list[Path]] = {}
    for path in sorted(place.glob("*/*/r*.nc")):
        manifest = read_manifest(path)
        if manifest["files"].get(path.name) != sha256(path):
            raise TrajectoryError(f"{path} is not the file its manifest describes: restore it (git checkout {place})")
        found.setdefault((manifest["system"], manifest["protocol"], _FORCES in path.name), []).append(path)
    if not found:
        others = ", ".join(path.parent.name for path in sorted(shelf.glob(f"*/{SCALE_FILE}")))
        if (place / SCALE_FILE).exists():
            raise TrajectoryError(f"{place} holds no reduced replica: restore them (git checkout {place})")
        raise TrajectoryError(f"no replica of scale {scale_name} ships; scales that do: {others or 'none'}")
    written = [
        store.write(forces.collect(paths), campaign.collected_forces(system, name))
        if has_forces
        else store.write(store.collect(paths), campaign.collected(system, name))
        for (system, name, has_forces), paths in tqdm(found.items(), scale_name, unit="file", disable=None)
    ]
    checked.collect(place, campaign)
    for path in set(root.glob("*/*.nc")) - set(written):
        if path.parent.name not in RESERVED:
            path.unlink()
    return written


def _same_reduction(scale: Scale, held: Scale, stay: list[Path], come: list[Path]) -> None:
    """Raise where what stays on the shelf, whose scale file said `held`, or comes was not reduced as the scale says."""
    for path in stay:
        attrs = store.read(path).attrs
        if attrs["kind"] == "constant":  # files shipped earlier do not say it, but the scale file beside them does
            attrs = {"discard_ps": held.analysis.discard_ps} | attrs
        same_reduction(scale, attrs, path, "reduce all replicas of the scale again and ship them together")
    for path in come:
        same_reduction(scale, store.read(path).attrs, path, "reduce it again")


def _forces_alike(place: Path, come: list[Path]) -> None:
    """Raise where forces that come to a protocol's replicas in `place` do not go with each other or those that stay."""
    if come := [path for path in come if path.exists()]:
        stay = sorted(set(place.glob(f"r*{_FORCES}nc")) - {place / path.name for path in come})
        asked.alike([*stay, *come], [store.read(path) for path in (*stay, *come)])


def _place(
    scale: Scale, campaign: Campaign, system: str, protocol: Protocol, k: int, target: Path, commit: str,
    manifests: list[dict[str, Any]],
) -> None:  # fmt: skip
    sources = _sources(campaign, system, protocol.name, k)
    data = store.read(sources[target.name])
    run = " ".join(manifest["files"]["md.xtc"] for manifest in manifests)
    for source in sources.values():
        if _trajectories(source) != run:
            raise TrajectoryError(f"{source} is not of the trajectories of this replica as they are now: make it again")
    for name, source in sources.items():
        write_bytes(target.with_name(name), source.read_bytes())
    start = _start(campaign, system, protocol, k, target.parents[1])
    # forces that are shipped already stay so while the campaign makes its own anew
    there = {name: digest for name, digest in _described(target).items() if "/" not in name}
    files = {name: digest for name, digest in there.items() if sha256(target.with_name(name)) == digest}
    files |= {name: sha256(target.with_name(name)) for name in sources}
    write_json(target.with_suffix(".json"), record(scale, campaign, system, protocol, k, manifests, data, commit) | {
        "files": files | {f"../starts/{start.name}": sha256(start)},
    })  # fmt: skip


def _standing(sources: dict[str, Path], target: Path) -> str:
    """What is to be done with a replica of a campaign, by what the shelf holds under its name: a key of `ship`'s."""
    held = [path for path in (target, target.with_suffix(".forces.nc")) if path.exists()]
    run = _trajectories(sources[target.name])
    if any(_trajectories(path) != run for path in held):
        return "other run kept"
    described = _described(target)
    if target not in held or not described:
        return "added"
    same = all(sha256(path) == described.get(name) == sha256(target.with_name(name)) for name, path in sources.items())
    return "kept" if same else "reduced again"


def _described(target: Path) -> dict[str, str]:
    """SHA-256 of the files of a shipped replica, as its manifest says; none if it has no manifest."""
    return read_manifest(target)["files"] if target.with_suffix(".json").exists() else {}


def _sources(campaign: Campaign, system: str, protocol: str, k: int) -> dict[str, Path]:
    """What a campaign has of a replica that can be shipped, by file name."""
    paths = (campaign.reduced(system, protocol, k), campaign.forces(system, protocol, k))
    return {path.name: path for path in paths if path.exists()}


def _trajectories(path: Path) -> str:
    return store.read(path).attrs.get("trajectories_sha256", "unknown")


def _start(campaign: Campaign, system: str, protocol: Protocol, k: int, place: Path) -> Path:
    """The start frame of a replica: the same for all protocols of a system that one equilibration started."""
    text = (campaign.replica(system, protocol.name, k) / "tpr" / "start.gro").read_bytes()
    path = place / "starts" / f"r{k:03d}.gro.gz"
    if path.exists() and gzip.decompress(path.read_bytes()) == text:
        return path
    if path.exists():  # of another equilibration
        path = path.with_name(f"r{k:03d}-{hashlib.sha256(text).hexdigest()[:8]}.gro.gz")
    return write_bytes(path, gzip.compress(text, compresslevel=9, mtime=0))
