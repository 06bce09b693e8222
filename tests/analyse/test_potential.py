"""The potential of charges whose potential is known: planes, slabs, a dielectric, and a cell of counted ions."""

import numpy as np
import pytest
import xarray as xr
from janus_pore.analyse import potential
from janus_pore.errors import AnalysisError
from janus_pore.parameters import Analysis
from janus_pore.reduce import density
from janus_pore.testsystems import ChargedCell
from janus_pore.units import EPSILON_0_E_V_NM

LENGTH, BINS = 10.0, 200
EDGES = np.linspace(-LENGTH / 2, LENGTH / 2, BINS + 1)
MIDDLES = 0.5 * (EDGES[1:] + EDGES[:-1])


@pytest.fixture
def settings():
    return Analysis(
        pore_radius_nm=0.4, pore_half_depth_nm=0.25, current_window_ps=10.0, phase_bins=40, angle_bins=72,
        bootstrap_draws=300, confidence=0.95, discard_ps=0.0,
    )  # fmt: skip


def planes(*charges):
    """Density (x,) of planes (bin, e/nm^2)."""
    found = np.zeros(BINS)
    for place, charge in charges:
        found[place] += charge * BINS / LENGTH
    return found


@pytest.mark.parametrize("field", [0.0, 0.3, -1.2])
def test_without_charges_the_applied_field_is_all(field):
    found = potential.potential(np.zeros(BINS), field, LENGTH)
    assert found == pytest.approx(-field * (EDGES - EDGES[0]))


@pytest.mark.parametrize("apart", [10, 60, 150])
def test_a_capacitor_of_two_planes_in_a_periodic_box(apart):
    """+s at one bin, -s `apart` bins later: between them s/e0 (1 - d/L), outside -s/e0 d/L; the box has no voltage."""
    surface, left = 0.2, 20
    found = potential.potential(planes((left, surface), (left + apart, -surface)), 0.0, LENGTH)
    d = apart * LENGTH / BINS
    field = -np.diff(found) * BINS / LENGTH
    inside, outside = slice(left + 1, left + apart), [*range(left), *range(left + apart + 1, BINS)]
    assert field[inside] == pytest.approx(surface / EPSILON_0_E_V_NM * (1 - d / LENGTH))
    assert field[outside] == pytest.approx(-surface / EPSILON_0_E_V_NM * d / LENGTH)
    assert found[-1] == pytest.approx(found[0], abs=1e-9)


def test_the_whole_box_always_drops_e_times_l():
    rng = np.random.default_rng(1)
    charge = rng.normal(0, 1, (3, 4, BINS))
    charge -= charge.mean(axis=-1, keepdims=True)
    field = rng.normal(0, 1, (3, 4))
    found = potential.potential(charge, field, LENGTH)
    assert found.shape == (3, 4, BINS + 1)
    assert found[..., 0] - found[..., -1] == pytest.approx(field * LENGTH)


