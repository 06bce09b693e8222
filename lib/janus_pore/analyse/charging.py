"""The capacitive part of the current: the reservoirs' ions move up to the sheet without passing it.

The whole-box current is (1/Lx) sum_i q_i dx_i/dt. Cut the periodic box at the pore's plane: what the crossings do not
carry is the change of the ions' dipole moment between the two sides. Box minus crossings therefore is a displacement
current dQ/dt, and its integral Q a bounded quantity. It is the charge that a circuit outside would count, and Q / V the
capacitance that it would find: of the charge in the layers at the sheet that is 1 - d / Lx, and so another one in a box
of another length (`analyse.layers`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.stats import norm

from ..errors import AnalysisError
from ..parameters import Analysis
from ..units import AF_PER_E_V, AF_PER_NA_PS_V, MOHM_PER_PS_AF, NA_PER_E_PER_PS
from . import fit
from .current import per_interval
from .stats import Estimate, expanded, of_mean
from .voltage import voltage_v

_POINTS = 200
#: A smaller capacitance, in standard errors, is not given: the start's own fluctuation relaxes like a charging sheet.
LEAST_SIGMA = 3.0


@dataclass(frozen=True)
class Charging:
    """Charging after a field is switched on: Q(t) = C V (1 - exp(-t / RC)), Q and C as an outer circuit counts them.

    Attributes
    ----------
    capacitance_af, rc_ps, resistance_mohm : Estimate, or None where no exponential could be fitted; rc_ps / C is more
        than the reservoirs' own resistance, as their water is a capacitor beside it (`analyse.reservoirs`)
    time_ps, charge_per_volt_af, fitted_af : the curve Q(t)/V (t,) pooled over fields, and the fit
    failed : why there is no fit; empty if there is one
    """

    capacitance_af: Estimate | None
    rc_ps: Estimate | None
    resistance_mohm: Estimate | None
    time_ps: np.ndarray
    charge_per_volt_af: np.ndarray
    fitted_af: np.ndarray
    failed: str = ""


@dataclass(frozen=True)
class AtVoltage:
    """Charging at one voltage.

    Attributes
    ----------
    voltage_v : E Lx
    step : its own C and RC
    late_af : Q / V over the second half of the runs, which needs no fit
    """

    voltage_v: float
    step: Charging
    late_af: Estimate


def split(data: xr.Dataset) -> dict[str, np.ndarray]:
    """Total current (replica, interval) in nA: "box", "crossings", and "charging", the first minus the second."""
    box = per_interval(data, "box").sel(species="total").values.astype(float)
    crossings = per_interval(data, "pore").sel(species="total").values.astype(float)
    return {"box": box, "crossings": crossings, "charging": box - crossings}


def quadrature(data: xr.Dataset, settings: Analysis, part: str = "charging") -> dict[str, Estimate]:
    """A sine sweep's current in and out of phase with the field: I = G V + C dV/dt, V = E Lx.

    Projections on sin and cos over each whole cycle, without the first if there are more (it starts with an uncharged
    sheet); bootstrap over replicas and cycles. Below 1/(2 pi RC) the second is the capacitance; above, it falls to
    C / (1 + (omega RC)^2). A memory of the pore's conductance has no part in it if the loop is pinched and even;
    otherwise compare "charging" with "crossings".

    Parameters
    ----------
    part : "charging" (box minus crossings), "box" or "crossings"

    Returns
    -------
    dict with `capacitance_af` and `conductance_ns`

    Raises
    ------
    AnalysisError
        if the data are not of a sine sweep, or hold no whole cycle.
    """
    period = float(data.attrs.get("period_ps", 0))
    if not period:
        raise AnalysisError(f"{data.attrs.get('protocol')} is not a sine sweep: use `after_step` for constant fields")
    if part not in ("charging", "box", "crossings"):
        raise AnalysisError(f"part={part!r} is unknown: use 'charging', 'box' or 'crossings'")
    length, interval = float(data.attrs["length_x_nm"]), float(data.attrs["interval_ps"])
    per_cycle = round(period / interval)
    cycles = data.sizes["interval"] // per_cycle
    if not cycles:
        raise AnalysisError("the sweep holds no whole cycle: run it longer")
    first = min(1, cycles - 1)
    values = split(data)[part][:, first * per_cycle : cycles * per_cycle].reshape(-1, per_cycle)
    phase = 2 * np.pi * data.interval_time.values[:per_cycle] / period
    voltage = float(np.abs(data.field).max()) * length
    blur = np.sinc(interval / period)  # a current is a mean over its interval
    in_phase = 2 * (values * np.sin(phase)).mean(axis=1) / (voltage * blur)
    out = 2 * (values * np.cos(phase)).mean(axis=1) / (voltage * blur * 2 * np.pi / period)
    return {
        "capacitance_af": _mean(AF_PER_NA_PS_V * out, data.sizes["replica"], settings),
        "conductance_ns": _mean(in_phase, data.sizes["replica"], settings),
    }


def transferred(data: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Charge (replica, t) in e that an outer circuit counted since the start, and its times (t,) in ps from 0."""
    interval = float(data.attrs["interval_ps"])
    charge = np.cumsum(split(data)["charging"], axis=1) * interval / NA_PER_E_PER_PS
    time = data.interval_time.values + interval / 2
    return np.concatenate([np.zeros((len(charge), 1)), charge], axis=1), np.concatenate([[0.0], time])


