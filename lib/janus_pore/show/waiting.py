"""Figures and tables of Cl- that waits in the pore."""

from __future__ import annotations

from collections.abc import Mapping
from math import comb

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..analyse.arrivals import Arrivals
from ..analyse.passing import Comparison
from ..analyse.stats import Estimate
from ..analyse.waiting import Place
from .claims import Claim, printed, single, text
from .figures import apart, colours


def tracks(
    holds: Mapping[str, xr.Dataset], reruns: Mapping[str, xr.Dataset], place: Place, half_range_nm: float
) -> Figure:
    """x of every Cl- near the pore's axis against time, one panel a constant field, one colour a replica.

    Where an ion counts as waiting is grey.

    Parameters
    ----------
    holds, reruns : what `reduce.replica.collect` and `reduce.forces.collect` give, by protocol name
    half_range_nm : how far from the Mo plane is drawn
    """
    both = sorted((name for name in holds if name in reruns), key=lambda name: float(holds[name].field[0]))
    figure, axes = plt.subplots(max(len(both), 1), 1, sharex=True, figsize=(8, 1.6 * max(len(both), 1)), squeeze=False)
    for ax, name in zip(axes[:, 0], both, strict=False):
        data, one = holds[name], reruns[name]
        inside, field = one.radial.values <= place.radius_nm, float(data.field[0])
        frame = one.sample_frame.values[inside]
        for k in np.unique(one.frame_replica.values):
            own = one.frame_replica.values[frame] == k
            ax.plot(one.time.values[frame[own]], one.x.values[inside][own], ".", ms=2, color=f"C{k}", rasterized=True)
        ax.axhspan(*sorted((0.0, np.sign(field) * place.depth_nm)), color="0.93", zorder=0)
        ax.axhline(0, color="0.6", lw=0.8)
        ax.set(ylim=(-half_range_nm, half_range_nm), ylabel="x (nm)")
        ax.set_title(f"{field * data.attrs['length_x_nm']:.1f} V", fontsize="small", loc="left")
    axes[-1, 0].set_xlabel("time since the field was switched on (ps)")
    return figure


def against_voltage(
    tables: Mapping[str, pd.DataFrame],
    order: Mapping[str, Mapping[float, Mapping[str, Estimate | None]]],
    names: Mapping[str, str],
) -> Figure:
    """Share of time in the pore, rate of passing and <cos theta> against the voltage, one colour a configuration.

    Points at one voltage stand a little apart.

    Parameters
    ----------
    tables, order : what `analyse.passing.summed` and `analyse.waiting.order` give, by configuration
    names : what to call each
    """
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.8))
    for k, (name, table) in enumerate(tables.items()):
        colour, table = colours(tables)[name], table.assign(volt=apart(table.volt, k, len(tables)))
        for way in (table[table.volt > 0], table[table.volt < 0]):
            label = names.get(name, name) if way.volt.max() == table.volt.max() else None
            axes[0].plot(way.volt, way.near, "o-", ms=4, color=colour, label=label)
            axes[0].plot(way.volt, way.far, "v:", ms=4, mfc="none", color=colour)
        _rates(table.volt, table.rate, axes[1], "o", colour, colour)
        _rates(table.volt, table.rate_inside, axes[1], "v", "none", colour)
        for state, filled in (("waiting", True), ("none", False)):
            known = {apart(volt, k, len(tables)): one[state] for volt, one in order.get(name, {}).items() if one[state]}
            values = np.array([[one.value, one.low, one.high] for one in known.values()]).reshape(-1, 3).T
            bars = np.abs([values[0] - values[1], values[2] - values[0]])
            bars[~np.isfinite(bars)] = 0.0
            look = {"mfc": colour if filled else "none", "color": colour, "ms": 5, "capsize": 2}
            axes[2].errorbar(list(known), values[0], bars, fmt="o" if filled else "s", **look)
    axes[0].set(ylabel="share of time with a Cl$^-$ in the pore", title="near side (dots), far side (triangles)")
    title = "passing, per ns near (dots); leaving (triangles)"
    axes[1].set(ylabel="rate of Cl$^-$ (1/ns; arrows: 95 % bounds)", yscale="log", title=title)
    title = "a Cl$^-$ waits (dots), none does (squares)"
    axes[2].set(ylabel=r"$\langle\cos\theta\rangle$ of the water", title=title)
    for ax in axes:
        ax.set_xlabel("voltage $E L_x$ (V)")
        ax.title.set_fontsize("small")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=7, fontsize="small")
    return figure


def arrivals(found: Mapping[float, Arrivals]) -> Figure:
    """<cos theta> of the water about the moment in which a Cl- comes, one line a voltage, with bands."""
    figure, ax = plt.subplots(figsize=(7, 3.4))
    for k, (volt, one) in enumerate(found.items()):
        ax.plot(one.time_ps, one.mean_cos, "o-", ms=3, color=f"C{k}", label=f"{volt:g} V, {one.count} arrivals")
        ax.fill_between(one.time_ps, one.low, one.high, color=f"C{k}", alpha=0.2, lw=0)
    ax.axvline(0, color="0.6", lw=0.8)
    ax.set(xlabel="time since a Cl$^-$ came (ps)", ylabel=r"$\langle\cos\theta\rangle$ of the water")
    if found:
        figure.legend(loc="outside lower center", ncols=4, fontsize="small")
    return figure


