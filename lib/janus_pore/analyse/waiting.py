"""Does a Cl- that has come to the pore wait before it passes, and the longer the higher the voltage?

A barrier shows in time. An ion on the near side of the Mo plane, where it came from, passes at the rate

    k = N / T

N being the passes and T the time in which an ion was there. N is a Poisson count, so the interval of k is that of
its posterior, Gamma(N + 1/2) / T (Jeffreys prior): no pass at all gives an upper bound. If the barrier of Cl- grows
with the field (Table 1), k falls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import binom, gamma

from ..errors import AnalysisError
from ..parameters import Analysis
from . import orientation
from .stats import Estimate

#: An ion that was away no longer than this (ps) has not left: it rattles across the edge of the region.
GAP_PS = 2.0
#: Blocks (ps) that count as independent for the water's order while an ion waits, or while none does.
BLOCK_PS = 50.0
#: Chance of a fall as clear as the one found, if all rates are equal, below which it counts as one.
LEVEL = 0.05


@dataclass(frozen=True)
class Slower:
    """The clearest fall of the rate from one voltage to a higher one.

    Attributes
    ----------
    low_v, high_v : the two voltages
    ratio : rate at the higher over rate at the lower voltage; n is the number of passes at both
    p : chance of a fall as clear between any two of the voltages, if the rates are equal (Bonferroni)
    """

    low_v: float
    high_v: float
    ratio: Estimate
    p: float


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
    Dataset (replica, frame) of bool: `known` (the frame's forces are there), `near` and `far`; absences up to
    `GAP_PS` on the near side are filled

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
    steps = round(GAP_PS / float(data.attrs["interval_ps"]))
    table["near"] = (("replica", "frame"), np.array([_filled(one, steps) for one in table["near"][1]]) & known)
    return xr.Dataset(table)


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
    its way), `waited_ns`, and `rate` (`Estimate`, passes of Cl- in each ns that one waited; None where none did)
    """
    rows = []
    for name, data in _both(holds, reruns):
        there, interval = where(data, reruns[name], place), float(data.attrs["interval_ps"])
        known = there.known.values
        counted = known[:, 1:] & known[:, :-1]
        along = np.sign(float(data.field[0]))
        passes = {
            one: int(round(sign * along * float((data.crossings.sel(species=one).values * counted).sum())))
            for one, sign in (("CL", -1), ("K", 1))
        }
        lengths = np.concatenate([_lengths(one) for one in there.near.values]) * interval
        waited = float(there.near.values.sum()) * interval / 1000
        rows.append({
            "volt": round(float(data.field[0]) * data.attrs["length_x_nm"], 3), "field_v_nm": float(data.field[0]),
            "replicas": int(known.any(axis=1).sum()), "ns": known.sum() * interval / 1000,
            "near": there.near.values.sum() / known.sum(), "far": there.far.values.sum() / known.sum(),
            "visits": len(lengths), "longest_ps": float(lengths.max(initial=0.0)),
            "cl": passes["CL"], "k": passes["K"], "waited_ns": waited,
            "rate": rate(max(passes["CL"], 0), waited, settings) if waited else None,
        })  # fmt: skip
    return pd.DataFrame(rows).sort_values("volt", ignore_index=True) if rows else pd.DataFrame()


def rate(passes: int, waited_ns: float, settings: Analysis) -> Estimate:
    """k = N / T in 1/ns, with its interval; below a bound if nothing passed."""
    tail = 0.5 * (1 - settings.confidence)
    low, high = gamma.ppf([tail, 1 - tail], passes + 0.5) / waited_ns
    if passes == 0:
        return Estimate(0.0, -np.inf, float(gamma.ppf(settings.confidence, 0.5) / waited_ns), 0)
    return Estimate(passes / waited_ns, float(low), float(high), passes)


def slower(table: pd.DataFrame, settings: Analysis, seed: int = 0) -> Slower | None:
    """The clearest fall of the rate between any two voltages of one sign; None with fewer than two.

    Of N passes at both voltages, Binomial(N, T_low / (T_low + T_high)) are at the lower one if the rates are equal.
    """
    known = [one for one in table.itertuples() if one.volt > 0 and one.rate] if len(table) else []
    pairs = list(combinations(known, 2))
    if not pairs:
        return None

    def chance(pair: tuple) -> float:
        low, high = pair
        share = low.waited_ns / (low.waited_ns + high.waited_ns)
        return float(binom.sf(low.rate.n - 1, low.rate.n + high.rate.n, share))

    low, high = min(pairs, key=chance)
    rng, tail = np.random.default_rng(seed), 50 * (1 - settings.confidence)
    drawn = [rng.gamma(one.rate.n + 0.5, size=settings.bootstrap_draws) / one.waited_ns for one in (high, low)]
    ends = np.percentile(drawn[0] / drawn[1], [tail, 100 - tail])
    ratio = high.rate.value / low.rate.value if low.rate.n else np.nan
    passes = low.rate.n + high.rate.n
    if not high.rate.n:
        ends = (-np.inf, np.percentile(drawn[0] / drawn[1], 100 * settings.confidence))
    estimate = Estimate(float(ratio), float(ends[0]), float(ends[1]), passes)
    return Slower(low.volt, high.volt, estimate, min(1.0, len(pairs) * chance((low, high))))


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
