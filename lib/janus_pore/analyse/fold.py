"""Angles of the water as they are counted: from the field, whichever way that points."""

from __future__ import annotations

import numpy as np


def sense(field: np.ndarray) -> np.ndarray:
    """The field (time,), but where a sine passes through zero that of the frame after it, whose half period it begins.

    What is stored there is what rounding left of sin(k pi), whose sign is the other one.
    """
    nothing = (field != 0) & (np.abs(field) < 1e-9)
    return np.where(nothing, np.append(field[1:], field[min(1, len(field) - 1)]), field)


def fold_angles(theta: np.ndarray, field: np.ndarray) -> np.ndarray:
    """Angles relative to the field: turned by pi where it is negative, wrapped to (-pi, pi]."""
    turned = np.where(field < 0, theta + np.pi, theta)
    return np.pi - np.mod(np.pi - turned, 2 * np.pi)
