"""Charges that cancel, parameters as published, and a topology that says what was asked."""

import numpy as np
import pytest
from janus_pore.build import forcefield, membrane
from janus_pore.errors import CellError, MembraneError

MEMBRANES = sorted(forcefield.CHARGES)


@pytest.fixture(params=MEMBRANES)
def kind(request):
    return request.param


def holed(kind, counts):
    return membrane.cut(membrane.pristine(kind, 6, 4), counts, "hollow").names


class TestCharges:
    @pytest.mark.parametrize("counts", ["0/0/0", "5/5/5", "6/6/6", "7/7/7"])
    def test_whole_units_leave_every_membrane_neutral(self, kind, counts):
        names = holed(kind, counts)
        charges = forcefield.compensated(names, kind, "refuse")
        assert charges == [forcefield.CHARGES[kind][name] for name in names]
        assert sum(charges) == pytest.approx(0, abs=1e-9)

    def test_published_charge_sets(self):
        sets = {name: tuple(charges.values()) for name, charges in forcefield.CHARGES.items()}
        assert sets == {
            "mosse": (1.06, -0.61, -0.45), "mosse_even": (1.06, -0.53, -0.53), "mosse_wide": (1.06, -0.71, -0.35),
            "mosse_neutral": (0.0, 0.0, 0.0), "mos2": (1.18, -0.59),
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("kind", "counts", "net"),
        [("mosse", "6/5/5", -1.06), ("mosse", "5/6/5", 0.61), ("mos2", "6/5/5", -1.18), ("mosse_wide", "5/5/6", 0.35)],
    )
    def test_a_net_charge_is_refused_or_spread(self, kind, counts, net):
        names = holed(kind, counts)
        with pytest.raises(MembraneError, match=rf"net charge of \{net:+.2f} e .*charge_compensation: spread"):
            forcefield.compensated(names, kind, "refuse")
        bare = [forcefield.CHARGES[kind][name] for name in names]
        spread = forcefield.compensated(names, kind, "spread")
        assert sum(spread) == pytest.approx(0, abs=1e-9)
        assert [b - s for b, s in zip(bare, spread, strict=True)] == pytest.approx([net / len(names)] * len(names))

    def test_the_neutral_sheet_has_nothing_to_refuse(self):
        assert set(forcefield.compensated(holed("mosse_neutral", "7/5/5"), "mosse_neutral", "refuse")) == {0.0}

    def test_mobile_molecules(self):
        q = forcefield.MOBILE_CHARGES
        assert q["OW"] + 2 * q["HW"] == pytest.approx(0)
        assert q["K"] == -q["CL"] == 1


@pytest.mark.parametrize(
    ("name", "sigma", "epsilon"),
    [
        ("MO", 0.42, 0.056536), ("S", 0.313, 1.929707), ("SE", 0.387541, 2.606632), ("K", 0.2838403, 1.7978874),
        ("CL", 0.4830453, 0.0534924), ("OW", 0.316557, 0.650629), ("HW", 0.0, 0.0),
    ],
)  # fmt: skip
def test_default_types(name, sigma, epsilon):
    found = forcefield.atom_types("charmm", "liang")[name]
    assert (found.sigma_nm, found.epsilon_kj_mol) == (sigma, epsilon)
    assert found.source


def test_variants():
    types = forcefield.atom_types("uff", "soft")
    assert (types["SE"].sigma_nm, types["SE"].epsilon_kj_mol) == (0.374623, 1.217544)
    assert types["S"].epsilon_kj_mol == 1.3373


class TestTopology:
    @pytest.fixture
    def text(self):
        """The topology of a three-atom sheet in two waters."""
        return forcefield.topology(
            forcefield.atom_types("charmm", "liang"), ["MO", "S", "SE"], [1.06, -0.61, -0.45],
            {"MSH": 1, "SOL": 2, "K": 0},
        )  # fmt: skip

    @pytest.fixture
    def sections(self, text):
        """The same as {section: [rows]}, molecule sections by molecule."""
        found, section, molecule = {}, "", ""
        for line in text.splitlines():
            row = line.split(";")[0].split()
            if line.startswith("["):
                section = line.strip("[] ")
            elif row:
                molecule = row[0] if section == "moleculetype" else molecule
                name = f"{section} {molecule}" if section in ("atoms", "settles", "exclusions") else section
                found.setdefault(name, []).append(row)
        return found

    def test_combination_rule_and_no_generated_pairs(self, sections):
        assert sections["defaults"][0][:3] == ["1", "2", "no"]

    def test_masses_and_charges_are_explicit(self, sections):
        assert [(row[1], float(row[6]), float(row[7])) for row in sections["atoms MSH"]] == [
            ("MO", 1.06, 95.95), ("S", -0.61, 32.06), ("SE", -0.45, 78.971),
        ]  # fmt: skip
        assert [float(row[6]) for row in sections["atoms SOL"]] == [-0.8476, 0.4238, 0.4238]

    def test_nothing_within_the_frozen_sheet(self, sections):
        pairs = {(row[0], row[1]) for row in sections["nonbond_params"]}
        assert pairs == {("MO", "MO"), ("MO", "S"), ("MO", "SE"), ("S", "S"), ("S", "SE"), ("SE", "SE")}
        assert all(row[3:] == ["0.0", "0.0"] for row in sections["nonbond_params"])

    def test_rigid_water(self, sections):
        assert [float(x) for x in sections["settles SOL"][0][2:]] == [0.1, 0.1633]

    def test_flexible_water_has_the_same_geometry_and_nothing_else_changes(self, text):
        loose = forcefield.flexible(text)
        assert "[ settles ]" not in loose and loose.count("1 2 1 0.1 345000") == 1
        before, after = text.splitlines(), loose.splitlines()
        assert [line for line in before if line not in after] == ["[ settles ]", "1 1 0.1 0.16330"]
        assert 2 * 0.1 * np.sin(np.radians(109.47 / 2)) == pytest.approx(0.16330, abs=1e-5)
        with pytest.raises(CellError, match="build the system again"):
            forcefield.flexible(loose)

    def test_only_molecules_that_are_there(self, sections):
        assert sections["molecules"] == [["MSH", "1"], ["SOL", "2"]]
