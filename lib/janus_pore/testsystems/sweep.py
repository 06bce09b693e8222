"""A sine sweep through a conductor with a fall, and through a pore of oriented water."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr


@dataclass(frozen=True)
class SineConductor:
    """A conductor that saturates and falls, in parallel with a capacitor, under a sine field.

    I_total(E, t) = g E exp(-E^2 / (2 E_m^2)) + C dE/dt + noise; |I| is largest at |E| = E_m if C = 0.

    Attributes
    ----------
    conductance_na : g in nA per V/nm
    onset_v_nm : E_m
    capacitance_na_ps : C in nA ps per V/nm
    """

    conductance_na: float = 10.0
    onset_v_nm: float = 0.6
    capacitance_na_ps: float = 0.0
    noise_na: float = 0.5
    amplitude_v_nm: float = 1.2
    period_ps: float = 100.0
    periods: int = 3
    replicas: int = 4
    interval_ps: float = 0.5

    def analytical_area(self) -> float:
        """Area of each lobe in nA V/nm: half of the capacitor's ellipse, C omega A^2 pi / 2."""
        omega = 2 * np.pi / self.period_ps
        return self.capacitance_na_ps * omega * self.amplitude_v_nm**2 * np.pi / 2

    def analytical_opening(self) -> float:
        """Half the difference of the currents where the field passes zero downwards and upwards: -C omega A."""
        return -self.capacitance_na_ps * 2 * np.pi / self.period_ps * self.amplitude_v_nm

    def sample(self, seed: int) -> xr.Dataset:
        """One data set; half of the current is carried by each species."""
        rng = np.random.default_rng(seed)
        omega = 2 * np.pi / self.period_ps
        steps = round(self.period_ps * self.periods / self.interval_ps)
        time = np.arange(steps + 1) * self.interval_ps
        middle = time[:-1] + self.interval_ps / 2
        field = self.amplitude_v_nm * np.sin(omega * middle)
        mean = self.conductance_na * field * np.exp(-(field**2) / (2 * self.onset_v_nm**2))
        mean = mean + self.capacitance_na_ps * omega * self.amplitude_v_nm * np.cos(omega * middle)
        halves = np.repeat(0.5 * mean[None, :, None], self.replicas, axis=0).repeat(2, axis=2)
        current = halves + rng.normal(0, self.noise_na / np.sqrt(2), halves.shape)
        applied = self.amplitude_v_nm * np.sin(omega * time)
        theta = rng.normal(0, 0.3, (self.replicas, len(time), 8))
        return dataset(time, applied, field, current, theta, self.period_ps)


@dataclass(frozen=True)
class OrientedWater:
    """Waters whose angles are wrapped Gaussians of a width that depends on the branch, about the field's direction."""

    sigma_forward_deg: float = 40.0
    sigma_reverse_deg: float = 25.0
    amplitude_v_nm: float = 1.2
    period_ps: float = 100.0
    periods: int = 4
    replicas: int = 5
    waters: int = 6

    def sample(self, seed: int) -> xr.Dataset:
        """One data set with zero current."""
        rng = np.random.default_rng(seed)
        time = np.arange(round(self.period_ps * self.periods) + 1, dtype=float)
        field = self.amplitude_v_nm * np.sin(2 * np.pi * time / self.period_ps)
        forward = (time / self.period_ps + 1e-9) % 0.5 < 0.25
        sigma = np.radians(np.where(forward, self.sigma_forward_deg, self.sigma_reverse_deg))
        theta = rng.normal(size=(self.replicas, len(time), self.waters)) * sigma[None, :, None]
        theta += np.where(field < 0, np.pi, 0.0)[None, :, None]
        current = np.zeros((self.replicas, len(time) - 1, 2))
        middle = self.amplitude_v_nm * np.sin(2 * np.pi * (time[:-1] + 0.5) / self.period_ps)
        return dataset(time, field, middle, current, theta, self.period_ps)


def dataset(
    time: np.ndarray,
    field: np.ndarray,
    interval_field: np.ndarray,
    current: np.ndarray,
    theta: np.ndarray,
    period_ps: float,
) -> xr.Dataset:
    """As `reduce.replica.collect` gives it; current (replica, interval, species), theta (replica, time, water)."""
    replicas, frames, waters = theta.shape
    wrapped = np.pi - np.mod(np.pi - theta, 2 * np.pi)
    frame = np.broadcast_to(np.arange(frames)[None, :, None], theta.shape)
    replica = np.broadcast_to(np.arange(replicas)[:, None, None], theta.shape)
    return xr.Dataset(
        {
            "field": ("time", field, {"units": "V/nm"}),
            "interval_field": ("interval", interval_field, {"units": "V/nm"}),
            "current": (("replica", "interval", "species"), current, {"units": "nA"}),
            "crossings": (("replica", "interval", "species"), np.zeros(current.shape, dtype=np.int16)),
            "pore_water": (("replica", "time"), np.full((replicas, frames), waters)),
            "theta": ("sample", wrapped.ravel(), {"units": "rad"}),
            "theta_frame": ("sample", frame.ravel()),
            "theta_replica": ("sample", replica.ravel()),
        },
        coords={
            "time": ("time", time, {"units": "ps"}),
            "interval_time": ("interval", 0.5 * (time[1:] + time[:-1]), {"units": "ps"}),
            "species": ["K", "CL"],
            "replica": np.arange(replicas),
        },
        attrs={
            "protocol": "synthetic",
            "kind": "sine",
            "interval_ps": float(time[1] - time[0]),
            "period_ps": period_ps,
            "gromacs": "none",
            "synthetic": 1,
        },
    )
