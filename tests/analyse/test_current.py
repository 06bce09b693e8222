"""I against E recovers what synthetic pores were made of."""

import numpy as np
import pytest
from janus_pore.analyse import current, loop, orientation
from janus_pore.config import Analysis
from janus_pore.errors import AnalysisError
from janus_pore.testsystems import DriftingIons, Ladder, MemristiveConductor, SineConductor
from janus_pore.units import NA_PER_E_PER_PS


@pytest.fixture
def settings():
    return Analysis(
        pore_radius_nm=0.4, pore_half_depth_nm=0.25, current_window_ps=10.0, phase_bins=40, angle_bins=36,
        bootstrap_draws=300, confidence=0.95, discard_ps=20.0,
    )  # fmt: skip


class TestFold:
    def test_units_are_replicas_times_cycles_and_the_total_is_the_sum_of_species(self, settings):
        units = current.fold(SineConductor(replicas=3, periods=3).sample(0), settings)
        assert units.shape == (6, 40, 3) and set(units.cycle.values) == {1, 2}
        assert np.allclose(units.sel(species="total"), units.sel(species="K") + units.sel(species="CL"))

    def test_a_first_cycle_counts_only_where_it_is_the_only_one(self, settings):
        once = current.fold(SineConductor(replicas=3, periods=1).sample(0), settings)
        assert once.shape[0] == 3 and set(once.cycle.values) == {0}

    def test_branches_and_fields_of_the_bins(self, settings):
        units = current.fold(SineConductor().sample(0), settings)
        assert (
            list(units.branch.values[:10]) == ["forward"] * 10 and list(units.branch.values[10:20]) == ["reverse"] * 10
        )
        assert np.allclose(units.field, 1.2 * np.sin(2 * np.pi * (np.arange(40) + 0.5) / 40))

    def test_a_linear_conductor_gives_back_its_conductance_within_its_error(self, settings):
        pore = SineConductor(conductance_na=8.0, onset_v_nm=100.0)
        curve = current.curve(current.fold(pore.sample(1), settings), settings).sel(species="total")
        inside = (curve.low <= 8.0 * curve.field) & (8.0 * curve.field <= curve.high)
        assert inside.mean() > 0.8 and curve.attrs["n"] == 8

    def test_a_constant_field_is_refused(self, settings):
        with pytest.raises(AnalysisError, match="ladder"):
            current.fold(SineConductor().sample(0).assign_attrs(period_ps=0.0), settings)

    def test_more_bins_than_frames_are_refused(self, settings):
        with pytest.raises(AnalysisError, match="phase_bins"):
            current.fold(SineConductor(interval_ps=5.0).sample(0), settings)

    def test_a_wrong_unit_is_refused(self, settings):
        data = SineConductor().sample(0)
        data.current.attrs["units"] = "pA"
        with pytest.raises(AnalysisError, match="expected 'nA'"):
            current.fold(data, settings)


def test_crossings_become_a_current_with_the_sign_of_the_charge(settings):
    data = SineConductor(periods=1, replicas=1).sample(0)
    data["crossings"] = data.crossings.copy()
    data.crossings[0, 3, 0], data.crossings[0, 5, 1] = 1, 1
    pore = current.per_interval(data, "pore")
    assert pore.sel(species="K")[0, 3] == pytest.approx(160.2177 / 0.5, rel=1e-5)
    assert pore.sel(species="CL")[0, 5] == pytest.approx(-160.2177 / 0.5, rel=1e-5)
    assert float(pore.sel(species="total").sum()) == pytest.approx(0, abs=1e-9)


def test_an_unknown_estimator_is_refused():
    with pytest.raises(AnalysisError, match="'box' or 'pore'"):
        current.per_interval(SineConductor().sample(0), "both")


