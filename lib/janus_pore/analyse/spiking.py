r"""Where does a FitzHugh-Nagumo circuit with the pore as its nonlinear element spike, and where can it not?

Nagumo's circuit: a capacitor C in parallel with the pore, fed from a bias V_b through a load R and an inductance L,

    C dV/dt = J - I(V),    L dJ/dt = V_b - R J - V        V = E Lx

V in volts, currents in nA, time in ps, C in aF, R in GOhm, L in H (hence the factors of 1000 below). J, the current
through the load, is the recovery variable. FitzHugh's v' = v - v^3/3 - w + I, w' = e (v + a - b w) is this circuit with
C = 1, I(v) = v^3/3 - v, J = I - w, R = b, L = 1/e, V_b = b I - a.

With S = dI/dV at a fixed point, trace = -S/C - R/L and determinant = (1 + R S)/(L C).
The divergence of the flow is -S(V)/C - R/L everywhere. If S >= 0 at every V and R > 0 it is negative everywhere, so no
closed orbit exists (Bendixson), and V + R I(V) = V_b has one root, which is stable: no spiking for any C, L, R, V_b.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq

from ..errors import AnalysisError

#: 1 aF V/ps and 1 H nA/ps, in nA and in V.
NA_PER_AF_V_PER_PS = V_PER_H_NA_PER_PS = 1000.0
#: What a circuit does, as the numbers of a regime map.
REGIMES = ("rests", "spikes", "switches", "rests or spikes")
_GRID = 1200


class Element:
    """A two-terminal I-V law through nodes: monotone cubic between them; beyond them the slope is the last I/V, or 0.

    Parameters
    ----------
    voltage_v, current_na : nodes (k,), voltages rising

    Raises
    ------
    AnalysisError
        with fewer than three nodes, or nodes out of order.
    """

    def __init__(self, voltage_v: np.ndarray, current_na: np.ndarray) -> None:
        voltage, current = np.asarray(voltage_v, dtype=float), np.asarray(current_na, dtype=float)
        if len(voltage) < 3 or len(voltage) != len(current) or not np.all(np.diff(voltage) > 0):
            raise AnalysisError("an element needs three nodes or more with rising voltage")
        self.low_v, self.high_v = float(voltage[0]), float(voltage[-1])
        self._inside = PchipInterpolator(voltage, current)
        self._steep = self._inside.derivative()
        ends = np.array([self.low_v, self.high_v])
        chord = np.divide(current[[0, -1]], ends, out=self._steep(ends), where=ends != 0)
        self._ends = np.maximum(chord, 0.0)

    def current(self, voltage_v: np.ndarray) -> np.ndarray:
        """I in nA, same shape."""
        v = np.asarray(voltage_v, dtype=float)
        kept = np.clip(v, self.low_v, self.high_v)
        return self._inside(kept) + self._beyond(v) * (v - kept)

    def slope(self, voltage_v: np.ndarray) -> np.ndarray:
        """dI/dV in nA/V, same shape."""
        v = np.asarray(voltage_v, dtype=float)
        inside = (v >= self.low_v) & (v <= self.high_v)
        return np.where(inside, self._steep(np.clip(v, self.low_v, self.high_v)), self._beyond(v))

    def _beyond(self, v: np.ndarray) -> np.ndarray:
        return np.where(v > 0.5 * (self.low_v + self.high_v), self._ends[1], self._ends[0])


@dataclass(frozen=True)
class Circuit:
    """The pore with its surroundings; see the module's equations."""

    element: Element
    capacitance_af: float
    load_gohm: float
    inductance_h: float
    bias_v: float

    def __post_init__(self) -> None:
        if min(self.capacitance_af, self.load_gohm, self.inductance_h) <= 0:
            raise AnalysisError("capacitance, load and inductance must be positive")

    def flow(self, voltage_v: np.ndarray, load_na: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """dV/dt in V/ps and dJ/dt in nA/ps."""
        return (
            (load_na - self.element.current(voltage_v)) / (NA_PER_AF_V_PER_PS * self.capacitance_af),
            (self.bias_v - self.load_gohm * load_na - voltage_v) / (V_PER_H_NA_PER_PS * self.inductance_h),
        )

    def fixed_points(self) -> np.ndarray:
        """Voltages (n,) at which the load line V_b - R J crosses the pore's I-V, rising."""
        v = _grid(self.element, np.array([self.bias_v]))

        def miss(x: float) -> float:
            return float(x + self.load_gohm * self.element.current(x) - self.bias_v)

        off = v + self.load_gohm * self.element.current(v) - self.bias_v
        found = [float(x) for x in v[off == 0]]
        found += [brentq(miss, v[k], v[k + 1], xtol=1e-12) for k in np.flatnonzero(off[:-1] * off[1:] < 0)]
        return np.array(sorted(found))

    def jacobian(self, voltage_v: float) -> np.ndarray:
        """Of the flow in V and J at a fixed point, (2, 2), in units of V, nA and ps."""
        c, ell = NA_PER_AF_V_PER_PS * self.capacitance_af, V_PER_H_NA_PER_PS * self.inductance_h
        return np.array([[-float(self.element.slope(voltage_v)) / c, 1 / c], [-1 / ell, -self.load_gohm / ell]])

    def stable(self, voltage_v: float) -> bool:
        """Whether both eigenvalues of the Jacobian have a negative real part."""
        return bool(np.linalg.eigvals(self.jacobian(voltage_v)).real.max() < 0)

    def regime(self) -> str:
        """One of `REGIMES`, from the fixed points and their eigenvalues.

        The flow is bounded (the element is passive far out, R > 0), so without a stable fixed point there is a limit
        cycle (Poincare-Bendixson). A cycle around a stable fixed point, possible near a border, is not looked for.
        """
        points = self.fixed_points()
        good = sum(self.stable(v) for v in points)
        return REGIMES[1 if good == 0 else 2 if good > 1 else 0 if len(points) == 1 else 3]

    def time_scale_ps(self) -> float:
        """The longer of sqrt(L C) and L / R."""
        lc = self.inductance_h * self.capacitance_af * NA_PER_AF_V_PER_PS * V_PER_H_NA_PER_PS
        return float(max(np.sqrt(lc), V_PER_H_NA_PER_PS * self.inductance_h / self.load_gohm))

    def run(self, start: tuple[float, float], duration_ps: float, points: int = 2000) -> tuple[np.ndarray, ...]:
        """Time (t,) in ps, V (t,) in volts and J (t,) in nA from a start (V, J), by `solve_ivp` (LSODA).

        Raises
        ------
        AnalysisError
            if the integration fails.
        """
        time = np.linspace(0, duration_ps, points)
        found = solve_ivp(
            lambda t, y: self.flow(y[0], y[1]), (0, duration_ps), start, "LSODA", t_eval=time, rtol=1e-7, atol=1e-9
        )
        if not found.success:
            raise AnalysisError(f"the circuit could not be integrated: {found.message}")
        return time, found.y[0], found.y[1]

    def swing_v(self, cycles: float = 15.0) -> tuple[float, float]:
        """Lowest and highest voltage after a transient, started beside a fixed point: the last third of `cycles`.

        They are equal, to a thousandth of the element's range, where the circuit rests.
        """
        at = self.fixed_points()
        first = float(at[len(at) // 2])
        nudge = 0.01 * (self.element.high_v - self.element.low_v)
        start = (first + nudge, float(self.element.current(first)))
        _, v, _ = self.run(start, cycles * 2 * np.pi * self.time_scale_ps(), 6000)
        late = v[len(v) * 2 // 3 :]
        return float(late.min()), float(late.max())


def from_ladder(field_v_nm: np.ndarray, current_na: np.ndarray, length_nm: float) -> Element:
    """The element of a ladder of constant fields: V = E Lx, with no current at V = 0 (equilibrium) as a node."""
    driven = np.asarray(field_v_nm) != 0
    voltage = np.append(np.asarray(field_v_nm)[driven] * length_nm, 0.0)
    rank = np.argsort(voltage)
    return Element(voltage[rank], np.append(np.asarray(current_na)[driven], 0.0)[rank])


def fastest_ghz(slope: float, chord: float, tau_ps: float) -> float:
    """The frequency (GHz) below which a pore with one memory time answers a small signal with a negative conductance.

    Small changes of I = g(s) E give the admittance Y = G + (S - G) / (1 + i w tau), G = I/V, S = dI/dV: its real part
    lies between S (slow) and G > 0 (fast). So memory makes no negative resistance that the static law has not (S >= 0:
    Re Y >= 0 at all frequencies), and ends the one it has at w tau = sqrt(-S/G). 0 if S >= 0.
    """
    return float(np.sqrt(max(-slope / chord, 0.0)) / (2 * np.pi * tau_ps) * 1000)


def regime_map(
    element: Element, capacitance_af: float, inductance_h: float, bias_v: np.ndarray, load_gohm: np.ndarray
) -> np.ndarray:
    """Index into `REGIMES` for each load and bias, (load, bias); as `Circuit.regime`, on a grid of voltages."""
    bias = np.asarray(bias_v, dtype=float)
    v = _grid(element, bias)
    current, slope = element.current(v), element.slope(v)
    c, ell = NA_PER_AF_V_PER_PS * capacitance_af, V_PER_H_NA_PER_PS * inductance_h
    found = np.zeros((len(load_gohm), len(bias)), dtype=int)
    for i, load in enumerate(load_gohm):
        stable = (-slope / c - load / ell < 0) & (1 + load * slope > 0)
        off = v + load * current - bias[:, None]
        crosses = (off[:, :-1] < 0) != (off[:, 1:] < 0)
        number, good = crosses.sum(axis=1), (crosses & stable[:-1]).sum(axis=1)
        found[i] = np.select([good == 0, good > 1, number == 1], [1, 2, 0], 3)
    return found


def spiking_share(
    field_v_nm: np.ndarray, current_na: np.ndarray, length_nm: float, bias_v: np.ndarray, load_gohm: np.ndarray
) -> np.ndarray:
    """Share of resampled ladders (draw, k) with which the circuit spikes, (load, bias), with C = 1 aF and L = 10^12 H.

    So large an inductance is the most that helps: every fixed point on a negative slope is then unstable. With less,
    fewer circuits spike, so a share of 0 holds for every inductance and capacitance.
    """
    laws = [from_ladder(field_v_nm, row, length_nm) for row in current_na]
    return np.mean([regime_map(law, 1.0, 1e12, bias_v, load_gohm) == 1 for law in laws], axis=0)


def _grid(element: Element, bias_v: np.ndarray) -> np.ndarray:
    """Voltages fine within the element's nodes that hold every fixed point of these biases."""
    low, high = min(element.low_v, bias_v.min(), 0.0), max(element.high_v, bias_v.max(), 0.0)
    reach = 0.02 * (high - low)
    return np.linspace(low - reach, high + reach, _GRID)
