"""A fall of the current is claimed where there is one, and by chance no more often than the level says."""

import numpy as np
import pytest
from janus_pore.analyse.slope import decide, fall
from janus_pore.analyse.static import Ladder
from janus_pore.testsystems import MemristivePore, PublishedOnsets

FIELD = np.array([-1.2, -0.9, -0.6, -0.3, 0.3, 0.6, 0.9, 1.2])


def ladder(current_na, noise_na, blocks=20, seed=0, draws=200):
    """Blocks of noise about a current at each field, and their resampled means."""
    rng = np.random.default_rng(seed)
    units = np.asarray(current_na) + rng.normal(0, noise_na, (blocks, len(current_na)))
    rows = [units.mean(axis=0)]
    picks = [rng.multinomial(blocks, np.full(blocks, 1 / blocks), draws) / blocks for _ in current_na]
    resampled = np.stack([pick @ column for pick, column in zip(picks, units.T, strict=True)], axis=1)
    resampled = rows[0] + (resampled - rows[0]) * np.sqrt(blocks / (blocks - 1))
    field = FIELD[: len(current_na)]
    return Ladder(
        field, np.zeros((draws + 1, len(field))), np.vstack([rows, resampled]), *[np.full(len(field), blocks)] * 2
    )


def test_a_clear_fall_is_found_where_it_is():
    found = fall(ladder(PublishedOnsets().current(FIELD), 0.05), 0.68)
    assert found.verdict == "falls" and (found.from_v_nm, found.to_v_nm) in {(0.6, 1.2), (0.3, 1.2), (0.6, 0.9)}
    assert found.p_value < 0.05 and found.share == 1.0 and found.slope.high < 0


def test_a_clear_rise_is_told_apart_and_noise_decides_nothing():
    assert fall(ladder(FIELD, 0.1), 0.68).verdict == "rises"
    lost = fall(ladder(0.01 * FIELD, 1.0), 0.68)
    assert lost.verdict == "undecided" and lost.p_value > 0.05 and not lost.failed


@pytest.mark.parametrize("blocks", [6, 30])
def test_a_flat_ladder_falls_by_chance_no_more_often_than_the_level(blocks):
    """Though on nearly every one of them some pair falls in more than 95 % of the resamples."""
    verdicts = [fall(ladder(np.zeros(8), 1.0, blocks, seed), 0.68) for seed in range(300)]
    assert np.mean([v.verdict == "falls" for v in verdicts]) < 0.085
    assert np.mean([v.verdict == "rises" for v in verdicts]) < 0.01
    assert np.mean([v.share > 0.95 for v in verdicts]) > 0.3


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (ladder([1.0, 2.0, 3.0], 0.1), "3 constant fields"),
        (ladder(FIELD, 0.1, blocks=4), "4 independent units"),
        (ladder(np.zeros(8), 0.0), "without any spread"),
    ],
)
def test_too_little_data_give_a_reason_and_no_number(data, why):
    found = fall(data, 0.68)
    assert why in found.failed and found.verdict == "undecided" and found.slope is None and np.isnan(found.p_value)


def test_without_runs_there_is_a_reason(make_scale):
    found, verdict = decide({}, make_scale().analysis)
    assert found is None and "no runs" in verdict.failed


def test_from_runs_to_the_verdict(make_scale):
    settings = make_scale(analysis__current_window_ps=10.0, analysis__discard_ps=20.0).analysis
    pore = MemristivePore()
    found, verdict = decide({f"{e}": pore.sample_constant(e, k) for k, e in enumerate(FIELD)}, settings)
    assert len(found.field_v_nm) == 8 and verdict.verdict == "falls"
