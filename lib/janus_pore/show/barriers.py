"""Figures and tables of the mean force on Cl- and its barriers (Table 1); they draw what they are given."""

from __future__ import annotations

import math
from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..analyse.barrier import Barrier
from ..analyse.stats import Estimate
from .claims import Claim, printed, text

#: Parts as in the reduced forces: their names in print, and a colour by origin; electrostatic parts are full lines.
PARTS = {
    "water_vdw": ("water, van der Waals", "#2166ac", ":"),
    "water_electrostatic": ("water, electrostatic", "#2166ac", "-"),
    "membrane_vdw": ("membrane, van der Waals", "#e08214", ":"),
    "membrane_electrostatic": ("membrane, electrostatic", "#e08214", "-"),
    "ion_vdw": ("ions, van der Waals", "#7b3294", ":"),
    "ion_electrostatic": ("ions, electrostatic", "#7b3294", "-"),
    "field": ("external field", "#1a9850", "-"),
}
#: Fields between which the paper's barrier rises.
_RISE_V_NM = (0.4, 0.8)
_NOT_ASKED = "not asked for"
#: What is said where there are no forces on the reverse branch of a sweep.
NO_REVERSE = (
    "no forces on a reverse branch: constant fields have none, and of a sweep barrier.both_branches asks for them"
)


