"""Where along the pore the water is ordered, and how much of it points against the field; both halves in numbers."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from ..analyse.stats import Estimate
from .claims import Claim, printed

_LABELS = {"mean_cos": r"$\langle\cos\theta\rangle$", "against": "share of waters against the field"}


def slices(found: Mapping[float, xr.Dataset]) -> Figure:
    """Order and share against the field along x, one line a constant field; those toward -x are dotted.

    Parameters
    ----------
    found : what `analyse.region.along` gives, by field (V/nm)
    """
    figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.8), sharex=True)
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.9, max(len(found), 2)))
    strengths = sorted(found, key=abs)
    for ax, (name, label) in zip(axes, _LABELS.items(), strict=True):
        for field, one in found.items():
            look = {"color": colours[strengths.index(field)], "ls": ":" if field < 0 else "-"}
            value, low, high = (one[f"{name}{end}"].values for end in ("", "_low", "_high"))
            bars = np.abs([value - low, high - value])
            bars[~np.isfinite(bars)] = 0.0
            ax.errorbar(one.x, value, bars, fmt="o", ms=3, capsize=2, label=f"{field:+g} V/nm", **look)
        ax.axvline(0, color="0.6", lw=0.8)
        ax.set(xlabel="x from the Mo plane (nm); S right, Se left", ylabel=label)
    if found:
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=8, fontsize="small")
    return figure


def claims(found: Mapping[float, xr.Dataset]) -> list[Claim]:
    """Both halves of the pore at every constant field.

    Parameters
    ----------
    found : what `analyse.region.along` gives for two slices, by field (V/nm)
    """
    rows = []
    for field, one in found.items():
        for k, side in enumerate(("Se", "S")):
            number = int(one.samples[k])
            for name, (what, paper) in {
                "mean_cos": ("<cos theta>", printed("sigma_theta_field")),
                "against": ("share of waters against the field", "not in the paper"),
            }.items():
                values = (float(one[f"{name}{end}"][k]) for end in ("", "_low", "_high"))
                here = Estimate(*values, number) if number else None
                rows.append(Claim(f"{side} half, constant {field:+.2f} V/nm: {what}", paper, here, "1", "n waters"))
    return rows
