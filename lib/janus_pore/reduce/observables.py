"""What is computed from one frame or from two successive ones; arrays in, arrays out, no files."""

from __future__ import annotations

import numpy as np

from ..units import NA_PER_E_PER_PS


def displacement(before: np.ndarray, after: np.ndarray, length: float) -> np.ndarray:
    """Nearest-image displacement (n,) along a periodic axis of the given length, same unit as the input.

    Unambiguous only while nothing moves half a box between stored frames.
    """
    step = after - before
    return step - length * np.round(step / length)


def current_na(charge_e: float, step_nm: np.ndarray, interval_ps: float, length_nm: float) -> float:
    """Whole-box current of one species, I = q sum_i(dx_i) / (Lx dt), in nA (Fig 1B, 1C)."""
    return NA_PER_E_PER_PS * charge_e * float(step_nm.sum()) / (length_nm * interval_ps)


def crossings(before_nm: np.ndarray, step_nm: np.ndarray, plane_nm: float, length_nm: float) -> int:
    """Net number of particles that passed the plane x = plane_nm (and its images) toward +x.

    A particle that comes back counts -1; the box's own boundary does not count.
    """
    start = np.floor((before_nm - plane_nm) / length_nm)
    end = np.floor((before_nm + step_nm - plane_nm) / length_nm)
    return int((end - start).sum())


def in_pore(
    points_nm: np.ndarray, centre_nm: np.ndarray, box_nm: np.ndarray, radius_nm: float, half_depth_nm: float
) -> np.ndarray:
    """Indices of points (n, 3) inside the cylinder of a radius and half depth about the pore's centre."""
    depth = points_nm[:, 0] - centre_nm[0]
    near = np.flatnonzero(np.abs(depth - box_nm[0] * np.round(depth / box_nm[0])) <= half_depth_nm)
    lateral = points_nm[near, 1:] - centre_nm[1:]
    lateral -= box_nm[1:] * np.round(lateral / box_nm[1:])
    return near[np.hypot(lateral[:, 0], lateral[:, 1]) <= radius_nm]


def dipole_angles(waters_nm: np.ndarray, box_nm: np.ndarray) -> np.ndarray:
    """Angle theta (n,) in rad between the x-y projection of each water's dipole and x (Fig 2A).

    theta = atan2(mu_y, mu_x), mu along H1 + H2 - 2 O; molecules broken across the box are made whole.

    Parameters
    ----------
    waters_nm : array (n, 3, 3): molecule, atom (O, H1, H2), coordinate
    box_nm : array (3,)
    """
    arms = waters_nm[:, 1:, :] - waters_nm[:, :1, :]
    arms = arms - box_nm * np.round(arms / box_nm)
    dipole = arms.sum(axis=1)
    return np.arctan2(dipole[:, 1], dipole[:, 0])
