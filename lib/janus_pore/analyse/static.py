"""The static law: order of the water and current at constant fields, resampled over their blocks; and is it enough?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.stats import norm

from ..errors import AnalysisError
from ..parameters import Analysis
from . import current, independence, orientation
from .independence import ENOUGH
from .stats import Estimate, resampled_means

#: Fields a ladder must have before a law is made of it.
LEAST_FIELDS = 4


@dataclass(frozen=True)
class Ladder:
    """Steady order and current at constant fields (k,), as draws: row 0 the means, the others resampled, (draw, k).

    `units` and `water_units` (k,) are the effective numbers of independent units behind `current_na`, the total
    current, and `order`, which is NaN where no water was in the pore. The rows' spread is that of so many units.
    """

    field_v_nm: np.ndarray
    order: np.ndarray
    current_na: np.ndarray
    units: np.ndarray
    water_units: np.ndarray


def ladder(
    holds: Mapping[str, xr.Dataset], settings: Analysis, estimator: str = "box", draws: int = 200, seed: int = 0
) -> Ladder:
    """Resampled ladder of constant fields after `discard_ps`; whole replicas are drawn if enough, else blocks.

    Where blocks are correlated they count for fewer, and the spread is widened to match (`independence.judge`).
    Current and order, and the fields, are each resampled on their own, so a covariance between them is not kept.

    Raises
    ------
    AnalysisError
        if there is no run.
    """
    if not holds:
        raise AnalysisError("no run at a constant field: add a protocol of kind constant to the scale file")
    columns = []
    for k, data in enumerate(sorted(holds.values(), key=lambda d: float(d.field[0]))):
        field = float(data.field[0])
        flow = current.blocks(current.per_interval(data, estimator), data.interval_time.values, settings)
        flow = flow.sel(species="total")
        amps, n = _drawn(flow.values[:, None], flow.replica.values, draws, (seed, 2 * k), **_lengths(flow))
        water = orientation.samples(data, settings)
        names, first, index = np.unique(water.unit, return_index=True, return_inverse=True)
        along_x = np.cos(water.theta) * (-1 if field < 0 else 1)
        sums = np.stack([np.bincount(index, along_x, len(names)), np.bincount(index, minlength=len(names))], axis=1)
        cosine, waters = _drawn(sums, water.replica[first], draws, (seed, 2 * k + 1))
        columns.append((field, cosine, amps, n, waters))
    field, order, amps, units, water = zip(*columns, strict=True)
    return Ladder(np.array(field), np.stack(order, 1), np.stack(amps, 1), np.array(units), np.array(water))


def refusal(found: Ladder, confidence: float, amplitude_v_nm: float = 0.0) -> str:
    """Why no compact model should be made of a ladder; empty if one can be.

    Parameters
    ----------
    confidence : the current, and the change of the order, must differ from zero at this level at one field at least
    amplitude_v_nm : of the sweep to be predicted; the ladder must reach it on both sides
    """
    driven = found.field_v_nm != 0
    if driven.sum() < LEAST_FIELDS:
        return f"{driven.sum()} constant fields: a static law needs {LEAST_FIELDS}"
    if (fewest := min(found.units.min(), found.water_units.min())) < ENOUGH:
        return f"{fewest:.2g} independent units at a field: {ENOUGH} are needed for an error bar"
    if amplitude_v_nm and min(found.field_v_nm.max(), -found.field_v_nm.min()) < 0.95 * amplitude_v_nm:
        return f"the ladder does not reach {amplitude_v_nm:g} V/nm on both sides: the model would extrapolate"
    sigmas = norm.ppf(0.5 + 0.5 * confidence)
    if np.all(np.abs(found.current_na[0]) <= sigmas * found.current_na[1:].std(axis=0)):
        return "no steady current differs from zero by more than its error"
    if np.ptp(found.order[0]) <= 2 * sigmas * found.order[1:].std(axis=0).max():
        return "the order of the water does not change with the field by more than its error"
    return ""


def interval(drawn: np.ndarray, n: float, confidence: float) -> Estimate:
    """Draws (draw,) of one number as an estimate: row 0 is its value, the others give the interval."""
    tail = 50 * (1 - confidence)
    low, high = np.percentile(drawn[1:], [tail, 100 - tail])
    return Estimate(float(drawn[0]), float(low), float(high), int(n))


def _drawn(
    units: np.ndarray,
    groups: np.ndarray,
    draws: int,
    seed: tuple[int, ...],
    unit_ps: float = np.nan,
    correlation_ps: float = np.nan,
) -> tuple[np.ndarray, float]:
    """Mean of units (n, 1), or ratio of their two columns' means: central and resampled (1 + draws,); effective n."""
    if not len(units):
        return np.full(draws + 1, np.nan), 0.0
    one = units[:, 0] / units[:, -1] if units.shape[1] == 2 else units[:, 0]
    judged = independence.judge(one, groups, unit_ps, correlation_ps)
    means = np.vstack([units.mean(axis=0), resampled_means(units, groups, draws=draws, seed=seed)])
    found = means[:, 0] / means[:, 1] if units.shape[1] == 2 else means[:, 0]
    count = min(judged.effective, judged.weighed)
    widen = np.sqrt(judged.n / judged.effective * count / max(count - 1, 0.5))
    return found[0] + np.append(0.0, (found[1:] - found[0]) * widen), judged.effective


def _lengths(units: xr.DataArray) -> dict[str, float]:
    return {name: float(units.attrs[name]) for name in ("unit_ps", "correlation_ps")}
