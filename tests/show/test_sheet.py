"""Figures and tables of the sheet's own force: what is printed, what is ours, and that nothing is made up."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from janus_pore.analyse import barrier, column
from janus_pore.analyse.stats import Estimate
from janus_pore.build import forcefield, membrane, probe
from janus_pore.show import claims, sheet
from janus_pore.testsystems import PoreIons

APART_NM = [0.0837, 0.0849, 0.0647, 0.0701]


@pytest.fixture(scope="module")
def published():
    return claims.published("table1")


@pytest.fixture(scope="module")
def lines():
    found = {}
    for cut, centre in (("3/3/3", "hollow"), ("6/6/6", "hollow")):
        holed = membrane.cut(membrane.pristine("mosse", 8, 5), cut, centre)
        charges = forcefield.compensated(holed.names, "mosse", "refuse")
        for se in forcefield.SE_TYPES:
            found[cut, se] = probe.on_axis(holed, charges, forcefield.atom_types(se, "liang"), "CL", 5.0)
    return found


FOUND = {
    "a": [(Estimate(0.46, 0.45, 0.47, 9), Estimate(2.0, 1.0, 3.0, 9)), None, None, None],
    "b": [None] * 4,
}


def test_claims_stand_beside_the_papers(published):
    rows = sheet.claims(FOUND, published, APART_NM)
    assert [row.paper for row in rows[:4]] == ["1.23 kJ/mol", "-1.76 kJ/mol", "3.08 kJ/mol", "3.92 kJ/mol"]
    assert rows[0].here.value == 2.0 and "over 84 pm toward -x, at x = 0.46 nm" in rows[0].remark
    assert [row.here for row in rows[1:]] == [None] * 7 and "too few Cl-" in rows[-1].remark


def test_matches(lines, published):
    table = sheet.matches(lines, FOUND, published, APART_NM)
    assert table.loc["paper"].tolist() == ["+1.23", "-1.76", "+3.08", "+3.92"]
    assert table.loc["a, ions at the mouth", "0.2 V/nm"] == "2 [1, 3] at 0.46"
    assert table.loc["b, ions at the mouth"].tolist() == ["not enough data"] * 4
    assert table.loc["6/6/6, charmm, axis"].str.count(" at ").tolist() == [2] * 4
    neutral = {key: one.assign(electrostatic=0 * one.electrostatic) for key, one in lines.items()}
    assert set(sheet.matches(neutral, {}, published, APART_NM).iloc[1:].to_numpy().ravel()) == {"nowhere"}


def test_the_rest_stands_beside_the_voltage_it_belongs_to(make_scale, published):
    """2 V are the paper's 0.4 V/nm in 5 nm and 0.2 in 10 nm; 3 V are 0.6 or none of its fields; 5 V have no ions."""
    scale = make_scale(barrier__half_range_nm=0.6)
    binned = barrier.binned([PoreIons(ions=20.0).sample(0)], 0.4, scale.barrier, scale.analysis)
    parts = column.parts(binned, 0.3, 0.06, -0.076, scale.analysis)
    ours = {"a": {2.0: parts, 3.0: parts, 5.0: {}}}
    rows = {row.quantity: row for row in sheet.rest(ours, published, 5.0, 10.0)}
    both = "4.38 kJ/mol (0.4 V/nm in 5 nm), -21.52 kJ/mol (0.2 V/nm in 10 nm)"
    assert rows["a, 2 V: water, electrostatic"].paper == both
    both = "17.125 kJ/mol (0.4 V/nm in 5 nm), 18.39 kJ/mol (0.2 V/nm in 10 nm)"
    assert rows["a, 2 V: water + ions, electrostatic"].paper == both
    assert rows["a, 2 V: all together"].here == parts["total"]
    assert rows["a, 3 V: all together"].paper == "4.8 kJ/mol (0.6 V/nm in 5 nm)" and rows["a, 5 V"].here is None
    alone = {row.quantity: row for row in sheet.rest(ours, published, 10.0)}
    assert alone["a, 3 V: all together"].paper == "not printed"
    figure = sheet.against_voltage(ours, published, (5.0, 10.0))
    assert [len(ax.containers) for ax in figure.axes] == [1] * 8
    assert figure.axes[1].lines[0].get_ydata().tolist() == published.water_electrostatic_kj_mol.tolist()
    assert figure.axes[1].lines[1].get_xdata().tolist() == [2.0, 4.0, 6.0, 8.0]
    plt.close("all")


@pytest.mark.parametrize("ions", [0.0, 20.0])
def test_figures_with_ions_and_without(make_scale, lines, published, ions):
    scale = make_scale(barrier__half_range_nm=0.6)
    data = PoreIons(ions=ions).sample(0)
    seen = {}
    if ions:
        binned = barrier.binned([data], 0.4, scale.barrier, scale.analysis)
        seen["a"] = column.changes([binned], -0.076, scale.analysis)
    figure = sheet.samples(lines["6/6/6", "charmm"], [data], 0.5)
    assert sum(len(dots.get_offsets()) for dots in figure.axes[0].collections) == (data.radial <= 0.5).sum()
    figure = sheet.against_paper(lines, seen, published, 0.076, 0.1)
    assert len(figure.axes[1].containers) == len(seen)
    assert [line for line in figure.axes[1].lines if list(line.get_ydata()) == published.membrane_vdw_kj_mol.tolist()]
    assert len(sheet.profiles(lines).axes[0].lines) == 4 + 1
    table = sheet.whereabouts({"hold": data}, 0.5)
    assert table.loc["hold", "samples"] == ((np.abs(data.x) < 0.35) & (data.radial <= 0.5)).sum()
    plt.close("all")


def test_no_forces_at_all(lines):
    assert sheet.whereabouts({}, 0.5).empty
    assert len(sheet.samples(lines["6/6/6", "charmm"], [], 0.5).axes) == 2
    plt.close("all")
