"""Two ladders with a known difference: it comes back with an honest error, at shared voltages only."""

import numpy as np
import pytest
import xarray as xr
from janus_pore.analyse import differences
from janus_pore.testsystems import Ladder


@pytest.fixture(scope="module")
def settings(make_scale):
    return make_scale(analysis__current_window_ps=10.0, analysis__discard_ps=50.0).analysis


def lines(seed, **other):
    return {"a": Ladder().sample(seed), "b": Ladder(**other).sample(seed + 1000)}


def against(found, base, settings):
    rows = differences.replicas(found, settings)
    return differences.against(rows, base, differences.scatter(rows), settings)


def shifted(data, offsets_na):
    """The same ladder with something slow in each replica: an offset of its whole-box current."""
    return {
        name: one.assign(current=one.current + xr.DataArray(np.divide(offsets_na, 2), dims="replica"))
        for name, one in data.items()
    }


def test_it_is_the_difference_of_the_currents(settings):
    found = against(lines(0, currents_na=(6.0, 2.0, 1.0, 3.0), noise_na=1.0), "a", settings)
    box = found[found.quantity == "box"]
    assert box.volt.tolist() == [2.0, 3.0, 4.0, 5.0] and set(box.configuration) == {"b"}
    assert box.difference.iloc[0].value == pytest.approx(5.0, abs=0.5) and box.sigmas.iloc[0] > 5
    assert np.abs(box.sigmas.iloc[1:]).max() < 4
    assert box.base.iloc[0].value + box.difference.iloc[0].value == pytest.approx(box.here.iloc[0].value)


def test_equal_ladders_differ_by_one_error_as_often_as_they_should(settings):
    """Also where replicas have offsets of their own, which blocks of one run would miss."""
    rng, found = np.random.default_rng(0), []
    for k in range(48):
        pair = {
            name: {key: shifted({key: one}, rng.normal(0, 5, 2))[key] for key, one in holds.items()}
            for name, holds in lines(k).items()
        }
        found.append(against(pair, "a", settings))
    for quantity in ("box", "mean_cos"):
        some = [one[one.quantity == quantity] for one in found]
        inside = [one.low <= 0 <= one.high for table in some for one in table.difference]
        sigmas = np.abs(np.concatenate([table.sigmas for table in some]))
        assert 0.6 < np.mean(inside) < 0.76 and np.mean(sigmas < 3) > 0.97
        assert np.mean(sigmas < 1) == pytest.approx(np.mean(inside), abs=0.03)


def test_replicas_that_scatter_unlike_have_errors_of_their_own(settings):
    """Offsets of 0.3 nA in one of two equal ladders and of 6 in the other, seven and nine replicas each."""
    rng, inside, errors = np.random.default_rng(1), [], []
    for k in range(24):
        pair = {
            name: {key: shifted({key: one}, rng.normal(0, spread, n))[key] for key, one in holds.items()}
            for spread, n, (name, holds) in zip(
                (0.3, 6.0), (9, 7),
                {"a": Ladder(replicas=9).sample(k), "b": Ladder(replicas=7).sample(k + 1000)}.items(), strict=True,
            )
        }  # fmt: skip
        box = against(pair, "a", settings).query("quantity == 'box'")
        inside += [one.low <= 0 <= one.high for one in box.difference]
        errors += [here.error / there.error for here, there in zip(box.here, box.base, strict=True)]
    assert 0.58 < np.mean(inside) < 0.78 and np.median(errors) > 4


