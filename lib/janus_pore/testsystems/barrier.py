"""Ions in a known potential along the pore, whose force has known parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..analyse.barrier import ends
from ..reduce.forces import PARTS, dataset
from ..units import KJ_MOL_NM_PER_E_V_NM, KJ_MOL_PER_K

#: Hills and wells of each part but the field: height (kJ/mol), place and width (nm).
_HILLS = {
    "water_vdw": ((6.0, 0.0, 0.12),),
    "water_electrostatic": ((17.0, -0.05, 0.2), (-3.0, 0.4, 0.1)),
    "membrane_vdw": ((2.0, 0.05, 0.1),),
    "membrane_electrostatic": ((-20.0, 0.05, 0.2),),
    "ion_vdw": ((-1.0, 0.0, 0.15),),
    "ion_electrostatic": ((-5.0, -0.1, 0.3),),
}


@dataclass(frozen=True)
class PoreIons:
    """Cl- ions with the Boltzmann distribution of U(x) = sum of parts, and noisy forces -dU/dx part by part.

    The other ions shield all but `unshielded` of the field. `depth` scales all hills and wells; `noise_kj_mol_nm` is
    the spread of each part but the field's, which is exact.
    """

    field_v_nm: float = 0.4
    unshielded: float = 0.05
    noise_kj_mol_nm: float = 100.0
    ions: float = 2.0
    half_range_nm: float = 0.6
    depth: float = 1.0
    temperature_k: float = 300.0
    period_ps: float = 100.0
    periods: int = 4
    replicas: int = 10
    frames: int = 20

    def potential(self, x_nm: np.ndarray) -> np.ndarray:
        """U (n, part) in kJ/mol at positions (n,), in the order of `reduce.forces.PARTS`."""
        return np.stack([self._part(name, np.asarray(x_nm, dtype=float))[0] for name in PARTS], axis=-1)

    def analytical_force(self, x_nm: np.ndarray) -> np.ndarray:
        """-dU/dx (n, part) in kJ/mol/nm."""
        return np.stack([self._part(name, np.asarray(x_nm, dtype=float))[1] for name in PARTS], axis=-1)

    def analytical_barrier(self) -> dict[str, float]:
        """`minimum` and `maximum` (nm) of the largest climb against the field, `total` and every part (kJ/mol)."""
        x = np.linspace(-self.half_range_nm, self.half_range_nm, 24_001)
        potential = self.potential(x)
        start, end = ends(potential.sum(axis=1), -1 if self.field_v_nm > 0 else 1)
        parts = potential[end] - potential[start]
        return {"minimum": x[start], "maximum": x[end], "total": parts.sum(), **dict(zip(PARTS, parts, strict=True))}

    def sample(self, seed: int) -> xr.Dataset:
        """Forces as `reduce.forces.collect` gives them, all at the one field."""
        rng = np.random.default_rng(seed)
        grid = np.linspace(-self.half_range_nm, self.half_range_nm, 4001)
        weight = np.exp(-self.potential(grid).sum(axis=1) / (KJ_MOL_PER_K * self.temperature_k))
        cumulative = np.concatenate([[0.0], np.cumsum(0.5 * (weight[1:] + weight[:-1]))])
        in_period = np.arange(self.frames) / self.frames * 0.2 * self.period_ps
        time = (np.arange(self.periods)[:, None] * self.period_ps + in_period).ravel()
        number = rng.poisson(self.ions, self.replicas * len(time))
        frame = np.repeat(np.arange(len(number)), number)
        x = np.interp(rng.uniform(size=len(frame)), cumulative / cumulative[-1], grid)
        noise = rng.normal(0, self.noise_kj_mol_nm, (len(x), len(PARTS)))
        noise[:, PARTS.index("field")] = 0.0
        everywhere = np.full(len(number), self.field_v_nm)
        attrs = {
            "protocol": "synthetic", "kind": "sine", "period_ps": self.period_ps, "temperature_k": self.temperature_k,
            "gromacs": "none", "trajectories_sha256": "none", "synthetic": 1,
        }  # fmt: skip
        data = dataset(
            np.tile(time, self.replicas), everywhere, frame, np.zeros(len(x)), x, rng.uniform(0, 0.4, len(x)),
            self.analytical_force(x) + noise, np.zeros(len(x)), attrs,
        )  # fmt: skip
        return data.assign(frame_replica=("frame", np.repeat(np.arange(self.replicas, dtype=np.int32), len(time))))

    def hold(self, x_nm: float, seed: int, *, duration_ps: float = 200.0, interval_ps: float = 0.2) -> xr.Dataset:
        """Forces on an ion that is held, as `reduce.forces.collect` gives them; one that is free is there, too."""
        rng = np.random.default_rng(seed)
        frames = round(duration_ps / interval_ps)
        time = np.tile(np.arange(frames) * interval_ps, self.replicas)
        frame = np.repeat(np.arange(len(time)), 2)  # the held ion comes first in each
        x = np.where(np.arange(len(frame)) % 2, rng.uniform(-self.half_range_nm, self.half_range_nm, len(frame)), x_nm)
        noise = rng.normal(0, self.noise_kj_mol_nm, (len(x), len(PARTS)))
        noise[:, PARTS.index("field")] = 0.0
        attrs = {
            "protocol": "synthetic", "kind": "constant", "period_ps": 0.0, "temperature_k": self.temperature_k,
            "gromacs": "none", "trajectories_sha256": "none", "synthetic": 1,
        }  # fmt: skip
        data = dataset(
            time, np.full(len(time), self.field_v_nm), frame, np.tile([0, 5], len(time)), x,
            np.tile([0.0, 0.2], len(time)), self.analytical_force(x) + noise, np.zeros(len(x)), attrs,
        )  # fmt: skip
        return data.assign(frame_replica=("frame", np.repeat(np.arange(self.replicas, dtype=np.int32), frames)))

    def _part(self, name: str, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Potential and force of one part."""
        pull = KJ_MOL_NM_PER_E_V_NM * self.field_v_nm
        slope = {"field": pull, "ion_electrostatic": -(1 - self.unshielded) * pull}.get(name, 0.0)
        potential, force = slope * x, np.full_like(x, -slope)
        for height, place, width in _HILLS.get(name, ()):
            hill = self.depth * height * np.exp(-((x - place) ** 2) / (2 * width**2))
            potential, force = potential + hill, force + hill * (x - place) / width**2
        return potential, force
