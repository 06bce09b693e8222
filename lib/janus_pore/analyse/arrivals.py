"""Which comes first, the ion or the order of the water? The water about the moment in which a Cl- comes to the pore."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..parameters import Analysis
from . import independence, orientation, waiting
from .stats import Estimate, bootstrap, share_of, summed, widened
from .voltage import voltage_v


@dataclass(frozen=True)
class Arrivals:
    """<cos theta> of the pore's water about the moments in which a Cl- came, at one voltage.

    Attributes
    ----------
    time_ps : array (bin,), middles of the bins, 0 being the arrival
    mean_cos, low, high : arrays (bin,), mean over the arrivals with its interval (NaN with one arrival)
    change : mean after less mean before; n is the number of replicas (or placements) with an arrival where there are
        enough, of arrivals otherwise
    rose, count : at how many arrivals it rose, and how many there were
    """

    time_ps: np.ndarray
    mean_cos: np.ndarray
    low: np.ndarray
    high: np.ndarray
    change: Estimate
    rose: int
    count: int


def around(
    holds: Mapping[str, xr.Dataset], reruns: Mapping[str, xr.Dataset], place: waiting.Place, settings: Analysis,
    within_ps: float, *, bin_ps: float = 2.0,
) -> dict[float, Arrivals]:  # fmt: skip
    """The order of the water before and after arrivals, by voltage (V).

    An arrival is the first frame in which a Cl- is on the near side, after none was for `within_ps`, of a stay that
    fills at least half of the `within_ps` that follow. If order held the ion, it would be there before; if the ion
    makes the order, that rises after it has come.

    Parameters
    ----------
    holds, reruns : data and forces by protocol name, as for `waiting.where`
    within_ps : how long before and after (`barrier.arrival_ps`), rounded to whole bins
    bin_ps : bins of the result, in whole frames and of at least one

    Returns
    -------
    Voltages at which there was no arrival are left out, and arrivals without water in the pore before or after.
    """
    events, whose, widths = {}, {}, {}
    for name, data in waiting.both(holds, reruns):
        theta, frame, replica = orientation.angles(data)
        there = waiting.where(data, reruns[name], place)
        shape = there.near.shape
        index = replica * shape[1] + frame
        cos = np.bincount(index, np.cos(theta), np.prod(shape)).reshape(shape)
        waters = np.bincount(index, minlength=np.prod(shape)).reshape(shape)
        per_bin = max(1, round(bin_ps / there.attrs["every_ps"]))
        width_ps = per_bin * there.attrs["every_ps"]
        steps = per_bin * max(1, round(within_ps / width_ps))
        voltage, group = voltage_v(data), independence.together(data)
        for k, known in enumerate(there.known.values):
            at = np.flatnonzero(known)
            for i in _starts(there.near.values[k, at], steps):
                chosen = at[i - steps : i + steps].reshape(-1, per_bin)
                seen = waters[k, chosen].sum(axis=1)
                if seen.reshape(2, -1).any(axis=1).all():
                    events.setdefault(voltage, []).append([cos[k, chosen].sum(axis=1), seen])
                    whose.setdefault(voltage, []).append(f"{name}, {group[k]}")
                    widths[voltage] = width_ps
    return {
        voltage: _pooled(np.array(one), np.array(whose[voltage]), widths[voltage], settings)
        for voltage, one in sorted(events.items())
    }


def _starts(near: np.ndarray, steps: int) -> list[int]:
    """Frames at which a stay begins that has nothing before it and stays."""
    begun = np.flatnonzero(np.diff(near.astype(int), prepend=0) > 0)
    inside = begun[(begun >= steps) & (begun + steps <= len(near))]
    return [i for i in inside if not near[i - steps : i].any() and near[i : i + steps].mean() >= 0.5]


def _pooled(events: np.ndarray, whose: np.ndarray, bin_ps: float, settings: Analysis) -> Arrivals:
    """From sums of cosines and numbers of waters, array (event, 2, bin), and what each event is of."""
    bins = events.shape[-1]
    halves = events.reshape(len(events), 2, 2, -1).sum(axis=-1)
    before, after = (halves[:, 0] / halves[:, 1]).T
    rises = after - before
    counted = independence.judge(rises, whose)
    mean_cos, low, high = _ratio(events, whose, counted, settings)
    ones = np.column_stack([rises, np.ones(len(rises))])
    change = widened(Estimate(*map(float, _ratio(ones, whose, counted, settings)), counted.n), counted)
    time_ps = (np.arange(bins) + 0.5 - bins / 2) * bin_ps
    return Arrivals(time_ps, mean_cos, low, high, change, int((rises > 0).sum()), len(rises))


def _ratio(
    sums: np.ndarray, whose: np.ndarray, counted: independence.Independence, settings: Analysis
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ratio (...) of the sums over events of (event, 2, ...), with its interval."""

    def of(drawn: np.ndarray) -> np.ndarray:
        total = drawn.sum(axis=0)
        with np.errstate(invalid="ignore"):
            return total[0] / total[1]

    confidence = share_of(counted, settings.confidence)
    return bootstrap(summed(sums, whose), of, draws=settings.bootstrap_draws, confidence=confidence)
