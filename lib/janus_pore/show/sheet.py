"""Figures and tables of what the sheet alone does to Cl- (two columns of Table 1), and of the rest of Table 1 there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..analyse.stats import Estimate
from ..build import probe
from . import figures
from .barriers import PARTS as PRINTED
from .barriers import with_field
from .claims import Claim, text

PARTS = {"electrostatic": "electrostatic", "vdw": "van der Waals"}
LABELS = {name: label for name, (label, *_) in PRINTED.items()}
#: What of the change of both parts is drawn (kJ/mol).
_SHOWN = ((-60, 20), (-4, 8))
LABELS |= {"water_and_ions": "water + ions, electrostatic", "total": "all together"}


def profiles(lines: Mapping[tuple[str, str], xr.Dataset]) -> Figure:
    """Energy of Cl- on the pore's axis, a line for each (cut, Se type): colour by cut, dashes by type."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6))
    for (cut, kind), one in lines.items():
        for ax, name in zip(axes, PARTS, strict=True):
            ax.plot(one.x, one[name], **_style(lines, cut, kind), label=f"{cut}, {kind}")
    for ax, label in zip(axes, PARTS.values(), strict=True):
        ax.axhline(0, color="0.6", lw=0.8)
        ax.set(xlabel="x from the Mo plane (nm)", ylabel="energy (kJ/mol)", title=f"membrane, {label}")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center", fontsize="small")
    return figure


def samples(profile: xr.Dataset, reruns: Iterable[xr.Dataset], widest_nm: float) -> Figure:
    """The sheet's force on the axis, and on the Cl- of stored frames, coloured by how far off the axis they were.

    Parameters
    ----------
    reruns : what `reduce.forces.collect` gives
    widest_nm : ions farther from the axis are left out
    """
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharex=True)
    dots = None
    for one in reruns:
        near = ((one.radial <= widest_nm) & (np.abs(one.x) <= float(profile.x.max()))).values
        for ax, name in zip(axes, PARTS, strict=True):
            force, off = one.force.sel(part=f"membrane_{name}").values[near], one.radial.values[near]
            dots = ax.scatter(one.x.values[near], force, c=off, s=4, vmin=0, vmax=widest_nm, rasterized=True)
    for ax, (name, label) in zip(axes, PARTS.items(), strict=True):
        ax.plot(profile.x, profile[f"{name}_force"], color="#b2182b", lw=1.2, label="on the axis")
        ax.set(xlabel="x from the Mo plane (nm)", ylabel="F (kJ/mol/nm)", title=f"membrane, {label}")
    axes[0].legend(fontsize="small")
    if dots is not None:
        figure.colorbar(dots, ax=axes, label="distance from the axis (nm)")
    return figure


def whereabouts(reruns: Mapping[str, xr.Dataset], widest_nm: float) -> pd.DataFrame:
    """How many samples of Cl- within 0.35 nm of the Mo plane each protocol has, and how far off the axis they are."""
    rows = {}
    for name, one in reruns.items():
        off = one.radial.values[(np.abs(one.x.values) < 0.35) & (one.radial.values <= widest_nm)]
        low, middle, high = np.percentile(off, (5, 50, 95)) if len(off) else (np.nan,) * 3
        rows[name] = {"samples": len(off), "5 % (nm)": low, "median (nm)": middle, "95 % (nm)": high}
    return pd.DataFrame(rows).T.astype({"samples": int}).round(2) if rows else pd.DataFrame()


