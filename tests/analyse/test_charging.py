"""A capacitor whose capacitance is known, under a sine and after a step."""

import numpy as np
import pytest
from janus_pore.analyse import charging
from janus_pore.errors import AnalysisError
from janus_pore.parameters import Analysis
from janus_pore.testsystems import SineConductor, SteppedCell
from janus_pore.units import AF_PER_NA_PS_V, MOHM_PER_PS_AF

LENGTH = 10.0


@pytest.fixture
def settings():
    return Analysis(
        pore_radius_nm=0.4, pore_half_depth_nm=0.25, current_window_ps=10.0, phase_bins=40, angle_bins=72,
        bootstrap_draws=300, confidence=0.95, discard_ps=20.0,
    )  # fmt: skip


def sweep(seed=0, **known):
    return SineConductor(**known).sample(seed).assign_attrs(length_x_nm=LENGTH)


class TestQuadrature:
    @pytest.mark.parametrize("capacitance", [0.0, 5.0, 40.0])
    def test_the_capacitance_of_the_conductor(self, settings, capacitance):
        """C in nA ps per V/nm over Lx in nm: 40 / 10 nA ps/V = 0.004 aF."""
        found = charging.quadrature(sweep(capacitance_na_ps=capacitance, noise_na=0.0), settings)["capacitance_af"]
        assert found.value == pytest.approx(AF_PER_NA_PS_V * capacitance / LENGTH, rel=1e-3, abs=1e-9)
        assert found.n == 8  # two of three cycles of four replicas; the first of each starts with an uncharged sheet

    def test_the_start_is_no_part_of_it(self, settings):
        """A first cycle of another current than those that follow."""
        data = sweep(capacitance_na_ps=20.0, noise_na=0.0, periods=3)
        whole = charging.quadrature(data, settings)["capacitance_af"].value
        began = data.assign(current=data.current.where(data.interval_time > 100.0, 0.0).assign_attrs(units="nA"))
        found = charging.quadrature(began, settings)["capacitance_af"].value
        assert found == pytest.approx(whole) and whole == pytest.approx(AF_PER_NA_PS_V * 20.0 / LENGTH, rel=1e-3)

    def test_a_bare_resistor(self, settings):
        """Without a fall, I = g E: g = 10 nA per V/nm is 1 nS over 10 nm."""
        found = charging.quadrature(sweep(onset_v_nm=1e6, noise_na=0.0), settings)
        assert found["conductance_ns"].value == pytest.approx(1.0, rel=1e-3)
        assert found["capacitance_af"].value == pytest.approx(0.0, abs=1e-9)

    def test_parts_add_up(self, settings):
        data = sweep(capacitance_na_ps=20.0)
        data["crossings"][:] = np.random.default_rng(1).integers(-1, 2, data.crossings.shape)
        c = {part: charging.quadrature(data, settings, part)["capacitance_af"].value
             for part in ("box", "crossings", "charging")}  # fmt: skip
        assert c["box"] == pytest.approx(c["crossings"] + c["charging"])

    def test_coverage(self, settings):
        truth = AF_PER_NA_PS_V * 20.0 / LENGTH
        hits = 0
        for seed in range(60):
            one = charging.quadrature(sweep(seed, capacitance_na_ps=20.0, noise_na=3.0, replicas=6), settings)
            hits += one["capacitance_af"].low <= truth <= one["capacitance_af"].high
        assert 0.86 <= hits / 60 <= 1.0

    def test_refusals(self, settings):
        with pytest.raises(AnalysisError, match="not a sine sweep"):
            charging.quadrature(sweep().assign_attrs(period_ps=0.0), settings)
        with pytest.raises(AnalysisError, match="'charging', 'box' or 'crossings'"):
            charging.quadrature(sweep(), settings, "pore")
        with pytest.raises(AnalysisError, match="no whole cycle"):
            charging.quadrature(sweep().isel(interval=slice(100), time=slice(101)), settings)