class TestScatter:
    def test_of_replicas_with_offsets(self, settings):
        """Offsets of -4 and 4 nA in one of two ladders: s^2 = (16 + 16) / 2 about, with one degree of freedom each."""
        found = lines(5)
        found["a"] = shifted(found["a"], [-4.0, 4.0])
        table = differences.scatter(differences.replicas(found, settings))
        box = table.loc["box"]
        assert box.sd.tolist() == pytest.approx([4.0] * 4, rel=0.2)
        assert box.dof.tolist() == [8] * 4 and set(box.of) == {"all voltages"}
        assert table.loc["mean_cos"].sd.max() < 0.01

    def test_a_voltage_with_replicas_enough_has_its_own(self, settings):
        found = {"a": Ladder(replicas=7).sample(1)}
        name = next(iter(found["a"]))
        found["a"][name] = shifted({name: found["a"][name]}, [-9, -6, -3, 0, 3, 6, 9])[name]
        box = differences.scatter(differences.replicas(found, settings)).loc["box"]
        assert set(box.of) == {"this voltage"} and box.dof.tolist() == [6] * 4
        assert box.sd.iloc[0] == pytest.approx(np.std([-9, -6, -3, 0, 3, 6, 9], ddof=1), rel=0.2)
        assert box.sd.iloc[1:].max() < 2

    def test_one_run_each_has_no_error(self, settings):
        single = {name: Ladder(replicas=1).sample(k) for k, name in enumerate("ab")}
        found = against(single, "a", settings)
        assert all(np.isnan(one.low) and np.isfinite(one.value) for one in found.difference)
        assert found.sigmas.isna().all()

    def test_one_run_against_many_has_the_error_of_one(self, settings):
        found = {"a": Ladder(replicas=8).sample(0), "b": Ladder(replicas=1).sample(1)}
        rows = differences.replicas(found, settings)
        table = differences.scatter(rows)
        box = differences.against(rows, "a", table, settings).query("quantity == 'box'").difference.iloc[0]
        assert box.error == pytest.approx(table.loc[("box", 2.0), "sd"] * np.sqrt(1 + 1 / 8), rel=0.2) and box.n == 1


class TestPlacements:
    """Eight placements of two replicas each in one ladder, all of one placement in the other."""

    def placed(self, seed, spread_na):
        shift = np.repeat(np.random.default_rng(seed).normal(0, spread_na, 8), 2)
        several = shifted(Ladder(replicas=16).sample(seed), shift)
        one = Ladder(replicas=3).sample(seed + 1000)
        began = ("replica", np.repeat(np.arange(8), 2))
        return {"a": {key: data.assign_coords(began=began) for key, data in several.items()}, "b": one}

    def test_those_that_differ_are_found(self, settings):
        table = differences.placements(differences.replicas(self.placed(0, 5.0), settings))
        box = table.xs("a").loc["box"]
        assert (box.p < 1e-3).all() and (box.F > 5).all()
        assert box.between.tolist() == [7] * 4 and box.within.tolist() == [8] * 4
        assert (table.xs("a").loc["mean_cos"].p > 1e-3).all()
        assert set(table.index.get_level_values("configuration")) == {"a"}  # b has one placement

    def test_those_that_do_not_are_as_often_as_p_says(self, settings):
        tables = [differences.placements(differences.replicas(self.placed(k, 0.0), settings)) for k in range(24)]
        p = np.concatenate([one.xs("a").loc["box"].p for one in tables])
        assert np.mean(p < 0.1) == pytest.approx(0.1, abs=0.09) and 0.4 < np.mean(p) < 0.6

    def test_one_placement_says_nothing(self, settings):
        assert differences.placements(differences.replicas(lines(0), settings)).empty


def test_boxes_of_two_lengths_meet_at_the_same_voltage(settings):
    long = Ladder(fields_v_nm=(0.2, 0.45), currents_na=(1.0, 2.0), length_x_nm=10.0)
    found = against({"a": Ladder().sample(0), "b": long.sample(1)}, "a", settings)
    assert found.volt.unique().tolist() == [2.0] and found.quantity.tolist() == list(differences.QUANTITIES)


def test_a_pore_without_water_is_compared_by_its_current(settings):
    dry = {name: one.isel(sample=slice(0, 0)) for name, one in Ladder().sample(1).items()}
    assert set(against({"a": Ladder().sample(0), "b": dry}, "a", settings).quantity) == {"box"}


def test_nothing_to_compare(settings):
    assert against({"a": Ladder().sample(0)}, "a", settings).empty
    with pytest.raises(KeyError):
        against(lines(0), "c", settings)
