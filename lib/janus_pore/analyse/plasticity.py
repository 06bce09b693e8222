"""Does a pulse change the answer to the next? I_n / I_0 of pairs and trains, its decay, the replicas it takes.

The ratio is one of means over replicas, mean(I_1) / mean(I_0), not the mean of I_1 / I_0 (Fig 5A, 5B). In a few
picoseconds a replica's I_0 is a few charges: it is often near zero or of the other sign, so single ratios have tails so
heavy that their mean need not exist, and as E[1/I_0] > 1/E[I_0] it is too large even where they have not. The
ratio of means is off by a term of order 1/n only, and is the ratio of the ensemble's currents. Whole replicas are
drawn, so that what I_0 and I_1 share stays together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.stats import norm
from scipy.stats import t as student

from ..parameters import Analysis
from ..units import NA_PER_E_PER_PS
from . import fit
from .pulses import Pulses, currents, windows
from .stats import Estimate, bootstrap, estimate, expanded

#: A ratio is defined where I_0 differs from zero at this level: then Fieller's interval of the ratio is bounded.
LEVEL = 0.95
#: With fewer replicas than this that a net charge crossed in, the interval of a pulse's crossings is widened.
FEW = 10
#: Below this number of replicas the intervals of a bootstrap are too narrow, whatever is done to them.
LEAST_REPLICAS = 5


@dataclass(frozen=True)
class Ratios:
    """I_n / I_0 of each later pulse, or the reason why it is not defined.

    Attributes
    ----------
    after_ps : array (k,), as in `pulses.Pulses`
    values : k estimates; None each where `failed` says why
    estimator, kind : as in `pulses.Pulses`
    """

    after_ps: np.ndarray
    values: tuple[Estimate | None, ...]
    estimator: str
    kind: str
    failed: str = ""


def undefined(units: np.ndarray, name: str = "I0") -> str:
    """Why a ratio to the mean of `units` (replica,) is not defined; empty if it is.

    It is not where a t test at 95 % cannot tell the mean from zero. By Fieller's theorem the ratio's
    confidence set is then unbounded: any value would do.
    """
    n = len(units)
    if n < LEAST_REPLICAS:
        return f"not defined: {n} replicas give no interval to trust, {LEAST_REPLICAS} are the least"
    error = float(np.std(units, ddof=1)) / np.sqrt(n)
    mean, reach = float(np.mean(units)), float(student.ppf(0.5 + LEVEL / 2, n - 1)) * error
    if abs(mean) > reach:
        return ""
    return f"not defined: {name} = {mean:.3g} +- {reach:.2g} nA is zero within its 95 % interval (n = {n})"


def ratios(pulses: Pulses, settings: Analysis) -> Ratios:
    """I_n / I_0 as ratio of means over replicas, with the bootstrap interval of each."""
    failed = undefined(pulses.first)
    if failed:
        none = (None,) * pulses.later.shape[1]
        return Ratios(pulses.after_ps, none, pulses.estimator, pulses.kind, failed)
    n = len(pulses.first)
    value, low, high = bootstrap(
        pulses.units, ratio_of_means, draws=settings.bootstrap_draws, confidence=expanded(settings.confidence, n)
    )
    wide = unseen(pulses, settings.confidence)[1:] / abs(pulses.first.mean())
    return Ratios(pulses.after_ps, _estimates(value, low - wide, high + wide, n), pulses.estimator, pulses.kind)


def means(pulses: Pulses, settings: Analysis) -> tuple[Estimate, ...]:
    """Mean current in nA of the first pulse and of each later one, defined whatever the ratio is."""
    n = len(pulses.first)
    value, low, high = bootstrap(
        pulses.units, lambda u: u.mean(axis=0), draws=settings.bootstrap_draws,
        confidence=expanded(settings.confidence, n),
    )  # fmt: skip
    wide = unseen(pulses, settings.confidence)
    return _estimates(value, low - wide, high + wide, n)


def unseen(pulses: Pulses, confidence: float) -> np.ndarray:
    """Current (1 + k,) in nA by which to widen the interval of each pulse, as too few replicas saw a charge cross.

    A bootstrap knows nothing of crossings that it has not seen: of a pulse without any it says 0 +- 0. A charge
    per pulse in a share p of n replicas is missed by all with probability (1 - p)^n, which is 1 - confidence at
    p = -ln(1 - confidence) / n. Zero from ten such replicas on, and for currents that are not counted.
    """
    units = pulses.units
    few = np.count_nonzero(units, axis=0) < FEW
    share = -np.log(1 - confidence) / len(units)
    return np.where(few & (pulses.estimator == "pore"), share * NA_PER_E_PER_PS / pulses.window_ps, 0.0)


def ratio_of_means(units: np.ndarray) -> np.ndarray:
    """(k,) from (replica, 1 + k); NaN where the mean of the first is exactly zero."""
    mean = units.mean(axis=0)
    return mean[1:] / (mean[0] or np.nan)


def decay(pulses: Pulses, settings: Analysis) -> fit.Decay:
    """A + B exp(-t / tau) through the ratios, t being `after_ps`; refused with a reason where the data do not fix it.

    PPF: A_0 = A, A_1 = B. PPD: A_0 = A + B, A_1 = -B. In a train A is the level that the ratio tends to.
    """
    failed = undefined(pulses.first)
    if failed:
        return fit.Decay(None, None, None, failed)
    confidence = expanded(settings.confidence, len(pulses.first))
    return fit.decay(
        pulses.after_ps, pulses.units, ratio_of_means, draws=settings.bootstrap_draws, confidence=confidence
    )


def against_window(data: xr.Dataset, estimator: str, settings: Analysis, parts: int = 5) -> xr.Dataset:
    """The shortest delay's ratio and tau against how much of each pulse is averaged.

    Returns
    -------
    Dataset (window,): `ratio`, `tau` in ps, each with `_low` and `_high`; NaN where refused, and `failed` says
    why the fit was.
    """
    widths = windows(data, parts)
    rows, reasons = np.full((len(widths), 6), np.nan), []
    for k, window in enumerate(widths):
        pulses = currents(data, estimator, window)
        found, shape = ratios(pulses, settings).values[0], decay(pulses, settings)
        reasons.append(shape.failed)
        for j, one in ((0, found), (3, shape.tau)):
            if one is not None:
                rows[k, j : j + 3] = one.value, one.low, one.high
    names = ("ratio", "ratio_low", "ratio_high", "tau", "tau_low", "tau_high")
    return xr.Dataset(
        {name: ("window", rows[:, j]) for j, name in enumerate(names)} | {"failed": ("window", reasons)},
        coords={"window": ("window", widths, {"units": "ps"})},
        attrs={"estimator": estimator},
    )


def needed(pulses: Pulses, settings: Analysis, k: int = 0, relative: float = 0.1) -> tuple[Estimate | None, str]:
    """Replicas for an interval of +- `relative` of the ratio of later pulse k, from the variance measured here.

    By the delta method the ratio R has variance var(I_k - R I_0) / (n mean(I_0)^2), so

    n = (z s / (relative |mean(I_k)|))^2,  s = std of I_k - R I_0 over replicas, z from the confidence.

    Returns
    -------
    the number with its bootstrap interval, and a remark. There is no number, only a remark with a lower bound for I_0,
    where the ratio is not defined, and none where it is zero within its error: no share of zero can be reached.
    """
    n, z = len(pulses.first), float(norm.ppf(0.5 + settings.confidence / 2))
    failed = undefined(pulses.first)
    if failed:
        if n < LEAST_REPLICAS:
            return None, failed
        spread = float(np.std(pulses.first, ddof=1))
        largest = abs(float(pulses.first.mean())) + float(student.ppf(0.5 + LEVEL / 2, n - 1)) * spread / np.sqrt(n)
        if largest == 0:
            return None, f"{failed}; no current at all"
        return None, f"{failed}; I0 alone takes at least {np.ceil((z * spread / (relative * largest)) ** 2):.0f}"
    if zero := undefined(pulses.later[:, k], "I1"):
        return None, f"no share of zero can be reached ({zero.removeprefix('not defined: ')})"

    def of(units: np.ndarray) -> np.ndarray:
        mean = units.mean(axis=0)
        rest = units[:, 1] - mean[1] / (mean[0] or np.nan) * units[:, 0]
        return np.asarray((z * rest.std(ddof=1) / (relative * (mean[1] or np.nan))) ** 2)

    both = np.column_stack([pulses.first, pulses.later[:, k]])
    confidence = expanded(settings.confidence, n)
    found = estimate(both, of, draws=settings.bootstrap_draws, confidence=confidence)
    return found, f"for a {settings.confidence:.0%} interval of +-{relative:.0%}"


def _estimates(value: np.ndarray, low: np.ndarray, high: np.ndarray, n: int) -> tuple[Estimate, ...]:
    return tuple(Estimate(float(v), float(lo), float(hi), n) for v, lo, hi in zip(value, low, high, strict=True))