class TestStep:
    def test_capacitance_and_time_are_found_beside_a_conducting_pore(self, settings):
        cell = SteppedCell()
        found = charging.after_step(cell.sample(1), settings)
        assert not found.failed and found.capacitance_af.n == 16
        for one, truth in (
            (found.capacitance_af, cell.capacitance_af),
            (found.rc_ps, cell.rc_ps),
            (found.resistance_mohm, cell.analytical_resistance_mohm()),
        ):
            assert one.low <= truth <= one.high and one.error < 0.35 * truth
        assert found.time_ps.shape == found.charge_per_volt_af.shape == found.fitted_af.shape

    def test_without_noise_it_is_exact(self, settings):
        cell = SteppedCell(noise_e=0.0, conductance_na_v=0.0)
        found = charging.after_step(cell.sample(0), settings)
        assert found.capacitance_af.value == pytest.approx(cell.capacitance_af, rel=1e-3)
        assert found.rc_ps.value == pytest.approx(cell.rc_ps, rel=1e-3)
        assert found.resistance_mohm.value == pytest.approx(MOHM_PER_PS_AF * 40.0, rel=1e-3)

    def test_what_moves_at_once_does_not_shorten_the_time(self, settings):
        """Once Q(0) = 0 was fitted, too: a third of the charge at once made 20 ps 17."""
        cell = SteppedCell(noise_e=0.0, conductance_na_v=0.0)
        data = cell.sample(0)
        for one in data.values():
            charging_only = one.current.values
            one["current"] = one.current.copy(data=charging_only * 2 / 3)
            one.current[:, 0] += charging_only.sum(axis=1) / 3
        found = charging.after_step(data, settings)
        assert found.rc_ps.value == pytest.approx(cell.rc_ps, rel=0.01)
        assert found.fitted_af[0] == pytest.approx(cell.capacitance_af / 3, rel=0.02)

    def test_coverage(self, settings):
        cell, hits, fits = SteppedCell(replicas=3, duration_ps=120.0, interval_ps=2.0), {"c": 0, "rc": 0}, 0
        few = settings.model_copy(update={"bootstrap_draws": 100})
        for seed in range(40):
            found = charging.after_step(cell.sample(seed), few)
            if found.failed:
                continue
            fits += 1
            hits["c"] += found.capacitance_af.low <= cell.capacitance_af <= found.capacitance_af.high
            hits["rc"] += found.rc_ps.low <= cell.rc_ps <= found.rc_ps.high
        assert fits >= 30
        assert all(0.80 <= hit / fits <= 1.0 for hit in hits.values()), hits

    @pytest.mark.parametrize("confidence", [0.68, 0.95])
    def test_no_charging_is_refused_not_invented(self, settings, confidence):
        """Once broke: Q(0) = 0 by its definition, so the fluctuation at the start relaxes, and was fitted."""
        sure = settings.model_copy(update={"bootstrap_draws": 100, "confidence": confidence})
        for seed in range(8):
            found = charging.after_step(SteppedCell(capacitance_af=0.0, duration_ps=200.0).sample(seed), sure)
            assert found.failed and found.capacitance_af is None and np.isnan(found.fitted_af).all()

    def test_both_polarities_count_alike(self, settings):
        """Q / V is the same for -V; were signs lost, the two would cancel."""
        one = charging.after_step(SteppedCell(fields_v_nm=(-0.5, 0.5), noise_e=0.0).sample(0), settings)
        assert one.charge_per_volt_af[-1] == pytest.approx(0.5, rel=1e-3)

    def test_zero_fields_and_unequal_lengths(self, settings):
        with pytest.raises(AnalysisError, match="needs a voltage"):
            charging.after_step(SteppedCell(fields_v_nm=(0.0,)).sample(0), settings)
        both = SteppedCell().sample(0) | {"short": next(iter(SteppedCell(duration_ps=100.0).sample(0).values()))}
        with pytest.raises(AnalysisError, match="pass them apart"):
            charging.after_step(both, settings)


class TestByVoltage:
    """C and RC that depend on the voltage: each is found, and the pooled ones are none of them."""

    KNOWN = {3.0: (0.6, 15.0), 6.0: (0.4, 40.0), -6.0: (0.3, 25.0)}

    def sample(self, **how):
        return {
            f"{volt:g} {name}": data
            for volt, (c, rc) in self.KNOWN.items()
            for name, data in SteppedCell(fields_v_nm=(volt / LENGTH,), capacitance_af=c, rc_ps=rc, **how)
            .sample(int(10 * volt) % 97).items()
        }  # fmt: skip

    def test_each_is_found(self, settings):
        found = charging.by_voltage(self.sample(noise_e=0.1), settings)
        assert [one.voltage_v for one in found] == [-6.0, 3.0, 6.0]
        for one in found:
            c, rc = self.KNOWN[one.voltage_v]
            assert one.step.capacitance_af.value == pytest.approx(c, rel=0.05) and one.late_af.n == 4
            assert one.step.rc_ps.value == pytest.approx(rc, rel=0.25)
            assert one.late_af.value == pytest.approx(c, rel=0.05)

    def test_pooled_they_weigh_by_the_square_of_the_voltage(self, settings):
        pooled = charging.after_step(self.sample(noise_e=0.0), settings).charge_per_volt_af[-1]
        assert pooled == pytest.approx((9 * 0.6 + 36 * 0.4 + 36 * 0.3) / 81, rel=1e-3)

    def test_one_run_has_a_level_and_no_fit(self, settings):
        for one in charging.by_voltage(self.sample(noise_e=0.0, replicas=1), settings):
            assert one.step.failed and one.step.capacitance_af is None
            assert one.late_af.value == pytest.approx(self.KNOWN[one.voltage_v][0], rel=0.01)

    def test_protocols_of_one_voltage_are_taken_together_and_no_field_is_left_out(self, settings):
        data = self.sample()
        again = {f"again {name}": one for name, one in data.items()}
        rest = SteppedCell(fields_v_nm=(0.0,)).sample(0)
        assert [one.late_af.n for one in charging.by_voltage(data | again | rest, settings)] == [8, 8, 8]


def test_over_a_long_run_box_and_crossings_agree(settings):
    """Their difference is bounded by the charge that the reservoirs can hold."""
    data = SteppedCell(fields_v_nm=(0.6,), duration_ps=4000.0, replicas=2).sample(3)["hold_+0.60"]
    late = data.isel(interval=data.interval_time.values > 200.0)
    parts = charging.split(late)
    assert parts["box"].mean() == pytest.approx(parts["crossings"].mean(), abs=0.1)
    assert parts["crossings"].mean() == pytest.approx(3.0, abs=0.3)
    early = charging.split(data.isel(interval=slice(40)))
    assert early["box"].mean() > 5 * early["crossings"].mean()  # right after the step they do not
