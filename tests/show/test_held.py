"""The page of a held ion: what is drawn is what was computed, and the table stands beside Table 1."""

import matplotlib.pyplot as plt
import pytest
from janus_pore.analyse import climbs as climbing
from janus_pore.analyse import held as analyse
from janus_pore.show import claims, held
from janus_pore.testsystems import PoreIons

X_NM = {f"at{k}": round(0.1 * k, 1) for k in range(-2, 6)}


@pytest.fixture(scope="module")
def profiles(make_scale):
    settings = make_scale(analysis__current_window_ps=1.0).analysis
    found = {}
    for field in (0.4, 0.8):
        system = PoreIons(field_v_nm=field, depth=2.0 * field, replicas=1)
        data = {name: {"volt": system.hold(x, k, duration_ps=10.0)} for k, (name, x) in enumerate(X_NM.items())}
        found[field] = analyse.profile(X_NM, data, field, settings)
    return found, settings


@pytest.fixture(scope="module")
def climbs(profiles):
    found, settings = profiles
    return {field: climbing.climb(one, settings) for field, one in found.items()}


def test_two_fields_and_what_they_differ_by(profiles, climbs):
    found, _ = profiles
    drawn = held.figure(found, climbs, found, 0.68)
    force, potential, parts = drawn.axes
    lines = {line.get_label(): line for line in parts.lines}
    both = found[0.8].potential - found[0.4].potential
    for name, label in (("total", "all together"), ("water_electrostatic", "water, electrostatic")):
        assert lines[label].get_ydata() == pytest.approx(both.sel(part=name).values)
    drawn_apart = (found[0.8].drawn - found[0.4].drawn).sel(part="total")
    band = parts.collections[-1].get_paths()[0].get_extents()  # at its widest where the integral is longest
    assert band.ymin < float(both.sel(part="total").min()) and band.ymax > float(both.sel(part="total").max())
    assert float(drawn_apart.min()) <= band.ymin and band.ymax <= float(drawn_apart.max())
    assert parts.get_title() == "0.8 less 0.4 V/nm"
    assert [text.get_text() for text in force.get_legend().get_texts()] == ["0.4 V/nm", "0.8 V/nm"]
    ends = {line.get_xdata()[0] for line in potential.lines if line.get_linestyle() == "--"}
    assert ends == {end.value for one in climbs.values() for end in (one.minimum, one.maximum)}
    plt.close(drawn)


def test_one_field_and_none(profiles, climbs):
    found, _ = profiles
    one = held.figure({0.4: found[0.4]}, climbs, {0.4: found[0.4]}, 0.68)
    assert one.axes[2].get_title() == "0.4 V/nm"
    lines = {line.get_label(): line for line in one.axes[2].lines}
    assert lines["all together"].get_ydata() == pytest.approx(found[0.4].potential.sel(part="total").values)
    assert not held.figure({}, {}, {}, 0.68).axes[0].containers
    apart = held.figure(found, climbs, {}, 0.68)  # no two places that both fields have
    assert apart.axes[1].containers and len(apart.axes[2].lines) == 1
    assert held.table({}).empty and held.claims({}, {}, None, claims.published("table1")) == []
    plt.close("all")


def test_the_table_has_every_place_from_s_to_se(profiles):
    found, _ = profiles
    table = held.table(found)
    assert table["x (nm)"].tolist() == 2 * sorted(X_NM.values(), reverse=True)
    assert (table.blocks == 10).all() and (table.runs == 1).all()
    assert table["potential (kJ/mol)"].iloc[0] == 0 and (table["+-"] > 0).all()


def test_claims(profiles, climbs):
    found, settings = profiles
    places = climbs[0.8].minimum.value, climbs[0.8].maximum.value
    rises = climbing.rise(found[0.4], found[0.8], *places, settings)
    rows = {one.quantity: one for one in held.claims(climbs, rises, places, claims.published("table1"))}
    assert len(rows) == 3 * 8 + 1
    climb, ends = rows["from 0.4 to 0.8 V/nm: largest climb"], [climbs[field].total for field in (0.4, 0.8)]
    assert climb.paper == "+4.17 kJ/mol" and climb.here.value == pytest.approx(ends[1].value - ends[0].value)
    assert climb.here.error == pytest.approx((ends[0].error ** 2 + ends[1].error ** 2) ** 0.5)
    assert rows["0.8 V/nm: largest climb"].paper == "6.2 kJ/mol"
    assert rows["0.8 V/nm: largest climb"].here == climbs[0.8].total
    assert rows["from 0.4 to 0.8 V/nm: water, electrostatic"].paper == "+27.84 kJ/mol"
    assert rows["from 0.4 to 0.8 V/nm: all together"].here == rises["total"]
    assert "{:.3f} and {:.3f} nm".format(*places) in rows["from 0.4 to 0.8 V/nm: all together"].remark
    assert len(held.claims(climbs, {}, None, claims.published("table1"))) == 2 * 8 + 1


def test_fields_that_the_paper_does_not_have(profiles, climbs):
    rows = held.claims({1.5: climbs[0.8], 2.0: climbs[0.8]}, {}, None, claims.published("table1"))
    assert {one.paper for one in rows} == {"not printed"}
