"""An ion held in a known potential: its mean force gives the potential back, by part, with errors that cover it."""

import numpy as np
import pytest
from janus_pore import config
from janus_pore.analyse import held
from janus_pore.errors import AnalysisError
from janus_pore.paths import repository
from janus_pore.reduce.forces import PARTS
from janus_pore.testsystems import PoreIons

X_NM = {f"at{k}": round(0.1 * k, 1) for k in range(-6, 7)}


def held_in(system, seed=0, x_nm=X_NM, **how):
    return {name: {"volt": system.hold(x, 100 * seed + k, **how)} for k, (name, x) in enumerate(x_nm.items())}


@pytest.fixture
def settings(scale):
    return scale.analysis.model_copy(update={"current_window_ps": 10.0, "bootstrap_draws": 400})


def trapezoids(system):
    """The potential (x, part) that exact forces at the places give, 0 at the last."""
    x = np.array([*X_NM.values()])
    force = system.analytical_force(x)
    steps = 0.5 * (force[1:] + force[:-1]) * np.diff(x)[:, None]
    found = -np.concatenate([np.zeros((1, len(PARTS))), np.cumsum(steps, axis=0)])
    return found - found[-1]


class TestPlaces:
    def test_from_se_to_s(self):
        found = held.places(config.load(repository() / "config" / "held.yml"))
        assert [*found.values()] == sorted(found.values()) and {*X_NM.values()} < {*found.values()}
        assert found["mo"] == 0.0

    def test_none_is_held(self, scale):
        assert held.places(scale) == {}


class TestProfile:
    def test_the_potential_and_its_parts(self, settings):
        system = PoreIons(noise_kj_mol_nm=50.0, replicas=2)
        found = held.profile(X_NM, held_in(system), 0.4, settings)
        truth = trapezoids(system)
        error = 0.5 * (found.potential_high - found.potential_low).values
        assert (np.abs(found.potential.values[:, :-1] - truth) < 4.5 * error[:, :-1] + 1e-3).all()
        assert found.potential.values[:, -1] == pytest.approx(found.potential.values[:, :-1].sum(axis=1))
        assert np.abs(found.potential.values[:, -1] - system.potential([*X_NM.values()]).sum(axis=1)
                      + system.potential([0.6]).sum()).max() < 3 * error[:, -1].max() + 1.0  # fmt: skip
        assert (found.potential.sel(x=0.6) == 0).all() and error[0, -1] > error[-2, -1] > 0
        assert found.blocks.values.tolist() == [40] * 13 and found.runs.values.tolist() == [2] * 13

    def test_the_field_brings_the_ion_from_the_other_side(self, settings):
        found = held.profile(X_NM, held_in(PoreIons(field_v_nm=-0.4, replicas=1)), -0.4, settings)
        assert (found.potential.sel(x=-0.6) == 0).all() and (found.potential.sel(x=0.6) != 0).any()

    def test_the_free_ions_do_not_count(self, settings):
        data = held_in(PoreIons(replicas=1))
        for one in data.values():
            one["volt"]["force"][one["volt"].ion.values != 0] = 1e6
        assert held.profile(X_NM, data, 0.4, settings).force.max() < 1e3

    def test_a_slow_run_has_wider_errors_and_says_so(self, settings):
        """Successive blocks that are alike count as fewer."""
        data = held_in(PoreIons(replicas=1, noise_kj_mol_nm=30.0))
        plain = held.profile(X_NM, data, 0.4, settings)
        slow = 40 * np.sin(2 * np.pi * data["at0"]["volt"].time.values / 200)
        data["at0"]["volt"]["force"] += slow[data["at0"]["volt"].sample_frame.values][:, None]
        found = held.profile(X_NM, data, 0.4, settings)
        alone = "places with one run: what settles once a run is not in the error"
        assert plain.attrs["warning"] == alone
        assert found.attrs["warning"].startswith("at 0 nm successive blocks are correlated") and alone in found.warning
        twice = held.profile(X_NM, held_in(PoreIons(replicas=2)), 0.4, settings)
        assert twice.attrs["warning"] == ""
        width = [float((one.force_high - one.force_low).sel(x=0.0, part="total")) for one in (plain, found)]
        assert width[1] > 2 * width[0]

    def test_a_campaign_that_is_not_finished(self, settings):
        """Places that were not run, or not at this field, are left out, wherever they are."""
        data = held_in(PoreIons(replicas=1))
        data["at-6"], data["at6"] = {}, {}
        found = held.profile(X_NM, data, 0.4, settings)
        assert found.x.values.tolist() == [*X_NM.values()][1:-1] and (found.potential.sel(x=0.5) == 0).all()

    def test_one_place_is_none(self, settings):
        data = held_in(PoreIons(replicas=1), x_nm={"at0": 0.0})
        with pytest.raises(AnalysisError, match=r"at 0.4 V/nm: 1 place\(s\), and 2 are needed"):
            held.profile(X_NM, data, 0.4, settings)
        assert held.fields(data) == [] and held.fields(held_in(PoreIons())) == [0.4]

    def test_an_ion_that_is_elsewhere_is_refused(self, settings):
        data = held_in(PoreIons(replicas=1))
        with pytest.raises(AnalysisError, match="at0: its first Cl- is not held at 0.05 nm"):
            held.profile({**X_NM, "at0": 0.05}, data, 0.4, settings)

    def test_a_run_that_is_too_short(self, settings):
        with pytest.raises(AnalysisError, match="2 blocks of 10 ps: run it longer"):
            held.profile(X_NM, held_in(PoreIons(replicas=1), duration_ps=20.0), 0.4, settings)


