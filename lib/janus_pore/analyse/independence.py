"""How many independent numbers stand behind a mean? Replicas are taken for it; blocks of one run need not be.

Replicas of one placement of the ions begin with these nearly where the others have them, so where there are placements
enough, these are taken for independent instead (`together`).

The mean of N blocks with autocorrelation rho_k counts as N / g independent ones, g = 1 + 2 sum_k rho_k; a block of
length L counts as L / (2 tau) of them at most, tau being the correlation time of the series (blocking:
Flyvbjerg and Petersen 1989); and blocks that share a replica's own offset count as N / (1 + (m - 1) r), with m
blocks a replica and r the share of the variance that lies between replicas.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.stats import f as fisher
from scipy.stats import norm

#: With fewer independent units an error bar is a rough guess, and replicas are not drawn as a whole.
ENOUGH = 5
#: A warning is raised where chance alone would raise it this often.
LEVEL = 0.01
#: Units count as fewer where chance alone would have it this often (one standard error): to wait for `LEVEL` would
#: leave the error of short runs with a memory of a block or two a third too small.
WIDENED = 0.16
#: A group with a larger share of the data than this is warned of.
_MOST = 0.4


@dataclass(frozen=True)
class Independence:
    """What stands behind an error bar.

    Attributes
    ----------
    drawn : "replica" or "block": what a bootstrap should draw
    n : how many of them there are
    effective : how many independent units they count as
    weighed : as how many of one size those that are drawn count, if they are replicas or placements: with most of the
        data in one of them the error bar is known from little more than that one
    warning : why the error bar may be too small; empty if nothing speaks against it
    reason : why `effective` is less than `n`; empty if it is not, or by no more than chance may do (`LEVEL`)
    """

    drawn: str
    n: int
    effective: float
    warning: str = ""
    reason: str = ""
    weighed: float = np.inf

    @property
    def behind(self) -> int:
        """How many units the error bar is known from, at least two, for Student's t."""
        return max(2, round(min(self.effective, self.weighed)))


def together(data: xr.Dataset | xr.DataArray) -> np.ndarray:
    """Which replicas of some data belong together, array (replica,): placements if `ENOUGH`, else each is its own.

    Parameters
    ----------
    data : with a dimension `replica`; the coordinate `began`, if it has one, says which placement of the ions each
        began as
    """
    if "began" in data.coords and len(np.unique(data.began)) >= ENOUGH:
        return np.unique(data.began, return_inverse=True)[1]
    return np.arange(data.sizes["replica"])


def by_group(groups: np.ndarray | None) -> bool:
    """Whether whole replicas are drawn: where there are at least `ENOUGH`."""
    return groups is not None and len(np.unique(groups)) >= ENOUGH


def count(units: int, groups: np.ndarray | None) -> int:
    """Number of units that a bootstrap draws from."""
    return len(np.unique(groups)) if by_group(groups) else units


def few(n: int) -> str:
    """The warning for a number of units, empty if there are enough."""
    return "" if n >= ENOUGH else f"only {n} independent unit{'s' * (n != 1)}: the error bar is a rough guess at best"


def judge(
    values: np.ndarray,
    groups: np.ndarray | None = None,
    unit_ps: float = np.nan,
    correlation_ps: float = np.nan,
    weights: np.ndarray | None = None,
) -> Independence:
    """How many independent units some numbers count as.

    Parameters
    ----------
    values : array (n,), one number a unit, in the order of time within each replica
    groups : array (n,), the replica of each; None means that all units are of one run
    unit_ps, correlation_ps : length of a unit and correlation time of the series it was cut from, NaN if unknown
    weights : array (n,), the data behind each number; None if all have as many
    """
    values, n = np.asarray(values, dtype=float), len(values)
    groups = np.zeros(n, dtype=int) if groups is None else np.asarray(groups)
    if by_group(groups):
        return whole(np.ones(n) if weights is None else weights, groups)
    reasons, effective = [], float(n)
    if unit_ps < 2 * correlation_ps:
        effective = min(effective, n * unit_ps / (2 * correlation_ps))
        reasons.append(f"blocks of {unit_ps:.3g} ps are shorter than two correlation times of {correlation_ps:.2g} ps")
    runs = [values[groups == name] for name in np.unique(groups)]
    effective = min(effective, n / inefficiency(runs), n / (1 + (n / len(runs) - 1) * between(runs)))
    if inefficiency(runs, LEVEL) > 1:
        reasons.append("successive blocks are correlated")
    if between(runs, LEVEL) > 0:
        reasons.append("replicas differ by more than their blocks say")
    if reasons:
        text = f"{' and '.join(reasons)}: {n} blocks count as {max(effective, 1):.2g}"
        return Independence("block", n, max(effective, 1.0), f"{text}, so the error bar is too small", text)
    return Independence("block", n, max(effective, 1.0), few(n))


