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
    found = length.fitted(ours(truth_nm, 0.1), FIELDS, COLUMN).length_nm
    assert found.value == pytest.approx(truth_nm, abs=0.2) and found.low < found.value < found.high and found.n == 5


def test_its_interval_covers_as_it_says_and_a_column_of_the_paper_is_seldom_refused():
    found = [length.fitted(ours(8.0, 4.0, seed), FIELDS, COLUMN) for seed in range(200)]
    lengths = [one.length_nm for one in found if one.length_nm]
    assert 0.6 < np.mean([one.low <= 8.0 <= one.high for one in lengths]) < 0.95
    assert len(lengths) > 180 and 0.3 < np.mean([one.p for one in found]) < 0.7  # one parameter: p is uniform


def test_a_column_of_another_shape_has_no_length():
    """It saturates where the paper's goes on rising: the best length would look precise."""
    flat = {volt: Estimate(min(y.value, 16.0), y.low, y.high, 9) for volt, y in ours(8.0, 1.0).items()}
    found = length.fitted(flat, FIELDS, COLUMN)
    assert found.length_nm is None and found.p < 1e-3 and "none fits; the best, " in found.failed


def test_no_length():
    few = length.fitted(ours(8.0, 1.0, volts=(2.0, 5.0)), FIELDS, COLUMN)
    assert few.length_nm is None and "2 voltages" in few.failed and np.isnan(few.p)
    far = length.fitted(ours(40.0, 0.1), FIELDS, COLUMN)
    assert far.length_nm is None and "none fits between 3 and 20 nm" in far.failed
    without = {volt: Estimate(1.0, np.nan, np.nan, 1) for volt in (2.0, 3.0, 4.0)}
    assert length.fitted(without, FIELDS, COLUMN).length_nm is None


def test_what_speaks_against_a_number_speaks_against_the_length():
    known = ours(8.0, 1.0)
    assert length.fitted(known, FIELDS, COLUMN).length_nm.warning == ""
    known[3.0] = Estimate(known[3.0].value, known[3.0].low, known[3.0].high, 3, "only 3 independent units")
    assert length.fitted(known, FIELDS, COLUMN).length_nm.warning == "only 3 independent units"
