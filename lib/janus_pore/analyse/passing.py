"""At which rate does a Cl- that waits in the pore pass, and does the rate fall as the voltage rises?

A barrier shows in time. An ion on the near side of the Mo plane, where it came from, passes at the rate

    k = N / T

N being the passes and T the time in which an ion was there. N is a Poisson count, so the interval of k is that of
its posterior, Gamma(N + 1/2) / T (Jeffreys prior): no pass at all gives an upper bound. If the barrier of Cl- grows
with the field (Table 1), k falls.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import binom, gamma

from ..parameters import Analysis
from .stats import Estimate

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


def obstructed(tables: Iterable[pd.DataFrame]) -> tuple[int, int, float, float]:
    """Does K+ pass less often while a Cl- waits? All passes of K+, those meanwhile, the number expected, and p.

    If it makes no difference, Binomial(k, share of time waited) of the k passes at each voltage are meanwhile; p is the
    chance that as few are, of all voltages and configurations together.
    """
    rows = [one for table in tables for one in table.itertuples() if one.k > 0]
    chances = np.ones(1)
    for one in rows:
        chances = np.convolve(chances, binom.pmf(np.arange(one.k + 1), one.k, one.near))
    seen = sum(max(one.k_meanwhile, 0) for one in rows)
    return (
        sum(one.k for one in rows),
        seen,
        float(sum(one.k * one.near for one in rows)),
        float(chances[: seen + 1].sum()),
    )
