"""Frames by the hundred: what is small in one frame is computed for many at once; memory does not grow with them."""

from __future__ import annotations

import numpy as np

from ..build.forcefield import MOBILE_CHARGES
from . import observables

SPECIES = ("K", "CL")
_FRAMES = 100


class Batch:
    """Gathers ions' places and the pore's waters, and turns them into currents, crossings and angles.

    Parameters
    ----------
    ions : indices of the atoms of each of `SPECIES`
    box_nm, centre_nm : the box and the pore's centre, arrays (3,)

    Attributes
    ----------
    found : lists of arrays: `interval_time`, `interval_segment` (i,), `current` (nA) and `crossings` (i, species), and
        `theta` (n,) in rad
    """

    def __init__(self, ions: dict[str, np.ndarray], box_nm: np.ndarray, centre_nm: np.ndarray) -> None:
        self.index = np.concatenate([ions[name] for name in SPECIES])
        ends = np.cumsum([0, *(len(ions[name]) for name in SPECIES)])
        self.parts = {name: slice(*ends[k : k + 2]) for k, name in enumerate(SPECIES)}
        self.box, self.centre, self.segment = box_nm, centre_nm, -1
        self.found: dict[str, list[np.ndarray]] = {
            name: [] for name in ("interval_time", "interval_segment", "current", "crossings", "theta")
        }
        self.times: list[float] = []
        self.places: list[np.ndarray] = []
        self.chosen: list[np.ndarray] = []

    def ions(self, segment: int, time_ps: float, positions_nm: np.ndarray) -> None:
        """Take a frame of a segment; a segment's first frame begins anew."""
        if segment != self.segment:
            self.segment, self.times, self.places = segment, [], []
        self.times.append(time_ps)
        self.places.append(positions_nm[self.index, 0])
        if len(self.places) > _FRAMES:
            self.flush()
            self.times, self.places = self.times[-1:], self.places[-1:]

    def waters(self, molecules_nm: np.ndarray) -> None:
        """Take the waters (n, 3, 3) that are in the pore in a frame."""
        self.chosen.append(molecules_nm)

    def flush(self) -> None:
        """Compute what was gathered; to be called at the end of a segment."""
        if self.chosen:
            self.found["theta"].append(observables.dipole_angles(np.concatenate(self.chosen), self.box))
            self.chosen = []
        if len(self.times) < 2:
            return
        time, x = np.array(self.times), np.array(self.places, dtype=float)
        step, interval = observables.displacement(x[:-1], x[1:], self.box[0]), np.diff(time)
        current = [
            observables.current_na(MOBILE_CHARGES[name], step[:, one], interval, self.box[0])
            for name, one in self.parts.items()
        ]
        crossed = [
            observables.crossings(x[:-1, one], step[:, one], self.centre[0], self.box[0]) for one in self.parts.values()
        ]
        self.found["interval_time"].append(0.5 * (time[1:] + time[:-1]))
        self.found["interval_segment"].append(np.full(len(step), self.segment))
        self.found["current"].append(np.stack(current, axis=1))
        self.found["crossings"].append(np.stack(crossed, axis=1))
        self.times, self.places = self.times[-1:], self.places[-1:]
