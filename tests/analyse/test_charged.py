"""A sheet under a sine: the linear one in closed form, one that loses capacitance, and what both leave of a loop."""

import numpy as np
import pytest
from janus_pore.analyse import charged, current, loop
from janus_pore.parameters import Analysis
from janus_pore.testsystems import SineConductor, SteppedCell
from janus_pore.units import AF_PER_E_V, AF_PER_NA_PS_V, NA_PER_E_PER_PS
from scipy.integrate import solve_ivp
from scipy.interpolate import interp1d

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


def known(capacitance_af, tau_ps=20.0, volts=(2.0, 12.0), draws=3, at_once_af=0.0):
    """A sheet whose charge at these voltages is capacitance times voltage, without errors."""
    charge = np.tile(np.array(volts) * capacitance_af, (1 + draws, 1))
    fitted = float(np.max(capacitance_af))
    return charged.Sheet(np.array(volts), charge, np.full(1 + draws, tau_ps), fitted, at_once_af, 8)


def amplitude_v(units):
    return LENGTH * 1.2


@pytest.mark.parametrize("way", charged.WAYS)
@pytest.mark.parametrize(("tau", "at_once"), [(0.5, 0.0), (20.0, 0.0), (20.0, 0.03), (500.0, 0.0), (500.0, 0.09)])
def test_one_capacitance_in_closed_form(units, tau, at_once, way):
    """I = C w V / sqrt(1 + (w tau)^2), arctan(w tau) behind a cosine, but for what moves at once; bins hold means."""
    omega, phase = 2 * np.pi / units.attrs["unit_ps"], 2 * np.pi * units.phase.values
    slow = np.cos(phase - np.arctan(omega * tau)) / np.hypot(1, omega * tau)
    expected = at_once * np.cos(phase) + (0.1 - at_once) * slow
    expected *= omega * amplitude_v(units) / AF_PER_NA_PS_V * np.sinc(1 / units.sizes["bin"])
    found = charged.current(known(0.1, tau, at_once_af=at_once), units, LENGTH, way)
    assert found.shape == (4, units.sizes["bin"])
    assert found[0] == pytest.approx(expected, abs=3e-3 * np.abs(expected).max())
    whole = np.abs(expected @ loop.beyond(units, 1) - 0.5 * np.pi * expected.max())  # of the size of a lobe
    assert abs(found[0] @ loop.beyond(units, 1)) < 0.02 * whole  # nothing is left, whatever the lag


def test_from_an_uncharged_sheet(units):
    """Where all units are first cycles: I = C dV/dt less what decays, and it does not end as it began."""
    first = units.assign_coords(cycle=("unit", np.zeros(units.sizes["unit"], dtype=int)))
    tau, omega, volt = 40.0, 2 * np.pi / units.attrs["unit_ps"], amplitude_v(units)
    ends = np.arange(units.sizes["bin"] + 1) / units.sizes["bin"] * units.attrs["unit_ps"]
    q = np.sin(omega * ends) - omega * tau * np.cos(omega * ends) + omega * tau * np.exp(-ends / tau)
    expected = 0.1 * volt / (1 + (omega * tau) ** 2) * np.diff(q) / ends[1] / AF_PER_NA_PS_V
    for way in charged.WAYS:
        found = charged.current(known(0.1, tau), first, LENGTH, way)[0]
        assert found == pytest.approx(expected, abs=3e-3 * np.abs(expected).max())


def test_what_a_falling_capacitance_leaves(units, settings):
    """Relaxing at once it is Q_inf(V(t)) itself: the area of its lobe, and its opening by C at no voltage."""
    falling = known((0.1, 0.07), 1e-3, volts=(6.0, 12.0))
    one = charged.rest(falling, units, LENGTH, settings, "relaxing")
    volt = amplitude_v(units)
    turns = np.linspace(0, np.pi / 2, 20_001)
    v = volt * np.sin(turns)
    slope = np.where(v < 6.0, 0.1, np.where(v < 12.0, 0.04, 0.07))  # 0.6 aF V at 6 V, 0.84 at 12 V
    omega = 2 * np.pi / units.attrs["unit_ps"] / AF_PER_NA_PS_V
    lobe = 2 * np.trapezoid(slope * omega * volt * np.cos(turns), v / LENGTH)
    expected = lobe - 0.5 * np.pi * volt / LENGTH * 0.1 * omega * volt
    assert one.value == pytest.approx(expected, rel=0.03) and expected < 0
    assert one.low == one.high == one.value and one.n == 8
    drawn = charged.current(falling, units, LENGTH, "circuit")[0]
    assert drawn @ loop.beyond(units, -1) == pytest.approx(drawn @ loop.beyond(units, 1), rel=1e-6)


