"""Figure and table of the potential of a Cl- that is held along the pore, at each field and between two."""

from __future__ import annotations

import math
from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from ..analyse.barrier import Barrier
from ..analyse.held import together
from ..analyse.stats import Estimate, interval
from .barriers import PARTS, with_field
from .claims import Claim

_COLOURS = ("#2166ac", "#b2182b", "#1b7837", "#7b3294")


def figure(
    profiles: Mapping[float, xr.Dataset],
    climbs: Mapping[float, Barrier],
    compared: Mapping[float, xr.Dataset],
    confidence: float,
) -> Figure:
    """The mean force, the potential with the ends of its climb, and by how much each part's potential changes.

    The last panel is the highest field's potential less the lowest's, by part; with one field, that one's.

    Parameters
    ----------
    profiles, climbs : by field (V/nm), what `analyse.held.profile` and `analyse.climbs.climb` give
    compared : profiles of the highest and the lowest field over the places that both have, or of one field
    confidence : of the bands in the last panel
    """
    drawn, (force, potential, parts) = plt.subplots(1, 3, figsize=(11, 4.2), sharex=True)
    for (field, one), colour in zip(profiles.items(), _COLOURS * len(profiles), strict=False):
        total = one.sel(part="total")
        for ax, name in ((force, "force"), (potential, "potential")):
            if name == "potential":
                ax.plot(one.x, total.potential, lw=1, color=colour)
            at = total.sel(x=one.place) if name == "potential" else total
            bars = [at[name] - at[f"{name}_low"], at[f"{name}_high"] - at[name]]
            look = {"ms": 4, "lw": 1, "capsize": 2, "color": colour, "label": f"{field:g} V/nm"}
            ax.errorbar(one.place, at[name], bars, fmt="o" if name == "potential" else "o-", **look)
        for end in (climbs[field].minimum, climbs[field].maximum):
            potential.axvline(end.value, color=colour, lw=0.8, ls="--")
    if profiles:
        force.legend(fontsize="small")
    if compared:
        _parts(*(compared[field] for field in sorted(compared)), ax=parts, confidence=confidence)
        drawn.legend(*parts.get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize="small")
    for ax, label in (
        (force, "F (kJ/mol/nm)"),
        (potential, "$\\omega$ (kJ/mol)"),
        (parts, "part of $\\omega$ (kJ/mol)"),
    ):
        ax.axhline(0, color="0.6", lw=0.8)
        ax.set(xlabel="x from the Mo plane (nm)", ylabel=label)
    return drawn


def _parts(first: xr.Dataset, last: xr.Dataset | None = None, *, ax: plt.Axes, confidence: float) -> None:
    """Potentials by part; of two fields what they differ by. Bands are intervals, of the differences drawn."""
    both = (first if last is None else last - first)[["potential", "drawn"]]
    count = first["count"].min("place") if last is None else np.minimum(first["count"], last["count"]).min("place")
    for name, (label, colour, line) in {**PARTS, "total": ("all together", "black", "-")}.items():
        one = both.sel(part=name)
        low, high = interval(one.drawn.values, int(count.sel(part=name)), confidence)
        ax.plot(one.x, one.potential, line, lw=2 if name == "total" else 1.2, color=colour, label=label)
        ax.fill_between(one.x, low, high, color=colour, alpha=0.15, lw=0)
    title = f"{first.attrs['field_v_nm']:g} V/nm"
    ax.set_title(title if last is None else f"{last.attrs['field_v_nm']:g} less {title}", fontsize="medium")


def table(profiles: Mapping[float, xr.Dataset]) -> pd.DataFrame:
    """Every place at every field: the mean force and the potential with errors, blocks and runs."""
    rows = [
        {
            "field (V/nm)": field, "x (nm)": round(float(x), 3), "F (kJ/mol/nm)": round(float(one.force), 1),
            "+-": round(0.5 * float(one.force_high - one.force_low), 1),
            "potential (kJ/mol)": round(float(one.potential), 1),
            "+- ": round(0.5 * float(one.potential_high - one.potential_low), 1),
            "blocks": int(one.blocks), "runs": int(one.runs),
        }
        for field, profile in profiles.items()
        for x in profile.place.values[::-1]
        for one in [profile.sel(place=x, x=x, part="total")]
    ]  # fmt: skip
    return pd.DataFrame(rows)


def claims(
    climbs: Mapping[float, Barrier],
    rises: Mapping[str, Estimate],
    between_nm: tuple[float, float] | None,
    published: pd.DataFrame,
) -> list[Claim]:
    """The climbs beside Table 1's totals, their parts, and what the parts change by between two fields.

    Parameters
    ----------
    rises, between_nm : what `analyse.climbs.rise` gives between two x (nm); none where no two places are shared
    """
    paper, rows = with_field(published).set_index("field_v_nm"), []
    for field, one in climbs.items():
        known = field in paper.index
        for name in ("total", *PARTS):
            label = PARTS[name][0] if name in PARTS else "largest climb"
            text = f"{paper.loc[field, name]:g} kJ/mol" if known else "not printed"
            here = one.total if name == "total" else one.parts[name]
            where = f"from {one.minimum.value:.3f} to {one.maximum.value:.3f} nm" if name == "total" else ""
            rows.append(Claim(f"{field:g} V/nm: {label}", text, here, "kJ/mol", where))
    if len(climbs) > 1:
        low, high = min(climbs), max(climbs)
        known = {low, high} <= {*paper.index}
        printed = {
            name: f"{paper.loc[high, name] - paper.loc[low, name]:+g} kJ/mol" if known else "not printed"
            for name in ("total", *PARTS)
        }
        ends = climbs[low].total, climbs[high].total
        change, error = ends[1].value - ends[0].value, math.hypot(*(one.error for one in ends))
        said = together(*(one.warning for one in ends))
        here = Estimate(change, change - error, change + error, min(one.n for one in ends), said)
        remark = "each between its own ends; errors in quadrature"
        rows.append(Claim(f"from {low:g} to {high:g} V/nm: largest climb", printed["total"], here, "kJ/mol", remark))
        for name, text in printed.items() if between_nm else ():
            label = PARTS[name][0] if name in PARTS else "all together"
            where = "between the same two places, {:.3f} and {:.3f} nm".format(*between_nm) if name == "total" else ""
            rows.append(Claim(f"from {low:g} to {high:g} V/nm: {label}", text, rises[name], "kJ/mol", where))
    return rows
