"""Error bars: bootstrap over independent units, and how independent they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..errors import AnalysisError


@dataclass(frozen=True)
class Estimate:
    """A number with its confidence interval and the number of independent units behind it."""

    value: float
    low: float
    high: float
    n: int

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
    if len(units) == 0:
        raise AnalysisError("no data to average: no replica, cycle or block is long enough; run longer or more")
    value = np.asarray(of(units), dtype=float)
    if len(units) == 1:
        return value, np.full_like(value, np.nan), np.full_like(value, np.nan)
    rng = np.random.default_rng(seed)
    picks = rng.integers(len(units), size=(draws, len(units)))
    resampled = np.stack([np.asarray(of(units[pick]), dtype=float) for pick in picks])
    tail = 50 * (1 - confidence)
    if not np.isfinite(resampled).any():
        return value, np.full_like(value, np.nan), np.full_like(value, np.nan)
    low, high = np.nanpercentile(resampled, [tail, 100 - tail], axis=0)
    return value, low, high


def estimate(
    units: np.ndarray, of: Callable[[np.ndarray], float], *, draws: int, confidence: float, seed: int = 0
) -> Estimate:
    """`bootstrap` for a scalar statistic."""
    value, low, high = bootstrap(units, of, draws=draws, confidence=confidence, seed=seed)
    return Estimate(float(value), float(low), float(high), len(units))


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