def test_a_circuit_lags_less_where_its_capacitance_is_less(units):
    """R dq/dt = V - V_inf(q) by a solver of its own."""
    sheet = known((0.1, 0.05), 30.0)
    volt, period = amplitude_v(units), units.attrs["unit_ps"]
    v_of_q = interp1d([-1.2, -0.6, -0.2, 0.0, 0.2, 0.6, 1.2], [-24.0, -12.0, -2.0, 0.0, 2.0, 12.0, 24.0])

    def rate(t, q):
        return (volt * np.sin(2 * np.pi * t / period) - v_of_q(q)) / (30.0 / 0.1)

    ends = (10 + np.arange(units.sizes["bin"] + 1) / units.sizes["bin"]) * period
    q = solve_ivp(rate, (0, ends[-1]), [0.0], t_eval=ends, max_step=0.1, rtol=1e-8).y[0]
    expected = np.diff(q) / (period / units.sizes["bin"]) / AF_PER_NA_PS_V
    found = charged.current(sheet, units, LENGTH, "circuit")[0]
    assert found == pytest.approx(expected, abs=0.01 * np.abs(expected).max())


def test_it_is_what_the_loop_page_takes_for_the_rest(units, settings):
    """The same weights: a loop of nothing but this current has this rest."""
    drawn = charged.current(known((0.1, 0.05)), units, LENGTH, "relaxing")[0]
    bare = units.copy(data=np.broadcast_to(drawn[None, :, None], units.shape))
    for sign in (1, -1):
        found = loop.area_beyond_charging(bare, settings, sign)
        one = charged.rest(known((0.1, 0.05)), units, LENGTH, settings, "relaxing")
        assert found.value == pytest.approx(one.value, rel=1e-4)


