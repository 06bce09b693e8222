"""Displacements along x of walkers whose motion is known."""

import numpy as np
import pytest
from janus_pore.reduce import mixing


def test_steady_motion_across_the_boundary():
    """x = v t, wrapped: the square of v t at every lag, in every block."""
    t = np.arange(401) * 0.5
    x = np.mod(np.array([0.01, -0.02]) * t[:, None] + 1.0, 3.0)
    found = mixing.displacements(x, 3.0, 0.5)
    assert found.ion_lag.values[-1] == pytest.approx(50.0) and found.sizes["block"] == 4
    assert np.allclose(found.values, np.mean([0.01**2, 0.02**2]) * found.ion_lag.values**2)


def test_diffusion():
    """Steps of variance 2 D dt: the displacement is 2 D t."""
    d, dt = 1.4e-3, 0.5
    x = np.cumsum(np.random.default_rng(0).normal(0, np.sqrt(2 * d * dt), (4000, 40)), axis=0)
    found = mixing.displacements(np.mod(x, 5.0), 5.0, dt).mean("block")
    assert found.ion_lag.values[-1] == 60.0
    assert found.values[1:] == pytest.approx(2 * d * found.ion_lag.values[1:], rel=0.15)