def against_paper(
    lines: Mapping[tuple[str, str], xr.Dataset],
    seen: Mapping[str, xr.Dataset],
    published: pd.DataFrame,
    distance_nm: float,
    beyond_nm: float,
) -> Figure:
    """How both parts change over one distance, with the paper's four pairs.

    Left wherever the step starts on the axis, the paper's with their fields (V/nm); right, for each system of `seen`
    (`analyse.column.changes`), as the mean over ions at x > `beyond_nm`, with x (nm) beside the points of the first.
    Its title says how many points lie outside.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), sharex=True, sharey=True)
    for (cut, kind), one in lines.items():
        change = probe.over(one, -distance_nm)
        left.plot(change.electrostatic, change.vdw, **_style(lines, cut, kind), label=f"{cut}, {kind}")
    outside = sum(
        _mouth(one.isel(bin=np.flatnonzero(one.bin > beyond_nm)), name, right, places=k == 0)
        for k, (name, one) in enumerate(seen.items())
    )
    x, y = published.membrane_electrostatic_kj_mol, published.membrane_vdw_kj_mol
    for field, *place in zip(published.field_v_nm, x, y, strict=True):
        left.annotate(f"{field:g}", place, xytext=(6, 3), textcoords="offset points", fontsize="small")
    beyond = f"mean over ions at x > {beyond_nm:g} nm (small numbers: x)" + f"; {outside} outside" * bool(outside)
    for ax, title in ((left, "on the axis (numbers: E in V/nm)"), (right, beyond)):
        ax.plot(x, y, "s", ms=7, mfc="none", color="#e08214", label="paper, by field")
        ax.axhline(0, color="0.6", lw=0.8)
        ax.set(xlim=_SHOWN[0], ylim=_SHOWN[1], xlabel="change, electrostatic (kJ/mol)")
        ax.set_title(title, fontsize="small")
        figures.under(ax, ncols=3)
    left.set_ylabel(f"change over {1000 * distance_nm:.0f} pm, van der Waals (kJ/mol)")
    return figure


def matches(
    lines: Mapping[tuple[str, str], xr.Dataset],
    found: Mapping[str, Sequence[tuple[Estimate, Estimate] | None]],
    published: pd.DataFrame,
    distances_nm: Iterable[float],
) -> pd.DataFrame:
    """At each field of Table 1: where the sheet does the printed electrostatic part, and the other part there.

    Entries are "vdW (kJ/mol) at x (nm)": on the axis for every line, and at the mouth for every system of `found`
    (`analyse.column.where`, one a field).
    """
    fields = [f"{field:g} V/nm" for field in published.field_v_nm]
    rows = {"paper": dict(zip(fields, published.membrane_vdw_kj_mol.map("{:+.2f}".format), strict=True))}
    for (cut, kind), one in lines.items():
        rows[f"{cut}, {kind}, axis"] = row = {}
        printed = zip(fields, published.membrane_electrostatic_kj_mol, distances_nm, strict=True)
        for name, electrostatic, distance in printed:
            there = probe.places(probe.over(one, -distance), electrostatic)
            row[name] = "; ".join(f"{vdw:+.2f} at {x:.2f}" for x, vdw in there) or "nowhere"
    for system, ours in found.items():
        entries = ("not enough data" if one is None else f"{text(one[1])} at {one[0].value:.2f}" for one in ours)
        rows[f"{system}, ions at the mouth"] = dict(zip(fields, entries, strict=True))
    return pd.DataFrame(rows).T


def against_voltage(
    found: Mapping[str, Mapping[float, Mapping[str, Estimate]]], published: pd.DataFrame, lengths_nm: Sequence[float]
) -> Figure:
    """The parts at the mouth against the voltage over the cell, by system, with the paper's for boxes of some lengths.

    Parameters
    ----------
    found : what `analyse.column.parts` gives, by system and voltage (V); of "system, part" the marks are hollow
    lengths_nm : box lengths that the paper, which prints none, may have had
    """
    paper, panels = _printed(published), {name: label for name, label in LABELS.items() if name != "ion_vdw"}
    systems = [*dict.fromkeys(name.partition(",")[0] for name in found)]
    figure, axes = plt.subplots(2, 4, figsize=(11, 5.4), sharex=True)
    for ax, (name, label) in zip(axes.flat, panels.items(), strict=True):
        for length, mark in zip(lengths_nm, "sd", strict=False):
            how = {"lw": 0.6, "ms": 5, "mfc": "none", "color": "0.3", "label": f"paper, if {length:g} nm"}
            ax.plot(paper.field_v_nm * length, paper[name], f"{mark}--", **how)
        for system, ours in found.items():
            if not (known := {volt: one[name] for volt, one in ours.items() if one}):
                continue
            values = np.array([[one.value, one.low, one.high] for one in known.values()]).reshape(-1, 3).T
            bars = np.abs([values[0] - values[1], values[2] - values[0]])
            whole, _, part = system.partition(",")
            colour = f"C{systems.index(whole)}"
            look = {"fmt": "v" if part else "o", "color": colour, "mfc": "none" if part else colour}
            volts = figures.apart(np.array(list(known)), systems.index(whole), len(systems))
            ax.errorbar(volts, values[0], bars, ms=4, capsize=2, label=system, **look)
        ax.axhline(0, color="0.6", lw=0.8)
        ax.set_title(label, fontsize="small")
    for ax in axes[-1]:
        ax.set_xlabel("voltage $E L_x$ (V)")
    for ax in axes[:, 0]:
        ax.set_ylabel("change (kJ/mol)")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize="small")
    return figure


def claims(
    found: Mapping[str, Sequence[tuple[Estimate, Estimate] | None]],
    published: pd.DataFrame,
    distances_nm: Iterable[float],
) -> list[Claim]:
    """The sheet's van der Waals part at every field, where its electrostatic part is the printed one, by system."""
    rows = []
    for system, ours in found.items():
        printed = zip(published.itertuples(), distances_nm, ours, strict=True)
        for row, distance, one in printed:
            what = f"{system}, {row.field_v_nm:g} V/nm: membrane vdW part where the el. part is as printed"
            remark = f"over {1000 * distance:.0f} pm toward -x"
            remark += f", at x = {one[0].value:.2f} nm" if one else "; too few Cl- at the mouth"
            paper = f"{row.membrane_vdw_kj_mol:g} kJ/mol"
            rows.append(Claim(what, paper, one[1] if one else None, "kJ/mol", remark))
    return rows


