"""The book's figures: one style, one function a figure; they draw what they are given and compute nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..analyse.decorrelation import Memory

COLOURS = {"total": "#222222", "K": "#7b3294", "CL": "#1b7837", "OW": "#2166ac"}
#: The sheet's atoms, as in the paper's Fig. 1A.
SHEET_COLOURS = {"SE": "#f58518", "MO": "#3566c8", "S": "#f2d024"}
BRANCH = {"forward": "#b2182b", "reverse": "#2166ac"}
LABELS = {"total": "total", "K": "K$^+$", "CL": "Cl$^-$", "OW": "water O"}
STYLE = {
    "figure.figsize": (7.0, 4.0),
    "figure.dpi": 110,
    "figure.constrained_layout.use": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "svg.hashsalt": "janus-pore",
}


def use_style() -> None:
    """Apply the book's style: matplotlib's settings, and tables that show all rows and their whole text."""
    plt.rcParams.update(STYLE)
    pd.set_option("display.max_rows", None)
    pd.set_option("display.max_colwidth", None)


def save(figure: Figure, name: str, directory: Path) -> None:
    """Write a figure as `<name>.svg` into a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    figure.savefig(directory / f"{name}.svg", metadata={"Date": None})


def below(figure: Figure, ncols: int = 4) -> None:
    """One legend under a figure for all of its panels, each label once; called again, it is made anew."""
    for old in list(figure.legends):
        old.remove()
    entries: dict[str, Artist] = {}
    for ax in figure.axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    if entries:
        figure.legend(entries.values(), entries.keys(), loc="outside lower center", ncols=ncols, fontsize="small")


def apart(volts: pd.Series | float, k: int, number: int) -> pd.Series | float:
    """Voltages at which the k-th of so many configurations is drawn: a little apart, to be told from each other."""
    return volts + 0.08 * (k - (number - 1) / 2)


def colours(names: Iterable[str]) -> dict[str, str]:
    """A colour for each configuration: systems first; further entries ("system, entry") take none of theirs."""
    return {name: f"C{k}" for k, name in enumerate(sorted(names, key=lambda name: "," in name))}


def under(ax: Axes, ncols: int = 2) -> None:
    """A panel's own legend under its axis, where it covers no data."""
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=ncols, fontsize="x-small")


def loop(curve: xr.Dataset, species: str, ax: Axes) -> None:
    """Current against field, forward and reverse branch of both polarities, with the interval as a band."""
    one = curve.sel(species=species)
    field = one.field.values
    for branch, colour in BRANCH.items():
        for sign in (1, -1):
            chosen = np.flatnonzero((one.branch.values == branch) & (sign * field > 0))
            chosen = chosen[np.argsort(field[chosen])]
            label = branch if sign > 0 else None
            ax.plot(field[chosen], one.current.values[chosen], "o-", ms=3, color=colour, label=label)
            ax.fill_between(
                field[chosen], one.low.values[chosen], one.high.values[chosen], color=colour, alpha=0.2, lw=0
            )
    ax.axhline(0, color="0.6", lw=0.8)
    ax.axvline(0, color="0.6", lw=0.8)
    ax.set(xlabel="field E (V/nm)", ylabel="current (nA)", title=LABELS[species])
    ax.legend()


def onsets(ax: Axes, fields_v_nm: list[float]) -> None:
    """Mark the published onsets of negative resistance."""
    for k, field in enumerate(fields_v_nm):
        label = "onset in the paper" if k == 0 else None
        ax.axvline(field, color="#e08214", ls="--", lw=1.2, label=label)
    ax.legend()


def ladder(curves: Mapping[str, xr.Dataset], ax: Axes) -> None:
    """Steady current against constant field, one line per label, by species for the first."""
    for marker, (label, curve) in zip("os^D", curves.items(), strict=False):
        one = curve.sel(species="total")
        error = np.abs(np.stack([one.current - one.low, one.high - one.current]))
        ax.errorbar(one.field, one.current, error, fmt=f"{marker}-", capsize=3, label=label)
    ax.axhline(0, color="0.6", lw=0.8)
    ax.set(xlabel="field E (V/nm)", ylabel="total current (nA)")
    ax.legend()


