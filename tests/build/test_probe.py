"""The sheet's own potential: against a Fourier series in the plane, a pair by hand, and symmetry."""

import numpy as np
import pytest
import xarray as xr
from janus_pore.build import forcefield, membrane, probe
from janus_pore.errors import MembraneError
from janus_pore.units import EPSILON_0_E_V_NM, KJ_MOL_NM_PER_E2

TYPES = forcefield.atom_types("charmm", "liang")


def charged(name, counts="6/6/6", cells=(8, 5)):
    sheet = membrane.cut(membrane.pristine(name, *cells), counts, "hollow")
    return sheet, forcefield.compensated(sheet.names, name, "refuse")


def series(sheet, charges, points, most=14):
    """Potential (e/nm) of one layer of neutral charges in the plane, by waves in the plane that die away from it.

    phi = 2 pi / A sum_G sum_a q_a exp(i G (r - r_a)) exp(-G |x - x_a|) / G,   and the dipole's step for G = 0
    """
    ly, lz = sheet.box_nm
    n = np.stack(np.meshgrid(np.arange(-most, most + 1), np.arange(-most, most + 1), indexing="ij"), -1).reshape(-1, 2)
    g = 2 * np.pi * n[np.any(n != 0, axis=1)] / [ly, lz]
    size = np.linalg.norm(g, axis=1)
    found = []
    for point in points:
        d = point - sheet.positions_nm
        waves = np.cos(d[:, 1:] @ g.T) * np.exp(-np.abs(d[:, :1]) * size) / size
        found.append(2 * np.pi / (ly * lz) * (charges @ waves.sum(axis=1) - charges @ np.abs(d[:, 0])))
    return np.array(found)


@pytest.mark.parametrize("name", ["mosse", "mos2"])
def test_the_potential_of_a_sheet_by_a_series(name):
    """In a box of finite length the mean field is zero: a field P/(eps_0 L) makes up for the dipole's step."""
    sheet, charges = charged(name)
    charges, length = np.array(charges), 9.0
    rng = np.random.default_rng(1)
    points = np.column_stack([rng.choice([-1, 1], 12) * rng.uniform(0.5, 1.2, 12), rng.uniform(0, 2.5, (12, 2))])
    found, _ = probe.energy(sheet, charges, TYPES, "K", points, length)
    dipole = charges @ sheet.positions_nm[:, 0]
    asked = series(sheet, charges, points) - 4 * np.pi * dipole / sheet.box_nm.prod() * points[:, 0] / length
    asked *= KJ_MOL_NM_PER_E2
    assert found - found[0] == pytest.approx(asked - asked[0], abs=0.01)
    assert np.ptp(asked) > 10


@pytest.mark.parametrize(("name", "sign"), [("mosse", 1), ("mosse_even", -1), ("mosse_wide", 1), ("mos2", 0)])
def test_the_sheets_own_field(name, sign):
    """Above a sheet without a pore: the step of its dipole, less what the box's field gives back on the way."""
    sheet, length = membrane.pristine(name, 8, 5), 9.0
    charges = forcefield.compensated(sheet.names, name, "refuse")
    profile = {ion: probe.on_axis(sheet, charges, TYPES, ion, length) for ion in ("K", "CL")}
    found = probe.built_in_v(profile["CL"], "CL")
    dipole = np.array(charges) @ sheet.positions_nm[:, 0]
    asked = -dipole / sheet.box_nm.prod() / EPSILON_0_E_V_NM
    assert found == pytest.approx(asked, abs=1e-3)
    assert found == pytest.approx(probe.built_in_v(profile["K"], "K"), abs=1e-9)
    assert np.sign(round(found, 6)) == sign
    short = probe.on_axis(sheet, charges, TYPES, "CL", 5.0)
    assert probe.built_in_v(short, "CL") == pytest.approx(found, abs=1e-3)  # once broke: the box was in it


def test_ions_of_opposite_charge():
    sheet, charges = charged("mosse")
    points = np.array([[0.0, *sheet.centre_nm], [0.5, 0.3, 0.4]])
    potassium, chloride = (probe.energy(sheet, charges, TYPES, ion, points, 5.0)[0] for ion in ("K", "CL"))
    assert potassium == pytest.approx(-chloride) and chloride[0] < -100


def test_one_pair_by_hand():
    """A sheet with all atoms but one out of reach: Lorentz-Berthelot, shifted to zero at the cutoff."""
    sheet = membrane.pristine("mosse", 8, 5)
    sheet = membrane.Sheet(("S",), np.array([[0.0, 1.0, 1.0]]), sheet.box_nm, sheet.centre_nm, {})
    sigma, depth = 0.5 * (0.313 + 0.4830453), np.sqrt(1.929707 * 0.0534924)
    edge = 4 * depth * ((sigma / 0.9) ** 12 - (sigma / 0.9) ** 6)
    for x, energy in ((2 ** (1 / 6) * sigma, -depth - edge), (sigma, -edge), (0.9001, 0.0)):
        found = probe.energy(sheet, [0.0], TYPES, "CL", np.array([[x, 1.0, 1.0]]), 5.0, cutoff_nm=0.9)
        assert found[1] == pytest.approx([energy], abs=1e-9) and found[0] == pytest.approx([0.0], abs=1e-9)


def test_a_symmetric_sheet_has_a_symmetric_profile():
    sheet, charges = charged("mos2")
    profile = probe.on_axis(sheet, charges, TYPES, "CL", 10.0)
    for name, sign in (("electrostatic", 1), ("vdw", 1), ("electrostatic_force", -1), ("vdw_force", -1)):
        assert profile[name].values == pytest.approx(sign * profile[name].values[::-1], abs=1e-6), name
    assert profile.electrostatic[-1] == 0 and float(profile.x[0]) == -float(profile.x[-1]) == -0.8


def test_steps_and_places():
    """On a parabola with a known second energy: a step's change is a straight line, and its place a solved equation."""
    x = np.linspace(-1, 1, 201)
    profile = xr.Dataset({"electrostatic": ("x", 50 * x**2), "vdw": ("x", 3 * x)}, coords={"x": x})
    change = probe.over(profile, -0.1)
    assert np.isnan(change.electrostatic[:10]).all() and not np.isnan(change.electrostatic[10:]).any()
    assert change.sel(x=0.5, method="nearest").electrostatic == pytest.approx(50 * (0.4**2 - 0.5**2))
    ((place, vdw),) = probe.places(change, -4.2)
    assert place == pytest.approx(0.05 + 4.2 / 10) and vdw == pytest.approx(-0.3)
    assert probe.places(change, -100.0) == []


def test_wide_pores_attract_on_their_axis_and_the_narrow_one_closes():
    """What the page on the sheet says of Cl- and the four cuts."""
    top = {}
    for cut, centre in membrane.READINGS.items():
        sheet = membrane.cut(membrane.pristine("mosse", 8, 5), cut, centre)
        top[cut] = float(probe.on_axis(sheet, np.zeros(len(sheet.names)), TYPES, "CL", 5.0).vdw.max())
    assert top.pop("3/3/3") > 10 and max(top.values()) < 0


def test_refusals():
    sheet, charges = charged("mosse")
    point = np.array([[0.0, 1.0, 1.0]])
    with pytest.raises(MembraneError, match="net charge of \\+1.00 e"):
        probe.energy(sheet, [charges[0] + 1.0, *charges[1:]], TYPES, "CL", point, 5.0)
    with pytest.raises(MembraneError, match="take more cells"):
        probe.energy(sheet, charges, TYPES, "CL", point, 1.5)
