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
from .stats import Estimate
from .voltage import voltage_v

#: An ion that was away no longer than this (ps) has not left: it rattles across the edge of the region.
GAP_PS = 2.0
_ORDER = ["volt", "placement", "replica"]


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
    absences up to `GAP_PS` on the near side are filled. `ions` (replica): how many different ones were near.
    `stayed` (replica): how many were on the far side at the end that were not there at the beginning. Attribute
    `every_ps` is the time between frames that are known.

    Raises
    ------
    AnalysisError
        if the forces are of runs that are not in the data.
    """
    runs, own = data.attrs["trajectories_sha256"].split(), forces.attrs["trajectories_sha256"].split()
    if not set(own) <= set(runs):
        raise AnalysisError("these forces are not of the runs in the data: compute both from the same trajectories")
    shape = (len(runs), data.sizes["time"])
    replica = np.array([runs.index(one) for one in own])[forces.frame_replica.values]
    frame = np.searchsorted(data.time.values, forces.time.values - 1e-6)
    known = np.zeros(shape, dtype=bool)
    known[replica, frame] = True
    toward = np.sign(float(data.field[0])) * forces.x.values
    inside = (forces.radial.values <= place.radius_nm) & (np.abs(toward) <= place.depth_nm)
    of, sides = forces.sample_frame.values, {}
    for name, chosen in (("near", inside & (toward >= 0)), ("far", inside & (toward < 0))):
        sides[name] = np.zeros(shape, dtype=bool)
        sides[name][replica[of[chosen]], frame[of[chosen]]] = True
    near = inside & (toward >= 0)
    ions = [len(np.unique(forces.ion.values[near & (replica[of] == k)])) for k in range(len(runs))]
    beyond, stayed = inside & (toward < 0), np.zeros(len(runs), dtype=int)
    for k in np.flatnonzero(known.any(axis=1)):
        first, last = (
            forces.ion.values[beyond & (replica[of] == k) & (frame[of] == at)]
            for at in np.flatnonzero(known[k])[[0, -1]]
        )
        stayed[k] = len(np.setdiff1d(last, first))
    every_ps = float(np.min(np.diff(np.unique(forces.time.values))))
    for one, there in zip(sides["near"], known, strict=True):
        one[there] = _filled(one[there], int(GAP_PS / every_ps + 1e-9))
    table = {name: (("replica", "frame"), one) for name, one in {"known": known, **sides}.items()}
    counts = {"ions": ("replica", ions), "stayed": ("replica", stayed)}
    return xr.Dataset(table | counts, attrs={"every_ps": every_ps})


def waits(holds: Mapping[str, xr.Dataset], reruns: Mapping[str, xr.Dataset], place: Place) -> pd.DataFrame:
    """One row a replica at a constant field, of which data and forces are there.

    Parameters
    ----------
    holds, reruns : data and forces by protocol name, as for `where`; fields of zero are left out

    Returns
    -------
    DataFrame with

    - `volt` (E Lx), `placement` of the ions (0 where the data have one only), `unit`, the placement that these began
      as, `replica` and `ns` (looked at);
    - `near_ns` and `far_ns`, in which a Cl- was there; `ions`, `visits` to the near side, `unfinished` (1 if one was
      there at the end), the `longest_ps`;
    - `cl`, `cl_back`, `k`: passes of the Mo plane along its way, and against it; `left`: of those that passed,
      net, the ones that are not on the far side of the place at the end;
    - `k_meanwhile`, those of K+ while a Cl- was near, and `meanwhile`, the share of the intervals in which one was
    """
    rows = []
    for name, data in both(holds, reruns):
        there, way = where(data, reruns[name], place), np.sign(float(data.field[0]))
        every_ps = there.attrs["every_ps"]
        for k in np.flatnonzero(there.known.any("frame")):
            at = np.flatnonzero(there.known[k])
            near = there.near.values[k, at]
            meanwhile = near[1:] | near[:-1]
            crossed = data.crossings.values[k, at[0] : at[-1]] * way  # net, toward where the field points
            crossed = np.add.reduceat(crossed, at[:-1] - at[0], axis=0)
            cl, k_plus = (crossed[:, list(data.species.values).index(one)] for one in ("CL", "K"))
            lengths = _lengths(near) * every_ps
            rows.append({
                "volt": voltage_v(data), **_placed(data, k),
                "replica": int(data.replica[k]), "ns": len(at) * every_ps / 1000,
                "near_ns": near.sum() * every_ps / 1000, "far_ns": there.far.values[k].sum() * every_ps / 1000,
                "ions": int(there.ions[k]), "visits": len(lengths), "unfinished": int(near[-1]),
                "longest_ps": float(lengths.max(initial=0.0)),
                "cl": int(np.maximum(-cl, 0).sum()), "cl_back": int(np.maximum(cl, 0).sum()),
                "left": int(-cl.sum() - there.stayed[k]), "k": int(np.maximum(k_plus, 0).sum()),
                "k_meanwhile": int(np.maximum(k_plus[meanwhile], 0).sum()), "meanwhile": float(meanwhile.mean()),
            })  # fmt: skip
    return pd.DataFrame(rows).sort_values(_ORDER, ignore_index=True) if rows else pd.DataFrame()


def stands(holds: Mapping[str, xr.Dataset], reruns: Mapping[str, xr.Dataset], place: Place) -> pd.DataFrame:
    """Where Cl- stands that is at the place, on either side of the Mo plane, at each constant field.

    Returns
    -------
    DataFrame with `volt` (E Lx), `x_nm` and `radial_nm`, the medians over all frames and ions, and `frames`; without
    rows where there is no ion
    """
    rows, columns = [], ["volt", "x_nm", "radial_nm", "frames"]
    for name, data in both(holds, reruns):
        found = reruns[name]
        x, radial = found.x.values, found.radial.values
        inside = (radial <= place.radius_nm) & (np.abs(x) <= place.depth_nm)
        if inside.any():
            rows.append([voltage_v(data), float(np.median(x[inside])), float(np.median(radial[inside])), inside.sum()])
    table = pd.DataFrame(rows, columns=columns, dtype=float).astype({"frames": int})
    return table.sort_values("volt", ignore_index=True)


def order(
    holds: Mapping[str, xr.Dataset], reruns: Mapping[str, xr.Dataset], settings: Analysis, place: Place
) -> dict[float, dict[str, Estimate | None]]:
    """<cos theta> of the pore's water while a Cl- waits on the near side ("waiting") and while none does ("none").

    Units are the stretches of time in which one does, or none: one long stretch has no error bar.

    Returns
    -------
    by voltage (V); None where the state, or water in it, was seen in no frame
    """
    found = {}
    for name, data in both(holds, reruns):
        there = where(data, reruns[name], place)
        theta, frame, replica = orientation.angles(data)
        waiting, known = (there[key].values for key in ("near", "known"))
        stretch = np.cumsum(np.diff(waiting.astype(int), axis=1, prepend=0) != 0, axis=1)
        unit = (np.arange(len(stretch))[:, None] * (stretch.max(initial=0) + 1) + stretch)[replica, frame]
        # each stretch stands for itself, so it is its own replica
        every = orientation.Samples(theta, data.field.values[frame], np.ones(len(theta), dtype=bool), unit, unit)
        state = {"waiting": (known & waiting)[replica, frame], "none": (known & ~waiting)[replica, frame]}
        found[voltage_v(data)] = {
            key: orientation.mean_cos(every.where(chosen), settings) if chosen.any() else None
            for key, chosen in state.items()
        }
    return dict(sorted(found.items()))


def both(holds: Mapping[str, xr.Dataset], reruns: Mapping[str, xr.Dataset]) -> list[tuple[str, xr.Dataset]]:
    """Names and data of those with a field, and with forces at more than one time."""
    return [
        (name, data)
        for name, data in holds.items()
        if name in reruns and float(data.field[0]) != 0 and len(np.unique(reruns[name].time)) > 1
    ]


def _placed(data: xr.Dataset, k: int) -> dict[str, int]:
    names = {"placement": "placement", "unit": "began"}
    return {name: int(data[of][k]) if of in data.coords else 0 for name, of in names.items()}


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
