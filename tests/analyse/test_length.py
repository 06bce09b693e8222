"""A column that was printed for a box of known length comes back with that length, as often as its interval says."""

import numpy as np
import pytest
from janus_pore.analyse import length
from janus_pore.analyse.stats import Estimate
from scipy.interpolate import interp1d

FIELDS = [0.2, 0.4, 0.6, 0.8]
COLUMN = [-21.5, 4.4, 18.8, 32.2]


def ours(truth_nm, error, seed=0, volts=(2.0, 3.0, 4.0, 5.0, 7.5)):
    noise = np.random.default_rng(seed).normal(0, error, len(volts))
    values = interp1d(FIELDS, COLUMN, fill_value="extrapolate")(np.array(volts) / truth_nm) + noise
    return {volt: Estimate(y, y - error, y + error, 9) for volt, y in zip(volts, values, strict=True)}


@pytest.mark.parametrize("truth_nm", [6.0, 10.0])
def test_the_length_comes_back(truth_nm):
    found = length.fitted(ours(truth_nm, 0.1), FIELDS, COLUMN)
    assert found.value == pytest.approx(truth_nm, abs=0.2) and found.low < found.value < found.high and found.n == 5


def test_its_interval_covers_as_it_says():
    found = [length.fitted(ours(8.0, 4.0, seed), FIELDS, COLUMN) for seed in range(200)]
    assert 0.6 < np.mean([one.low <= 8.0 <= one.high for one in found]) < 0.95


def test_numbers_that_do_not_agree_widen_it():
    good, scattered = ours(8.0, 1.0), ours(8.0, 1.0)
    for sign, volt in zip((1, -1, 1, -1, 1), scattered, strict=True):
        one = scattered[volt]
        scattered[volt] = Estimate(one.value + 6 * sign, one.low + 6 * sign, one.high + 6 * sign, 9)
    assert length.fitted(scattered, FIELDS, COLUMN).error > 3 * length.fitted(good, FIELDS, COLUMN).error


def test_no_length():
    assert length.fitted(ours(8.0, 1.0, volts=(2.0, 5.0)), FIELDS, COLUMN) is None
    assert length.fitted(ours(40.0, 0.1), FIELDS, COLUMN) is None
    without = {volt: Estimate(1.0, np.nan, np.nan, 1) for volt in (2.0, 3.0, 4.0)}
    assert length.fitted(without, FIELDS, COLUMN) is None


def test_what_speaks_against_a_number_speaks_against_the_length():
    known = ours(8.0, 1.0)
    assert length.fitted(known, FIELDS, COLUMN).warning == ""
    known[3.0] = Estimate(known[3.0].value, known[3.0].low, known[3.0].high, 3, "only 3 independent units")
    assert length.fitted(known, FIELDS, COLUMN).warning == "only 3 independent units"
