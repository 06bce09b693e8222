"""Water in a pore after field steps, whose sigma_theta follows exponentials with known times."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from .hysteresis import noise
from .sweep import dataset


@dataclass(frozen=True)
class RelaxingWater:
    """Waters whose angles are wrapped Gaussians about the field, of width sigma(t) after each step of the field.

    Each step is from `before_v_nm`, or with `staircase` from the field before, whose width it is taken to have reached.

    sigma(t) = far + (start - far) exp(-t / tau), with start and far the steady widths of the field before and after,
    steady(E) = rest - (rest - strong) |E| / (|E| + half). tau is `ordering_ps` where |E| rises and `relaxing_ps` where
    it falls. With E = 0 after the step, the Gaussian keeps the direction of the field before.

    Attributes
    ----------
    correlation_ps : correlation time of one water's own angle (0: none)
    """

    before_v_nm: float = 0.0
    after_v_nm: tuple[float, ...] = (0.6, 1.2)
    ordering_ps: float = 3.0
    relaxing_ps: float = 6.0
    rest_deg: float = 70.0
    strong_deg: float = 10.0
    half_v_nm: float = 0.5
    prepare_ps: float = 2.0
    duration_ps: float = 30.0
    interval_ps: float = 0.5
    replicas: int = 10
    waters: int = 8
    correlation_ps: float = 0.0
    staircase: bool = False

    def steady(self, field_v_nm: float) -> float:
        """Width in degrees long after the field was set."""
        reduced = abs(field_v_nm)
        return self.rest_deg - (self.rest_deg - self.strong_deg) * reduced / (reduced + self.half_v_nm)

    def analytical_tau(self, after_v_nm: float) -> float:
        """tau in ps of the step to a field."""
        return self.ordering_ps if abs(after_v_nm) > abs(self.before_v_nm) else self.relaxing_ps

    def analytical_sigma(self, time_ps: np.ndarray, after_v_nm: float) -> np.ndarray:
        """sigma_theta in degrees at times (t,) since the step."""
        start, far = self.steady(self.before_v_nm), self.steady(after_v_nm)
        return far + (start - far) * np.exp(-np.asarray(time_ps) / self.analytical_tau(after_v_nm))

    def sample(self, seed: int) -> xr.Dataset:
        """One data set with zero current."""
        rng = np.random.default_rng(seed)
        first, stay = (round(t / self.interval_ps) for t in (self.prepare_ps, self.duration_ps))
        since = np.arange(1, stay + 1) * self.interval_ps
        branches = len(self.after_v_nm)
        segment = np.repeat(np.arange(branches + 1), [first + 1, *[stay] * branches])
        fields = np.array([self.before_v_nm, *self.after_v_nm])
        starts = self.prepare_ps + self.duration_ps * np.arange(branches) * self.staircase
        time = np.concatenate([np.arange(first + 1) * self.interval_ps, *(start + since for start in starts)])
        steps = [replace(self, before_v_nm=fields[k * self.staircase]) for k in range(branches)]
        parts = [np.full(first + 1, self.steady(self.before_v_nm))]
        shape = (self.replicas, len(time), self.waters)
        angle = noise(rng, shape, self.interval_ps, self.correlation_ps)
        angle *= np.radians(
            np.concatenate(
                [*parts, *(one.analytical_sigma(since, e) for one, e in zip(steps, fields[1:], strict=True))]
            )
        )[:, None]
        direction = np.where(fields == 0, self.before_v_nm, fields)[segment]
        angle += np.where(direction < 0, np.pi, 0.0)[:, None]
        current = np.zeros((self.replicas, len(time) - 1, 2))
        data = dataset(time, fields[segment], fields[segment][1:], current, angle, 0.0)
        data["segment"] = ("time", segment)
        data["interval_segment"] = ("interval", segment[1:])
        labels = ["prepare", *(f"step to {field:+.2f} V/nm" for field in self.after_v_nm)]
        return data.assign_attrs(kind="steps", labels="|".join(labels), interval_ps=self.interval_ps)
