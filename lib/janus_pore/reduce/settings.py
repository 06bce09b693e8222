"""What decides a shipped replica, and whether a scale file still says it: how it was run, and how it was reduced."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..build import record
from ..config import Scale
from ..errors import ConfigError, TrajectoryError
from ..files import sha256
from ..paths import Campaign
from ..simulate.checkpoint import read_note
from ..simulate.ensemble import equilibration_options, run_inputs
from ..simulate.field import Protocol
from ..simulate.manifest import Begun
from ..simulate.prepare import made_from, otherwise
from ..simulate.protocols import protocols_of
from ..simulate.runner import done
from ..simulate.startframes import check_frame
from . import checked

#: Of a scale's analysis, what a reduced replica cannot be freed from again.
REDUCTION = ("pore_radius_nm", "pore_half_depth_nm", "discard_ps")
#: What can be done about a replica that was run with other settings than the scale file says.
SET_BACK = "set the scale file back, or give the changed scale a new name"
#: Of an ensemble, what may differ between replicas that are put together: how many there are and how jobs share them.
_COUNTS = {"replicas", "cores_per_run", "replicas_per_job", "batch_minutes"}


def same_reduction(scale: Scale, attrs: Mapping[str, Any], path: Path, instead: str) -> None:
    """Raise if a replica was reduced with other settings than the scale has; what its file does not say is not known.

    Parameters
    ----------
    attrs : attributes of the reduced replica in `path`
    instead : what else can be done about it than to set the scale file back

    Raises
    ------
    ConfigError
        naming the settings and both values.
    """
    asked = {key: getattr(scale.analysis, key) for key in REDUCTION}
    differs = [
        f"analysis.{key} {attrs[key]}, not {value}" for key, value in asked.items() if attrs.get(key, value) != value
    ]
    if differs:
        raise ConfigError(f"{path} was reduced with {'; '.join(differs)}: set the scale file back, or {instead}")


def run_as_asked(
    scale: Scale, campaign: Campaign, system: str, protocol: Protocol, replica: int
) -> list[dict[str, Any]]:
    """The manifests of a replica's segments (without seg00), if its system and run inputs are what the scale asks for.

    Raises
    ------
    ConfigError
        naming what the scale file says otherwise.
    TrajectoryError
        if the replica is not complete, or was run from other run inputs or another start frame than lie there.
    RunError
        if a segment's files changed since it was run.
    """
    place, manifests = campaign.replica(system, protocol.name, replica), []
    for tpr, _ in run_inputs(scale, campaign, system, protocol, replica):
        manifest = done(place / tpr.stem)
        if not tpr.with_suffix(".json").exists() or manifest is None:
            raise TrajectoryError(f"{place} is not complete, so r{replica:03d}.nc has no manifest; run it again")
        manifests.append(manifest)
    same_run(scale, campaign, system, protocol, replica, "ship it with the scale file that it was run with")
    return manifests[1:]


def same_run(scale: Scale, campaign: Campaign, system: str, protocol: Protocol, replica: int, instead: str) -> None:
    """Raise if a replica's system or run inputs are not what the scale asks for; one that is not there is not known.

    Parameters
    ----------
    instead : what can be done about a scale file that says otherwise

    Raises
    ------
    ConfigError
        naming what the scale file says otherwise.
    TrajectoryError
        if the replica was run from other run inputs than those that lie there.
    CellError
        if files of the system changed since it was built.
    RunError
        if it starts from another frame of the equilibration than the scale file says.
    """
    built, place = campaign.system(system), campaign.replica(system, protocol.name, replica)
    differs = otherwise(record.read(built)["parameters"], scale.systems[system].model_dump())
    topology, start = sha256(built / "topol.top"), place / "tpr" / "start.gro"
    for tpr, options in run_inputs(scale, campaign, system, protocol, replica):
        manifest = place / tpr.stem / "manifest.json"
        if not manifest.exists() or (made := made_from(tpr)) is None:
            continue
        if read_note(manifest, Begun)["inputs"]["tpr"] != sha256(tpr) or made["topology"] != topology:
            raise TrajectoryError(
                f"{place / tpr.stem} was not run from {tpr} and {built} as they are now: restore them, or run it again"
            )
        if tpr.parent == start.parent and made["conf"] != sha256(start):
            raise TrajectoryError(
                f"{start} is not the frame that {place} was run from: restore it, or remove {place} and run it again"
            )
        differs |= otherwise(made["options"], {key: str(value) for key, value in options.items()})
    if not differs and (made := made_from(campaign.equilibration(system) / "tpr" / "nvt.tpr")):
        asked = {key: str(value) for key, value in equilibration_options(scale)[1].items()}
        differs |= {f"an equilibration of {key}": said for key, said in otherwise(made["options"], asked).items()}
    if differs:
        said = "; ".join(f"{key} {value}" for key, value in differs.items())
        raise ConfigError(f"{place} was run with {said}: {instead}")
    record.unchanged(built)
    if start.exists():
        check_frame(scale, campaign, system, replica, start)


def same_physics(old: Scale, new: Scale, place: Path) -> None:
    """Raise where replicas on the shelf were run otherwise; a protocol that has none there may change."""
    differs = differing(old, new) + ["engine"] * (old.engine != new.engine and (place / checked.NAME).exists())
    empty = {key for key in differs if key.startswith("protocol ") and not any(place.glob(f"*/{key[9:]}/r*.nc"))}
    if differs := [key for key in differs if key not in empty]:
        raise ConfigError(
            f"{place} holds replicas of scale {old.scale!r} run with other {', '.join(differs)}: give the changed "
            "scale a new name, or move those away"
        )


def differing(old: Scale, new: Scale) -> list[str]:
    """What decides the runs of a scale and is not the same in another; systems and protocols that join do not count."""
    found = _physics(new)
    return [key for key, value in _physics(old).items() if found.get(key) != value]


def _physics(scale: Scale) -> dict[str, Any]:
    """What decides the runs of a scale, by key; new systems and protocols may join."""
    dump = scale.model_dump()
    found = {f"systems.{name}": value for name, value in dump["systems"].items()}
    found |= {"md": dump["md"], "equilibration": dump["equilibration"]}
    found["ensemble"] = {key: value for key, value in dump["ensemble"].items() if key not in _COUNTS}
    for protocol in {p.name: p for s in scale.systems for p in protocols_of(scale, s).values()}.values():
        stored = (protocol.interval_ps, protocol.resolution_nm)
        found[f"protocol {protocol.name}"] = (protocol.segments, protocol.parents, *stored, protocol.md)
    return found