def test_gaussian_slabs_have_the_error_function_between_them():
    """Two wide layers of opposite charge: the field between is that of planes where their tails have ended."""
    surface, centre, sigma = 0.1, 1.5, 0.15
    shape = np.exp(-0.5 * ((MIDDLES[:, None] - [-centre, centre]) / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
    found = potential.potential(surface * (shape[:, 0] - shape[:, 1]), 0.0, LENGTH)
    middle = abs(EDGES) < 0.5
    slope = np.polyfit(EDGES[middle], found[middle], 1)[0]
    assert -slope == pytest.approx(surface / EPSILON_0_E_V_NM * (1 - 2 * centre / LENGTH), rel=1e-6)


def test_a_dielectric_slab_takes_its_share_of_the_field():
    """+-P on its faces, P = e0 (er - 1) E_in. In the periodic box E_out = er E_in, and E L = E_in d + E_out (L - d)."""
    er, d, field = 5.0, 4.0, 0.5
    inside = field * LENGTH / (d + er * (LENGTH - d))
    surface = EPSILON_0_E_V_NM * (er - 1) * inside
    faces = (round((LENGTH - d) / 2 / LENGTH * BINS), round((LENGTH + d) / 2 / LENGTH * BINS) - 1)
    found = potential.potential(planes((faces[0], -surface), (faces[1], surface)), field, LENGTH)
    measured = -np.diff(found) * BINS / LENGTH
    assert measured[faces[0] + 1 : faces[1]] == pytest.approx(inside, rel=0.03)
    assert measured[: faces[0]] == pytest.approx(er * inside, rel=0.03)


def test_a_charged_box_is_refused():
    with pytest.raises(AnalysisError, match="does not add up to zero"):
        potential.potential(planes((3, 1.0)), 0.0, LENGTH)


class TestCell:
    """Once broke: nothing yet; the sheet's own dipole is tested in tests/reduce/test_density.py."""

    def test_density(self):
        data = ChargedCell(spread=0.0).sample(0)
        found = potential.charge_density(data)
        assert found.dims == ("replica", "profile", "x") and found.attrs["units"] == "e nm-3"
        assert found.values[0, 0].sum() == pytest.approx(0)
        k, cl = ChargedCell().layers()
        bin_nm = 10 / 200
        assert found.values[0, 0, [k, cl]] == pytest.approx(np.array([1.5, -1.5]) / (7.3 * bin_nm))

    @pytest.mark.parametrize("field", [0.4, -0.4])
    @pytest.mark.parametrize("sheet_nm", [0.8, 1.0, 2.0])
    def test_where_the_voltage_drops(self, settings, field, sheet_nm):
        cell = ChargedCell(field_v_nm=field, spread=0.0)
        found = potential.drops(cell.sample(0), settings, sheet_nm=sheet_nm)
        assert found["pore"].value == pytest.approx(cell.analytical_pore_voltage(sheet_nm))
        assert found["pore"].value + found["reservoir"].value == pytest.approx(10 * field)
        assert found["fraction"].value == pytest.approx(found["pore"].value / (10 * field))

    def test_its_interval_covers_the_truth(self, settings):
        cell = ChargedCell(replicas=12)
        truth, hits = cell.analytical_pore_voltage(1.0), 0
        for seed in range(60):
            one = potential.drops(cell.sample(seed), settings)["pore"]
            hits += one.low <= truth <= one.high
        assert 0.86 <= hits / 60 <= 1.0  # 95 % asked; a bootstrap of 12 gives about 92

    def test_profile(self, settings):
        cell = ChargedCell()
        found = potential.profile(cell.sample(3), settings)
        assert found.sizes["edge"] == 201 and found.attrs["n"] == 6
        assert found.potential.values[0] == 0 and found.potential.values[-1] == pytest.approx(-4.0)
        assert np.all(found.low <= found.potential) and np.all(found.potential <= found.high)

    def test_ladder(self, settings):
        runs = {str(field): ChargedCell(field_v_nm=field).sample(1) for field in (0.6, 0.2)}
        found = potential.against_voltage(runs, settings.model_copy(update={"current_window_ps": 1.0}))
        assert found.field.values.tolist() == [0.2, 0.6] and found.voltage.values == pytest.approx([2, 6])
        assert np.all(found.pore_low <= found.pore) and np.all(found.box == 0) and np.all(found.crossings == 0)

    def test_refusals(self, settings):
        data = ChargedCell().sample(0)
        with pytest.raises(AnalysisError, match="pass a smaller sheet_nm"):
            potential.drops(data, settings, sheet_nm=5.0)
        with pytest.raises(AnalysisError, match="reduce them again"):
            potential.drops(data.drop_vars("number"), settings)
        off = data.assign(sheet_charge=data.sheet_charge + 1)
        with pytest.raises(AnalysisError, match="does not add up to zero"):
            potential.drops(off, settings)

    def test_a_part_without_frames_is_nan(self, settings):
        data = ChargedCell().sample(0)
        empty = data.assign(profile_frames=xr.zeros_like(data.profile_frames), number=xr.zeros_like(data.number))
        assert np.isnan(potential.drops(empty, settings)["pore"].value)
        assert len(density.KINDS) == data.sizes["kind"]
