"""Current against field: loops of a sine sweep and ladders of constant fields, by species and by both estimators."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import xarray as xr

from ..errors import AnalysisError
from ..parameters import Analysis
from ..units import NA_PER_E_PER_PS
from . import independence
from .cycles import phase_bins
from .independence import about_phase, correlation
from .stats import Estimate, interval, of_mean, resampled_means

CHARGE_E = {"K": 1.0, "CL": -1.0}


def per_interval(data: xr.Dataset, estimator: str) -> xr.DataArray:
    """Current (replica, interval, species) in nA, with species "total" added.

    Parameters
    ----------
    data : what `reduce.replica.collect` returns
    estimator : "box" (displacements of all ions, Fig 1) or "pore" (charges that crossed the pore's plane)
    """
    if estimator == "box":
        current = _in(data.current, "nA")
    elif estimator == "pore":
        interval_ps = float(data.attrs["interval_ps"])
        charge = xr.DataArray([CHARGE_E[str(s)] for s in data.species.values], dims="species")
        current = data.crossings * charge * NA_PER_E_PER_PS / interval_ps
    else:
        raise AnalysisError(f"estimator {estimator!r} is unknown: use 'box' or 'pore'")
    total = current.sum("species").expand_dims(species=["total"])
    return xr.concat([current, total], dim="species").transpose("replica", "interval", "species")


def fold(data: xr.Dataset, settings: Analysis, estimator: str = "box") -> xr.DataArray:
    """A sine sweep folded into one period: mean current of each cycle in each phase bin.

    The first cycle starts with an uncharged sheet, and is left out where there is another (`cycles.settled`).

    Returns
    -------
    DataArray (unit, bin, species) in nA, one unit per replica and cycle, with coordinates `replica` and `cycle` of each
    unit, `phase` (0..1), `field` (V/nm, at the bin's middle) and `branch` ("forward" where |E| rises, "reverse" where
    it falls); attributes `unit_ps` (the period) and `correlation_ps` of the current about its mean at each phase.

    Raises
    ------
    AnalysisError
        if the data are not of a sine sweep, or a phase bin holds no frame.
    """
    period = float(data.attrs.get("period_ps", 0))
    if not period:
        raise AnalysisError(f"{data.attrs.get('protocol')} is not a sine sweep: use `ladder` for constant fields")
    current = per_interval(data, estimator)
    cycle, bins = phase_bins(data.interval_time.values, period, settings.phase_bins)
    cycles = np.arange(int(cycle.max()) + 1)
    if len(np.unique(bins)) < settings.phase_bins:
        raise AnalysisError(
            f"a period of {period:g} ps has too few frames for {settings.phase_bins} bins: lower analysis.phase_bins"
        )
    index, size = cycle * settings.phase_bins + bins, len(cycles) * settings.phase_bins
    sums = np.zeros((current.sizes["replica"], size, current.sizes["species"]))
    np.add.at(sums, (slice(None), index), current.values)
    means = sums / np.bincount(index, minlength=size)[:, None]
    first = min(1, len(cycles) - 1)
    means = means.reshape(len(means), len(cycles), settings.phase_bins, -1)[:, first:]
    cycles = cycles[first:]
    tau = correlation(about_phase(current.sel(species="total").values, period, data.interval_time.values))
    middle = (np.arange(settings.phase_bins) + 0.5) / settings.phase_bins
    amplitude = float(np.abs(data.field).max())
    return xr.DataArray(
        means.reshape(-1, *means.shape[2:]),
        dims=("unit", "bin", "species"),
        coords={
            "replica": ("unit", np.repeat(np.arange(current.sizes["replica"]), len(cycles))),
            "cycle": ("unit", np.tile(cycles, current.sizes["replica"])),
            "species": current.species.values,
            "phase": ("bin", middle),
            "field": ("bin", amplitude * np.sin(2 * np.pi * middle), {"units": "V/nm"}),
            "branch": ("bin", np.where((middle % 0.5) < 0.25, "forward", "reverse")),
        },
        attrs={
            "units": "nA", "estimator": estimator, "unit_ps": period,
            "correlation_ps": tau * float(data.attrs["interval_ps"]),
        },
    )  # fmt: skip


def curve(units: xr.DataArray, settings: Analysis) -> xr.Dataset:
    """Mean over units with its bootstrap interval: `current`, `low`, `high` (bin, species) in nA; NaN if all are alike.

    Attributes: `n` units (cycles or blocks); `drawn`, "replica" or "block", `independent` of them and their
    `effective` number; `warning` if the band may be too narrow, else empty.
    """
    value = units.values.mean(axis=0)
    judged = _independence(units)
    low = high = np.full_like(value, np.nan)
    if judged.n > 1:
        drawn = resampled_means(units.values, groups(units), draws=settings.bootstrap_draws)
        low, high = np.where(np.ptp(drawn, axis=0) > 0, interval(drawn, judged.behind, settings.confidence), np.nan)
    dims = units.dims[1:]
    result = xr.Dataset(
        {"current": (dims, value), "low": (dims, low), "high": (dims, high)},
        coords=units.isel(unit=0, drop=True).coords,
    ).drop_vars(["replica", "cycle"], errors="ignore")
    return result.assign_attrs(
        units.attrs, n=units.sizes["unit"], drawn=judged.drawn, independent=judged.n, effective=judged.effective,
        warning=judged.warning,
    )  # fmt: skip


def number(
    units: xr.DataArray, of: Callable[[np.ndarray], np.ndarray], settings: Analysis, confidence: float | None = None
) -> Estimate:
    """A number computed from the mean over units of one species.

    Parameters
    ----------
    units : array (unit, bin), what `fold` gives for one species
    of : the number (k,) of each of k mean curves (k, bin)
    confidence : the settings' if not given
    """
    return of_mean(
        units.values, of, groups=groups(units), draws=settings.bootstrap_draws,
        confidence=confidence or settings.confidence, unit_ps=units.attrs.get("unit_ps", np.nan),
        correlation_ps=units.attrs.get("correlation_ps", np.nan),
    )  # fmt: skip


def branch(units: xr.DataArray, name: str, sign: int, species: str = "total") -> xr.DataArray:
    """The "forward" or "reverse" branch of one polarity (unit, bin) in the order of |E|; positive where I E > 0.

    Raises
    ------
    AnalysisError
        if it holds no bin.
    """
    one = units.sel(species=species)
    chosen = np.flatnonzero((one.branch.values == name) & (sign * one.field.values > 0))
    if not len(chosen):
        raise AnalysisError(f"no {name} branch with {'positive' if sign > 0 else 'negative'} field in these data")
    ordered = one.isel(bin=chosen[np.argsort(np.abs(one.field.values[chosen]))])
    return (sign * ordered).assign_attrs(units.attrs)


def ladder(datasets: Mapping[str, xr.Dataset], settings: Analysis, estimator: str = "box") -> xr.Dataset:
    """Steady current against field, from runs at constant fields.

    Each replica after `discard_ps` is cut into blocks of `current_window_ps`; whole replicas are drawn where there are
    enough of them (whole placements, if of these), blocks otherwise.

    Returns
    -------
    Dataset (bin, species): `current`, `low`, `high` in nA; by bin also the number of `blocks`, their `effective` number
    (or that of replicas) and the `warning` of the point; coordinate `field` in V/nm.
    """
    points = []
    for data in sorted(datasets.values(), key=lambda d: float(d.field[0])):
        current = blocks(per_interval(data, estimator), data.interval_time.values, settings)
        point = curve(current, settings)
        if estimator == "pore":  # no crossing at all bounds the rate (Poisson), it does not fix it
            late = float((data.interval_time > settings.discard_ps).sum()) * data.sizes["replica"]
            bound = nothing_passed_na(late * data.attrs["interval_ps"], settings.confidence)
            none = (current == 0).all("unit")
            point = point.assign(low=point.low.where(~none, -bound), high=point.high.where(~none, bound))
        points.append(point.expand_dims(bin=1).assign_coords(field=("bin", [float(data.field[0])])))
    result = xr.concat(points, dim="bin", combine_attrs="drop_conflicts")
    result = result.assign({
        name: ("bin", [point.attrs[key] for point in points])
        for name, key in (("blocks", "n"), ("effective", "effective"), ("warning", "warning"))
    })  # fmt: skip
    return result.assign_attrs(units="nA", estimator=estimator)


def nothing_passed_na(duration_ps: float, confidence: float) -> float:
    """The current one way of which, in 1 - confidence of all cases, no charge is seen in so long a time (Poisson)."""
    return float(-np.log(1 - confidence) * NA_PER_E_PER_PS / duration_ps)


def blocks(values: xr.DataArray, time_ps: np.ndarray, settings: Analysis) -> xr.DataArray:
    """Means over blocks of `current_window_ps` after `discard_ps`: (unit, ...) over replicas and blocks.

    Coordinate `replica` (`independence.together`); attributes `unit_ps`, `correlation_ps` (of the total or the first).

    Raises
    ------
    AnalysisError
        if not one whole block is left.
    """
    interval = float(time_ps[1] - time_ps[0])
    length = max(1, round(settings.current_window_ps / interval))
    late = values.isel(interval=time_ps > settings.discard_ps)
    whole = late.sizes["interval"] // length
    if whole == 0:
        raise AnalysisError("no whole block is left after analysis.discard_ps: lower it or current_window_ps")
    cut = late.isel(interval=slice(0, whole * length)).values
    shape = (cut.shape[0] * whole, length, *cut.shape[2:])
    species = list(late.species.values)
    whose = species.index("total") if "total" in species else 0
    return xr.DataArray(
        cut.reshape(shape).mean(axis=1),
        dims=("unit", *late.dims[2:]),
        coords={"species": late.species.values, "replica": ("unit", np.repeat(independence.together(late), whole))},
        attrs={"unit_ps": length * interval, "correlation_ps": interval * correlation(late.values[..., whose])},
    )


def groups(units: xr.DataArray) -> np.ndarray | None:
    """The replica of each unit (unit,), None if it is not known."""
    return units.replica.values if "replica" in units.coords else None


def _independence(units: xr.DataArray) -> independence.Independence:
    """Judged by the total current of each unit, along the field where it changes sign."""
    one = units.sel(species="total") if "total" in units.species.values else units.isel(species=0)
    along = np.sign(units.field.values) if "field" in units.coords and "bin" in units.dims else 1.0
    values = (one.values * along).reshape(len(one), -1).mean(axis=1)
    return independence.judge(values, groups(units), units.attrs["unit_ps"], units.attrs["correlation_ps"])


def _in(array: xr.DataArray, unit: str) -> xr.DataArray:
    if array.attrs.get("units") != unit:
        raise AnalysisError(f"{array.name} is in {array.attrs.get('units')!r}, expected {unit!r}")
    return array
