"""One number at a time from a folded I-E loop: where the current turns, how wide the loop is, whether it is pinched."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..errors import AnalysisError
from ..parameters import Analysis
from .stats import Estimate, estimate


def onset(units: xr.DataArray, settings: Analysis, sign: int, smooth_bins: int = 3) -> Estimate:
    """Field (V/nm) of the largest |I| on the forward branch of one polarity: beyond it the resistance is negative.

    The branch is smoothed by a running mean over `smooth_bins`. An onset at the last bin means that no fall
    was seen up to the amplitude: the value is then the amplitude's bin and says nothing more. Where no current
    flows along the field at all, the value is NaN.

    Parameters
    ----------
    units : what `current.fold` returns
    sign : +1 or -1, the polarity of the field
    """
    chosen = _branch(units, "forward", sign)
    field = chosen.field.values
    order = np.argsort(np.abs(field))

    def position(values: np.ndarray) -> float:
        mean = _smoothed(sign * values.mean(axis=0)[order], smooth_bins)
        return float(field[order][int(np.argmax(mean))]) if mean.max() > 0 else float("nan")

    return _estimate(chosen, position, settings)


def area(units: xr.DataArray, settings: Analysis, sign: int) -> Estimate:
    """Area of one lobe, integral of I dE around it in nA V/nm; positive where reverse |I| lies below forward |I|."""
    total = _total(units)
    middle = total.sizes["bin"] // 2
    half = np.arange(middle) if sign > 0 else np.arange(middle, 2 * middle)
    field = np.concatenate([[0.0], total.field.values[half], [0.0]])

    def enclosed(values: np.ndarray) -> float:
        mean = values.mean(axis=0)
        start, end = (0.5 * (mean[k - 1] + mean[k % len(mean)]) for k in (half[0], half[-1] + 1))
        path = np.concatenate([[start], mean[half], [end]])
        return float(np.trapezoid(path, field))

    return _estimate(total, enclosed, settings)


def pinch(units: xr.DataArray, settings: Analysis) -> Estimate:
    """Mean current (nA) where the field passes zero downwards minus upwards, halved: 0 for a pinched loop."""
    total = _total(units)
    middle = total.sizes["bin"] // 2
    up, down = [0, -1], [middle - 1, middle]

    def opening(values: np.ndarray) -> float:
        mean = values.mean(axis=0)
        return float(0.5 * (mean[down].mean() - mean[up].mean()))

    return _estimate(total, opening, settings)


def has_fall(units: xr.DataArray, settings: Analysis, sign: int) -> bool:
    """Whether the smoothed forward branch turns before its last tenth."""
    field = np.abs(_branch(units, "forward", sign).field.values)
    return abs(onset(units, settings, sign).value) < 0.9 * field.max()


def _total(units: xr.DataArray) -> xr.DataArray:
    return units.sel(species="total")


def _branch(units: xr.DataArray, branch: str, sign: int) -> xr.DataArray:
    total = _total(units)
    chosen = total.isel(bin=np.flatnonzero((total.branch.values == branch) & (sign * total.field.values > 0)))
    if not chosen.sizes["bin"]:
        raise AnalysisError(f"no {branch} branch with {'positive' if sign > 0 else 'negative'} field in these data")
    return chosen


def _smoothed(values: np.ndarray, width: int) -> np.ndarray:
    """Running mean of odd width; at the ends over what is there."""
    half = width // 2
    return np.array([values[max(0, i - half) : i + half + 1].mean() for i in range(len(values))])


def _estimate(units: xr.DataArray, of, settings: Analysis) -> Estimate:  # noqa: ANN001
    return estimate(units.values, of, draws=settings.bootstrap_draws, confidence=settings.confidence)
