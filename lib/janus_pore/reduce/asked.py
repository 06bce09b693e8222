"""For which settings were forces computed: are they those of the scale, and do replicas go together?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from ..config import Scale
from ..errors import ConfigError, TrajectoryError
from ..files import sha256
from ..paths import Campaign
from ..simulate import rerun
from ..simulate.field import Protocol
from ..simulate.prepare import otherwise
from ..simulate.protocols import md_of

#: What `barrier` asks of a sweep's frames. Of a constant field all frames count, whatever other fields are asked for.
_WINDOWS = ("fields_v_nm", "half_window_v_nm", "both_branches")
#: What `asked_of` gives, but for the trajectory.
_WHAT = ("the topology", "the scale's barrier", "its md", "analysis.discard_ps")


def asked_of(scale: Scale, campaign: Campaign, system: str, protocol: Protocol, replica: int) -> str:
    """What decides the forces of a replica: the run, the topology, the interactions and the frames wanted.

    Forces of the same are kept. A change of the code that changes them has to show here.
    """
    (run,) = rerun.segment_directories(campaign.replica(system, protocol.name, replica), protocol)
    manifest = rerun.done(run)
    if manifest is None:
        raise TrajectoryError(f"not run yet: {run}; run the replica first (delete its stamps, *.done)")
    settings = scale.barrier.model_dump(exclude=rerun.LATER)
    topology = sha256(campaign.system(system) / "topol.top")
    mdp = rerun.options(md_of(scale, protocol), charged=True)
    return json.dumps([manifest["files"]["md.xtc"], topology, settings, mdp, scale.analysis.discard_ps])


def decides(asked: str | None, kind: str) -> list:
    """Of what `asked_of` gives, what matters for a protocol of this kind; nothing of a file that does not say it."""
    if asked is None:
        return []
    found = json.loads(asked)
    found[2].setdefault("both_branches", False)  # of a file from before the key
    if kind != "constant":
        return found[:-1]  # all but analysis.discard_ps
    for key in _WINDOWS:
        found[2].pop(key)  # of the settings of `barrier`
    return found


def same_barrier(scale: Scale, attrs: Mapping[str, Any], path: Path, instead: str) -> None:
    """Raise if forces were computed for another `barrier` than the scale's; what their file does not say is not known.

    Parameters
    ----------
    attrs : attributes of the forces in `path`
    instead : what else can be done about it than to set the scale file back

    Raises
    ------
    ConfigError
        naming the settings and both values.
    """
    if not {"asked", "kind"} <= {*attrs}:
        return
    found, now = decides(attrs["asked"], attrs["kind"])[2], scale.barrier.model_dump(mode="json")
    both = found.keys() & now.keys()  # keys may have come and gone since
    if differs := otherwise(*({key: one[key] for key in both} for one in (found, now))):
        said = "; ".join(f"barrier.{key} {value}" for key, value in differs.items())
        raise ConfigError(f"{path} was computed with {said}: set the scale file back, or {instead}")


def alike(paths: Sequence[Path], replicas: Sequence[xr.Dataset]) -> None:
    """Refuse replicas whose forces were computed for other settings; what a file does not say is not known.

    Raises
    ------
    TrajectoryError
        naming two that do not go together, and in what they differ.
    """
    said = [
        (path, decides(one.attrs["asked"], one.attrs["kind"])[1:])  # but for the trajectory
        for path, one in zip(paths, replicas, strict=True) if {"asked", "kind"} <= {*one.attrs}
    ]  # fmt: skip
    for path, asked in said[1:]:
        first, expected = said[0]
        if asked != expected:
            differs = [name for name, a, b in zip(_WHAT, asked, expected, strict=False) if a != b]
            raise TrajectoryError(
                f"the forces in {path} and {first} do not go together: they differ in {' and '.join(differs)}. Set "
                "the scale file back to what one of them was computed with, and compute the other again"
            )