class TestClimb:
    def test_height_and_parts(self, settings):
        system = PoreIons(noise_kj_mol_nm=50.0, replicas=2)
        found = held.climb(held.profile(X_NM, held_in(system), 0.4, settings), settings)
        truth = system.analytical_barrier()
        assert found.minimum.value == pytest.approx(truth["minimum"], abs=0.1)
        assert found.maximum.value == pytest.approx(truth["maximum"], abs=0.1)
        assert found.total.value == pytest.approx(truth["total"], abs=3 * found.total.error + 1.0)
        assert found.parts["total"].value == pytest.approx(sum(found.parts[name].value for name in PARTS))

    def test_the_errors_cover_the_truth_as_often_as_they_say(self, settings):
        system, truth, trials = PoreIons(replicas=1), trapezoids(PoreIons()), 60
        hits, x = dict.fromkeys(("water_electrostatic", "total"), 0), [*X_NM.values()]
        step = {name: truth[x.index(0.0), PARTS.index(name)] - truth[x.index(0.4), PARTS.index(name)] for name in PARTS}
        step["total"] = sum(step.values())
        for seed in range(trials):
            data = held_in(system, seed, duration_ps=100.0, interval_ps=1.0)
            found = held.between(held.profile(X_NM, data, 0.4, settings), 0.4, 0.0, settings)
            for name in hits:
                hits[name] += found[name].low <= step[name] <= found[name].high
        for name, number in hits.items():
            assert 0.5 < number / trials < 0.86, name


class TestRise:
    def test_between_two_fields(self, settings):
        """A hill that grows by half, at the higher of two fields."""
        low, high = PoreIons(replicas=2), PoreIons(field_v_nm=0.8, depth=1.5, replicas=2)
        profiles = [held.profile(X_NM, held_in(one, k), one.field_v_nm, settings) for k, one in enumerate((low, high))]
        found = held.rise(*profiles, 0.4, 0.0, settings)
        x, (first, second) = [*X_NM.values()], (trapezoids(one) for one in (low, high))
        for k, name in enumerate(PARTS):
            truth = (second - first)[x.index(0.0), k] - (second - first)[x.index(0.4), k]
            assert found[name].value == pytest.approx(truth, abs=4 * found[name].error + 1e-3), name

    def test_a_place_that_one_has_not(self, settings):
        low, high = (PoreIons(field_v_nm=field, replicas=1) for field in (0.4, 0.8))
        some = {name: x for name, x in X_NM.items() if x != 0.0}
        profiles = [held.profile(X_NM, held_in(low), 0.4, settings),
                    held.profile(some, held_in(high, x_nm=some), 0.8, settings)]  # fmt: skip
        with pytest.raises(AnalysisError, match="no Cl- was held at 0 nm at 0.8 V/nm"):
            held.rise(*profiles, 0.4, 0.0, settings)
