"""Two ladders with a known difference: it comes back with an honest error, at shared voltages only."""

import numpy as np
import pytest
import xarray as xr
from janus_pore.analyse import differences
from janus_pore.testsystems import Ladder


@pytest.fixture(scope="module")
def settings(make_scale):
    return make_scale(analysis__current_window_ps=10.0, analysis__discard_ps=50.0).analysis


def lines(seed, **other):
    return {"a": Ladder().sample(seed), "b": Ladder(**other).sample(seed + 1000)}


EVEN = dict.fromkeys(differences.QUANTITIES, 1.0)


def shifted(data, offsets_na):
    """The same ladder with something slow in each replica: an offset of its whole-box current."""
    return {
        name: one.assign(current=one.current + xr.DataArray(np.divide(offsets_na, 2), dims="replica"))
        for name, one in data.items()
    }


def test_it_is_the_difference_of_the_currents(settings):
    found = differences.against(lines(0, currents_na=(6.0, 2.0, 1.0, 3.0), noise_na=1.0), "a", settings, EVEN)
    box = found[found.quantity == "box"]
    assert box.volt.tolist() == [2.0, 3.0, 4.0, 5.0] and set(box.configuration) == {"b"}
    assert box.difference.iloc[0].value == pytest.approx(5.0, abs=0.5) and box.sigmas.iloc[0] > 10
    assert np.abs(box.sigmas.iloc[1:]).max() < 4
    assert box.base.iloc[0].value + box.difference.iloc[0].value == pytest.approx(box.here.iloc[0].value)


def test_equal_ladders_differ_by_one_error_as_often_as_they_should(settings):
    sigmas = np.concatenate([differences.against(lines(k), "a", settings, EVEN).sigmas for k in range(16)])
    assert 0.55 < np.mean(np.abs(sigmas) < 1) < 0.78 and np.mean(np.abs(sigmas) < 3) > 0.98


class TestScatter:
    def test_replicas_that_differ_no_more_than_their_blocks_say(self, settings):
        repeated = differences.repeats(lines(3), settings)
        assert len(repeated) == 2 * 4 * 4  # configurations, voltages, quantities; one pair of replicas each
        factor = differences.scatter(repeated)
        assert all(1.0 <= one < 1.8 for one in factor.values())

    def test_replicas_that_do_widen_the_errors(self, settings):
        found = lines(5)
        found["a"] = shifted(found["a"], [-4.0, 4.0])
        factor = differences.scatter(differences.repeats({"a": found["a"]}, settings))
        assert factor["box"] > 5 > 1.8 > factor["mean_cos"]
        narrow, wide = (differences.against(found, "a", settings, one) for one in (EVEN, factor))
        for quantity in ("box", "mean_cos"):
            ratio = [w.error / n.error for w, n in zip(wide.difference, narrow.difference, strict=True)]
            assert np.array(ratio)[(wide.quantity == quantity).to_numpy()] == pytest.approx(factor[quantity])

    def test_no_pair_of_replicas(self, settings):
        single = {name: one.isel(replica=[0]) for name, one in Ladder(replicas=1).sample(0).items()}
        repeated = differences.repeats({"a": single}, settings)
        assert repeated.empty and differences.scatter(repeated) == EVEN


def test_boxes_of_two_lengths_meet_at_the_same_voltage(settings):
    long = Ladder(fields_v_nm=(0.2, 0.45), currents_na=(1.0, 2.0), length_x_nm=10.0)
    found = differences.against({"a": Ladder().sample(0), "b": long.sample(1)}, "a", settings, EVEN)
    assert found.volt.unique().tolist() == [2.0] and found.quantity.tolist() == list(differences.QUANTITIES)


def test_nothing_to_compare(settings):
    assert differences.against({"a": Ladder().sample(0)}, "a", settings, EVEN).empty
    with pytest.raises(KeyError):
        differences.against(lines(0), "c", settings, EVEN)
