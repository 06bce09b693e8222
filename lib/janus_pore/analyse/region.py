"""What another pore region would give: width, order and number of waters against its radius and half depth."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..errors import AnalysisError
from ..parameters import Analysis
from ..reduce.region import DEPTH_FACTOR, RADIUS_FACTOR
from . import orientation

_ESTIMATES = ("sigma", "mean_cos")


def sensitivity(
    data: xr.Dataset,
    settings: Analysis,
    *,
    radii_nm: np.ndarray,
    half_depths_nm: np.ndarray,
    field_v_nm: float | None = None,
    half_width_v_nm: float = np.inf,
    branch: str = "both",
) -> xr.Dataset:
    """sigma_theta (circular), <cos theta> and waters in cylinders about the pore's axis.

    Parameters
    ----------
    data : collected data; the waters of the wider region, kept of every `every_frames`-th frame, are used
    radii_nm, half_depths_nm : of the cylinders, arrays (r,) and (d,), within the wider region
    field_v_nm, half_width_v_nm, branch : which samples, as `Samples.select`; None takes all fields

    Returns
    -------
    Dataset (radius, half_depth): `sigma` (degrees) and `mean_cos` with `_low` and `_high`, `waters` (mean number in
    the cylinder) and `samples`; NaN where a cylinder was empty

    Raises
    ------
    AnalysisError
        if a cylinder is larger than the region that was kept.
    """
    limits = (RADIUS_FACTOR * data.attrs["pore_radius_nm"], DEPTH_FACTOR * data.attrs["pore_half_depth_nm"])
    if max(radii_nm) > limits[0] + 1e-6 or max(half_depths_nm) > limits[1] + 1e-6:
        raise AnalysisError(
            f"waters were kept to a radius of {limits[0]:g} and a half depth of {limits[1]:g} nm only: ask for less, "
            "or raise analysis.pore_radius_nm or pore_half_depth_nm and reduce again"
        )
    samples, radius, depth, frames = _all(data, settings)
    window = (0.0 if field_v_nm is None else field_v_nm, np.inf if field_v_nm is None else half_width_v_nm, branch)
    number = len(frames.select(*window).theta) * data.sizes["replica"]
    names = [f"{name}{end}" for name in _ESTIMATES for end in ("", "_low", "_high")] + ["waters", "samples"]
    table = np.full((len(names), len(radii_nm), len(half_depths_nm)), np.nan)
    for i, largest in enumerate(radii_nm):
        for j, deepest in enumerate(half_depths_nm):
            inside = (radius <= largest + 1e-6) & (depth <= deepest + 1e-6)
            chosen = samples.where(inside).select(*window)
            table[-2:, i, j] = len(chosen.theta) / number if number else np.nan, len(chosen.theta)
            if len(chosen.theta):
                found = (orientation.width(chosen, settings, "circular"), orientation.mean_cos(chosen, settings))
                table[:-2, i, j] = [x for one in found for x in (one.value, one.low, one.high)]
    coords = {
        "radius": ("radius", np.asarray(radii_nm), {"units": "nm"}),
        "half_depth": ("half_depth", np.asarray(half_depths_nm), {"units": "nm"}),
    }
    return xr.Dataset({name: (("radius", "half_depth"), table[k]) for k, name in enumerate(names)}, coords=coords)


def _all(
    data: xr.Dataset, settings: Analysis
) -> tuple[orientation.Samples, np.ndarray, np.ndarray, orientation.Samples]:
    """All kept samples, their radius and |depth| (n,), and one sample for each frame that was looked at."""
    if data.wide_theta.attrs.get("units") != "rad":
        raise AnalysisError(f"wide_theta is in {data.wide_theta.attrs.get('units')!r}, expected 'rad'")
    frame, replica = data.wide_frame.values, data.wide_replica.values
    theta = orientation.fold_angles(data.wide_theta.values.astype(float), data.field.values[frame])
    samples, kept = orientation.grouped(data, theta, frame, replica, settings)
    looked = np.arange(0, data.sizes["time"], int(data.attrs["every_frames"]))
    frames, _ = orientation.grouped(data, np.zeros(len(looked)), looked, np.zeros(len(looked), dtype=int), settings)
    return samples, data.wide_radius.values[kept], np.abs(data.wide_depth.values[kept]), frames
