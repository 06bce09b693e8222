"""Which reading of the paper behaves as the paper says? Steady states at constant fields, one table a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from ..parameters import Analysis
from . import current, orientation
from .stats import Estimate, bootstrap

#: The error of a current (nA) at which a fall of the size sought could be told from none.
WANTED_NA = 0.2
_TWO_SIDED = 0.025


@dataclass(frozen=True)
class Fall:
    """Whether the current falls as the voltage rises, between two neighbouring points of one configuration.

    Attributes
    ----------
    verdict : "falls", "rises" or "undecided"
    low_v, high_v : the step with the most evidence for a fall (V)
    change : I(high) - I(low) in nA, with its interval
    needed_ns : simulated ns a point after which the errors of this step's currents would be `WANTED_NA`
    """

    verdict: str
    low_v: float
    high_v: float
    change: Estimate
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
      with `_low` and `_high`; `crossings` (ions that crossed, either way, net per interval between frames);
    - `sigma_fit` and `sigma` (Gaussian fit and circular, degrees) and `mean_cos` of the pore's waters;
    - `water` (mean number), `water_spread`, `dry` (fraction of frames without water).
    """
    rows = []
    for data in sorted(datasets.values(), key=lambda d: float(d.field[-1])):
        late = data.time.values > settings.discard_ps
        after = data.interval_time.values > settings.discard_ps
        row = {
            "volt": float(data.field[-1]) * data.attrs["length_x_nm"], "field_v_nm": float(data.field[-1]),
            "replicas": data.sizes["replica"],
            "ns": after.sum() * data.attrs["interval_ps"] * data.sizes["replica"] / 1000,
        }  # fmt: skip
        box = _means(data, settings, "box")
        for name, species in (("current", "total"), ("k", "K"), ("cl", "CL")):
            row |= _named(name, box, species)
        row |= _named("pore", _means(data, settings, "pore"), "total")
        row["crossings"] = int(np.abs(data.crossings.values[:, after]).sum())
        seen = orientation.samples(data, settings)
        if len(seen.theta):
            row["sigma_fit"] = orientation.gaussian_fit(*orientation.distribution(seen.theta, settings.angle_bins))[1]
            row["sigma"] = orientation.circular(seen.theta)["sigma_deg"]
            row["mean_cos"] = orientation.circular(seen.theta)["mean_cos"]
        water = data.pore_water.values[:, late]
        rows.append(row | {"water": water.mean(), "water_spread": water.std(), "dry": (water == 0).mean()})
    return pd.DataFrame(rows)


def fall(datasets: Mapping[str, xr.Dataset], settings: Analysis, estimator: str = "box", seed: int = 0) -> Fall | None:
    """Does the current fall anywhere? The step between neighbouring fields with the most evidence for it.

    The verdict is "falls" if the 95 % interval of the most negative step lies below zero after allowing for
    the number of steps looked at (Bonferroni), "rises" if no step's does and the intervals of all lie above zero,
    otherwise "undecided". The errors are bootstrapped over blocks of `current_window_ps`.

    Returns
    -------
    Fall, or None with fewer than two fields of one sign
    """
    ordered = sorted((d for d in datasets.values() if float(d.field[-1]) > 0), key=lambda d: float(d.field[-1]))
    if len(ordered) < 2:
        return None
    rng = np.random.default_rng(seed)
    units = [_blocks(data, settings, estimator).sel(species="total").values for data in ordered]
    means = np.array([u.mean() for u in units])
    drawn = np.array([
        u[rng.integers(len(u), size=(settings.bootstrap_draws, len(u)))].mean(axis=1) for u in units
    ])  # fmt: skip
    change, steps = np.diff(drawn, axis=0), np.diff(means)
    spread = np.maximum(change.std(axis=1), 1e-12)
    k = int(np.argmin(steps / spread))
    tail = 100 * _TWO_SIDED / len(steps)
    low, high = np.percentile(change, [tail, 100 - tail], axis=1)
    verdict = "falls" if high[k] < 0 else "rises" if (low > 0).all() else "undecided"
    volts = [float(d.field[-1]) * d.attrs["length_x_nm"] for d in ordered]
    errors, times = drawn.std(axis=1)[k : k + 2], [_ns(d, settings) for d in ordered[k : k + 2]]
    needed = max(ns * (error / WANTED_NA) ** 2 for ns, error in zip(times, errors, strict=True))
    found = Estimate(float(steps[k]), float(low[k]), float(high[k]), len(units[k]) + len(units[k + 1]))
    return Fall(verdict, volts[k], volts[k + 1], found, float(needed))


def _blocks(data: xr.Dataset, settings: Analysis, estimator: str) -> xr.DataArray:
    return current.blocks(current.per_interval(data, estimator), data.interval_time.values, settings)


def _means(data: xr.Dataset, settings: Analysis, estimator: str) -> dict[str, tuple[float, float, float]]:
    """(mean, low, high) in nA by species."""
    units = _blocks(data, settings, estimator)
    found = bootstrap(
        units.values, lambda u: u.mean(axis=0), draws=settings.bootstrap_draws, confidence=settings.confidence
    )
    return {str(s): tuple(float(part[k]) for part in found) for k, s in enumerate(units.species.values)}


def _named(name: str, means: dict[str, tuple[float, float, float]], species: str) -> dict[str, float]:
    return dict(zip((name, f"{name}_low", f"{name}_high"), means[species], strict=True))


def _ns(data: xr.Dataset, settings: Analysis) -> float:
    late = (data.interval_time.values > settings.discard_ps).sum()
    return late * data.attrs["interval_ps"] * data.sizes["replica"] / 1000
