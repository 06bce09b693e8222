"""Figures of the water's order against the voltage across the sheet: by which way it was reached, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..analyse import following
from ..analyse.following import Curve, Memory
from ..analyse.ordered import Point
from ..analyse.stats import Estimate
from ..parameters import Analysis
from .claims import Claim, printed, text
from .figures import BRANCH

_COLOURS = {"up": BRANCH["forward"], "down": BRANCH["reverse"]}
_SIGMA = r"$\sigma_\theta$ (degrees)"
_SHEET = "voltage across the sheet (V)"


def order(
    found: Sequence[Point], settings: Analysis, applied: bool, ax: Axes, others: Mapping[str, Curve] | None = None
) -> None:
    """sigma_theta against E Lx (`applied`) or the voltage across the sheet: both sides, and constant fields as a line.

    A sweep's sixteenths are joined, other ways are dots. Points that are steady are in the line, too. Dashed are the
    constant fields of `others`, other boxes.
    """
    curves = {"constant field": following.curve(found, settings)}
    curves |= {f"constant field, {name}": one for name, one in (others or {}).items()}
    for k, (label, steady) in enumerate(curves.items() if not applied else ()):
        if len(steady.runs):
            volts = np.linspace(steady.volts[0, 0], steady.volts[0, -1], 200)
            ax.plot(volts, steady.along(volts), ["-", "--", ":", "-."][k % 4], color="0.3", lw=1, label=label)
    held = [one for one in found if one.side == "held"]
    _dots(held, settings, applied, ax, "0.3", "D", "constant field" if applied else None)
    ways = dict.fromkeys(one.way for one in found if one.side != "held")
    for way, marker in zip(ways, "osv^<>ph*" * (1 + len(ways) // 9), strict=False):
        for side, colour in _COLOURS.items():
            own = [one for one in found if (one.way, one.side) == (way, side)]
            signs = [part for sign in (1, -1) if (part := [one for one in own if sign * one.field_v_nm > 0])]
            for k, part in enumerate(signs if way == "sweep" else [own]):
                _dots(part, settings, applied, ax, colour, marker, None if k else f"{side}, {way}")
    ax.set(xlabel="E Lx (V)" if applied else _SHEET, ylabel=_SIGMA)


def course(stay: Sequence[Point], found: Sequence[Point], settings: Analysis) -> Figure:
    """Voltage across the sheet and sigma_theta against the time after steps to one field (`stay`), from both sides.

    The dashed line is what steady fields of `found` have at the voltage across the sheet, the dotted one E Lx.
    """
    figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.8))
    for side, colour in _COLOURS.items():
        own = [one for one in stay if one.side == side]
        start, end = np.array([one.since_ps for one in own]).reshape(-1, 2).T
        times = (start + end) / 2, (start + 3 * end) / 4  # widths are over the second half of each part
        known = [following.expected(one, following.curve_for(one, found, settings), settings) for one in own]
        both = [one.sheet_v(settings) for one in own], _sigmas(own, settings)
        for ax, time, values in zip(axes, times, both, strict=True):
            ax.errorbar(
                time, [one.value for one in values], _bars(values), fmt="o", capsize=3, color=colour, label=side
            )
        axes[1].plot(times[1], [one.value if one else np.nan for one in known], "--", color=colour)
    for volts in {round(one.voltage_v, 3) for one in stay}:
        axes[0].axhline(volts, color="0.5", ls=":")
    for ax, label in zip(axes, (_SHEET, _SIGMA), strict=True):
        ax.set(xlabel="time since the step (ps)", ylabel=label)
    axes[1].legend()
    return figure


def table(found: Sequence[Point], settings: Analysis, others: Mapping[str, Curve] | None = None) -> pd.DataFrame:
    """Each point in words: voltages, sigma_theta, and what a constant field has at the voltage across the sheet.

    A column each for constant fields of `others`, other boxes.
    """
    rows = []
    for one in found:
        curves = {"constant field": following.curve_for(one, found, settings)}
        curves |= {f"constant field, {name}": curve for name, curve in (others or {}).items()}
        known = {name: following.expected(one, curve, settings) for name, curve in curves.items()}
        rows.append(
            {
                "way": one.way,
                "side": one.side,
                "E (V/nm)": f"{one.field_v_nm:+.2f}",
                "since (ps)": "" if one.side == "held" else "{:g} to {:g}".format(*one.since_ps),
                "E Lx (V)": f"{one.voltage_v:.2f}",
                "across the sheet (V)": text(one.sheet_v(settings)),
                "sigma (degrees)": text(one.sigma(settings)),
                **{f"{name} (degrees)": text(sigma) if sigma else "not known" for name, sigma in known.items()},
                "n": len(one.units),
            }
        )
    return pd.DataFrame(rows)


def claims(found: Sequence[Memory]) -> list[Claim]:
    """For each field that was reached from both sides: the difference seen, and what is left of it."""
    rows = []
    for one in found:
        where = f"{one.up.field_v_nm:+.2f} V/nm, {one.up.way}, {one.up.since_ps[0]:g} to {one.up.since_ps[1]:g} ps"
        rows.append(Claim(f"sigma_theta up - down, {where}", printed("sigma_theta_branch"), one.seen, "degrees"))
        remark = one.failed or f"the voltage across the sheet makes {text(one.expected)}"
        rows.append(Claim(f"left of it at one voltage, {where}", "not in the paper", one.left, "degrees", remark))
        for name, (made, left, failed) in one.others.items():
            remark = failed or f"the voltage makes {text(made)}"
            quantity = f"the same by constant fields of the {name}, {where}"
            rows.append(Claim(quantity, "not in the paper", left, "degrees", remark))
    return rows


def _dots(
    own: Sequence[Point], settings: Analysis, applied: bool, ax: Axes, colour: str, marker: str, label: str | None
) -> None:
    if not own:
        return
    x = [one.voltage_v if applied else one.sheet_v(settings).value for one in own]
    values = _sigmas(own, settings)
    look = {"lw": 0.8, "ls": "-"} if own[0].way == "sweep" else {"ls": ""}
    order = np.argsort(x)
    bars = _bars(values)[:, order]
    y = np.array([one.value for one in values])[order]
    ax.errorbar(np.array(x)[order], y, bars, marker=marker, ms=4, capsize=2, color=colour, label=label, **look)


def _sigmas(own: Sequence[Point], settings: Analysis) -> list[Estimate]:
    return [one.sigma(settings) for one in own]


def _bars(values: Sequence[Estimate]) -> np.ndarray:
    bars = np.array([[one.value - one.low, one.high - one.value] for one in values]).reshape(-1, 2).T
    return np.where(np.isfinite(bars), np.maximum(bars, 0), 0)