class TestSheet:
    def test_what_constant_fields_say(self, settings):
        """The cells' own 0.5 aF and 20 ps, at 3 and 6 V, both ways together: starts of one charge cancel."""
        found = charged.sheet(SteppedCell().sample(0), settings)
        assert found.voltage_v.tolist() == [3.0, 6.0] and found.runs == 16 and not found.failed
        error = found.charge[1:].std(axis=0)
        assert (np.abs(found.charge[0] / [1.5, 3.0] - 1) < 0.05).all() and (error < 0.2 * AF_PER_E_V).all()
        assert found.tau_ps[0] == pytest.approx(20.0, abs=4 * found.tau_ps[1:].std())
        assert found.text.startswith("16 runs at constant fields: ") and "aF 0.5" in found.text

    @pytest.mark.parametrize("share", [0.0, 0.4])
    def test_what_moves_at_once(self, settings, share):
        """A part of the charge within the first picosecond."""
        found = charged.sheet(prompt(SteppedCell(noise_e=0.1, rc_ps=60.0).sample(0), share), settings)
        assert found.at_once_af / found.fitted_af == pytest.approx(share, abs=0.05)
        assert f"{100 * found.at_once_af / found.fitted_af:.0f} % at once" in found.text

    def test_the_charge_that_the_start_held(self, settings):
        """Fields of one way, and a charge that all runs count from: the same at each voltage, and within the errors."""
        hits = []
        for seed in range(60):
            held = np.random.default_rng(seed).normal(0, charged.START_E)
            cell = SteppedCell(fields_v_nm=(0.3, 0.6, 0.9), noise_e=0.2, interval_ps=2.0, conductance_na_v=0.0)
            found = charged.sheet(offset(cell.sample(seed), held), settings)
            low, high = np.percentile(found.charge[1:], [16, 84], axis=0)
            hits += [(low <= 0.5 * found.voltage_v) & (high >= 0.5 * found.voltage_v)]
        assert 0.5 < np.mean(hits) < 0.85

    def test_the_charge_between_and_beyond(self):
        """Straight between the voltages, and beyond them on the secant."""
        volts, charge = known((0.2, 0.1), volts=(2.0, 6.0)).knots
        x = np.array([0.0, 1.0, 4.0, -4.0, 12.0])
        knots = np.tile(volts, (5, 1)), np.tile(charge[0], (5, 1))
        assert charged._odd(x, *knots) == pytest.approx([0.0, 0.2, 0.5, -0.5, 1.2])
        assert charged._odd(charged._odd(x, *knots), *knots[::-1]) == pytest.approx(x)

    def test_a_charge_that_falls_is_taken_as_level(self):
        volts, charge = known((0.2, 0.05), volts=(2.0, 6.0)).knots
        assert (np.diff(charge, axis=1) > 0).all() and charge[0, -1] == pytest.approx(0.4, abs=0.01)

    def test_a_capacitance_that_falls_with_the_voltage(self, settings):
        low, high = (
            SteppedCell(fields_v_nm=(f,), capacitance_af=c).sample(k)
            for k, (f, c) in enumerate(((0.3, 0.6), (0.9, 0.4)))
        )
        found = charged.sheet(low | high, settings)
        assert found.charge[0] / found.voltage_v == pytest.approx([0.6, 0.4], abs=0.03)

    def test_why_there_is_none(self, settings):
        assert charged.sheet({}, settings).failed == "no constant field of this pore in this box"
        rest = SteppedCell(fields_v_nm=(0.0,)).sample(0)
        assert charged.sheet(rest, settings).text == "no constant field of this pore in this box"
        flat = charged.sheet(SteppedCell(capacitance_af=0.0).sample(1), settings)
        assert flat.failed.startswith("the charging of constant fields: ") and flat.text == flat.failed
        short = charged.sheet(SteppedCell(duration_ps=60.0, noise_e=0.05).sample(0), settings)
        assert short.failed == "constant fields of 60 ps are too short for tau = 20 ps"

    def test_without_repetition_there_is_no_error(self, settings, units):
        """Two voltages with one run each."""
        one = charged.sheet(SteppedCell(fields_v_nm=(0.3, 0.6), replicas=1, noise_e=0.05).sample(0), settings)
        left = charged.rest(one, units, LENGTH, settings, "circuit")
        assert np.isfinite(left.value) and np.isnan(left.low)

    def test_runs_of_another_length_or_interval_do_not_count(self, settings):
        long = SteppedCell().sample(0)
        for other in ({"duration_ps": 200.0}, {"duration_ps": 800.0, "interval_ps": 1.0}):
            both = charged.sheet(long | SteppedCell(fields_v_nm=(0.9,), **other).sample(1), settings)
            assert both.tau_ps[0] == charged.sheet(long, settings).tau_ps[0] and both.voltage_v.tolist() == [3.0, 6.0]


def prompt(data, share):
    """The same runs with this share of the final charge moved in the first interval."""
    found = {}
    for name, one in data.items():
        volt = float(one.field[0]) * LENGTH
        more = np.zeros(one.current.shape)
        step = share * 0.5 * volt / AF_PER_E_V * NA_PER_E_PER_PS / one.attrs["interval_ps"]
        pore = one.crossings * [1, -1] * NA_PER_E_PER_PS / one.attrs["interval_ps"]
        more[:, 0] = 0.5 * step
        found[name] = one.assign(
            current=(one.current - share * (one.current - pore).mean("replica") + more).assign_attrs(units="nA")
        )
    return found


def offset(data, held_e):
    """The same runs, all of which count from this charge that their start held."""
    found = {}
    for name, one in data.items():
        more = np.zeros(one.current.shape)
        more[:, 0] = -0.5 * held_e * NA_PER_E_PER_PS / one.attrs["interval_ps"]
        found[name] = one.assign(current=(one.current + more).assign_attrs(units="nA"))
    return found
