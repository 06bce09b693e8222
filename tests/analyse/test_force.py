"""The mean force and both potentials of ions in a known potential come back; where ions are missing, no number."""

import dataclasses
import warnings

import numpy as np
import pytest
from janus_pore.analyse.force import mean_force
from janus_pore.testsystems import PoreIons


@pytest.fixture(scope="module")
def many(scale, binned):
    """A well sampled system and its mean force."""
    system = PoreIons(ions=60.0, noise_kj_mol_nm=50.0)
    return system, mean_force(binned(system), scale.analysis)


def test_the_mean_force_of_every_part(many):
    system, table = many
    inside = (table.bin.values[:, None] + np.linspace(-0.02, 0.02, 9)).ravel()
    asked = system.analytical_force(inside).reshape(len(table.bin), 9, -1).mean(axis=1)
    asked = np.column_stack([asked, asked.sum(axis=1)])
    sigma = 0.5 * (table.high - table.low).values
    off = np.abs(table.force.values - asked) / np.hypot(sigma, 1.0)  # a bin's mean is not its middle
    assert np.mean(off < 1) > 0.6 and off.max() < 6
    assert table.force.sel(part="field").values == pytest.approx(np.full(len(table.bin), -0.4 * 96.48533))


def test_both_potentials_are_the_one_the_ions_live_in(many):
    system, table = many
    asked = system.potential(table.bin.values).sum(axis=1)
    asked -= asked.mean()
    for name, error in (("pmf", 2.5), ("by_counts", 0.5)):
        assert (table[name] - table[name].mean()).values == pytest.approx(asked, abs=error), name


@pytest.mark.parametrize("replicas", [3, 5, 8])
def test_intervals_of_few_runs_whose_cycles_are_alike(scale, replicas, binned):
    """Each run has forces of its own; with less than five, as single cycles. Once 0.4 of eight runs, 0.5 of three."""
    rng, hits, seen = np.random.default_rng(1), 0, 0
    system = PoreIons(ions=30.0, noise_kj_mol_nm=30.0, replicas=replicas, periods=4 if replicas >= 5 else 1)
    data = binned(system)
    truth = system.analytical_force(data.centres_nm).sum(axis=1)
    for _ in range(60):
        names, index = np.unique(data.runs, return_inverse=True)
        offset = rng.normal(0, 60.0, (len(names), len(truth)))[index]
        force = truth / len(data.parts) + offset / len(data.parts)
        moved = dataclasses.replace(data, sums=data.counts[..., None] * force[..., None] * np.ones(len(data.parts)))
        table = mean_force(moved, scale.analysis).sel(part="total")
        hits += ((table.low <= truth) & (truth <= table.high)).sum().item()
        seen += np.isfinite(table.low).sum().item()
    assert 0.55 < hits / seen < 0.76


def test_the_potential_does_not_cross_the_gap(scale, binned):
    """Each stretch has a constant of its own, the counts'; there is nothing between them, and no warning."""
    system = PoreIons(ions=60.0, noise_kj_mol_nm=50.0)
    data = binned(system)
    counts, sums = data.counts.copy(), data.sums.copy()
    counts[:, 12:15], sums[:, 12:15], counts[1:, 29], sums[1:, 29] = 0, 0, 0, 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = mean_force(dataclasses.replace(data, counts=counts, sums=sums), scale.analysis)
    assert np.isnan(table.pmf[12:15]).all() and np.isnan(table.force[12:15]).all()
    assert np.isfinite(table.force[29]).all() and np.isnan(table.low[29]).all()  # one unit: no interval
    asked = system.potential(table.bin.values).sum(axis=1)
    for stretch in (slice(0, 12), slice(15, 30)):
        shift = (table.pmf[stretch] - asked[stretch]).mean().item()
        assert (table.pmf[stretch] - shift).values == pytest.approx(asked[stretch], abs=1.5)
        assert (table.by_counts - table.pmf)[stretch].mean().item() == pytest.approx(0, abs=1e-9)


def test_no_ion_at_all(scale, binned):
    table = mean_force(binned(PoreIons(ions=0.0)), scale.analysis)
    assert np.isnan(table.pmf).all() and (table["count"] == 0).all()
