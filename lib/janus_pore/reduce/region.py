"""Water in and around the pore: angles over a wider region, and one frame to draw.

The wider region lets an analysis ask what another radius or depth would have given, without the trajectory.
"""

from __future__ import annotations

import numpy as np

from . import observables

#: The wider region, in units of the configured radius and half depth.
RADIUS_FACTOR, DEPTH_FACTOR = 1.5, 2.0
#: Atoms of the sheet that are kept for the picture: within this distance of the pore's axis.
PICTURE_NM = 0.9


class Region:
    """Collects the waters of the wider region, frame by frame.

    Parameters
    ----------
    centre_nm, box_nm : the pore's centre and the box, arrays (3,)
    radius_nm, half_depth_nm : of the configured region
    """

    def __init__(self, centre_nm: np.ndarray, box_nm: np.ndarray, radius_nm: float, half_depth_nm: float) -> None:
        self.centre, self.box = centre_nm, box_nm
        self.size = (RADIUS_FACTOR * radius_nm, DEPTH_FACTOR * half_depth_nm)
        self.rows: dict[str, list[np.ndarray]] = {name: [] for name in ("theta", "radius", "depth", "frame")}
        self.strongest, self.picture, self.picture_frame = -1.0, np.empty((0, 3, 3)), -1

    def add(self, frame: int, field_v_nm: float, waters_nm: np.ndarray) -> None:
        """Keep a frame's waters (n, 3, 3); the last at the strongest field (+ before -) is the one to draw."""
        chosen = observables.in_pore(waters_nm[:, 0], self.centre, self.box, *self.size)
        waters = waters_nm[chosen].astype(float)
        away = self._nearest(waters[:, 0] - self.centre)
        self.rows["theta"].append(observables.dipole_angles(waters, self.box))
        self.rows["radius"].append(np.hypot(away[:, 1], away[:, 2]))
        self.rows["depth"].append(away[:, 0])
        self.rows["frame"].append(np.full(len(chosen), frame, dtype=np.int32))
        strength = abs(field_v_nm) + 1e-3 * (field_v_nm > 0)
        if strength >= self.strongest - 1e-6:
            self.strongest, self.picture_frame = strength, frame
            self.picture = away[:, None] + self._nearest(waters - waters[:, :1])

    def values(self) -> dict[str, np.ndarray]:
        """`theta` (rad), `radius` and `depth` (nm, from the Mo plane) and `frame` of each sample, arrays (n,)."""
        return {name: np.concatenate(parts) if parts else np.empty(0) for name, parts in self.rows.items()}

    def around(self, positions_nm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which of some fixed atoms (n, 3) belong in the picture, and where they are about the pore's centre (m, 3)."""
        away = self._nearest(np.asarray(positions_nm, dtype=float) - self.centre)
        chosen = np.flatnonzero(np.hypot(away[:, 1], away[:, 2]) <= PICTURE_NM)
        return chosen, away[chosen]

    def _nearest(self, vectors_nm: np.ndarray) -> np.ndarray:
        return vectors_nm - self.box * np.round(vectors_nm / self.box)
