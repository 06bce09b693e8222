"""What replicas alone say about a difference: dealt anew to the two sides, how often would they differ as much?

This assumes nothing of how ions pass, only that replicas are independent, or pairs of them that start alike. Tables are
those of `waiting.waits`, with a column `passes` of what is counted.
"""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

#: Up to so many ways to deal are all gone through; of more, so many are drawn.
_MOST = 1 << 17


def dealt(low: pd.DataFrame, high: pd.DataFrame, per: str, seed: int = 0) -> float:
    """p of the ratio by dealing whole replicas to the two voltages anew: all ways, or `_MOST` drawn ones."""
    passes, times = (np.concatenate([one[name].to_numpy(float) for one in (low, high)]) for name in ("passes", per))
    ways = _deals(len(passes), len(low), seed)
    n_low, t_low = passes[ways].sum(axis=1), times[ways].sum(axis=1)
    excess = (passes.sum() - n_low) * t_low - n_low * (times.sum() - t_low)  # its sign is that of ratio - 1
    return float(np.mean(excess <= excess[0] + 1e-12))


def _pairs(low: pd.DataFrame, high: pd.DataFrame) -> pd.DataFrame:
    """The replicas of one placement and number at both voltages, which start alike; columns end in _x and _y."""
    keys = [name for name in ("unit", "placement", "replica") if name in low]
    return low.merge(high, on=keys) if keys else low.iloc[:0]


def changes(low: pd.DataFrame, high: pd.DataFrame, per: str) -> np.ndarray:
    """Passes per time at the higher voltage less those at the lower one, array (pair,)."""
    pairs = _pairs(low, high)
    if not len(pairs):
        return np.empty(0)
    return (pairs.passes_y / pairs[f"{per}_y"] - pairs.passes_x / pairs[f"{per}_x"]).to_numpy(float)


def differ(one: np.ndarray, other: np.ndarray, seed: int = 0) -> float:
    """p of the difference of two means by dealing the numbers anew, two-sided: all ways, or `_MOST` drawn ones.

    NaN where a side has fewer than two, which do not say how much they scatter.
    """
    everything, k = np.concatenate([one, other]), len(one)
    if min(k, len(other)) < 2:
        return float("nan")
    ways = _deals(len(everything), k, seed)
    sums = everything[ways].sum(axis=1)
    apart = np.abs(sums / k - (everything.sum() - sums) / len(other))
    return float(np.mean(apart >= apart[0] - 1e-9))


def exchanged(low: pd.DataFrame, high: pd.DataFrame, per: str, seed: int = 0) -> tuple[float, int, int]:
    """p of the ratio by exchanging the voltages within pairs that start alike, all ways or `_MOST` drawn.

    And how many pairs there are, and how many of these differ in anything: with d of them no p is below 0.5^d.
    """
    pairs = _pairs(low, high)
    if not len(pairs):
        return np.nan, 0, 0
    ends = [pairs[[f"{name}_x", f"{name}_y"]].to_numpy(float) for name in ("passes", per)]
    differing = np.any([one[:, 0] != one[:, 1] for one in ends], axis=0)
    ways = np.zeros((len(drawn := _ways(int(differing.sum()), seed)), len(pairs)), dtype=int)
    ways[:, differing] = drawn  # to exchange the others changes nothing
    n_low, t_low, n_high, t_high = (
        np.where(ways, one[:, 1 - k], one[:, k]).sum(axis=1) for k in (0, 1) for one in ends
    )
    excess = n_high * t_low - n_low * t_high
    return float(np.mean(excess <= excess[0] + 1e-12)), len(pairs), int(differing.sum())


def placement_changes(low: pd.DataFrame, high: pd.DataFrame, per: str) -> np.ndarray:
    """The mean of `changes` in each placement of the ions that has pairs, array (placement,).

    A placement counts once, however many replicas started from its equilibration: what they share by that is then no
    evidence. So do placements that began alike, if a column `unit` says which (`waiting.waits`). Pairs of which one
    has no such time are left out.
    """
    low, high = (one[one[per] > 0] for one in (low, high))
    pairs = _pairs(low, high)
    unit = "unit" if "unit" in pairs else "placement"
    if not len(pairs) or unit not in pairs:
        return np.empty(0)
    return pd.Series(changes(low, high, per)).groupby(pairs[unit].to_numpy()).mean().to_numpy()


def exchanged_placements(low: pd.DataFrame, high: pd.DataFrame, per: str, seed: int = 0) -> tuple[float, int, int]:
    """p of the mean change of flow by exchanging the voltages of whole placements.

    And how many of these have pairs, and how many of them change: with d of them no p is below 0.5^d.
    """
    means = placement_changes(low, high, per)
    if not len(means):
        return np.nan, 0, 0
    changing = means[np.abs(means) > 1e-9]
    sums = np.where(_ways(len(changing), seed), -changing, changing).sum(axis=1)
    return float(np.mean(sums <= sums[0] + 1e-9)), len(means), len(changing)


def _deals(count: int, k: int, seed: int) -> np.ndarray:
    """Which k units come to the first side, array (way, k): all ways, or `_MOST` drawn ones; the first is as seen."""
    if comb(count, k) <= _MOST:
        return np.array([*combinations(range(count), k)])
    ways = np.argsort(np.random.default_rng(seed).random((_MOST, count)), axis=1)[:, :k]
    ways[0] = np.arange(k)
    return ways


def _ways(count: int, seed: int) -> np.ndarray:
    """Which of the units are exchanged, array (way, unit): all ways, or `_MOST` drawn ones; the first is none."""
    if 2**count <= _MOST:
        return (np.arange(2**count)[:, None] >> np.arange(count)) & 1
    ways = np.random.default_rng(seed).integers(0, 2, (_MOST, count))
    ways[0] = 0
    return ways
