"""The series circuit against direct integration and against its fields, its limits, and boxes of other lengths."""

import numpy as np
import pytest
from janus_pore.analyse.engine import KCL_S_M
from janus_pore.analyse.reservoirs import SPCE_PERMITTIVITY, Series
from janus_pore.errors import AnalysisError
from janus_pore.protocol_parameters import PulsePair, PulseTrain
from janus_pore.simulate.field import Protocol, Segment
from janus_pore.simulate.protocols import pulse_pair, pulse_train
from janus_pore.units import AF_PER_E_V, EPSILON_0_AF_NM, NA_PER_E_PER_PS
from scipy.integrate import solve_ivp

PULSES = {
    "systems": ["mosse"],
    "prime_v_nm": 2.0,
    "prime_ps": 20.0,
    "pulse_v_nm": 0.7,
    "pulse_ps": 5.0,
    "gap_v_nm": 0.5,
}


@pytest.fixture
def cell():
    return Series(sheet_af=0.1, tau_ps=60.0, length_x_nm=10.0, layers_nm=1.5)


def test_every_path_of_a_tree_is_the_circuit_integrated(cell):
    protocol = pulse_pair("ppf", PulsePair(kind="pair", delays_ps=[1.0, 5.0, 40.0], **PULSES), ("mosse",))
    charges, starts = cell.charges(protocol), protocol.starts_ps()
    for leaf in protocol.leaves():
        edges = [0.0, *(starts[k] + protocol.segments[k].duration_ps for k in protocol.path(leaf))]
        charge = 0.0
        for k, (begin, end) in zip(protocol.path(leaf), zip(edges, edges[1:], strict=False), strict=True):
            assert charges[k, 0] == pytest.approx(charge)
            volt = protocol.segments[k].amplitude_v_nm * 10.0
            done = solve_ivp(
                lambda t, q, v=volt: (0.1 * 0.85 * v - q) / 60.0, (begin, end), [charge], rtol=1e-10, atol=1e-12
            )
            charge = done.y[0, -1]
            assert charges[k, 1] == pytest.approx(charge)
            assert cell.currents(protocol)[k] == pytest.approx(1000 * (charge - charges[k, 0]) / (end - begin))


def test_what_moved_within_a_segment_ends_at_its_mean_current(cell):
    protocol = pulse_pair("ppf", PulsePair(kind="pair", delays_ps=[5.0], **PULSES), ("mosse",))
    moved = cell.moved(protocol, "pulse 1", [0.0, 2.5, 5.0])
    first = cell.pulses(protocol)[0]
    assert moved[0] == 0 and moved[2] == pytest.approx(first * 5.0 / NA_PER_E_PER_PS) and moved[1] > 0.5 * moved[2]
    with pytest.raises(AnalysisError, match="no segment is labelled 'pulse 3'; there are prime, pulse 1"):
        cell.moved(protocol, "pulse 3", [0.0])


def test_by_hand(cell):
    """From rest, 5 V: the first instant moves C V / tau, in the end C V is there, 85 % counted; 1 aF V / ps is 1 uA."""
    short, long = Protocol("a", "steps", (Segment(0.5, 1e-3),), ()), Protocol("b", "steps", (Segment(0.5, 1e4),), ())
    assert cell.currents(short)[0] == pytest.approx(1000 * 0.085 * 5 / 60, rel=1e-4)
    assert cell.charges(long)[0] == pytest.approx([0, 0.425])


def test_short_pulses_are_hardly_depressed_and_long_ones_are(cell):
    rest = {**PULSES, "prime_ps": 0.0, "prime_v_nm": 0.0, "pulse_v_nm": 0.5, "gap_v_nm": 0.0}
    found = {}
    for width in (5.0, 300.0):
        protocol = pulse_train("std", PulseTrain(kind="train", gap_ps=5.0, pulses=10, **rest | {"pulse_ps": width}), ())
        first, *later = cell.pulses(protocol)
        found[width] = np.array(later) / first
    assert found[5.0].min() > 0.6 and (np.diff(found[5.0]) < 0).all()
    assert found[300.0].max() < 0.1


def test_the_time_is_the_solutions_own():
    """eps_0 eps_w / sigma = 53.8 ps, and more by what the sheet adds to the water's capacitance."""
    times = [
        Series.expected(length, area, sheet_af=0.0).tau_ps for length, area in ((5.0, 7.3), (10.0, 7.3), (10.0, 26.0))
    ]
    assert times == pytest.approx([53.8] * 3, rel=1e-3)
    scout = Series.expected(5.0, 7.32, sheet_af=0.127, layers_nm=1.5)
    water = EPSILON_0_AF_NM * 68 * 7.32 / 3.5
    assert scout.tau_ps == pytest.approx(53.8 * (1 + 0.127 / water), rel=1e-3)


@pytest.mark.parametrize("length", [4.0, 5.0, 10.0, 25.0])
def test_the_fields_integrated(length):
    """Maxwell's equations of the layered cell, without a circuit.

    The displacement field jumps by the layers' charge per area, the fields add up to E Lx, the liquid's ions carry
    sigma E_out, and the box counts what they carry over the part of it that is liquid.
    """
    area, apart, sheet_af = 7.3, 1.5, 0.13
    cell = Series.expected(length, area, sheet_af=sheet_af, layers_nm=apart)
    water, inside = EPSILON_0_AF_NM * SPCE_PERMITTIVITY, sheet_af * apart / area  # permittivities in aF/nm
    sigma = KCL_S_M * 1e-3  # aF/(nm ps): 1 S/m = 1 C/(V m s)
    volt = 0.6 * length

    def liquid_field(charge):
        return (volt - charge / area * apart / inside) / (length - apart + apart * water / inside)

    done = solve_ivp(
        lambda t, q: sigma * area * liquid_field(q), (0, 100.0), [0.0], rtol=1e-10, atol=1e-13, dense_output=True
    )
    time = np.array([1.0, 20.0, 100.0])
    counted = done.sol(time)[0] * (length - apart) / length
    hold = Protocol("hold", "constant", (Segment(0.6, 100.0),), (), labels=("hold",))
    assert cell.moved(hold, "hold", time) * AF_PER_E_V == pytest.approx(counted, rel=1e-6)


def test_one_sheet_in_two_boxes():
    """What is the sheet's is the same; what a circuit outside counts, and the time, are not."""
    short, long = (Series.expected(length, 7.3, layers_nm=1.5) for length in (5.0, 10.0))
    assert short.sheet_af == long.sheet_af
    assert long.external_af / short.external_af == pytest.approx(0.85 / 0.70)
    assert long.tau_ps > 1.1 * short.tau_ps
    with pytest.raises(AnalysisError, match="1.5 nm apart do not fit into a box of 1 nm"):
        _ = Series(0.1, 60.0, 1.0, 1.5).external_af


def test_a_sine_is_refused(cell):
    with pytest.raises(AnalysisError, match="sweep holds a sine"):
        cell.charges(Protocol("sweep", "sine", (Segment(1.2, 100.0, 10.0),), ()))
