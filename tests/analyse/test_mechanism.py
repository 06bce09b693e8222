"""What stands side by side against field is what the single analyses find."""

import numpy as np
import pytest
from janus_pore.analyse import barrier, mechanism
from janus_pore.parameters import Analysis, Barrier
from janus_pore.testsystems import OrientedWater, PoreIons, SineConductor, SteppedCell


@pytest.fixture
def settings():
    return Analysis(
        pore_radius_nm=0.4, pore_half_depth_nm=0.25, current_window_ps=10.0, phase_bins=40, angle_bins=72,
        bootstrap_draws=200, confidence=0.95, discard_ps=50.0,
    )  # fmt: skip


def test_constant_fields_in_order(settings):
    cell = SteppedCell(duration_ps=300.0)
    found = mechanism.steady(dict(reversed(cell.sample(1).items())), settings)
    assert found.field.values.tolist() == [-0.6, -0.3, 0.3, 0.6]
    truth = cell.conductance_na_v * found.field.values * cell.length_x_nm
    assert np.all(np.abs(found.crossings - truth) < 2.0) and np.all(found.crossings_low < found.crossings_high)
    assert np.all(found.waters == 6)
    # the cell's angles have a width of 0.5 rad about x, whatever the field: they point against a negative one
    assert np.degrees(0.5) == pytest.approx(found.sigma.values, rel=0.1)
    assert np.sign(found.mean_cos.values).tolist() == [-1, -1, 1, 1]


def test_the_forward_branch_of_a_sweep(settings):
    fields = np.array([-0.9, -0.3, 0.3, 0.9])
    sweep = SineConductor(noise_na=0.1, replicas=6, capacitance_na_ps=30.0).sample(0)
    both = {name: mechanism.forward(sweep, settings, fields, 0.1, name) for name in ("forward", "reverse")}
    known = 10 * fields * np.exp(-(fields**2) / (2 * 0.6**2))
    ahead = 30.0 * 2 * np.pi / 100 * np.sqrt(1.2**2 - fields**2) * np.sign(fields)
    assert both["forward"].box.values == pytest.approx(known + ahead, abs=0.35)
    assert both["reverse"].box.values == pytest.approx(known - ahead, abs=0.35)
    assert np.all(both["forward"].waters == 8) and np.all(both["forward"].crossings == 0)


def test_order_and_windows(settings):
    water = OrientedWater().sample(1)
    hold = SteppedCell(fields_v_nm=(0.4,)).sample(0)
    table = mechanism.order(water, settings)
    assert table.sizes["field"] == 11 and mechanism.order(hold["hold_+0.40"], settings).field.values.tolist() == [0.4]
    found = mechanism.windows({"sweep": water}, hold, settings)
    assert list(found) == ["sweep, forward", "sweep, reverse", "constant fields"]
    assert list(found["sweep, reverse"]) == pytest.approx([0.3, 0.6, 0.9])
    assert not found["sweep, reverse"][0.6].forward.any() and list(found["constant fields"]) == [0.4]


def test_an_empty_window_is_nan(settings):
    found = mechanism.forward(SineConductor().sample(0), settings, np.array([5.0]), 0.1)
    assert np.isnan(found.sigma).all() and np.isnan(found.box).all() and np.isnan(found.waters).all()


def test_no_forces_no_barrier(settings):
    asked = Barrier(
        protocols=[], fields_v_nm=[0.4, 0.8], half_window_v_nm=0.2, every_frames=1, half_range_nm=0.8,
        bin_width_nm=0.1, radius_nm=0.45, waiting_depth_nm=0.45,
        axis_radius_nm=0.15, arrival_ps=20.0,
    )  # fmt: skip
    found = mechanism.barriers([], [0.8, 0.4], asked, settings)
    assert found.field.values.tolist() == [0.4, 0.8] and np.isnan(found.barrier).all()
    assert all("no frame" in str(why) for why in found.failed.values)


def test_a_known_barrier_comes_through(settings):
    asked = Barrier(
        protocols=[], fields_v_nm=[0.8], half_window_v_nm=0.2, every_frames=1, half_range_nm=0.6,
        bin_width_nm=0.1, radius_nm=0.45, waiting_depth_nm=0.45,
        axis_radius_nm=0.15, arrival_ps=20.0,
    )  # fmt: skip
    known = PoreIons()
    data = known.sample(0)
    field = float(data.field.values[0])
    found = mechanism.barriers([data], [field], asked, settings)
    alone = barrier.climb(barrier.binned([data], field, asked, settings), settings)
    assert str(found.failed.values[0]) == alone.failed == ""
    assert found.barrier.item() == alone.total.value and found.by_counts_low.item() == alone.by_counts.low
