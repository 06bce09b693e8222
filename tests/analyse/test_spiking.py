"""The circuit: FitzHugh and Nagumo's own window, no oscillation of passive elements, eigenvalues and integration."""

import numpy as np
import pytest
from janus_pore.analyse.spiking import REGIMES, Circuit, Element, fastest_ghz, from_ladder, regime_map, spiking_share
from janus_pore.errors import AnalysisError
from janus_pore.testsystems import PublishedOnsets

LENGTH_NM = 10.0


def published():
    field = np.linspace(-1.2, 1.2, 25)
    return Element(field * LENGTH_NM, PublishedOnsets().current(field))


class TestElement:
    def test_it_passes_its_nodes_and_its_slope_is_the_derivative(self):
        one = published()
        nodes = np.linspace(-12, 12, 25)
        assert one.current(nodes) == pytest.approx(PublishedOnsets().current(nodes / LENGTH_NM), abs=1e-12)
        v = np.linspace(-15, 15, 333)
        numeric = (one.current(v + 1e-6) - one.current(v - 1e-6)) / 2e-6
        assert np.abs(numeric - one.slope(v)).max() < 1e-4

    def test_it_makes_no_fall_between_nodes_that_rise(self):
        rng = np.random.default_rng(0)
        for _ in range(50):
            nodes = np.sort(rng.uniform(-1, 1, 7)), np.sort(rng.normal(size=7))
            assert Element(*nodes).slope(np.linspace(nodes[0][0], nodes[0][-1], 2000)).min() > -1e-12

    def test_beyond_its_nodes_it_is_passive(self):
        one = Element(np.array([-1.0, 0.0, 1.0]), np.array([0.2, 0.0, -0.3]))
        assert one.slope(np.array([-5.0, 5.0])) == pytest.approx([0, 0])
        assert published().slope(20.0) == pytest.approx(PublishedOnsets().current(1.2) / 12.0)

    @pytest.mark.parametrize("nodes", [([0, 1], [0, 1]), ([0, 1, 1], [0, 1, 2]), ([0, 1, 2], [0, 1])])
    def test_nodes_that_are_none_are_refused(self, nodes):
        with pytest.raises(AnalysisError, match="three nodes"):
            Element(*map(np.array, nodes))


class TestFromLadder:
    def test_voltages_and_the_origin(self):
        one = from_ladder(np.array([-0.5, 0.0, 0.2, 1.0]), np.array([-1.0, 0.3, 0.5, 0.8]), 10.0)
        assert (one.low_v, one.high_v) == (-5.0, 10.0)
        assert one.current(np.array([-5.0, 0.0, 2.0, 10.0])) == pytest.approx([-1, 0, 0.5, 0.8])

    def test_memory_ends_negative_resistance_at_a_frequency(self):
        """Re Y of a small signal, from its own equation ds/dt = (a E - s) / tau."""
        chord, slope, tau = 0.8, -0.2, 8.0
        omega = 2 * np.pi * fastest_ghz(slope, chord, tau) / 1000
        admittance = chord + (slope - chord) / (1 + 1j * omega * tau)
        assert admittance.real == pytest.approx(0, abs=1e-12) and fastest_ghz(0.1, chord, tau) == 0


class TestFitzHughNagumo:
    A, B, EPSILON = 0.7, 0.8, 0.08

    def circuit(self, stimulus):
        """v' = v - v^3/3 - w + I, w' = e (v + a - b w) as a circuit, in units of V, nA and ps."""
        v = np.linspace(-2.5, 2.5, 601)
        return Circuit(Element(v, v**3 / 3 - v), 1e-3, self.B, 1e-3 / self.EPSILON, self.B * stimulus - self.A)

    def window(self):
        """Stimuli of the two Hopf points: the trace 1 - v^2 - e b is zero at the fixed point."""
        v = np.array([-1, 1]) * np.sqrt(1 - self.EPSILON * self.B)
        return v**3 / 3 - v + (v + self.A) / self.B

    def test_the_flow_is_theirs(self):
        v, w, stimulus = 0.3, -0.2, 0.5
        dv, dj = self.circuit(stimulus).flow(v, stimulus - w)
        assert dv == pytest.approx(v - v**3 / 3 - w + stimulus, abs=1e-5)
        assert -dj == pytest.approx(self.EPSILON * (v + self.A - self.B * w))

    def test_it_spikes_between_the_hopf_points_and_nowhere_else(self):
        low, high = self.window()
        assert (low, high) == pytest.approx((0.3313, 1.4187), abs=1e-3)
        for stimulus in (0.0, low - 0.01, high + 0.01, 2.0):
            assert self.circuit(stimulus).regime() == "rests"
        for stimulus in (low + 0.01, 0.5, 1.0, high - 0.01):
            assert self.circuit(stimulus).regime() == "spikes"

    def test_its_spikes_have_the_textbook_size_and_rest_is_rest(self):
        low, high = self.circuit(0.5).swing_v(5)
        assert (low, high) == pytest.approx((-1.97, 1.85), abs=0.03)
        low, high = self.circuit(0.2).swing_v(5)
        assert high - low < 5e-3


