"""Angles are counted from the field, and at a sweep's zeros from that which begins."""

import numpy as np
from janus_pore.analyse import fold


def test_folding_turns_by_180_degrees_and_wraps():
    theta = np.radians([10.0, 170.0, -170.0, 180.0])
    assert np.allclose(np.degrees(fold.fold_angles(theta, np.ones(4))), [10, 170, -170, 180])
    assert np.allclose(np.degrees(fold.fold_angles(theta, -np.ones(4))), [-170, -10, 10, 0])


def test_where_a_sine_passes_zero_angles_are_of_the_half_period_that_begins():
    """Once the sign of what rounding left decided: it is that of the half period before."""
    field = np.sin(np.pi * np.arange(0, 2.01, 0.25))
    assert field[4] > 0 > field[8]  # 1e-16
    assert np.sign(fold.sense(field)).tolist() == [0, 1, 1, 1, -1, -1, -1, -1, 1]
    for constant in (np.zeros(3), np.full(3, -0.4), np.full(1, 1e-12)):
        assert fold.sense(constant).tolist() == constant.tolist()
