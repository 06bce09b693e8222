"""Cycles of a sweep: the first, which starts with an uncharged sheet, counts only where it is the only one."""

import numpy as np
import pytest
from janus_pore.analyse import cycles

TIME = np.arange(0, 20.5, 0.5)


def test_phase_bins():
    turn, phase = cycles.phase_bins(TIME, 10.0, 4)
    assert turn.tolist() == [0] * 20 + [1] * 20 + [2]
    assert phase[:21].tolist() == [0] * 5 + [1] * 5 + [2] * 5 + [3] * 5 + [0]


@pytest.mark.parametrize(("period", "left_out"), [(10.0, 20), (5.0, 10), (20.0, 0)])
def test_settled(period, left_out):
    assert cycles.settled(TIME, period).tolist() == [False] * left_out + [True] * (41 - left_out)
    middle = 0.5 * (TIME[1:] + TIME[:-1])  # of intervals: the last does not reach the end
    assert (~cycles.settled(middle, period)).sum() == left_out
