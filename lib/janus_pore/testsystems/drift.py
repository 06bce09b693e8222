"""Ions of constant velocity in a periodic box: the current is known, by displacements and by crossings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..reduce import observables
from ..units import NA_PER_E_PER_PS
from .sweep import dataset


@dataclass(frozen=True)
class DriftingIons:
    """K+ and Cl- at constant velocities along x from random places; positions are stored wrapped into the box.

    What `sample` returns was computed from these positions by `reduce.observables`, frame by frame.

    Attributes
    ----------
    potassium_nm_ps, chloride_nm_ps : velocity of each ion
    """

    potassium_nm_ps: tuple[float, ...] = (1.0, 1.0, -0.5)
    chloride_nm_ps: tuple[float, ...] = (-2.0, -2.0)
    length_nm: float = 5.0
    plane_nm: float = 2.5
    duration_ps: float = 40.0
    interval_ps: float = 0.5
    replicas: int = 3

    def analytical_current(self) -> dict[str, float]:
        """Current in nA of each species and in total: I = q sum(v) / Lx."""
        by_species = {"K": sum(self.potassium_nm_ps), "CL": -sum(self.chloride_nm_ps)}
        found = {name: NA_PER_E_PER_PS * speed / self.length_nm for name, speed in by_species.items()}
        return found | {"total": sum(found.values())}

    def sample(self, seed: int) -> xr.Dataset:
        """One data set at a constant field of 1 V/nm."""
        rng = np.random.default_rng(seed)
        frames = round(self.duration_ps / self.interval_ps) + 1
        time = np.arange(frames) * self.interval_ps
        shape = (self.replicas, frames - 1, 2)
        current, crossings = np.zeros(shape), np.zeros(shape, dtype=np.int16)
        for k, (charge, velocity) in enumerate(((1, self.potassium_nm_ps), (-1, self.chloride_nm_ps))):
            for replica in range(self.replicas):
                start = rng.uniform(0, self.length_nm, len(velocity))
                wrapped = np.mod(start + np.outer(time, velocity), self.length_nm)
                for i in range(frames - 1):
                    step = observables.displacement(wrapped[i], wrapped[i + 1], self.length_nm)
                    current[replica, i, k] = observables.current_na(charge, step, self.interval_ps, self.length_nm)
                    crossings[replica, i, k] = observables.crossings(wrapped[i], step, self.plane_nm, self.length_nm)
        applied = np.ones(frames)
        data = dataset(time, applied, applied[1:], current, np.zeros((self.replicas, frames, 2)), 0.0)
        data["crossings"] = (data.crossings.dims, crossings)
        return data.assign_attrs(kind="constant", interval_ps=self.interval_ps, length_x_nm=self.length_nm)
