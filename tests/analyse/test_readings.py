"""A fall of the current is found where there is one, not where there is none, and its errors are honest."""

import numpy as np
import pytest
from janus_pore.analyse import readings
from janus_pore.testsystems import Ladder
from janus_pore.units import NA_PER_E_PER_PS


@pytest.fixture(scope="module")
def settings(make_scale):
    return make_scale(analysis__current_window_ps=10.0, analysis__discard_ps=50.0).analysis


def dry(holds):
    """The same ladder with no water in its pore, whose widths then need not be fitted."""
    return {
        name: one.isel(sample=slice(0, 0)).assign(pore_water=0 * one.pore_water) for name, one in holds.items()
    }  # fmt: skip


class TestSteady:
    def test_every_column_of_a_known_ladder(self, settings):
        table = readings.steady(Ladder(noise_na=1e-6).sample(0), settings)
        assert table.volt.tolist() == pytest.approx([2.0, 3.0, 4.0, 5.0]) and table.replicas.tolist() == [2] * 4
        assert table.current.tolist() == pytest.approx([1.0, 2.0, 1.0, 3.0], abs=1e-5)
        assert table.k.tolist() == pytest.approx([0.5, 1.0, 0.5, 1.5], abs=1e-5)
        assert table.ns.tolist() == pytest.approx([0.9] * 4)
        assert (table.crossed_k + table.crossed_cl == table.crossings).all() and table.crossed_k.max() > 0
        assert table.sigma.tolist() == pytest.approx([np.degrees(0.3)] * 4, rel=0.03)
        assert table.sigma_fit.tolist() == pytest.approx([np.degrees(0.3)] * 4, rel=0.05)
        assert (table.water == 6).all() and (table.dry == 0).all()
        for name, spread in (("sigma_fit", 1.2), ("sigma", 1.2), ("mean_cos", 0.01)):
            low, high = table[f"{name}_low"], table[f"{name}_high"]
            assert (low < table[name]).all() and (table[name] < high).all() and (high - low < spread).all()

    def test_a_pore_without_water_has_a_current(self, settings):
        table = readings.steady(dry(Ladder(noise_na=1e-6).sample(0)), settings)
        assert table.current.tolist() == pytest.approx([1.0, 2.0, 1.0, 3.0], abs=1e-5) and "sigma_fit" not in table
        assert (table.dry == 1).all()

    def test_error_bars_cover_as_often_as_they_say(self, settings):
        truth, inside = np.array([1, 2, 1, 3]), {"current": 0, "pore": 0}
        for seed in range(60):
            table = readings.steady(dry(Ladder(replicas=1).sample(seed)), settings)
            for name in inside:
                inside[name] += ((table[f"{name}_low"] <= truth) & (table[f"{name}_high"] >= truth)).sum()
        assert 0.58 < inside["current"] / 240 < 0.77 and 0.6 < inside["pore"] / 240 < 0.9

    def test_no_crossing_gives_a_bound_and_not_an_error_of_zero(self, settings):
        row = readings.steady(Ladder(fields_v_nm=(0.6,), currents_na=(0.0,)).sample(0), settings).iloc[0]
        assert row.pore == 0 and row.crossings == 0
        one_ion = NA_PER_E_PER_PS / 900
        assert -1.5 * one_ion < row.pore_low < 0 < row.pore_high < 1.5 * one_ion


class TestFall:
    def test_a_fall_well_beyond_the_noise_is_found_where_it_is(self, settings):
        strong = Ladder(currents_na=(20, 30, 10, 40), noise_na=50.0)
        found = readings.fall(strong.sample(1), settings)
        assert found.verdict == "falls" and (found.low_v, found.high_v) == pytest.approx((3.0, 4.0))
        assert found.p < 0.01
        assert abs(found.change.value + 20) < 3 * found.change.error and found.change.high < 0

    def test_a_fall_over_several_steps_counts(self, settings):
        """No step between neighbours is clear: 3 nA each, errors of 1.8 nA."""
        slow = Ladder(fields_v_nm=(0.4, 0.6, 0.8, 1.0, 1.2), currents_na=(18, 15, 12, 9, 6), replicas=2)
        found = readings.fall(slow.sample(1), settings)
        assert found.verdict == "falls" and found.high_v - found.low_v > 2.5

    def test_a_rise_is_not_a_fall(self, settings):
        assert readings.fall(Ladder(currents_na=(1, 20, 40, 60)).sample(0), settings).verdict == "rises"

    def test_a_flat_current_is_seldom_called_a_fall(self, settings):
        flat = Ladder(currents_na=(1, 1, 1, 1), duration_ps=250)
        called = [readings.fall(flat.sample(seed), settings).verdict for seed in range(60)]
        assert called.count("falls") <= 5 and called.count("rises") == 0

    def test_what_it_would_take(self, settings):
        """The error of a mean falls with the root of the time, so the time needed does not depend on the time spent.

        Of four replicas each: more would be asked how they scatter, too.
        """
        short, long = (
            readings.fall(Ladder(currents_na=(1, 1, 1, 1), duration_ps=t, replicas=4).sample(3), settings).needed_ns
            for t in (1050, 4050)
        )
        assert short == pytest.approx(long, rel=0.6) and short == pytest.approx(1.0 * 160.2 / 0.2**2 / 1000, rel=0.7)

    @pytest.mark.parametrize("estimator", ["box", "pore"])
    def test_placements_of_the_ions_count_once_each(self, settings, estimator):
        """Ten replicas of ten placements, or of five that began alike and five others: the latter say less."""
        holds = Ladder(currents_na=(8, 8, 8, 8), replicas=10).sample(0)
        own = np.array([1.0] * 5 + [0.2] * 5)[:, None, None]  # the five let more through
        holds = {
            name: one.assign(
                current=one.current * own, crossings=(one.crossings.dims, one.crossings.values * (own > 0.5))
            )
            for name, one in holds.items()
        }
        errors = []
        for began in ([*range(10)], [0] * 5 + [*range(5, 10)], [0] * 10):
            placed = {name: one.assign_coords(began=("replica", began)) for name, one in holds.items()}
            rows = readings.steady(placed, settings)
            name = {"box": "current", "pore": "pore"}[estimator]
            errors.append(float((rows[f"{name}_high"] - rows[f"{name}_low"]).mean()))
        assert errors[1] > 1.1 * errors[0] and errors[2] == pytest.approx(errors[0], rel=0.05)  # one: runs are drawn

    def test_the_other_way_it_is_the_same(self, settings):
        """Fields and currents along -x: a fall is one of the current along the field."""
        fields, currents = (-0.4, -0.6, -0.8, -1.0), (-20, -30, -10, -40)
        found = readings.fall(Ladder(fields_v_nm=fields, currents_na=currents).sample(1), settings)
        assert found.verdict == "falls" and (found.low_v, found.high_v) == pytest.approx((-3.0, -4.0))
        assert found.change.high < 0
        rising = Ladder(fields_v_nm=fields, currents_na=(-1, -20, -40, -60))
        assert readings.fall(rising.sample(0), settings).verdict == "rises"

    def test_one_field_says_nothing(self, settings):
        assert readings.fall(Ladder(fields_v_nm=(0.4,), currents_na=(1.0,)).sample(0), settings) is None
