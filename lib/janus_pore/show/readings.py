"""The figure that decides between readings of the paper: current against voltage, the water's order below it."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from ..analyse import charging
from ..analyse.differences import QUANTITIES
from ..analyse.readings import Fall
from ..analyse.stats import Estimate
from ..config import Scale
from ..errors import AnalysisError
from ..parameters import Analysis
from ..simulate.protocols import md_of, protocols_of
from .claims import NOTHING, Claim, printed, text
from .figures import apart, colours

_MARKERS = "osD^vP*"
#: Up to which voltage crossings are drawn a second time: at higher ones many more pass.
_LOW_V = 5.0
#: What a configuration is called by, where it differs from the first one's.
_SAID = {"length_x_nm": "box of {:g} nm", "se_type": "selenium {}", "s_type": "sulfur {}", "membrane": "sheet {}"}
#: Values whose names in a scale file are no words.
_WORDS = {"uff": "UFF", "charmm": "CHARMM", "mosse_neutral": "without charges", "mos2": "MoS2", "mosse": "MoSSe"}


def labels(scale: Scale, lines: Mapping[str, tuple[str, Mapping[str, xr.Dataset]]]) -> dict[str, str]:
    """Configurations in a reader's words: the pore's cut, and what else is not as in the first of them.

    Parameters
    ----------
    lines : what `reduce.shelf.configurations` gives

    Returns
    -------
    dict of its labels to words like "6/6/6, box of 10 nm"; two that would be called the same keep their labels
    """
    first, found = scale.systems[next(iter(lines.values()))[0]].model_dump() if lines else {}, {}
    for name, (system, data) in lines.items():
        own = scale.systems[system].model_dump()
        said = {key: _WORDS.get(own[key], own[key]) for key in _SAID}
        words = [own["pore_cut"], *(_SAID[key].format(said[key]) for key in _SAID if own[key] != first[key])]
        protocols = [protocols_of(scale, system)[one] for one in data]
        words += ["toward −x"] if all(p.segments[0].amplitude_v_nm < 0 for p in protocols) else []
        words += [md_of(scale, protocols[0]).thermostat] if protocols[0].md else []
        found[name] = ", ".join(words)
    return {name: said if list(found.values()).count(said) == 1 else name for name, said in found.items()}


def decision(tables: Mapping[str, pd.DataFrame], names: Mapping[str, str]) -> Figure:
    """One line a configuration against V = E Lx: both currents, crossings up to 5 V again, sigma_theta and <cos theta>.

    Parameters
    ----------
    tables : `analyse.readings.steady` of each configuration; their points stand a little apart, to be told
    names : what to call each in the legend
    """
    figure, axes = plt.subplots(2, 3, figsize=(11, 6.5))
    box, pore, low, width, order, legend = axes.flat
    for k, (name, whole) in enumerate(tables.items()):
        style = {"marker": _MARKERS[k % len(_MARKERS)], "color": colours(tables)[name], "ms": 4, "lw": 1.2}
        panels = {box: "current", pore: "pore", low: "pore", width: "sigma_fit", order: "mean_cos"}
        for ax, column in panels.items():
            table = whole[whole.volt.abs() <= _LOW_V] if ax is low else whole
            if column in table:  # no water was seen in some pores
                ends = [table[column] - table[f"{column}_low"], table[f"{column}_high"] - table[column]]
                volt = apart(table.volt, k, len(tables))
                ax.errorbar(
                    volt, table[column], np.abs(np.stack(ends)), capsize=2, label=names.get(name, name), **style
                )
    box.set(ylabel="current, whole box (nA)")
    pore.set(ylabel="current, pore crossings (nA)")
    low.set(ylabel=f"pore crossings up to {_LOW_V:g} V (nA)")
    width.set(ylabel=r"$\sigma_\theta$, Gaussian fit (degrees)")
    order.set(ylabel=r"$\langle\cos\theta\rangle$")
    for ax in (box, pore, low):
        ax.axhline(0, color="0.6", lw=0.8)
    for ax in (low, width, order):
        ax.set_xlabel("V = E Lx (V)")
    legend.set_axis_off()
    legend.legend(*box.get_legend_handles_labels(), loc="center left", fontsize="small")
    return figure


def water(tables: Mapping[str, pd.DataFrame], names: Mapping[str, str]) -> Figure:
    """How many waters are in the pore, their spread, and how often it is dry; `names` as for `decision`."""
    figure, (left, right) = plt.subplots(1, 2, sharex=True, figsize=(9, 3.2))
    for k, (name, table) in enumerate(tables.items()):
        style = {"marker": _MARKERS[k % len(_MARKERS)], "color": colours(tables)[name], "ms": 4, "lw": 1.2}
        volt, label = apart(table.volt, k, len(tables)), names.get(name, name)
        left.errorbar(volt, table.water, table.water_spread, capsize=2, label=label, **style)
        right.plot(volt, 100 * table.dry, **style)
    left.set(xlabel="V = E Lx (V)", ylabel="waters in the pore (bars: spread)")
    right.set(xlabel="V = E Lx (V)", ylabel="frames without water (%)")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize="small")
    return figure


def charged(data: Mapping[str, Mapping[str, xr.Dataset]], names: Mapping[str, str], settings: Analysis) -> pd.DataFrame:
    """How each configuration charges after its field is switched on, and how much of that comes after `discard_ps`.

    Parameters
    ----------
    data : datasets of each configuration by protocol, of constant fields; `names` as for `decision`
    """
    late, rows = f"after {settings.discard_ps:g} ps (%)", {}
    for name, one in data.items():
        row = {"capacitance (aF)": NOTHING, "charging time (ps)": NOTHING, late: NOTHING, "why": ""}
        try:
            step = charging.after_step(one, settings)
        except AnalysisError as error:
            row["why"] = str(error)
        else:
            row["why"] = step.failed
            if step.rc_ps:
                row |= {"capacitance (aF)": text(step.capacitance_af), "charging time (ps)": text(step.rc_ps)}
                row[late] = f"{100 * np.exp(-settings.discard_ps / step.rc_ps.value):.0f}"
        rows[names.get(name, name)] = {"runs": sum(data.sizes["replica"] for data in one.values()), **row}
    return pd.DataFrame(rows).T


def changes(differences: pd.DataFrame) -> pd.DataFrame:
    """Each difference from the base with its error and in units of it, by configuration, voltage and quantity."""
    if differences.empty:
        return pd.DataFrame()
    said = [f"{one.value:+.2g} ± {one.error:.1g}" for one in differences.difference]
    said = [f"{text} ({sigmas:+.1f} σ)" for text, sigmas in zip(said, differences.sigmas, strict=True)]
    wide = differences.assign(said=said).pivot(index=["configuration", "volt"], columns="quantity", values="said")
    titles = {"sigma_fit": "σ_θ, Gaussian fit (degrees)", "sigma": "σ_θ, circular (degrees)"}
    titles |= {"mean_cos": "⟨cos θ⟩", "box": "current, whole box (nA)"}
    return wide[list(titles)].rename(columns=titles)


def dependence(differences: pd.DataFrame, base: str) -> list[Claim]:
    """The differences as claims, against the base's own value."""
    rows = []
    for row in differences.itertuples():
        unit = QUANTITIES[row.quantity]
        remark = f"{base}: {row.base.value:.3g}; {row.sigmas:+.1f} errors"
        what = f"{row.configuration} at {row.volt:g} V: change of {row.quantity} from {base}"
        rows.append(Claim(what, "not in the paper", row.difference, unit, remark))
    return rows


def verdicts(falls: Mapping[str, Fall | None]) -> list[Claim]:
    """Per configuration: the change of the current with the most evidence for a fall, and what would decide it."""
    found = []
    for name, fall in falls.items():
        if fall is None:
            what, why = f"{name}: change of the current", "one voltage"
            onsets = f"falls beyond {printed('ndr_onset_positive')} or {printed('ndr_onset_negative')}"
            found.append(Claim(what, onsets, None, "nA", why))
            continue
        remark = f"{fall.verdict} (p = {fall.p:.2g}), from {fall.low_v:g} to {fall.high_v:g} V"
        if fall.verdict == "undecided":
            remark += f"; not enough data: about {fall.needed_ns:.2g} ns a point would give errors of 0.2 nA"
        here = fall.change if fall.change.n else Estimate(float("nan"), float("nan"), float("nan"), 0)
        onset = printed("ndr_onset_negative" if fall.high_v < 0 else "ndr_onset_positive")
        found.append(Claim(f"{name}: clearest fall of the current", f"falls beyond {onset}", here, "nA", remark))
    return found
