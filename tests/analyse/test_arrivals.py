"""Water that orders itself when an ion comes, at once and by a known amount; and water that does not."""

import numpy as np
import pytest
from janus_pore.analyse import arrivals, waiting
from janus_pore.testsystems import WaitingIons

PLACE = waiting.Place(radius_nm=0.4, depth_nm=0.25)
SLOW = {"fields_v_nm": (0.8,), "rates_per_ns": (5.0,), "arrival_per_ns": 10.0}


@pytest.fixture
def settings(make_scale):
    return make_scale(analysis__discard_ps=0.0, analysis__bootstrap_draws=300, analysis__confidence=0.95).analysis


def cos(sigma_deg):
    return np.exp(-0.5 * np.radians(sigma_deg) ** 2)


def test_the_order_rises_when_the_ion_has_come_not_before(settings):
    found = arrivals.around(*WaitingIons(replicas=12, **SLOW).sample(0), PLACE, settings, 20.0)[4.0]
    assert found.time_ps.tolist() == [*range(-19, 20, 2)] and found.change.n > 10
    before, after = found.mean_cos[:10], found.mean_cos[10:]
    assert before == pytest.approx([cos(40)] * 10, abs=0.06)
    # an ion that passes within the window leaves disordered water behind
    assert after[0] == pytest.approx(cos(20), abs=0.02) and found.rose == found.count > found.change.n
    assert found.change.low < cos(20) - cos(40) + 0.01 and found.change.low > 0.05
    assert np.all(found.low <= found.mean_cos) and np.all(found.mean_cos <= found.high)


def test_bins_are_whole_frames_and_say_how_long_they_are(settings):
    sample = WaitingIons(replicas=4, interval_ps=1.5, **SLOW).sample(0)
    found = arrivals.around(*sample, PLACE, settings, 20.0)[4.0]
    assert found.time_ps == pytest.approx((np.arange(26) - 12.5) * 1.5)


@pytest.mark.parametrize(("replicas", "each", "least"), [(3, 1, 0.5), (5, 4, 0.55), (8, 4, 0.58)])
def test_intervals_cover_the_truth_with_few_replicas_whose_arrivals_are_alike(settings, replicas, each, least):
    """Order rises by 0.2, in each replica by its own share more or less."""
    settings = settings.model_copy(update={"confidence": 0.68, "bootstrap_draws": 200})
    rng, hits, trials = np.random.default_rng(1), np.zeros(2), 300
    whose = np.repeat([f"a, {k}" for k in range(replicas)], each)
    for _ in range(trials):
        rise = 0.2 + np.repeat(rng.normal(0, 0.05, replicas), each) + rng.normal(0, 0.02, len(whose))
        cos = 0.5 + rise[:, None] * np.array([0.0, 1.0])
        found = arrivals._pooled(np.stack([10 * cos, np.full(cos.shape, 10.0)], axis=1), whose, 2.0, settings)
        assert (
            found.change.n == replicas
            and found.count == len(whose)
            and found.change.value == pytest.approx(rise.mean())
        )
        hits += found.change.low <= 0.2 <= found.change.high, found.low[1] <= 0.7 <= found.high[1]
    assert (hits / trials > least).all() and (hits / trials < 0.78).all(), hits / trials


@pytest.mark.parametrize(("within_ps", "bins"), [(20.4, 20), (7.0, 8), (0.3, 2)])
def test_windows_are_whole_bins(settings, within_ps, bins):
    found = arrivals.around(*WaitingIons(replicas=12, **SLOW).sample(0), PLACE, settings, within_ps)[4.0]
    assert found.time_ps.tolist() == [*range(1 - bins, bins, 2)]


def test_where_the_ion_does_nothing_it_does_not_rise(settings):
    same = {"sigma_waiting_deg": 30.0, "sigma_none_deg": 30.0}
    holds, reruns = WaitingIons(replicas=20, **SLOW, **same).sample(3)
    found = arrivals.around(holds, reruns, PLACE, settings, 20.0)[4.0]
    assert found.change.low < 0 < found.change.high and 0.2 < found.rose / found.count < 0.8


def test_an_ion_that_is_there_all_along_does_not_come(settings):
    full = WaitingIons(replicas=2, fields_v_nm=(0.8,), rates_per_ns=(0.0,), arrival_per_ns=1e6).sample(0)
    assert arrivals.around(*full, PLACE, settings, 20.0) == {} and arrivals.around({}, {}, PLACE, settings, 20.0) == {}


@pytest.mark.parametrize(
    ("near", "starts"),
    [
        ([0, 0, 0, 1, 1, 1, 0], [3]),
        ([0, 0, 1, 1, 1, 1], []),  # too near the start
        ([0, 0, 0, 1, 1], []),  # and the end
        ([0, 1, 0, 0, 1, 1, 1, 1], []),  # one was there shortly before
        ([0, 0, 0, 1, 0, 0, 0], []),  # it does not stay
    ],
)
def test_what_an_arrival_is(near, starts):
    assert arrivals._starts(np.array(near, dtype=bool), 3) == starts
