"""Are the frames that replicas start from independent? Their spacing against how long the liquid remembers.

Water forgets where it pointed within picoseconds, ions where they were along the box only when they have diffused along
it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..errors import AnalysisError
from ..parameters import Analysis
from .stats import Estimate, estimate, expanded

#: Frames so many correlation times apart count as independent: e^-3 is 5 %.
ENOUGH = 3.0


@dataclass(frozen=True)
class Memory:
    """Correlation time of one place's dipoles (ps); `decayed` is False where the run ends before the correlation."""

    place: str
    time_ps: Estimate
    decayed: bool


def memories(profile: xr.Dataset, settings: Analysis) -> list[Memory]:
    """Integral correlation times, tau = dt (1/2 + sum C(t)) up to the first C <= 0, with errors from blocks of the run.

    Places where a block has no water are left out (a closed pore).

    Raises
    ------
    AnalysisError
        if the equilibration was reduced by an older version, without correlations.
    """
    if "dipole_correlation" not in profile:
        raise AnalysisError("the profile holds no dipole correlations: run `janus-pore profile` for this system again")
    interval, found = float(profile.lag[1] - profile.lag[0]), []
    for place in profile.place.values:
        units = profile.dipole_correlation.sel(place=place).values
        units = units[np.isfinite(units[:, 0])]
        if len(units):
            how = {"draws": settings.bootstrap_draws, "confidence": expanded(settings.confidence, len(units))}
            time = estimate(units, lambda u: interval * _integral(u.mean(axis=0)), **how)
            found.append(Memory(str(place), time, bool((units.mean(axis=0) <= 0.1).any())))
    return found


def verdict(found: list[Memory], spacing_ps: float) -> str:
    """One sentence: whether frames `spacing_ps` apart are independent, by the slower of reservoirs and the pore's mean.

    Single molecules in the pore are not asked: they sit at places that prescribe a direction, so their correlation
    levels off as long as they stay, which is not a memory of the start.
    """
    slowest = max((one for one in found if one.place != "pore"), key=lambda one: one.time_ps.value)
    ratio = spacing_ps / slowest.time_ps.value
    said = f"ensemble.spacing_ps is {spacing_ps:g} ps, {ratio:.1f} times the longest memory ({slowest.place}, "
    said += f"{'' if slowest.decayed else 'at least '}{slowest.time_ps.value:.2g} ps)"
    if ratio >= ENOUGH and slowest.decayed:
        return f"Independent starts: {said}."
    todo = (
        f"take {ENOUGH:g} times or more, or"
        if slowest.decayed
        else "the run is too short to see that memory's end, so take"
    )
    return f"WARNING: starts may remember each other: {said}; {todo} a longer equilibration."


def mixing(profile: xr.Dataset, liquid_nm: float, settings: Analysis) -> Estimate:
    """The time (ps) in which ions mix along the box, of the slowest mode of diffusion between the sheet's two faces.

        tau = L^2 / (pi^2 D),   <(x(t) - x(0))^2> = L^2 / 6 - 16 L^2 / pi^4 sum_{n odd} e^{-n^2 t / tau} / n^4

    with the slope of the second, which is 2 D at first and falls off between walls, over the later half of the lags.
    Its interval is from blocks of the run.

    Parameters
    ----------
    liquid_nm : L, the length that the liquid fills along x

    Raises
    ------
    AnalysisError
        if the equilibration was reduced by an older version, without displacements.
    """
    if "ion_msd" not in profile:
        raise AnalysisError(
            "the profile holds no displacements of ions: run `janus-pore profile` for this system again"
        )
    later = profile.ion_msd.isel(ion_lag=slice(profile.sizes["ion_lag"] // 2, None))
    later = later.dropna("block")

    lag, odd = later.ion_lag.values, np.arange(1, 40, 2)[:, None]
    taus = np.geomspace(lag[-1] / 20, lag[-1] * 1e4, 2000)
    walls = [1 / 6 - 16 / np.pi**4 * (np.exp(-(odd**2) * lag / tau) / odd**4).sum(axis=0) for tau in taus]
    slopes = np.polyfit(lag, liquid_nm**2 * np.array(walls).T, 1)[0]
    taus, slopes = taus[slopes.argmax() :], slopes[slopes.argmax() :]  # shorter ones have mixed within the lags

    def of(units: np.ndarray) -> float:
        slope = np.polyfit(lag, units.mean(axis=0), 1)[0]
        return float(np.interp(-slope, -slopes, taus)) if slope > 0 else float("nan")

    confidence = expanded(settings.confidence, len(later))
    return estimate(later.values, of, draws=settings.bootstrap_draws, confidence=confidence)


def ions(mixed_ps: Estimate, spacing_ps: float) -> str:
    """One sentence: whether frames `spacing_ps` apart have their ions at independent places."""
    said = f"ions mix along the box in about {mixed_ps.value:.2g} ps, and ensemble.spacing_ps is {spacing_ps:g} ps"
    if spacing_ps >= ENOUGH * mixed_ps.value:
        return f"Independent places of the ions: {said}."
    return (
        f"WARNING: starts share where their ions are: {said}. What replicas of one equilibration have in common does "
        "not show in their scatter; add systems that differ by `seed` alone, whose ions are placed anew."
    )


def _integral(correlation: np.ndarray) -> float:
    """Of C in units of its interval, C(0) = 1."""
    below = np.flatnonzero(~(correlation > 0))  # or not a number: nobody stayed so long
    end = below[0] if len(below) else len(correlation)
    return 0.5 + float(correlation[1:end].sum())
