"""Does the engine do what statistical mechanics and electrolytes do? Answers from `reduce.engine`, with errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..errors import AnalysisError
from ..parameters import Analysis
from .stats import Estimate, correlation_time

#: Conductivity (S/m) of 1 mol/l KCl in water at 25 C, measured. The primary standard of 1 mol/kg has 10.862 S/m
#: (CRC Handbook; Wu et al., J. Res. Natl. Inst. Stand. Technol. 99, 241, 1994).
KCL_S_M = 11.2
#: After a change of time step the first stored energies mix velocities of both; left out.
_FIRST_PS = 0.02
#: Windows in which the fluctuation is taken: longer than water's librations, too short for rounding errors to add up.
_WINDOW_PS = 0.1


def mean(series: np.ndarray, interval_ps: float) -> Estimate:
    """Mean of a correlated series; its error is s / sqrt(n), with n = length / (2 correlation times)."""
    n = _independent(series, interval_ps)
    return _around(float(np.mean(series)), float(np.std(series, ddof=1)) / np.sqrt(n), n)


def spread(series: np.ndarray, interval_ps: float) -> Estimate:
    """Standard deviation of a correlated series; n counts independent squares, the error is that of a Gaussian's."""
    squares = (series - np.mean(series)) ** 2
    n = _independent(squares, interval_ps)
    value = float(np.std(series, ddof=1))
    return _around(value, value / np.sqrt(2 * n), n)


def canonical_spread_k(temperature_k: float, degrees_of_freedom: int) -> float:
    """Spread of the kinetic temperature in the canonical ensemble, sqrt(2 / N_dof) T."""
    return float(np.sqrt(2 / degrees_of_freedom) * temperature_k)


def late(data: xr.Dataset, name: str, thermostat: str, discard_ps: float) -> tuple[np.ndarray, float]:
    """A series of one thermostat after `discard_ps`, and its interval in ps."""
    time = data.energy_time.values
    return data[name].sel(thermostat=thermostat).values[time >= discard_ps], float(time[1] - time[0])


@dataclass(frozen=True)
class Conservation:
    """Total energy without a thermostat, by time step.

    Attributes
    ----------
    timestep_fs : array (n,)
    drift : slope of the total energy in kJ/mol/ns per atom
    fluctuation : standard deviation about a line in windows of 0.1 ps, kJ/mol; n counts windows
    floor : noise of the energy's own sum in mixed precision, kJ/mol, white and the same for all time steps
    """

    timestep_fs: np.ndarray
    drift: list[Estimate]
    fluctuation: list[Estimate]
    floor: float

    def orders(self) -> list[Estimate]:
        """p between successive time steps, where fluctuation^2 = floor^2 + (a dt^p)^2; leap-frog has p = 2."""
        own = [max(one.value**2 - self.floor**2, 0.0) for one in self.fluctuation]
        found = []
        for k in range(len(own) - 1):
            log = 2 * np.log(self.timestep_fs[k + 1] / self.timestep_fs[k])
            pair = self.fluctuation[k : k + 2]
            if min(own[k], own[k + 1]) == 0:
                found.append(_around(np.nan, np.nan, min(one.n for one in pair)))
                continue
            relative = [2 * one.value * one.error / s for one, s in zip(pair, own[k : k + 2], strict=True)]
            error = float(np.hypot(*relative)) / log
            found.append(_around(float(np.log(own[k + 1] / own[k])) / log, error, min(one.n for one in pair)))
        return found


def conservation(data: xr.Dataset) -> Conservation:
    """Drift and fluctuation of the total energy of each run without a thermostat.

    The error of a slope over a length T of a residual with spread s and n independent samples is s sqrt(12 / n) / T.
    Rounding and the cut of forces at the cutoff make the energy wander, slowly and whatever the time step: that is left
    to the drift, and the fluctuation is taken in short windows.
    The floor comes from third differences of the run with the shortest time step, in which smooth motion vanishes.
    """
    time = data.nve_time.values
    chosen = time >= _FIRST_PS
    time, interval = time[chosen], float(time[1] - time[0])
    drift, fluctuation = [], []
    for series in data.total.values[:, chosen]:
        line = np.polyfit(time, series, 1)
        rest = series - np.polyval(line, time)
        n = _independent(rest, interval)
        per_atom_ns = 1000 / data.attrs["atoms"]
        error = float(rest.std()) * np.sqrt(12 / n) / (time[-1] - time[0])
        drift.append(_around(line[0] * per_atom_ns, error * per_atom_ns, n))
        fluctuation.append(_fluctuation(series, round(_WINDOW_PS / interval)))
    shortest = data.total.values[int(np.argmin(data.timestep.values)), chosen]
    floor = float(np.sqrt(np.mean(np.diff(shortest, 3) ** 2) / 20))
    return Conservation(data.timestep.values, drift, fluctuation, floor)


