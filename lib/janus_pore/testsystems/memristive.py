"""A pore that is a memristor with one state, and I-E laws with the paper's onsets: nothing here is simulated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.integrate import cumulative_trapezoid

from ..units import NA_PER_E_PER_PS
from .sweep import dataset


@dataclass(frozen=True)
class MemristivePore:
    """I = g(s) E, ds/dt = (s_inf(E) - s) / tau; waters point along +x or -x with <cos theta> = s.

    Ions cross at random (Poisson) with that current as their mean; the whole-box current has Gaussian noise instead.

    s_inf = tanh((E + E_0) / E_s),  g = g_0 (1 - q s^2). One tau for all fields and directions, so that
    s(t) is known as an integral.

    Attributes
    ----------
    conductance_na : g_0 in nA per V/nm
    drop : q; with 0.9 the steady current falls beyond about 0.35 V/nm
    scale_v_nm, offset_v_nm : E_s, E_0; the offset is the field of a sheet with two different faces
    """

    conductance_na: float = 10.0
    drop: float = 0.9
    scale_v_nm: float = 0.5
    offset_v_nm: float = 0.0
    tau_ps: float = 8.0
    noise_na: float = 0.5
    waters: int = 6
    replicas: int = 5
    interval_ps: float = 0.5

    def order(self, field_v_nm: np.ndarray) -> np.ndarray:
        """s_inf at fields."""
        return np.tanh((np.asarray(field_v_nm) + self.offset_v_nm) / self.scale_v_nm)

    def static(self, field_v_nm: np.ndarray) -> np.ndarray:
        """Steady current in nA at fields."""
        return self.conductance_na * (1 - self.drop * self.order(field_v_nm) ** 2) * field_v_nm

    def state(self, time_ps: np.ndarray, field_v_nm: np.ndarray, start: float) -> np.ndarray:
        """s at evenly spaced times under a field (t,), exactly up to the trapezoidal rule."""
        elapsed = (time_ps - time_ps[0]) / self.tau_ps
        grown = cumulative_trapezoid(np.exp(elapsed) * self.order(field_v_nm), elapsed, initial=0)
        return np.exp(-elapsed) * (start + grown)

    def sample_constant(self, field_v_nm: float, seed: int, duration_ps: float = 200.0) -> xr.Dataset:
        """One run at a constant field, from the steady state."""
        time = np.arange(round(duration_ps / self.interval_ps) + 1) * self.interval_ps
        field = np.full(len(time), field_v_nm)
        return self._sample(time, field, np.full(len(time), self.order(field_v_nm)), seed, 0.0, "constant")

    def sample_sine(self, amplitude_v_nm: float, period_ps: float, periods: int, seed: int) -> xr.Dataset:
        """A sine sweep in its periodic state."""
        fine = 8
        turns = np.arange(round((periods + 6) * period_ps / self.interval_ps) * fine + 1) * self.interval_ps / fine
        field = amplitude_v_nm * np.sin(2 * np.pi * turns / period_ps)
        state = np.concatenate([[0.0], np.empty(len(turns) - 1)])
        block = max(fine, round(20 * self.tau_ps / (turns[1] - turns[0])))
        for first in range(0, len(turns) - 1, block):
            part = slice(first, first + block + 1)
            state[part] = self.state(turns[part], field[part], state[first])
        kept = slice(round(6 * period_ps / self.interval_ps) * fine, None, fine)
        time = turns[kept] - turns[kept][0]
        return self._sample(time, field[kept], state[kept], seed, period_ps, "sine")

    def sample_steps(self, before_v_nm: float, after_v_nm: list[float], duration_ps: float, seed: int) -> xr.Dataset:
        """A step protocol: 10 ps at one field, then each of the others from there."""
        prepare, stay = (
            np.arange(round(10 / self.interval_ps) + 1),
            np.arange(1, round(duration_ps / self.interval_ps) + 1),
        )
        start = float(self.order(before_v_nm))
        time = np.concatenate([prepare, *(10 / self.interval_ps + stay for _ in after_v_nm)]) * self.interval_ps
        field = np.concatenate([np.full(len(prepare), before_v_nm), np.repeat(after_v_nm, len(stay))])
        decay = np.exp(-stay * self.interval_ps / self.tau_ps)
        state = np.concatenate([
            np.full(len(prepare), start), *(self.order(e) + (start - self.order(e)) * decay for e in after_v_nm),
        ])  # fmt: skip
        data = self._sample(time, field, state, seed, 0.0, "steps")
        data["segment"] = (
            "time",
            np.repeat(np.arange(len(after_v_nm) + 1), [len(prepare), *[len(stay)] * len(after_v_nm)]),
        )
        return data.assign_attrs(interval_ps=self.interval_ps)

    def _sample(
        self, time: np.ndarray, field: np.ndarray, state: np.ndarray, seed: int, period_ps: float, kind: str
    ) -> xr.Dataset:
        rng = np.random.default_rng(seed)
        flow = self.conductance_na * (1 - self.drop * state**2) * field
        flow, middle = 0.5 * (flow[1:] + flow[:-1]), 0.5 * (field[1:] + field[:-1])
        halves = np.repeat(0.5 * flow[None, :, None], self.replicas, axis=0).repeat(2, axis=2)
        noisy = halves + rng.normal(0, self.noise_na / np.sqrt(2), halves.shape)
        along = rng.random((self.replicas, len(time), self.waters)) < 0.5 * (1 + state)[None, :, None]
        data = dataset(time, field, middle, noisy, np.where(along, 0.0, np.pi), period_ps)
        ions = rng.poisson(np.abs(halves) * np.diff(time)[0] / NA_PER_E_PER_PS) * np.sign(halves) * [1, -1]
        data["crossings"] = (data.crossings.dims, ions.astype(np.int16))
        return data.assign_attrs(kind=kind)


@dataclass(frozen=True)
class PublishedOnsets:
    """A static I-E law whose |I| is largest at the paper's onsets of negative resistance; its heights are invented.

    I = I_p (E / E_m) exp((1 - (E / E_m)^2) / 2), with E_m = 0.5 V/nm for E > 0 and 1.0 V/nm for E < 0. The slope at
    E = 0 is made the same on both sides, as the peak of the negative side is taken twice as high.
    """

    positive_v_nm: float = 0.5
    negative_v_nm: float = 1.0
    peak_na: float = 1.0

    def current(self, field_v_nm: np.ndarray) -> np.ndarray:
        """Steady current in nA at fields in V/nm."""
        field = np.asarray(field_v_nm, dtype=float)
        onset = np.where(field >= 0, self.positive_v_nm, self.negative_v_nm)
        reduced = field / onset
        return self.peak_na * onset / self.positive_v_nm * reduced * np.exp(0.5 * (1 - reduced**2))
