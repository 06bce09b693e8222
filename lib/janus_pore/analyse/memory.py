"""Is it the pore's memory or the charging of the reservoirs? The whole-box effect in two parts, and what follows.

Per replica, box = pore + charging, where charging is what the whole-box current holds beyond the charges that
crossed: the rate at which charge piles up on both sides of the sheet. So, exactly,

I_n / I_0 - 1 = [(pore_n - pore_0) + (charging_n - charging_0)] / box_0,

and both parts are defined wherever the whole-box ratio is, however few crossings there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..parameters import Analysis
from ..units import AF_PER_NA_PS_V, NA_PER_E_PER_PS
from . import fit
from .plasticity import FEW, LEAST_REPLICAS, LEVEL, Ratios, ratios, undefined, unseen
from .pulses import ESTIMATORS, crossings, currents, during, spans
from .stats import Estimate, bootstrap, expanded


@dataclass(frozen=True)
class Parts:
    """The whole-box effect I_n / I_0 - 1 and its two parts, one of each a later pulse, with 95 % intervals.

    Attributes
    ----------
    after_ps : array (k,), as in `pulses.Pulses`
    effect, pore, charging : k estimates, or None each where `failed` says why; effect = pore + charging
    own : the ratio of crossings alone, where it is defined
    counts : of each later pulse together with the first, as `pulses.crossings` gives them
    """

    after_ps: np.ndarray
    effect: tuple[Estimate | None, ...]
    pore: tuple[Estimate | None, ...]
    charging: tuple[Estimate | None, ...]
    own: Ratios
    counts: tuple[dict[str, int], ...]
    failed: str = ""


def parts(data: xr.Dataset, settings: Analysis) -> Parts:
    """Divide the whole-box effect of a pair or a train."""
    strict = settings.model_copy(update={"confidence": max(settings.confidence, LEVEL)})
    box, pore = currents(data, "box"), currents(data, "pore")
    n, k = box.later.shape
    counts = tuple(crossings(data, [0, j + 1]) for j in range(k))
    own = ratios(pore, strict)
    if failed := undefined(box.first):
        none = (None,) * k
        return Parts(box.after_ps, none, none, none, own, counts, failed)

    def of(units: np.ndarray) -> np.ndarray:
        whole, through = units.mean(axis=0)
        effect, part = ((one[1:] - one[0]) / (whole[0] or np.nan) for one in (whole, through))
        return np.stack([effect, part, effect - part])

    value, low, high = bootstrap(
        np.stack([box.units, pore.units], axis=1), of, draws=strict.bootstrap_draws,
        confidence=expanded(strict.confidence, n),
    )  # fmt: skip
    missed = unseen(pore, strict.confidence)
    wide = np.maximum(missed[0], missed[1:]) / abs(box.first.mean())
    low[1], high[1] = low[1] - wide, high[1] + wide
    table = [
        tuple(Estimate(*(float(x[i, j]) for x in (value, low, high)), n) for j in range(k)) for i in range(len(value))
    ]
    return Parts(box.after_ps, *table, own, counts)


def conclusion(found: Parts, k: int = 0) -> tuple[str, str]:
    """(word, sentence) on whose the whole-box effect of later pulse k is, from the 95 % intervals alone.

    A part is there if its interval leaves zero out, and absent if its interval holds zero and not half the effect.
    The word is "undefined", "no effect", "pore", "charging", "both" or "undecided".
    """
    if found.failed:
        return "undefined", f"The whole-box ratio is {found.failed}."
    effect, pore, charging = found.effect[k], found.pore[k], found.charging[k]
    behind = f"{found.counts[k]['gross']} crossings"
    whole = f"whole-box ratio {_text(effect, 1.0)}"
    if _holds(effect, 0.0):
        return "no effect", f"The {whole} does not differ from 1; there is nothing to divide ({behind})."
    states = (_state(pore, effect.value), _state(charging, effect.value))
    divided = f"crossings make {_text(pore)} and charging {_text(charging)} ({behind})"
    told = f"The {whole} differs from 1; of the difference of {effect.value:.3g} {divided}"
    words = {
        ("there", "absent"): ("pore", "the effect is the pore's"),
        ("absent", "there"): ("charging", "the effect is charging, and crossings do not make it"),
        ("there", "there"): ("both", "both have a part in it"),
    }
    word, says = words.get(states, ("undecided", "which of the two makes it is undecided"))
    if word == "both" and pore.value * charging.value < 0:
        says += ", in opposite directions"
    return word, f"{told}: {says}."


def own_memory(found: Parts, k: int = 0) -> tuple[str, str]:
    """(word, sentence) on whether the pore itself remembers, from the ratio of crossings alone and its 95 % interval.

    The word is "memory" (1 is left out), "no memory" (1 is in it and the whole box's ratio is not), or "undecided".
    """
    behind = f"{found.counts[k]['gross']} crossings"
    one = found.own.values[k]
    if one is None:
        return "undecided", f"The ratio of crossings is {found.own.failed}: {behind} do not decide."
    ratio = f"The ratio of crossings, {_text(one)}"
    if found.counts[k]["carriers"] < FEW:
        return "undecided", f"{ratio}, rests on {behind}, which do not decide."
    if not _holds(one, 1.0):
        return "memory", f"{ratio}, differs from 1: the pore itself remembers ({behind})."
    whole = found.effect[k]
    if whole is not None and not _holds(whole, 0.0) and not _holds(one, 1 + whole.value):
        return "no memory", f"{ratio}, holds 1 and not the whole box's: no memory of the pore's seen ({behind})."
    return "undecided", f"{ratio}, holds 1 and is too wide to say more: {behind} do not decide."


def charge_within(data: xr.Dataset, settings: Analysis) -> dict[str, xr.Dataset]:
    """Charge moved since the start of the first pulse, in e, by estimator: `charge`, `low`, `high` (time,)."""
    found = {}
    for estimator in ESTIMATORS:
        time, current = during(data, estimator)
        step = float(data.attrs["interval_ps"])
        moved = np.cumsum(current, axis=1) * step / NA_PER_E_PER_PS
        limits = bootstrap(
            moved, _mean, draws=settings.bootstrap_draws, confidence=expanded(settings.confidence, len(moved))
        )
        names = zip(("charge", "low", "high"), limits, strict=True)
        found[estimator] = xr.Dataset(
            {name: ("time", values) for name, values in names}, coords={"time": time + 0.5 * step}
        )
    return found


def charging_within(data: xr.Dataset, settings: Analysis) -> fit.Decay:
    """A + B exp(-t / tau) of the charging current within the first pulse: tau is the RC time, where it can be seen."""
    time, current = during(data, "charging")
    if len(current) < LEAST_REPLICAS:
        return fit.Decay(None, None, None, f"{len(current)} replicas, {LEAST_REPLICAS} are the least")
    confidence = expanded(settings.confidence, len(current))
    return fit.decay(time, current, _mean, draws=settings.bootstrap_draws, confidence=confidence)


def capacitance(data: xr.Dataset, settings: Analysis) -> Estimate:
    """Charge put on the sheet during the first pulse over the step of voltage, in 1e-18 F: a lower bound of C.

    C >= integral of (box - pore) dt / ((E_pulse - E_before) L_x), with E_before the prime's field or 0. A lower bound,
    because the pulse ends before the reservoirs are charged (and of the layers' charge the box counts a part,
    `analyse.layers`).
    """
    segments = spans(data)
    first = [one.label for one in segments].index("pulse 1")
    before = segments[first - 1].field_v_nm if first else 0.0
    volts = (segments[first].field_v_nm - before) * float(data.attrs["length_x_nm"])
    pulses = currents(data, "charging")
    attofarad = pulses.first * pulses.window_ps * AF_PER_NA_PS_V / volts
    value, low, high = bootstrap(
        attofarad, _mean, draws=settings.bootstrap_draws, confidence=expanded(settings.confidence, len(attofarad))
    )
    return Estimate(float(value), float(low), float(high), len(attofarad))


def _mean(units: np.ndarray) -> np.ndarray:
    return units.mean(axis=0)


def _holds(one: Estimate, value: float) -> bool:
    """Whether the interval holds a value; one without an interval holds every value."""
    return not (value < one.low or value > one.high)


def _state(part: Estimate, effect: float) -> str:
    if not _holds(part, 0.0):
        return "there"
    return "absent" if max(abs(part.low), abs(part.high)) < abs(effect) / 2 else "unknown"


def _text(one: Estimate, shift: float = 0.0) -> str:
    return f"{one.value + shift:.3g} [{one.low + shift:.3g}, {one.high + shift:.3g}]"
