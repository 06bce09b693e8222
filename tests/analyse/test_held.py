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
        truth, there = trapezoids(system), found.sel(x=found.place)
        error = 0.5 * (there.potential_high - there.potential_low).values
        assert (np.abs(there.potential.values[:, :-1] - truth) < 4.5 * error[:, :-1] + 1e-3).all()
        assert found.potential.values[:, -1] == pytest.approx(found.potential.values[:, :-1].sum(axis=1), abs=1e-9)
        assert np.abs(there.potential.values[:, -1] - system.potential([*X_NM.values()]).sum(axis=1)
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
        assert plain.attrs["warning"] == found.attrs["warning"] == alone
        assert "total" not in plain.attrs["slow"]
        assert found.attrs["slow"]["total"] == "slow at 0 nm, and wider by that"
        twice = held.profile(X_NM, held_in(PoreIons(replicas=2)), 0.4, settings)
        assert twice.attrs["warning"] == ""
        width = [float((one.force_high - one.force_low).sel(place=0.0, part="total")) for one in (plain, found)]
        assert width[1] > 2 * width[0]

    def test_parts_that_are_slow_where_the_total_is_not(self, settings):
        """Once broke: water and ions undo each other, so what is slow in both does not show in all together."""
        data = held_in(PoreIons(replicas=1, noise_kj_mol_nm=30.0))
        plain = held.profile(X_NM, data, 0.4, settings)
        one = data["at0"]["volt"]
        slow = (300 * np.sin(2 * np.pi * one.time.values / 200))[one.sample_frame.values]
        for name, sign in (("water_electrostatic", 1), ("ion_electrostatic", -1)):
            one["force"][:, PARTS.index(name)] = one.force.sel(part=name) + sign * slow
        found = held.profile(X_NM, data, 0.4, settings)
        said = found.attrs["slow"]
        assert all("0 nm" in said[name] for name in ("water_electrostatic", "ion_electrostatic"))
        assert not {"total", "water_vdw", "field"} & {*said}
        width, before = ((one.force_high - one.force_low).sel(place=0.0) for one in (found, plain))
        assert float(width.sel(part="water_electrostatic")) > 5 * float(before.sel(part="water_electrostatic"))
        assert float(width.sel(part="total")) < 2 * float(before.sel(part="total"))

    def test_a_campaign_that_is_not_finished(self, settings):
        """Places that were not run, or not at this field, are left out, wherever they are."""
        data = held_in(PoreIons(replicas=1))
        data["at-6"], data["at6"] = {}, {}
        found = held.profile(X_NM, data, 0.4, settings)
        assert found.place.values.tolist() == [*X_NM.values()][1:-1] and (found.potential.sel(x=0.5) == 0).all()
        assert "nothing yet" not in found.attrs["warning"]
        data["at1"], data["at-2"] = {}, {}
        assert "nothing yet at -0.2, 0.1 nm: the force is" in held.profile(X_NM, data, 0.4, settings).attrs["warning"]

    def test_only_places_that_fields_share_compare(self, settings):
        low, high = (held_in(PoreIons(field_v_nm=field, replicas=1)) for field in (0.4, 0.8))
        both = {name: {"low": low[name]["volt"], "high": high[name]["volt"]} for name in X_NM}
        del both["at0"]["low"], both["at6"]["high"]
        some = held.shared(X_NM, both, (0.4, 0.8))
        assert [*some] == [name for name in X_NM if name not in ("at0", "at6")]
        assert held.shared(X_NM, {"at1": both["at1"]}, (0.4, 0.8)) == {}

    def test_a_sweep_is_no_constant_field(self, settings):
        data = held_in(PoreIons(replicas=1))
        for one in data.values():
            one["volt"].attrs["kind"] = "sine"
        assert held.fields(data) == []
        with pytest.raises(AnalysisError, match="0 place"):
            held.profile(X_NM, data, 0.4, settings)

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
