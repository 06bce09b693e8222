"""Which reading of the paper behaves as the paper says? Steady states at constant fields, one table a configuration.

Errors of the whole-box current are bootstrapped over placements of the ions where there are five, else over replicas,
else over blocks. The charge in the reservoirs is bounded, so blocks of one run are anticorrelated and their errors are
too large rather than too small. Crossings of the pore's plane are few: their rates toward +x and -x are drawn from
their posterior given the counts, Gamma(n + 1/2) / T (Poisson counts, Jeffreys prior), wider where placements or
replicas scatter more (`counts.scatter`); no crossing at all gives a bound and not an error of zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from ..parameters import Analysis
from ..units import NA_PER_E_PER_PS
from . import counts, current, independence, orientation, slope
from .stats import Estimate, expanded, interval, resampled_means
from .voltage import voltage_v

#: The error of a current (nA) at which a fall of the size sought could be told from none.
WANTED_NA = 0.2
_WIDTHS = {"sigma_fit": "fit", "sigma": "circular"}
_CURRENTS = (("current", "total", "box"), ("k", "K", "box"), ("cl", "CL", "box"), ("pore", "total", "pore"))


@dataclass(frozen=True)
class Fall:
    """Whether the current falls as the voltage rises, between any two points of one configuration.

    Attributes
    ----------
    verdict : "falls", "rises" or "undecided"
    low_v, high_v : the two voltages with the most evidence for a fall
    change : I(high) - I(low) along the field in nA, with the interval of these two alone
    p : how often noise alone makes so clear a fall somewhere, if the current is flat (`slope.search`)
    needed_ns : simulated ns a point after which the errors of these two currents would be `WANTED_NA`
    """

    verdict: str
    low_v: float
    high_v: float
    change: Estimate
    p: float
    needed_ns: float


def steady(datasets: Mapping[str, xr.Dataset], settings: Analysis) -> pd.DataFrame:
    """The steady state at each constant field, in order of the field.

    Parameters
    ----------
    datasets : what `reduce.replica.collect` gives, by protocol name

    Returns
    -------
    DataFrame, one row a field

    - `volt` (V = E Lx), `field_v_nm`, `replicas`, `ns` (all replicas together, after `discard_ps`);
    - in nA the whole-box `current`, its parts `k` and `cl`, and `pore` (charges that crossed the pore's plane), each
      with `_low` and `_high`; the first three hold what charges the sheet after `discard_ps` too;
      `crossings` (ions that crossed, either way, net per interval between frames), of those `crossed_k`, `crossed_cl`;
    - `sigma_fit` and `sigma` (Gaussian fit and circular, degrees) and `mean_cos` of the pore's waters, each with `_low`
      and `_high`, as `orientation.width` gives them;
    - `water` (mean number), `water_spread`, `dry` (fraction of frames without water).
    """
    rows = []
    for data in sorted(datasets.values(), key=lambda d: float(d.field[-1])):
        late = data.time.values > settings.discard_ps
        after = data.interval_time.values > settings.discard_ps
        row = {
            "volt": voltage_v(data), "field_v_nm": float(data.field[-1]),
            "replicas": data.sizes["replica"],
            "ns": after.sum() * data.attrs["interval_ps"] * data.sizes["replica"] / 1000,
        }  # fmt: skip
        rng = np.random.default_rng(0)
        for name, species, estimator in _CURRENTS:
            mean, drawn, _, share = _mean(data, settings, estimator, species, rng)
            low, high = interval(drawn, len(drawn), share)
            if estimator == "pore" and not data.crossings.values[:, after].any():
                high = current.nothing_passed_na(1000 * row["ns"], settings.confidence)
                low = -high
            row |= {name: mean, f"{name}_low": min(low, mean), f"{name}_high": max(high, mean)}
        crossed = np.abs(data.crossings.values[:, after]).sum(axis=(0, 1))
        row |= {"crossings": int(crossed.sum())}
        row |= {f"crossed_{one.lower()}": int(n) for one, n in zip(data.species.values, crossed, strict=True)}
        seen = orientation.samples(data, settings)
        if len(seen.theta):
            order = {name: orientation.width(seen, settings, how) for name, how in _WIDTHS.items()}
            for name, one in (order | {"mean_cos": orientation.mean_cos(seen, settings)}).items():
                row |= {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
        water = data.pore_water.values[:, late]
        rows.append(row | {"water": water.mean(), "water_spread": water.std(), "dry": (water == 0).mean()})
    return pd.DataFrame(rows)


def fall(datasets: Mapping[str, xr.Dataset], settings: Analysis, seed: int = 0) -> Fall | None:
    """Does the current fall anywhere? The two voltages with the most evidence for it, and the verdict.

    By the charges that crossed the pore's plane, which are free of what still charges the sheet.

    Parameters
    ----------
    datasets : as for `steady`

    Returns
    -------
    Fall, or None with fewer than two fields along +x (along -x where there are none)
    """
    way = 1 if any(float(d.field[-1]) > 0 for d in datasets.values()) else -1
    ordered = sorted((d for d in datasets.values() if way * float(d.field[-1]) > 0), key=lambda d: abs(d.field[-1]))
    if len(ordered) < 2:
        return None
    rng = np.random.default_rng(seed)
    found = [_mean(data, settings, "pore", "total", rng) for data in ordered]
    drawn = way * np.array([[mean, *draws] for mean, draws, *_ in found]).T
    volts = np.array([voltage_v(d) for d in ordered])
    (j, k), p, verdict = slope.search(way * volts, drawn, np.array([n for *_, n, _ in found]))
    tail = 50 * (1 - max(found[i][-1] for i in (j, k)))
    low, high = np.percentile(drawn[1:, k] - drawn[1:, j], [tail, 100 - tail])
    change = float(drawn[0, k] - drawn[0, j])
    ends = min(float(low), change), max(float(high), change)
    step = Estimate(change, *ends, sum(ordered[i].sizes["replica"] for i in (j, k)))
    needed = max(_ns(ordered[i], settings) * (drawn[1:, i].std() / WANTED_NA) ** 2 for i in (j, k))
    return Fall(verdict, float(volts[j]), float(volts[k]), step, p, float(needed))


def _mean(
    data: xr.Dataset, settings: Analysis, estimator: str, species: str, rng: np.random.Generator
) -> tuple[float, np.ndarray, float, float]:
    """Mean current in nA, draws of it (`bootstrap_draws`,), how many units its error is from, and the share of draws
    that makes an interval of the confidence asked for.

    The error of counted crossings follows from their number, so it counts as from infinitely many units, unless it is
    wider for how their numbers scatter.
    """
    series = current.per_interval(data, estimator).sel(species=species)
    if estimator == "box":
        cut = current.blocks(series.expand_dims("species", -1), data.interval_time.values, settings)
        units, whose = cut.values[:, 0], cut.replica.values
        drawn = resampled_means(units, whose, draws=settings.bootstrap_draws, seed=rng)
        n = independence.judge(units, whose).behind
        return float(units.mean()), drawn, n, expanded(settings.confidence, n)
    late = series.values[:, data.interval_time.values > settings.discard_ps]
    charge = late * data.attrs["interval_ps"] / NA_PER_E_PER_PS
    per_e = NA_PER_E_PER_PS / (late.size * data.attrs["interval_ps"])
    ways, found, runs = [], [], np.ones(len(charge))
    for number in (np.maximum(sign * charge, 0).sum(axis=1) for sign in (1, -1)):
        found.append(counts.scatter(number, runs, independence.together(data), np.arange(len(runs))))
        ways.append(found[-1].draws(number.sum(), settings.bootstrap_draws, rng))
    surest = min(found, key=lambda one: one.units)
    return (
        float(charge.sum() * per_e),
        (ways[0] - ways[1]) * per_e,
        surest.units,
        surest.confidence(settings.confidence),
    )


def _ns(data: xr.Dataset, settings: Analysis) -> float:
    late = (data.interval_time.values > settings.discard_ps).sum()
    return late * data.attrs["interval_ps"] * data.sizes["replica"] / 1000
