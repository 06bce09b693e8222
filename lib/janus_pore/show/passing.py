"""Figure of how many Cl- pass the pore, by configuration and voltage."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from .figures import COLOURS


def passed(tables: Mapping[str, pd.DataFrame], names: Mapping[str, str], most_v: float = 10.5) -> Figure:
    """How many Cl- pass per ns of run against the voltage, toward +x: a panel a configuration.

    Above each point stands how many passed in how many runs. Where none did it is hollow, its bar up to the 95 % bound.

    Parameters
    ----------
    tables : what `analyse.passing.summed` gives, by configuration; those at fewer than two voltages are left out
    names : what to call each
    most_v : up to which voltage
    """
    toward = {name: table[(table.volt > 0) & (table.volt <= most_v)] for name, table in tables.items()}
    toward = {name: table for name, table in toward.items() if len(table) > 1}
    columns = min(max(len(toward), 1), 4)
    rows = max(-(-len(toward) // columns), 1)
    size = {"figsize": (10, 2.5 * rows), "sharex": True, "sharey": True, "squeeze": False}
    figure, axes = plt.subplots(rows, columns, **size)
    for ax in axes.flat[len(toward) :]:
        ax.set_visible(False)
    for ax, (name, table) in zip(axes.flat, toward.items(), strict=False):
        rates = [one.value for one in table.cl_rate]
        ax.plot(table.volt, rates, lw=0.8, color=COLOURS["CL"], alpha=0.5)
        for one in table.itertuples():
            ends = [[one.cl_rate.value - max(one.cl_rate.low, 0.0)], [one.cl_rate.high - one.cl_rate.value]]
            look = {"color": COLOURS["CL"], "mfc": COLOURS["CL"] if one.cl else "white", "ms": 5, "capsize": 2}
            ax.errorbar(one.volt, one.cl_rate.value, ends, fmt="o", **look)
            how = {"xytext": (0, 3), "textcoords": "offset points", "ha": "center", "fontsize": 7}
            ax.annotate(f"{one.cl}/{one.replicas}", (one.volt, one.cl_rate.high), **how)
        ax.axhline(0, color="0.6", lw=0.8)
        ax.set_title(names.get(name, name), fontsize="small")
    for ax in axes.flat[max(0, len(toward) - columns) : len(toward)]:
        ax.set_xlabel("voltage $E L_x$ (V)")
        ax.tick_params(labelbottom=True)
    for ax in axes[:, 0]:
        ax.set_ylabel("Cl$^-$ that pass, per ns")
    return figure