def _fluctuation(series: np.ndarray, length: int) -> Estimate:
    """Root of the mean variance about a line, in windows of `length` samples; what is slower does not count."""
    windows = series[: len(series) // length * length].reshape(-1, length)
    if len(windows) < 2:
        raise AnalysisError(f"energies do not fill two windows of {_WINDOW_PS} ps: make engine.nve_ps longer")
    place = np.arange(length)
    slope, start = np.polyfit(place, windows.T, 1)
    rest = windows - slope[:, None] * place - start[:, None]
    variances = (rest**2).sum(axis=1) / (length - 2)
    value = float(np.sqrt(variances.mean()))
    error = float(variances.std(ddof=1)) / np.sqrt(len(windows)) / (2 * value)
    return _around(value, error, len(windows))


def ohm(data: xr.Dataset, settings: Analysis, discard_ps: float) -> tuple[xr.Dataset, Estimate]:
    """Current density against field, and the conductivity of the line through the origin.

    Blocks of `current_window_ps` are the independent units; the fit weighs each field with its error.

    Returns
    -------
    Dataset by field: `density` and `error` (nA/nm^2, which is 10^9 A/m^2) and `sigma` = J / E (S/m), with attribute
    `chi2` = sum((J - sigma E)^2 / error^2) / (fields - 1), near 1 if Ohm's law holds within error; and the
    conductivity in S/m.

    Raises
    ------
    AnalysisError
        if there are not two whole blocks at each field.
    """
    time = data.interval.values
    length = max(1, round(settings.current_window_ps / float(time[1] - time[0])))
    total = data.current.sum("species").transpose("field", "interval").values[:, time > discard_ps]
    whole = total.shape[1] // length
    if whole < 2:
        raise AnalysisError("no two blocks of analysis.current_window_ps at each field: make engine.field_ps longer")
    blocks = total[:, : whole * length].reshape(len(total), whole, length).mean(axis=2) / data.attrs["edge_nm"] ** 2
    field, density = data.field.values, blocks.mean(axis=1)
    # one scatter for all fields: thermal noise does not depend on a weak field, and few blocks know it badly
    error = np.full(len(field), np.sqrt(blocks.var(axis=1, ddof=1).mean() / whole))
    weight = float(np.sum(field**2 / error**2))
    sigma = float(np.sum(field * density / error**2)) / weight
    chi2 = float(np.sum((density - sigma * field) ** 2 / error**2)) / (len(field) - 1)
    points = xr.Dataset(
        {
            "density": ("field", density, {"units": "nA/nm2"}),
            "error": ("field", error, {"units": "nA/nm2"}),
            "sigma": ("field", density / field, {"units": "S/m"}),
        },
        coords={"field": data.field},
        attrs={"chi2": chi2, "blocks": whole},
    )
    return points, _around(sigma, weight**-0.5, whole * len(field))


@dataclass(frozen=True)
class Flatness:
    """A density profile and how flat it is: `chi2` per bin, and the middle 95 % that a flat liquid gives by chance."""

    density: np.ndarray
    error: np.ndarray
    chi2: float
    chance: tuple[float, float]
    n: int


def flatness(data: xr.Dataset, settings: Analysis, discard_ps: float, seed: int = 0) -> Flatness:
    """Number density of water oxygens along x (nm^-3) with the error of each bin, and its chi^2 per bin.

    chi^2 = sum_b (rho_b - mean)^2 / error_b^2 / n_bins, errors from blocks of `current_window_ps`. Bins are
    correlated and blocks are few, so what chance gives is measured: in a flat liquid each block may be shifted along
    x by any amount, and shifting all of them at random, many times, gives the distribution.

    Raises
    ------
    AnalysisError
        if there are fewer than three whole blocks.
    """
    time = data.frame.values
    length = max(1, round(settings.current_window_ps / float(time[1] - time[0])))
    counts = data.oxygen.transpose("thermostat", "frame", "x").values[:, time >= discard_ps].astype(float)
    whole, bins = counts.shape[1] // length, counts.shape[2]
    blocks = counts[:, : whole * length].reshape(-1, length, bins).mean(axis=1)
    if len(blocks) < 3:
        raise AnalysisError("fewer than three blocks of analysis.current_window_ps: make engine.nvt_ps longer")
    rng = np.random.default_rng(seed)
    by_chance = [
        _chi2(np.stack([np.roll(block, k) for block, k in zip(blocks, shifts, strict=True)]))
        for shifts in rng.integers(bins, size=(settings.bootstrap_draws, len(blocks)))
    ]
    volume = data.attrs["edge_nm"] ** 3 / bins
    error = blocks.std(axis=0, ddof=1) / np.sqrt(len(blocks))
    chance = tuple(float(edge) for edge in np.percentile(by_chance, [2.5, 97.5]))
    return Flatness(blocks.mean(axis=0) / volume, error / volume, _chi2(blocks), chance, len(blocks))


def _chi2(blocks: np.ndarray) -> float:
    profile = blocks.mean(axis=0)
    variance = blocks.var(axis=0, ddof=1) / len(blocks)
    return float(np.mean((profile - profile.mean()) ** 2 / np.maximum(variance, 1e-12)))


def _independent(series: np.ndarray, interval_ps: float) -> int:
    return max(1, int(len(series) * interval_ps / (2 * correlation_time(series, interval_ps))))


def _around(value: float, error: float, n: int) -> Estimate:
    return Estimate(float(value), float(value - error), float(value + error), n)
