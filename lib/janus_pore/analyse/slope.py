"""Does the steady current fall anywhere as the field rises, beyond its errors? What a spiking circuit needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.stats import norm
from scipy.stats import t as student

from ..parameters import Analysis
from .independence import ENOUGH
from .static import LEAST_FIELDS, Ladder, interval, ladder
from .stats import Estimate


@dataclass(frozen=True)
class Fall:
    """The clearest fall of a ladder, and the verdict.

    Attributes
    ----------
    verdict : "falls", "rises" or "undecided"
    from_v_nm, to_v_nm : the two fields, rising, between which the current falls most clearly (or rises least)
    slope : dI/dE between them in nA per V/nm
    p_value : how often noise alone makes so clear a fall somewhere on a ladder that is flat
    share : of the resampled ladders, those in which the current falls between these two fields
    failed : why there is no verdict; empty if there is one
    """

    verdict: str
    from_v_nm: float = float("nan")
    to_v_nm: float = float("nan")
    slope: Estimate | None = None
    p_value: float = float("nan")
    share: float = float("nan")
    failed: str = ""


def decide(holds: Mapping[str, xr.Dataset], settings: Analysis, draws: int = 400) -> tuple[Ladder | None, Fall]:
    """The ladder of a system's constant fields and what it says; no ladder and a reason if there are none."""
    if not holds:
        return None, Fall("undecided", failed="no runs at constant fields")
    found = ladder(holds, settings, draws=draws)
    return found, fall(found, settings.confidence)


def fall(found: Ladder, confidence: float, level: float = 0.05) -> Fall:
    """Search all pairs of fields of one polarity for a fall of I(E), with the search itself accounted for.

    With many noisy points some pair always falls. So the clearest fall, in units of its error, is compared with the
    clearest that the resampled ladders show about their own mean: the p-value is that of the whole search.
    "rises" needs every step between neighbours to rise at the same level; else the data decide nothing.

    Parameters
    ----------
    confidence : of the interval of the slope
    level : p-value below which a fall, or a rise everywhere, counts as seen

    Returns
    -------
    Fall
        with `failed` set, and no numbers, with fewer than four fields or five independent units, or without noise.
    """
    field = found.field_v_nm
    if len(field) < LEAST_FIELDS:
        return Fall("undecided", failed=f"{len(field)} constant fields: {LEAST_FIELDS} are needed")
    if (fewest := found.units.min()) < ENOUGH:
        return Fall("undecided", failed=f"{fewest:.2g} independent units at a field: {ENOUGH} are needed")
    if not np.all(found.current_na[1:].std(axis=0) > 0):
        return Fall("undecided", failed="currents without any spread: no ion crossed at some fields, or too few units")
    (j, k), p, verdict = search(field, found.current_na, found.units, level)
    change = found.current_na[:, k] - found.current_na[:, j]
    slope = interval(change / (field[k] - field[j]), int(found.units[[j, k]].min()), confidence)
    return Fall(verdict, float(field[j]), float(field[k]), slope, p, float((change[1:] < 0).mean()))


def search(
    field_v_nm: np.ndarray, current_na: np.ndarray, units: np.ndarray, level: float = 0.05
) -> tuple[tuple[int, int], float, str]:
    """The pair of fields between which the current falls most clearly, the search's p-value, and the verdict.

    Parameters
    ----------
    field_v_nm : array (field,), rising
    current_na : array (1 + draw, field): the currents, then draws from their distributions, independent between fields
    units : array (field,), independent units behind each error; infinite where the error itself is certain

    Returns
    -------
    positions (j, k) of the two fields; p; "falls", "rises" or "undecided", as for `fall`
    """
    field, n = field_v_nm, len(field_v_nm)
    pairs = np.array([(j, k) for j in range(n) for k in range(j + 1, n) if field[j] * field[k] >= 0])
    change = current_na[:, pairs[:, 1]] - current_na[:, pairs[:, 0]]
    clear = -_sigmas(change, units[pairs])
    best = int(np.argmax(clear))
    by_chance = ((change[0] - change[1:]) / change[1:].std(axis=0)).max(axis=1)
    p = float((1 + (by_chance >= clear[best]).sum()) / (1 + len(by_chance)))
    neighbours = np.stack([units[1:], units[:-1]], axis=1)
    rises = bool(_sigmas(np.diff(current_na, axis=1), neighbours).min() > norm.ppf(1 - level))
    return tuple(int(one) for one in pairs[best]), p, "falls" if p < level else "rises" if rises else "undecided"


def _sigmas(drawn: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Differences (pair,) of two means of units (pair, 2) in standard errors, as a normal variable would have them.

    An error from few units is itself uncertain: Student's t with the degrees of freedom of both is turned into the
    normal deviate of the same probability.
    """
    score = drawn[0] / drawn[1:].std(axis=0)
    return np.sign(score) * norm.isf(np.maximum(student.sf(np.abs(score), units.sum(axis=1) - 2), 1e-300))
