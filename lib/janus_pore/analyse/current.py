"""Current against field: loops of a sine sweep and ladders of constant fields, by species and by both estimators."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from ..errors import AnalysisError
from ..parameters import Analysis
from ..units import NA_PER_E_PER_PS
from .stats import bootstrap

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

    Returns
    -------
    DataArray (unit, bin, species) in nA, one unit per replica and cycle, with coordinates `phase` (0..1), `field`
    (V/nm, at the bin's middle) and `branch` ("forward" where |E| rises, "reverse" where it falls).

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
    cycles = range(int(cycle.max()) + 1)
    if len(np.unique(bins)) < settings.phase_bins:
        raise AnalysisError(
            f"a period of {period:g} ps has too few frames for {settings.phase_bins} bins: lower analysis.phase_bins"
        )
    units = [
        np.stack([current.values[r][(cycle == c) & (bins == b)].mean(axis=0) for b in range(settings.phase_bins)])
        for r in range(current.sizes["replica"])
        for c in cycles
    ]
    middle = (np.arange(settings.phase_bins) + 0.5) / settings.phase_bins
    amplitude = float(np.abs(data.field).max())
    return xr.DataArray(
        np.stack(units),
        dims=("unit", "bin", "species"),
        coords={
            "species": current.species.values,
            "phase": ("bin", middle),
            "field": ("bin", amplitude * np.sin(2 * np.pi * middle), {"units": "V/nm"}),
            "branch": ("bin", np.where((middle % 0.5) < 0.25, "forward", "reverse")),
        },
        attrs={"units": "nA", "estimator": estimator},
    )


def phase_bins(time_ps: np.ndarray, period_ps: float, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Cycle number and phase bin (n,) of each time; times of an unfinished last cycle are kept in it."""
    turns = np.asarray(time_ps) / period_ps + 1e-9
    return turns.astype(int), (turns % 1 * bins).astype(int)


def curve(units: xr.DataArray, settings: Analysis) -> xr.Dataset:
    """Mean over units with its bootstrap interval: `current`, `low`, `high` (bin, species) in nA, and `n`."""
    value, low, high = bootstrap(
        units.values, lambda u: u.mean(axis=0), draws=settings.bootstrap_draws, confidence=settings.confidence
    )
    dims = units.dims[1:]
    result = xr.Dataset(
        {"current": (dims, value), "low": (dims, low), "high": (dims, high)},
        coords=units.isel(unit=0, drop=True).coords,
    )
    return result.assign_attrs(units.attrs, n=units.sizes["unit"])


def ladder(datasets: Mapping[str, xr.Dataset], settings: Analysis, estimator: str = "box") -> xr.Dataset:
    """Steady current against field, from runs at constant fields.

    Each replica after `discard_ps` is cut into blocks of `current_window_ps`, the units of the bootstrap.

    Returns
    -------
    Dataset (bin, species): `current`, `low`, `high` in nA, `n` blocks per point, coordinate `field` in V/nm.
    """
    points = []
    for data in sorted(datasets.values(), key=lambda d: float(d.field[0])):
        current = blocks(per_interval(data, estimator), data.interval_time.values, settings)
        points.append(curve(current, settings).expand_dims(bin=1).assign_coords(field=("bin", [float(data.field[0])])))
    n = [point.attrs["n"] for point in points]
    result = xr.concat(points, dim="bin", combine_attrs="drop_conflicts").assign(blocks=("bin", n))
    return result.assign_attrs(units="nA", estimator=estimator)


def blocks(values: xr.DataArray, time_ps: np.ndarray, settings: Analysis) -> xr.DataArray:
    """Means over blocks of `current_window_ps` after `discard_ps`: (unit, ...) over replicas and blocks.

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
    return xr.DataArray(
        cut.reshape(shape).mean(axis=1), dims=("unit", *late.dims[2:]), coords={"species": late.species.values}
    )


def _in(array: xr.DataArray, unit: str) -> xr.DataArray:
    if array.attrs.get("units") != unit:
        raise AnalysisError(f"{array.name} is in {array.attrs.get('units')!r}, expected {unit!r}")
    return array
