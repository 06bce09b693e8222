"""Correlation functions of dipoles, on molecules that turn in a known way."""

import numpy as np
import pytest
from janus_pore.reduce.dipoles import Dipoles

BOX, CENTRE = np.array([5.0, 4.0, 4.0]), np.array([2.5, 2.0, 2.0])


def waters(oxygens, directions):
    """Molecules (n, 3, 3) with dipoles along `directions` (n, 3)."""
    stem = 0.0577 * directions
    side = np.cross(directions, [0.0, 0.0, 1.0])
    side *= 0.0816 / np.linalg.norm(side, axis=1, keepdims=True)
    return np.stack([oxygens, oxygens + stem + side, oxygens + stem - side], axis=1)


def turning(frames, tau, count, rng, dt=1.0):
    """Angles (frames, count) in a plane that diffuse so that <cos(change)> = exp(-t / tau)."""
    steps = rng.normal(0, np.sqrt(2 * dt / tau), (frames, count))
    return np.cumsum(steps, axis=0) + rng.uniform(0, 2 * np.pi, count)


def flat(angles):
    return np.stack([np.cos(angles), np.sin(angles), np.zeros_like(angles)], axis=-1)


def collect(oxygens, angles):
    found = Dipoles(len(oxygens), CENTRE, BOX, 1.0, (0.4, 0.25))
    for one in angles:
        found.add(waters(oxygens, flat(one)))
    return found.result(1.0)


@pytest.fixture(scope="module")
def oxygens():
    """60 in the reservoirs, 6 in the pore, 40 near the sheet but beside the pore."""
    rng = np.random.default_rng(1)
    far = np.column_stack([rng.choice([0.4, 4.6], 60), rng.uniform(0, 4, (60, 2))])
    inside = CENTRE + np.column_stack([rng.uniform(-0.2, 0.2, 6), rng.uniform(-0.2, 0.2, (6, 2))])
    beside = np.column_stack([np.full(40, 2.5), np.full(40, 0.2), rng.uniform(0, 4, 40)])
    return np.concatenate([far, inside, beside])


def test_each_place_has_its_own_time(oxygens):
    """Reservoirs turn in 5, the pore in 12, what is beside it never: it must not count."""
    rng = np.random.default_rng(2)
    angles = np.concatenate([turning(3000, 5, 60, rng), turning(3000, 12, 6, rng), np.zeros((3000, 40))], axis=1)
    found = collect(oxygens, angles)
    t = found.lag.values[:13]
    mean = found.mean("block").isel(lag=slice(0, 13))
    assert mean.sel(place="bulk").values == pytest.approx(np.exp(-t / 5), abs=0.03)
    assert mean.sel(place="pore").values == pytest.approx(np.exp(-t / 12), abs=0.12)
    assert found.sizes == {"block": 4, "place": 3, "lag": 61} and float(found.lag[-1]) == 60.0
    assert (found.isel(lag=0) == 1).all()


def test_a_preferred_direction_is_no_memory(oxygens):
    """All in the pore point along x but for a quick tremble of their own."""
    rng = np.random.default_rng(3)
    tremble = rng.normal(0, 0.3, (800, 6))
    angles = np.concatenate([turning(800, 5, 60, rng), tremble, np.zeros((800, 40))], axis=1)
    found = collect(oxygens, angles).mean("block")
    assert np.abs(found.sel(place=["pore", "pore mean"]).isel(lag=slice(1, 20)).values).max() < 0.12


def test_the_pores_mean_can_outlive_its_molecules(oxygens):
    """A common slow turn with quick ones of their own on top."""
    rng = np.random.default_rng(4)
    common, own = turning(4000, 30, 1, rng), rng.uniform(-1.5, 1.5, (4000, 6))
    angles = np.concatenate([turning(4000, 5, 60, rng), common + own, np.zeros((4000, 40))], axis=1)
    found = collect(oxygens, angles).mean("block").isel(lag=10)
    assert found.sel(place="pore mean") > found.sel(place="pore") + 0.1


def test_molecules_count_while_they_are_in_the_pore_at_both_times(oxygens):
    """They take turns, of which each other's direction is the opposite: mixing them up would give -1."""
    found = Dipoles(2, CENTRE, BOX, 1.0, (0.4, 0.25))
    away = np.array([0.3, 2.0, 2.0])
    rng = np.random.default_rng(5)
    for k in range(400):
        first = k // 20 % 2 == 0
        places = np.array([CENTRE, away] if first else [away, CENTRE])
        found.add(waters(places, flat(np.array([0.0, np.pi]) + rng.normal(0, 0.1, 2))))
    result = found.result(1.0).mean("block").sel(place="pore")
    assert result.isel(lag=slice(1, 10)).values == pytest.approx(1.0, abs=0.1)


def test_an_empty_pore_gives_no_number(oxygens):
    rng = np.random.default_rng(6)
    found = collect(oxygens[:60], turning(100, 5, 60, rng))
    assert found.sel(place=["pore", "pore mean"]).isnull().all() and found.sel(place="bulk").notnull().all()