def panels(number: int, height: float = 2.7) -> tuple[Figure, list[Axes]]:
    """A figure with one panel a field, three in a row."""
    columns = max(1, min(number, 3) if number != 4 else 2)
    rows = max(1, -(-number // columns))
    figure, axes = plt.subplots(rows, columns, figsize=(9, height * rows), sharex=True, squeeze=False)
    for ax in axes.flat[number:]:
        ax.set_visible(False)
    for ax in axes.flat:
        ax.tick_params(labelbottom=True)
    return figure, list(axes.flat[:number])


def force(table: xr.Dataset, ax: Axes) -> None:
    """The mean force F(x) of all parts together, with its interval; bins without an interval are hollow."""
    total = table.sel(part="total")
    error = np.abs(np.stack([total.force - total.low, total.high - total.force]))
    sure = np.isfinite(error).all(axis=0)
    ax.errorbar(total.bin[sure], total.force[sure], error[:, sure], fmt="o", ms=3, capsize=2, color="#222222")
    ax.plot(total.bin[~sure], total.force[~sure], "o", ms=3, mfc="none", color="0.6")
    ax.axhline(0, color="0.6", lw=0.8)
    ax.set(xlabel="x from the Mo plane (nm)", ylabel="F (kJ/mol/nm)", title=f"{table.attrs['field_v_nm']:g} V/nm")


def decomposition(table: xr.Dataset, ax: Axes) -> None:
    """The parts of the mean force with their intervals; the first panel's labels make the figure's legend.

    Bins without an interval are left out: of one or two runs the parts say nothing.
    """
    for name, (label, colour, line) in PARTS.items():
        part = table.sel(part=name)
        mean = part.force.where(np.isfinite(part.low) & np.isfinite(part.high))
        ax.plot(table.bin, mean, line, marker=".", ms=3, lw=1.2, color=colour, label=label)
        ax.fill_between(table.bin, part.low, part.high, color=colour, alpha=0.15, lw=0)
    ax.axhline(0, color="0.6", lw=0.8)
    ax.set(xlabel="x from the Mo plane (nm)", ylabel="F (kJ/mol/nm)", title=f"{table.attrs['field_v_nm']:g} V/nm")
    if not ax.figure.legends:
        ax.figure.legend(loc="outside lower center", ncols=4, fontsize="small")


def potential(table: xr.Dataset, found: Barrier, ax: Axes) -> None:
    """Both potentials of mean force, with the ends of the climb if there is one."""
    for name, colour, label in (("by_counts", "0.5", "$-kT\\,\\ln\\,n$"), ("pmf", "#b2182b", "from the force")):
        ax.plot(table.bin, table[name], ".-", ms=3, lw=1, color=colour, label=label)
        ax.fill_between(table.bin, table[f"{name}_low"], table[f"{name}_high"], color=colour, alpha=0.2, lw=0)
    for end in (found.minimum, found.maximum):
        if end is not None:
            ax.axvline(end.value, color="#1b7837", ls="--", lw=1)
    ax.set(xlabel="x from the Mo plane (nm)", ylabel="$\\omega$ (kJ/mol)", title=f"{table.attrs['field_v_nm']:g} V/nm")
    ax.legend(fontsize="x-small")


def against_paper(found: Mapping[float, Barrier], published: pd.DataFrame, ax: Axes) -> None:
    """Each part of the barrier against the field: the paper's hollow, ours full, with intervals."""
    paper = with_field(published)
    for k, (name, (label, colour, _)) in enumerate(PARTS.items()):
        shift = 0.008 * (k - 3)
        marker = "^" if name.endswith("vdw") else "o" if name != "field" else "s"
        ax.plot(paper.field_v_nm + shift, paper[name], marker, ms=6, mfc="none", color=colour)
        for field, one in found.items():
            if not one.failed:
                here = one.parts[name]
                error = [[here.value - here.low], [here.high - here.value]]
                ax.errorbar(field + shift, here.value, error, fmt=marker, ms=4, capsize=2, color=colour)
        ax.plot([], [], marker, color=colour, label=label)
    ax.axhline(0, color="0.6", lw=0.8)
    ax.set(xlabel="field E (V/nm)", ylabel="part of the barrier (kJ/mol)", title="hollow: paper; full: here")
    ax.figure.legend(loc="outside right center", fontsize="small")


def with_field(published: pd.DataFrame) -> pd.DataFrame:
    """The printed Table 1 with the parts' names as here; the external field's is what the others leave of the total.

    To the digits of the print (0.001 kJ/mol).
    """
    renamed = published.rename(columns=lambda name: name.removesuffix("_kj_mol"))
    parts = [name for name in PARTS if name != "field"]
    return renamed.assign(field=(renamed.total - renamed[parts].sum(axis=1)).round(3))


def distance_nm(published: pd.DataFrame, pull_kj_mol_nm: float) -> pd.Series:
    """How far apart the paper's minimum and maximum lie along x (nm), from the part that the field leaves missing."""
    return (with_field(published).field / (-pull_kj_mol_nm * published.field_v_nm)).rename("distance_nm")


def side_by_side(found: Mapping[float, Barrier], published: pd.DataFrame) -> pd.DataFrame:
    """Table 1 as the paper prints it, ours under each of its rows (kJ/mol); a last column says why there is none.

    Parameters
    ----------
    found : what `analyse.barrier.climb` gives, by field (V/nm)
    """
    paper, rows = with_field(published).set_index("field_v_nm"), {}
    columns = {**{name: label for name, (label, *_) in PARTS.items()}, "total": "total"}
    for field in sorted({*paper.index, *(field for field, one in found.items() if not one.failed)}):
        one = found.get(field, Barrier(failed=_NOT_ASKED))
        if field in paper.index:
            rows[f"{field:g}", "paper"] = {label: f"{paper.loc[field, key]:g}" for key, label in columns.items()}
        ours = {} if one.failed else {**one.parts, "total": one.total}
        rows[f"{field:g}", "here"] = {label: text(ours[key]) if ours else "-" for key, label in columns.items()}
        rows[f"{field:g}", "here"] |= {"total from counts": text(one.by_counts) if ours else "-", "remark": one.failed}
    return pd.DataFrame(rows).T.rename_axis(["E (V/nm)", ""]).fillna("")


def branches(found: Mapping[float, Barrier], back: Mapping[float, Barrier]) -> pd.DataFrame:
    """Both totals (kJ/mol) on both branches of a sweep, by field; a last column says why there is none.

    Parameters
    ----------
    found, back : what `analyse.barrier.climb` gives of the forward and of the reverse branch, by field (V/nm)
    """
    rows = {}
    for field in sorted({*found, *back}):
        row, remarks = {}, []
        for name, every in (("forward", found), ("reverse", back)):
            one = every.get(field, Barrier(failed=_NOT_ASKED))
            for label, here in (("", one.total), (", from counts", one.by_counts)):
                row[f"{name}{label}"] = text(here) if here else "-"
            remarks += [f"{name}: {one.failed}"] if one.failed else []
        rows[f"{field:g}"] = row | {"remark": "; ".join(remarks)}
    return pd.DataFrame(rows).T.rename_axis("E (V/nm)")


def claims(
    found: Mapping[float, Barrier], published: pd.DataFrame, back: Mapping[float, Barrier] | None = None
) -> list[Claim]:
    """Total and parts at every field beside the paper's; where there is no barrier the remark says why.

    Of a field that neither the paper nor we have a barrier for, one row. `back` has the barriers on the reverse
    branch of a sweep.
    """
    paper = with_field(published).set_index("field_v_nm")
    rows = []
    for field, one in found.items():
        every = ("total", "total from counts", *PARTS)
        for name in every if field in paper.index or not one.failed else every[:1]:
            key, label = name.split()[0], PARTS[name][0] if name in PARTS else name
            known = field in paper.index and name != "total from counts"
            here = one.by_counts if name == "total from counts" else one.total if key == "total" else one.parts.get(key)
            text = f"{paper.loc[field, key]:g} kJ/mol" if known else "not printed"
            remark = one.failed if name == "total" else ""
            if known and name == "field":
                remark = "paper: what its parts leave of its total"
            rows.append(Claim(f"{field:g} V/nm: {label}", text, here, "kJ/mol", remark))
    known = {field: one.total for field, one in found.items() if not one.failed}
    lowest, remark = None, f"barriers at {len(known)} of {len(found)} fields"
    if len(known) == len(found) > 2:
        field = min(known, key=lambda field: known[field].value)
        lowest = Estimate(field, math.nan, math.nan, known[field].n)
    rows.append(Claim("field of the lowest barrier", printed("barrier_minimum"), lowest, "V/nm", remark))
    return [*rows, *_reverse(found, back or {}), *_rise(found, paper)]


def _reverse(found: Mapping[float, Barrier], back: Mapping[float, Barrier]) -> list[Claim]:
    """By how much the barrier is higher on the reverse branch, where it is known on both; else one row.

    Both branches are of the same runs, so the errors, which take them as independent, are rather too large.
    """
    label, paper = "barrier in the reverse sweep, less that in the forward one", printed("barrier_branch")
    rows = []
    for field in sorted(found.keys() & back.keys()):
        for name, of in (("", "total"), (", from counts", "by_counts")):
            higher = _change(*(getattr(one[field], of) for one in (found, back)))
            if higher:
                rows.append(Claim(f"{field:g} V/nm: {label}{name}", paper, higher, "kJ/mol"))
    none = f"at none of {len(back)} fields a barrier on both branches" if back else NO_REVERSE
    return rows or [Claim(label, paper, None, "kJ/mol", none)]


def _change(before: Estimate | None, after: Estimate | None) -> Estimate | None:
    """The second less the first, errors added in quadrature; None without both."""
    if before is None or after is None:
        return None
    change, error = after.value - before.value, math.hypot(before.error, after.error)
    return Estimate(change, change - error, change + error, min(before.n, after.n))


def _rise(found: Mapping[float, Barrier], paper: pd.DataFrame) -> list[Claim]:
    """What the barrier and its two largest parts change by between two fields."""
    low, high = (found.get(field, Barrier(failed=_NOT_ASKED)) for field in _RISE_V_NM)
    rows = []
    for key in ("total", "water_electrostatic", "ion_electrostatic"):
        here = _change(*(one.total if key == "total" else one.parts.get(key) for one in (low, high)))
        text = f"{paper.loc[_RISE_V_NM[1], key] - paper.loc[_RISE_V_NM[0], key]:+.4g} kJ/mol"
        remark = printed("barrier_cause") if key == "water_electrostatic" else ""
        label = PARTS[key][0] if key in PARTS else key
        rows.append(Claim(f"from {_RISE_V_NM[0]} to {_RISE_V_NM[1]} V/nm: {label}", text, here, "kJ/mol", remark))
    return rows
