"""What a held Cl- climbs: between which ends at one field, and by how much more at another (Table 1).

The potentials are those of `analyse.held`.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..errors import AnalysisError
from ..parameters import Analysis
from .barrier import Barrier, ends
from .held import STEP_NM, together
from .stats import Estimate, interval


def climb(found: xr.Dataset, settings: Analysis) -> Barrier:
    """The largest climb of the potential on the ion's way, its ends where the force is zero, and its parts (kJ/mol).

    The ends are found anew in every draw. The largest of noisy climbs is too large; about half of that is taken away
    (2 value - bootstrap), and what is left is within the interval. The parts are between ends that are fixed, so they
    need not sum up to it.
    """
    way = -1 if found.attrs["field_v_nm"] > 0 else 1
    total, many = found.potential.sel(part="total").values, found.drawn.sel(part="total").values
    start, end = ends(total, way)
    x, parts = found.x.values, between(found, found.x.values[start], found.x.values[end], settings)
    warning = parts["total"].warning
    if outermost := [name for name, k in (("begins", start), ("ends", end)) if k in (0, len(x) - 1)]:
        warning = together(warning, f"{' and '.join(outermost)} at the outermost place: it may be larger")
    drawn = np.array([one[b] - one[a] for one in many for a, b in [ends(one, way)]])
    n, counted = parts["total"].n, int(_within(found, x[start], x[end])[0].sel(part="total").min())
    low, high = interval(drawn, counted, settings.confidence)
    low, middle, high = 2 * (total[end] - total[start]) - np.array([high, np.median(drawn), low])
    at = [Estimate(float(x[k]), np.nan, np.nan, n) for k in (start, end)]
    return Barrier(*at, Estimate(*map(float, (middle, low, high)), n, warning), None, parts)


def between(found: xr.Dataset, start_nm: float, end_nm: float, settings: Analysis) -> dict[str, Estimate]:
    """How each part of the potential, and "total", changes from one x of it to another (kJ/mol); n counts runs."""
    return _estimates([found], *_step(found, start_nm, end_nm), start_nm, end_nm, settings)


def rise(low: xr.Dataset, high: xr.Dataset, start_nm: float, end_nm: float, settings: Analysis) -> dict[str, Estimate]:
    """How much more each part, and "total", changes from one x to another at one field than at another (kJ/mol).

    Raises
    ------
    AnalysisError
        if the two are of different places (`shared`).
    """
    if not np.array_equal(low.place, high.place):
        raise AnalysisError("potentials of a held Cl- over different places do not compare: take those that both have")
    steps = [_step(one, start_nm, end_nm) for one in (low, high)]
    value, drawn = (b - a for a, b in zip(*steps, strict=True))
    return _estimates([low, high], value, drawn, start_nm, end_nm, settings)


def _within(found: xr.Dataset, start_nm: float, end_nm: float) -> tuple[xr.DataArray, xr.DataArray]:
    """`count` and `runs` of the places that decide the potential between two x: these, and those next to them."""
    at, (left, right) = found.place.values, sorted((start_nm, end_nm))
    first = max(int(np.searchsorted(at, left + 1e-9)) - 1, 0)
    last = min(int(np.searchsorted(at, right - 1e-9)), len(at) - 1)
    return tuple(one.isel(place=slice(first, last + 1)) for one in (found["count"], found.runs))


def _step(found: xr.Dataset, start_nm: float, end_nm: float) -> tuple[np.ndarray, np.ndarray]:
    """Change from one x to another of the potentials (part,) and of those drawn (draw, part)."""
    ends_of = [found.sel(x=x, method="nearest", tolerance=STEP_NM) for x in (start_nm, end_nm)]
    return tuple((ends_of[1][name] - ends_of[0][name]).values for name in ("potential", "drawn"))


def _estimates(
    founds: list[xr.Dataset], value: np.ndarray, drawn: np.ndarray, start_nm: float, end_nm: float, settings: Analysis
) -> dict[str, Estimate]:
    """By part, with as many runs as are behind the least of the places that decide it.

    What is left out of all errors is said of the total, and of each part where it is slow.
    """
    within = [_within(one, start_nm, end_nm) for one in founds]
    counted = np.min([one.min("place") for one, _ in within], axis=0)
    n, estimates = int(min(one.min() for _, one in within)), {}
    rows = zip(founds[0].part.values, value, *interval(drawn, counted, settings.confidence), strict=True)
    for name, *numbers in rows:
        said = [one.attrs["warning"] if name == "total" else "" for one in founds]
        said += [one.attrs["slow"].get(name, "") for one in founds]
        estimates[str(name)] = Estimate(*map(float, numbers), n, together(*said))
    return estimates
