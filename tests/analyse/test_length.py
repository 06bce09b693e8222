"""A column that was printed for a box of known length comes back with that length, as often as its interval says."""

import numpy as np
import pytest
from janus_pore.analyse import length, stats
from janus_pore.analyse.stats import Estimate
from scipy.interpolate import interp1d
from scipy.stats import t as student

FIELDS = [0.2, 0.4, 0.6, 0.8]
COLUMN = [-21.5, 4.4, 18.8, 32.2]


def ours(truth_nm, error, seed=0, volts=(2.0, 3.0, 4.0, 5.0, 7.5)):
    noise = np.random.default_rng(seed).normal(0, error, len(volts))
    values = interp1d(FIELDS, COLUMN, fill_value="extrapolate")(np.array(volts) / truth_nm) + noise
    return {volt: Estimate(y, y - error, y + error, 9) for volt, y in zip(volts, values, strict=True)}


@pytest.mark.parametrize("truth_nm", [6.0, 10.0])
def test_the_length_comes_back(truth_nm):
    found = length.fitted(ours(truth_nm, 0.1), FIELDS, COLUMN, 0.68).length_nm
    assert found.value == pytest.approx(truth_nm, abs=0.2) and found.low < found.value < found.high and found.n == 5


def from_runs(rng, truth_nm, spread, runs):
    """A mean of few runs at each voltage, with the house's interval: none knows its error well."""
    found, at = {}, interp1d(FIELDS, COLUMN, fill_value="extrapolate")
    for volt, n in runs.items():
        drawn = at(volt / truth_nm) + rng.normal(0, spread, n)
        half = student.ppf(0.84, n - 1) * drawn.std(ddof=1) / np.sqrt(n)
        found[volt] = Estimate(drawn.mean(), drawn.mean() - half, drawn.mean() + half, n)
    return found


FEW = {2.0: 8, 3.0: 4, 4.0: 7, 5.0: 3}


@pytest.mark.parametrize("runs", [FEW, {2.0: 3, 3.0: 3, 5.0: 3, 7.5: 3}, {2.0: 20, 3.0: 20, 4.0: 20, 5.0: 20}])
def test_its_interval_covers_as_it_says_and_p_is_that_of_chance_also_with_few_runs(runs):
    """Once chi^2 was taken for a normal's: of eight to three runs a fifth came out at p < 0.05, not a twentieth."""
    rng = np.random.default_rng(1)
    found = [length.fitted(from_runs(rng, 8.4, 15.0, runs), FIELDS, COLUMN, 0.68) for _ in range(200)]
    p = np.array([one.p for one in found])
    assert (p < 0.05).mean() < 0.1 and 0.04 < (p < 0.1).mean() < 0.17 and 0.38 < (p < 0.5).mean() < 0.64
    lengths = [one.length_nm for one in found if one.length_nm]
    known = [one for one in lengths if np.isfinite([one.low, one.high]).all()]
    assert len(known) > 100 and 0.6 < np.mean([one.low <= 8.4 <= one.high for one in known]) < 0.85


def test_the_same_with_the_bootstrap_of_runs_that_hold_unequal_numbers_of_ions():
    """Ratios of sums; all of a run's ions share its offset."""
    rng, at = np.random.default_rng(2), interp1d(FIELDS, COLUMN, fill_value="extrapolate")
    counts = {2.0: [110, 58, 11, 109, 71, 159, 33, 66], 3.0: [45, 19, 38, 31], 4.0: [23, 38, 35, 17, 43, 1, 38]}
    p = []
    for seed in range(100):
        known = {}
        for volt, count in counts.items():
            c = np.array(count, dtype=float)
            units = np.column_stack([c, c * (at(volt / 8.4) + rng.normal(0, 20.0, len(c)))])
            share = stats.expanded(0.68, len(c))
            known[volt] = stats.estimate(
                units, lambda drawn: drawn[:, 1].sum() / drawn[:, 0].sum(), draws=200, confidence=share, seed=seed
            )
        p.append(length.fitted(known, FIELDS, COLUMN, 0.68).p)
    assert np.mean(np.array(p) < 0.05) < 0.11 and 0.35 < np.mean(np.array(p) < 0.5) < 0.68


def test_a_column_of_another_shape_has_no_length():
    """It saturates where the paper's goes on rising: the best length would look precise."""
    flat = {volt: Estimate(min(y.value, 16.0), y.low, y.high, 9) for volt, y in ours(8.0, 1.0).items()}
    found = length.fitted(flat, FIELDS, COLUMN, 0.68)
    assert found.length_nm is None and found.p < 1e-3 and "none fits; the best, " in found.failed


def test_no_length():
    few = length.fitted(ours(8.0, 1.0, volts=(2.0, 5.0)), FIELDS, COLUMN, 0.68)
    assert few.length_nm is None and "2 voltages" in few.failed and np.isnan(few.p)
    far = length.fitted(ours(40.0, 0.1), FIELDS, COLUMN, 0.68)
    assert far.length_nm is None and "none fits between 3 and 20 nm" in far.failed
    without = {volt: Estimate(1.0, np.nan, np.nan, 1) for volt in (2.0, 3.0, 4.0)}
    assert length.fitted(without, FIELDS, COLUMN, 0.68).length_nm is None


def test_what_speaks_against_a_number_speaks_against_the_length():
    known = ours(8.0, 1.0)
    assert length.fitted(known, FIELDS, COLUMN, 0.68).length_nm.warning == ""
    known[3.0] = Estimate(known[3.0].value, known[3.0].low, known[3.0].high, 3, "only 3 independent units")
    assert length.fitted(known, FIELDS, COLUMN, 0.68).length_nm.warning == "only 3 independent units"
