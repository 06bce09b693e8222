"""Figures of the loop, of the water's relaxation and of the other membranes; they draw what they are given."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..analyse.fit import Decay
from ..analyse.loop import Memory
from ..analyse.relaxation import Step
from . import figures
from .figures import BRANCH, LABELS


def phase(curves: Mapping[str, xr.Dataset], ax: Axes, species: str = "total") -> None:
    """Current through one period, one line and band a label; the reverse quarters are shaded."""
    for label, curve in curves.items():
        one = curve.sel(species=species)
        (line,) = ax.plot(one.phase, one.current, "o-", ms=3, label=label)
        ax.fill_between(one.phase, one.low, one.high, color=line.get_color(), alpha=0.25, lw=0)
    for start in (0.25, 0.75):
        ax.axvspan(start, start + 0.25, color="0.93", zorder=0)
    ax.axhline(0, color="0.6", lw=0.8)
    ax.set(xlabel="phase of the period (reverse shaded)", ylabel=f"{LABELS[species]} current (nA)")
    ax.legend()


def charging(curve: xr.Dataset, drawn_na: Mapping[str, np.ndarray], confidence: float, ax: Axes) -> None:
    """What charged the sheet along a period, and what a sheet of constant fields' charges would have taken.

    Parameters
    ----------
    curve : what `current.curve` gives of the box less the pore
    drawn_na : arrays (1 + draws, bin), what `charged.current` gives, by way; none for a sheet that is not known
    """
    phase({"box less pore": curve}, ax)
    for (way, drawn), line in zip(drawn_na.items(), ("--", ":"), strict=False):
        low, high = np.percentile(drawn[1:], [50 * (1 - confidence), 50 * (1 + confidence)], axis=0)
        ax.plot(
            curve.phase, drawn[0], "k", ls=line, lw=1.2, label=f"expected of constant fields, without memory, {way}"
        )
        ax.fill_between(curve.phase, low, high, color="k", alpha=0.15, lw=0)
    ax.legend(fontsize="small")


def conductance(table: xr.Dataset, species: str, ax: Axes) -> None:
    """dI/dE against field with its band, both branches; below zero the resistance is negative."""
    figures.loop(table.rename(conductance="current"), species, ax)
    ax.set_ylabel("dI/dE (nA per V/nm)")


def relaxation(
    curves: Sequence[xr.Dataset], fits: Sequence[Decay], ax: Axes, strongest_v_nm: float | None = None
) -> None:
    """sigma_theta(t) after steps (dots, band) with the exponentials (lines); refused fits have no line (Fig 3).

    Colours go by the field after the step, so that steps up and down to one field look alike.

    Parameters
    ----------
    strongest_v_nm : the field at the end of the colours; None for the strongest of these steps
    """
    fields = [abs(one.attrs[end]) for one in curves for end in ("before_v_nm", "after_v_nm")]
    strongest = strongest_v_nm or max(fields, default=1.0)
    for curve, fitted in zip(curves, fits, strict=True):
        colour = plt.get_cmap("viridis")(0.85 * abs(curve.attrs["after_v_nm"]) / strongest)
        step = curve.attrs["label"].partition(",")[0]
        label = step + (r", no $\tau$" if fitted.failed else rf", $\tau$ = {fitted.tau.value:.2g} ps")
        ax.plot(curve.time, curve.sigma, ".", ms=3, color=colour, label=label)
        ax.fill_between(curve.time, curve.low, curve.high, color=colour, alpha=0.2, lw=0)
        ax.plot(curve.time, fitted.at(curve.time.values), color=colour, lw=1.5)
    ax.set(xlabel="time since the step (ps)", ylabel=r"$\sigma_\theta$ (degrees)")
    if curves:
        ax.legend(fontsize=7, ncols=2)


def times(found: Sequence[tuple[Step, Decay]], ax: Axes) -> None:
    """tau against the field after the step, forward and reverse; refused fits are left out (Fig 2D).

    Each way (jumps, staircases, and how long the field stays) has a mark of its own; staircases are hollow.
    """
    ways = dict.fromkeys(step.way for step, _ in found) or ("jump",)
    for (direction, colour), (k, way) in itertools.product(BRANCH.items(), enumerate(ways)):
        own = [(step, one) for step, one in found if (step.direction, step.way) == (direction, way)]
        good = [(step, one.tau) for step, one in own if not one.failed]
        refused = len(own) - len(good)
        label = direction + f", {way}" * (len(ways) > 1) + f" ({refused} refused)" * (refused > 0)
        look = {"fmt": "osD^v<>ph*"[k % 10]} | ({"mfc": "w"} if way.startswith("staircase") else {})
        field = [step.after_v_nm for step, _ in good]
        value = np.array([tau.value for _, tau in good])
        error = np.array([[tau.value - tau.low, tau.high - tau.value] for _, tau in good]).reshape(-1, 2).T
        ax.errorbar(field, value, np.maximum(error, 0), capsize=3, color=colour, label=label, **look)
    ax.set(xlabel="field E after the step (V/nm)", ylabel=r"$\tau$ (ps)")
    figures.under(ax)


def membranes(curves: Mapping[str, xr.Dataset | None], titles: Mapping[str, str]) -> Figure:
    """One I-E loop a membrane (Figs 1B, 4A to 4D); those without data say so."""
    columns = 3 if len(curves) > 1 else 1
    rows = -(-len(curves) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(3.5 * columns, 3.2 * rows), squeeze=False)
    for ax in axes.flat[len(curves) :]:
        ax.set_axis_off()
    for ax, (name, curve) in zip(axes.flat, curves.items(), strict=False):
        if curve is None:
            ax.text(0.5, 0.5, "not run at this scale", ha="center", va="center", transform=ax.transAxes)
            ax.set(xticks=[], yticks=[])
        else:
            figures.loop(curve, "total", ax)
        ax.set_title(titles[name], fontsize=9)
    return figure


def lobes(memories: Mapping[str, Memory], ax: Axes) -> None:
    """Areas of both lobes with 95 % intervals, one pair a label; those without an interval are left out."""
    for shift, side, colour in ((-0.1, "positive", "#b35806"), (0.1, "negative", "#542788")):
        areas = [getattr(one, side) for one in memories.values()]
        value = np.array([area.value for area in areas])
        error = np.array([[area.value - area.low, area.high - area.value] for area in areas]).reshape(-1, 2).T
        place = np.where(np.isfinite(error).all(axis=0), np.arange(len(areas)) + shift, np.nan)
        ax.errorbar(place, value, np.maximum(error, 0), fmt="o", capsize=3, color=colour, label=f"{side} field")
    ax.axhline(0, color="0.6", lw=0.8)
    names = ["\n".join([name, *one.text.split(", ")]) for name, one in memories.items()]
    ax.set_xticks(range(len(memories)), names)
    ax.set(ylabel="area of a lobe (nA V/nm)", xlim=(-0.5, len(memories) - 0.5))
    ax.legend()