def rest(
    found: Mapping[str, Mapping[float, Mapping[str, Estimate]]], published: pd.DataFrame, *lengths_nm: float
) -> list[Claim]:
    """Every part at the mouth, by system and voltage, beside the paper's within half a volt in boxes of some length."""
    paper, rows = _printed(published), []
    for system, ours in found.items():
        for volt, one in ours.items():
            every = {length: (paper.field_v_nm * length - volt).abs() for length in lengths_nm}
            near = {length: paper.loc[off.idxmin()] for length, off in every.items() if off.min() <= 0.5}
            for name, label in LABELS.items() if one else ():
                said = [f"{k[name]:g} kJ/mol ({k.field_v_nm:g} V/nm in {nm:g} nm)" for nm, k in near.items()]
                text = ", ".join(said) or "not printed"
                rows.append(Claim(f"{system}, {volt:g} V: {label}", text, one[name], "kJ/mol"))
            if not one:
                rows.append(Claim(f"{system}, {volt:g} V", "Table 1", None, "kJ/mol", "too few Cl- at the mouth"))
    return rows


def _printed(published: pd.DataFrame) -> pd.DataFrame:
    table = with_field(published)
    return table.assign(water_and_ions=table.water_electrostatic + table.ion_electrostatic)


def _mouth(one: xr.Dataset, name: str, ax: Axes, places: bool) -> int:
    """Draw the changes at the mouth; return how many points lie outside of what is shown."""
    bars = {}
    for axis, part in zip(("xerr", "yerr"), PARTS, strict=True):
        value, low, high = (one[part + end].values for end in ("", "_low", "_high"))
        bars[axis] = np.abs([value - low, high - value])
    line = ax.errorbar(one.electrostatic, one.vdw, fmt="o-", ms=4, lw=0.8, elinewidth=0.8, label=name, **bars)
    for place, x, y in zip(one.bin.values, one.electrostatic.values, one.vdw.values, strict=True):
        if places and x < -12:
            how = {"xytext": (4, -9), "textcoords": "offset points", "fontsize": "x-small"}
            ax.annotate(f"{place:.2f}", (x, y), color=line.lines[0].get_color(), **how)
    off = [(one[part] < low) | (one[part] > high) for part, (low, high) in zip(PARTS, _SHOWN, strict=True)]
    return int((off[0] | off[1]).sum())


def _style(lines: Iterable[tuple[str, str]], cut: str, kind: str) -> dict[str, object]:
    cuts, kinds = ([*dict.fromkeys(key[k] for key in lines)] for k in range(2))
    return {"color": f"C{cuts.index(cut)}", "ls": ("-", "--", ":")[kinds.index(kind) % 3], "lw": 1.3}
