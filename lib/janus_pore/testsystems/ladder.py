"""Runs at constant fields with known steady currents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..units import NA_PER_E_PER_PS
from .sweep import dataset


@dataclass(frozen=True)
class Ladder:
    """Constant fields; the current at each is known, its noise correlated over `memory_ps` like that of ions.

    The crossings of the pore are whole ions, independent of each other and of that noise, with the same mean current.

    Attributes
    ----------
    currents_na : total current at each of `fields_v_nm`, half of it in each species
    noise_na : standard deviation of one interval's current
    """

    fields_v_nm: tuple[float, ...] = (0.4, 0.6, 0.8, 1.0)
    currents_na: tuple[float, ...] = (1.0, 2.0, 1.0, 3.0)
    noise_na: float = 5.0
    memory_ps: float = 0.5
    duration_ps: float = 500.0
    interval_ps: float = 0.5
    replicas: int = 2
    length_x_nm: float = 5.0

    def sample(self, seed: int) -> dict[str, xr.Dataset]:
        """One collected dataset a field, by protocol name."""
        rng = np.random.default_rng(seed)
        time = np.arange(round(self.duration_ps / self.interval_ps) + 1) * self.interval_ps
        found = {}
        for field, mean in zip(self.fields_v_nm, self.currents_na, strict=True):
            keep = np.exp(-self.interval_ps / self.memory_ps)
            kicks = rng.normal(size=(self.replicas, len(time) - 1, 2))
            noise = np.empty_like(kicks)
            noise[:, 0] = kicks[:, 0]
            for k in range(1, kicks.shape[1]):
                noise[:, k] = keep * noise[:, k - 1] + np.sqrt(1 - keep**2) * kicks[:, k]
            current = 0.5 * mean + noise * self.noise_na / np.sqrt(2)
            theta = rng.normal(0, 0.3, (self.replicas, len(time), 6))
            applied = np.full(len(time), field)
            data = dataset(time, applied, applied[1:], current, theta, 0.0)
            rate = 0.5 * abs(mean) * self.interval_ps / NA_PER_E_PER_PS
            ions = np.sign(mean) * rng.poisson(rate, (self.replicas, len(time) - 1, 2)) * [1, -1]
            data["crossings"] = (data.crossings.dims, ions.astype(np.int16))
            found[f"hold_{field:+.2f}"] = data.assign_attrs(kind="constant", length_x_nm=self.length_x_nm)
        return found
