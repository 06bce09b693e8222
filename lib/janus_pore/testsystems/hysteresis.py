"""A conductor with a memory of its own under a sine field: known onset, loop area, and a loop pinched at the origin."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import xarray as xr
from scipy.signal import lfilter

from .sweep import dataset

_FINE, _ROUNDS = 4000, 4


@dataclass(frozen=True)
class MemristiveConductor:
    """I = g (1 - z) E + noise with a hidden state z that follows the field late, in its periodic state.

    dz/dt = (z_inf(E) - z) / tau; tau is `rising_ps` where z grows and `falling_ps` where it shrinks.
    unipolar: z_inf = E^2 / (E^2 + E_0^2), so that the steady current is largest at |E| = E_0 and falls beyond;
    bipolar: z_inf = (1 + tanh(E / E_0)) / 2: one polarity closes the pore, the other opens it.
    The current is zero at E = 0 whatever z is: the loop is pinched.

    Attributes
    ----------
    conductance_na : g in nA per V/nm
    field_v_nm : E_0
    noise_na, correlation_ps : standard deviation of the current of one interval, and its correlation time (0: white)
    spread : standard deviation of g from replica to replica, as a part of g
    potassium : part of the current that K+ carries
    """

    conductance_na: float = 10.0
    field_v_nm: float = 0.6
    rising_ps: float = 4.0
    falling_ps: float = 8.0
    bipolar: bool = False
    noise_na: float = 1.0
    correlation_ps: float = 0.0
    spread: float = 0.0
    potassium: float = 0.5
    amplitude_v_nm: float = 1.2
    period_ps: float = 100.0
    periods: int = 2
    replicas: int = 5
    interval_ps: float = 0.5

    def target(self, field_v_nm: np.ndarray) -> np.ndarray:
        """z_inf at fields, same shape."""
        reduced = np.asarray(field_v_nm) / self.field_v_nm
        return 0.5 * (1 + np.tanh(reduced)) if self.bipolar else reduced**2 / (reduced**2 + 1)

    def cycle(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Phase, field (V/nm) and mean current (nA) through one period in the periodic state, 4000 points each."""
        return _cycle(self)

    def analytical_area(self, sign: int = 1) -> float:
        """Area of a lobe in nA V/nm by quadrature, positive where reverse |I| is the smaller one."""
        _, field, current = self.cycle()
        half = slice(0, _FINE // 2 + 1) if sign > 0 else slice(_FINE // 2, None)
        return float(np.trapezoid(current[half], field[half]))

    def analytical_onset(self, sign: int = 1) -> float:
        """Field (V/nm) of the largest |I| on the forward branch."""
        phase, field, current = self.cycle()
        rising = np.flatnonzero((phase % 0.5 < 0.25) & (sign * field > 0))
        return float(field[rising][np.argmax(np.abs(current[rising]))])

    def sample(self, seed: int) -> xr.Dataset:
        """One data set; no crossings are made."""
        rng = np.random.default_rng(seed)
        steps = round(self.period_ps * self.periods / self.interval_ps)
        time = np.arange(steps + 1) * self.interval_ps
        middle = 0.5 * (time[1:] + time[:-1])
        phase, _, current = self.cycle()
        mean = np.interp(middle / self.period_ps % 1, np.append(phase, 1.0), np.append(current, current[0]))
        scale = 1 + self.spread * rng.normal(size=(self.replicas, 1, 1))
        share = np.array([self.potassium, 1 - self.potassium])
        kicks = noise(rng, (self.replicas, steps, 2), self.interval_ps, self.correlation_ps)
        omega = 2 * np.pi / self.period_ps
        field, between = (self.amplitude_v_nm * np.sin(omega * t) for t in (time, middle))
        theta = rng.normal(0, 0.3, (self.replicas, len(time), 4))
        total = scale * mean[None, :, None] * share + kicks * self.noise_na / np.sqrt(2)
        return dataset(time, field, between, total, theta, self.period_ps)


def noise(rng: np.random.Generator, shape: tuple[int, ...], interval_ps: float, correlation_ps: float) -> np.ndarray:
    """Gaussian noise of unit variance along axis 1, with correlations exp(-t / correlation_ps); white if that is 0."""
    kicks = rng.normal(size=shape)
    if correlation_ps == 0:
        return kicks
    keep = float(np.exp(-interval_ps / correlation_ps))
    kicks[:, 1:] *= np.sqrt(1 - keep**2)
    return lfilter([1.0], [1.0, -keep], kicks, axis=1)


@lru_cache(maxsize=16)
def _cycle(pore: MemristiveConductor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    phase = np.arange(_FINE) / _FINE
    field = pore.amplitude_v_nm * np.sin(2 * np.pi * phase)
    target, step = pore.target(field), pore.period_ps / _FINE
    keep = {True: np.exp(-step / pore.rising_ps), False: np.exp(-step / pore.falling_ps)}
    z, state = float(target[0]), np.empty(_FINE)
    for _ in range(_ROUNDS):
        for k in range(_FINE):
            state[k] = z
            goal = 0.5 * (target[k] + target[(k + 1) % _FINE])
            z = goal + (z - goal) * keep[goal > z]
    return phase, field, pore.conductance_na * (1 - state) * field
