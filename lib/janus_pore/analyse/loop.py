"""How wide is the I-E loop, is it pinched, and what kind of memory is that? (Figs 1B, 4; the fall is in `ndr`)

All of it is asked of cycles that repeat themselves (`current.fold`): a first one, which starts with an uncharged
sheet, passes E = 0 upwards without the current of its charging.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.stats import t as student

from ..parameters import Analysis
from . import independence
from .current import groups, number
from .ndr import has_fall, onset
from .stats import Estimate

__all__ = ["Memory", "Pinch", "area", "area_beyond_charging", "has_fall", "memory", "onset", "pinch", "pinched"]
#: Statements hold at this confidence, whatever that of the error bars is.
CONFIDENCE = 0.95
#: A loop counts as pinched if it is not open by more than this part of its largest current.
TIGHT = 0.1


@dataclass(frozen=True)
class Pinch:
    """Whether the loop passes through the origin.

    Attributes
    ----------
    opening : half the difference of the currents where E passes zero downwards and upwards, nA; 0 for a pinched loop
    offset : half their sum, nA; 0 for a loop that is pinched at the origin
    p : probability of an opening as large if there is none (t test over the units)
    bound_na : the opening is smaller than this at 95 % confidence
    verdict : "open", "pinched" (not open by more than a tenth of the largest current) or "undecided"
    """

    opening: Estimate
    offset: Estimate
    p: float
    bound_na: float
    verdict: str

    @property
    def text(self) -> str:
        """The verdict in words."""
        if not np.isfinite(self.p):
            return f"{self.verdict}: too little to test for an opening"
        return f"{self.verdict}: p = {self.p:.2g}, |opening| < {self.bound_na:.3g} nA (95 %)"


@dataclass(frozen=True)
class Memory:
    """What the two lobes say together.

    Attributes
    ----------
    positive, negative : area of each lobe in nA V/nm, positive where reverse |I| is the smaller; 95 %, if there are
        units enough (`interval` says so)
    verdict : "unipolar" (both polarities change the conductance alike), "bipolar" (oppositely), "none seen" (both
        are zero within their errors) or "undecided" (only one of them is, or there are too few units)
    reverse_below : whether reverse currents lie below forward ones in both lobes, as the paper says
    warning : of the areas
    """

    positive: Estimate
    negative: Estimate
    verdict: str
    reverse_below: bool
    warning: str

    @property
    def interval(self) -> str:
        """What the areas' intervals are: from few cycles, hardly more than the range of these."""
        n = self.positive.n
        return "95 %" if n >= independence.ENOUGH else f"from {n} cycle{'s' * (n != 1)} only"

    @property
    def text(self) -> str:
        """The verdict in words."""
        if self.verdict != "unipolar":
            return self.verdict
        return f"unipolar, reverse {'below' if self.reverse_below else 'above'} forward"


def area(
    units: xr.DataArray, settings: Analysis, sign: int, species: str = "total", confidence: float | None = None
) -> Estimate:
    """Area of one lobe, integral of I dE around it in nA V/nm; positive where reverse |I| lies below forward |I|.

    Parameters
    ----------
    units : what `current.fold` returns
    sign : +1 or -1, the polarity of the field
    """
    weight = _lobe(units, sign)
    return number(_one(units, species), lambda mean: mean @ weight, settings, confidence)


def area_beyond_charging(
    units: xr.DataArray, settings: Analysis, sign: int, species: str = "total", confidence: float | None = None
) -> Estimate:
    """Area of one lobe less that of a capacitor with the loop's opening at E = 0, nA V/nm.

    I = C dE/dt (C per field) has the opening -C omega A and the lobe area C omega pi A^2 / 2; a lag lowers both alike.
    What is left is memory, as far as C is the same at all fields: one that falls with the voltage leaves a rest of its
    own in both lobes (`analyse.charged`). For a pinched loop it is the area.
    """
    weight = beyond(units, sign)
    return number(_one(units, species), lambda mean: mean @ weight, settings, confidence)


def beyond(units: xr.DataArray, sign: int) -> np.ndarray:
    """Weights (bin,) with which a curve gives what `area_beyond_charging` is of it."""
    return _lobe(units, sign) + 0.5 * np.pi * amplitude_v_nm(units) * _opening(units)


