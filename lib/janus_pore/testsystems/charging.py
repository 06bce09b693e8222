"""A sheet that charges after a step of the field, and water whose order follows the voltage across it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..reduce import density
from ..units import EPSILON_0_E_V_NM
from .sweep import dataset

#: Across |x| up to this the analysis takes the sheet's voltage (`analyse.potential.SHEET_NM`).
_SHEET_NM = 1.0
_FRAMES = 1000


@dataclass(frozen=True)
class ChargingSheet:
    """Constant fields, and steps to `after_v_nm` from no field ("up") and from `high_v_nm` ("down").

    The sheet takes all but `share` of a change of the voltage at once and the rest with `tau_ps`; the charges in the
    bins along x are those that have this voltage. Angles are wrapped Gaussians about the field of the width `steady`,
    on the way down less `memory_deg`.

    Attributes
    ----------
    memory_deg : how much narrower the water is after a decrease, beyond what the sheet's voltage makes
    """

    held_v_nm: tuple[float, ...] = (0.2, 0.3, 0.4, 0.6, 1.2)
    after_v_nm: float = 0.4
    high_v_nm: float = 1.2
    share: float = 0.2
    tau_ps: float = 80.0
    memory_deg: float = 0.0
    duration_ps: float = 60.0
    prepare_ps: float = 10.0
    interval_ps: float = 0.5
    length_x_nm: float = 10.0
    area_nm2: float = 7.3
    replicas: int = 6
    waters: int = 10

    def steady(self, voltage_v: np.ndarray | float) -> np.ndarray:
        """Width in degrees at a voltage across the sheet."""
        return 15 + 75 * np.exp(-np.abs(voltage_v) / 3)

    def across(self, since_ps: np.ndarray, before_v_nm: float, after_v_nm: float) -> np.ndarray:
        """Voltage across the sheet in V at times since the step, from a sheet that was charged to its end."""
        change = (after_v_nm - before_v_nm) * self.length_x_nm
        return after_v_nm * self.length_x_nm - self.share * change * np.exp(-np.asarray(since_ps) / self.tau_ps)

    def sample(self, seed: int) -> dict[str, xr.Dataset]:
        """Data sets by name: "hold_+0.20" and so on, "up", "down"."""
        rng = np.random.default_rng(seed)
        found = {f"hold_{field:+.2f}": self._hold(field, rng) for field in self.held_v_nm}
        return found | {"up": self._step(0.0, 0.0, rng), "down": self._step(self.high_v_nm, self.memory_deg, rng)}

    def _hold(self, field_v_nm: float, rng: np.random.Generator) -> xr.Dataset:
        volts = np.full(round(self.duration_ps / self.interval_ps) + 1, field_v_nm * self.length_x_nm)
        field = np.full(len(volts), field_v_nm)
        data = self._made(field, volts, self.steady(volts), [volts.mean()], field[:1], rng)
        return data.assign_coords(profile=["hold"]).assign_attrs(kind="constant", discard_ps=0.0)

    def _step(self, before_v_nm: float, memory_deg: float, rng: np.random.Generator) -> xr.Dataset:
        first, stay = (round(t / self.interval_ps) for t in (self.prepare_ps, self.duration_ps))
        since = np.arange(1, stay + 1) * self.interval_ps
        charging = self.across(since, before_v_nm, self.after_v_nm)
        volts = np.concatenate([np.full(first + 1, before_v_nm * self.length_x_nm), charging])
        width = self.steady(volts) - memory_deg * (np.arange(len(volts)) > first)
        pieces = density.piece(since, self.duration_ps)
        before = density.pieces(self.prepare_ps)
        means = [*[volts[0]] * before, *(charging[pieces == k].mean() for k in range(density.pieces(self.duration_ps)))]
        segment = np.repeat([0, 1], [first + 1, stay])
        applied = np.array([*[before_v_nm] * before, *[self.after_v_nm] * (len(means) - before)])
        data = self._made(np.array([before_v_nm, self.after_v_nm])[segment], volts, width, means, applied, rng)
        data["segment"], data["interval_segment"] = ("time", segment), ("interval", segment[1:])
        return data.assign_attrs(kind="steps", labels="prepare|step")

    def _made(
        self, field: np.ndarray, volts: np.ndarray, width: np.ndarray, means: list[float], applied: np.ndarray,
        rng: np.random.Generator,
    ) -> xr.Dataset:  # fmt: skip
        time = np.arange(len(volts)) * self.interval_ps
        angle = rng.normal(0, 1, (self.replicas, len(time), self.waters)) * np.radians(width)[:, None]
        data = dataset(time, field, field[1:], np.zeros((self.replicas, len(time) - 1, 2)), angle, 0.0)
        x = density.centres_nm(self.length_x_nm)
        left, right = np.argmin(abs(x + 0.6)), np.argmin(abs(x - 0.6))
        own = (1 - 2 * _SHEET_NM / self.length_x_nm) * (x[right] - x[left]) / (EPSILON_0_E_V_NM * self.area_nm2)
        layers = _FRAMES * (np.array(means) - 2 * _SHEET_NM * applied) / own
        number = np.zeros((self.replicas, len(means), len(density.KINDS), len(x)), dtype=np.int32)
        for kind, place in (("K", left), ("CL", right)):
            number[:, :, list(density.KINDS).index(kind), place] = np.round(layers)
        data["number"] = (("replica", "profile", "kind", "x"), number)
        data["profile_frames"], data["profile_field"] = ("profile", np.full(len(means), _FRAMES)), ("profile", applied)
        data["sheet_charge"] = ("x", np.zeros(len(x)))
        data = data.assign_coords(kind=list(density.KINDS), x=x)
        return data.assign_attrs(length_x_nm=self.length_x_nm, area_nm2=self.area_nm2, interval_ps=self.interval_ps)
