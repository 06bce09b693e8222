"""How sure is a rate of things that are counted, and a ratio of two? What is independent may differ from run to run.

N things in a time T that come independently, at one rate nu for all, are a Poisson count. Whole placements of the ions,
or whole runs, may have rates of their own; then N varies more, by the factor

    phi = (1 - 1 / G) sum_g (N_g - nu T_g)^2 / (1 - T_g / T)^2 / N,    nu = N / T

over these G groups: how much nu changes when one of them is left out (jackknife), by how much counts would have it. The
interval is that of N / phi things in T / phi. Where all groups are of one rate it is a little too wide, the more if one
of them has most of the time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import beta, gamma

from .independence import ENOUGH
from .stats import Estimate

#: Confidence of a bound, where nothing was seen.
BOUND = 0.95


def excess(things: np.ndarray, times: np.ndarray, *groups: Sequence[int] | np.ndarray) -> float:
    """phi, 1 at least: how much more than Poisson counts things scatter.

    Parameters
    ----------
    things, times : array (run,), what was counted in each run, and for how long
    groups : arrays (run,), ways to group the runs, the surest first: the first that makes `ENOUGH` groups with a time
        is used; without one phi is 1
    """
    things, times = np.asarray(things, dtype=float), np.asarray(times, dtype=float)
    for group in groups:
        index = np.unique(group, return_inverse=True)[1]
        n, t = np.bincount(index, things), np.bincount(index, times)
        n, t = n[t > 0], t[t > 0]
        if len(t) >= ENOUGH and n.sum():
            apart = (n - n.sum() / t.sum() * t) / (1 - t / t.sum())
            return max(1.0, float((1 - 1 / len(t)) * (apart**2).sum() / n.sum()))
    return 1.0


def rate(number: int, time: float, confidence: float, phi: float = 1.0) -> Estimate:
    """nu in 1/time with the interval of its posterior, Gamma(N / phi + 1/2) / (T / phi); a bound where N = 0."""
    if number == 0:
        return Estimate(0.0, -np.inf, float(gamma.ppf(BOUND, 1) * phi / time), 0)
    tail = 0.5 * (1 - confidence)
    low, high = gamma.ppf([tail, 1 - tail], number / phi + 0.5) * phi / time
    return Estimate(number / time, min(float(low), number / time), max(float(high), number / time), number)


def ratio(low: tuple[int, float], high: tuple[int, float], confidence: float, phi: float = 1.0) -> Estimate:
    """The rate of one (number, time) over that of another, with its Clopper-Pearson interval; a bound if one is 0.

    Given all n, those of one side are binomial. Two sides share `phi`, the larger of theirs.
    """
    (n_low, t_low), (n_high, t_high) = low, high
    tail = 0.5 * (1 - confidence) if n_low and n_high else 1 - BOUND
    least = beta.ppf(tail, n_high / phi, n_low / phi + 1) if n_high else 0.0
    most = beta.ppf(1 - tail, n_high / phi + 1, n_low / phi) if n_low else 1.0
    ends = [share / (1 - share) * t_low / t_high if share < 1 else np.inf for share in (least, most)]
    value = n_high * t_low / (n_low * t_high) if n_low else np.inf
    return Estimate(value, float(ends[0]) if n_high else -np.inf, float(ends[1]), n_low + n_high)
