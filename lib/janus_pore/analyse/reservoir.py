"""Is the electrolyte what it should be? Density, concentration and temperature of an equilibrated cell."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..build.membrane import LATTICE_NM, ROW_NM
from ..parameters import System
from ..units import G_CM3_PER_U_NM3, NM3_PER_CM3_MOL, PER_NM3_PER_MOL_L, WATER_MASS_U

#: Farther than this from the Mo plane the density no longer feels the sheet (checked by eye in the profile).
FROM_NM = 1.0


def reservoir(profile: xr.Dataset, config: System) -> dict[str, float]:
    """Water and salt in the reservoirs, |x - x_Mo| > 1 nm.

    Returns
    -------
    dict with `water_g_cm3`, `salt_mol_l` (mean of K and Cl), `between_ions_g_cm3` = rho_w / (1 - c v_KCl), the
    density to compare with that of pure water, and `excluded_thickness_nm`, the t that would have made it so.
    """
    far = np.abs(profile.x.values) > FROM_NM
    density = profile.density.isel(x=far).mean("x")
    water = float(density.sel(species="OW"))
    salt = 0.5 * float(density.sel(species="K") + density.sel(species="CL"))
    salt_volume = config.salt_molar_volume_cm3_mol * NM3_PER_CM3_MOL
    between = water / (1 - salt * salt_volume)
    area = config.cells_y * LATTICE_NM * config.cells_z * ROW_NM
    pore = np.pi * max(profile.attrs["free_diameter_nm"], 0.0) ** 2 / 4
    volume = profile.attrs["waters"] / between + profile.attrs["pairs"] * salt_volume
    return {
        "water_g_cm3": water * WATER_MASS_U * G_CM3_PER_U_NM3,
        "salt_mol_l": salt / PER_NM3_PER_MOL_L,
        "between_ions_g_cm3": between * WATER_MASS_U * G_CM3_PER_U_NM3,
        "excluded_thickness_nm": (area * config.length_x_nm - volume) / (area - pore),
    }


def temperature(profile: xr.Dataset, target_k: float) -> dict[str, float]:
    """Mean and spread of the temperature after `discard_ps`, and the canonical spread sqrt(2 / N_dof) T."""
    late = profile.temperature.values[profile.late.values.astype(bool)]
    return {
        "mean_k": float(late.mean()),
        "spread_k": float(late.std(ddof=1)),
        "canonical_spread_k": float(np.sqrt(2 / profile.attrs["degrees_of_freedom"]) * target_k),
        "samples": len(late),
    }
