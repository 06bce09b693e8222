"""The compact memristor: both limits of the sweep, the closed forms of small amplitudes, one loop for one sweep."""

import numpy as np
import pytest
from janus_pore.analyse.memristor import Memristor, frozen, sweep
from janus_pore.errors import AnalysisError

FIELD = np.linspace(-1.2, 1.2, 49)
AMPLITUDE = 1.2


def linear_area(amplitude_v_nm: float, omega_tau: np.ndarray, steepness: float, even: bool = False) -> np.ndarray:
    r"""The lobe's area for small amplitudes and one tau, in closed form; s_inf = a E and x = omega tau.

    g = g0 + g1 s gives -(2/3) g1 a A^3 x / (1 + x^2), largest at x = 1, with the opposite sign for E < 0.
    g = g0 + g2 s^2 / 2 gives -(pi/8) g2 a^2 A^4 x / (1 + x^2)^2, largest at x = 1 / sqrt(3), alike on both sides.

    steepness : g1 a or, for `even`, g2 a^2
    """
    x = np.asarray(omega_tau, dtype=float)
    if even:
        return -np.pi / 8 * steepness * amplitude_v_nm**4 * x / (1 + x**2) ** 2
    return -2 / 3 * steepness * amplitude_v_nm**3 * x / (1 + x**2)


def pore(order, conductance, ordering=8.0, relaxing=8.0, field=FIELD):
    """A law from s_inf(E) and g(s), with constant times."""
    s = order(field)[None, :]
    return Memristor(field, s, conductance(s), np.full(s.shape, ordering), np.full(s.shape, relaxing))


def falling(**times):
    """s = tanh(E / 0.5), and a conductance that falls with order so that the current falls too."""
    return pore(lambda e: np.tanh(e / 0.5), lambda s: 10 * (1 - 0.9 * s**2), **times)


def tilted(**times):
    """As `falling`, but ordered at rest, as between two different faces."""
    return pore(lambda e: np.tanh((e + 0.2) / 0.5), lambda s: 10 * (1 - 0.9 * s**2), **times)


PORES = [falling, tilted]
TIMES = [{}, {"relaxing": 20.0}]


def period(omega_tau, tau=8.0):
    return 2 * np.pi * tau / omega_tau


class TestLimits:
    @pytest.mark.parametrize("make", PORES)
    @pytest.mark.parametrize("times", TIMES)
    def test_a_slow_sweep_follows_the_static_curve_to_a_percent_and_has_no_area(self, make, times):
        one = make(**times)
        loop = sweep(one, AMPLITUDE, period(1e-3))
        static = one.static(loop.field_v_nm)
        assert np.abs(loop.current_na - static).max() < 0.01 * np.abs(static).max()
        widest = sweep(one, AMPLITUDE, period(1.0)).area(1)
        assert abs(loop.area(1)) < 0.01 * widest and abs(loop.area(-1)) < 0.01 * widest

    @pytest.mark.parametrize("make", PORES)
    @pytest.mark.parametrize("times", TIMES)
    def test_a_fast_sweep_is_ohmic_with_the_frozen_state_to_a_percent(self, make, times):
        one = make(**times)
        loop = sweep(one, AMPLITUDE, period(1e3))
        ohmic = one.conductance(frozen(one, AMPLITUDE)[:, None]) * loop.field_v_nm
        assert np.abs(loop.current_na - ohmic).max() < 0.01 * np.abs(ohmic).max()
        assert abs(loop.area(1)) < 0.01 * sweep(one, AMPLITUDE, period(1.0)).area(1)

    def test_the_frozen_state_is_the_mean_of_the_targets_with_one_time_and_zero_by_symmetry(self):
        phases = 2 * np.pi * (np.arange(1000) + 0.5) / 1000
        mean = np.tanh((AMPLITUDE * np.sin(phases) + 0.2) / 0.5).mean()
        assert frozen(tilted(), AMPLITUDE) == pytest.approx(mean, abs=1e-3)
        assert frozen(falling(relaxing=30.0), AMPLITUDE) == pytest.approx(0, abs=1e-12)


