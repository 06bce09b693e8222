"""A sheet under a sine: the linear one in closed form, one that loses capacitance, and what both leave of a loop."""

import dataclasses

import numpy as np
import pytest
from janus_pore.analyse import charged, current, loop
from janus_pore.parameters import Analysis
from janus_pore.testsystems import SineConductor, SteppedCell
from janus_pore.units import AF_PER_NA_PS_V

LENGTH = 10.0


@pytest.fixture
def settings():
    return Analysis(
        pore_radius_nm=0.4, pore_half_depth_nm=0.25, current_window_ps=10.0, phase_bins=40, angle_bins=72,
        bootstrap_draws=300, confidence=0.95, discard_ps=20.0,
    )  # fmt: skip


@pytest.fixture
def units(settings):
    """A folded sweep: amplitude 1.2 V/nm, a period of 100 ps."""
    return current.fold(SineConductor().sample(0), settings)


def known(capacitance_af, tau_ps=20.0, volts=(2.0, 12.0), draws=3, at_once=0.0):
    every = np.tile(np.broadcast_to(capacitance_af, len(volts)).astype(float), (1 + draws, 1))
    return charged.Sheet(np.array(volts), every, np.full(1 + draws, tau_ps), at_once, 8)


def amplitude_v(units):
    return LENGTH * float(np.abs(units.field).max() / np.cos(np.pi / units.sizes["bin"]))


@pytest.mark.parametrize(("tau", "at_once"), [(0.5, 0.0), (20.0, 0.0), (20.0, 0.3), (500.0, 0.0), (500.0, 1.0)])
def test_one_capacitance_in_closed_form(units, tau, at_once):
    """I = C w V / sqrt(1 + (w tau)^2), arctan(w tau) behind a cosine, but for what moves at once; bins hold means."""
    omega, phase = 2 * np.pi / units.attrs["unit_ps"], 2 * np.pi * units.phase.values
    largest = 0.1 * omega * amplitude_v(units) / AF_PER_NA_PS_V
    slow = np.cos(phase - np.arctan(omega * tau)) / np.hypot(1, omega * tau)
    expected = largest * np.sinc(1 / units.sizes["bin"]) * (at_once * np.cos(phase) + (1 - at_once) * slow)
    found = charged.current(known(0.1, tau, at_once=at_once), units, LENGTH)
    assert found.shape == (4, units.sizes["bin"])
    assert found[0] == pytest.approx(expected, abs=2e-3 * largest)
    assert found.sum(axis=1) == pytest.approx(0.0, abs=1e-9 * largest * units.sizes["bin"])  # it ends as it began


def test_what_is_left_of_a_loop(units, settings):
    """Of one capacitance that follows at once nothing; of one that falls less than nothing, in both lobes alike."""
    left = charged.rest(known(0.1, 1e-3), units, LENGTH, settings).value
    whole = float(np.abs(charged.current(known(0.1, 1e-3), units, LENGTH)[0] @ loop._lobe(units, 1)))
    assert abs(left) < 1e-2 * whole  # of the bins
    falling = known((0.1, 0.05), 1e-3)
    one = charged.rest(falling, units, LENGTH, settings)
    assert one.value < -0.1 * whole and one.low == one.high == one.value and one.n == 8
    drawn = charged.current(falling, units, LENGTH)[0]
    assert drawn @ loop.beyond(units, -1) == pytest.approx(one.value, rel=1e-6)


def test_it_is_what_the_loop_page_takes_for_the_rest(units, settings):
    """The same weights: a loop of nothing but this current has this rest."""
    drawn = charged.current(known((0.1, 0.05)), units, LENGTH)[0]
    bare = units.copy(data=np.broadcast_to(drawn[None, :, None], units.shape))
    for sign in (1, -1):
        found = loop.area_beyond_charging(bare, settings, sign)
        assert found.value == pytest.approx(charged.rest(known((0.1, 0.05)), units, LENGTH, settings).value, rel=1e-6)


class TestSheet:
    def test_what_constant_fields_say(self, settings):
        """The cells' own 0.5 aF and 20 ps, at 3 and 6 V, both ways together."""
        found = charged.sheet(SteppedCell().sample(0), settings)
        assert found.voltage_v.tolist() == [3.0, 6.0] and found.runs == 16 and not found.failed
        error = found.capacitance_af[1:].std(axis=0)
        assert (np.abs(found.capacitance_af[0] - 0.5) < 4 * error).all() and (error < 0.02).all()
        assert found.tau_ps[0] == pytest.approx(20.0, abs=4 * found.tau_ps[1:].std())
        assert found.at_once == pytest.approx(0.0, abs=0.1)
        assert found.text.startswith("16 runs at constant fields: ") and "aF 0.5" in found.text

    def test_the_charge_between_and_beyond(self):
        one = known((0.2, 0.1), volts=(2.0, 6.0))
        assert one.charge([0.0, 1.0, 4.0, -4.0, 10.0])[0] == pytest.approx([0.0, 0.2, 0.6, -0.6, 1.0])

    def test_a_charge_that_falls_with_the_voltage(self, settings):
        both = [
            SteppedCell(fields_v_nm=(f,), capacitance_af=c).sample(k)
            for k, (f, c) in enumerate(((0.3, 0.6), (0.9, 0.4)))
        ]
        found = charged.sheet(both[0] | both[1], settings)
        assert found.capacitance_af[0] == pytest.approx([0.6, 0.4], abs=0.03)

    def test_errors_cover_the_truth(self, settings):
        """Two runs a voltage, and one: the scatter is that of all."""
        hits = []
        for seed in range(100):
            data = SteppedCell(fields_v_nm=(-0.3, 0.3, 0.6), replicas=1, interval_ps=2.0).sample(seed)
            found = charged.sheet(data | {f"{k}, again": one for k, one in SteppedCell(
                fields_v_nm=(0.9,), replicas=2, interval_ps=2.0).sample(1000 + seed).items()}, settings)  # fmt: skip
            if not found.failed:
                low, high = np.percentile(found.capacitance_af[1:], [16, 84], axis=0)
                hits += [(low <= 0.5) & (high >= 0.5)]
        assert len(hits) > 80 and 0.55 < np.mean(hits) < 0.85

    def test_why_there_is_none(self, settings, units):
        assert charged.sheet({}, settings).failed == "no constant field of this pore in this box"
        rest = SteppedCell(fields_v_nm=(0.0,)).sample(0)
        assert charged.sheet(rest, settings).text == "no constant field of this pore in this box"
        flat = charged.sheet(SteppedCell(capacitance_af=0.0).sample(1), settings)
        assert flat.failed.startswith("the charging of constant fields: ") and flat.text == flat.failed

    def test_without_repetition_there_is_no_error(self, settings, units):
        """Two voltages with one run each."""
        one = charged.sheet(SteppedCell(fields_v_nm=(0.3, 0.6), replicas=1, noise_e=0.05).sample(0), settings)
        left = charged.rest(one, units, LENGTH, settings)
        assert np.isfinite(left.value) and np.isnan(left.low)

    def test_runs_of_another_length_count_for_the_charge(self, settings):
        """The time is that of the length that most runs have."""
        long, short = SteppedCell().sample(0), SteppedCell(fields_v_nm=(0.9,), duration_ps=200.0).sample(1)
        both = charged.sheet(long | short, settings)
        assert both.tau_ps[0] == charged.sheet(long, settings).tau_ps[0] and both.voltage_v.tolist() == [3.0, 6.0, 9.0]
        assert dataclasses.replace(both, failed="no").text == "no"
