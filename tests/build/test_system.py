"""The filled cell: counts by the stated formula, nothing on top of anything, the same again from the same seed."""

import json

import MDAnalysis as mda
import numpy as np
import pytest
from janus_pore.build import forcefield, record, system
from janus_pore.errors import CellError, MembraneError
from janus_pore.files import sha256
from janus_pore.simulate import prepare
from scipy.spatial import cKDTree


@pytest.fixture
def config(make_scale):
    return make_scale().systems["mosse"]


def altered(config, **changes):
    return config.model_copy(update=changes)


def split(cell):
    """Positions (nm) of sheet, waters (n, 3, 3) and ions."""
    n, waters = len(cell.sheet.names), cell.counts["SOL"]
    x = cell.positions_nm
    return x[:n], x[n : n + 3 * waters].reshape(-1, 3, 3), x[n + 3 * waters :]


def closest(a, b, box, same=False):
    """Smallest periodic distance between two sets of points."""
    tree = cKDTree(np.mod(b, box), boxsize=box)
    return tree.query(np.mod(a, box), k=2 if same else 1)[0].reshape(len(a), -1)[:, -1].min()


class TestCounts:
    def test_by_hand(self, config):
        """A 16 x 9 sheet, 10 nm, t = 0.65 nm, pore 0.573 nm: 246.5 nm3, 148 pairs, 7994 waters."""
        paper = altered(config, cells_y=16, cells_z=9, length_x_nm=10.0)
        volume = 5.2 * 9 * 0.325 * 3**0.5 * (10 - 0.65) + 0.65 * np.pi * 0.573**2 / 4
        counts = system.fill_counts(paper, 0.573)
        assert volume == pytest.approx(246.5, abs=0.1)
        assert counts["K"] == counts["CL"] == round(0.602214 * volume) == 148
        assert counts["SOL"] == pytest.approx(33.361 * (volume - 148 * 28.0 / 602.214), abs=1)

    def test_without_salt_it_is_the_density_of_water(self, config):
        counts = system.fill_counts(altered(config, salt_mol_l=0.0, excluded_thickness_nm=0.0), 0.5)
        assert (counts["K"], counts["CL"]) == (0, 0)
        volume = 1.95 * 4 * 0.325 * 3**0.5 * 3.0
        assert counts["SOL"] * 18.0154 * 1.66053907e-3 / volume == pytest.approx(0.998, abs=0.002)

    def test_a_closed_pore_holds_nothing(self, config):
        assert system.fill_counts(config, -0.3) == system.fill_counts(config, 0.0)


@pytest.fixture(scope="module", params=["mosse", "mos2"])
def cell(request, make_scale):
    return system.fill(make_scale(system__membrane=request.param, system__salt_mol_l=1.5).systems["mosse"])


class TestFill:
    def test_every_atom_is_in_place_and_in_the_box(self, cell):
        sheet, waters, ions = split(cell)
        assert len(ions) == cell.counts["K"] + cell.counts["CL"] > 0
        assert cell.positions_nm.shape == (len(sheet) + 3 * len(waters) + len(ions), 3)
        for points in (waters[:, 0], ions):
            assert (points >= 0).all()
            assert (points <= cell.box_nm).all()

    def test_neutral(self, cell):
        ions = cell.counts["K"] * forcefield.MOBILE_CHARGES["K"] + cell.counts["CL"] * forcefield.MOBILE_CHARGES["CL"]
        assert ions == 0
        assert sum(cell.charges) == pytest.approx(0, abs=1e-9)

    def test_the_sheet_is_in_the_middle(self, cell):
        sheet, _, _ = split(cell)
        names = np.array(cell.sheet.names)
        assert sheet[names == "MO", 0] == pytest.approx(np.full((names == "MO").sum(), cell.box_nm[0] / 2))
        assert cell.sheet.centre_nm == pytest.approx(cell.box_nm[1:] / 2)

    def test_nothing_overlaps(self, cell):
        sheet, waters, ions = split(cell)
        heavy = np.concatenate([waters[:, 0], ions])
        assert closest(heavy, sheet, cell.box_nm) > 0.26
        assert closest(heavy, heavy, cell.box_nm, same=True) > 0.23
        assert closest(ions, ions, cell.box_nm, same=True) > 0.5

    @pytest.mark.parametrize("length", [3.1, 3.3, 3.4])
    def test_nor_where_the_lattice_falls_otherwise(self, config, length):
        sheet, waters, ions = split(cell := system.fill(altered(config, length_x_nm=length)))
        assert closest(np.concatenate([waters[:, 0], ions]), sheet, cell.box_nm) > 0.26

    def test_no_ion_starts_in_the_pore(self, cell):
        _, _, ions = split(cell)
        radial = np.hypot(*(ions[:, 1:] - cell.sheet.centre_nm).T)
        assert not ((np.abs(ions[:, 0] - cell.box_nm[0] / 2) < 0.6) & (radial < 1.0)).any()

    def test_waters_are_rigid_and_point_everywhere(self, cell):
        _, waters, _ = split(cell)
        arms = waters[:, 1:] - waters[:, :1]
        assert np.linalg.norm(arms, axis=2) == pytest.approx(np.full((len(waters), 2), 0.1))
        assert np.linalg.norm(arms[:, 0] - arms[:, 1], axis=1) == pytest.approx(np.full(len(waters), 0.1633))
        dipole = arms.sum(axis=1) / np.linalg.norm(arms.sum(axis=1), axis=1, keepdims=True)
        assert np.abs(dipole.mean(axis=0)).max() < 4 / np.sqrt(3 * len(waters))
        assert (dipole**2).mean(axis=0) == pytest.approx([1 / 3] * 3, abs=0.1)

    def test_the_universe_holds_the_same(self, cell):
        u = system.universe(cell)
        assert u.atoms.positions / 10 == pytest.approx(cell.positions_nm, abs=1e-5)
        assert u.dimensions[:3] / 10 == pytest.approx(cell.box_nm, abs=1e-5)
        assert len(u.select_atoms("resname SOL").residues) == cell.counts["SOL"]
        assert len(u.select_atoms("resname MSH")) == len(cell.sheet.names)


