"""The bound holds as often as it says, and shrinks with what was watched."""

import numpy as np
import pytest
from janus_pore.analyse.through import through
from janus_pore.testsystems import PulsedPore
from janus_pore.units import NA_PER_E_PER_PS


@pytest.mark.parametrize("pore_na", [0.5, 4.0])
def test_the_bound_holds_in_95_of_100(pore_na):
    """Ions of either sign are drawn independently, so the rate of crossings carries the whole current."""
    system = PulsedPore(pore_na=pore_na, near=1.0, far=1.0, replicas=6)
    held = [through(system.sample(seed)).current.high >= pore_na for seed in range(300)]
    assert np.mean(held) >= 0.93


def test_by_hand_without_any_crossing():
    """-ln 0.05 ions can have been missed; 7 pulses of 5 ps in each of 10 replicas are 350 ps."""
    system = PulsedPore(pore_na=0.0, charging_na=20.0, noise_na=1e-9, replicas=10)
    found = through(system.sample(0))
    assert (found.pulses, found.time_ps, found.ions, found.current.value) == (70, 350.0, 0, 0.0)
    assert found.current.high == pytest.approx(-np.log(0.05) * NA_PER_E_PER_PS / 350) == -found.current.low
    assert found.box_na == pytest.approx(20.0) and found.share == pytest.approx(found.current.high / 20)
    assert "0 ions crossed in 70 pulses, 0.35 ns in all: at most 1.4 nA" in found.text


def test_four_times_the_replicas_give_a_quarter():
    few, many = (through(PulsedPore(pore_na=0.0, charging_na=1.0, replicas=n).sample(0)) for n in (5, 20))
    assert few.current.high == pytest.approx(4 * many.current.high)


def test_it_is_the_net_charge_that_flows():
    found = through(PulsedPore(pore_na=40.0, replicas=150).sample(1))
    assert abs(found.current.value) < found.current.high and found.ions > 100 and found.share < 1.5
