"""Figures and claims of the synapse pages (Fig 5): waveforms, ratios with fits, trains, the part of charging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..analyse.fit import Decay
from ..analyse.memory import Parts
from ..analyse.plasticity import Ratios
from ..analyse.pulses import Span
from ..analyse.stats import Estimate
from ..simulate.field import Protocol
from . import figures
from .claims import Claim, printed

COLOUR = {"box": "#222222", "pore": "#b2182b", "charging": "#2166ac"}
#: Sizes of points, three times those of lines: where two currents are the same, both are seen.
_SIZE = {"box": 8, "pore": 6, "charging": 4}
NAMES = {"box": "whole box", "pore": "crossings", "charging": "charging"}
_PULSE = "#e08214"


def waveform(protocol: Protocol, ax: Axes) -> None:
    """The field of a pair (its longest delay; the other second pulses dashed) or a train, with the pulses shaded."""
    starts, leaves = protocol.starts_ps(), protocol.leaves()
    for leaf in leaves:
        time = np.linspace(0, starts[leaf] + protocol.segments[leaf].duration_ps, 2000)
        last = leaf == leaves[-1]
        style = {"color": "0.2", "lw": 1.5} if last else {"color": "0.6", "lw": 0.8, "ls": "--"}
        ax.plot(time, protocol.waveform(time, leaf), zorder=3 if last else 2, **style)
    for k in protocol.path(leaves[-1]):
        if protocol.labels[k].startswith("pulse "):
            ax.axvspan(starts[k], starts[k] + protocol.segments[k].duration_ps, color=_PULSE, alpha=0.25, lw=0)
    ax.set(xlabel="time (ps)", ylabel="E (V/nm)", title=protocol.name)


def panels(protocols: Sequence[Protocol]) -> tuple[Figure, np.ndarray]:
    """A column for each protocol: its waveform on top, an empty panel below; the empty ones (n,)."""
    figure, axes = plt.subplots(2, len(protocols), figsize=(9, 5.5), height_ratios=(1, 2.2), squeeze=False)
    for protocol, ax in zip(protocols, axes[0], strict=True):
        waveform(protocol, ax)
    return figure, axes[1]


def currents(means: Mapping[str, Sequence[Estimate]], names: Sequence[str], ax: Axes) -> None:
    """Mean current of each pulse by estimator; `names` say what each pulse is."""
    for k, (estimator, values) in enumerate(means.items()):
        shift = 0.12 * (k - (len(means) - 1) / 2)
        _bars(np.arange(len(values)) + shift, values, estimator, ax, fmt="o")
    ax.set_xticks(np.arange(len(names)), names)
    ax.axhline(0, color="0.6", lw=0.8)
    ax.set_ylabel("mean current (nA)")
    _finish(ax, [])


def ratios(found: Mapping[str, Ratios], fits: Mapping[str, Decay], ax: Axes) -> None:
    """I_1 / I_0 against the delay with the fitted exponentials; what is not defined is said, not drawn."""
    said = []
    for estimator, one in found.items():
        if one.failed:
            said.append(f"{NAMES[estimator]}: {one.failed}")
            continue
        _bars(one.after_ps, one.values, estimator, ax, fmt="o")
        if not fits[estimator].failed:
            time = np.linspace(one.after_ps[0], one.after_ps[-1], 200)
            ax.plot(time, fits[estimator].at(time), color=COLOUR[estimator], lw=1.2)
    ax.axhline(1, color="0.6", lw=0.8)
    ax.set(xlabel=r"delay $\Delta t$ (ps)", ylabel="$I_1/I_0$")
    _finish(ax, said)


def reservoirs(after_ps: np.ndarray, currents_na: np.ndarray, ax: Axes) -> None:
    """The ratios that the reservoirs alone would give, from the first and the later pulses' currents (1 + k,)."""
    ax.plot(after_ps, currents_na[1:] / currents_na[0], color="#2166ac", ls=":", lw=1.5, label="reservoirs alone")
    _finish(ax, [])


def published_pair(experiment: str, after_ps: np.ndarray, ax: Axes) -> None:
    """The paper's exponential, its first printed ratio put at our shortest delay (the paper's own is not printed)."""
    near, far, tau = (_number(f"{experiment.lower()}_{key}") for key in ("ratio_short", "ratio_long", "tau"))
    time = np.linspace(after_ps[0], after_ps[-1], 200)
    curve = far + (near - far) * np.exp(-(time - time[0]) / tau)
    ax.plot(time, curve, color=_PULSE, ls="--", lw=1.5, label="paper")
    _finish(ax, [])


def windows(tables: Mapping[str, xr.Dataset], quantity: str, ax: Axes, paper: float) -> None:
    """`ratio` at the shortest delay, or `tau`, against the averaged part of each pulse; filled: all of it."""
    said = []
    for marker, (label, table) in zip("os^Dv<>p" * 4, tables.items(), strict=False):
        there = np.isfinite(table[quantity].values)
        one, colour = table.isel(window=there), COLOUR[table.attrs["estimator"]]
        if not there.any():
            said.append(f"{label}: {table.failed.values[-1]}")
            continue
        error = np.abs(np.stack([one[quantity] - one[f"{quantity}_low"], one[f"{quantity}_high"] - one[quantity]]))
        ax.errorbar(
            one.window, one[quantity], error, fmt=f"{marker}-", mfc="white", capsize=3, color=colour, label=label
        )
        if there[-1]:
            ax.plot(one.window[-1], one[quantity][-1], marker, color=colour, zorder=6)
    ax.axhline(paper, color=_PULSE, ls="--", label="paper (width not printed)")
    if len(said) == len(tables):
        ax.set_xticks([])
    names = {"ratio": "$I_1/I_0$ at the shortest delay", "tau": r"$\tau$ (ps)"}
    ax.set(xlabel="averaged part of each pulse (ps)", ylabel=names[quantity])
    _finish(ax, said)


