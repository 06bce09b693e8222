"""The engine's checks on data whose answers are known: noise, drifts, dt^2, constant velocities, flat and not flat."""

import numpy as np
import pytest
import xarray as xr
from janus_pore.analyse import engine
from janus_pore.errors import AnalysisError

ATOMS = 1000


@pytest.fixture
def settings(make_scale):
    return make_scale(analysis__current_window_ps=1.0).analysis


def correlated(rng, n, rho, mean, sigma):
    """An autoregressive series with correlation rho between neighbours."""
    kicks = rng.normal(size=n) * np.sqrt(1 - rho**2)
    x = np.empty(n)
    x[0] = rng.normal()
    for k in range(1, n):
        x[k] = rho * x[k - 1] + kicks[k]
    return mean + sigma * x


class TestTemperature:
    def test_errors_cover_as_often_as_they_say(self):
        """Over 200 correlated series, mean and spread lie within one error in about two thirds, two errors in 95 %."""
        rng = np.random.default_rng(1)
        off = []
        for _ in range(200):
            series = correlated(rng, 2000, 0.8, 300.0, 7.0)
            mean, spread = engine.mean(series, 0.02), engine.spread(series, 0.02)
            off.append([(mean.value - 300) / mean.error, (spread.value - 7) / spread.error])
        for z in np.abs(np.array(off)).T:
            assert 0.55 < np.mean(z < 1) < 0.8 and np.mean(z < 2) > 0.88

    def test_n_counts_independent_samples(self):
        """rho = 0.8 between neighbours: (1 + rho) / (1 - rho) = 9 samples for one."""
        series = correlated(np.random.default_rng(2), 20_000, 0.8, 0.0, 1.0)
        assert engine.mean(series, 0.1).n == pytest.approx(20_000 / 9, rel=0.2)

    def test_canonical_spread(self):
        assert engine.canonical_spread_k(300.0, 7200) == pytest.approx(5.0)

    def test_the_start_is_left_out(self):
        data = xr.Dataset(
            {"temperature": (("thermostat", "energy_time"), [np.arange(10.0)])},
            coords={"thermostat": ["v-rescale"], "energy_time": np.arange(10) * 0.5},
        )
        series, interval = engine.late(data, "temperature", "v-rescale", 2.0)
        assert list(series) == [4, 5, 6, 7, 8, 9] and interval == 0.5


def nve(fluctuations, *, drift=0.0, noise=0.0, steps=(0.5, 1.0, 2.0), seed=0):
    """Total energies with a known drift (kJ/mol/ps), a 20 THz wave of a known spread, and white noise."""
    time, rng = np.arange(5000) * 0.002, np.random.default_rng(seed)
    wave = np.sqrt(2) * np.sin(2 * np.pi * 20 * time)
    total = [-3e4 + drift * time + a * wave + noise * rng.normal(size=len(time)) for a in fluctuations]
    return xr.Dataset(
        {"total": (("timestep", "nve_time"), total)},
        coords={"timestep": list(steps), "nve_time": time},
        attrs={"atoms": ATOMS},
    )


class TestEnergy:
    def test_a_known_drift(self):
        found = engine.conservation(nve([0.1, 0.4, 1.6], drift=3.0, noise=0.05))
        for one in found.drift:
            assert one.value == pytest.approx(3.0, abs=0.1)  # 3 kJ/mol/ps over 1000 atoms is 3 kJ/mol/ns per atom
            assert abs(one.value - 3.0) < 4 * one.error

    @pytest.mark.parametrize("noise", [0.0, 0.08])
    def test_dt_squared_is_found_with_and_without_noise(self, noise):
        found = engine.conservation(nve([0.1, 0.4, 1.6], noise=noise))
        assert [one.value for one in found.orders()] == pytest.approx([2.0, 2.0], abs=0.1)
        assert found.floor == pytest.approx(noise, abs=0.01)

    def test_dt_to_the_first_is_told_apart(self):
        assert engine.conservation(nve([0.4, 0.8, 1.6])).orders()[0].value == pytest.approx(1.0, abs=0.05)

    def test_a_slow_wandering_does_not_hide_the_order(self):
        data = nve([0.1, 0.4, 1.6])
        data["total"] = data.total + 0.5 * np.sin(2 * np.pi * data.nve_time / 5.0)
        assert [one.value for one in engine.conservation(data).orders()] == pytest.approx([2.0, 2.0], abs=0.1)

    def test_too_short_a_run_is_refused(self):
        with pytest.raises(AnalysisError, match="nve_ps"):
            engine.conservation(nve([0.1, 0.4, 1.6]).isel(nve_time=slice(0, 80)))

    def test_a_fluctuation_lost_in_noise_has_no_order(self):
        found = engine.Conservation(np.array([1.0, 2.0]), [], [engine._around(0.1, 0.01, 9)] * 2, floor=0.2)
        assert np.isnan(found.orders()[0].value)