class TestClosedForms:
    @pytest.mark.parametrize("x", [0.03, 0.3, 1.0, 3.0, 30.0])
    def test_area_where_the_conductance_is_linear_in_the_state(self, x):
        one = pore(lambda e: 0.5 * e, lambda s: 10 - 3 * s)
        loop = sweep(one, AMPLITUDE, period(x))
        assert loop.area(1) == pytest.approx(linear_area(AMPLITUDE, x, -1.5), rel=0.01)
        assert loop.area(-1) == pytest.approx(-linear_area(AMPLITUDE, x, -1.5), rel=0.01)

    @pytest.mark.parametrize("x", [0.03, 0.3, 1.0, 3.0])
    def test_area_where_it_is_even_in_the_state(self, x):
        one = pore(lambda e: 0.5 * e, lambda s: 10 - 5 * s**2)
        loop = sweep(one, AMPLITUDE, period(x))
        for sign in (1, -1):
            assert loop.area(sign) == pytest.approx(linear_area(AMPLITUDE, x, -2.5, even=True), rel=0.01)

    def test_small_amplitudes_on_a_curved_law_come_to_the_closed_form(self):
        near = np.linspace(-0.05, 0.05, 49)
        one = pore(lambda e: np.tanh(e / 0.5), lambda s: 10 * (1 - 0.9 * s**2), field=near)
        loop = sweep(one, 0.05, period(0.6))
        steepness = -18 * 4  # g'' = -2 x 10 x 0.9 and ds/dE = 1 / 0.5
        assert loop.area(1) == pytest.approx(linear_area(0.05, 0.6, steepness, even=True), rel=0.02)

    def test_the_area_is_largest_near_omega_tau_one(self):
        x = np.geomspace(0.05, 20, 400)
        assert x[np.argmax(linear_area(1.0, x, -1.0))] == pytest.approx(1, rel=0.02)
        assert x[np.argmax(linear_area(1.0, x, -1.0, even=True))] == pytest.approx(1 / np.sqrt(3), rel=0.02)
        found = [sweep(falling(), AMPLITUDE, period(one)).area(1)[0] for one in (0.05, 0.3, 0.6, 1.0, 3.0, 20.0)]
        assert 1 <= int(np.argmax(found)) <= 3 and min(found) > 0


class TestLoop:
    def test_the_loop_is_pinched_and_the_reverse_current_is_the_smaller(self):
        loop = sweep(falling(relaxing=20.0), AMPLITUDE, period(0.5))
        assert np.abs(loop.current_na[0, [0, 499, 500, -1]]).max() < 0.01 * np.abs(loop.current_na).max()
        rising, falls = loop.current_na[0, :250], loop.current_na[0, 250:500][::-1]
        assert (rising > falls).mean() > 0.95

    def test_every_history_ends_in_the_same_loop(self):
        """The rate falls as the state rises, at every field: two histories approach each other."""
        one = tilted(relaxing=30.0)
        states = np.linspace(-1, 1, 41)[None, :]
        for field in np.linspace(-1.2, 1.2, 13):
            assert np.all(np.diff(one.rate(field, states)[0]) < 0)

    def test_draws_do_not_mix(self):
        times = np.array([2.0, 8.0, 32.0])
        s = np.tile(np.tanh(FIELD / 0.5), (3, 1))
        tau = np.repeat(times[:, None], 49, axis=1)
        three = sweep(Memristor(FIELD, s, 10 * (1 - 0.9 * s**2), tau, tau), AMPLITUDE, 60.0).area(1)
        alone = [sweep(falling(ordering=t, relaxing=t), AMPLITUDE, 60.0).area(1)[0] for t in times]
        assert three == pytest.approx(alone, rel=1e-3)

    def test_bins_average_the_points_and_must_share_them(self):
        loop = sweep(falling(), AMPLITUDE, 60.0, points=200)
        assert loop.binned(20)[0, 3] == pytest.approx(loop.current_na[0, 30:40].mean())
        with pytest.raises(AnalysisError, match="multiple"):
            loop.binned(30)

    @pytest.mark.parametrize(("amplitude", "period_ps"), [(0.0, 10.0), (1.0, -1.0)])
    def test_a_sweep_that_is_none_is_refused(self, amplitude, period_ps):
        with pytest.raises(AnalysisError, match="positive"):
            sweep(falling(), amplitude, period_ps)


@pytest.mark.parametrize(
    ("changed", "why"),
    [({"field_v_nm": FIELD[::-1]}, "rising"), ({"order": np.zeros((1, 5))}, "order"),
     ({"ordering_ps": np.zeros((1, 49))}, "positive"), ({"chord_na": np.full((1, 49), np.nan)}, "chord_na")],
)  # fmt: skip
def test_a_law_that_cannot_be_meant_is_refused(changed, why):
    good = falling()
    with pytest.raises(AnalysisError, match=why):
        Memristor(**{**good.__dict__, **changed})
