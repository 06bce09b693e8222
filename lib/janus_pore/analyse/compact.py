"""From reduced data to the compact memristor, as far as the data allow.

Constant fields give s_inf(E) = <cos theta> and I(E) (`static`); field steps give the relaxation times of <cos theta>.
Every input is resampled over its own independent units.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.interpolate import PchipInterpolator
from scipy.stats import norm

from ..errors import AnalysisError
from ..parameters import Analysis
from . import fit, relaxation
from .memristor import Memristor
from .static import Ladder, ladder, refusal
from .stats import Estimate, expanded


@dataclass(frozen=True)
class Step:
    """One field step: where it led, whether the field rose or fell in size, and the relaxation of <cos theta>."""

    field_v_nm: float
    ordering: bool
    decay: fit.Decay


@dataclass(frozen=True)
class Case:
    """A compact model with what it was made from, or the reason why there is none (`failed`, with `pore` None).

    `assumed` says which relaxation times were not measured.
    """

    ladder: Ladder | None
    steps: list[Step]
    pore: Memristor | None
    assumed: str = ""
    failed: str = ""


def assemble(
    holds: Mapping[str, xr.Dataset],
    runs: Mapping[str, xr.Dataset],
    settings: Analysis,
    amplitude_v_nm: float,
    *,
    range_ps: tuple[float, float],
    draws: int = 100,
) -> Case:
    """The compact model from constant fields and field steps, as far as these allow.

    Parameters
    ----------
    holds, runs : collected data of kinds "constant" and "steps"; either may be empty
    amplitude_v_nm : of the sweep that is to be predicted
    range_ps : within which a time is assumed where no step gives one
    """
    found = steps(runs, settings)
    if not holds:
        return Case(None, found, None, failed="no runs at constant fields")
    law = ladder(holds, settings, draws=draws)
    if why := refusal(law, 0.95, amplitude_v_nm):
        return Case(law, found, None, failed=why)
    taus, unknown = [], []
    for ordering, name in ((True, "ordering"), (False, "relaxing")):
        known = by_field(s for s in found if s.ordering == ordering and not s.decay.failed)
        if known:
            taus.append(times(known, law.field_v_nm, settings.confidence, draws, seed=1 + ordering))
        else:
            taus.append(assumed(*range_ps, law.field_v_nm, draws, seed=1 + ordering))
            unknown.append(name)
    note = f"{' and '.join(unknown)} times assumed, {range_ps[0]:g} to {range_ps[1]:g} ps" if unknown else ""
    return Case(law, found, model(law, *taus), note)


def steps(runs: Mapping[str, xr.Dataset], settings: Analysis) -> list[Step]:
    """Relaxation of <cos theta> about the field after each step of the step protocols; the unit is the replica."""
    found = []
    for one in (step for data in runs.values() for step in relaxation.steps(data)):
        decay = fit.decay(
            one.time_ps, one.sums[..., [0, 3]], _mean_of_sums, draws=settings.bootstrap_draws,
            confidence=expanded(settings.confidence, len(one.sums)),
        )  # fmt: skip
        found.append(Step(one.after_v_nm, one.direction == "forward", decay))
    return found


def by_field(found: Iterable[Step]) -> dict[float, Estimate]:
    """The time at each |E|: geometric mean and whole range of what jumps, staircases, long stays and both signs say."""
    taus: dict[float, list[Estimate]] = {}
    for one in found:
        taus.setdefault(abs(one.field_v_nm), []).append(one.decay.tau)
    return {
        field: Estimate(
            float(np.exp(np.mean([np.log(tau.value) for tau in some]))), min(tau.low for tau in some),
            max(tau.high for tau in some), min(tau.n for tau in some),
        )
        for field, some in taus.items()
    }  # fmt: skip


def times(
    taus: Mapping[float, Estimate], field_v_nm: np.ndarray, confidence: float, draws: int = 200, seed: int = 1
) -> np.ndarray:
    """Relaxation times (draw, k) in ps on a ladder's fields, from estimates at some fields.

    They are taken at |E|, are log-normal within their intervals, and keep their last value beyond the fields
    given. Row 0 holds the central values.

    Raises
    ------
    AnalysisError
        if there is no estimate, or one is not positive.
    """
    if not taus or not all(0 < t.low <= t.value <= t.high for t in taus.values()):
        raise AnalysisError("relaxation times must be given with positive intervals around their values")
    at = np.array(sorted(taus, key=abs))
    spread = np.array([np.log(taus[e].high / taus[e].low) / (2 * norm.ppf(0.5 + 0.5 * confidence)) for e in at])
    z = np.vstack([np.zeros(len(at)), np.random.default_rng(seed).standard_normal((draws, len(at)))])
    drawn = np.array([taus[e].value for e in at]) * np.exp(z * spread)
    return np.stack([np.interp(np.abs(field_v_nm), np.abs(at), row) for row in drawn])


def assumed(low_ps: float, high_ps: float, field_v_nm: np.ndarray, draws: int = 200, seed: int = 1) -> np.ndarray:
    """One unknown time for all fields, equally likely anywhere in a range on a log scale: (draw, k) in ps."""
    if not 0 < low_ps < high_ps:
        raise AnalysisError("the range of assumed times must rise and be positive")
    log = np.random.default_rng(seed).uniform(np.log(low_ps), np.log(high_ps), draws)
    drawn = np.exp(np.concatenate([[0.5 * np.log(low_ps * high_ps)], log]))
    return np.repeat(drawn[:, None], len(field_v_nm), axis=1)


def model(found: Ladder, ordering_ps: np.ndarray, relaxing_ps: np.ndarray, nodes: int = 61, seed: int = 3) -> Memristor:
    """The compact model of a ladder with its times (draw, k).

    Between the ladder's fields s_inf and g = I / E are monotone cubics of E, the times straight lines. What lies there
    is not known: each draw but the central one adds the cubic's distance from a straight line, times a number between
    -1 and 1, so that a sparse ladder widens the band.
    """
    field = found.field_v_nm
    fine = np.union1d(np.linspace(field[0], field[-1], nodes), field)
    off = np.append(0.0, np.random.default_rng(seed).uniform(-1, 1, len(found.order) - 1))[:, None]

    def between(at: np.ndarray, rows: np.ndarray) -> np.ndarray:
        cubic = PchipInterpolator(at, rows, axis=1)(fine)
        return cubic + off * (cubic - np.stack([np.interp(fine, at, row) for row in rows]))

    driven = field != 0
    chord = between(field[driven], found.current_na[:, driven] / field[driven])
    taus = [np.stack([np.interp(fine, field, row) for row in tau]) for tau in (ordering_ps, relaxing_ps)]
    return Memristor(fine, between(field, found.order), chord, *taus)


def _mean_of_sums(rows: np.ndarray) -> np.ndarray:
    cosine, count = rows.sum(axis=0).T
    return np.divide(cosine, count, out=np.full(len(count), np.nan), where=count > 0)