def whole(weights: np.ndarray, groups: np.ndarray) -> Independence:
    """What is known where whole groups are drawn: n of them that count as (sum w)^2 / sum w^2 of one size (Kish).

    Parameters
    ----------
    weights, groups : arrays (unit,), the data in each unit, and the group of each
    """
    size = np.bincount(np.unique(groups, return_inverse=True)[1], weights)
    n, weighed = len(size), float(size.sum() ** 2 / (size**2).sum())
    warning = few(n)
    if n >= ENOUGH and (most := size.max() / size.sum()) > _MOST:
        warning = f"{n} independent units, one with {most:.0%} of the data: they count as {weighed:.2g}"
    return Independence("replica", n, float(n), warning, weighed=weighed)


def inefficiency(runs: list[np.ndarray], level: float = WIDENED) -> float:
    """g = 1 + 2 sum_k rho_k of successive blocks, up to the first rho_k <= 0; 1 where rho_1 could be chance."""
    everything = np.concatenate(runs)
    centred, variance = [run - everything.mean() for run in runs], float(everything.var())
    pairs = sum(max(len(run) - 1, 0) for run in runs)
    if variance == 0 or pairs < 2:
        return 1.0
    factor = 1.0
    for lag in range(1, max(len(run) for run in runs)):
        products = np.concatenate([run[:-lag] * run[lag:] for run in centred if len(run) > lag])
        rho = float(products.mean()) / variance
        if rho <= 0 or (lag == 1 and rho * np.sqrt(pairs) < norm.ppf(1 - level)):
            break
        factor += 2 * rho
    return factor


def between(runs: list[np.ndarray], level: float = WIDENED) -> float:
    """Share of the variance that lies between replicas (F test of equal means); 0 where it could be chance."""
    n, m = len(runs), min(len(run) for run in runs)
    if n < 2 or m < 2:
        return 0.0
    table = np.stack([run[:m] for run in runs])
    across, within = m * table.mean(axis=1).var(ddof=1), table.var(axis=1, ddof=1).mean()
    if within == 0:
        return float(across > 0)
    if fisher.sf(across / within, n - 1, n * (m - 1)) > level:
        return 0.0
    return float((across - within) / (across + (m - 1) * within))


def correlation_time(series: np.ndarray, interval: float) -> float:
    """Integrated autocorrelation time of a series, in the unit of `interval`; at least half an interval.

    tau = interval (1/2 + sum_k rho_k), summed up to the first rho_k <= 0 (initial positive sequence).
    """
    centred = np.asarray(series, dtype=float) - np.mean(series)
    variance = float(np.mean(centred**2))
    if variance == 0:
        return 0.5 * interval
    tau = 0.5
    for lag in range(1, len(centred) // 2):
        rho = float(np.mean(centred[:-lag] * centred[lag:])) / variance
        if rho <= 0:
            break
        tau += rho
    return tau * interval


def about_phase(series: np.ndarray, period_ps: float, time_ps: np.ndarray) -> np.ndarray:
    """A current (replica, interval) less its mean over replicas and cycles at each phase of a sine."""
    steps = round(period_ps / float(time_ps[1] - time_ps[0]))
    phase = np.floor(np.asarray(time_ps) / period_ps % 1 * steps + 1e-6).astype(int) % steps
    mean = np.bincount(phase, series.sum(axis=0), steps) / np.maximum(np.bincount(phase, minlength=steps), 1)
    return series - mean[phase] / len(series)


def correlation(series: np.ndarray) -> float:
    """Correlation time of a current (replica, interval), in intervals; NaN if it does not change."""
    if np.ptp(series) < 1e-12 or series.shape[1] < 4:
        return float("nan")
    return float(np.mean([correlation_time(one, 1.0) for one in series]))
