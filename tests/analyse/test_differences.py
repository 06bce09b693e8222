"""Two ladders with a known difference: it comes back with an honest error, at shared voltages only."""

import numpy as np
import pytest
from janus_pore.analyse import differences
from janus_pore.testsystems import Ladder


@pytest.fixture(scope="module")
def settings(make_scale):
    return make_scale(analysis__current_window_ps=10.0, analysis__discard_ps=50.0).analysis


def lines(seed, **other):
    return {"a": Ladder().sample(seed), "b": Ladder(**other).sample(seed + 1000)}


def test_it_is_the_difference_of_the_currents(settings):
    found = differences.against(lines(0, currents_na=(6.0, 2.0, 1.0, 3.0), noise_na=1.0), "a", settings)
    box = found[found.quantity == "box"]
    assert box.volt.tolist() == [2.0, 3.0, 4.0, 5.0] and set(box.configuration) == {"b"}
    assert box.difference.iloc[0].value == pytest.approx(5.0, abs=0.5) and box.sigmas.iloc[0] > 10
    assert np.abs(box.sigmas.iloc[1:]).max() < 4
    assert box.base.iloc[0].value + box.difference.iloc[0].value == pytest.approx(box.here.iloc[0].value)


def test_equal_ladders_differ_by_one_error_as_often_as_they_should(settings):
    sigmas = np.concatenate([differences.against(lines(seed), "a", settings).sigmas for seed in range(16)])
    assert 0.55 < np.mean(np.abs(sigmas) < 1) < 0.78 and np.mean(np.abs(sigmas) < 3) > 0.98


def test_boxes_of_two_lengths_meet_at_the_same_voltage(settings):
    long = Ladder(fields_v_nm=(0.2, 0.45), currents_na=(1.0, 2.0), length_x_nm=10.0)
    found = differences.against({"a": Ladder().sample(0), "b": long.sample(1)}, "a", settings)
    assert found.volt.unique().tolist() == [2.0] and found.quantity.tolist() == [
        "sigma_fit",
        "sigma",
        "mean_cos",
        "box",
    ]


def test_nothing_to_compare(settings):
    assert differences.against({"a": Ladder().sample(0)}, "a", settings).empty
    with pytest.raises(KeyError):
        differences.against(lines(0), "c", settings)
