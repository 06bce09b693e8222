"""How sure is a rate of things that are counted, and a ratio of two? What is independent may differ from run to run.

N things in a time T that come independently, at one rate nu for all, are a Poisson count. Whole placements of the ions,
or whole runs, may have rates of their own; then N varies more, by the factor

    phi = (1 - 1 / G) sum_g (N_g - nu T_g)^2 / (1 - T_g / T)^2 / N,    nu = N / T

over these G groups: how much nu changes when one of them is left out (jackknife), by how much counts would have it. The
interval is that of N / phi things in T / phi, its ends farther out as in Student's t, phi being known from so few
groups. Where all groups are of one rate phi is 1 on average, but more if the groups are uneven (1.4 with half of the
time in one of fourteen), and what is below 1 counts as 1: such intervals are somewhat too wide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta, gamma, norm
from scipy.stats import t as student

from .independence import ENOUGH, whole
from .stats import Estimate

#: Confidence of a bound, where nothing was seen.
BOUND = 0.95


@dataclass(frozen=True)
class Scatter:
    """How much more than Poisson counts things scatter, `phi`, and how many groups of one size say so, `units`."""

    phi: float = 1.0
    units: float = np.inf

    def confidence(self, asked: float) -> float:
        """What a normal distribution must be asked for, to get the interval of Student's that is asked for."""
        if not np.isfinite(self.units):
            return asked
        return float(2 * norm.cdf(student.ppf(0.5 + 0.5 * asked, max(self.units - 1, 1))) - 1)

    def draws(self, number: float, many: int, rng: np.random.Generator) -> np.ndarray:
        """How many there might have been (many,), given that `number` were: from Gamma(N / phi + 1 / 2 phi) phi."""
        return self.phi * rng.gamma((number + 0.5) / self.phi, size=many)


#: Things that come independently, at one rate for all.
POISSON = Scatter()


def scatter(things: np.ndarray, times: np.ndarray, *groups: Sequence[int] | np.ndarray) -> Scatter:
    """How much more than Poisson counts things scatter; not at all if they are fewer than two, or phi below 1.

    Parameters
    ----------
    things, times : array (run,), what was counted in each run, and for how long
    groups : arrays (run,), ways to group the runs, the surest first: the first that makes `ENOUGH` groups with a time
        is used; without one, nothing is known
    """
    things, times = np.asarray(things, dtype=float), np.asarray(times, dtype=float)
    for group in groups:
        index = np.unique(group, return_inverse=True)[1]
        n, t = np.bincount(index, things), np.bincount(index, times)
        n, t = n[t > 0], t[t > 0]
        if len(t) >= ENOUGH and n.sum() > 1:
            apart = (n - n.sum() / t.sum() * t) / (1 - t / t.sum())
            phi = float((1 - 1 / len(t)) * (apart**2).sum() / n.sum())
            return Scatter(phi, whole(t, np.arange(len(t))).weighed) if phi > 1 else POISSON
    return POISSON


def rate(number: int, time: float, confidence: float, by: Scatter = POISSON) -> Estimate:
    """nu in 1/time with the interval of its posterior, Gamma(N / phi + 1 / 2 phi) / (T / phi); a bound where N = 0."""
    if number == 0:
        return Estimate(0.0, -np.inf, float(gamma.ppf(BOUND, 1) / time), 0)
    tail = 0.5 * (1 - by.confidence(confidence))
    low, high = gamma.ppf([tail, 1 - tail], (number + 0.5) / by.phi) * by.phi / time
    return Estimate(number / time, min(float(low), number / time), max(float(high), number / time), number)


def ratio(
    low: tuple[int, float], high: tuple[int, float], confidence: float, by: Scatter = POISSON
) -> Estimate:  # fmt: skip
    """The rate of one (number, time) over that of another, with its Clopper-Pearson interval; a bound if one is 0.

    Given all n, those of one side are binomial. Two sides share `by`, of the one that scatters more. A bound is that of
    n / phi things alone: it holds the truth more often than it says as it is.
    """
    (n_low, t_low), (n_high, t_high) = low, high
    tail = 0.5 * (1 - by.confidence(confidence)) if n_low and n_high else 1 - BOUND
    least = beta.ppf(tail, n_high / by.phi, n_low / by.phi + 1) if n_high else 0.0
    most = beta.ppf(1 - tail, n_high / by.phi + 1, n_low / by.phi) if n_low else 1.0
    ends = [share / (1 - share) * t_low / t_high if share < 1 else np.inf for share in (least, most)]
    value = n_high * t_low / (n_low * t_high) if n_low else np.inf
    return Estimate(value, float(ends[0]) if n_high else -np.inf, float(ends[1]), n_low + n_high)
