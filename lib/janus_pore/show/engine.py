"""Figures of the engine's checks; they draw what `analyse.engine` found."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..analyse.engine import Conservation, Flatness

_COLOUR = {"nose-hoover": "#2166ac", "v-rescale": "#b2182b"}


def temperatures(data: xr.Dataset, discard_ps: float, target_k: float, spread_k: float) -> Figure:
    """Temperature against time with each thermostat, and its distribution with the canonical one."""
    names = [str(name) for name in data.thermostat.values]
    figure, axes = plt.subplots(len(names), 2, sharey=True, width_ratios=(3, 1), figsize=(7, 2.2 * len(names)))
    x = np.linspace(target_k - 5 * spread_k, target_k + 5 * spread_k, 200)
    canonical = np.exp(-((x - target_k) ** 2) / (2 * spread_k**2)) / (np.sqrt(2 * np.pi) * spread_k)
    time = data.energy_time.values
    for name, (left, right) in zip(names, axes, strict=True):
        series, late = data.temperature.sel(thermostat=name).values, time >= discard_ps
        left.plot(time, series, color="0.7", lw=0.6)
        left.plot(time[late], series[late], color=_COLOUR[name], lw=0.7)
        left.set(ylabel="temperature (K)", title=name)
        right.hist(series[late], bins=25, density=True, orientation="horizontal", color=_COLOUR[name], alpha=0.5)
        right.plot(canonical, x, color="0.2")
    axes[-1, 0].set(xlabel="time (ps)")
    axes[-1, 1].set(xlabel="density (1/K)")
    axes[0, 1].set(title="canonical: line")
    return figure


def energies(data: xr.Dataset, found: Conservation) -> Figure:
    """Total energy against time at each time step, and its fluctuation against the time step."""
    figure, (left, right) = plt.subplots(1, 2, width_ratios=(3, 2), figsize=(7, 3.2))
    for k, fs in reversed(list(enumerate(found.timestep_fs))):
        series = data.total.values[k]
        left.plot(data.nve_time, series - series[len(series) // 10 :].mean(), lw=0.8, label=f"{fs:g} fs")
    left.set(xlabel="time (ps)", ylabel="total energy - mean (kJ/mol)")
    left.legend()
    value = np.array([one.value for one in found.fluctuation])
    error = [one.error for one in found.fluctuation]
    right.errorbar(found.timestep_fs, value, error, fmt="o", capsize=3, color="0.2", label="here")
    fs = np.geomspace(found.timestep_fs.min(), found.timestep_fs.max(), 30)
    middle = len(value) // 2
    own = np.sqrt(max(value[middle] ** 2 - found.floor**2, 0.0)) * (fs / found.timestep_fs[middle]) ** 2
    right.plot(fs, own, color="#b2182b", label="dt$^2$ through the middle")
    right.axhline(found.floor, color="0.5", ls="--", label="noise of the sum")
    right.set(xscale="log", yscale="log", xlabel="time step (fs)", ylabel="fluctuation (kJ/mol)")
    right.set_xticks(found.timestep_fs, [f"{one:g}" for one in found.timestep_fs])
    right.minorticks_off()
    right.legend()
    return figure


def ohm(points: xr.Dataset, sigma_s_m: float, measured_s_m: float, ax: Axes) -> None:
    """Current density against field with its line through the origin, and the line of a measured conductivity."""
    field = np.linspace(min(0.0, float(points.field.min())), max(0.0, float(points.field.max())) * 1.05, 2)
    ax.errorbar(points.field, points.density, points.error, fmt="o", capsize=3, color="0.2", label="here")
    ax.plot(field, sigma_s_m * field, color="#b2182b", label=f"{sigma_s_m:.3g} S/m")
    ax.plot(field, measured_s_m * field, color="0.5", ls="--", label=f"experiment, {measured_s_m:g} S/m")
    ax.set(xlabel="field E (V/nm)", ylabel="current density (nA/nm$^2$)")
    ax.legend()


def flat(x_nm: np.ndarray, found: Flatness, ax: Axes) -> None:
    """Density of water oxygens along x with the error of each bin."""
    ax.errorbar(x_nm, found.density, found.error, fmt="o", ms=3, capsize=2, color="#2166ac", label="water O")
    ax.axhline(found.density.mean(), color="0.5", ls="--", label="mean")
    ax.set(xlabel="x (nm)", ylabel="density (nm$^{-3}$)")
    ax.legend()