def train(found: Mapping[str, Ratios], ax: Axes, paper: float) -> None:
    """I_n / I_0 against the number of the pulse."""
    said = []
    for estimator, one in found.items():
        if one.failed:
            said.append(f"{NAMES[estimator]}: {one.failed}")
            continue
        values = [Estimate(1.0, 1.0, 1.0, one.values[0].n), *one.values]
        number = np.arange(1, len(values) + 1)
        _bars(number, values, estimator, ax, fmt="o-")
    ax.axhline(paper, color=_PULSE, ls="--", label="paper, after the last pulse")
    ax.axhline(1, color="0.6", lw=0.8)
    ax.set(xlabel="pulse n", ylabel="$I_n/I_0$")
    _finish(ax, said)


def width(table: xr.Dataset, spans: Sequence[Span], ax: Axes) -> None:
    """sigma_theta against time with its interval as a band and the pulses shaded."""
    for one in spans:
        if one.label.startswith("pulse "):
            ax.axvspan(one.start_ps, one.end_ps, color=_PULSE, alpha=0.25, lw=0)
    ax.fill_between(table.time, table.low, table.high, color="#2166ac", alpha=0.3, lw=0)
    ax.plot(table.time, table.sigma, "o-", ms=2.5, color="#2166ac")
    ax.set(xlabel="time (ps)", ylabel=r"$\sigma_\theta$ (degrees)")


def parts(found: Parts, ax: Axes) -> None:
    """The whole-box effect I_n / I_0 - 1, and what crossings and charging have in it."""
    if found.failed:
        _finish(ax, [found.failed])
        return
    for estimator, values in (("box", found.effect), ("pore", found.pore), ("charging", found.charging)):
        _bars(found.after_ps, values, estimator, ax, fmt="o-")
    ax.axhline(0, color="0.6", lw=0.8)
    ax.set(ylabel="part of $I_n/I_0 - 1$")
    _finish(ax, [])


def charges(found: Mapping[str, xr.Dataset], alone_e: np.ndarray, ax: Axes) -> None:
    """Charge moved since the start of a pulse, by estimator, and what the reservoirs alone would move by then (t,)."""
    for estimator, one in found.items():
        ax.fill_between(one.time, one.low, one.high, color=COLOUR[estimator], alpha=0.2, lw=0)
        ax.plot(one.time, one.charge, color=COLOUR[estimator], lw=_SIZE[estimator] / 3, label=NAMES[estimator])
    ax.plot(found["box"].time, alone_e, color=COLOUR["charging"], ls=":", lw=1.5, label="reservoirs alone")
    ax.set(xlabel="time in pulse 1 (ps)", ylabel="charge moved (e)")
    _finish(ax, [])


def grid(n: int) -> tuple[Figure, list[Axes]]:
    """Two rows of panels, n in all."""
    figure, axes = plt.subplots(2, (n + 1) // 2, figsize=(9, 6), squeeze=False)
    for ax in axes.flat[n:]:
        ax.remove()
    return figure, list(axes.flat[:n])


def pair_claims(name: str, experiment: str, found: Ratios, fitted: Decay) -> list[Claim]:
    """Rows of the closing table: the ratio at the shortest and the longest delay, and tau."""
    key, of = experiment.lower(), f"{experiment} ({name}), {NAMES[found.estimator]}"
    rows = []
    for j, which in ((0, "short"), (-1, "long")):
        quantity = f"{of}: I1/I0 at {found.after_ps[j]:g} ps"
        rows.append(Claim(quantity, printed(f"{key}_ratio_{which}"), found.values[j], "1", found.failed))
    return [*rows, Claim(f"{of}: tau", printed(f"{key}_tau"), fitted.tau, "ps", fitted.failed)]


def train_claims(name: str, experiment: str, found: Ratios, fitted: Decay) -> list[Claim]:
    """Rows of the closing table: the last pulse's ratio, and the level that the train tends to."""
    paper, of = printed(f"{experiment.lower()}_ratio"), f"{experiment} ({name}), {NAMES[found.estimator]}"
    last = Claim(f"{of}: I_n/I0 of pulse {len(found.values) + 1}", paper, found.values[-1], "1", found.failed)
    return [last, Claim(f"{of}: level of the fit", paper, fitted.a, "1", fitted.failed)]


def _number(key: str) -> float:
    return float(printed(key).split()[0])


def _bars(x: np.ndarray, values: Sequence[Estimate], estimator: str, ax: Axes, fmt: str) -> None:
    y = np.array([one.value for one in values])
    error = np.abs(np.array([[one.value - one.low, one.high - one.value] for one in values]).T)
    look = {"color": COLOUR[estimator], "label": NAMES[estimator], "ms": _SIZE[estimator], "lw": _SIZE[estimator] / 3}
    ax.errorbar(x, y, error, fmt=fmt, capsize=3, **look)


def _finish(ax: Axes, said: Sequence[str]) -> None:
    """The figure's legend; and below the panel, in words, what could not be drawn."""
    if said:
        lines = "\n".join(fill(text, 50) for text in dict.fromkeys(said))
        ax.set_xlabel("\n".join(filter(None, [ax.get_xlabel(), lines])), fontsize=8)
    figures.below(ax.figure)
