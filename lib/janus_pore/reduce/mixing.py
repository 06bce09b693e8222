"""How fast ions mix along the box: how far they get along x in a time."""

from __future__ import annotations

import numpy as np
import xarray as xr

from .dipoles import BLOCKS, LONGEST_PS


def displacements(x_nm: np.ndarray, length_nm: float, interval_ps: float) -> xr.DataArray:
    """Mean square displacement along x of ions in a periodic box, from origins in each block of a run.

    Parameters
    ----------
    x_nm : array (frame, ion), wrapped or not; between frames no ion moves by half the box

    Returns
    -------
    `ion_msd` (block, ion_lag) in nm^2, up to a quarter of the run and `dipoles.LONGEST_PS`
    """
    steps = np.diff(np.asarray(x_nm, dtype=float), axis=0)
    steps -= length_nm * np.round(steps / length_nm)
    path = np.concatenate([np.zeros((1, steps.shape[1])), np.cumsum(steps, axis=0)])
    lags = np.arange(min(len(path) // 4, round(LONGEST_PS / interval_ps)) + 1)
    edges = np.linspace(0, len(path) - lags[-1], BLOCKS + 1).astype(int)  # origins from which every lag is in the run
    found = np.array([
        [((path[start + lag : end + lag] - path[start:end]) ** 2).mean() if end > start else np.nan for lag in lags]
        for start, end in zip(edges, edges[1:], strict=False)
    ])  # fmt: skip
    return xr.DataArray(
        found, dims=("block", "ion_lag"), coords={"ion_lag": ("ion_lag", lags * interval_ps, {"units": "ps"})},
        attrs={"units": "nm2", "long_name": "mean square displacement of ions along x"},
    )  # fmt: skip
