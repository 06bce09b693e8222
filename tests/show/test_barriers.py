"""Table 1: the printed parts and their closure, our numbers beside them, and reasons where there are none."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from janus_pore.analyse.barrier import Barrier, binned, climb
from janus_pore.analyse.force import mean_force
from janus_pore.analyse.stats import Estimate
from janus_pore.show import barriers, claims
from janus_pore.testsystems import PoreIons
from janus_pore.units import KJ_MOL_NM_PER_E_V_NM


@pytest.fixture(scope="module")
def published():
    return claims.published("table1")


@pytest.fixture(scope="module")
def found():
    parts = {name: Estimate(k + 0.5, k, k + 1.0, 9) for k, name in enumerate(barriers.PARTS)}
    ends = (Estimate(0.2, 0.1, 0.3, 9), Estimate(-0.1, -0.2, 0.0, 9))
    total, counts = Estimate(24.5, 20.0, 28.0, 9), Estimate(23.0, 22.0, 24.0, 9)
    return {0.2: Barrier(*ends, total, counts, parts), 0.4: Barrier(failed="no ion in the pore")}


def test_the_papers_missing_part_is_the_field(published):
    """1.615, 3.275, 3.745 and 5.41 kJ/mol are missing: a field over 0.08 nm down its slope, to the print's digits."""
    assert barriers.with_field(published).field.tolist() == pytest.approx([-1.615, -3.275, -3.745, -5.41], abs=0.002)
    apart = barriers.distance_nm(published, KJ_MOL_NM_PER_E_V_NM)
    assert apart.tolist() == pytest.approx([0.0837, 0.0849, 0.0647, 0.0701], abs=2e-4)


def test_table_1_stands_beside_ours(found, published):
    table = barriers.side_by_side(found | {1.5: Barrier(failed="no ion"), 2.0: found[0.2]}, published)
    assert [field for field, who in table.index if who == "paper"] == ["0.2", "0.4", "0.6", "0.8"]
    assert [field for field, who in table.index if who == "here"] == ["0.2", "0.4", "0.6", "0.8", "2"]
    assert table.loc[("0.2", "paper")].tolist()[:8] == [
        "13.67", "-21.52", "1.23", "-24.775", "-2.85", "39.91", "-1.615", "4.05"
    ]  # fmt: skip
    ours = table.loc[("0.2", "here")]
    assert (ours["total"], ours["total from counts"]) == ("24.5 [20, 28]", "23 [22, 24]")
    assert ours["ions, electrostatic"] == "5.5 [5, 6]" and not ours["remark"]
    assert (table.loc[("0.4", "here")]["total"], table.loc[("0.4", "here")]["remark"]) == ("-", "no ion in the pore")
    assert table.loc[("0.6", "here")]["remark"] == "not asked for"


def test_claims(found, published):
    rows = {claim.quantity: claim for claim in barriers.claims(found, published)}
    assert len(rows) == 2 * 9 + 2 + 3
    assert rows["0.2 V/nm: total"].here.value == 24.5 and rows["0.2 V/nm: total"].paper == "4.05 kJ/mol"
    assert rows["0.2 V/nm: total from counts"].here.value == 23.0
    assert rows["0.2 V/nm: total from counts"].paper == "not printed"
    assert rows["0.2 V/nm: ions, electrostatic"].paper == "39.91 kJ/mol"
    assert rows["0.2 V/nm: external field"].paper == "-1.615 kJ/mol"
    assert rows["0.4 V/nm: total"].here is None and rows["0.4 V/nm: total"].remark == "no ion in the pore"
    assert rows["field of the lowest barrier"].here is None
    assert rows["field of the lowest barrier"].remark == "barriers at 1 of 2 fields"


def test_the_lowest_of_all_fields(found, published):
    totals = {0.2: 4.0, 0.4: 2.0, 0.6: 5.0}
    every = {f: Barrier(*([Estimate(t, t - 1, t + 1, 9)] * 4), found[0.2].parts) for f, t in totals.items()}
    rows = {claim.quantity: claim.here for claim in barriers.claims(every, published)}
    assert rows["field of the lowest barrier"].value == 0.4


def test_numbers_of_the_paper_stand_as_it_prints_them(found, published):
    rows = {claim.quantity: claim for claim in barriers.claims(found, published)}
    assert rows["0.2 V/nm: membrane, electrostatic"].paper == "-24.775 kJ/mol"
    assert rows["0.4 V/nm: ions, electrostatic"].paper == "12.745 kJ/mol"
    reverse = rows["barrier in the reverse sweep, less that in the forward one"]
    assert reverse.here is None and reverse.remark == barriers.NO_REVERSE


