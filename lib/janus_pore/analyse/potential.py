r"""The potential across the cell, from the mean charge density: where does V = E Lx drop?

Averaged over y and z, Poisson's equation is -phi'' = rho / epsilon_0. Particle-mesh Ewald with a conducting boundary
gives the periodic solution, whose field averages to zero over the box; the applied field adds -E x:

    V(x) = -E x + phi(x),    phi(x) = -int int rho / epsilon_0,    V(Lx/2) - V(-Lx/2) = -E Lx

All charges are in rho, water's too: no dielectric constant is put in by hand.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import xarray as xr

from ..build.forcefield import MOBILE_CHARGES
from ..errors import AnalysisError
from ..parameters import Analysis
from ..units import EPSILON_0_E_V_NM
from . import current
from .stats import Estimate, interval, of_mean, resampled_means
from .voltage import voltage_v

#: The sheet with its layers of water and ions ends here (nm from the Mo plane); beyond are the reservoirs.
SHEET_NM = 1.0


def mobile_charge(data: xr.Dataset, kinds: Collection[str] | None = None) -> xr.DataArray:
    """Mean charge (replica, profile, x) in e of the mobile atoms in each bin along x, or of some kinds of them.

    NaN where no frame was counted.

    Raises
    ------
    AnalysisError
        if the data have no counts along x.
    """
    if "number" not in data:
        raise AnalysisError("these data have no counts along x: reduce them again (make book, or janus-pore reduce)")
    number = data.number if kinds is None else data.number.sel(kind=list(kinds))
    charge = xr.DataArray([MOBILE_CHARGES[str(kind)] for kind in number.kind.values], dims="kind")
    frames = data.profile_frames.where(data.profile_frames > 0)
    return ((number * charge).sum("kind") / frames).transpose("replica", "profile", "x")


def charge_density(data: xr.Dataset) -> xr.DataArray:
    """Mean charge density (replica, profile, x) in e/nm^3 of each part of the protocol; NaN where no frame was counted.

    Raises
    ------
    AnalysisError
        as `mobile_charge`.
    """
    density = (mobile_charge(data) + data.sheet_charge) / (data.attrs["area_nm2"] * _width(data))
    return density.transpose("replica", "profile", "x").assign_attrs(units="e nm-3")


def potential(density_e_nm3: np.ndarray, field_v_nm: np.ndarray | float, length_nm: float) -> np.ndarray:
    """Potential (..., x + 1) in V at the edges of the bins, 0 at the left end of the box.

    Parameters
    ----------
    density_e_nm3 : (..., x), charge density in equal bins over the whole periodic box
    field_v_nm : (...), the applied field
    length_nm : of the box

    Raises
    ------
    AnalysisError
        if the box is not neutral.
    """
    density = np.asarray(density_e_nm3, dtype=float)
    step = length_nm / density.shape[-1]
    if np.nanmax(np.abs(density.sum(axis=-1)) * step, initial=0) > 1e-3:
        raise AnalysisError("the charge density does not add up to zero: the counts do not belong to this topology")
    field = _integral(density, step) / EPSILON_0_E_V_NM
    field -= _mean(field)[..., None]
    field += np.asarray(field_v_nm, dtype=float)[..., None]
    return -_integral(0.5 * (field[..., 1:] + field[..., :-1]), step)


def profile(data: xr.Dataset, settings: Analysis, part: int = 0) -> xr.Dataset:
    """Potential against x in one part of the protocol: `potential`, `low`, `high` (edge) in V, bootstrap over replicas.

    `x` at the edges is the distance from the Mo plane in nm.
    """
    length, field = float(data.attrs["length_x_nm"]), float(data.profile_field[part])
    across = potential(charge_density(data).isel(profile=part).values, field, length)
    value = across.mean(axis=0)
    low = high = np.full_like(value, np.nan)
    if len(across) > 1:
        drawn = resampled_means(across, None, draws=settings.bootstrap_draws)
        low, high = interval(drawn, len(across), settings.confidence)
    return xr.Dataset(
        {"potential": ("edge", value, {"units": "V"}), "low": ("edge", low), "high": ("edge", high)},
        coords={"x": ("edge", np.linspace(-length / 2, length / 2, len(value)), {"units": "nm"})},
        attrs={"field_v_nm": field, "n": len(across)},
    )


def across_sheet(data: xr.Dataset, sheet_nm: float = SHEET_NM) -> np.ndarray:
    """Voltage across |x| <= sheet_nm in V, in each part of the protocol (replica, profile).

    Raises
    ------
    AnalysisError
        if the box has no reservoir outside `sheet_nm`.
    """
    length = float(data.attrs["length_x_nm"])
    if not 2 * sheet_nm < length:
        raise AnalysisError(f"a box of {length:g} nm has no reservoir beyond {sheet_nm:g} nm: pass a smaller sheet_nm")
    along = potential(charge_density(data).values, data.profile_field.values, length)
    edge = np.linspace(-length / 2, length / 2, along.shape[-1])
    return np.apply_along_axis(lambda one: np.subtract(*np.interp([-sheet_nm, sheet_nm], edge, one)), -1, along)


def drops(data: xr.Dataset, settings: Analysis, part: int = 0, sheet_nm: float = SHEET_NM) -> dict[str, Estimate]:
    """Where the voltage drops: bootstrap over replicas.

    Returns
    -------
    dict with `pore` (V, across |x| <= sheet_nm: the pore's own voltage), `reservoir` (V, across the rest; together they
    are E Lx) and `fraction` (of E Lx across the sheet; NaN without a field)

    Raises
    ------
    AnalysisError
        if the box has no reservoir outside `sheet_nm`.
    """
    pore = across_sheet(data, sheet_nm)[:, part]
    total = float(data.profile_field[part]) * float(data.attrs["length_x_nm"])
    whole = {"pore": pore, "reservoir": total - pore, "fraction": pore / total if total else np.full_like(pore, np.nan)}
    how = {"draws": settings.bootstrap_draws, "confidence": settings.confidence}
    return {name: of_mean(values, lambda m: m, **how) for name, values in whole.items()}


def against_voltage(datasets: Mapping[str, xr.Dataset], settings: Analysis) -> xr.Dataset:
    """Steady currents beside the voltage across the sheet, from runs at constant fields, in order of the field.

    Returns
    -------
    Dataset (bin): `voltage` = E Lx, `pore` and `fraction` with `_low`, `_high`, and for both estimators `box` and
    `crossings`: total current (nA) with `_low`, `_high`; coordinate `field` (V/nm)
    """
    ordered = sorted(datasets.values(), key=lambda data: float(data.field[0]))
    found = [drops(data, settings) for data in ordered]
    columns = {"voltage": [voltage_v(data) for data in ordered]}
    for name in ("pore", "fraction"):
        for end, key in (("", "value"), ("_low", "low"), ("_high", "high")):
            columns[f"{name}{end}"] = [getattr(one[name], key) for one in found]
    for name, estimator in (("box", "box"), ("crossings", "pore")):
        steady = current.ladder(datasets, settings, estimator).sel(species="total")
        columns |= {name: steady.current.values, f"{name}_low": steady.low.values, f"{name}_high": steady.high.values}
    coords = {"field": ("bin", [float(data.field[0]) for data in ordered], {"units": "V/nm"})}
    return xr.Dataset({name: ("bin", np.asarray(values)) for name, values in columns.items()}, coords=coords)


def _width(data: xr.Dataset) -> float:
    return float(data.attrs["length_x_nm"]) / data.sizes["x"]


def _integral(values: np.ndarray, step: float) -> np.ndarray:
    """Running integral (..., x + 1) of values constant in each bin, from 0."""
    total = np.cumsum(values, axis=-1) * step
    return np.concatenate([np.zeros_like(total[..., :1]), total], axis=-1)


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean of a function that is linear between its values at the edges."""
    return 0.5 * (values[..., 1:] + values[..., :-1]).mean(axis=-1)
