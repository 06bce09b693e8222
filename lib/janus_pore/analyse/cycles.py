"""Which cycle of a sine sweep, where in it, and does it repeat itself?"""

from __future__ import annotations

import numpy as np


def phase_bins(time_ps: np.ndarray, period_ps: float, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Cycle number and phase bin (n,) of each time; times of an unfinished last cycle are kept in it."""
    turns = np.asarray(time_ps) / period_ps + 1e-9
    return turns.astype(int), (turns % 1 * bins).astype(int)


def settled(time_ps: np.ndarray, period_ps: float) -> np.ndarray:
    """Which times (n,) of a sweep, rising from its start, lie in cycles that repeat themselves.

    The first starts with an uncharged sheet, which no later one does. It is left out where there is another.
    """
    turns = np.asarray(time_ps) / period_ps + 1e-9
    return turns >= min(1, round(turns[-1]) - 1)
