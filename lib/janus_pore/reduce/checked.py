"""The checks of the engine on the shelf: what a cube of electrolyte gave at a scale, with a manifest of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..config import Scale
from ..errors import ConfigError, TrajectoryError
from ..files import Record, read_json, sha256, write_bytes, write_json
from ..paths import Campaign
from ..simulate.engine_checks import checks, record, run_options
from ..simulate.manifest import Build, builds, done, each_once
from ..simulate.prepare import made_from, otherwise
from . import store

NAME = "engine.nc"


class _Shipped(Record):
    gromacs: Build
    files: dict[str, str]


def ship(scale: Scale, campaign: Campaign, place: Path, commit: str) -> bool:
    """Put a campaign's checks of the engine into a scale's place on the shelf; those that are there stay.

    Parameters
    ----------
    place : ``<shelf>/<scale>``
    commit : that ships them

    Returns
    -------
    whether they were put there

    Raises
    ------
    ConfigError
        naming what the scale file says otherwise than the runs had it.
    TrajectoryError
        if the reduced data are not of the runs as they are now.
    """
    source, target = campaign.engine().with_suffix(".nc"), place / NAME
    if not (source.exists() and campaign.engine().is_dir()) or target.with_suffix(".json").exists():
        return False
    manifests: dict[str, dict[str, Any] | None] = {name: done(campaign.engine() / name) for name in checks(scale)}
    data, runs = store.read(source), {name: one for name, one in manifests.items() if one}
    if data.attrs["trajectories_sha256"].split() != [one["files"]["md.xtc"] for one in runs.values()]:
        raise TrajectoryError(
            f"{source} is not of the checks of the engine as they are now: run those that are missing, and reduce "
            "them again (janus-pore engine SCALE_FILE --name reduce)"
        )
    _as_asked(scale, campaign)
    ran = builds([*runs.values()])
    write_bytes(target, source.read_bytes())
    write_json(target.with_suffix(".json"), {
        "scale": scale.scale,
        "commit": " ".join(sorted(each_once([*runs.values()], "commit"))) or "unknown", "shipped_by_commit": commit,
        "gromacs": ran[-1], **({"gromacs_before": ran[:-1]} if ran[:-1] else {}),
        "simulated_ns": sum(check.duration_ps for check in checks(scale).values()) / 1000,
        "parameters": {
            "system": next(iter(scale.systems.values())).model_dump(), "md": scale.md.model_dump(),
            "engine": scale.engine.model_dump(),
        },
        "runs": [{"name": name, "steps": one["steps"], "trajectory_sha256": one["files"]["md.xtc"]}
                 for name, one in runs.items()],
        "files": {NAME: sha256(target)},
    })  # fmt: skip
    return True


def _as_asked(scale: Scale, campaign: Campaign) -> None:
    """Raise ConfigError if the checks were not run as the scale file says."""
    asked = next(iter(scale.systems.values())).model_dump() | {"edge_nm": scale.engine.edge_nm}
    built = record(campaign)["parameters"]
    differs = otherwise(built, {key: asked[key] for key in built})
    for name, check in checks(scale).items():
        if made := made_from(campaign.engine() / "tpr" / f"{name}.tpr"):
            options = {key: str(value) for key, value in run_options(check)[1].items()}
            differs |= {f"{key} ({name})": said for key, said in otherwise(made["options"], options).items()}
    if differs:
        said = "; ".join(f"{key} {value}" for key, value in differs.items())
        raise ConfigError(f"{campaign.engine()} was run with {said}: ship it with the scale file that it was run with")


def collect(place: Path, campaign: Campaign) -> Path | None:
    """Put the shelf's checks of one scale where its notebook reads them; None, and none there, if none ship.

    Raises
    ------
    TrajectoryError
        if they do not match their manifest.
    """
    source, target = place / NAME, campaign.engine().with_suffix(".nc")
    if not source.exists():
        target.unlink(missing_ok=True)
        return None
    manifest, remedy = source.with_suffix(".json"), f"restore it (git checkout {place})"
    if not manifest.exists():
        raise TrajectoryError(f"{manifest} is missing: {remedy}")
    if read_json(manifest, remedy, _Shipped, TrajectoryError)["files"].get(NAME) != sha256(source):
        raise TrajectoryError(f"{source} is not the file its manifest describes: {remedy}")
    return write_bytes(target, source.read_bytes())
