"""The waters in and about the pore: what another region would give, and where along the axis they are ordered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from ..errors import AnalysisError
from ..parameters import Analysis
from ..reduce.region import DEPTH_FACTOR, RADIUS_FACTOR
from . import fold, orientation

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
            inside = (radius <= largest + 1e-6) & (np.abs(depth) <= deepest + 1e-6)
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


def along(data: xr.Dataset, settings: Analysis, edges_nm: np.ndarray) -> xr.Dataset:
    """<cos theta> and the share of waters that point against the field, in slices of the pore.

    The mean over the whole pore may hide that its halves differ; and a Gaussian fitted to P(theta) describes its peak,
    not the waters that point the other way.

    Parameters
    ----------
    data : collected data at one field; its waters within the configured radius count
    edges_nm : of the slices along x from the Mo plane (S above, Se below), array (slice + 1,), rising

    Returns
    -------
    Dataset (x, the slices' middles in nm): `mean_cos` and `against` with `_low` and `_high`, `samples`; NaN where a
    slice was empty

    Raises
    ------
    AnalysisError
        if the slices reach beyond the region that was kept.
    """
    limit = DEPTH_FACTOR * data.attrs["pore_half_depth_nm"]
    if np.abs(edges_nm).max() > limit + 1e-6:
        raise AnalysisError(f"waters were kept to {limit:g} nm from the Mo plane only: ask for less")
    samples, radius, depth, _ = _all(data, settings)
    names = [f"{name}{end}" for name in ("mean_cos", "against") for end in ("", "_low", "_high")] + ["samples"]
    table = np.full((len(names), len(edges_nm) - 1), np.nan)
    for k, (low, high) in enumerate(zip(edges_nm, edges_nm[1:], strict=False)):
        chosen = samples.where((radius <= data.attrs["pore_radius_nm"]) & (depth >= low) & (depth < high))
        table[-1, k] = len(chosen.theta)
        if len(chosen.theta):
            # an angle whose cosine is 1 where a water points against the field, else 0: its mean is the share
            turned = np.where(np.cos(chosen.theta) < 0, 0.0, 0.5 * np.pi)
            found = [orientation.mean_cos(one, settings) for one in (chosen, replace(chosen, theta=turned))]
            table[:-1, k] = [x for one in found for x in (one.value, one.low, one.high)]
            table[3:6, k] = np.clip(table[3:6, k], 0.0, 1.0)
    middles = 0.5 * (np.asarray(edges_nm)[1:] + np.asarray(edges_nm)[:-1])
    return xr.Dataset({name: ("x", table[k]) for k, name in enumerate(names)}, coords={"x": middles})


def _all(
    data: xr.Dataset, settings: Analysis
) -> tuple[orientation.Samples, np.ndarray, np.ndarray, orientation.Samples]:
    """All kept samples, their radius and depth (n,), and one sample for each frame that was looked at."""
    if data.wide_theta.attrs.get("units") != "rad":
        raise AnalysisError(f"wide_theta is in {data.wide_theta.attrs.get('units')!r}, expected 'rad'")
    frame, replica = data.wide_frame.values, data.wide_replica.values
    theta = fold.fold_angles(data.wide_theta.values.astype(float), fold.sense(data.field.values)[frame])
    samples, kept = orientation.grouped(data, theta, frame, replica, settings)
    looked = np.arange(0, data.sizes["time"], int(data.attrs["every_frames"]))
    frames, _ = orientation.grouped(data, np.zeros(len(looked)), looked, np.zeros(len(looked), dtype=int), settings)
    return samples, data.wide_radius.values[kept], data.wide_depth.values[kept], frames
