"""Does the current fall while the field rises, from which field on, and how deep? (Figs 1B, 1C, 4)

Noise alone makes any curve fall somewhere, and puts its largest value somewhere before the end. So a fall is tested
for, and where none is seen the onset is a bound.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from scipy.optimize import isotonic_regression

from ..parameters import Analysis
from . import independence
from .current import branch, curve, groups, number
from .stats import Estimate, resampled_means

#: A fall counts as seen where noise about a current that never falls makes as large a one this often.
LEVEL = 0.05


@dataclass(frozen=True)
class Fall:
    """The largest fall of the smoothed forward branch.

    Attributes
    ----------
    drop_na : the largest I(E1) - I(E2), |E1| < |E2|, in nA
    p : probability of a fall as large if the current never falls (its nearest rising curve, with the data's noise);
        NaN with fewer than `independence.ENOUGH` units, or without any current
    n : units drawn
    """

    drop_na: float
    p: float
    n: int

    @property
    def seen(self) -> bool:
        return bool(self.p < LEVEL)

    @property
    def text(self) -> str:
        """The verdict in words."""
        if not np.isfinite(self.p):
            return "too little to test for a fall"
        return f"{'a fall is' if self.seen else 'no fall'} seen (p = {self.p:.2g})"


def fall(
    units: xr.DataArray, settings: Analysis, sign: int, species: str = "total", smooth_bins: int | None = None
) -> Fall:
    """Test whether the current falls anywhere on the forward branch of one polarity.

    Parameters
    ----------
    units : what `current.fold` returns
    sign : +1 or -1, the polarity of the field
    """
    chosen = branch(units, "forward", sign, species)
    mean = smoothed(chosen.values.mean(axis=0)[None], smooth_bins)[0]
    n = independence.count(len(chosen), groups(units))
    drop = float(_largest_fall(mean[None])[0])
    if n < independence.ENOUGH or np.ptp(chosen.values) == 0:
        return Fall(drop, float("nan"), n)
    drawn = smoothed(resampled_means(chosen.values, groups(units), draws=settings.bootstrap_draws), smooth_bins)
    noise = (drawn - mean) * np.sqrt(n / (n - 1))
    by_chance = _largest_fall(isotonic_regression(mean).x + noise)
    return Fall(drop, float(((by_chance >= drop).sum() + 1) / (len(by_chance) + 1)), n)


def has_fall(units: xr.DataArray, settings: Analysis, sign: int, species: str = "total") -> bool:
    """Whether a fall is seen on the forward branch."""
    return fall(units, settings, sign, species).seen


def onset(
    units: xr.DataArray, settings: Analysis, sign: int, smooth_bins: int | None = None, species: str = "total"
) -> Estimate:
    """Field (V/nm) of the largest |I| on the forward branch of one polarity: beyond it the resistance is negative.

    The branch is smoothed by a running mean over `smooth_bins` (an eighth of it by default); the maximum is that of a
    parabola through the largest values. Where no fall is seen (`fall`), or the maximum lies at the last bin, the value
    is infinite and the interval has one end: the onset lies beyond it, if there is one. Where no current flows along
    the field, or too few units are there to test for a fall, the value is NaN.
    """
    chosen = branch(units, "forward", sign, species)
    angle = 2 * np.pi * (chosen.phase.values % 0.5)
    amplitude = float(np.abs(chosen.field.values).max() / np.sin(angle.max()))

    def position(mean: np.ndarray) -> np.ndarray:
        found = _maximum(angle, smoothed(mean, smooth_bins))
        there = np.isfinite(found)
        return np.where(there, amplitude * np.sin(np.where(there, found, 0.0)), found)

    tested = fall(units, settings, sign, species, smooth_bins)
    found = number(chosen, position, settings)
    if not np.isfinite(tested.p) or np.isnan(found.value):
        why = independence.few(tested.n) or "no current along the field"
        return Estimate(np.nan, np.nan, np.nan, tested.n, why)
    value, low, high = found.value, found.low, found.high
    if not tested.seen:
        value = high = np.inf
        low = min(low, float(np.abs(chosen.field.values).max()))
        found = replace(found, warning="; ".join(filter(None, [tested.text, found.warning])))
    low, high = (low, high) if sign > 0 else (-high, -low)
    return replace(found, value=sign * value, low=low, high=high)


def peak_to_valley(
    units: xr.DataArray, settings: Analysis, sign: int, smooth_bins: int | None = None, species: str = "total"
) -> Estimate:
    """Largest |I| of the forward branch over the smallest after it; 1 where no fall is seen, with NaN ends.

    An infinite end means that the valley is zero within its error.
    """
    chosen = branch(units, "forward", sign, species)

    def ratio(mean: np.ndarray) -> np.ndarray:
        smooth = smoothed(mean, smooth_bins)
        peak = smooth.argmax(axis=-1)
        after = np.where(np.arange(smooth.shape[-1]) >= peak[..., None], smooth, np.inf).min(axis=-1)
        top = smooth.max(axis=-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(top <= 0, np.nan, np.where(after > 0, top / after, np.inf))

    tested = fall(units, settings, sign, species, smooth_bins)
    if not np.isfinite(tested.p):
        why = independence.few(tested.n) or "no current along the field"
        return Estimate(np.nan, np.nan, np.nan, tested.n, why)
    if not tested.seen:
        return Estimate(1.0, np.nan, np.nan, tested.n, tested.text)
    return number(chosen, ratio, settings)


def conductance(units: xr.DataArray, settings: Analysis, width: float = 1 / 6) -> xr.Dataset:
    """Differential conductance dI/dE along each branch, with its interval.

    The slope of a straight line through the bins of the same branch and polarity within `width` times the amplitude,
    and through at least three of them.

    Returns
    -------
    As `current.curve`, with `conductance` in place of `current`, in nA per V/nm; NaN where a branch has fewer than
    three bins.
    """
    field, names = units.field.values, units.branch.values
    slope = np.full((len(field), len(field)), np.nan)
    for name in np.unique(names):
        for sign in (1, -1):
            own = np.flatnonzero((names == name) & (sign * field > 0))
            for k in own if len(own) > 2 else ():
                distance = np.abs(field[own] - field[k])
                reach = max(width * np.abs(field).max(), np.sort(distance)[2])
                near = own[distance <= reach * (1 + 1e-9)]
                centred = field[near] - field[near].mean()
                slope[k] = 0.0
                slope[k, near] = centred / (centred**2).sum()
    slopes = xr.DataArray(np.einsum("kb,ubs->uks", slope, units.values), dims=units.dims, coords=units.coords)
    return curve(slopes.assign_attrs(units.attrs, units="nA per V/nm"), settings).rename(current="conductance")


def smoothed(values: np.ndarray, width: int | None = None) -> np.ndarray:
    """Running mean (..., bin) of odd width; at the ends over what is there.

    Without a width it is an eighth of the bins: wider ones move a maximum that is not symmetric.
    """
    n = values.shape[-1]
    half = (n // 8 if width is None else width) // 2
    near = np.abs(np.subtract.outer(np.arange(n), np.arange(n))) <= half
    return values @ (near / near.sum(axis=0))


def _largest_fall(curves: np.ndarray) -> np.ndarray:
    """Largest earlier minus later value of each curve (k, bin): 0 if it never falls."""
    return (np.maximum.accumulate(curves, axis=-1) - curves).max(axis=-1)


def _maximum(x: np.ndarray, curves: np.ndarray) -> np.ndarray:
    """Place x (k,) of the maximum of each curve (k, bin); infinite at the last bin, NaN where no value is positive.

    A parabola through the largest value and its neighbours on both sides (a tenth of the bins, at least one).
    """
    top, last = curves.argmax(axis=-1), len(x) - 1
    reach = max(1, len(x) // 10)
    found = np.where(top == last, np.inf, x[top])
    for k in np.unique(top[top < last]):
        near = np.arange(max(0, k - reach), min(last, k + reach) + 1)
        if len(near) < 3:
            continue
        own = top == k
        inverse = np.linalg.pinv(np.vander(x[near] - x[k], 3))
        bend, slope, _ = inverse @ curves[own][:, near].T
        vertex = np.divide(-slope, 2 * bend, out=np.zeros_like(slope), where=bend < 0)
        found[own] = x[k] + np.clip(vertex, x[near[0]] - x[k], x[near[-1]] - x[k])
    return np.where(curves.max(axis=-1) > 0, found, np.nan)
