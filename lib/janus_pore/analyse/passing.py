"""At which rate does a Cl- that waits in the pore pass, and is it lower at a higher voltage?

A barrier shows in time. An ion on the near side of the Mo plane, where it came from, passes at the rate

    nu = N / T

N being the passes and T the time in which an ion was there, also of ions that go back or are still there at the end.
If all ions pass at one rate, N is a Poisson count. They need not: one that lodges is not like one that comes by, and
where the ions are placed anew more or fewer may. Intervals are wider by what is seen of that (`counts.scatter`), and
two voltages are compared by the counts and, beside that, by replicas, of which nothing is assumed but that they are
independent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binom, nchypergeom_fisher

from ..parameters import Analysis
from . import counts, dealing
from .stats import Estimate

#: Chance below which a rate counts as lower (`Comparison.verdict`).
LEVEL = 0.05


@dataclass(frozen=True)
class Comparison:
    """Rates at two voltages.

    Attributes
    ----------
    low_v, high_v : the voltages
    ratio : rate at the higher over rate at the lower one; n is the number of passes at both
    p_counts : chance of so low a ratio if one rate holds for all ions at both voltages (binomial)
    p_replicas : share of the ways to deal the replicas to the two voltages with as few passes at the higher one for
        the time waited
    replicas : how many there are at each
    p_pairs : the same where only replicas of one placement and number, which start alike, are exchanged; NaN if none
    pairs, differing : how many of those there are, and how many differ at all (d of them have no p below 0.5^d)
    p_placements : the same where a whole placement of the ions, with the mean change of its pairs, is the unit; those
        that began alike are one
    placements, changing : how many units there are, and how many of them change
    """

    low_v: float
    high_v: float
    ratio: Estimate
    p_counts: float
    p_replicas: float
    replicas: tuple[int, int]
    p_pairs: float = np.nan
    pairs: int = 0
    differing: int = 0
    p_placements: float = np.nan
    placements: int = 0
    changing: int = 0

    @property
    def verdict(self) -> str:
        """`lower` if every p is below `LEVEL`, else `not established`; `likely lower` if placements cannot say it yet.

        Pairs and placements are asked where their p can be so small: where five or more of them change.
        """
        can = ((self.p_pairs, self.differing), (self.p_placements, self.changing))
        if max(self.p_counts, self.p_replicas, *(p for p, units in can if 0.5**units < LEVEL)) >= LEVEL:
            return "not established"
        return "lower" if self.p_placements < LEVEL else "likely lower"


def summed(rows: pd.DataFrame, settings: Analysis) -> pd.DataFrame:
    """What `waiting.waits` gives, one row a voltage.

    Its columns are added, but for the shares of time `near` and `far`, the `longest_ps`, `replicas`, and the rates:
    `rate` of Cl- that passes the Mo plane per time near, `rate_inside` of Cl- that leaves the place on its far side per
    time on either side (None where no Cl- was there), `cl_rate` and `k_rate` of each ion per time. An ion that the
    sheet holds beyond the Mo plane, as under a field toward -x, lowers only the second.
    """
    if not len(rows):
        return rows
    by_volt = rows.groupby("volt")
    names = ["ns", "near_ns", "far_ns", "ions", "visits", "unfinished", "cl", "cl_back", "left", "k", "k_meanwhile"]
    table = by_volt[names].sum().assign(replicas=by_volt.size(), longest_ps=by_volt.longest_ps.max()).reset_index()
    table["near"], table["far"] = table.near_ns / table.ns, table.far_ns / table.ns
    rows = rows.assign(went=rows.left.clip(lower=0), inside_ns=rows.near_ns + rows.far_ns)
    counted = {"rate": ("cl", "near_ns"), "rate_inside": ("went", "inside_ns")}
    counted |= {"cl_rate": ("cl", "ns"), "k_rate": ("k", "ns")}
    for name, (what, per) in counted.items():
        table[name] = pd.Series([_rate(one, what, per, settings) for _, one in rows.groupby("volt")], dtype=object)
    return table


def compare(
    rows: pd.DataFrame, low_v: float, high_v: float, settings: Analysis, per: str = "near_ns", passes: str = "cl"
) -> Comparison | None:
    """The rate at a voltage over that at a lower one; the nearest within a tenth of each are taken.

    Parameters
    ----------
    rows : what `waiting.waits` gives
    per : the column that is the time: "near_ns" for the rate of an ion that waits, "ns" for what flows
    passes : the column that is counted: "cl" that pass the Mo plane, or "left", those that leave beyond it

    Returns
    -------
    None without data at both, if nothing passed at either, or where one has no such time
    """
    groups = [_near(rows, volt) for volt in (low_v, high_v)]
    if any(not len(one) for one in groups) or groups[0].volt.iloc[0] == groups[1].volt.iloc[0]:
        return None
    groups = [one.assign(passes=one[passes].clip(lower=0)) for one in groups]
    (n_low, t_low), (n_high, t_high) = ((int(one.passes.sum()), float(one[per].sum())) for one in groups)
    n = n_low + n_high
    if n == 0 or not (t_low and t_high):
        return None
    more = max((_scatter(one, "passes", per) for one in groups), key=lambda one: one.phi)
    found = counts.ratio((n_low, t_low), (n_high, t_high), settings.confidence, more)
    p_counts = float(binom.cdf(n_high, n, t_high / (t_low + t_high)))
    return Comparison(
        float(groups[0].volt.iloc[0]), float(groups[1].volt.iloc[0]), found, p_counts,
        dealing.dealt(*groups, per), (len(groups[0]), len(groups[1])), *dealing.exchanged(*groups, per),
        *dealing.exchanged_placements(*groups, per),
    )  # fmt: skip


def alike(
    one: pd.DataFrame, other: pd.DataFrame, low_v: float, high_v: float, per: str = "ns"
) -> tuple[list[int], float, float, float] | None:
    """Does the flow change alike in two configurations? Their passes at the lower and the higher voltage, and three p.

    Given all passes at the higher voltage together, those of one configuration follow Fisher's noncentral
    hypergeometric distribution, its odds being those of the times; with equal times the first p is that of Fisher's
    exact test, two-sided. It takes passes for independent, as counts do. The second deals the pairs that start alike
    to the two configurations anew, and asks how often their mean changes of the flow differ as much; the third deals
    whole placements of the ions, each with the mean change of its pairs (both NaN where a side has fewer than two).

    Returns
    -------
    None without data of both at both, or if all passed at one voltage, or in one configuration
    """
    groups = [_near(rows, volt) for rows in (one, other) for volt in (low_v, high_v)]
    if any(not len(group) for group in groups):
        return None
    groups = [group.assign(passes=group.cl) for group in groups]
    passed = [int(group.passes.sum()) for group in groups]
    times = [float(group[per].sum()) for group in groups]
    (a, b, c, d), (t_a, t_b, t_c, t_d) = passed, times
    if 0 in (a + b, c + d, a + c, b + d) or 0 in times:
        return None
    ways = nchypergeom_fisher(sum(passed), b + d, a + b, t_b * t_c / (t_a * t_d))
    chances = ways.pmf(np.arange(max(0, b - c), min(a + b, b + d) + 1))
    dealt = (
        dealing.differ(*(change(low, high, per) for low, high in (groups[:2], groups[2:])))
        for change in (dealing.changes, dealing.placement_changes)
    )
    return passed, float(chances[chances <= ways.pmf(b) * (1 + 1e-9)].sum()), *dealt


def by_placement(rows: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """What `waiting.waits` gives, one row a placement of the ions, at the voltages that several have; their names.

    Columns are (what, V): the `replicas`, Cl- that `passed` the Mo plane, and the time for which one was near, in ns.
    Empty where the ions were placed once.
    """
    if not len(rows):
        return rows
    several = rows.groupby("volt").placement.nunique()
    some = rows[rows.volt.isin(several.index[several > 1])]
    by = some.groupby(["placement", "volt"])
    table = by.agg(replicas=("ns", "size"), passed=("cl", "sum"), near_ns=("near_ns", "sum")).unstack("volt")
    return table.set_axis([names[k] for k in table.index], axis="index")


def meanwhile(tables: Iterable[pd.DataFrame]) -> tuple[int, int, float, float]:
    """Does K+ pass less often while a Cl- is near? All passes of K+, those meanwhile, the number expected, and p.

    Were it all the same, Binomial(k, share of the intervals) of a replica's k passes would be meanwhile; p is the
    chance that as few are, of all replicas together. Where a Cl- stays for a whole run, runs are compared with runs.
    """
    rows = [one for table in tables for one in table.itertuples() if one.k > 0]
    chances = np.ones(1)
    for one in rows:
        chances = np.convolve(chances, binom.pmf(np.arange(one.k + 1), one.k, one.meanwhile))
    seen = sum(one.k_meanwhile for one in rows)
    expected = float(sum(one.k * one.meanwhile for one in rows))
    return sum(one.k for one in rows), seen, expected, float(chances[: seen + 1].sum())


def _near(rows: pd.DataFrame, volt: float) -> pd.DataFrame:
    """The rows of the voltage nearest to one, within a tenth of it."""
    if not len(rows):
        return rows
    off = (rows.volt - volt).abs()
    return rows[(off == off.min()) & (off <= 0.1 * abs(volt))]


def _scatter(rows: pd.DataFrame, what: str, per: str) -> counts.Scatter:
    """By placements of the ions, those that began alike as one, else by runs."""
    placed = [rows[name] for name in ("unit", "placement") if name in rows][:1]
    return counts.scatter(rows[what], rows[per], *placed, np.arange(len(rows)))


def _rate(rows: pd.DataFrame, what: str, per: str, settings: Analysis) -> Estimate | None:
    """Of rows of one voltage; None without any such time."""
    time = float(rows[per].sum())
    return counts.rate(int(rows[what].sum()), time, settings.confidence, _scatter(rows, what, per)) if time else None