def test_the_rise_that_the_paper_puts_on_the_water(found, published):
    """Printed: water's electrostatic part +27.84, the ions' -31.845, the total +4.17 kJ/mol; errors in quadrature."""
    later = {
        name: Estimate(one.value + 3.0, one.low + 3.0, one.high + 3.0, 4) for name, one in found[0.2].parts.items()
    }
    both = {0.4: found[0.2], 0.8: Barrier(*([Estimate(30.5, 27.5, 33.5, 4)] * 4), later)}
    rows = {claim.quantity: claim for claim in barriers.claims(both, published)}
    total, water = rows["from 0.4 to 0.8 V/nm: total"], rows["from 0.4 to 0.8 V/nm: water, electrostatic"]
    assert (total.paper, water.paper) == ("+4.17 kJ/mol", "+27.84 kJ/mol")
    assert total.here == Estimate(6.0, 1.0, 11.0, 4) and water.here.error == pytest.approx(np.sqrt(0.5))
    assert "electrostatic between ion and water" in water.remark
    only = {claim.quantity: claim.here for claim in barriers.claims({0.4: found[0.2]}, published)}
    assert only["from 0.4 to 0.8 V/nm: total"] is None


def test_the_reverse_branch_beside_the_forward_one(found, published):
    """24.5 -4.5 +3.5 and 30.5 +-3: higher by 6 +- 5, at the field that both have."""
    higher = Barrier(*([Estimate(30.5, 27.5, 33.5, 4)] * 4), found[0.2].parts)
    back = {0.2: higher, 0.4: Barrier(failed="no ion there"), 0.8: higher}
    table = barriers.branches(found, back)
    assert table.loc["0.2"].tolist() == ["24.5 [20, 28]", "23 [22, 24]", "30.5 [27.5, 33.5]", "30.5 [27.5, 33.5]", ""]
    assert table.loc["0.4"].tolist() == ["-"] * 4 + ["forward: no ion in the pore; reverse: no ion there"]
    assert table.loc["0.8", "remark"] == "forward: not asked for"
    rows = {claim.quantity: claim for claim in barriers.claims(found, published, back)}
    one = rows["0.2 V/nm: barrier in the reverse sweep, less that in the forward one"]
    assert one.here == Estimate(6.0, 1.0, 11.0, 4) and "higher during the reverse sweep" in one.paper
    counted = rows["0.2 V/nm: barrier in the reverse sweep, less that in the forward one, from counts"]
    assert counted.here.value == 7.5 and sum("reverse" in name for name in rows) == 2
    (none,) = [claim for claim in barriers.claims(found, published, {0.4: back[0.4]}) if "reverse" in claim.quantity]
    assert none.here is None and none.remark == "at none of 1 fields a barrier on both branches"


def test_a_field_that_the_paper_does_not_have(found, published):
    assert barriers.claims({1.5: found[0.2]}, published)[0].paper == "not printed"
    assert len(barriers.claims({1.5: found[0.2]}, published)) == 9 + 2 + 3
    assert len(barriers.claims({1.5: found[0.4]}, published)) == 1 + 2 + 3


@pytest.mark.parametrize("ions", [0.0, 60.0])
def test_figures_of_few_and_of_many_ions(make_scale, published, ions):
    scale = make_scale(barrier__half_range_nm=0.6)
    data = binned([PoreIons(ions=ions).sample(0)], 0.4, scale.barrier, scale.analysis)
    table, one = mean_force(data, scale.analysis), climb(data, scale.analysis)
    figure, axes = barriers.panels(3)
    barriers.force(table, axes[0])
    filled = int(np.isfinite(table.force.sel(part="water_vdw").values).argmax())
    table.low[dict(bin=filled)] = np.nan  # of two units, say
    barriers.decomposition(table, axes[1])
    barriers.potential(table, one, axes[2])
    drawn = axes[1].lines[0].get_ydata()
    water = table.sel(part="water_vdw")
    assert np.array_equal(drawn, water.force.where(np.isfinite(water.low)), equal_nan=True)
    assert np.isfinite(drawn).any() == (ions > 0)
    assert len(figure.legends) == 1
    barriers.against_paper({0.4: one}, published, plt.subplots()[1])
    plt.close("all")


@pytest.mark.parametrize(("number", "rows"), [(0, 1), (1, 1), (4, 2), (7, 3), (9, 3)])
def test_one_panel_a_field(number, rows):
    figure, axes = barriers.panels(number)
    assert len(axes) == number and figure.axes[0].get_gridspec().nrows == rows
    assert sum(ax.get_visible() for ax in figure.axes) == number
    last = axes[-figure.axes[0].get_gridspec().ncols :] if number else []
    assert all(ax.get_xticklabels() for ax in last)  # those that are seen
    plt.close(figure)
