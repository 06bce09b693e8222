import numpy as np
import pytest
from janus_pore import units


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (units.NA_PER_E_PER_PS, 160.2177),  # 1 e/ps in nA
        (units.KJ_MOL_NM_PER_E_V_NM, 96.485332),  # GROMACS' own field test has 96.4853363: constants of 1998
        (units.KJ_MOL_NM_PER_E2, 138.935458),  # GROMACS' electric conversion factor
        (units.angular_frequency_rad_ps(0.2), 0.00125663706),  # 200 MHz in rad/ps
        (units.PER_NM3_PER_MOL_L, 0.602214),
        (units.WATER_MASS_U, 18.0154),
        (units.water_per_nm3(0.998), 33.36),
        (1 / units.NM3_PER_CM3_MOL, 602.214),
    ],
)
def test_against_published_numbers(value, expected):
    assert value == pytest.approx(expected, rel=1e-4 if expected == 33.36 else 2e-6)


def test_a_litre_of_salt_and_a_gram_of_water_close():
    """55.4 mol/l of water at 0.998 g/cm3, from two independent routes."""
    mol_l = units.water_per_nm3(0.998) / units.PER_NM3_PER_MOL_L
    assert mol_l == pytest.approx(998 / units.WATER_MASS_U, rel=1e-6)
    assert 1000 / mol_l * units.NM3_PER_CM3_MOL == pytest.approx(1 / units.water_per_nm3(0.998), rel=1e-6)


@pytest.mark.parametrize(
    ("value", "unit", "whole"),
    [(0.3, 0.1, True), (5000.0, 0.001, True), (0.0015, 0.001, False), (0.0, 0.1, False), (0.04, 0.1, False)],
)
def test_is_multiple(value, unit, whole):
    assert units.is_multiple(value, unit) is whole


def test_a_sine_rises_in_its_first_and_third_quarter():
    """Either way from zero; zero begins a branch, and a top the other, whatever rounding leaves."""
    for period in (1000.0, 3.0, 0.7):
        turns = np.array([0.0, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 1.0, 7.5])
        assert units.is_forward(turns * period, period).tolist() == [1, 1, 0, 0, 1, 1, 0, 0, 1, 1]