def amplitude_v_nm(units: xr.DataArray) -> float:
    """Of the field (V/nm), from the middle of the highest of a multiple of four bins."""
    return float(np.abs(units.field.values).max() / np.cos(np.pi / units.sizes["bin"]))


def pinch(units: xr.DataArray, settings: Analysis, species: str = "total") -> Estimate:
    """Mean current (nA) where the field passes zero downwards minus upwards, halved: 0 for a pinched loop."""
    weight = _opening(units)
    return number(_one(units, species), lambda mean: mean @ weight, settings)


def pinched(units: xr.DataArray, settings: Analysis, species: str = "total") -> Pinch:
    """|I| at E = 0 with its error, tested against zero and against a tenth of the largest current."""
    one = _one(units, species)
    opening = pinch(units, settings, species)
    offset = number(one, lambda mean: mean @ np.abs(_opening(units)), settings)
    values, whose = one.values @ _opening(one), groups(one)
    if independence.by_group(whose):
        values = np.array([values[whose == name].mean() for name in np.unique(whose)])
    n = len(values)
    error = float(np.std(values, ddof=1)) / np.sqrt(n) if n > 1 else 0.0
    if not error > 0:
        return Pinch(opening, offset, float("nan"), float("nan"), "undecided")
    p = float(2 * student.sf(abs(values.mean()) / error, n - 1))
    bound = abs(float(values.mean())) + error * float(student.ppf(CONFIDENCE, n - 1))
    largest = float(np.abs(one.values.mean(axis=0)).max())
    verdict = "pinched" if bound < TIGHT * largest else "open" if p < 1 - CONFIDENCE else "undecided"
    return Pinch(opening, offset, p, bound, verdict)


def memory(units: xr.DataArray, settings: Analysis, species: str = "total", beyond_charging: bool = True) -> Memory:
    """Unipolar or bipolar memory, from the signs of the two lobes' areas where both differ from zero at 95 %.

    A capacitor has two lobes of one sign as well: by default its part of the areas is taken away first.
    """
    of = area_beyond_charging if beyond_charging else area
    positive, negative = (of(units, settings, sign, species, CONFIDENCE) for sign in (1, -1))
    signs = [_sign(positive), _sign(negative)]
    if None in signs or positive.n < independence.ENOUGH:
        verdict = "undecided"
    elif signs[0] * signs[1]:
        verdict = "unipolar" if signs[0] == signs[1] else "bipolar"
    else:
        verdict = "undecided" if any(signs) else "none seen"
    return Memory(
        positive, negative, verdict, verdict == "unipolar" and signs == [1, 1], positive.warning or negative.warning
    )


def _sign(one: Estimate) -> int | None:
    """+1, -1, or 0 where the interval holds zero; None without an interval."""
    if not np.isfinite(one.error):
        return None
    return int(one.low > 0) - int(one.high < 0)


def _one(units: xr.DataArray, species: str) -> xr.DataArray:
    return units.sel(species=species).assign_attrs(units.attrs)


def _lobe(units: xr.DataArray, sign: int) -> np.ndarray:
    """Weights (bin,) with which a curve gives the area of a lobe: trapezoids, closed at E = 0."""
    n = units.sizes["bin"]
    half = np.arange(n // 2) if sign > 0 else np.arange(n // 2, n)
    each = np.eye(n)
    ends = [0.5 * (each[k - 1] + each[k % n]) for k in (half[0], half[-1] + 1)]
    path = np.concatenate([[ends[0]], each[half], [ends[1]]])
    return np.trapezoid(path, np.concatenate([[0.0], units.field.values[half], [0.0]]), axis=0)


def _opening(units: xr.DataArray) -> np.ndarray:
    """Weights (bin,) with which a curve gives half the difference of the currents at E = 0, downwards less upwards.

    (-1, 7, 7, -1) / 12 is exact where the bins hold means of a cubic.
    """
    n = units.sizes["bin"]
    weight, inner = np.zeros(n), np.array([-1, 7, 7, -1]) / 24
    weight[n // 2 - 2 : n // 2 + 2] = inner
    weight[[-2, -1, 0, 1]] = -inner
    return weight
