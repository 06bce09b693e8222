"""Layers whose charge and distance are known, and what the displacement of their ions adds up to."""

import numpy as np
import pytest
from janus_pore.analyse import layers
from janus_pore.analyse.stats import Estimate
from janus_pore.errors import AnalysisError
from janus_pore.parameters import Analysis
from janus_pore.reduce.observables import displacement
from janus_pore.testsystems import ChargedCell

PAIRS_PER_V = 0.6
AT_REST = -1.5  # pairs without a field, as at a Janus sheet


@pytest.fixture
def settings():
    return Analysis(
        pore_radius_nm=0.4, pore_half_depth_nm=0.25, current_window_ps=10.0, phase_bins=40, angle_bins=72,
        bootstrap_draws=300, confidence=0.68, discard_ps=20.0,
    )  # fmt: skip


def cells(seed=0, fields=(-0.8, 0.4, 0.6, 0.8), length=5.0, noise_e_nm=0.0, **known):
    """Cells with layers as dense as the voltage asks, and a dipole of the liquid that has nothing to do with it."""
    rng, found = np.random.default_rng(seed), {}
    for field in fields:
        pairs = AT_REST + PAIRS_PER_V * field * length
        cell = ChargedCell(field_v_nm=field, length_x_nm=length, pairs=pairs, **known)
        data, kinds = cell.sample(int(rng.integers(1 << 30))), list(cell.sample(0).kind.values)
        x = data.x.values
        far = [k for k in np.flatnonzero(x > 0) if x[k] > 1.2][:2]  # both on one side: the charge there stays
        moment = rng.normal(0, noise_e_nm, data.sizes["replica"]) * cell.frames / (x[far[1]] - x[far[0]])
        for k, sign in zip(far, (-1, 1), strict=True):
            data["number"][:, 0, kinds.index("K"), k] += (sign * np.round(moment)).astype(int)
        found[f"{field:+.1f}"] = data
    return found, x[cell.layers()[1]] - x[cell.layers()[0]]


@pytest.mark.parametrize("length", [5.0, 10.0])
def test_ions_brought_to_the_sheet_through_the_reservoirs(length):
    """Frame by frame, as the whole-box current counts them: Q (1 - d / Lx), wherever in the liquid they start."""
    rng, apart, pairs, moved = np.random.default_rng(3), 1.4, 8, 0.0
    for side in np.repeat([-1, 1], pairs // 2):
        start = side * rng.uniform(apart / 2, length / 2)  # of both ions of a pair
        for charge in (1, -1):
            goal = -charge * apart / 2  # K to the -x side, Cl to the other, neither through the sheet
            way = goal - start + (charge * length if side == charge else 0.0)
            track = (np.linspace(start, start + way, 400) + length / 2) % length - length / 2
            moved += charge * displacement(track[:-1], track[1:], length).sum() / length
    assert moved == pytest.approx(pairs * layers.counted(length, apart))


class TestDistance:
    @pytest.mark.parametrize("length", [5.0, 10.0])
    def test_it_is_the_layers_whatever_is_there_without_a_field(self, settings, length):
        data, apart = cells(length=length, spread=0.3)
        found = layers.distance(data, settings)
        assert not found.failed and found.distance_nm.n == 24
        assert found.distance_nm.value == pytest.approx(apart, rel=1e-3)
        assert found.counted(length) == pytest.approx(1 - apart / length, rel=1e-3)

    def test_coverage(self, settings):
        hits, errors = 0, []
        for seed in range(60):
            data, apart = cells(seed, spread=0.3, noise_e_nm=1.0)
            one = layers.distance(data, settings).distance_nm
            hits += one.low <= apart <= one.high
            errors.append(one.error)
        assert 0.05 < np.mean(errors) < 0.5
        assert 0.5 <= hits / 60 <= 0.85

    def test_where_the_data_do_not_give_it_that_is_said(self, settings):
        for data, why in (
            (cells(fields=(0.4,))[0], "6 runs at 1 voltages"),
            (cells(fields=(0.4, 0.8), replicas=2)[0], "4 runs at 2 voltages: 5 at 2 are the least"),
            (cells(fields=(0.4, 0.5), noise_e_nm=20.0)[0], "is below 3 standard errors"),
        ):
            found = layers.distance(data, settings)
            assert why in found.failed and found.distance_nm == layers.LAYERS_NM

    def test_data_without_counts(self, settings):
        data = {name: one.drop_vars("number") for name, one in cells()[0].items()}
        with pytest.raises(AnalysisError, match="no counts along x"):
            layers.distance(data, settings)


def test_capacitance_of_the_layers_by_hand():
    """0.07 aF outside with d = 1.5 nm in 5 nm is 0.1 aF; errors of 3 % and of 0.2 nm in 3.5 nm add up in squares."""
    found = layers.Layers(Estimate(1.5, 1.3, 1.7, 9))
    one = found.capacitance_af(Estimate(0.07, 0.0679, 0.0721, 9), 5.0)
    assert one.value == pytest.approx(0.1) and one.error == pytest.approx(0.1 * np.hypot(0.03, 0.2 / 3.5))
    assert one.n == 9


def test_layers_that_do_not_fit_are_refused():
    with pytest.raises(AnalysisError, match="do not fit into a box of 5 nm"):
        layers.counted(5.0, 5.0)
