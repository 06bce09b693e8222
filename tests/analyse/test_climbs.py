"""What a held ion climbs: height, ends and parts of a known potential, with errors that cover it."""

import numpy as np
import pytest
from janus_pore.analyse import climbs, held
from janus_pore.analyse.barrier import ends
from janus_pore.errors import AnalysisError
from janus_pore.reduce.forces import PARTS
from janus_pore.testsystems import PoreIons
from scipy.integrate import cumulative_trapezoid

X_NM = {f"at{k}": round(0.1 * k, 1) for k in range(-6, 7)}


@pytest.fixture
def settings(scale):
    return scale.analysis.model_copy(update={"current_window_ps": 10.0, "bootstrap_draws": 300})


def profile(system, settings, seed=0, x_nm=X_NM, **how):
    data = {name: {"volt": system.hold(x, 100 * seed + k, **how)} for k, (name, x) in enumerate(x_nm.items())}
    return held.profile(x_nm, data, system.field_v_nm, settings)


def linear(system):
    """x and the potential (x, part) of exact forces that are linear between the places."""
    at, x = np.array([*X_NM.values()]), np.linspace(-0.6, 0.6, 2401)
    force = np.stack([np.interp(x, at, one) for one in system.analytical_force(at).T], axis=1)
    return x, -cumulative_trapezoid(force, x, axis=0, initial=0)


def climb_of(system):
    x, potential = linear(system)
    total = potential.sum(axis=1)
    start, end = ends(total, -1 if system.field_v_nm > 0 else 1)
    return x[start], x[end], total[end] - total[start]


class TestClimb:
    def test_height_ends_and_parts(self, settings):
        """Once broke: the ends were places, though the force is zero between them."""
        system = PoreIons(noise_kj_mol_nm=50.0, replicas=2)
        found = climbs.climb(profile(system, settings), settings)
        start, end, height = climb_of(system)
        assert abs(start - round(start, 1)) > 0.04  # between two places
        assert found.minimum.value == pytest.approx(start, abs=0.04)
        assert found.maximum.value == pytest.approx(end, abs=0.04)
        assert found.total.value == pytest.approx(height, abs=3 * found.total.error)
        assert found.parts["total"].value == pytest.approx(sum(found.parts[name].value for name in PARTS))
        assert found.total.n == found.parts["total"].n == 2 and "outermost" not in found.total.warning

    def test_the_other_way(self, settings):
        system = PoreIons(field_v_nm=-0.4, noise_kj_mol_nm=50.0, replicas=2)
        found = climbs.climb(profile(system, settings), settings)
        assert found.minimum.value < found.maximum.value
        assert found.total.value == pytest.approx(climb_of(system)[2], abs=3 * found.total.error)

    def test_at_the_outermost_place_it_is_a_bound(self, settings):
        some = {name: x for name, x in X_NM.items() if x <= 0.2}
        found = climbs.climb(profile(PoreIons(noise_kj_mol_nm=10.0), settings, x_nm=some), settings)
        assert "begins at the outermost place: it may be larger" in found.total.warning

    @pytest.mark.parametrize(("replicas", "offset"), [(1, 0.0), (5, 0.0), (5, 60.0)])
    def test_the_errors_cover_the_truth_as_often_as_they_say(self, settings, replicas, offset):
        """Also where runs differ by an offset of their own: five of them count, and not their blocks."""
        system, hits, trials = PoreIons(replicas=replicas), {"climb": 0, "water_vdw": 0}, 40
        x, potential = linear(system)
        step = np.interp(0.0, x, potential[:, 0]) - np.interp(0.4, x, potential[:, 0])
        for seed in range(trials):
            rng, data = np.random.default_rng(seed), {}
            for k, (name, place) in enumerate(X_NM.items()):
                one = system.hold(place, 100 * seed + k, duration_ps=100.0, interval_ps=1.0)
                own = rng.normal(0, offset, replicas)[one.frame_replica.values[one.sample_frame.values]]
                one["force"][:, 0] = one.force[:, 0] + own
                data[name] = {"volt": one}
            found = held.profile(X_NM, data, 0.4, settings)
            here = {
                "climb": (climbs.climb(found, settings).total, climb_of(system)[2]),
                "water_vdw": (climbs.between(found, 0.4, 0.0, settings)["water_vdw"], step),
            }
            for name, (one, truth) in here.items():
                hits[name] += one.low <= truth <= one.high
        for name, number in hits.items():
            assert 0.5 < number / trials < 0.9, name


class TestRise:
    def test_between_two_fields(self, settings):
        """A hill that grows by half, at the higher of two fields; n is that of the least of the places."""
        low, high = PoreIons(replicas=2), PoreIons(field_v_nm=0.8, depth=1.5, replicas=3)
        profiles = [profile(one, settings, k) for k, one in enumerate((low, high))]
        found = climbs.rise(*profiles, 0.4, 0.0, settings)
        (x, first), (_, second) = (linear(one) for one in (low, high))
        for k, name in enumerate(PARTS):
            truth = np.subtract(*(np.interp(at, x, (second - first)[:, k]) for at in (0.0, 0.4)))
            assert found[name].value == pytest.approx(truth, abs=4 * found[name].error + 1e-3), name
            assert found[name].n == 2

    def test_other_places_do_not_compare(self, settings):
        some = {name: x for name, x in X_NM.items() if x != 0.0}
        low = profile(PoreIons(replicas=1), settings)
        high = profile(PoreIons(field_v_nm=0.8, replicas=1), settings, x_nm=some)
        with pytest.raises(AnalysisError, match="over different places do not compare"):
            climbs.rise(low, high, 0.4, 0.0, settings)
