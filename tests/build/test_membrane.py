"""The sheet against published lengths, the pore against measured diameters and a brute-force search."""

import numpy as np
import pytest
from janus_pore.build import forcefield, membrane
from janus_pore.errors import MembraneError
from scipy.spatial.distance import cdist

TYPES = forcefield.atom_types("charmm", "liang")
MEMBRANES = sorted(forcefield.CHARGES)


def images(sheet, repeat=1):
    """The sheet's atoms with their periodic images in the plane."""
    steps = [(i, j) for i in range(-repeat, repeat + 1) for j in range(-repeat, repeat + 1)]
    return np.concatenate([sheet.positions_nm + [0.0, *(step * sheet.box_nm)] for step in steps])


def count(sheet):
    return {name: sheet.names.count(name) for name in set(sheet.names)}


class TestPristine:
    def test_the_papers_sheet(self):
        sheet = membrane.pristine("mosse", 16, 9)
        assert count(sheet) == {"MO": 288, "S": 288, "SE": 288}
        assert sheet.box_nm == pytest.approx([5.2, 5.066], abs=5e-4)
        assert (sheet.positions_nm[:, 1:] >= 0).all()
        assert (sheet.positions_nm[:, 1:] < sheet.box_nm).all()

    @pytest.mark.parametrize("cells", [(6, 4), (8, 5)])
    def test_bonds_and_coordination(self, cells):
        """Every Mo has three S at 0.242 nm and three Se at 0.2535 nm; nothing is closer, also across the edges."""
        sheet = membrane.pristine("mosse", *cells)
        names = np.array(sheet.names)
        mo = sheet.positions_nm[names == "MO"]
        everywhere, kinds = images(sheet), np.tile(names, 9)
        for kind, length in (("S", 0.242), ("SE", 0.2535)):
            distances = np.sort(cdist(mo, everywhere[kinds == kind]), axis=1)
            assert distances[:, :3] == pytest.approx(np.full((len(mo), 3), length), abs=2e-4)
            assert distances[:, 3].min() > 0.35
        neighbours = np.sort(cdist(mo, everywhere[kinds == "MO"]), axis=1)
        assert neighbours[:, 1:7] == pytest.approx(np.full((len(mo), 6), 0.325), abs=1e-6)

    def test_janus_faces(self):
        """S toward +x, Se toward -x, each over the same hollows."""
        sheet = membrane.pristine("mosse", 6, 4)
        names, x = np.array(sheet.names), sheet.positions_nm[:, 0]
        assert (x[names == "MO"] == 0).all()
        assert x[names == "S"] == pytest.approx(np.full(48, 0.1528))
        assert x[names == "SE"] == pytest.approx(np.full(48, -0.1706))
        assert sheet.positions_nm[names == "S", 1:] == pytest.approx(sheet.positions_nm[names == "SE", 1:])

    def test_mos2_is_symmetric(self):
        sheet = membrane.pristine("mos2", 6, 4)
        assert count(sheet) == {"MO": 48, "S": 96}
        assert np.unique(sheet.positions_nm[:, 0]) == pytest.approx([-0.1528, 0, 0.1528])


