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


def current_na(charge_e: float, step_nm: np.ndarray, interval_ps: float, length_nm: float) -> np.ndarray:
    """Whole-box current of one species, I = q sum_i(dx_i) / (Lx dt), in nA (Fig 1B, 1C): steps (..., n) to (...)."""
    return NA_PER_E_PER_PS * charge_e * np.asarray(step_nm).sum(axis=-1) / (length_nm * interval_ps)


def crossings(before_nm: np.ndarray, step_nm: np.ndarray, plane_nm: float, length_nm: float) -> np.ndarray:
    """Net number of particles that passed the plane x = plane_nm (and its images) toward +x: (..., n) to (...).

    A particle that comes back counts -1; the box's own boundary does not count.
    """
    start = np.floor((before_nm - plane_nm) / length_nm)
    end = np.floor((before_nm + step_nm - plane_nm) / length_nm)
    return (end - start).sum(axis=-1).astype(int)


def in_pore(
    points_nm: np.ndarray, centre_nm: np.ndarray, box_nm: np.ndarray, radius_nm: float, half_depth_nm: float
) -> np.ndarray:
    """Indices of points (n, 3) inside the cylinder of a radius and half depth about the pore's centre.

    The few that are near along x are sought in the points' own precision, a hair wider, and then judged exactly.
    """
    length = points_nm.dtype.type(box_nm[0])
    depth = points_nm[:, 0] - points_nm.dtype.type(centre_nm[0])
    depth -= length * np.rint(depth / length)
    near = np.flatnonzero(np.abs(depth) <= half_depth_nm + 1e-5)
    away = points_nm[near].astype(float) - centre_nm
    away -= box_nm * np.round(away / box_nm)
    return near[(np.abs(away[:, 0]) <= half_depth_nm) & (np.hypot(away[:, 1], away[:, 2]) <= radius_nm)]


def dipoles(waters_nm: np.ndarray, box_nm: np.ndarray) -> np.ndarray:
    """Vectors (n, 3) along each water's dipole, H1 + H2 - 2 O in nm; molecules broken across the box are made whole.

    Parameters
    ----------
    waters_nm : array (n, 3, 3): molecule, atom (O, H1, H2), coordinate
    box_nm : array (3,)
    """
    arms = waters_nm[:, 1:, :] - waters_nm[:, :1, :]
    arms = arms - box_nm * np.round(arms / box_nm)
    return arms.sum(axis=1)


def dipole_angles(waters_nm: np.ndarray, box_nm: np.ndarray) -> np.ndarray:
    """Angle theta (n,) in rad between the x-y projection of each water's dipole and x (Fig 2A).

    theta = atan2(mu_y, mu_x); arguments as `dipoles`.
    """
    dipole = dipoles(waters_nm, box_nm)
    return np.arctan2(dipole[:, 1], dipole[:, 0])
