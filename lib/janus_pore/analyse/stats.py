"""Error bars: bootstrap over independent units, and how independent they are.

What is drawn is whole replicas where there are at least `independence.ENOUGH` of them (whole placements of the ions, if
of these), since blocks of one are not surely independent; with fewer, their blocks (cycles of a sweep, windows of a
constant field). Block errors can be too small: `independence` looks for that, and the result says so in its `warning`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from ..errors import AnalysisError
from . import independence
from .independence import correlation_time as correlation_time  # where others look for it


@dataclass(frozen=True)
class Estimate:
    """A number with its confidence interval and the number of independent units behind it.

    `warning` says why the interval may be too small; empty if nothing speaks against it. An infinite end of the
    interval means that the data give a bound only.
    """

    value: float
    low: float
    high: float
    n: int
    warning: str = ""

    @property
    def error(self) -> float:
        """Half the interval's width."""
        return 0.5 * (self.high - self.low)


def bootstrap(
    units: np.ndarray, of: Callable[[np.ndarray], np.ndarray], *, draws: int, confidence: float, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Value and percentile interval of a statistic of independent units.

    Parameters
    ----------
    units : array (n_units, ...): one entry a replica, cycle or block
    of : statistic of such an array, e.g. ``lambda u: np.nanmean(u, axis=0)``
    draws, confidence, seed : resamplings, coverage (0.68 is one sigma), random seed

    Returns
    -------
    value, low, high : arrays of the statistic's shape; low and high are NaN where there is one unit only

    Raises
    ------
    AnalysisError
        if there is no unit.
    """
    units = np.asarray(units)
    _some(units)
    value = np.asarray(of(units), dtype=float)
    if len(units) == 1:
        return value, np.full_like(value, np.nan), np.full_like(value, np.nan)
    drawn = resampled(units, of, draws=draws, seed=seed)
    tail = 50 * (1 - confidence)
    if not np.isfinite(drawn).any():
        return value, np.full_like(value, np.nan), np.full_like(value, np.nan)
    low, high = np.nanpercentile(drawn, [tail, 100 - tail], axis=0)
    return value, low, high


def resampled(units: np.ndarray, of: Callable[[np.ndarray], np.ndarray], *, draws: int, seed: int = 0) -> np.ndarray:
    """A statistic of resampled units (draws, ...)."""
    picks = np.random.default_rng(seed).integers(len(units), size=(draws, len(units)))
    return np.stack([np.asarray(of(units[pick]), dtype=float) for pick in picks])


def summed(units: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """What a bootstrap of sums draws: sums by replica where there are enough of them, the units themselves otherwise.

    Parameters
    ----------
    units : array (n_units, ...) of sums, such as the numerator and the denominator of a ratio
    groups : array (n_units,), the replica of each
    """
    if not independence.by_group(groups):
        return units
    names, index = np.unique(groups, return_inverse=True)
    found = np.zeros((len(names), *units.shape[1:]))
    np.add.at(found, index, units)
    return found


def estimate(
    units: np.ndarray, of: Callable[[np.ndarray], float], *, draws: int, confidence: float, seed: int = 0
) -> Estimate:
    """`bootstrap` for a scalar statistic."""
    value, low, high = bootstrap(units, of, draws=draws, confidence=confidence, seed=seed)
    return Estimate(float(value), float(low), float(high), len(units), independence.few(len(units)))


def widened(
    found: Estimate, judged: independence.Independence, least: float = -np.inf, most: float = np.inf
) -> Estimate:
    """An interval from n units that count as fewer, wider by sqrt(n / effective), within what the number can be.

    The warning says why, where more than chance speaks for it.
    """
    factor, warning = float(np.sqrt(judged.n / judged.effective)), judged.warning
    if judged.reason:
        warning = f"{judged.reason}, and the error bar is wider by that"
    ends = (found.value + factor * (end - found.value) for end in (found.low, found.high))
    return Estimate(found.value, *(float(np.clip(end, least, most)) for end in ends), found.n, warning)


def resampled_means(
    units: np.ndarray, groups: np.ndarray | None, *, draws: int, seed: int | Sequence[int] | np.random.Generator = 0
) -> np.ndarray:  # fmt: skip
    """Means of resampled units (draws, ...): whole groups where there are enough of them, single units otherwise."""
    units = np.asarray(units, dtype=float)
    _some(units)
    rng = np.random.default_rng(seed)
    if independence.by_group(groups):
        names, index = np.unique(groups, return_inverse=True)
        weight = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), draws)[:, index].astype(float)
    else:
        weight = rng.multinomial(len(units), np.full(len(units), 1 / len(units)), draws).astype(float)
    weight /= weight.sum(axis=1, keepdims=True)
    return (weight @ units.reshape(len(units), -1)).reshape(draws, *units.shape[1:])


def of_mean(
    units: np.ndarray,
    of: Callable[[np.ndarray], np.ndarray],
    *,
    groups: np.ndarray | None = None,
    draws: int,
    confidence: float,
    seed: int = 0,
    unit_ps: float = np.nan,
    correlation_ps: float = np.nan,
) -> Estimate:
    """A number computed from the mean over units, with its expanded percentile interval and a warning where due.

    Parameters
    ----------
    units : array (n_units, ...)
    of : the number (k,) of each of k such means (k, ...)
    groups : array (n_units,), the replica of each unit; within one replica, units are in the order of time
    unit_ps, correlation_ps : length of a unit and correlation time of the series it is cut from, if known
    """
    units = np.asarray(units, dtype=float)
    value = float(of(units.mean(axis=0)[None])[0])
    n = independence.count(len(units), groups)
    if n < 2:
        return Estimate(value, np.nan, np.nan, n, independence.few(n))
    drawn = of(resampled_means(units, groups, draws=draws, seed=seed))
    warning = independence.judge(pseudovalues(units, of), groups, unit_ps, correlation_ps).warning
    if (drawn == drawn[0]).all():
        return Estimate(value, np.nan, np.nan, n, "all units are alike: nothing is known of the error")
    low, high = interval(drawn, n, confidence)
    return Estimate(value, float(low), float(high), n, warning)


def pseudovalues(units: np.ndarray, of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """What each unit contributes to a number of the mean (n_units,): n f(all) - (n - 1) f(all but one).

    Where the number is not finite for some of these means, the units' own means instead.
    """
    n, mean = len(units), units.mean(axis=0)
    without = (n * mean - units) / (n - 1)
    with np.errstate(invalid="ignore"):
        found = n * of(mean[None]) - (n - 1) * of(without)
    return found if np.isfinite(found).all() else units.reshape(n, -1).mean(axis=1)


def expanded(confidence: float, n: int) -> float:
    """Share of the draws between the ends of an interval of that confidence, for a bootstrap of n units.

    Means of n resampled units spread less than means of n units by sqrt((n - 1) / n), and have the normal's tails in
    place of Student's. Percentiles further out put both right; the interval stays inside the range of the draws.
    """
    if n < 2:
        return confidence
    return float(2 * norm.cdf(np.sqrt(n / (n - 1)) * student.ppf(0.5 + confidence / 2, n - 1)) - 1)


def share_of(judged: independence.Independence, confidence: float) -> float:
    """`expanded` for as many units as count, at least two."""
    return expanded(confidence, judged.behind)


def interval(drawn: np.ndarray, n: int | np.ndarray, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Expanded percentile interval of draws (draws, ...) from n units; n may be an array (...), one for each number.

    The ends are draws, not values between two of them. Draws may be infinite; those that are NaN are left out.
    """
    drawn = np.sort(np.asarray(drawn, dtype=float), axis=0)
    last = np.maximum(np.isfinite(drawn).sum(axis=0) + np.isinf(drawn).sum(axis=0) - 1, 0)
    tail = 0.5 * (1 - np.vectorize(expanded, otypes=[float])(confidence, n))
    ends = np.floor(tail * last).astype(int), np.ceil((1 - tail) * last).astype(int)
    low, high = (np.take_along_axis(drawn, end[None], axis=0)[0] for end in ends)
    return low, high


def below_zero(drawn: np.ndarray, n: int) -> float:
    """Confidence (0..1) that a number is negative, from draws (draws,) of it with n units behind them.

    The share of draws below zero, put right for few units as `interval` is: 0.975 where the 95 % interval just
    reaches zero. Draws that are NaN are left out; NaN if none is left.
    """
    drawn = np.asarray(drawn, dtype=float)
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn) or n < 2:
        return float("nan")
    share = ((drawn < 0).sum() + 0.5 * (drawn == 0).sum() + 0.5) / (len(drawn) + 1)
    return float(student.cdf(norm.ppf(share) * np.sqrt((n - 1) / n), n - 1))


def _some(units: np.ndarray) -> None:
    if len(units) == 0:
        raise AnalysisError("no data to average: no replica, cycle or block is long enough; run longer or more")
