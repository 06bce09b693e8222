"""Where the atoms are along x: counts by kind over the whole box, and near the pore's axis.

From the counts `analyse.potential` gets the mean charge density. The fixed sheet is not counted: its point charges are
divided between the two nearest bins so that charge and dipole moment are exact (at a bin's edge, counting would shift
a layer by half a bin, and the potential by volts).
"""

from __future__ import annotations

import math

import numpy as np

from ..errors import TrajectoryError

#: Kinds of mobile atoms, with their names in conf.gro.
KINDS = {"OW": ("OW",), "HW": ("HW1", "HW2"), "K": ("K",), "CL": ("CL",)}
#: Kinds that are also counted near the axis.
HEAVY = ("OW", "K", "CL")
BIN_NM = 0.05
#: Frames between two that are counted: what costs more than a current is not worth every frame.
EVERY = 4
#: Parts of a sine's period that are counted apart.
PHASES = 16
#: A field step's segment is counted in equal pieces no longer than this: the sheet charges meanwhile.
PIECE_PS = 50.0
_LOST = "an atom lies more than a box's length outside the box: write the trajectory wrapped (gmx trjconv -pbc atom)"


def bins(length_nm: float) -> int:
    """Number of bins of about 0.05 nm along the box."""
    return max(1, round(length_nm / BIN_NM))


def pieces(duration_ps: float) -> int:
    """Number of equal pieces in which a segment after a field step is counted."""
    return max(1, math.ceil(duration_ps / PIECE_PS - 1e-6))


def piece(since_ps: np.ndarray | float, duration_ps: float) -> np.ndarray:
    """Which of them a time since the segment's start is in, array or scalar; its end belongs to the last."""
    number = pieces(duration_ps)
    return np.minimum((np.asarray(since_ps) / duration_ps * number + 1e-6).astype(int), number - 1)


def centres_nm(length_nm: float) -> np.ndarray:
    """Middles of the bins (x,) as distances from the Mo plane."""
    number = bins(length_nm)
    return ((np.arange(number) + 0.5) / number - 0.5) * length_nm


def shared(x_nm: np.ndarray, charge_e: np.ndarray, length_nm: float) -> np.ndarray:
    """Point charges (n,) at distances (n,) from the Mo plane, divided linearly between the two nearest bins: (x,) in e.

    Total charge and dipole moment are kept exactly.
    """
    number = bins(length_nm)
    place = (np.asarray(x_nm) / length_nm + 0.5) * number - 0.5
    left = np.floor(place).astype(int)
    right_part = place - left
    found = np.bincount(left % number, charge_e * (1 - right_part), number)
    return found + np.bincount((left + 1) % number, charge_e * right_part, number)


class Counts:
    """Counts of a replica, summed over frames, for each part of its protocol.

    Parameters
    ----------
    names : atom names (n,) of the system
    centre_nm, box_nm : the pore's centre and the box, arrays (3,)
    radius_nm : of the column about the axis
    parts : number of parts that are counted apart
    """

    def __init__(
        self, names: np.ndarray, centre_nm: np.ndarray, box_nm: np.ndarray, radius_nm: float, parts: int
    ) -> None:
        self.number, self.radius = bins(box_nm[0]), radius_nm
        self.centre, self.box = centre_nm.astype(np.float32), box_nm.astype(np.float32)
        row = np.full(len(names), -1)
        for k, group in enumerate(KINDS.values()):
            row[np.isin(names, group)] = k
        self.mobile = np.flatnonzero(row >= 0)
        first = self.mobile[0] if len(self.mobile) else 0
        if len(self.mobile) == len(names) - first:
            self.mobile = slice(first, None)  # no copy of the positions
        self.atoms = np.bincount(row[row >= 0], minlength=len(KINDS))
        start = 1.5 - centre_nm[0] / box_nm[0]  # an image of the box on either side, for atoms just outside it
        self.offset = ((3 * row[self.mobile] + start) * self.number).astype(np.float32)
        self.scale = np.float32(self.number / box_nm[0])
        self.heavy = np.flatnonzero(np.isin(row[self.mobile], [list(KINDS).index(k) for k in HEAVY]))
        self.frames = np.zeros(parts, dtype=np.int64)
        self.total = np.zeros((parts, len(KINDS) * 3 * self.number), dtype=np.int64)
        self.near = np.zeros_like(self.total)

    def add(self, part: int, positions_nm: np.ndarray) -> None:
        """Count one frame, positions (n, 3)."""
        mobile = positions_nm[self.mobile]
        place = mobile[:, 0] * self.scale
        place += self.offset
        place = place.astype(np.intp)
        self.total[part] += self._counted(place)
        square = np.zeros(len(self.heavy), dtype=np.float32)
        for axis in (1, 2):  # one axis at a time: rows of two are slow to add up
            away = mobile[:, axis].take(self.heavy) - self.centre[axis]
            away -= self.box[axis] * np.rint(away / self.box[axis])
            square += away * away
        inside = square <= self.radius**2
        self.near[part] += self._counted(place[self.heavy[inside]])
        self.frames[part] += 1

    def _counted(self, place: np.ndarray) -> np.ndarray:
        size = self.total.shape[1]
        if place.size and not 0 <= place.min() <= place.max() < size:
            raise TrajectoryError(_LOST)
        return np.bincount(place, minlength=size)

    def folded(self) -> tuple[np.ndarray, np.ndarray]:
        """Counts over the whole box (part, kind, x) and near the axis (part, heavy kind, x), images folded in.

        Raises
        ------
        TrajectoryError
            if atoms were lost: positions more than a box outside the box.
        """
        shape = (len(self.frames), len(KINDS), 3, self.number)
        total, near = (one.reshape(shape).sum(axis=2) for one in (self.total, self.near))
        if not np.array_equal(total.sum(axis=2), self.frames[:, None] * self.atoms):
            raise TrajectoryError(_LOST)
        return total, near[:, [list(KINDS).index(kind) for kind in HEAVY]]
