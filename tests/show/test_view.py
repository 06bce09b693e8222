"""The pictures show the atoms that are there, where they are, and the 3D view stays small."""

import numpy as np
import pytest
from janus_pore.show import view
from matplotlib.collections import EllipseCollection
from matplotlib.patches import Circle

BOX_NM = np.array([6.0, 4.0, 5.0])
CENTRE_NM = BOX_NM / 2


def write_gro(path, atoms):
    """`atoms`: (residue number, residue, atom, position_nm)."""
    lines = [
        f"{number:5d}{residue:<5s}{name:>5s}{index:5d}" + "{:8.3f}{:8.3f}{:8.3f}".format(*position)
        for index, (number, residue, name, position) in enumerate(atoms, start=1)
    ]
    box = "{:10.5f}{:10.5f}{:10.5f}".format(*BOX_NM)
    path.write_text("\n".join(["test cell", str(len(atoms)), *lines, box, ""]))
    return path


def water(number, oxygen):
    return [
        (number, "SOL", name, CENTRE_NM + oxygen + shift)
        for name, shift in (("OW", [0, 0, 0]), ("HW1", [0.1, 0, 0]), ("HW2", [0, 0.1, 0]))
    ]


@pytest.fixture
def gro(tmp_path):
    """Eight sheet atoms, the nearest 0.4 nm from the axis; a water and an ion near it, and far off."""
    places = [
        ("MO", 0, 0.4, 0),
        ("MO", 0, -0.5, 0),
        ("MO", 0, 0, 0.4),
        ("MO", 0, 0, -0.7),
        ("S", 0.15, 0.6, 0),
        ("S", 0.15, -0.6, 0),
        ("SE", -0.17, 0.6, 0),
        ("SE", -0.17, 1.5, 0),
    ]
    sheet = [(1, "MSH", name, CENTRE_NM + place) for name, *place in places]
    return write_gro(
        tmp_path / "conf.gro",
        [
            *sheet,
            *water(2, [0.0, 0.1, 0.0]),
            *water(3, [2.0, 0.5, 0.1]),
            (4, "K", "K", CENTRE_NM + [0.8, 0, 0]),
            (5, "CL", "CL", CENTRE_NM + [-2.5, 0, 0]),
        ],
    )


def drawn(axes):
    return next(item for item in axes.collections if isinstance(item, EllipseCollection)).get_offsets()


def pdb_of(widget):
    load = next(message for message in widget._ngl_msg_archive if message["methodName"] == "loadFile")
    return load["args"][0]["data"].splitlines()


def test_pore_diameter_is_twice_the_nearest_atoms_distance(gro):
    assert view.read(gro).pore_diameter_nm() == pytest.approx(0.8, abs=2e-3)


def test_front_shows_the_sheet_and_the_side_shows_the_slice(gro):
    front, side = view.static_view(gro).axes
    assert len(drawn(front)) == 8
    # 7 sheet atoms within half a nanometre of the pore axis in z, 2 water oxygens, 2 ions
    assert len(drawn(side)) == 11
    assert (front.get_xlabel(), front.get_ylabel()) == ("y (nm)", "z (nm)")
    assert (side.get_xlabel(), side.get_ylabel()) == ("x (nm)", "y (nm)")
    assert side.get_xlim() == pytest.approx((0, BOX_NM[0]))


def test_circle_lies_on_the_pore(gro):
    front = view.static_view(gro, pore_diameter_nm=0.85).axes[0]
    circle = next(patch for patch in front.patches if isinstance(patch, Circle))
    assert circle.radius == pytest.approx(0.425)
    assert circle.center == pytest.approx(tuple(CENTRE_NM[1:]))
    assert any("0.85 nm" in text.get_text() for text in front.texts)


def test_pore_window_leaves_the_rest_out(gro):
    front, side = view.static_view(gro, region="pore").axes
    assert len(drawn(front)) == 7
    assert side.get_xlim() == pytest.approx((CENTRE_NM[0] - 1.3, CENTRE_NM[0] + 1.3))


@pytest.mark.parametrize(("region", "atoms"), [("pore", 7 + 3 + 1), ("cell", 8 + 3 + 2)])
def test_widget_holds_only_what_it_shows(gro, region, atoms):
    lines = [line for line in pdb_of(view.widget(gro, region=region)) if line.startswith("HETATM")]
    assert len(lines) == atoms
    assert sum(line[17:20] == "SOL" for line in lines) == 3


def test_widget_text_is_in_angstrom_with_elements(gro):
    lines = pdb_of(view.widget(gro, region="cell"))
    assert lines[0].split()[1:4] == ["60.000", "40.000", "50.000"]
    element = {line[12:16].strip(): line[76:78].strip() for line in lines if line.startswith("HETATM")}
    same = {name: name for name in ("MO", "S", "SE", "K", "CL")}
    assert element == {**same, "OW": "O", "HW1": "H", "HW2": "H"}
    potassium = next(line for line in lines if line[12:16].strip() == "K")
    assert [float(potassium[i : i + 8]) for i in (30, 38, 46)] == pytest.approx(10 * (CENTRE_NM + [0.8, 0, 0]))


def test_wider_water_shell_takes_more_molecules(gro):
    assert sum("OW" in line for line in pdb_of(view.widget(gro, water_within_nm=3.0))) == 2


def test_camera_looks_at_the_pore_from_the_sulfur_side(gro):
    message = next(item for item in view.widget(gro)._ngl_msg_archive if item["methodName"] == "orient")
    matrix = np.reshape(message["args"][0], (4, 4)).T
    assert matrix[:3, 3] == pytest.approx(-10 * CENTRE_NM)
    scale = np.cbrt(np.linalg.det(matrix[:3, :3]))
    x, y, z = (matrix[:3, :3] / scale).T
    assert scale > 0 and (matrix[:3, :3] / scale) @ (matrix[:3, :3] / scale).T == pytest.approx(np.eye(3))
    # NGL's screen: right is -x, up is +y, toward the viewer is -z
    assert x[2] < -0.5 and y[0] < -0.5 and z[1] > 0.5


def test_missing_file_names_the_remedy(tmp_path):
    with pytest.raises(view.ViewError, match="build the system first"):
        view.static_view(tmp_path / "none.gro")


def test_a_file_without_a_sheet_is_refused(tmp_path):
    with pytest.raises(view.ViewError, match="no sheet atom"):
        view.widget(write_gro(tmp_path / "water.gro", water(1, [0, 0, 0])))


def test_unknown_region_is_refused(gro):
    with pytest.raises(view.ViewError, match="'pore' or 'cell'"):
        view.static_view(gro, region="poer")
