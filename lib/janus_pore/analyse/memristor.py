r"""What would the pore do as a memristor with one state variable? A compact model, integrated through a sine sweep.

    I = g(s) E,    ds/dt = (s_inf(E) - s) / tau(E, direction)

The state s is <cos theta> of the pore's water, theta from +x and not from the field. It is taken rather than
sigma_theta because it is a mean over molecules (independent two-state dipoles obey this rate equation exactly), because
it is defined for disordered water too, where sigma_theta diverges, and because it passes smoothly through E = 0.
s_inf(E) and I(E) come from constant fields, which give g(s_inf(E)) = I(E) / E; the times come from field steps. A sine
sweep is in neither, so its loop is a prediction. I = g E is zero at E = 0: the model's loop is always pinched.

Arrays have a first axis of draws: row 0 holds the central values, the other rows resampled inputs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp

from ..errors import AnalysisError

#: Points of one period on which loops are given: midpoints, so that both halves have as many.
POINTS = 1000
_ROUNDS, _CLOSED = 30, 1e-5


@dataclass(frozen=True)
class Memristor:
    """Static law and relaxation times on the nodes of a ladder of fields.

    Attributes
    ----------
    field_v_nm : (k,), rising
    order : s_inf, (draw, k)
    chord_na : steady I / E in nA per V/nm, (draw, k)
    ordering_ps, relaxing_ps : tau where the water turns toward the field and where it falls back from it, (draw, k)
    """

    field_v_nm: np.ndarray
    order: np.ndarray
    chord_na: np.ndarray
    ordering_ps: np.ndarray
    relaxing_ps: np.ndarray

    def __post_init__(self) -> None:
        field, shape = self.field_v_nm, (len(self.order), len(self.field_v_nm))
        if len(field) < 2 or not np.all(np.diff(field) > 0):
            raise AnalysisError("a memristor needs two fields or more, rising")
        for name in ("order", "chord_na", "ordering_ps", "relaxing_ps"):
            if getattr(self, name).shape != shape or not np.isfinite(getattr(self, name)).all():
                raise AnalysisError(f"{name} must be finite and have one column a field, one row a draw: {shape}")
        if min(self.ordering_ps.min(), self.relaxing_ps.min()) <= 0:
            raise AnalysisError("relaxation times must be positive")

    @property
    def draws(self) -> int:
        return len(self.order)

    def target(self, field_v_nm: np.ndarray | float) -> np.ndarray:
        """s_inf at fields (...): (draw, ...); beyond the ladder it keeps its last value."""
        return self._at(self.order, field_v_nm)

    def conductance(self, state: np.ndarray) -> np.ndarray:
        """g in nA per V/nm at states (draw, ...), same shape; beyond the ladder's states it keeps its last value."""
        result = np.empty(state.shape)
        for k, (at, g) in enumerate(zip(self.order, self.chord_na, strict=True)):
            rank = np.argsort(at, kind="stable")
            result[k] = np.interp(state[k], at[rank], g[rank])
        return result

    def static(self, field_v_nm: np.ndarray) -> np.ndarray:
        """The steady current in nA at fields (t,): (draw, t)."""
        return self.conductance(self.target(field_v_nm)) * field_v_nm

    def time_ps(self, field_v_nm: np.ndarray | float, state: np.ndarray, target: np.ndarray) -> np.ndarray:
        """tau in ps for states on the way to targets, (draw, ...) as they are.

        With this rule the rate falls as s rises, at every field: two histories can only approach each other, so the
        loop is unique. (By the sign of d|s|/dt instead, a fast sweep of a symmetric pore would order it one way.)
        """
        ordering = (target - state) * field_v_nm >= 0
        return np.where(ordering, self._at(self.ordering_ps, field_v_nm), self._at(self.relaxing_ps, field_v_nm))

    def rate(self, field_v_nm: np.ndarray | float, state: np.ndarray) -> np.ndarray:
        """ds/dt in 1/ps, (draw, ...)."""
        target = self.target(field_v_nm)
        return (target - state) / self.time_ps(field_v_nm, state, target)

    def _at(self, nodes: np.ndarray, field_v_nm: np.ndarray | float) -> np.ndarray:
        """Linear interpolation of all draws at once."""
        field = np.clip(field_v_nm, self.field_v_nm[0], self.field_v_nm[-1])
        right = np.clip(np.searchsorted(self.field_v_nm, field), 1, len(self.field_v_nm) - 1)
        low, high = self.field_v_nm[right - 1], self.field_v_nm[right]
        weight = (field - low) / (high - low)
        return nodes[:, right - 1] * (1 - weight) + nodes[:, right] * weight


