"""From correlation functions to a time and a verdict on the spacing of start frames."""

import numpy as np
import pytest
import xarray as xr
from janus_pore.analyse import decorrelation
from janus_pore.errors import AnalysisError


def profile(times, length=60.0, dt=0.5, noise=0.0):
    """Exponentials with these times (ps) by place, four blocks."""
    lag = np.arange(round(length / dt) + 1) * dt
    rng = np.random.default_rng(1)
    c = np.array([[np.exp(-lag / tau) for tau in times.values()]] * 4)
    c += noise * rng.normal(size=c.shape) * (lag > 0)
    coords = {"place": list(times), "lag": lag}
    return xr.Dataset({"dipole_correlation": (("block", "place", "lag"), c)}, coords=coords)


@pytest.fixture
def settings(make_scale):
    return make_scale().analysis


def test_the_time_of_an_exponential(settings):
    bulk, pore = decorrelation.memories(profile({"bulk": 5.0, "pore mean": 2.0}, noise=0.01), settings)
    assert (bulk.place, pore.place) == ("bulk", "pore mean") and bulk.decayed and pore.decayed
    assert bulk.time_ps.value == pytest.approx(5.0, rel=0.1) and pore.time_ps.value == pytest.approx(2.0, rel=0.1)
    assert bulk.time_ps.low <= bulk.time_ps.value <= bulk.time_ps.high and bulk.time_ps.n == 4


@pytest.mark.parametrize(("spacing", "good"), [(20.0, True), (10.0, False)])
def test_three_times_the_slowest(settings, spacing, good):
    found = decorrelation.memories(profile({"bulk": 5.0, "pore": 500.0, "pore mean": 2.0}), settings)
    said = decorrelation.verdict(found, spacing)
    assert said.startswith("Independent starts" if good else "WARNING") and "bulk, 5 ps" in said


def test_a_correlation_that_outlives_the_run_is_a_bound_and_a_warning(settings):
    found = decorrelation.memories(profile({"bulk": 50.0}, length=10.0), settings)
    assert not found[0].decayed
    said = decorrelation.verdict(found, 1000.0)
    assert said.startswith("WARNING") and "at least" in said and "too short" in said and "3 times" not in said


def diffusing(d_nm2_ps, noise=0.0, length_nm=4.34):
    """Between walls, as free walkers that are reflected."""
    lag = np.arange(121) * 0.5
    rng, steps = np.random.default_rng(0), np.sqrt(2 * d_nm2_ps * 0.5)
    start = rng.uniform(0, length_nm, 20000)
    free = start + np.cumsum(np.concatenate([np.zeros((1, 20000)), steps * rng.normal(size=(120, 20000))]), axis=0)
    walled = length_nm - np.abs(length_nm - np.mod(free, 2 * length_nm))
    msd = ((walled - start) ** 2).mean(axis=1) * (1 + noise * rng.normal(size=(4, 1)))
    return xr.Dataset({"ion_msd": (("block", "ion_lag"), msd)}, coords={"ion_lag": lag})


def test_ions_mix_in_the_time_of_the_slowest_mode(settings):
    """L = 4.34 nm and D = 1.4e-3 nm^2/ps: 1.36 ns."""
    exact = decorrelation.mixing(diffusing(1.4e-3), 4.34, settings)
    assert exact.value == pytest.approx(4.34**2 / np.pi**2 / 1.4e-3, rel=0.04)  # once broke: 12 % too long
    found = decorrelation.mixing(diffusing(1.4e-3, 0.1), 4.34, settings)
    assert found.value == pytest.approx(4.34**2 / np.pi**2 / 1.4e-3, rel=0.15) and found.low < found.value < found.high
    said = decorrelation.ions(found, 20.0)
    assert said.startswith("WARNING") and "20 ps" in said and "`seed`" in said
    assert decorrelation.ions(found, 5000.0).startswith("Independent places")


def test_an_old_profile_without_displacements_is_refused(settings):
    with pytest.raises(AnalysisError, match="run `janus-pore profile`"):
        decorrelation.mixing(xr.Dataset(), 4.0, settings)


def test_an_empty_pore_is_left_out_and_an_old_profile_refused(settings):
    data = profile({"bulk": 5.0, "pore": 5.0})
    data.dipole_correlation.loc[{"place": "pore"}] = np.nan
    assert [one.place for one in decorrelation.memories(data, settings)] == ["bulk"]
    with pytest.raises(AnalysisError, match="run `janus-pore profile`"):
        decorrelation.memories(xr.Dataset(), settings)
