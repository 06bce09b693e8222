"""Which box length would put a column of the paper's Table 1, printed against E, on ours, known against V = E Lx?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import interp1d
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import t as student

from .stats import Estimate

#: Lengths (nm) that are tried; a result at an end of the range is none.
TRIED_NM = (3.0, 20.0)
#: Where the best length fits worse than this chance allows, the column is not the paper's at any length.
LEVEL = 0.05
_LEAST = 3
#: Sets of numbers that are drawn to see by how much chance alone misses.
_DRAWS = 1000


@dataclass(frozen=True)
class Fitted:
    """The length with its interval, or why there is none.

    Attributes
    ----------
    length_nm : n is the number of voltages; None where `failed` says why
    chi2, p : of the best length, and how often chance alone would miss by as much
    """

    length_nm: Estimate | None = None
    chi2: float = np.nan
    p: float = np.nan
    failed: str = ""


def fitted(
    ours: Mapping[float, Estimate], fields_v_nm: Sequence[float], printed: Sequence[float], confidence: float,
    seed: int = 0,
) -> Fitted:  # fmt: skip
    """The length at which a printed column f(E) agrees best with numbers at known voltages.

        chi^2(L) = sum_k [(y_k - f(V_k / L)) / s_k]^2,   f linear between the printed points and beyond them

    An error s_k from few units is itself uncertain, so chi^2 is not the normal's. It is drawn: numbers about the best
    length with the errors s_k, each with an error drawn anew, s_k^2 times chi^2 over its n_k - 1 degrees of freedom.
    From the same draws comes by how much chi^2 may exceed its minimum in the interval; by chi^2_min / (k - 1) times
    that where the k voltages miss by more than their errors. The printed numbers have errors too, which the paper does
    not give.

    Parameters
    ----------
    ours : numbers with intervals, by voltage (V); at least three. Their units must be independent: whole runs
    fields_v_nm, printed : the column of the paper
    confidence : of the intervals, from as many units each as its `n` says, and of the length's
    """
    known = {volt: one for volt, one in ours.items() if np.isfinite(one.error) and one.error > 0 and one.n > 1}
    if len(known) < _LEAST:
        return Fitted(failed=f"{len(known)} voltages with an error; {_LEAST} are needed")
    volt, freedom = np.array(list(known)), np.array([one.n - 1 for one in known.values()])
    value = np.array([one.value for one in known.values()])
    error = np.array([one.error for one in known.values()]) / student.ppf(0.5 + confidence / 2, freedom)
    column = interp1d(fields_v_nm, printed, fill_value="extrapolate")

    def chi2(length: float) -> float:
        return float((((value - column(volt / length)) / error) ** 2).sum())

    grid = np.linspace(*TRIED_NM, 171)
    every = (((value - column(volt / grid[:, None])) / error) ** 2).sum(axis=1)
    k = int(every.argmin())
    inside = 0 < k < len(grid) - 1
    best = minimize_scalar(chi2, bounds=(grid[k - 1], grid[k + 1]), method="bounded") if inside else None
    least = float(best.fun if inside else every[k])
    found = float(best.x if inside else grid[k])
    slope = (column(volt / (found + 0.01)) - column(volt / (found - 0.01))) / (0.02 * error)
    near = found + np.linspace(-5, 5, 41) / max(float(np.linalg.norm(slope)), 0.1)
    tried = np.concatenate([[found], near[(near > TRIED_NM[0]) & (near < TRIED_NM[1])], grid])
    chance = _drawn(column(volt / tried[:, None]), error, freedom, seed)
    lowest = chance.min(axis=1)
    p = float((1 + (lowest >= least).sum()) / (1 + _DRAWS))
    said = f"chi2 = {least:.3g} at {len(volt)} voltages, p = {p:.1g}"
    if not inside:
        return Fitted(None, least, p, f"none fits between {TRIED_NM[0]:g} and {TRIED_NM[1]:g} nm; at the end, {said}")
    if p < LEVEL:
        return Fitted(None, least, p, f"none fits; the best, {best.x:.1f} nm, has {said}")
    rise = float(np.quantile(chance[:, 0] - lowest, confidence))
    level = least + rise * max(1.0, least / (len(volt) - 1))
    ends = []
    for side in (grid[:k][::-1], grid[k + 1 :]):
        beyond = next((length for length in side if chi2(length) > level), None)
        ends.append(np.nan if beyond is None else brentq(lambda length: chi2(length) - level, best.x, beyond))
    warning = "; ".join(dict.fromkeys(one.warning for one in known.values() if one.warning))
    return Fitted(Estimate(float(best.x), *ends, len(volt), warning), least, p)


def _drawn(asked: np.ndarray, error: np.ndarray, freedom: np.ndarray, seed: int) -> np.ndarray:
    """chi^2 (draws, length) of numbers drawn about the first row of `asked` (length, voltage)."""
    rng = np.random.default_rng(seed)
    size = (_DRAWS, len(error))
    off = error * rng.normal(size=size)
    weight = freedom / rng.chisquare(freedom, size) / error**2
    move = asked[0] - asked
    # sum_v w (off + move)^2, without an array (draws, length, voltage)
    return (weight * off**2).sum(axis=1)[:, None] + 2 * (weight * off) @ move.T + weight @ (move**2).T