def waveform(asked: xr.Dataset, ax: Axes) -> None:
    """The field asked for (line) and the one GROMACS applied (dots); each branch is a line of its own."""
    every = max(1, len(asked.time) // 60)
    branches = np.flatnonzero(np.diff(asked.time) < 0) + 1
    for k, one in enumerate(np.split(np.arange(len(asked.time)), branches)):
        ax.plot(asked.time[one], asked.asked[one], color="0.4", lw=1.5, label="" if k else "asked")
    ax.plot(asked.time[::every], asked.applied[::every], "o", ms=3.5, color="#b2182b", label="applied by GROMACS")
    ax.set(xlabel="time (ps)", ylabel="E (V/nm)", title=asked.attrs["protocol"])


def angles(centres_deg: np.ndarray, density: np.ndarray, mu: float, sigma: float, ax: Axes, label: str = "") -> None:
    """P(theta) as dots with its Gaussian fit as a line."""
    (dots,) = ax.plot(centres_deg, density, ".", ms=5, label=label)
    if np.isfinite(sigma):
        x = np.linspace(-180, 180, 361)
        gaussian = np.exp(-((x - mu) ** 2) / (2 * sigma**2)) / (np.sqrt(2 * np.pi) * sigma)
        ax.plot(x, gaussian, color=dots.get_color(), lw=1.2)
    ax.set(xlabel=r"$\theta$ from the field (degrees)", ylabel="probability density (1/degree)", xlim=(-180, 180))


def profile(data: xr.Dataset, bulk_per_nm3: float, salt_per_nm3: float, reservoir_nm: float) -> Figure:
    """Number densities along x of water and ions, with their bulk targets and the reservoirs shaded."""
    figure, (top, bottom) = plt.subplots(2, 1, sharex=True, figsize=(7, 5))
    top.plot(data.x, data.density.sel(species="OW"), color=COLOURS["OW"], label=LABELS["OW"])
    top.axhline(bulk_per_nm3, color="0.5", ls="--", label="target")
    for name in ("K", "CL"):
        bottom.plot(data.x, data.density.sel(species=name), color=COLOURS[name], label=LABELS[name])
    bottom.axhline(salt_per_nm3, color="0.5", ls="--", label="target")
    edge = float(np.abs(data.x).max())
    for ax in (top, bottom):
        for sign in (-1, 1):
            ax.axvspan(*sorted((sign * reservoir_nm, sign * edge)), color="0.92", zorder=0)
        ax.set_ylabel("density (nm$^{-3}$)")
        ax.legend()
    bottom.set_xlabel("x from the Mo plane (nm); Se side left, S side right; reservoirs shaded")
    return figure


def memory(data: xr.Dataset, memories: list[Memory], spacing_ps: float) -> Figure:
    """Correlation of water dipoles against time by place, with each place's time, and the spacing of start frames."""
    figure, ax = plt.subplots(figsize=(7, 3))
    for k, one in enumerate(memories):
        c = data.dipole_correlation.sel(place=one.place)
        said = f"{one.place}: {'' if one.decayed else 'at least '}{one.time_ps.value:.2g} ps"
        ax.plot(data.lag, c.mean("block"), color=f"C{k}", label=said)
        ax.fill_between(data.lag, c.min("block"), c.max("block"), color=f"C{k}", alpha=0.2, lw=0)
    ax.axhline(0, color="0.6", lw=0.8)
    if spacing_ps <= data.lag[-1]:
        ax.axvline(spacing_ps, color="0.4", ls=":", label="spacing of start frames")
    ax.set(xlabel="time (ps)", ylabel="C(t)")
    ax.legend()
    return figure


def temperature(data: xr.Dataset, target_k: float, spread_k: float) -> Figure:
    """Temperature against time and its distribution with the canonical one."""
    figure, (left, right) = plt.subplots(1, 2, sharey=True, width_ratios=(3, 1), figsize=(7, 3))
    late = data.late.values.astype(bool)
    left.plot(data.energy_time, data.temperature, color="0.6", lw=0.6)
    left.plot(data.energy_time[late], data.temperature[late], color="#b2182b", lw=0.6)
    left.set(xlabel="time (ps)", ylabel="temperature (K)", ylim=(target_k - 8 * spread_k, target_k + 8 * spread_k))
    right.hist(data.temperature[late], bins=30, density=True, orientation="horizontal", color="#b2182b", alpha=0.5)
    x = np.linspace(target_k - 5 * spread_k, target_k + 5 * spread_k, 200)
    right.plot(np.exp(-((x - target_k) ** 2) / (2 * spread_k**2)) / (np.sqrt(2 * np.pi) * spread_k), x, color="0.2")
    right.set(xlabel="density (1/K)", title="canonical: line")
    return figure
