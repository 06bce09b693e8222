"""What does each choice that the paper leaves open change? Configurations against one of them, at the same voltage.

Errors come from how replicas of one configuration scatter: blocks of one run miss what changes more slowly than the run
is long, an ion that lodges in the pore, say. Few configurations have replicas enough for a scatter of their own, so it
is taken to be the same for all at one voltage. Whether placements of the ions differ by more than their replicas, which
such errors would miss, `placements` asks where there are some.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import f as fisher
from scipy.stats import norm
from scipy.stats import t as student

from ..parameters import Analysis
from . import current, orientation
from .independence import ENOUGH
from .stats import Estimate
from .voltage import voltage_v

#: What is compared: its unit.
QUANTITIES = {"sigma_fit": "degrees", "sigma": "degrees", "mean_cos": "1", "box": "nA"}
_SAME_V = 0.02
_COLUMNS = ["configuration", "volt", "quantity", "base", "here", "difference", "sigmas"]


def replicas(lines: Mapping[str, Mapping[str, xr.Dataset]], settings: Analysis) -> pd.DataFrame:
    """The quantities of every replica at each constant field, after `discard_ps`.

    Parameters
    ----------
    lines : data of each configuration, as `reduce.replica.collect` gives them, by protocol name

    Returns
    -------
    DataFrame with `configuration`, `volt` (E Lx), `began` (which placement of the ions it began as) and `QUANTITIES`:
    sigma_theta of the Gaussian fit and circular, <cos theta> (NaN without water in the pore) and the whole box's
    current
    """
    rows = []
    for name, holds in lines.items():
        for data in sorted(holds.values(), key=voltage_v):
            flow = current.per_interval(data, "box").sel(species="total").values
            flow = flow[:, data.interval_time.values > settings.discard_ps].mean(axis=1)
            seen, kept = orientation.grouped(data, *orientation.angles(data), settings)
            whose = data.theta_replica.values[kept]
            began = data.began.values if "began" in data.coords else np.zeros(len(flow), dtype=int)
            for k in range(data.sizes["replica"]):
                row = {"configuration": name, "volt": voltage_v(data), "began": began[k], "box": float(flow[k])}
                theta = seen.theta[whose == k]
                if len(theta):
                    moments = orientation.circular(theta)
                    row |= {"sigma": moments["sigma_deg"], "mean_cos": moments["mean_cos"]}
                    density = orientation.distribution(theta, settings.angle_bins)
                    row["sigma_fit"] = orientation.gaussian_fit(*density)[1]
                rows.append(row)
    return pd.DataFrame(rows, columns=["configuration", "volt", "began", *QUANTITIES])


def scatter(rows: pd.DataFrame) -> pd.DataFrame:
    """Standard deviation of a replica about the mean of its configuration, by quantity and voltage.

        s^2 = sum_c sum_k (x_ck - mean_c)^2 / sum_c (n_c - 1)

    over the configurations c at one voltage, and over all voltages where those have fewer than `independence.ENOUGH`
    degrees of freedom.

    Parameters
    ----------
    rows : what `replicas` gives

    Returns
    -------
    DataFrame with index (`quantity`, `volt`), `sd`, its degrees of freedom `dof`, and `of`, "this voltage" or "all
    voltages"; `sd` is NaN where no configuration has two replicas
    """
    found = []
    for quantity in QUANTITIES:
        known = rows.dropna(subset=[quantity])
        apart = known[quantity] - known.groupby(["configuration", "volt"])[quantity].transform("mean")
        groups = known.assign(square=apart**2).groupby("volt")
        squares, free = groups.square.sum(), groups.size() - groups.configuration.nunique()
        for volt in squares.index:
            own = free[volt] >= ENOUGH
            square, dof = (squares[volt], free[volt]) if own else (squares.sum(), free.sum())
            sd = float(np.sqrt(square / dof)) if dof else np.nan
            found.append((quantity, volt, sd, int(dof), "this voltage" if own else "all voltages"))
    return pd.DataFrame(found, columns=["quantity", "volt", "sd", "dof", "of"]).set_index(["quantity", "volt"])


def placements(rows: pd.DataFrame) -> pd.DataFrame:
    """Do placements of the ions differ by more than replicas of one placement do? One-way analysis of variance.

        F = [sum_p n_p (mean_p - mean)^2 / (P - 1)] / [sum_pk (x_pk - mean_p)^2 / (N - P)]

    over the P placements p of one configuration at one voltage, and their N replicas k. Configurations are not put
    together: replicas of one may scatter several times as much as those of another.

    Parameters
    ----------
    rows : what `replicas` gives

    Returns
    -------
    DataFrame with index (`configuration`, `quantity`, `volt`): `F`, its degrees of freedom `between` and `within`
    placements, and `p`, how often F would be as large if placements did not matter; without those that lack a freedom
    """
    found, keys = [], ["configuration", "quantity", "volt"]
    for quantity in QUANTITIES:
        for (name, volt), known in rows.dropna(subset=[quantity]).groupby(["configuration", "volt"], sort=False):
            own = known.groupby("began")[quantity]
            across, within = own.transform("mean") - known[quantity].mean(), own.transform(lambda x: x - x.mean())
            free = own.ngroups - 1, len(known) - own.ngroups
            if min(free) > 0:
                ratio = ((across**2).sum() / free[0]) / ((within**2).sum() / free[1])
                found.append((name, quantity, volt, float(ratio), *free, float(fisher.sf(ratio, *free))))
    return pd.DataFrame(found, columns=[*keys, "F", "between", "within", "p"]).set_index(keys)


def against(rows: pd.DataFrame, base: str, scattered: pd.DataFrame, settings: Analysis) -> pd.DataFrame:
    """Means over replicas, minus those of one configuration at the same V = E Lx.

        difference = a - b,   error = t sqrt(s_a^2 / n_a + s_b^2 / n_b)

    with t from Student's distribution (Welch's degrees of freedom, where s differ). s is the scatter of the
    configuration's own replicas at that voltage where it has `ENOUGH` degrees of freedom, else that of all.

    Parameters
    ----------
    rows, scattered : what `replicas` and `scatter` give
    base : the configuration that the others are compared with

    Returns
    -------
    DataFrame, one row a configuration, voltage and quantity, without the voltages that one of the two lacks:
    `configuration`, `volt`, `quantity`, `base` and `here` (means, `Estimate`), `difference` (`Estimate`, n being the
    smaller number of replicas) and `sigmas`, the difference as a normal deviate of the same probability

    Raises
    ------
    KeyError
        if there is no configuration `base`.
    """
    if base not in set(rows.configuration):
        raise KeyError(base)
    known, found = rows[rows.configuration == base], []
    for (name, volt), own in rows[rows.configuration != base].groupby(["configuration", "volt"], sort=False):
        other = known[(known.volt - volt).abs() <= _SAME_V]
        for quantity in QUANTITIES if len(other) else ():
            here, there = own[quantity].dropna(), other[quantity].dropna()
            if not (len(here) and len(there)):
                continue
            squares = [_variance(one, scattered.loc[(quantity, volt)]) for one in (there, here)]
            means = [
                _estimate(one.mean(), np.sqrt(square), free, len(one), settings)
                for one, (square, free) in zip((there, here), squares, strict=True)
            ]
            (v, m), (w, n) = squares
            alone = max(len(here), len(there)) > ENOUGH and v + w > 0
            dof = (v + w) ** 2 / (v**2 / m + w**2 / n) if alone else m
            by, error = here.mean() - there.mean(), np.sqrt(v + w)
            difference = _estimate(by, error, dof, min(len(here), len(there)), settings)
            sigmas = np.sign(by) * norm.isf(max(student.sf(abs(by) / error, dof), 1e-300)) if error > 0 else np.nan
            found.append((name, volt, quantity, *means, difference, float(sigmas)))
    return pd.DataFrame(found, columns=_COLUMNS)


def _variance(values: pd.Series, pooled: pd.Series) -> tuple[float, float]:
    """Of the mean of some replicas, and its degrees of freedom: by their own scatter, or by that of all."""
    if len(values) > ENOUGH:
        return float(values.var(ddof=1) / len(values)), len(values) - 1
    return float(pooled.sd**2 / len(values)), int(pooled.dof)


def _estimate(value: float, error: float, dof: float, n: int, settings: Analysis) -> Estimate:
    wide = error * student.ppf(0.5 + 0.5 * settings.confidence, dof) if dof else np.nan
    return Estimate(float(value), float(value - wide), float(value + wide), n)
