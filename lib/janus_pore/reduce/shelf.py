"""Which reduced data of a campaign are there? A campaign that is not finished is shown as far as it is."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import xarray as xr

from .. import hints
from ..config import Scale
from ..errors import TrajectoryError
from ..paths import Campaign
from ..simulate.protocols import expand, protocols_of, repeated
from .store import join, read


def need(scale: Scale, campaign: Campaign, systems: Iterable[str], *kinds: str) -> None:
    """Raise TrajectoryError, with what to do, if `there` has nothing of these kinds of protocol for the systems."""
    systems = list(systems)
    everything = [(one, name, p) for one in systems for name, p in protocols_of(scale, one).items() if not p.md]
    asked = [(one, name, protocol.kind) for one, name, protocol in everything if protocol.kind in kinds]
    if not any(campaign.collected(one, name).exists() for one, name, _ in asked):
        raise _nothing(scale, campaign, asked[0][-1] if asked else kinds[0], systems)


def load(scale: Scale, campaign: Campaign, system: str, kind: str) -> dict[str, xr.Dataset]:
    """The collected data of a system's protocols of one kind that are there.

    Protocols with a thermostat or time step of their own (`md` in the scale file) are left out: they repeat a field.

    Parameters
    ----------
    kind : "sine", "constant", "steps", "pair" or "train"

    Returns
    -------
    dict of protocol name to what `reduce.replica.collect` gives, in the order of the scale file

    Raises
    ------
    TrajectoryError
        if the scale has no such protocol, or none of them has been run.
    """
    found = there(scale, campaign, system, kind)
    if not found:
        asked = [name for name, protocol in protocols_of(scale, system).items() if protocol.kind == kind]
        said = (
            f"{campaign.root / system} holds none of {', '.join(asked)} (.nc)"
            if asked
            else f"scale {scale.scale} has no protocol of kind {kind!r} for {system}"
        )
        raise TrajectoryError(f"{said}: {hints.data(scale, campaign.root.parent, kind, [system])}")
    return found


def load_all(scale: Scale, campaign: Campaign, kind: str, own_md: bool = False) -> dict[str, dict[str, xr.Dataset]]:
    """`load` for every system of the scale that has such data, by system; with `own_md`, what `load` leaves out too.

    A system's other placements of ions are with it, not beside it.

    Raises
    ------
    TrajectoryError
        if none has.
    """
    found = {system: data for system in scale.placements if (data := there(scale, campaign, system, kind, own_md))}
    if not found:
        raise _nothing(scale, campaign, kind, list(scale.systems))
    return found


def _nothing(scale: Scale, campaign: Campaign, kind: str, systems: list[str]) -> TrajectoryError:
    todo = hints.data(scale, campaign.root.parent, kind, systems)
    of = f" of {', '.join(systems)}" if len(systems) < len(scale.systems) else ""
    return TrajectoryError(f"{campaign.root} holds no data of kind {kind!r}{of}: {todo}")


def configurations(
    scale: Scale, data: dict[str, dict[str, xr.Dataset]]
) -> dict[str, tuple[str, dict[str, xr.Dataset]]]:
    """What `load_all` gives, a line for each system and each entry of `protocols` that it went through.

    Returns
    -------
    dict of a label (the system; for further entries of a system "system, entry") to the system and the data of that
    entry's protocols
    """
    found: dict[str, tuple[str, dict[str, xr.Dataset]]] = {}
    for system, datasets in data.items():
        entries: dict[str, dict[str, xr.Dataset]] = {}
        for name, one in datasets.items():
            entries.setdefault(scale.entry_of(name), {})[name] = one
        for k, (entry, own) in enumerate(entries.items()):
            found[f"{system}, {entry}" if k else system] = (system, own)
    return found


def there(scale: Scale, campaign: Campaign, system: str, kind: str, own_md: bool = False) -> dict[str, xr.Dataset]:
    """`load` where it is no error that there is nothing: an empty dict then. `own_md` as for `load_all`.

    Replicas of the system's other placements of ions (`Scale.placements`) follow its own, if their protocol is the
    same; the coordinate `placement` says which is which, 0 being its own, and `began` which one each began as: itself,
    or the first (`barrier.placed_alike`).
    """
    everything, as_which, found = expand(scale), began(scale, system), {}
    for name, sources in repeated(scale, system).items():
        protocol = everything[name]
        if protocol.kind != kind or protocol.md and not own_md:
            continue
        parts = [(k, read(path)) for k, one, own in sources if (path := campaign.collected(one, own)).exists()]
        if parts:
            placed = [_placed(one, k, as_which[k]) for k, one in parts]
            found[name] = join(placed) if len(placed) > 1 else placed[0]
    return found


def began(scale: Scale, system: str) -> list[int]:
    """Which placement each of a system's placements of ions began as: itself, or the first (`barrier.placed_alike`)."""
    names = scale.placements.get(system, [system])
    return [0 if name in scale.barrier.placed_alike else k for k, name in enumerate(names)]


def _placed(data: xr.Dataset, placement: int, began: int) -> xr.Dataset:
    whole = np.ones(data.sizes["replica"], dtype=int)
    return data.assign_coords(placement=("replica", placement * whole), began=("replica", began * whole))
