"""What loop does a sheet leave that charges, whose capacitance depends on the voltage, and that remembers nothing?

Constant fields say which charge Q_inf(V) the box counts in the end, which part p V of it moves at once, and in which
time tau the rest follows (a pooled fit, so the higher voltages weigh most). Along a sweep, with V = E Lx,

    Q = p V + q,    I = dQ/dt,    "relaxing": dq/dt = (Q_inf(V) - p V - q) / tau,
                                  "circuit":  dq/dt = (V - V_inf(q)) / R,

V_inf being the voltage at which q = Q_inf - p V, and R = tau / (C - p) with the fit's C. The two are one if
Q_inf = C V; else neither is known to be right. Q is as an outer circuit counts it (`analyse.charging`): what the whole
box shows beside the ions that pass the pore. Of one capacitance `loop.area_beyond_charging` leaves nothing, whatever
tau is; if C falls as the voltage rises it leaves something in both lobes, which is no memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.stats import norm

from ..parameters import Analysis
from ..units import AF_PER_E_V, AF_PER_NA_PS_V
from . import charging, loop
from .stats import Estimate
from .voltage import voltage_v

WAYS = ("relaxing", "circuit")
#: Standard deviation in e of the charge that a start holds itself, from which its runs count. Not too small: single
#: runs of 13 independent placements (6/6/6, 5 nm, scale scout) scatter by 0.47 e at 2 V and 0.40 e at 4 V, r = 0.6.
START_E = 0.5
#: Runs shorter than this many tau say nothing of the charge in the end.
LEAST_TAUS = 5.0
#: Steps of a period in which the voltage counts as constant, and the least slope of q against V, in C.
_STEPS, _LEAST_SLOPE = 400, 1e-3


@dataclass(frozen=True)
class Sheet:
    """What constant fields say of a sheet; the first row of draws is the measured one.

    Attributes
    ----------
    voltage_v : array (k,), |V| of the constant fields, rising; the charge is taken as odd
    charge : array (1 + draws, k), in 1e-18 C over the second half of the runs
    tau_ps : array (1 + draws,)
    fitted_af, at_once_af : C and p of the pooled fit
    runs : how many there are, of all voltages
    failed : why there is none, with empty arrays; else empty
    """

    voltage_v: np.ndarray
    charge: np.ndarray
    tau_ps: np.ndarray
    fitted_af: float
    at_once_af: float
    runs: int
    failed: str = ""

    @property
    def text(self) -> str:
        """The fit, and the capacitance at each voltage; or why there is none."""
        if self.failed:
            return self.failed
        each = zip(self.voltage_v, self.charge[0] / self.voltage_v, strict=True)
        return (
            f"{self.runs} runs at constant fields: {100 * self.at_once_af / self.fitted_af:.0f} % at once, tau "
            f"{self.tau_ps[0]:.0f} ps, capacitance in aF {', '.join(f'{c:.3f} at {v:g} V' for v, c in each)}"
        )

    @property
    def knots(self) -> tuple[np.ndarray, np.ndarray]:
        """|V| (k + 1,) and the slow part's charge there (1 + draws, k + 1), from 0; rising, as V_inf asks for."""
        slow = self.charge - self.at_once_af * self.voltage_v
        steps = np.diff(np.concatenate([np.zeros((len(slow), 1)), slow], axis=1), axis=1)
        volts = np.concatenate([[0.0], self.voltage_v])
        steps = np.maximum(steps, _LEAST_SLOPE * self.fitted_af * np.diff(volts))
        return volts, np.concatenate([np.zeros((len(slow), 1)), np.cumsum(steps, axis=1)], axis=1)