def driven(fields, conductivity, noise, seed=0, edge=2.0):
    """Currents (nA) of a conductor in S/m: I = sigma E L^2, all in K, with white noise."""
    rng, time = np.random.default_rng(seed), (np.arange(400) + 0.5) * 0.1
    current = np.zeros((len(fields), len(time), 2))
    current[:, :, 0] = conductivity * edge**2 * np.array(fields)[:, None]
    current[:, :, 0] += noise * rng.normal(size=current.shape[:2])
    return xr.Dataset(
        {"current": (("field", "interval", "species"), current, {"units": "nA"})},
        coords={"field": list(fields), "interval": time, "species": ["K", "CL"]},
        attrs={"edge_nm": edge},
    )


class TestOhm:
    def test_a_known_conductivity(self, settings):
        """11.2 S/m in 2 x 2 nm2 at 0.1 V/nm is 4.48 nA."""
        points, sigma = engine.ohm(driven([-0.1, 0.1, 0.2], 11.2, 0.0), settings, 1.0)
        assert sigma.value == pytest.approx(11.2)
        assert points.density.values == pytest.approx([-1.12, 1.12, 2.24])
        assert points.sigma.values == pytest.approx([11.2] * 3)

    def test_errors_and_chi2_are_fair(self, settings):
        found = [engine.ohm(driven([0.05, 0.1, 0.15], 11.2, 5.0, seed), settings, 1.0) for seed in range(200)]
        off = np.array([(sigma.value - 11.2) / sigma.error for _, sigma in found])
        assert off.std() == pytest.approx(1.0, abs=0.15) and abs(off.mean()) < 0.25
        assert np.mean([points.attrs["chi2"] for points, _ in found]) == pytest.approx(1.0, abs=0.2)

    def test_a_current_that_saturates_is_not_ohmic(self, settings):
        data = driven([0.1, 0.2, 0.3], 11.2, 0.1)
        data["current"] = data.current / (1 + data.field)
        assert engine.ohm(data, settings, 1.0)[0].attrs["chi2"] > 10

    def test_too_short_a_run_is_refused(self, settings):
        with pytest.raises(AnalysisError, match="field_ps"):
            engine.ohm(driven([0.1, 0.2], 11.2, 0.1), settings, 38.5)


def liquid(wave, seed=0, bins=20, frames=400):
    """Oxygen counts of an ideal liquid of 500 in a 2 nm cube, with a density wave of a relative amplitude."""
    chance = 1 + wave * np.cos(2 * np.pi * (np.arange(bins) + 0.5) / bins)
    counts = np.random.default_rng(seed).multinomial(500, chance / chance.sum(), size=(2, frames))
    return xr.Dataset(
        {"oxygen": (("thermostat", "frame", "x"), counts)},
        coords={"thermostat": ["a", "b"], "frame": np.arange(frames) * 0.1},
        attrs={"edge_nm": 2.0},
    )


class TestDensity:
    def test_a_flat_liquid_is_flat_as_often_as_chance_says(self, settings):
        inside = []
        for seed in range(60):
            found = engine.flatness(liquid(0.0, seed), settings, 5.0)
            inside.append(found.chance[0] <= found.chi2 <= found.chance[1])
        assert np.mean(inside) > 0.85
        assert found.density.mean() == pytest.approx(500 / 8) and found.n == 70

    def test_a_wave_of_three_percent_is_seen(self, settings):
        found = engine.flatness(liquid(0.03), settings, 5.0)
        assert found.chi2 > 1.5 * found.chance[1]

    def test_too_short_a_run_is_refused(self, settings):
        with pytest.raises(AnalysisError, match="nvt_ps"):
            engine.flatness(liquid(0.0, frames=15), settings, 0.0)
