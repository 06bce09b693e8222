"""A cell under constant fields: its charging after the step, and where its charges then stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..reduce import density
from ..units import AF_PER_E_V, EPSILON_0_E_V_NM, MOHM_PER_PS_AF, NA_PER_E_PER_PS
from .sweep import dataset


@dataclass(frozen=True)
class SteppedCell:
    """A conducting pore in a sheet that charges: crossings at random, and Q(t) = C V (1 - exp(-t / RC)) beside them.

    The charge fluctuates about Q(t) as a random walk on a spring with the same time constant.

    Attributes
    ----------
    capacitance_af, rc_ps : C and RC
    conductance_na_v : of the pore, for crossings of both ions
    noise_e : spread of the charge's fluctuation
    """

    fields_v_nm: tuple[float, ...] = (-0.6, -0.3, 0.3, 0.6)
    length_x_nm: float = 10.0
    capacitance_af: float = 0.5
    rc_ps: float = 20.0
    conductance_na_v: float = 0.5
    noise_e: float = 0.5
    duration_ps: float = 400.0
    interval_ps: float = 0.5
    replicas: int = 4

    def analytical_resistance_mohm(self) -> float:
        """R = RC / C."""
        return MOHM_PER_PS_AF * self.rc_ps / self.capacitance_af

    def sample(self, seed: int) -> dict[str, xr.Dataset]:
        """Data sets by name, one a field."""
        rng = np.random.default_rng(seed)
        return {f"hold_{field:+.2f}": self._one(field, rng) for field in self.fields_v_nm}

    def _one(self, field_v_nm: float, rng: np.random.Generator) -> xr.Dataset:
        steps, voltage = round(self.duration_ps / self.interval_ps), field_v_nm * self.length_x_nm
        time = np.arange(steps + 1) * self.interval_ps
        target = self.capacitance_af * voltage / AF_PER_E_V * (1 - np.exp(-time / self.rc_ps))
        keep = np.exp(-self.interval_ps / self.rc_ps)
        kicks = rng.normal(0, self.noise_e * np.sqrt(1 - keep**2), (self.replicas, steps + 1))
        kicks[:, 0] = rng.normal(0, self.noise_e, self.replicas)
        walk = np.empty_like(kicks)
        walk[:, 0] = kicks[:, 0]
        for k in range(1, steps + 1):
            walk[:, k] = keep * walk[:, k - 1] + kicks[:, k]
        rate = abs(self.conductance_na_v * voltage) / NA_PER_E_PER_PS / 2 * self.interval_ps
        passed = np.sign(voltage) * rng.poisson(rate, (self.replicas, steps, 2)) * np.array([1, -1])
        charging = np.diff(target + walk, axis=1) * NA_PER_E_PER_PS / self.interval_ps
        current = passed * np.array([1, -1]) * NA_PER_E_PER_PS / self.interval_ps + 0.5 * charging[..., None]
        applied = np.full(steps + 1, field_v_nm)
        data = dataset(time, applied, applied[1:], current, rng.normal(0, 0.5, (self.replicas, steps + 1, 6)), 0.0)
        data["crossings"] = (("replica", "interval", "species"), passed.astype(np.int16))
        return data.assign_attrs(kind="constant", length_x_nm=self.length_x_nm)


@dataclass(frozen=True)
class ChargedCell:
    """Ions that a field has driven up to the sheet: a layer of K on its -x side and one of Cl on its +x side.

    Attributes
    ----------
    pairs : mean number of K and of Cl in their layers; `spread` is its standard deviation from replica to replica
    distance_nm : of each layer from the Mo plane (moved to the middle of its bin)
    """

    field_v_nm: float = 0.4
    length_x_nm: float = 10.0
    area_nm2: float = 7.3
    pairs: float = 1.5
    spread: float = 0.2
    distance_nm: float = 0.6
    replicas: int = 6
    frames: int = 1000

    def layers(self) -> tuple[int, int]:
        """Bins of K and of Cl."""
        x = density.centres_nm(self.length_x_nm)
        return int(np.argmin(abs(x + self.distance_nm))), int(np.argmin(abs(x - self.distance_nm)))

    def analytical_pore_voltage(self, sheet_nm: float) -> float:
        """2 s E + q D (1 - 2 s / Lx) / (epsilon_0 A) across |x| <= s, for layers D apart inside it.

        The layers' own field is q / (epsilon_0 A) (1 - D / Lx) between them and -q D / (epsilon_0 A Lx) outside, so
        that it averages to zero over the periodic box.
        """
        x = density.centres_nm(self.length_x_nm)[list(self.layers())]
        apart = float(x[1] - x[0])
        own = self.pairs * apart * (1 - 2 * sheet_nm / self.length_x_nm) / (EPSILON_0_E_V_NM * self.area_nm2)
        return 2 * sheet_nm * self.field_v_nm + own

    def sample(self, seed: int) -> xr.Dataset:
        """One data set with counts along x, and no current."""
        rng, time = np.random.default_rng(seed), np.arange(5.0)
        field = np.full(len(time), self.field_v_nm)
        theta = rng.normal(0, 0.5, (self.replicas, len(time), 6))
        data = dataset(time, field, field[1:], np.zeros((self.replicas, len(time) - 1, 2)), theta, 0.0)
        count = np.round(self.frames * rng.normal(self.pairs, self.spread, self.replicas)).astype(np.int32)
        number = np.zeros((self.replicas, 1, len(density.KINDS), density.bins(self.length_x_nm)), dtype=np.int32)
        for kind, place in zip(("K", "CL"), self.layers(), strict=True):
            number[:, 0, list(density.KINDS).index(kind), place] = count
        data["number"] = (("replica", "profile", "kind", "x"), number)
        data["profile_frames"] = ("profile", np.array([self.frames]))
        data["profile_field"] = ("profile", np.array([self.field_v_nm]))
        data["sheet_charge"] = ("x", np.zeros(number.shape[-1]))
        data = data.assign_coords(kind=list(density.KINDS), x=density.centres_nm(self.length_x_nm))
        return data.assign_attrs(kind="constant", length_x_nm=self.length_x_nm, area_nm2=self.area_nm2)