def sheet(datasets: Mapping[str, xr.Dataset], settings: Analysis, seed: int = 0) -> Sheet:
    """From constant fields of one box that all last as long as most runs do.

    Errors of the charges are from the scatter of runs at one voltage, taken as the same at all of them, and from what
    their start held (`START_E`): all are taken to be of one placement of the ions.
    """
    held = {name: one for name, one in datasets.items() if voltage_v(one)}
    if not held:
        return _none("no constant field of this pore in this box")
    lasts = {name: (one.sizes["interval"], float(one.attrs["interval_ps"])) for name, one in held.items()}
    runs = [lasts[name] for name, one in held.items() for _ in range(one.sizes["replica"])]
    most = max(set(runs), key=runs.count)
    held = {name: one for name, one in held.items() if lasts[name] == most}
    fitted = charging.after_step(held, settings)
    if fitted.failed:
        return _none(f"the charging of constant fields: {fitted.failed}")
    if most[0] * most[1] < LEAST_TAUS * fitted.rc_ps.value:
        return _none(f"constant fields of {most[0] * most[1]:g} ps are too short for tau = {fitted.rc_ps.value:.2g} ps")
    at: dict[float, list[tuple[float, float]]] = {}
    for one in held.values():
        volt, sign = abs(voltage_v(one)), np.sign(voltage_v(one))
        at.setdefault(volt, []).extend((sign * end, sign) for end in charging.ended(one))
    volts, rng = np.array(sorted(at)), np.random.default_rng(seed)
    charges = [np.array(at[volt])[:, 0] for volt in volts]
    mean, n = np.array([(one.mean(), len(one)) for one in charges]).T
    degrees = int(n.sum()) - len(volts)
    squares = sum(((one - one.mean()) ** 2).sum() for one in charges)
    scatter = np.sqrt(squares / degrees) if degrees else np.nan
    drawn = mean + scatter / np.sqrt(n) * rng.standard_t(max(degrees, 1), (settings.bootstrap_draws, len(volts)))
    drawn += START_E * rng.normal(size=(len(drawn), 1)) * [np.mean(at[volt], axis=0)[1] for volt in volts]
    error = fitted.rc_ps.error / norm.ppf(0.5 + settings.confidence / 2)
    tau = np.append(fitted.rc_ps.value, rng.normal(fitted.rc_ps.value, error, settings.bootstrap_draws))
    tau = np.maximum(tau, 0.1 * fitted.rc_ps.value)
    c, at_once = fitted.capacitance_af.value, float(fitted.fitted_af[0])
    return Sheet(
        volts, AF_PER_E_V * np.vstack([mean, drawn]), tau, c, float(np.clip(at_once, 0, 0.9 * c)), int(n.sum())
    )


def current(known: Sheet, units: xr.DataArray, length_x_nm: float, way: str) -> np.ndarray:
    """Current (1 + draws, bin) in nA of a sheet under the sweep that was folded into `units`.

    Once it repeats itself; if all units are first cycles, from an uncharged sheet.

    Parameters
    ----------
    units : what `current.fold` returns, in a multiple of four bins
    length_x_nm : of the box
    way : "relaxing" or "circuit"
    """
    bins, period = units.sizes["bin"], float(units.attrs["unit_ps"])
    steps = bins * max(1, round(_STEPS / bins))
    volts = loop.amplitude_v_nm(units) * length_x_nm * np.sin(np.pi * np.arange(2 * steps + 1) / steps)
    knots_v, knots_q = known.knots
    knots_v = np.broadcast_to(knots_v, knots_q.shape)
    before = 0 if units.cycle.values.max() == 0 else 1 + int(np.ceil(8 * known.tau_ps[0] / period))
    slow_af, tau = known.fitted_af - known.at_once_af, known.tau_ps
    q = np.zeros((len(knots_q), steps + 1))
    for _ in range(1 + before):
        q[:, 0] = q[:, -1]
        for k, volt in enumerate(volts[1::2]):  # in the middle of each step
            level = _odd(np.full(len(q), volt), knots_v, knots_q)
            if way == "circuit":  # R times the secant of the curve: exact where it is a straight line
                gap = volt - _odd(q[:, k], knots_q, knots_v)
                secant = np.divide(level - q[:, k], gap, out=np.full(len(q), slow_af), where=np.abs(gap) > 1e-9)
                tau = known.tau_ps * secant / slow_af
            q[:, k + 1] = level + (q[:, k] - level) * np.exp(-period / steps / tau)
    charge = known.at_once_af * volts[::2] + q
    return np.diff(charge[:, :: steps // bins], axis=1) / (period / bins) / AF_PER_NA_PS_V


def rest(known: Sheet, units: xr.DataArray, length_x_nm: float, settings: Analysis, way: str) -> Estimate:
    """What `loop.area_beyond_charging` leaves of such a current in either lobe, nA V/nm: no memory makes it."""
    drawn = current(known, units, length_x_nm, way) @ loop.beyond(units, 1)
    low, high = np.percentile(drawn[1:], [50 * (1 - settings.confidence), 50 * (1 + settings.confidence)])
    return Estimate(float(drawn[0]), float(low), float(high), known.runs)


def _odd(x: np.ndarray, from_x: np.ndarray, to_y: np.ndarray) -> np.ndarray:
    """Of each row (n,) the odd function that is linear between knots (n, k), beyond them on the secant from zero."""
    size = np.abs(x)[:, None]
    inside = np.clip(size - from_x[:, :-1], 0, np.diff(from_x, axis=1))
    found = (inside * np.diff(to_y, axis=1) / np.diff(from_x, axis=1)).sum(axis=1)
    beyond = np.maximum(size[:, 0] - from_x[:, -1], 0) * to_y[:, -1] / from_x[:, -1]
    return np.sign(x) * (found + beyond)


def _none(why: str) -> Sheet:
    return Sheet(np.empty(0), np.empty((0, 0)), np.empty(0), 0.0, 0.0, 0, why)