@pytest.mark.parametrize("estimator", ["box", "pore"])
def test_ions_of_constant_velocity_through_the_periodic_wrap_give_their_current(estimator):
    """Displacements exactly; crossings to within one ion each at the ends of the run."""
    ions = DriftingIons()
    found = current.per_interval(ions.sample(1), estimator).mean("interval")
    for name, expected in ions.analytical_current().items():
        one_each = 5 * 160.2177 / ions.duration_ps if estimator == "pore" else 1e-6
        assert np.abs(found.sel(species=name) - expected).max() <= one_each
    assert found.sel(species="total").mean() == pytest.approx(ions.analytical_current()["total"], rel=0.05)


class TestUnits:
    def test_they_know_their_replica_and_cycle_and_how_long_the_current_remembers(self, settings):
        pore = MemristiveConductor(replicas=3, periods=5, correlation_ps=3.0)
        units = current.fold(pore.sample(1), settings)
        assert list(units.replica.values) == [0] * 4 + [1] * 4 + [2] * 4 and list(units.cycle.values[:4]) == [
            1,
            2,
            3,
            4,
        ]
        assert units.attrs["unit_ps"] == 100 and units.attrs["correlation_ps"] == pytest.approx(3.0, rel=0.4)

    def test_bins_are_means_over_their_frames(self, settings):
        data = SineConductor(replicas=2).sample(3)
        units = current.fold(data, settings)
        assert np.allclose(units.values[3, 7, :2], data.current.values[1, 435:440].mean(axis=0))

    def test_a_band_says_what_was_drawn_and_what_speaks_against_it(self, settings):
        few = current.curve(current.fold(SineConductor(replicas=2, periods=1).sample(1), settings), settings).attrs
        assert (few["drawn"], few["independent"]) == ("block", 2) and "only 2" in few["warning"]
        many = current.curve(current.fold(SineConductor(replicas=6).sample(1), settings), settings).attrs
        assert (many["drawn"], many["independent"], many["warning"]) == ("replica", 6, "")

    def test_species_carry_their_parts(self, settings):
        units = current.fold(MemristiveConductor(potassium=0.2, noise_na=0.01).sample(1), settings)
        total = units.sel(species="total").mean("unit")
        assert np.allclose(units.sel(species="K").mean("unit"), 0.2 * total, atol=0.02)


class TestLadder:
    def test_blocks_shorter_than_the_currents_memory_are_warned_of(self, settings):
        runs = Ladder(memory_ps=20.0, currents_na=(1.0, 2.0, 3.0, 4.0)).sample(1)
        found = current.ladder(runs, settings)
        assert all("correlation times" in text for text in found.warning.values)
        assert (found.effective < 0.6 * found.blocks).all()
        found = current.ladder(Ladder(memory_ps=0.5).sample(1), settings)
        assert sum(bool(text) for text in found.warning.values) <= 1

    def steady(self, field, mean, seed=0):
        pore = SineConductor(conductance_na=0.0, noise_na=1.0, replicas=3, periods=2)
        data = pore.sample(seed).assign_attrs(period_ps=0.0)
        data["current"] = data.current + mean / 2
        data.current.attrs["units"] = "nA"
        data["field"] = data.field * 0 + field
        return data

    def test_means_within_their_errors_sorted_by_field(self, settings):
        runs = {"b": self.steady(0.5, 4.0, 1), "a": self.steady(-0.5, -4.0, 2)}
        found = current.ladder(runs, settings).sel(species="total")
        assert list(found.field) == [-0.5, 0.5]
        assert np.all(np.abs(found.current - [-4, 4]) < 2 * (found.high - found.low))
        assert list(found.blocks) == [54, 54]  # 3 replicas x (200 - 20) ps / 10 ps

    def test_nothing_left_after_discarding_is_an_error(self, settings):
        with pytest.raises(AnalysisError, match="discard_ps"):
            current.ladder({"a": self.steady(0.5, 1.0)}, settings.model_copy(update={"discard_ps": 195.0}))


