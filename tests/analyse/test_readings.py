"""A fall of the current is found where there is one, not where there is none, and its errors are honest."""

import numpy as np
import pytest
from janus_pore.analyse import readings
from janus_pore.testsystems import Ladder


@pytest.fixture(scope="module")
def settings(make_scale):
    return make_scale(analysis__current_window_ps=10.0, analysis__discard_ps=50.0).analysis


class TestSteady:
    def test_every_column_of_a_known_ladder(self, settings):
        table = readings.steady(Ladder(noise_na=1e-6).sample(0), settings)
        assert table.volt.tolist() == pytest.approx([2.0, 3.0, 4.0, 5.0]) and table.replicas.tolist() == [2] * 4
        assert table.current.tolist() == pytest.approx([1.0, 2.0, 1.0, 3.0], abs=1e-5)
        assert table.k.tolist() == pytest.approx([0.5, 1.0, 0.5, 1.5], abs=1e-5)
        assert table.ns.tolist() == pytest.approx([0.9] * 4) and table.pore.tolist() == [0] * 4
        assert table.sigma.tolist() == pytest.approx([np.degrees(0.3)] * 4, rel=0.03)
        assert table.sigma_fit.tolist() == pytest.approx([np.degrees(0.3)] * 4, rel=0.05)
        assert (table.water == 6).all() and (table.dry == 0).all()

    def test_error_bars_cover_as_often_as_they_say(self, settings):
        inside = 0
        for seed in range(60):
            table = readings.steady(Ladder(replicas=1).sample(seed), settings)
            inside += ((table.current_low <= [1, 2, 1, 3]) & (table.current_high >= [1, 2, 1, 3])).sum()
        assert 0.58 < inside / 240 < 0.77


class TestFall:
    def test_a_fall_well_beyond_the_noise_is_found_where_it_is(self, settings):
        found = readings.fall(Ladder(noise_na=1.0).sample(1), settings)
        assert found.verdict == "falls" and (found.low_v, found.high_v) == pytest.approx((3.0, 4.0))
        assert found.change.low < -1.0 < found.change.high < 0

    def test_a_rise_is_not_a_fall(self, settings):
        found = readings.fall(Ladder(currents_na=(1, 2, 3, 4), noise_na=0.5).sample(0), settings)
        assert found.verdict == "rises"

    def test_a_flat_current_is_seldom_called_a_fall(self, settings):
        flat = Ladder(currents_na=(1, 1, 1, 1), duration_ps=250)
        called = [readings.fall(flat.sample(seed), settings).verdict for seed in range(60)]
        assert called.count("falls") <= 5 and called.count("rises") == 0

    def test_what_it_would_take(self, settings):
        """The error of a mean falls with the root of the time, so the time needed does not depend on the time spent."""
        short, long = (
            readings.fall(Ladder(currents_na=(1, 1, 1, 1), duration_ps=t, replicas=4).sample(3), settings).needed_ns
            for t in (550, 2050)
        )
        assert short == pytest.approx(long, rel=0.6) and short > 0

    def test_one_field_says_nothing(self, settings):
        assert readings.fall(Ladder(fields_v_nm=(0.4,), currents_na=(1.0,)).sample(0), settings) is None
