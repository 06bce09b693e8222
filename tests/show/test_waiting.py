"""What the page about waiting ions draws and says, from pores with known rates."""

import numpy as np
import pandas as pd
import pytest
from janus_pore.analyse import arrivals, passing, waiting
from janus_pore.show import waiting as show
from janus_pore.testsystems import WaitingIons

PLACE = waiting.Place(radius_nm=0.4, depth_nm=0.25)


@pytest.fixture(scope="module")
def settings(make_scale):
    return make_scale(analysis__discard_ps=0.0, analysis__bootstrap_draws=200).analysis


@pytest.fixture(scope="module")
def pore(settings):
    """A pore at which nothing passes at 4 V, with its table and the water's order."""
    holds, reruns = WaitingIons(rates_per_ns=(40.0, 0.0, 40.0)).sample(0)
    table = passing.summed(waiting.waits(holds, reruns, PLACE), settings)
    return holds, reruns, table, waiting.order(holds, reruns, settings, PLACE)


def test_tracks_have_a_panel_a_voltage_and_a_colour_a_replica(pore):
    holds, reruns, _, _ = pore
    figure = show.tracks(holds, reruns, PLACE, 0.8)
    assert [ax.get_title("left") for ax in figure.axes] == ["2.0 V", "4.0 V", "7.5 V"]
    assert [len({line.get_color() for line in ax.lines if len(line.get_xdata()) > 2}) for ax in figure.axes] == [
        3,
        3,
        3,
    ]
    assert len(show.tracks(holds, {}, PLACE, 0.8).axes) == 1  # nothing to draw is no error


def test_a_bound_is_an_arrow_and_a_rate_has_its_interval(pore):
    _, _, table, order = pore
    axes = show.against_voltage({"a": table}, {"a": order}, {}).axes
    drawn = sorted(float(one[0].get_xdata()[0]) for one in axes[1].containers)
    assert drawn == [2.0, 2.0, 4.0, 4.0, 7.5, 7.5]  # per ns on the near side, and on either side
    assert [c.lines[2] is not None for c in axes[1].containers] == [True] * 6
    assert float(axes[1].containers[1][0].get_ydata()[0]) == pytest.approx(table.rate[1].high)
    assert len(axes[2].containers) == 2
    show.against_voltage({}, {}, {})


def test_the_tables_say_what_was_counted(pore, settings):
    holds, reruns, table, order = pore
    rows = show.table({"a": table, "b": pd.DataFrame()})
    rate = "passed per ns on the near side"
    assert rows[rate][1].startswith("below") and rows["Cl- passed"].tolist() == table.cl.tolist()
    none = table.assign(rate=None)
    assert show.table({"a": none})[rate].tolist() == ["no Cl- came"] * 3 and show.table({}).empty
    both = passing.compare(waiting.waits(holds, reruns, PLACE), 2.0, 4.0, settings)
    asked = {"a: x": ("0.19 by Table 1", both), "b: x": ("less than 1", None)}
    found = show.claims({"a": table}, asked, {"a": order}, (7, 0, 3.5, 0.01))
    first, second, third = found[:3]
    assert "4 over 2 V: not established" in first.remark and "3 + 3 replicas, whose least is 0.05" in first.remark
    assert "placements" not in first.remark  # all replicas are of one
    apart = waiting.waits(holds, reruns, PLACE).eval("unit = replica")
    both = passing.compare(apart, 2.0, 4.0, settings)
    (placed,) = show.claims({}, {"a: x": ("less", both)}, {}, (7, 0, 3.5, 0.01))[:1]
    assert "by 3 placements (3 of them change: least 0.12)" in placed.remark
    assert np.isneginf(first.here.low) and second.here is None and "none passed" in second.remark
    assert third.here.value == 0 and third.here.n == 7 and "3.5 expected" in third.remark
    assert len(found) == 3 + 2 * 3 + 6 and "K+ that pass, per ns of run" in found[4].quantity


def test_differences_say_by_what():
    found = {
        "a and b": ([18, 0, 7, 7], 0.001, 0.08, 0.2),
        "a and c": ([1, 0, 0, 2], 0.3, np.nan, np.nan),
        "a and d": None,
    }
    some, counts, none = show.differences(found, "the change")
    assert some.remark == (
        "18 and 0 Cl- passed, against 7 and 7; p by counts; 0.08 by pairs of replicas that start alike; "
        "0.2 by placements of the ions"
    )
    assert some.here.value == 0.001 and counts.remark == "1 and 0 Cl- passed, against 0 and 2; p by counts"
    assert none.here is None


def test_the_water_about_an_arrival(pore, settings):
    holds, reruns, _, _ = pore
    found = arrivals.around(holds, reruns, PLACE, settings, 20.0)
    (legend,) = show.arrivals(found).legends
    assert [text.get_text() for text in legend.get_texts()] == [
        f"{volt:g} V, {one.change.n} arrivals" for volt, one in found.items()
    ]
    rows = show.changes(found, "a")
    assert rows[0].quantity.startswith("a, ") and f"of {rows[0].here.n} arrivals" in rows[0].remark
    show.arrivals({})