class TestLoop:
    @pytest.mark.parametrize("sign", [1, -1])
    def test_onset_of_a_conductor_that_falls(self, settings, sign):
        units = current.fold(SineConductor(noise_na=0.2).sample(3), settings)
        found = loop.onset(units, settings, sign)
        spacing = np.abs(np.diff(units.field.values[:10])).max()
        assert abs(found.value - sign * 0.6) <= spacing and loop.has_fall(units, settings, sign)
        assert found.low - spacing <= sign * 0.6 <= found.high + spacing

    def test_no_fall_is_told_apart(self, settings):
        units = current.fold(SineConductor(onset_v_nm=50.0, noise_na=0.1).sample(4), settings)
        assert not loop.has_fall(units, settings, 1) and not loop.has_fall(units, settings, -1)

    def test_no_current_has_no_onset(self, settings):
        units = current.fold(SineConductor(conductance_na=0, noise_na=0).sample(4), settings)
        assert np.isnan(loop.onset(units, settings, 1).value)

    def test_a_capacitor_opens_the_loop_by_the_analytic_area_and_current(self, settings):
        pore = SineConductor(onset_v_nm=100.0, capacitance_na_ps=20.0, noise_na=0.1)
        units = current.fold(pore.sample(5), settings)
        for sign in (1, -1):
            assert loop.area(units, settings, sign).value == pytest.approx(pore.analytical_area(), rel=0.05)
        assert loop.pinch(units, settings).value == pytest.approx(pore.analytical_opening(), rel=0.05)

    def test_a_conductor_alone_is_pinched_and_has_no_area(self, settings):
        units = current.fold(SineConductor(noise_na=0.3, periods=3).sample(6), settings)
        opening, area = loop.pinch(units, settings), loop.area(units, settings, 1)
        assert opening.low <= 0 <= opening.high and abs(area.value) < 4 * area.error

    def test_a_missing_polarity_is_an_error(self, settings):
        units = current.fold(SineConductor().sample(7), settings)
        with pytest.raises(AnalysisError, match="negative"):
            loop.onset(units.isel(bin=units.field.values > 0), settings, -1)


def test_a_ladder_without_a_crossing_has_a_bound_and_not_an_error_of_zero(make_scale):
    settings = make_scale(analysis__current_window_ps=10.0, analysis__discard_ps=50.0).analysis
    data = Ladder(fields_v_nm=(0.6,), currents_na=(0.0,)).sample(0)
    point = current.ladder(data, settings, "pore").isel(bin=0)
    bound = -np.log(1 - settings.confidence) * NA_PER_E_PER_PS / 900
    assert (point.current == 0).all() and point.high.values == pytest.approx([bound] * 3)
    assert point.low.values == pytest.approx([-bound] * 3)


def test_placements_of_the_ions_are_drawn_whole_where_there_are_five(settings):
    """Ten replicas of six placements: blocks and angles belong to these six."""
    (data,) = Ladder(fields_v_nm=(0.4,), currents_na=(1.0,), duration_ps=100, replicas=10).sample(0).values()
    placed = data.assign_coords(began=("replica", [0, 0, 0, 3, 4, 5, 6, 7, 7, 7]))
    cut = current.blocks(current.per_interval(placed, "box"), placed.interval_time.values, settings)
    assert len(cut) == len(current.blocks(current.per_interval(data, "box"), data.interval_time.values, settings))
    assert np.unique(cut.replica).tolist() == [0, 1, 2, 3, 4, 5]
    assert (cut.replica[: len(cut) * 3 // 10] == 0).all() and cut.replica[-1] == 5
    assert current.curve(cut, settings).attrs["independent"] == 6
    seen, alone = (orientation.samples(one, settings) for one in (placed, data))
    assert np.unique(seen.replica).tolist() == [0, 1, 2, 3, 4, 5] and (seen.unit == alone.unit).all()
    assert orientation.mean_cos(seen, settings).n == 6 and orientation.mean_cos(alone, settings).n == 10
