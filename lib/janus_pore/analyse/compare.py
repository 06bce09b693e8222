"""Are two reduced replicas of one protocol the same within their noise?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from ..errors import AnalysisError
from ..parameters import Analysis
from .fold import fold_angles, sense

#: Beyond this many standard errors two replicas are taken to differ; five quantities are compared.
MOST_SIGMA = 4.0
_LEAST_BLOCKS = 4


def compare(first: xr.Dataset, second: xr.Dataset, settings: Analysis) -> pd.DataFrame:
    """Means of two replicas over the protocol, with errors from blocks, and their difference in standard errors.

    Parameters
    ----------
    first, second : what `reduce.replica.reduce_replica` returns, of the same protocol

    Returns
    -------
    DataFrame, one row a quantity: current of each species (nA, whole box), pore waters, <cos theta>;
    columns `first`, `first_error`, `second`, `second_error`, `sigma` (difference over its standard error)

    Raises
    ------
    AnalysisError
        if the two have different times, or too few frames for error bars.
    """
    if first.sizes["time"] != second.sizes["time"] or not np.allclose(first.time, second.time):
        raise AnalysisError("the two replicas have different times: they are not of the same protocol")
    rows = []
    for name, one, two in zip(_series(first), _series(first).values(), _series(second).values(), strict=True):
        (mean, error), (other, other_error) = _mean(one, settings), _mean(two, settings)
        both = float(np.hypot(error, other_error))
        sigma = abs(mean - other) / both if both > 0 else (0.0 if mean == other else np.inf)
        rows.append({
            "quantity": name, "first": mean, "first_error": error, "second": other, "second_error": other_error,
            "sigma": sigma,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _series(data: xr.Dataset) -> dict[str, tuple[np.ndarray, float]]:
    """Each quantity against time, one value a frame or interval, with the spacing in ps."""
    spacing = float(data.attrs["interval_ps"])
    found = {f"current of {s} (nA)": data.current.sel(species=s).values for s in data.species.values}
    found["waters in the pore"] = data.pore_water.values.astype(float)
    angle = fold_angles(data.theta.values.astype(float), sense(data.field.values)[data.theta_frame.values])
    frames = data.sizes["time"]
    number = np.bincount(data.theta_frame.values, minlength=frames)
    with np.errstate(invalid="ignore"):
        found["<cos theta>"] = np.bincount(data.theta_frame.values, np.cos(angle), frames) / number
    return {name: (np.asarray(series, dtype=float), spacing) for name, series in found.items()}


def _mean(series: tuple[np.ndarray, float], settings: Analysis) -> tuple[float, float]:
    """Mean and standard error over blocks of `current_window_ps`, or of an eighth of the series if that is shorter."""
    values, spacing = series
    length = max(1, min(round(settings.current_window_ps / spacing), len(values) // 8))
    blocks = values[: len(values) // length * length].reshape(-1, length)
    means = np.nanmean(blocks[np.isfinite(blocks).any(axis=1)], axis=1)
    if len(means) < _LEAST_BLOCKS:
        raise AnalysisError(f"only {len(means)} blocks with data: the replica is too short to be compared")
    return float(means.mean()), float(means.std(ddof=1) / np.sqrt(len(means)))
