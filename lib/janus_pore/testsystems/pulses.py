"""A pore that remembers the pulse before, between reservoirs that charge: pairs and trains with known ratios."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..protocol_parameters import PulsePair, PulseTrain
from ..simulate.field import Protocol
from ..simulate.protocols import pulse_pair, pulse_train
from ..units import NA_PER_E_PER_PS
from .sweep import dataset


@dataclass(frozen=True)
class PulsedPore:
    """Pulses through a pore with memory in parallel with reservoirs that charge.

    With t the delay (pair) or the time since the first pulse (train), a later pulse's mean currents are

    - crossings: pore_na * [far + (near - far) exp(-t / tau)], in whole ions, K+ and Cl- alike, independent;
    - charging: charging_na * [1 - depth exp(-t / tau_charging)];

    and pore_na, charging_na for the first. The whole-box current is the sum of both means and white noise of
    noise_na an interval. In a train `near` should be 1. Elsewhere than in pulses there is noise only.

    Attributes
    ----------
    delays_ps : of a pair; empty for a train of `pulses` with gaps of gap_ps
    prime_ps : 0 for a protocol without one
    sigma_deg : width of the waters' angles at the protocol's start and end; linear in time between
    """

    pore_na: float = 40.0
    near: float = 3.1
    far: float = 1.2
    tau_ps: float = 8.0
    charging_na: float = 0.0
    depth: float = 0.0
    tau_charging_ps: float = 20.0
    noise_na: float = 60.0
    replicas: int = 150
    prime_ps: float = 2.0
    pulse_ps: float = 5.0
    delays_ps: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0, 20.0, 40.0)
    gap_ps: float = 5.0
    pulses: int = 10
    interval_ps: float = 0.5
    sigma_deg: tuple[float, float] = (20.0, 45.0)
    waters: int = 4

    @property
    def protocol(self) -> Protocol:
        """The tree or chain, made as for a real run."""
        shared = {
            "systems": ["mosse"], "prime_v_nm": 2.0 if self.prime_ps else 0.0, "prime_ps": self.prime_ps,
            "pulse_v_nm": 0.7, "pulse_ps": self.pulse_ps, "gap_v_nm": 0.5,
        }  # fmt: skip
        if self.delays_ps:
            return pulse_pair("pair", PulsePair(kind="pair", delays_ps=list(self.delays_ps), **shared), ("mosse",))
        asked = PulseTrain(kind="train", gap_ps=self.gap_ps, pulses=self.pulses, **shared)
        return pulse_train("train", asked, ("mosse",))

    def after_ps(self) -> np.ndarray:
        """Delays of a pair, or times from the first pulse's start to the later ones' (k,)."""
        return np.array(self.delays_ps) if self.delays_ps else np.arange(1, self.pulses) * (self.pulse_ps + self.gap_ps)

    def analytical_pore(self) -> np.ndarray:
        """Ratio to the first pulse of the crossings (k,)."""
        return self.far + (self.near - self.far) * np.exp(-self.after_ps() / self.tau_ps)

    def analytical_charging(self) -> np.ndarray:
        """Ratio to the first pulse of the charging current (k,)."""
        return 1 - self.depth * np.exp(-self.after_ps() / self.tau_charging_ps)

    def analytical_box(self) -> np.ndarray:
        """Ratio to the first pulse of the whole-box current (k,)."""
        pore, charging = self.pore_na * self.analytical_pore(), self.charging_na * self.analytical_charging()
        return (pore + charging) / (self.pore_na + self.charging_na)

    def sample(self, seed: int) -> xr.Dataset:
        """One data set, as `reduce.replica.collect` gives it."""
        rng = np.random.default_rng(seed)
        protocol, step = self.protocol, self.interval_ps
        lengths = [round(segment.duration_ps / step) for segment in protocol.segments]
        between = np.repeat(np.arange(len(lengths)), lengths)
        starts = protocol.starts_ps()
        within = np.concatenate([np.arange(n) for n in lengths])
        middle = starts[between] + (within + 0.5) * step
        pulses = [k for k, label in enumerate(protocol.labels) if label.startswith("pulse ")]
        pore, charging = np.zeros(len(lengths)), np.zeros(len(lengths))
        pore[pulses] = self.pore_na * np.array([1.0, *self.analytical_pore()])
        charging[pulses] = self.charging_na * np.array([1.0, *self.analytical_charging()])
        shape = (self.replicas, len(between), 2)
        ions = rng.poisson(np.abs(0.5 * pore[between] * step / NA_PER_E_PER_PS)[None, :, None], shape)
        crossings = (ions * np.sign(pore[between])[None, :, None] * np.array([1, -1])).astype(np.int16)
        mean = 0.5 * (pore + charging)[between][None, :, None]
        current = mean + rng.normal(0, self.noise_na / np.sqrt(2), shape)
        # frames: the start, then the end of every interval, as each belongs to the segment it ends
        time, segment = np.append(0.0, middle + 0.5 * step), np.append(0, between)
        sigma = np.radians(self.sigma_deg[0] + np.diff(self.sigma_deg)[0] * time / time.max())
        theta = rng.normal(size=(self.replicas, len(time), self.waters)) * sigma[None, :, None]
        field = np.array([one.amplitude_v_nm for one in protocol.segments])
        made = dataset(time, field[segment], field[between], current, theta, 0.0)
        made = made.assign_coords(interval_time=("interval", middle, {"units": "ps"}))
        made["crossings"] = (("replica", "interval", "species"), crossings, {"units": "1"})
        made["segment"], made["interval_segment"] = ("time", segment), ("interval", between)
        labels = "|".join(protocol.labels)
        return made.assign_attrs(
            protocol=protocol.name, kind=protocol.kind, labels=labels, interval_ps=step, length_x_nm=10.0,
            trajectories_sha256="",
        )  # fmt: skip
