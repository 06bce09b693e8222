"""Cause and effect against one axis: barrier, order of the water and current at the same fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import xarray as xr

from ..parameters import Analysis, Barrier
from ..units import is_forward
from . import barrier, current, orientation
from .cycles import settled
from .stats import Estimate

#: What `steady` and `forward` give, each with `_low` and `_high`.
QUANTITIES = ("sigma", "mean_cos", "box", "crossings")


def windows(
    sweeps: Mapping[str, xr.Dataset], holds: Mapping[str, xr.Dataset], settings: Analysis
) -> dict[str, dict[float, orientation.Samples]]:
    """Angles by field, for P(theta): both branches of each sweep at 1/4, 1/2, 3/4 of its amplitude; constant fields."""
    found = {}
    for name, sweep in sweeps.items():
        amplitude, samples = float(np.abs(sweep.field).max()), orientation.samples(sweep, settings)
        for branch in ("forward", "reverse"):
            fields = amplitude * np.array([1, 2, 3]) / 4
            found[f"{name}, {branch}"] = {float(f): samples.select(f, amplitude / 12, branch) for f in fields}
    if holds:
        found["constant fields"] = {float(one.field[0]): orientation.samples(one, settings) for one in holds.values()}
    return found


def order(data: xr.Dataset, settings: Analysis) -> xr.Dataset:
    """`orientation.against_field` of a sweep in eleven windows of its field, or at a constant field."""
    samples, largest = orientation.samples(data, settings), float(np.abs(data.field).max())
    if data.attrs["period_ps"]:
        return orientation.against_field(samples, largest * np.linspace(-10, 10, 11) / 12, largest / 12, settings)
    return orientation.against_field(samples, data.field.values[:1], 1e-6, settings)


def steady(holds: Mapping[str, xr.Dataset], settings: Analysis) -> xr.Dataset:
    """At constant fields, after `discard_ps`.

    Returns
    -------
    Dataset (bin): `sigma` (circular, degrees), `mean_cos`, `box` and `crossings` (nA) with `_low` and `_high`, mean
    number of `waters` in the pore; coordinate `field` (V/nm)
    """
    ordered = sorted(holds.values(), key=lambda data: float(data.field[0]))
    columns = {name: [] for name in ("sigma", "mean_cos")}
    for data in ordered:
        samples = orientation.samples(data, settings)
        for name, one in zip(columns, _order(samples, settings), strict=True):
            columns[name].append(one)
    for name, estimator in (("box", "box"), ("crossings", "pore")):
        line = current.ladder(holds, settings, estimator).sel(species="total")
        columns[name] = [Estimate(*map(float, row), 0) for row in zip(line.current, line.low, line.high, strict=True)]
    waters = [float(data.pore_water.values[:, data.time.values >= settings.discard_ps].mean()) for data in ordered]
    return _table([float(data.field[0]) for data in ordered], columns, waters)


def forward(
    sweep: xr.Dataset, settings: Analysis, fields_v_nm: np.ndarray, half_width_v_nm: float, branch: str = "forward"
) -> xr.Dataset:
    """On one branch of a sine sweep, in windows of the field; as `steady`."""
    samples = orientation.samples(sweep, settings)
    time, period = sweep.time.values, float(sweep.attrs["period_ps"])
    rising, late = is_forward(time, period), settled(time, period)
    columns = {name: [] for name in QUANTITIES}
    waters = []
    folded = {name: current.fold(sweep, settings, how) for name, how in (("box", "box"), ("crossings", "pore"))}
    for field in fields_v_nm:
        for name, one in zip(
            ("sigma", "mean_cos"), _order(samples.select(field, half_width_v_nm, branch), settings), strict=True
        ):
            columns[name].append(one)
        for name, units in folded.items():
            total = units.sel(species="total")
            inside = np.abs(total.field.values - field) <= half_width_v_nm
            inside &= total.branch.values == branch
            if inside.any():
                columns[name].append(current.number(total, _mean_of(inside), settings))
            else:
                columns[name].append(_nothing())
        there = late & (np.abs(sweep.field.values - field) <= half_width_v_nm) & (rising == (branch == "forward"))
        waters.append(float(sweep.pore_water.values[:, there].mean()) if there.any() else np.nan)
    return _table(list(fields_v_nm), columns, waters)


def barriers(
    forces: Iterable[xr.Dataset], fields_v_nm: Iterable[float], asked: Barrier, settings: Analysis
) -> xr.Dataset:
    """Barrier of Cl- (kJ/mol) against field, by the force and by counts, where the data give one.

    Returns
    -------
    Dataset (bin): `barrier` and `by_counts` with `_low` and `_high`, `failed` (why there is none); coordinate `field`
    """
    _, climbed = barrier.by_field(forces, fields_v_nm, asked, settings)
    found = list(climbed.values())
    columns = {
        "barrier": [one.total or _nothing() for one in found],
        "by_counts": [one.by_counts or _nothing() for one in found],
    }
    return _table(list(climbed), columns, None).assign(failed=("bin", [one.failed for one in found]))


def _order(samples: orientation.Samples, settings: Analysis) -> tuple[Estimate, Estimate]:
    if not len(samples.theta):
        return _nothing(), _nothing()
    return orientation.width(samples, settings, "circular"), orientation.mean_cos(samples, settings)


def _mean_of(inside: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    return lambda curves: curves[:, inside].mean(axis=1)


def _nothing() -> Estimate:
    return Estimate(np.nan, np.nan, np.nan, 0)


def _table(fields: list[float], columns: Mapping[str, list[Estimate]], waters: list[float] | None) -> xr.Dataset:
    table = {
        f"{name}{end}": ("bin", np.array([getattr(one, key) for one in found], dtype=float))
        for name, found in columns.items()
        for end, key in (("", "value"), ("_low", "low"), ("_high", "high"))
    }
    if waters is not None:
        table["waters"] = ("bin", np.array(waters))
    return xr.Dataset(table, coords={"field": ("bin", np.array(fields, dtype=float), {"units": "V/nm"})})
