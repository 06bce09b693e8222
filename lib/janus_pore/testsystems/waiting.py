"""A pore in which one Cl- at a time waits before it passes, at a known rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..reduce import forces
from .sweep import dataset


@dataclass(frozen=True)
class WaitingIons:
    """Constant fields. An empty pore takes a Cl- on its near side; the ion passes at a rate, and is gone.

    Where it waits, it moves to and fro across the edge of the region for single frames. Water has a width of
    `sigma_waiting_deg` while an ion is there, and of `sigma_none_deg` while none is.

    Attributes
    ----------
    rates_per_ns : rate of passing at each of `fields_v_nm`, in 1/ns
    arrival_per_ns : rate at which an empty pore is filled
    away : share of frames in which a waiting ion is just outside
    """

    fields_v_nm: tuple[float, ...] = (0.4, 0.8, 1.5)
    rates_per_ns: tuple[float, ...] = (40.0, 2.0, 40.0)
    arrival_per_ns: float = 10.0
    away: float = 0.05
    sigma_waiting_deg: float = 20.0
    sigma_none_deg: float = 40.0
    duration_ps: float = 500.0
    interval_ps: float = 0.5
    replicas: int = 3
    length_x_nm: float = 5.0

    def sample(self, seed: int) -> tuple[dict[str, xr.Dataset], dict[str, xr.Dataset]]:
        """Collected data and collected forces, by protocol name."""
        rng = np.random.default_rng(seed)
        pairs = zip(self.fields_v_nm, self.rates_per_ns, strict=True)
        both = {f"hold_{field:+.2f}": self._one(field, rate, rng) for field, rate in pairs}
        return {name: one[0] for name, one in both.items()}, {name: one[1] for name, one in both.items()}

    def _one(self, field: float, rate: float, rng: np.random.Generator) -> tuple[xr.Dataset, xr.Dataset]:
        step, frames = self.interval_ps / 1000, round(self.duration_ps / self.interval_ps) + 1
        there = np.zeros((self.replicas, frames), dtype=bool)
        crossings = np.zeros((self.replicas, frames - 1, 2), dtype=np.int16)
        for k in range(self.replicas):
            for t in range(1, frames):
                if there[k, t - 1]:
                    passes = rng.uniform() < 1 - np.exp(-rate * step)
                    there[k, t], crossings[k, t - 1, 1] = not passes, -np.sign(field) * passes
                else:
                    there[k, t] = rng.uniform() < 1 - np.exp(-self.arrival_per_ns * step)
        time = np.arange(frames) * self.interval_ps
        width = np.radians(np.where(there, self.sigma_waiting_deg, self.sigma_none_deg))
        theta = rng.normal(size=(self.replicas, frames, 6)) * width[..., None] + (np.pi if field < 0 else 0.0)
        applied = np.full(frames, field)
        data = dataset(time, applied, applied[1:], np.zeros(crossings.shape), theta, 0.0)
        data["crossings"] = (data.crossings.dims, crossings)
        runs = " ".join(f"run{k}{field:+g}" for k in range(self.replicas))
        data = data.assign_attrs(kind="constant", length_x_nm=self.length_x_nm, trajectories_sha256=runs)
        outside = there & (rng.uniform(size=there.shape) < self.away)
        replica, frame = np.nonzero(there)
        x = np.sign(field) * np.where(outside[replica, frame], 0.27, 0.1)
        attrs = {"trajectories_sha256": runs, "kind": "constant", "period_ps": 0.0, "temperature_k": 300.0}
        found = forces.dataset(
            np.tile(time, self.replicas), np.tile(applied, self.replicas), replica * frames + frame,
            np.zeros(len(x)), x, np.full(len(x), 0.1), np.zeros((len(x), len(forces.PARTS))), np.zeros(len(x)), attrs,
        )  # fmt: skip
        whose = np.repeat(np.arange(self.replicas, dtype=np.int32), frames)
        return data, found.assign(frame_replica=("frame", whose))