class TestHeld:
    """A Cl- that is held on the axis: the first of them, in the frozen group, with room made for it."""

    @pytest.mark.parametrize("x_nm", [-0.4, 0.0, 0.3])
    def test_it_is_where_it_is_asked_for(self, config, x_nm):
        plain, cell = system.fill(config), system.fill(altered(config, held_cl_nm=x_nm))
        sheet, waters, ions = split(cell)
        assert cell.counts == plain.counts
        first = ions[cell.counts["K"]]
        assert first == pytest.approx([cell.box_nm[0] / 2 + x_nm, *cell.sheet.centre_nm])
        assert closest(first[None], np.concatenate([sheet, waters[:, 0]]), cell.box_nm) > 0.26

    def test_the_groups(self, config, tmp_path):
        for name, one in (("free", config), ("held", altered(config, held_cl_nm=0.3))):
            system.write(one, tmp_path / name)
        groups = {name: groups_of(tmp_path / name / "index.ndx") for name in ("free", "held")}
        first = groups["held"]["CL"][0]
        assert groups["held"]["Sheet"] == [*groups["free"]["Sheet"], first]
        assert sorted(groups["held"]["Sheet"] + groups["held"]["Mobile"]) == groups["held"]["System"]
        assert groups["free"]["Mobile"] == sorted([*groups["held"]["Mobile"], first])
        assert all(groups["free"][key] == groups["held"][key] for key in ("Water", "K", "CL", "Ions"))

    def test_a_system_without_one_is_what_it_was(self, config, tmp_path):
        """Runs of earlier versions go on: what is not asked for is not in the record."""
        system.write(config, tmp_path)
        assert "held_cl_nm" not in record.read(tmp_path)["parameters"] and "held_cl_nm" not in config.model_dump()
        assert "held_cl_nm" not in config.model_dump_json()

    def test_no_room_and_no_ion(self, config):
        with pytest.raises(CellError, match=r"0 nm is 0\.\d\d nm from an atom of the sheet.*cut a wider pore"):
            system.fill(altered(config, held_cl_nm=0.0, pore_cut="1/1/1", charge_compensation="spread"))
        with pytest.raises(CellError, match="the cell has none: raise salt_mol_l"):
            system.fill(altered(config, held_cl_nm=0.3, salt_mol_l=0.0))


def groups_of(path):
    """Atom numbers by group of an index file."""
    parts = [part.partition("]") for part in path.read_text().split("[")[1:]]
    return {name.strip(): [int(number) for number in numbers.split()] for name, _, numbers in parts}


def test_the_seed_decides(config):
    one, same, other = (system.fill(altered(config, seed=seed)) for seed in (3, 3, 4))
    assert (one.positions_nm == same.positions_nm).all()
    assert np.abs(one.positions_nm - other.positions_nm).max() > 0.01


class TestRefusals:
    def test_a_charged_cut(self, config):
        with pytest.raises(MembraneError, match="net charge"):
            system.fill(altered(config, pore_cut="6/5/5"))

    def test_a_charged_cut_spread(self, config):
        cell = system.fill(altered(config, pore_cut="6/5/5", charge_compensation="spread"))
        assert sum(cell.charges) == pytest.approx(0, abs=1e-9)

    def test_too_much_water(self, config):
        dense = altered(config, water_density_g_cm3=1.2, excluded_thickness_nm=0.0, salt_molar_volume_cm3_mol=-20.0)
        with pytest.raises(CellError, match="no room for .* waters"):
            system.fill(altered(dense, water_density_g_cm3=2.4))

    def test_too_much_salt(self, config):
        with pytest.raises(CellError, match=r"no room for .* ions .*lower salt_mol_l"):
            system.fill(altered(config, salt_mol_l=5.0))