class TestCut:
    @pytest.mark.parametrize("cells", [(16, 9), (8, 5), (9, 5), (6, 4)])
    @pytest.mark.parametrize(
        ("counts", "centre", "diameter"),
        [
            ("3/3/3", "hollow", 0.7506),
            ("6/6/6", "hollow", 0.9929),
            ("5/5/5", "widest", 0.8656),
            ("7/7/7", "bond", 0.9444),
        ],
    )
    def test_measured_diameters(self, cells, counts, centre, diameter):
        sheet = membrane.cut(membrane.pristine("mosse", *cells), counts, centre)
        found = membrane.diameters_nm(sheet, TYPES)
        assert found["centre_to_centre"] == pytest.approx(diameter, abs=5e-5)
        assert found["free"] < found["centre_to_centre"]
        assert sheet.centre_nm == pytest.approx(sheet.box_nm / 2)
        n = int(counts[0])
        assert sheet.removed == {"MO": n, "S": n, "SE": n}
        assert len(sheet.names) == len(sheet.positions_nm) == 6 * cells[0] * cells[1] - 3 * n

    @pytest.mark.parametrize(
        ("counts", "centre"), [("6/6/6", "hollow"), ("5/5/5", "widest"), ("7/7/7", "bond"), ("7/6/5", "widest")]
    )
    def test_no_larger_empty_circle_by_brute_force(self, counts, centre):
        """A grid of points over the whole box: none is further from every atom than the stated centre."""
        sheet = membrane.cut(membrane.pristine("mosse", 8, 5), counts, centre)
        stated = membrane.diameters_nm(sheet, TYPES)["centre_to_centre"]
        step = 0.01
        axes = [np.arange(0, length, step) for length in sheet.box_nm]
        points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
        free = np.full(len(points), np.inf)
        for y, z in np.unique(np.round(sheet.positions_nm[:, 1:], 6), axis=0):
            delta = np.abs(points - [y, z])
            free = np.minimum(free, np.hypot(*np.minimum(delta, sheet.box_nm - delta).T))
        # the grid can miss the best point by half its diagonal
        assert stated - np.sqrt(2) * step <= 2 * free.max() <= stated + 1e-9
        # 7/7/7 leaves two circles of one size, mirror images: the middle of the box is one of the best points
        best = points[2 * free > stated - 2 * np.sqrt(2) * step]
        assert np.hypot(*(best - sheet.box_nm / 2).T).min() < step

    def test_the_cut_moves_nothing_but_the_origin(self):
        """The atoms that stay are the pristine sheet's, shifted by one vector."""
        whole = membrane.pristine("mosse", 8, 5)
        sheet = membrane.cut(whole, "6/6/6", "hollow")
        same = membrane.cut(whole, "0/0/0", "hollow")
        assert same.names == whole.names
        assert same.removed == {}
        for name in ("MO", "S", "SE"):
            kept = sheet.positions_nm[np.array(sheet.names) == name]
            before = whole.positions_nm[np.array(whole.names) == name]
            delta = before[None] - kept[0]
            fits = []
            for shift in delta[0]:
                residual = kept[:, None, :] + shift - before[None]
                residual[..., 1:] -= whole.box_nm * np.round(residual[..., 1:] / whole.box_nm)
                fits.append(np.linalg.norm(residual, axis=-1).min(axis=1).max())
            assert min(fits) < 1e-6

    def test_free_diameter_of_a_ring_of_known_size(self):
        """Four Mo at 0.5 nm and one S at 0.48: centre to centre 0.96, free 2 (0.5 - 0.42 / 2) = 0.58."""
        around = np.array([[0, 0.5, 0], [0, -0.5, 0], [0, 0, 0.5], [0, 0, -0.5], [0.15, 0.48, 0]])
        centre = np.array([1.9, 0.1])  # near a corner: the ring lies across the edges
        box = np.array([2.0, 3.0])
        positions = around + [0, *centre]
        positions[:, 1:] %= box
        sheet = membrane.Sheet(("MO",) * 4 + ("S",), positions, box, centre, {})
        found = membrane.diameters_nm(sheet, TYPES)
        assert found == pytest.approx({"centre_to_centre": 0.96, "free": 0.58})

    def test_mos2_loses_s_on_both_faces(self):
        sheet = membrane.cut(membrane.pristine("mos2", 8, 5), "5/5/5", "widest")
        assert sheet.removed == {"MO": 5, "S": 10}
        sides = np.sign(sheet.positions_nm[np.array(sheet.names) == "S", 0])
        assert sides.sum() == 0

    @pytest.mark.parametrize("counts", ["13/1/1", "1/13/1", "1/1/13", "999/999/999"])
    def test_a_cut_too_large_for_the_sheet_is_refused(self, counts):
        with pytest.raises(MembraneError, match="enlarge cells_y and cells_z"):
            membrane.cut(membrane.pristine("mosse", 6, 4), counts, "hollow")
