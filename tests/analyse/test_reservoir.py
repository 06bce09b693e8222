"""A cell with a known density gives it back, and the thickness that the sheet takes."""

import numpy as np
import pytest
import xarray as xr
from janus_pore import config
from janus_pore.analyse import reservoir
from janus_pore.build.system import fill_counts
from janus_pore.paths import repository
from janus_pore.units import NM3_PER_CM3_MOL, PER_NM3_PER_MOL_L, water_per_nm3


@pytest.fixture
def system():
    return config.load(repository() / "config" / "course.yml").systems["mosse"]


def profile(system, water, salt, free_nm=0.57):
    x = np.linspace(-4.95, 4.95, 100)
    rows = np.stack([np.full(100, water), np.full(100, salt), np.full(100, salt)])
    counts = fill_counts(system, free_nm)
    return xr.Dataset(
        {"density": (("species", "x"), rows)},
        coords={"x": x, "species": ["OW", "K", "CL"]},
        attrs={"waters": counts["SOL"], "pairs": counts["K"], "free_diameter_nm": free_nm},
    )


def test_a_cell_that_came_out_as_filled_gives_back_density_salt_and_thickness(system):
    salt = 1.0 * PER_NM3_PER_MOL_L
    water = water_per_nm3(0.998) * (1 - salt * system.salt_molar_volume_cm3_mol * NM3_PER_CM3_MOL)
    found = reservoir.reservoir(profile(system, water, salt), system)
    assert found["between_ions_g_cm3"] == pytest.approx(0.998, rel=1e-6)
    assert found["salt_mol_l"] == pytest.approx(1.0, rel=1e-6)
    assert found["excluded_thickness_nm"] == pytest.approx(system.excluded_thickness_nm, abs=2e-3)


def test_a_denser_reservoir_means_that_the_sheet_takes_more(system):
    dense = reservoir.reservoir(profile(system, 34.0, 0.6), system)
    thin = reservoir.reservoir(profile(system, 32.0, 0.6), system)
    assert dense["excluded_thickness_nm"] > thin["excluded_thickness_nm"]


def test_temperature_uses_only_the_late_part():
    kelvin = np.concatenate([np.full(50, 900.0), np.random.default_rng(0).normal(300, 5, 4000)])
    data = xr.Dataset(
        {"temperature": ("energy_time", kelvin), "late": ("energy_time", np.arange(4050) >= 50)},
        attrs={"degrees_of_freedom": 7200},
    )
    found = reservoir.temperature(data, 300.0)
    assert found["mean_k"] == pytest.approx(300, abs=0.5) and found["spread_k"] == pytest.approx(5, rel=0.1)
    assert found["canonical_spread_k"] == pytest.approx(5.0)
