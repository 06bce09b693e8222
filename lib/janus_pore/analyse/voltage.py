"""The voltage across the box."""

from __future__ import annotations

import xarray as xr


def voltage_v(data: xr.Dataset) -> float:
    """V = E Lx in V of data at a constant field, to 1e-6 V: the same number wherever the voltage is the same."""
    return round(float(data.field[0]) * float(data.attrs["length_x_nm"]), 6)
