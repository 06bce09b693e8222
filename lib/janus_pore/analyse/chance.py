"""Could noise alone have made this decay? A test that allows for noise which is correlated in time.

The gain of A + B exp(-t / tau) over a constant is what it takes off the sum of squares at the best tau,

    gain = max over tau of (s_tau . y)^2,   s_tau = exp(-t / tau) less its mean, of length 1

White noise of N points and noise that lasts for a while differ in it by the statistical inefficiency g, and noise
that lasts as long as the decay sought looks like one. So the gain is compared with those of noise whose strength and
g are measured from how units differ from their mean: a decay that they share is not in there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

#: Curves of noise that a gain is compared with.
_DRAWS = 8000
_TAUS = 60


def of_decay(
    time: np.ndarray, units: np.ndarray, of: Callable[[np.ndarray], np.ndarray], seed: int = 0, draws: int = _DRAWS
) -> float:
    """How often noise about a constant gains as much by an exponential as this curve does, 0..1.

    The noise is taken as stationary and first-order autoregressive, rho_k = phi^k with phi = (g - 1) / (g + 1), point
    after point; that its strength is known from few units only is part of the comparison (as in Student's t).

    Parameters
    ----------
    time, units, of : as in `fit.decay`; at least two units
    """
    curve, off = np.asarray(of(units), dtype=float), deviations(units, of)
    known = np.isfinite(curve) & np.isfinite(off).all(axis=0)
    if known.sum() < 4:
        return 1.0
    shape = _shapes(np.asarray(time, dtype=float)[known])
    gain = float(((shape @ curve[known]) ** 2).max())
    variance, factor = noise(off[:, known])
    if variance == 0:
        return float(gain == 0)
    n, points = len(off), int(known.sum())
    phi = (factor - 1) / (factor + 1)
    lag = np.abs(np.subtract.outer(np.arange(points), np.arange(points)))
    size, way = np.linalg.eigh(shape @ phi**lag @ shape.T)
    kept = size > 1e-9 * size.max()
    rng = np.random.default_rng(seed)
    normal = rng.normal(size=(draws, int(kept.sum())))
    gains = ((normal @ (way[:, kept] * np.sqrt(size[kept])).T) ** 2).max(axis=1)
    freedom = max((n - 1) * points * (1 - phi**2) / (1 + phi**2), 1.0)
    gains *= variance / n * freedom / rng.chisquare(freedom, draws)
    return float((1 + (gains >= gain).sum()) / (1 + draws))


def deviations(units: np.ndarray, of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """What each unit contributes to the curve (n, t), less their mean, from the curves of all units but one."""
    n = len(units)
    without = np.stack([np.asarray(of(np.delete(units, k, axis=0)), dtype=float) for k in range(n)])
    return (n - 1) * (without.mean(axis=0) - without)


def noise(off: np.ndarray) -> tuple[float, float]:
    """Variance of one unit's noise and its statistical inefficiency g, from deviations (n, t).

        g = 1 + 2 sum_k rho_k up to the first rho_k <= 0

    A unit's own level is no decay and is taken off; of noise that lasts this takes off a share of g / t, which is put
    back: gamma_k = c_k + variance g / t with variance = c_0 / (1 - g / t).
    """
    n, points = off.shape
    off = off - off.mean(axis=1, keepdims=True)
    lags = max(points // 2, 2)
    c = np.array([(off[:, : points - k] * off[:, k:]).sum() / ((n - 1) * (points - k)) for k in range(lags)])
    if c[0] <= 0:
        return 0.0, 1.0
    factor = 1.0
    for _ in range(30):
        share = min(factor / points, 0.5)
        rho = c / c[0] * (1 - share) + share
        ends = np.flatnonzero(rho <= 0)
        factor = max(1.0, 1 + 2 * float(rho[1 : ends[0] if len(ends) else None].sum()))
    return float(c[0] / (1 - min(factor / points, 0.5))), factor


def _shapes(time: np.ndarray) -> np.ndarray:
    taus = np.geomspace(np.diff(time).min() / 3, 3 * (time[-1] - time[0]), _TAUS)
    shape = np.exp(-(time - time[0]) / taus[:, None])
    shape -= shape.mean(axis=1, keepdims=True)
    return shape / np.linalg.norm(shape, axis=1, keepdims=True)