def changes(found: Mapping[float, Arrivals], system: str) -> list[Claim]:
    """By how much the water is more ordered after a Cl- has come than before, at each voltage."""
    return [
        Claim(f"{system}, {volt:g} V: change of <cos theta> when a Cl- comes", "not in the paper", one.change, "1",
              f"more order after {one.rose} of {one.count} arrivals")
        for volt, one in found.items()
    ]  # fmt: skip


def differences(found: Mapping[str, tuple[list[int], float, float, float] | None], what: str) -> list[Claim]:
    """Whether configurations differ in how the flow changes, by which: what `analyse.passing.alike` gives."""
    rows = []
    for name, one in found.items():
        here = single(one[1], sum(one[0])) if one else None
        remark = "too few passed, or not run at both"
        if one:
            remark = "{} and {} Cl- passed, against {} and {}; p by counts".format(*one[0])
            remark += f"; {one[2]:.2g} by pairs of replicas that start alike" if np.isfinite(one[2]) else ""
            remark += f"; {one[3]:.2g} by placements of the ions" if np.isfinite(one[3]) else ""
        quantity = f"{name}: p of so large a difference, were {what} alike"
        rows.append(Claim(quantity, "not in the paper", here, "1", remark))
    return rows


def table(found: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """All configurations in one table, with rates as text."""
    known = [one.assign(configuration=name) for name, one in found.items() if len(one)]
    if not known:
        return pd.DataFrame()
    rows = pd.concat(known, ignore_index=True)
    for column in ("rate", "rate_inside"):
        rows[column] = [text(one) if one else "no Cl- came" for one in rows[column]]
    columns = {
        "configuration": "configuration", "volt": "V", "replicas": "replicas", "ns": "ns", "near": "near side",
        "far": "far side", "ions": "Cl- that came", "visits": "visits", "unfinished": "there at the end",
        "longest_ps": "longest stay (ps)", "cl": "Cl- passed", "cl_back": "back", "left": "left", "k": "K+ passed",
        "k_meanwhile": "of those with a Cl- near", "rate": "passed per ns on the near side",
        "rate_inside": "left per ns on either side",
    }  # fmt: skip
    return rows[list(columns)].rename(columns=columns).round({"ns": 2, "near side": 3, "far side": 3})


def claims(
    tables: Mapping[str, pd.DataFrame],
    compared: Mapping[str, tuple[str, Comparison | None]],
    order: Mapping[str, Mapping[float, Mapping[str, Estimate | None]]],
    meanwhile: tuple[int, int, float, float],
) -> list[Claim]:
    """Rates compared at voltages chosen beforehand, all rates, and the order of the water with an ion there.

    Parameters
    ----------
    tables, order : as for `against_voltage`
    compared : by what is compared, the ratio that the paper would have and what `analyse.passing.compare` gives
    meanwhile : what `analyse.passing.meanwhile` gives
    """
    rows = []
    for name, (paper, one) in compared.items():
        if one is None:
            rows.append(Claim(name, paper, None, "1", "not run at both, or no Cl- came, or none passed"))
            continue
        remark = f"{one.high_v:g} over {one.low_v:g} V: {one.verdict}; p = {one.p_counts:.2g} by counts, "
        low, high = one.replicas
        remark += f"{one.p_replicas:.2g} by {low} + {high} replicas, whose least is {1 / comb(low + high, low):.2g}"
        if one.pairs:
            remark += f", {one.p_pairs:.2g} by {one.pairs} pairs that start alike ({_changed(one.differing)})"
        if one.placements > 1:
            remark += f", {one.p_placements:.2g} by {one.placements} placements ({_changed(one.changing)})"
        rows.append(Claim(name, paper, one.ratio, "1", f"{remark}; n passes"))
    passes, seen, expected, p = meanwhile
    remark = f"of {passes} passes; {expected:.2g} expected if it is all the same (p = {p:.2g})"
    here = single(seen, passes) if passes else None
    rows.append(Claim("all: K+ that passed while a Cl- was near", "not in the paper", here, "ions", remark))
    for name, table in tables.items():
        for one in table.itertuples() if len(table) else ():
            remark = f"{one.cl} passes in {one.near_ns:.3g} ns; {one.ions} Cl- came, {one.unfinished} there at the end"
            rows.append(Claim(f"{name}, {one.volt:g} V: rate of passing", "not in the paper", one.rate, "1/ns", remark))
            what = f"{name}, {one.volt:g} V: K+ that pass, per ns of run"
            rows.append(Claim(what, printed("species"), one.k_rate, "1/ns", f"{one.k} in {one.ns:.3g} ns"))
        for volt, states in order.get(name, {}).items():
            for key, label in (("waiting", "while a Cl- waits"), ("none", "while none does")):
                rows.append(Claim(f"{name}, {volt:g} V: <cos theta> {label}", "not in the paper", states[key], "1"))
    return rows


def _changed(units: int) -> str:
    """How many of some units tell of a change, and the least p that these can have."""
    return f"{units} of them change: least {0.5**units:.2g}"


def _rates(volt: pd.Series, rates: pd.Series, ax: Axes, fmt: str, mfc: str, color: str) -> None:
    """Rates with their intervals, bounds as arrows; where there is none, nothing."""
    for at, one in zip(volt, rates, strict=True):
        if one is not None and one.n:
            bars = [[one.value - one.low], [one.high - one.value]]
            ax.errorbar(at, one.value, bars, fmt=fmt, ms=4, capsize=2, color=color, mfc=mfc)
        elif one is not None:
            ax.errorbar(at, one.high, 0.5 * one.high, uplims=True, fmt="_", color=color)
