"""Which box length would put a column of the paper's Table 1, printed against E, on ours, known against V = E Lx?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.interpolate import interp1d
from scipy.optimize import brentq, minimize_scalar

from .stats import Estimate

#: Lengths (nm) that are tried; a result at an end of the range is none.
TRIED_NM = (3.0, 20.0)
_LEAST = 3


def fitted(ours: Mapping[float, Estimate], fields_v_nm: Sequence[float], printed: Sequence[float]) -> Estimate | None:
    """The length at which a printed column f(E) agrees best with numbers at known voltages.

        chi^2(L) = sum_k [(y_k - f(V_k / L)) / error_k]^2,   f linear between the printed points and beyond them

    The interval is where chi^2 exceeds its minimum by less than the larger of 1 and chi^2_min / (n - 1): what the
    printed numbers scatter by, which the paper does not say, shows in chi^2_min.

    Parameters
    ----------
    ours : numbers with errors, by voltage (V)
    fields_v_nm, printed : the column of the paper

    Returns
    -------
    Lx in nm with its 68 % interval, n the number of voltages, and the numbers' warnings; None with fewer than three,
    or if no length between `TRIED_NM` fits better than the ends
    """
    known = {volt: one for volt, one in ours.items() if np.isfinite(one.error) and one.error > 0}
    if len(known) < _LEAST:
        return None
    volt = np.array(list(known))
    value, error = (np.array([getattr(one, name) for one in known.values()]) for name in ("value", "error"))
    column = interp1d(fields_v_nm, printed, fill_value="extrapolate")

    def chi2(length: float) -> float:
        return float((((value - column(volt / length)) / error) ** 2).sum())

    grid = np.linspace(*TRIED_NM, 171)
    every = np.array([chi2(length) for length in grid])
    k = int(every.argmin())
    if k in (0, len(grid) - 1):
        return None
    best = minimize_scalar(chi2, bounds=(grid[k - 1], grid[k + 1]), method="bounded")
    level = best.fun + max(1.0, best.fun / (len(volt) - 1))
    ends = []
    for side in (grid[:k][::-1], grid[k + 1 :]):
        beyond = next((length for length in side if chi2(length) > level), None)
        ends.append(np.nan if beyond is None else brentq(lambda length: chi2(length) - level, best.x, beyond))
    warning = "; ".join(dict.fromkeys(one.warning for one in known.values() if one.warning))
    return Estimate(float(best.x), *ends, len(volt), warning)