@dataclass(frozen=True)
class Loop:
    """One period of the sweep in its periodic state: phase (t,) in 0..1, field (t,), state and current (draw, t)."""

    phase: np.ndarray
    field_v_nm: np.ndarray
    state: np.ndarray
    current_na: np.ndarray

    def binned(self, bins: int) -> np.ndarray:
        """Mean current (draw, bin) in equal bins of the phase, as `current.fold` averages a measured sweep."""
        if len(self.phase) % bins:
            raise AnalysisError(f"{len(self.phase)} points cannot be shared among {bins} bins: sweep with a multiple")
        return self.current_na.reshape(len(self.current_na), bins, -1).mean(axis=2)

    def area(self, sign: int) -> np.ndarray:
        """Area of one lobe (draw,), integral of I dE in nA V/nm; positive where reverse |I| is below forward |I|."""
        half = self.phase < 0.5 if sign > 0 else self.phase > 0.5
        amplitude = np.abs(self.field_v_nm).max() / np.abs(np.sin(2 * np.pi * self.phase)).max()
        slope = 2 * np.pi * amplitude * np.cos(2 * np.pi * self.phase[half])
        return (self.current_na[:, half] * slope).sum(axis=1) / len(self.phase)


def sweep(pore: Memristor, amplitude_v_nm: float, period_ps: float, points: int = POINTS) -> Loop:
    """The loop under E = A sin(2 pi t / T) once it repeats itself, by `scipy.integrate.solve_ivp` (LSODA).

    A cycle maps the state at its start to that at its end; the fixed point of this map is found by Aitken's
    extrapolation, which is exact for one constant tau, so that a fast sweep needs no thousand cycles.

    Raises
    ------
    AnalysisError
        if amplitude or period are not positive, or the loop does not close.
    """
    if not (amplitude_v_nm > 0 and period_ps > 0):
        raise AnalysisError("the sweep's amplitude and period must be positive")
    phase = (np.arange(points) + 0.5) / points
    omega = 2 * np.pi / period_ps

    def cycle(start: np.ndarray) -> np.ndarray:
        found = solve_ivp(
            lambda t, s: pore.rate(amplitude_v_nm * np.sin(omega * t), s), (0, period_ps), start, "LSODA",
            t_eval=np.append(phase * period_ps, period_ps), rtol=1e-6, atol=1e-8, max_step=period_ps / 40,
            lband=0, uband=0,
        )  # fmt: skip
        if not found.success:
            raise AnalysisError(f"the compact model could not be integrated: {found.message}")
        return found.y

    start = frozen(pore, amplitude_v_nm)
    for _ in range(_ROUNDS):
        first = cycle(start)
        if np.abs(first[:, -1] - start).max() < _CLOSED:
            break
        second = cycle(first[:, -1])
        step, next_step = first[:, -1] - start, second[:, -1] - first[:, -1]
        bend = next_step - step
        start = np.where(np.abs(bend) > 1e-14, start - step**2 / np.where(bend == 0, 1, bend), second[:, -1])
        start = np.clip(start, pore.order.min(axis=1), pore.order.max(axis=1))
    else:
        raise AnalysisError("the loop did not close: the relaxation times jump too much between fields")
    field = amplitude_v_nm * np.sin(2 * np.pi * phase)
    state = first[:, :-1]
    return Loop(phase, field, state, pore.conductance(state) * field)


def areas(pore: Memristor, amplitude_v_nm: float, frequency_ghz: np.ndarray, draws: int = 20) -> np.ndarray:
    """Area of the lobes E > 0 and E < 0 against frequency, (2, frequency, 1 + draws), from the first of the draws."""
    names = ("order", "chord_na", "ordering_ps", "relaxing_ps")
    few = Memristor(pore.field_v_nm, *(getattr(pore, name)[: 1 + draws] for name in names))
    loops = [sweep(few, amplitude_v_nm, 1000 / f, 200) for f in frequency_ghz]
    return np.array([[one.area(sign) for one in loops] for sign in (1, -1)])


def frozen(pore: Memristor, amplitude_v_nm: float, points: int = POINTS) -> np.ndarray:
    """The state (draw,) of an infinitely fast sweep, which no longer follows: the cycle's mean rate is zero at it."""
    field = amplitude_v_nm * np.sin(2 * np.pi * (np.arange(points) + 0.5) / points)
    low, high = pore.order.min(axis=1), pore.order.max(axis=1)
    for _ in range(50):
        middle = 0.5 * (low + high)
        rising = pore.rate(field, np.repeat(middle[:, None], points, axis=1)).sum(axis=1) > 0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    return 0.5 * (low + high)
