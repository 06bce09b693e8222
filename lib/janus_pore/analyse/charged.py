"""What loop does a sheet leave that charges, whose capacitance depends on the voltage, and that remembers nothing?

Constant fields say which charge Q_inf(V) the sheet has in the end, which part s of it moves at once, and in which time
tau the rest follows. Along a sweep

    Q = s Q_inf(V(t)) + (1 - s) q,    dq/dt = (Q_inf(V(t)) - q) / tau,    V = E Lx,    I = dQ/dt,

Q as an outer circuit counts it (`analyse.charging`): what the whole box shows beside the ions that pass the pore. Of
such a current `loop.area_beyond_charging` leaves nothing if Q_inf = C V and tau is short; it leaves something in both
lobes if C falls as the voltage rises, which is no memory.
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

#: Steps of a period in which the voltage counts as constant.
_STEPS = 2000


@dataclass(frozen=True)
class Sheet:
    """What constant fields say of a sheet; of all numbers the first of each row of draws is the measured one.

    Attributes
    ----------
    voltage_v : array (k,), |V| of the constant fields, rising
    capacitance_af : array (1 + draws, k), Q / V over the second half of the runs
    tau_ps : array (1 + draws,)
    at_once : part of the charge that needs no time, from the same fit
    runs : how many there are, of all voltages
    failed : why there is none, with empty arrays; else empty
    """

    voltage_v: np.ndarray
    capacitance_af: np.ndarray
    tau_ps: np.ndarray
    at_once: float
    runs: int
    failed: str = ""

    @property
    def text(self) -> str:
        """The time, and the capacitance at each voltage; or why there is none."""
        if self.failed:
            return self.failed
        each = (f"{c:.3f} at {v:g} V" for v, c in zip(self.voltage_v, self.capacitance_af[0], strict=True))
        return (
            f"{self.runs} runs at constant fields: {100 * self.at_once:.0f} % at once, tau {self.tau_ps[0]:.0f} ps, "
            f"capacitance in aF {', '.join(each)}"
        )

    def charge(self, voltage_v: np.ndarray | float) -> np.ndarray:
        """Q_inf (1 + draws, t) in 1e-18 C: the capacitance is linear between the voltages, and constant beyond."""
        volts = np.atleast_1d(voltage_v)
        return volts * np.array([np.interp(np.abs(volts), self.voltage_v, one) for one in self.capacitance_af])


def sheet(datasets: Mapping[str, xr.Dataset], settings: Analysis, seed: int = 0) -> Sheet:
    """From constant fields of one box: both signs together; the time from those of the length that most runs have.

    Errors of the charges are from the scatter of runs at one voltage, taken as the same at all of them.
    """
    lengths = [
        one.sizes["interval"] for one in datasets.values() if voltage_v(one) for _ in range(one.sizes["replica"])
    ]
    if not lengths:
        return _none("no constant field of this pore in this box")
    most = max(set(lengths), key=lengths.count)
    fitted = charging.after_step({k: one for k, one in datasets.items() if one.sizes["interval"] == most}, settings)
    if fitted.failed:
        return _none(f"the charging of constant fields: {fitted.failed}")
    at: dict[float, list[np.ndarray]] = {}
    for one in datasets.values():
        if volt := voltage_v(one):
            late = charging.transferred(one)[0]
            at.setdefault(abs(volt), []).append(np.sign(volt) * late[:, late.shape[1] // 2 :].mean(axis=1))
    volts = np.array(sorted(at))
    charges = [np.concatenate(at[volt]) for volt in volts]
    mean, n = np.array([(one.mean(), len(one)) for one in charges]).T
    rng = np.random.default_rng(seed)
    degrees = int(n.sum()) - len(volts)
    squares = sum(((one - one.mean()) ** 2).sum() for one in charges)
    scatter = np.sqrt(squares / degrees) if degrees else np.nan  # of single runs, taken as one at all voltages
    drawn = mean + scatter / np.sqrt(n) * rng.standard_t(max(degrees, 1), (settings.bootstrap_draws, len(volts)))
    capacitance = AF_PER_E_V * np.vstack([mean, drawn]) / volts
    error = fitted.rc_ps.error / norm.ppf(0.5 + settings.confidence / 2)
    tau = np.append(fitted.rc_ps.value, rng.normal(fitted.rc_ps.value, error, settings.bootstrap_draws))
    at_once = float(np.clip(fitted.fitted_af[0] / fitted.capacitance_af.value, 0, 1))
    return Sheet(volts, capacitance, np.maximum(tau, 0.1 * fitted.rc_ps.value), at_once, int(n.sum()))


def current(known: Sheet, units: xr.DataArray, length_x_nm: float) -> np.ndarray:
    """Current (1 + draws, bin) in nA of a sheet under the sweep that was folded into `units`, once it repeats itself.

    Parameters
    ----------
    units : what `current.fold` returns
    length_x_nm : of the box
    """
    bins, period = units.sizes["bin"], float(units.attrs["unit_ps"])
    steps = bins * max(1, round(_STEPS / bins))
    amplitude_v = float(np.abs(units.field.values).max() / np.cos(np.pi / bins)) * length_x_nm
    level = known.charge(amplitude_v * np.sin(np.pi * np.arange(2 * steps + 1) / steps))  # at ends and middles of steps
    keep = np.exp(-period / steps / known.tau_ps)
    slow = np.zeros((len(level), steps + 1))
    for k, middle in enumerate(level[:, 1::2].T):
        slow[:, k + 1] = middle + (slow[:, k] - middle) * keep
    start = slow[:, -1] / (1 - keep**steps)  # of the cycle that ends as it began: what is left of the start decays
    slow += start[:, None] * keep[:, None] ** np.arange(steps + 1)
    charge = known.at_once * level[:, ::2] + (1 - known.at_once) * slow
    return np.diff(charge[:, :: steps // bins], axis=1) / (period / bins) / AF_PER_NA_PS_V


def rest(known: Sheet, units: xr.DataArray, length_x_nm: float, settings: Analysis) -> Estimate:
    """What `loop.area_beyond_charging` leaves of such a current in either lobe, nA V/nm: no memory makes it."""
    drawn = current(known, units, length_x_nm) @ loop.beyond(units, 1)
    low, high = np.percentile(drawn[1:], [50 * (1 - settings.confidence), 50 * (1 + settings.confidence)])
    return Estimate(float(drawn[0]), float(low), float(high), known.runs)


def _none(why: str) -> Sheet:
    return Sheet(np.empty(0), np.empty((0, 0)), np.empty(0), 0.0, 0, why)
