"""Which box length would put a column of the paper's Table 1, printed against E, on ours, known against V = E Lx?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import interp1d
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import chi2 as distribution

from .stats import Estimate

#: Lengths (nm) that are tried; a result at an end of the range is none.
TRIED_NM = (3.0, 20.0)
#: Where the best length fits worse than this chance allows, the column is not the paper's at any length.
LEVEL = 0.05
_LEAST = 3


@dataclass(frozen=True)
class Fitted:
    """The length with its 68 % interval, or why there is none.

    Attributes
    ----------
    length_nm : n is the number of voltages; None where `failed` says why
    chi2, p : of the best length, with n - 1 degrees of freedom
    """

    length_nm: Estimate | None = None
    chi2: float = np.nan
    p: float = np.nan
    failed: str = ""


def fitted(ours: Mapping[float, Estimate], fields_v_nm: Sequence[float], printed: Sequence[float]) -> Fitted:
    """The length at which a printed column f(E) agrees best with numbers at known voltages.

        chi^2(L) = sum_k [(y_k - f(V_k / L)) / error_k]^2,   f linear between the printed points and beyond them

    The interval is where chi^2 exceeds its minimum by less than the larger of 1 and chi^2_min / (n - 1). The printed
    numbers have errors too, which the paper does not give.

    Parameters
    ----------
    ours : numbers with errors, by voltage (V); at least three
    fields_v_nm, printed : the column of the paper
    """
    known = {volt: one for volt, one in ours.items() if np.isfinite(one.error) and one.error > 0}
    if len(known) < _LEAST:
        return Fitted(failed=f"{len(known)} voltages with an error; {_LEAST} are needed")
    volt = np.array(list(known))
    value, error = (np.array([getattr(one, name) for one in known.values()]) for name in ("value", "error"))
    column = interp1d(fields_v_nm, printed, fill_value="extrapolate")

    def chi2(length: float) -> float:
        return float((((value - column(volt / length)) / error) ** 2).sum())

    grid = np.linspace(*TRIED_NM, 171)
    every = np.array([chi2(length) for length in grid])
    k = int(every.argmin())
    inside = 0 < k < len(grid) - 1
    best = minimize_scalar(chi2, bounds=(grid[k - 1], grid[k + 1]), method="bounded") if inside else None
    least = float(best.fun if inside else every[k])
    p = float(distribution.sf(least, len(volt) - 1))
    said = f"chi2 = {least:.3g} for {len(volt) - 1} degrees of freedom, p = {p:.1g}"
    if not inside:
        return Fitted(None, least, p, f"none fits between {TRIED_NM[0]:g} and {TRIED_NM[1]:g} nm; at the end, {said}")
    if p < LEVEL:
        return Fitted(None, least, p, f"none fits; the best, {best.x:.1f} nm, has {said}")
    level = least + max(1.0, least / (len(volt) - 1))
    ends = []
    for side in (grid[:k][::-1], grid[k + 1 :]):
        beyond = next((length for length in side if chi2(length) > level), None)
        ends.append(np.nan if beyond is None else brentq(lambda length: chi2(length) - level, best.x, beyond))
    warning = "; ".join(dict.fromkeys(one.warning for one in known.values() if one.warning))
    return Fitted(Estimate(float(best.x), *ends, len(volt), warning), least, p)