def ended(data: xr.Dataset) -> np.ndarray:
    """Charge (replica,) in e over the second half of the runs, as `transferred` counts it: it needs no fit."""
    charge = transferred(data)[0]
    return charge[:, charge.shape[1] // 2 :].mean(axis=1)


def after_step(datasets: Mapping[str, xr.Dataset], settings: Analysis) -> Charging:
    """Capacitance and RC time from constant fields switched on at t = 0, all fields and replicas together.

    Q(t)/V = sum V Q / sum V^2 over runs, fitted by A + B exp(-t / RC) after t = 0, where Q is 0 by its definition: what
    moves at once is A + B. C = A, R = RC / C (relative errors added in quadrature, which takes them as independent).
    Bootstrap over runs. Steps of zero field say nothing and are left out.
    C and RC depend on the voltage (`by_voltage`): of several voltages these are means, with the highest weighing most.

    Raises
    ------
    AnalysisError
        if no run has a field, or their times differ.
    """
    rows, time = [], None
    for data in datasets.values():
        voltage = voltage_v(data)
        if not voltage:
            continue
        charge, at = transferred(data)
        if time is not None and (len(at) != len(time) or not np.allclose(at, time)):
            raise AnalysisError("constant-field runs of different lengths cannot be fitted together: pass them apart")
        time = at
        rows += [np.append(voltage * one, voltage**2) for one in charge]
    if time is None:
        raise AnalysisError("no run with a field: a capacitance needs a voltage")
    every = max(1, len(time) // _POINTS)
    units, time = np.stack(rows)[:, [*range(0, len(time), every), -1]], time[::every]

    def per_volt(chosen: np.ndarray) -> np.ndarray:
        total = chosen.sum(axis=0)
        return AF_PER_E_V * total[:-1] / total[-1]

    confidence = expanded(settings.confidence, len(units))
    found = fit.decay(
        time[1:], units, lambda one: per_volt(one)[1:], draws=settings.bootstrap_draws, confidence=confidence
    )
    curve = per_volt(units)
    failed = found.failed
    if not failed and not sigmas(found.a, settings) > LEAST_SIGMA:
        failed = f"the charge is below {LEAST_SIGMA:g} standard errors: run more replicas or stronger fields"
    if failed:
        return Charging(None, None, None, time, curve, np.full_like(time, np.nan), failed)
    return Charging(found.a, found.tau, _ratio(found.tau, found.a), time, curve, found.at(time))


def by_voltage(datasets: Mapping[str, xr.Dataset], settings: Analysis) -> list[AtVoltage]:
    """`after_step` for each voltage E Lx alone, in rising order; no field is left out."""
    groups: dict[float, dict[str, xr.Dataset]] = {}
    for name, data in datasets.items():
        if voltage := voltage_v(data):
            groups.setdefault(voltage, {})[name] = data
    found = []
    for voltage, group in sorted(groups.items()):
        late = np.concatenate([ended(data) for data in group.values()]) / voltage
        how = {"groups": np.arange(len(late)), "draws": settings.bootstrap_draws, "confidence": settings.confidence}
        late_af = of_mean(AF_PER_E_V * late, lambda m: m, **how)
        found.append(AtVoltage(voltage, after_step(group, settings), late_af))
    return found


def sigmas(one: Estimate, settings: Analysis) -> float:
    """How many standard errors a number is above zero; infinite without an error, NaN where none is known."""
    with np.errstate(divide="ignore"):
        return float(np.divide(one.value, one.error / norm.ppf(0.5 + settings.confidence / 2)))


def _ratio(rc_ps: Estimate, capacitance_af: Estimate) -> Estimate:
    value = MOHM_PER_PS_AF * rc_ps.value / capacitance_af.value
    error = abs(value) * np.hypot(rc_ps.error / rc_ps.value, capacitance_af.error / capacitance_af.value)
    return Estimate(value, value - error, value + error, rc_ps.n)


def _mean(values: np.ndarray, replicas: int, settings: Analysis) -> Estimate:
    """Mean over the cycles (n,) of several replicas, one after the other."""
    whose = np.repeat(np.arange(replicas), len(values) // replicas)
    return of_mean(
        values, lambda m: m, groups=whose, draws=settings.bootstrap_draws, confidence=settings.confidence
    )  # fmt: skip
