"""Tables of what a reading changes: the number, its error, and the base's own value beside it."""

import numpy as np
import pandas as pd
import pytest
from janus_pore import config
from janus_pore.analyse.differences import QUANTITIES
from janus_pore.analyse.readings import Fall
from janus_pore.analyse.stats import Estimate
from janus_pore.paths import repository
from janus_pore.reduce import shelf
from janus_pore.show import readings
from janus_pore.testsystems import SteppedCell


def differences():
    rows = []
    for volt in (2.0, 4.0):
        for k, quantity in enumerate(QUANTITIES):
            base, change = Estimate(20.0, 19.0, 21.0, 9), Estimate(3.0 + k, 2.0 + k, 4.0 + k, 9)
            rows.append(("b", volt, quantity, base, base, change, 3.0 + k))
    return pd.DataFrame(
        rows, columns=["configuration", "volt", "quantity", "base", "here", "difference", "sigmas"]
    )  # fmt: skip


def test_the_figure_that_decides_has_error_bars_in_every_panel():
    table = pd.DataFrame({"volt": [2.0, 7.5]})
    for k, name in enumerate(("current", "pore", "sigma_fit", "mean_cos")):
        table = table.assign(**{name: [k, k + 1.0], f"{name}_low": [k - 0.5, k], f"{name}_high": [k + 1.0, k + 3.0]})
    without = table[[name for name in table if "sigma" not in name and "cos" not in name]]
    figure = readings.decision({"a": table, "dry": without}, {"a": "6/6/6"})
    *panels, legend = figure.axes
    assert [text.get_text() for text in legend.get_legend().get_texts()] == ["6/6/6", "dry"]
    lines = [[bars.lines[2][0].get_segments() for bars in ax.containers] for ax in panels]
    assert [len(one) for one in lines] == [2, 2, 2, 1, 1]
    for k, (one, *_), ax in zip((0, 1, 1, 2, 3), lines, panels, strict=True):
        segments = [(k - 0.5, k + 1.0), (k, k + 3.0)]
        assert [(segment[0, 1], segment[1, 1]) for segment in one] == segments[: 1 if ax is panels[2] else 2]
        assert ax.get_ylabel()


def test_configurations_are_called_by_what_is_not_as_in_the_first():
    scale = config.load(repository() / "config" / "scout.yml")
    there = {
        "cut666": ["volt_+0.40", "volt_back_-0.40", "volt_nh_+0.40"], "cut777": ["volt_+0.40"],
        "cut666_long": ["volt_long_+0.20"], "cut666_uff": ["volt_+0.40"], "cut666_neutral": ["volt_+0.40"],
    }  # fmt: skip
    lines = shelf.configurations(scale, {system: dict.fromkeys(names) for system, names in there.items()})
    assert list(readings.labels(scale, lines).values()) == [
        "6/6/6", "6/6/6, toward −x", "6/6/6, nose-hoover", "7/7/7", "6/6/6, box of 10 nm", "6/6/6, selenium UFF",
        "6/6/6, sheet without charges",
    ]  # fmt: skip
    again = {"cut666": ("cut666", {"volt_+0.40": None}), "cut666_b": ("cut666_b", {"volt_anew_+0.40": None})}
    assert readings.labels(scale, again) == {"cut666": "cut666", "cut666_b": "cut666_b"}  # else both are "6/6/6"
    assert readings.labels(scale, {}) == {}


def test_how_each_configuration_charges(make_scale):
    settings = make_scale(analysis__discard_ps=20.0).analysis
    cell = SteppedCell()
    table = readings.charged(
        {"a": cell.sample(1), "b": SteppedCell(fields_v_nm=(0.0,)).sample(0)}, {"a": "A"}, settings
    )
    assert table.index.tolist() == ["A", "b"]
    known = float(table.loc["A", "charging time (ps)"].split()[0])
    assert known == pytest.approx(cell.rc_ps, rel=0.2)
    assert float(table.loc["A", "after 20 ps (%)"]) == pytest.approx(100 * np.exp(-20 / known), abs=1)
    assert table.loc["A", "runs"] == sum(one.sizes["replica"] for one in cell.sample(1).values())
    assert table.loc["b", "capacitance (aF)"] == "not enough data" and "no run with a field" in table.loc["b", "why"]


def test_changes():
    table = readings.changes(differences())
    assert table.index.tolist() == [("b", 2.0), ("b", 4.0)]
    assert table.iloc[0].tolist() == ["+3 ± 1 (+3.0 σ)", "+4 ± 1 (+4.0 σ)", "+5 ± 1 (+5.0 σ)", "+6 ± 1 (+6.0 σ)"]
    assert readings.changes(differences().iloc[:0]).empty


def test_dependence():
    rows = readings.dependence(differences(), "a")
    assert len(rows) == 8 and rows[0].quantity == "b at 2 V: change of sigma_fit from a"
    assert (rows[0].unit, rows[3].unit) == ("degrees", "nA") and rows[0].here.value == 3.0
    assert rows[0].remark == "a: 20; +3.0 errors"


def test_verdicts_name_the_onset_of_their_side_and_what_would_decide():
    change = Estimate(-0.4, -0.6, -0.2, 8)
    falls = {
        "a": Fall("falls", 2.0, 4.0, change, 0.01, 1.0),
        "b": Fall("undecided", -2.0, -4.0, change, 0.3, 3.2),
        "c": None,
    }
    rows = readings.verdicts(falls)
    assert [row.paper for row in rows] == [
        "falls beyond 0.5 V/nm", "falls beyond -1 V/nm", "falls beyond 0.5 V/nm or -1 V/nm"
    ]  # fmt: skip
    assert rows[0].remark == "falls (p = 0.01), from 2 to 4 V" and rows[0].here == change
    assert "not enough data: about 3.2 ns a point" in rows[1].remark
    assert rows[2].here is None