class TestWrite:
    def test_what_is_written(self, config, tmp_path):
        record = json.loads(system.write(config, tmp_path / "cell").read_text())
        u = mda.Universe(str(tmp_path / "cell" / "conf.gro"))
        assert record["atoms"] == len(u.atoms)
        assert record["net_charge_e"] == 0
        assert record["removed"] == {"MO": 5, "S": 5, "SE": 5}
        assert record["pore_centre_nm"] == pytest.approx(np.array(record["box_nm"]) / 2)
        assert record["diameters_nm"]["centre_to_centre"] == pytest.approx(0.8656, abs=5e-5)
        assert u.dimensions[:3] / 10 == pytest.approx(record["box_nm"], abs=1e-4)
        assert sorted(record["files"]) == ["conf.gro", "index.ndx", "topol.top"]
        assert all(sha256(tmp_path / "cell" / name) == digest for name, digest in record["files"].items())

    def test_index_groups_are_the_atoms_they_name(self, config, tmp_path):
        system.write(config, tmp_path)
        u = mda.Universe(str(tmp_path / "conf.gro"))
        groups, name = {}, ""
        for line in (tmp_path / "index.ndx").read_text().splitlines():
            if line.startswith("["):
                name = line.strip("[] ")
            else:
                groups.setdefault(name, []).extend(int(i) for i in line.split())
        expected = {"System": "all", "Sheet": "resname MSH", "Mobile": "not resname MSH", "Water": "resname SOL",
                    "K": "resname K", "CL": "resname CL", "Ions": "resname K CL"}  # fmt: skip
        assert {k: sorted(v) for k, v in groups.items()} == {
            k: (u.select_atoms(v).indices + 1).tolist() for k, v in expected.items()
        }

    def test_again_changes_nothing(self, config, tmp_path):
        system.write(config, tmp_path)
        before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
        system.write(config, tmp_path)
        assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before

    def test_the_same_files_elsewhere(self, config, tmp_path):
        for name in ("a", "b"):
            system.write(config, tmp_path / name)
        one, two = (json.loads((tmp_path / name / "system.json").read_text()) for name in ("a", "b"))
        assert one["files"] == two["files"]

    def test_its_record_is_read_or_the_command_that_builds_it_given(self, config, tmp_path):
        place = tmp_path / "small" / "systems" / "mosse"
        with pytest.raises(CellError, match=f"janus-pore build config/small.yml --runs {tmp_path} --system mosse"):
            record.read(place)
        assert record.read(system.write(config, place).parent)["atoms"] > 1000

    @pytest.mark.parametrize(("key", "value"), [("seed", 2), ("salt_mol_l", 0.5), ("membrane", "mos2")])
    def test_another_system_is_not_overwritten(self, config, tmp_path, key, value):
        record = system.write(config, tmp_path).read_text()
        with pytest.raises(CellError, match=f"other values of {key}"):
            system.write(altered(config, **{key: value}), tmp_path)
        assert (tmp_path / "system.json").read_text() == record

    @pytest.mark.parametrize("name", ["conf.gro", "topol.top", "index.ndx"])
    @pytest.mark.parametrize("harm", ["append", "remove"])
    def test_changed_files_are_noticed(self, config, tmp_path, name, harm):
        system.write(config, tmp_path)
        path = tmp_path / name
        path.unlink() if harm == "remove" else path.write_text(path.read_text() + "\n")
        with pytest.raises(CellError, match="changed or vanished since it was built"):
            system.write(config, tmp_path)


@pytest.mark.parametrize("membrane", sorted(forcefield.CHARGES))
def test_gromacs_accepts_every_membrane_without_a_warning(membrane, make_scale, gromacs, tmp_path):
    scale = make_scale(system__membrane=membrane)
    system.write(scale.systems["mosse"], tmp_path / "cell")
    options = prepare.dynamics(scale.md, 100, fresh_velocities_seed=1, seed=1, field=prepare.FIELD_OFF)
    tpr = prepare.run_input(gromacs, tmp_path / "a.tpr", options, tmp_path / "cell" / "conf.gro", tmp_path / "cell")
    assert tpr.stat().st_size > 10_000
    said = tpr.with_suffix(".grompp.log").read_text()
    assert "WARNING" not in said
    assert "non-zero total charge" not in said


def test_gromacs_reads_the_charges_and_the_frozen_group(make_scale, gromacs, tmp_path):
    """Through the .tpr, as MDAnalysis reads it: every charge and mass arrived."""
    scale = make_scale()
    cell = system.fill(scale.systems["mosse"])
    system.write(scale.systems["mosse"], tmp_path)
    options = prepare.dynamics(scale.md, 100, fresh_velocities_seed=1, seed=1, field=prepare.FIELD_OFF)
    u = mda.Universe(str(prepare.run_input(gromacs, tmp_path / "a.tpr", options, tmp_path / "conf.gro", tmp_path)))
    assert u.select_atoms("moltype MSH").charges == pytest.approx(cell.charges, abs=1e-6)
    assert u.select_atoms("name OW").charges == pytest.approx([-0.8476] * cell.counts["SOL"])
    assert u.atoms.charges.sum() == pytest.approx(0, abs=1e-4)
    masses = {"MO": 95.95, "S": 32.06, "SE": 78.971, "K": 39.0983, "CL": 35.453, "OW": 15.9994, "HW1": 1.008}
    for name, mass in masses.items():
        assert set(np.round(u.select_atoms(f"name {name}").masses, 4)) == {mass}
