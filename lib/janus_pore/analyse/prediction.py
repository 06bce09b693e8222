"""The loop of a sine sweep, predicted by the compact model from other runs, against the measured one."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from ..errors import AnalysisError
from ..parameters import Analysis
from ..units import NA_PER_E_PER_PS
from . import current, independence
from .compact import Case
from .memristor import Loop, sweep
from .stats import resampled_means

#: Cycles of a sweep, over all replicas, whose spread gives an error.
LEAST_CYCLES = 4


@dataclass(frozen=True)
class Prediction:
    """A predicted loop with its comparison, or the reason why there is none (`failed`, with `loop` None).

    Attributes
    ----------
    units, compared : what `current.fold` and `compare` give, by estimator ("pore", "box")
    cycles : of the sweep, over all replicas
    """

    loop: Loop | None
    units: dict[str, xr.DataArray] = field(default_factory=dict)
    compared: dict[str, xr.Dataset] = field(default_factory=dict)
    cycles: int = 0
    failed: str = ""


def predict(case: Case, sine: xr.Dataset | None, settings: Analysis) -> Prediction:
    """Predict a measured sweep, with both currents, from a model that was made without it.

    Parameters
    ----------
    case : what `compact.assemble` returns
    sine : collected data of a sine sweep; None if there are none
    """
    if case.failed or sine is None:
        return Prediction(None, failed=case.failed or "no sine sweep")
    period = float(sine.attrs["period_ps"])
    units = {name: current.fold(sine, settings, name).assign_attrs(period_ps=period) for name in ("pore", "box")}
    cycles = units["pore"].sizes["unit"]
    if cycles < LEAST_CYCLES:
        return Prediction(None, units, {}, cycles, f"{cycles} cycles of a sweep: {LEAST_CYCLES} are needed")
    loop = sweep(case.pore, float(np.abs(sine.field).max()), period, 10 * settings.phase_bins)
    compared = {name: compare(loop, one, settings) for name, one in units.items()}
    return Prediction(loop, units, compared, cycles)


def compare(loop: Loop, units: xr.DataArray, settings: Analysis) -> xr.Dataset:
    """Prediction against a measured sweep that no input of the model came from, phase bin by phase bin.

    z = (predicted - measured) / sqrt(s_p^2 + s_m^2), with the standard errors of the draws and of the units (replicas
    if there are enough, else cycles). Where crossings are counted, s_m is at least the Poisson error of the predicted
    number, and that of one charge in all cycles: few crossings, or none, are not exact because they agree.

    Parameters
    ----------
    units : what `current.fold` returns

    Returns
    -------
    Dataset (bin): `measured`, `measured_error`, `predicted`, `low`, `high` (nA), `z`; attributes `n` units and
    `mean_z2`, about (n - 1) / (n - 3) where model and data agree. Errors of the prediction are shared by its bins.

    Raises
    ------
    AnalysisError
        with fewer than four units, whose spread says too little.
    """
    total = units.sel(species="total")
    cycles, bins, whose = total.sizes["unit"], total.sizes["bin"], current.groups(units)
    n = independence.count(cycles, whose)
    if n < LEAST_CYCLES:
        raise AnalysisError(f"{n} cycles of the sweep: {LEAST_CYCLES} are needed; add replicas or periods")
    drawn = loop.binned(bins)
    tail = 50 * (1 - settings.confidence)
    low, high = np.percentile(drawn[1:], [tail, 100 - tail], axis=0)
    error = resampled_means(total.values, whose, draws=settings.bootstrap_draws).std(axis=0) * np.sqrt(n / (n - 1))
    if units.attrs["estimator"] == "pore":
        one = NA_PER_E_PER_PS * bins / (cycles * float(units.attrs["period_ps"]))  # one charge in all cycles, nA
        error = np.maximum(error, np.sqrt(one * np.maximum(np.abs(drawn[0]), one)))
    spread = np.hypot(error, drawn[1:].std(axis=0))
    mean = total.values.mean(axis=0)
    z = np.divide(drawn[0] - mean, spread, out=np.full(bins, np.nan), where=spread > 0)
    columns = {
        "measured": mean, "measured_error": error, "predicted": drawn[0], "low": low, "high": high, "z": z,
    }  # fmt: skip
    coords = total.isel(unit=0, drop=True).coords
    return xr.Dataset({k: ("bin", v) for k, v in columns.items()}, coords, {"n": n, "mean_z2": float(np.nanmean(z**2))})
