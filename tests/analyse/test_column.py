"""Ions in a known potential: the sheet's changes over a step come back, and so does the place with a given one."""

import dataclasses

import numpy as np
import pytest
from janus_pore.analyse import barrier, column
from janus_pore.errors import AnalysisError
from janus_pore.reduce.forces import PARTS
from janus_pore.testsystems import PoreIons

STEP_NM = -0.08
FIELDS_V_NM = (0.2, 0.6)


@pytest.fixture(scope="module")
def scale(make_scale):
    return make_scale(barrier__half_window_v_nm=0.05, barrier__half_range_nm=0.6, barrier__bin_width_nm=0.04)


def sampled(scale, seed=0, **system):
    """Two fields, whose ions are binned alike."""
    systems = [PoreIons(field_v_nm=field, **{"ions": 20.0, "noise_kj_mol_nm": 30.0} | system) for field in FIELDS_V_NM]
    return [
        barrier.binned([one.sample(seed + k)], one.field_v_nm, scale.barrier, scale.analysis)
        for k, one in enumerate(systems)
    ]


def truth(x_nm):
    """The changes (n, 2) of the electrostatic and the other energy of the sheet, from the system's forces."""
    force = PoreIons().analytical_force(np.atleast_1d(x_nm))
    return -STEP_NM * force[:, [PARTS.index(f"membrane_{name}") for name in column.PARTS]]


def test_the_changes_come_back(scale):
    found = column.changes(sampled(scale), STEP_NM, scale.analysis)
    asked = truth(found.bin.values)
    for k, name in enumerate(column.PARTS):
        sigma = 0.5 * (found[f"{name}_high"] - found[f"{name}_low"]).values
        off = np.abs(found[name].values - asked[:, k]) / np.hypot(sigma, 0.1)  # a bin's mean is not its middle
        assert np.mean(off < 1) > 0.5 and off.max() < 5, name
    assert found.units.min() >= 3


def test_the_place_of_a_change_and_the_other_energy_there(scale):
    """Outside the hill at 0.05 nm the electrostatic force falls off: the outermost place is asked for."""
    x = 0.35
    electrostatic, vdw = truth(x)[0]
    place, other = column.where(sampled(scale), STEP_NM, electrostatic, 0.1, scale.analysis)
    assert place.value == pytest.approx(x, abs=0.03) and place.low < place.value < place.high
    assert other.value == pytest.approx(vdw, abs=4 * other.error + 0.05)
    assert other.n >= 5 and other.warning == ""


def test_its_interval_covers_the_truth(scale):
    """Of the energy at the place, in 40 draws of the whole data; 68 % are asked for."""
    electrostatic, vdw = truth(0.3)[0]
    held = []
    for seed in range(40):
        _, other = column.where(sampled(scale, 10 * seed), STEP_NM, electrostatic, 0.1, scale.analysis)
        held.append(other.low <= vdw <= other.high)
    assert 0.48 <= np.mean(held) <= 0.88


def test_no_such_place_and_gaps(scale):
    data = sampled(scale)
    assert column.where(data, STEP_NM, -500.0, 0.1, scale.analysis) is None
    empty = [dataclasses.replace(one, counts=one.counts * (np.abs(one.centres_nm - 0.3) > 0.03)) for one in data]
    assert column.where(empty, STEP_NM, truth(0.35)[0, 0], 0.1, scale.analysis) is None
    assert column.where(empty, STEP_NM, truth(0.45)[0, 0], 0.34, scale.analysis) is not None


class TestAllParts:
    """At a place, at one field: the system's own forces come back, with the field's, and their sums."""

    @pytest.fixture(scope="class")
    @staticmethod
    def one(scale):
        return sampled(scale, noise_kj_mol_nm=30.0)[1]

    def test_they_come_back(self, scale, one):
        found = column.parts(one, 0.3, 0.02, STEP_NM, scale.analysis)
        asked = -STEP_NM * PoreIons(field_v_nm=FIELDS_V_NM[1]).analytical_force(np.array([0.3]))[0]
        for name, value in zip(PARTS, asked, strict=True):
            assert found[name].value == pytest.approx(value, abs=4 * found[name].error + 0.1), name
        assert found["total"].value == pytest.approx(sum(found[name].value for name in PARTS))
        both = found["water_electrostatic"].value + found["ion_electrostatic"].value
        assert found["water_and_ions"].value == pytest.approx(both)
        assert found["field"].error == pytest.approx(0, abs=1e-9) and found["total"].n >= 5

    def test_more_bins_are_less_noise(self, scale, one):
        narrow, wide = (column.parts(one, 0.3, half, STEP_NM, scale.analysis)["total"] for half in (0.02, 0.1))
        assert wide.error < narrow.error

    def test_a_place_without_ions(self, scale, one):
        empty = dataclasses.replace(one, counts=one.counts * (np.abs(one.centres_nm - 0.3) > 0.05))
        assert column.parts(empty, 0.3, 0.04, STEP_NM, scale.analysis) == {}


def of_runs(rng, runs, blocks):
    """Ions of one bin: each run has an offset of the force of its own, as large as the spread of its blocks."""
    counts = rng.integers(1, 20, (runs * blocks, 1))
    force = 100.0 + np.repeat(rng.normal(0, 40.0, runs), blocks) + rng.normal(0, 40.0, runs * blocks)
    sums = counts[..., None] * force[:, None, None] * np.ones(len(PARTS)) / len(PARTS)
    names = np.repeat([f"0, {k}" for k in range(runs)], blocks)
    return barrier.Binned(np.array([0.3]), counts, sums, tuple(PARTS), 0.4, 2.5, 1, names)


@pytest.mark.parametrize(("runs", "blocks", "least"), [(3, 1, 0.5), (4, 1, 0.55), (5, 8, 0.55), (8, 8, 0.57)])
def test_intervals_of_few_runs_cover_the_truth_whatever_their_blocks_share(scale, runs, blocks, least):
    """Once blocks were drawn, and not further out: 0.3 with eight blocks a run, 0.5 with three units."""
    rng, settings, hits, trials = np.random.default_rng(1), scale.analysis, np.zeros(2), 250
    for _ in range(trials):
        data = of_runs(rng, runs, blocks)
        total = column.parts(data, 0.3, 0.02, -1.0, settings)["total"]
        assert total.n == runs and bool(total.warning) == (runs < 5)
        table = column.changes([data], -1.0, settings)
        low, high = (sum(table[f"{name}_{end}"].item() for name in column.PARTS) for end in ("low", "high"))
        hits += total.low <= 100.0 <= total.high, low <= 100.0 * 2 / len(PARTS) <= high
        assert table.units.item() == runs
    assert (hits / trials > least).all() and (hits / trials < 0.78).all(), hits / trials


def test_blocks_of_fewer_runs_are_judged(scale):
    total = column.parts(of_runs(np.random.default_rng(3), 4, 30), 0.3, 0.02, -1.0, scale.analysis)["total"]
    assert total.n == 120 and "replicas differ" in total.warning


def test_few_units_are_said(scale):
    data = sampled(scale, replicas=1, periods=3, frames=40)
    _, other = column.where(data, STEP_NM, truth(0.3)[0, 0], 0.1, scale.analysis)
    assert other.n == 4 and "only 4 independent units" in other.warning


def test_refusals(scale):
    with pytest.raises(AnalysisError, match="no forces"):
        column.changes([], STEP_NM, scale.analysis)
    one = sampled(scale)[0]
    with pytest.raises(AnalysisError, match="not binned alike"):
        column.changes([one, dataclasses.replace(one, centres_nm=one.centres_nm + 0.01)], STEP_NM, scale.analysis)
