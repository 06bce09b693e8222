"""Exponentials fitted to a curve, with a bootstrap over what the curve was averaged from; or a reason why not.

A + B exp(-t / tau) covers both forms of the paper: A' + B' (1 - exp(-t / tau)) is A = A' + B', B = -B'.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from . import chance
from .stats import Estimate

#: A fit with more than this fraction of failed bootstrap draws is refused.
MOST_FAILED = 0.2
#: A fit that noise alone would make more often than this is refused: 3 sigma.
LEVEL = 0.0027
_DRAWS = 400


@dataclass(frozen=True)
class Decay:
    """A + B exp(-t / tau) as estimates, or the reason why the data do not fix it.

    Attributes
    ----------
    a, b, tau : Estimate, or None where the fit failed
    failed : why it failed; empty if it did not
    """

    a: Estimate | None
    b: Estimate | None
    tau: Estimate | None
    failed: str = ""

    def at(self, time: np.ndarray) -> np.ndarray:
        """The fitted curve at times, same shape; NaN where the fit failed."""
        time = np.asarray(time, dtype=float)
        if self.failed:
            return np.full_like(time, np.nan)
        return self.a.value + self.b.value * np.exp(-time / self.tau.value)


def decay(
    time: np.ndarray,
    units: np.ndarray,
    of: Callable[[np.ndarray], np.ndarray],
    *,
    draws: int,
    confidence: float,
    seed: int = 0,
) -> Decay:
    """Fit A + B exp(-t / tau) to a curve that is a statistic of independent units.

    Parameters
    ----------
    time : array (t,), rising
    units : array (n_units, ...): one entry a replica
    of : curve (t,) from such an array, e.g. a mean over units, or a ratio of means
    draws, confidence, seed : as in `stats.bootstrap`; at most 400 draws are made, as each is a fit

    Returns
    -------
    Decay
        with `failed` set, and no numbers, where there are fewer than four finite points or two units, where no
        fit converges, where tau is shorter than a third of the first spacing or longer than three times the range,
        where noise about a constant does as well (`chance`), where more than a fifth of the draws fail, or where the
        interval of B holds 0.
    """
    time, units = np.asarray(time, dtype=float), np.asarray(units)
    curve = np.asarray(of(units), dtype=float)
    if np.isfinite(curve).sum() < 4:
        return _refused(f"only {int(np.isfinite(curve).sum())} points: four are needed")
    if len(units) < 2:
        return _refused("one replica gives no error bar: run more")
    whole = exponential(time, curve)
    if whole is None:
        return _refused("no exponential with a time constant inside the range of the data")
    rng = np.random.default_rng(seed)
    asked = min(draws, _DRAWS)
    curves = [np.asarray(of(units[rng.integers(len(units), size=len(units))]), dtype=float) for _ in range(asked)]
    if chance.of_decay(time, units, of, seed) > LEVEL:
        return _refused("a constant fits as well within the errors: no decay to be seen")
    fits = exponentials(time, np.array(curves))
    good = fits[np.isfinite(fits[:, 2])]
    if len(good) < (1 - MOST_FAILED) * asked:
        return _refused(f"{asked - len(good)} of {asked} resampled curves have no such exponential: run more replicas")
    tail = 50 * (1 - confidence)
    low, high = np.percentile(good, [tail, 100 - tail], axis=0)
    if low[1] <= 0 <= high[1]:
        return _refused("the amplitude is zero within its error: no decay to be seen")
    return Decay(
        *(Estimate(float(v), float(lo), float(hi), len(units)) for v, lo, hi in zip(whole, low, high, strict=True))
    )


def exponential(time: np.ndarray, curve: np.ndarray) -> tuple[float, float, float] | None:
    """(A, B, tau) of the least-squares A + B exp(-t / tau); None without one whose tau is within reach of the data."""
    time, curve = np.asarray(time, dtype=float), np.asarray(curve, dtype=float)
    there = np.isfinite(curve)
    time, curve = time[there], curve[there]
    if len(time) < 4 or np.ptp(curve) == 0:
        return None
    taus = np.geomspace(np.diff(time).min() / 3, 3 * (time[-1] - time[0]), 60)
    costs = _linear(time, curve, taus)[0]
    best = int(np.argmin(costs))
    if best in (0, len(taus) - 1):
        return None
    refined = minimize_scalar(
        lambda log_tau: _linear(time, curve, np.exp(log_tau))[0],
        bounds=np.log(taus[[best - 1, best + 1]]), method="bounded", options={"xatol": 1e-8},
    )  # fmt: skip
    tau = float(np.exp(refined.x))
    _, a, b = _linear(time, curve, tau)
    return float(a), float(b), tau


def exponentials(time: np.ndarray, curves: np.ndarray) -> np.ndarray:
    """`exponential` of many curves (k, t) at once, for bootstraps: (k, 3) of A, B and tau, NaN where there is none."""
    time, curves = np.asarray(time, dtype=float), np.asarray(curves, dtype=float)
    found = np.full((len(curves), 3), np.nan)
    whole = np.isfinite(curves).all(axis=1)
    for k in np.flatnonzero(~whole):
        found[k] = exponential(time, curves[k]) or np.nan
    some = np.flatnonzero(whole & (np.ptp(curves, axis=1) > 0)) if len(time) > 3 else np.array([], dtype=int)
    if not len(some):
        return found
    logs = np.log(np.geomspace(np.diff(time).min() / 3, 3 * (time[-1] - time[0]), 60))
    costs = np.stack([_lines(time, curves[some], np.full(len(some), log))[0] for log in logs], axis=1)
    best = costs.argmin(axis=1)
    inside = (best > 0) & (best < len(logs) - 1)
    some, best = some[inside], best[inside]
    low, high, ratio = logs[best - 1], logs[best + 1], 0.5 * (np.sqrt(5) - 1)
    for _ in range(36):  # golden section: 36 steps narrow the bracket by 3e-8
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        lower = _lines(time, curves[some], left)[0] < _lines(time, curves[some], right)[0]
        low, high = np.where(lower, low, left), np.where(lower, right, high)
    _, a, b = _lines(time, curves[some], 0.5 * (low + high))
    found[some] = np.stack([a, b, np.exp(0.5 * (low + high))], axis=1)
    return found


def _lines(time: np.ndarray, curves: np.ndarray, log_tau: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`_linear` for curves (k, t), each with its own tau (k,)."""
    tau = np.exp(log_tau)
    shape = np.exp(-(time - time[0]) / tau[:, None])
    slope = shape - shape.mean(axis=1, keepdims=True)
    b = (slope * curves).sum(axis=1) / (slope**2).sum(axis=1)
    a = curves.mean(axis=1) - b * shape.mean(axis=1)
    cost = ((curves - a[:, None] - b[:, None] * shape) ** 2).sum(axis=1)
    return cost, a, b * np.exp(np.clip(time[0] / tau, None, 300))


def _linear(time: np.ndarray, curve: np.ndarray, tau: np.ndarray | float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Least squares for given tau (...), in closed form: sum of squares, A and B, each (...)."""
    tau = np.asarray(tau, dtype=float)[..., None]
    shape = np.exp(-(time - time[0]) / tau)
    slope = shape - shape.mean(axis=-1, keepdims=True)
    b = slope @ curve / (slope**2).sum(axis=-1)
    a = curve.mean() - b * shape.mean(axis=-1)
    cost = ((curve - a[..., None] - b[..., None] * shape) ** 2).sum(axis=-1)
    return cost, a, b * np.exp(np.clip(time[0] / tau[..., 0], None, 300))


def _refused(why: str) -> Decay:
    return Decay(None, None, None, why)
