"""Does a Cl- that has come to the pore wait there, for how long, and how is the water meanwhile?

A barrier shows in time: what it takes an ion to pass is in `passing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from ..errors import AnalysisError
from ..parameters import Analysis
from . import orientation
from .passing import rate
from .stats import Estimate

#: An ion that was away no longer than this (ps) has not left: it rattles across the edge of the region.
GAP_PS = 2.0
#: Blocks (ps) that count as independent for the water's order while an ion waits, or while none does.
BLOCK_PS = 50.0


@dataclass(frozen=True)
class Place:
    """Where an ion counts as waiting: within `radius_nm` of the pore's axis and `depth_nm` of the Mo plane."""

    radius_nm: float
    depth_nm: float


def where(data: xr.Dataset, forces: xr.Dataset, place: Place) -> xr.Dataset:
    """Whether a Cl- is at the place, on the near side of the Mo plane or beyond it, at a constant field.

    The near side is the one that Cl- comes from: x > 0 under a field toward +x.

    Parameters
    ----------
    data, forces : what `reduce.replica.collect` and `reduce.forces.collect` give for the same protocol

    Returns
    -------
    Dataset (replica, frame) of bool: `known` (the frame's forces are there), `near` and `far`, both False elsewhere;
    absences up to `GAP_PS` on the near side are filled. `every_ps` is the time between frames that are known.

    Raises
    ------
    AnalysisError
        if the forces are of runs that are not in the data.
    """
    runs, own = data.attrs["trajectories_sha256"].split(), forces.attrs["trajectories_sha256"].split()
    if not set(own) <= set(runs):
        raise AnalysisError("these forces are not of the runs in the data: compute both from the same trajectories")
    times, shape = data.time.values, (len(runs), data.sizes["time"])
    replica = np.array([runs.index(one) for one in own])[forces.frame_replica.values]
    frame = np.searchsorted(times, forces.time.values - 1e-6)
    known = np.zeros(shape, dtype=bool)
    known[replica, frame] = True
    inside = forces.radial.values <= place.radius_nm
    toward = np.sign(float(data.field[0])) * forces.x.values
    table = {"known": (("replica", "frame"), known)}
    for name, side in (("near", 1), ("far", -1)):
        there = np.zeros(shape, dtype=bool)
        chosen = inside & (side * toward >= 0) & (np.abs(toward) <= place.depth_nm)
        of = forces.sample_frame.values[chosen]
        there[replica[of], frame[of]] = True
        table[name] = (("replica", "frame"), there)
    every_ps = float(np.min(np.diff(np.unique(forces.time.values)), initial=np.inf))
    for one, own in zip(table["near"][1], known, strict=True):
        one[own] = _filled(one[own], int(GAP_PS / every_ps + 1e-9))
    return xr.Dataset(table, attrs={"every_ps": every_ps})


def waits(
    holds: Mapping[str, xr.Dataset], reruns: Mapping[str, xr.Dataset], settings: Analysis, place: Place
) -> pd.DataFrame:
    """One row a constant field of which both are there, in order of the voltage.

    Parameters
    ----------
    holds, reruns : data and forces by protocol name, as for `where`

    Returns
    -------
    DataFrame with `volt` (E Lx), `field_v_nm`, `replicas` and `ns` (those with forces), `near` and `far` (share of
    that time), `visits` to the near side and the `longest_ps`, `cl` and `k` (net passes of the Mo plane, each along
    its way), `k_meanwhile` (those of K+ while a Cl- waited), `waited_ns`, and `rate` (`Estimate`, passes of Cl- in each
    ns that one waited; None where none did)
    """
    rows = []
    for name, data in _both(holds, reruns):
        there = where(data, reruns[name], place)
        known, near, every_ps = there.known.values, there.near.values, there.attrs["every_ps"]
        last = np.maximum.accumulate(np.where(known, np.arange(known.shape[1]), -1), axis=1)  # known frame before
        counted = (last[:, :-1] >= 0) & (last[:, :-1] < last[:, -1:])
        lately = np.take_along_axis(near, np.maximum(last, 0), axis=1)
        meanwhile = lately[:, :-1] | lately[:, 1:]
        kept = (("CL", -1, counted), ("K", 1, counted), ("K", 1, counted & meanwhile))
        cl, k, k_meanwhile = (
            int(sign * np.sign(data.field.values[0]) * (data.crossings.sel(species=name).values * when).sum())
            for name, sign, when in kept
        )
        lengths = np.concatenate([_lengths(one[own]) for one, own in zip(near, known, strict=True)]) * every_ps
        waited = float(near.sum()) * every_ps / 1000
        rows.append({
            "volt": round(float(data.field[0]) * data.attrs["length_x_nm"], 3), "field_v_nm": float(data.field[0]),
            "replicas": int(known.any(axis=1).sum()), "ns": known.sum() * every_ps / 1000,
            "near": near.sum() / known.sum(), "far": there.far.values.sum() / known.sum(),
            "visits": len(lengths), "longest_ps": float(lengths.max(initial=0.0)),
            "cl": cl, "k": k, "k_meanwhile": k_meanwhile, "waited_ns": waited,
            "rate": rate(max(cl, 0), waited, settings) if waited else None,
        })  # fmt: skip
    return pd.DataFrame(rows).sort_values("volt", ignore_index=True) if rows else pd.DataFrame()


def order(
    holds: Mapping[str, xr.Dataset], reruns: Mapping[str, xr.Dataset], settings: Analysis, place: Place
) -> dict[float, dict[str, Estimate | None]]:
    """<cos theta> of the pore's water while a Cl- waits on the near side ("waiting") and while none does ("none").

    Units are blocks of `BLOCK_PS`.

    Returns
    -------
    by voltage (V); None where the state, or water in it, was seen in no frame
    """
    found = {}
    for name, data in _both(holds, reruns):
        there = where(data, reruns[name], place)
        theta, frame, replica = orientation.angles(data)
        waiting, known = (there[key].values[replica, frame] for key in ("near", "known"))
        block = (data.time.values[frame] / BLOCK_PS + 1e-9).astype(int)
        samples = orientation.Samples(
            theta, data.field.values[frame], np.ones(len(theta), dtype=bool),
            replica.astype(np.int64) * (int(block.max(initial=0)) + 1) + block, replica,
        )  # fmt: skip
        state = {"waiting": known & waiting, "none": known & ~waiting}
        found[round(float(data.field[0]) * data.attrs["length_x_nm"], 3)] = {
            key: orientation.mean_cos(samples.where(chosen), settings) if chosen.any() else None
            for key, chosen in state.items()
        }
    return dict(sorted(found.items()))


def _both(holds: Mapping[str, xr.Dataset], reruns: Mapping[str, xr.Dataset]) -> list[tuple[str, xr.Dataset]]:
    return [(name, data) for name, data in holds.items() if name in reruns]


def _filled(there: np.ndarray, steps: int) -> np.ndarray:
    """Absences of at most so many frames filled, where the ion comes back: array (frame,) of bool."""
    at = np.flatnonzero(there)
    filled = there.copy()
    for before, after in zip(at, at[1:], strict=False):
        if after - before - 1 <= steps:
            filled[before:after] = True
    return filled


def _lengths(there: np.ndarray) -> np.ndarray:
    """Lengths, in frames, of the stretches in which something is there."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], there.astype(int), [0]])))
    return edges[1::2] - edges[::2]