class TestPassive:
    def test_no_parameters_make_a_passive_element_oscillate(self):
        """Rising nodes, everything else over nine orders of magnitude: one fixed point, stable, negative divergence."""
        rng = np.random.default_rng(1)
        for _ in range(300):
            v = np.sort(rng.uniform(-12, 12, 8))
            one = Element(v, np.sort(rng.normal(0, 2, 8)))
            c, load, ell = 10.0 ** rng.uniform(-3, 6, 3)
            circuit = Circuit(one, c, load, ell, rng.uniform(-20, 20))
            (at,) = circuit.fixed_points()
            assert circuit.regime() == "rests" and circuit.stable(at)
            divergence = [np.trace(circuit.jacobian(x)) for x in np.linspace(-20, 20, 21)]
            assert max(divergence) < 0 and np.linalg.det(circuit.jacobian(at)) > 0

    def test_integration_agrees(self):
        rng = np.random.default_rng(2)
        for _ in range(4):
            one = Element(np.linspace(-12, 12, 8), np.sort(rng.normal(0, 2, 8)))
            low, high = Circuit(one, 10.0, 10.0 ** rng.uniform(-1, 1), 100.0, rng.uniform(-10, 10)).swing_v(8)
            assert high - low < 0.024


class TestActive:
    def test_trace_and_determinant_say_where_it_spikes(self):
        """On a negative slope S: L > R C / |S| and R < 1 / |S|; then no fixed point is stable."""
        one = published()
        at = 8.0
        steep = -float(one.slope(at))
        for load, factor, expected in ((2.0, 2.0, "spikes"), (2.0, 0.5, "rests"), (20.0, 2.0, "switches")):
            bias = at + load * float(one.current(at))
            circuit = Circuit(one, 10.0, load, factor * load * 10.0 / steep, bias)
            assert circuit.regime() == expected and np.abs(circuit.fixed_points() - at).min() < 1e-9

    def test_the_criterion_agrees_with_integration(self):
        one, rng = published(), np.random.default_rng(3)
        seen = {"rests": 0, "spikes": 0}
        for _ in range(60):
            load = 10.0 ** rng.uniform(-0.5, 0.7)
            circuit = Circuit(one, 10.0, load, 10.0 ** rng.uniform(1.5, 3), rng.uniform(2, 20))
            at = circuit.fixed_points()
            eigenvalues = np.linalg.eigvals(circuit.jacobian(at[0]))
            clear = abs(eigenvalues.real.max()) * circuit.time_scale_ps() > 0.15
            if len(at) > 1 or not clear or seen[circuit.regime()] >= 3:
                continue
            low, high = circuit.swing_v(6)
            assert (high - low > 1.0) == (circuit.regime() == "spikes"), circuit
            seen[circuit.regime()] += 1
        assert min(seen.values()) >= 3

    def test_the_map_is_the_circuits_regimes(self):
        one = published()
        bias, load = np.linspace(-15, 20, 9) + 0.123, np.geomspace(0.3, 30, 7)
        found = regime_map(one, 10.0, 500.0, bias, load)
        each = [[Circuit(one, 10.0, r, 500.0, b).regime() for b in bias] for r in load]
        assert (np.array(REGIMES)[found] == np.array(each)).mean() > 0.95
        assert {"rests", "spikes", "switches"} <= set(np.array(REGIMES)[found].ravel())

    def test_the_share_of_laws_that_spike(self):
        field, bias, load = np.linspace(-1.2, 1.2, 13), np.linspace(0, 20, 15), np.geomspace(0.1, 3, 6)
        laws = np.stack([PublishedOnsets().current(field), field, field, field])
        found = spiking_share(field, laws, LENGTH_NM, bias, load)
        assert found.shape == (6, 15) and found.max() == 0.25 and found.min() == 0
        assert spiking_share(field, laws[1:], LENGTH_NM, bias, load).max() == 0

    def test_a_part_that_is_none_is_refused(self):
        with pytest.raises(AnalysisError, match="positive"):
            Circuit(published(), 0.0, 1.0, 1.0, 1.0)
