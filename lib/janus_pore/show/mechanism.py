"""Figures of the mechanism: the water in the pore, the potential across the cell, charging, and all against field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Arc, Circle, Rectangle

from ..analyse.charging import AtVoltage, Charging
from ..analyse.potential import SHEET_NM
from . import claims
from .figures import BRANCH, COLOURS, SHEET_COLOURS

#: Colour and radius (nm) of each kind of atom in the picture.
_ATOMS = {
    "MO": (SHEET_COLOURS["MO"], 0.10), "S": (SHEET_COLOURS["S"], 0.09), "SE": (SHEET_COLOURS["SE"], 0.10),
    "O": ("#b2182b", 0.06), "H": ("#f7f7f7", 0.035),
}  # fmt: skip
#: Root mean square angle of a flat distribution (degrees).
NO_PEAK_DEG = 360 / 12**0.5
_PARTS = {"box": ("#222222", "whole box"), "crossings": ("#1b7837", "crossings"), "charging": ("#b2182b", "difference")}


def snapshot(data: xr.Dataset, ax: Axes, slab_nm: float = 0.35) -> None:
    """The waters of one frame seen along z, with their dipoles, and theta drawn on one of them (Fig 2A).

    Waters within the configured region are full, others of the wider region pale; only what lies within `slab_nm` of
    the pore's axis along z is drawn. Dipoles are drawn as projections on x-y, not to the same length.
    """
    radius, depth = float(data.attrs["pore_radius_nm"]), float(data.attrs["pore_half_depth_nm"])
    for name, (x, y, z) in zip(data.sheet.values, data.snapshot_sheet.values, strict=True):
        if abs(z) <= slab_nm:
            colour, size = _ATOMS[str(name)]
            ax.add_patch(Circle((x, y), size, fc=colour, ec="0.3", lw=0.5, alpha=0.85, zorder=2))
    waters = data.snapshot.values[np.abs(data.snapshot.values[:, 0, 2]) <= slab_nm]
    inside = (np.abs(waters[:, 0, 0]) <= depth) & (np.hypot(waters[:, 0, 1], waters[:, 0, 2]) <= radius)
    for water, full in zip(waters, inside, strict=True):
        _water(water, ax, 1.0 if full else 0.3)
    ax.add_patch(Rectangle((-depth, -radius), 2 * depth, 2 * radius, fill=False, ls="--", lw=1, ec="0.4", zorder=5))
    if inside.any():
        _angle(_clearest(waters[inside]), ax)
    note = data.snapshot.attrs
    ax.set_aspect("equal")
    ax.grid(False)
    ax.set(
        xlim=(-0.8, 0.8), ylim=(-0.95, 0.95), xlabel="x from the Mo plane (nm)", ylabel="y from the axis (nm)",
        title=f"{note['field_v_nm']:+.2f} V/nm, {note['time_ps']:g} ps",
    )  # fmt: skip


def order(sweeps: Mapping[str, xr.Dataset], holds: Sequence[xr.Dataset], how: str, ax: Axes) -> None:
    """`fit`, `circular` or `mean_cos` against field: both branches of sweeps, and constant fields.

    Fits wider than a flat distribution (`NO_PEAK_DEG`) are of no peak, and left out.
    """
    if how == "fit":
        sweeps = {name: table.where(table.fit < NO_PEAK_DEG) for name, table in sweeps.items()}
        holds = [table.where(table.fit < NO_PEAK_DEG) for table in holds]
    text = {"fit": r"$\sigma_\theta$, Gaussian fit (degrees)", "circular": r"$\sigma_\theta$, circular (degrees)"}
    for name, table in sweeps.items():
        for branch, colour in BRANCH.items():
            _points(table.field.values, table.sel(branch=branch), how, ax, f"{name}, {branch}", colour)
    for k, table in enumerate(holds):
        label = "constant field" if k == 0 else ""
        _points(table.field.values, table.sel(branch="forward"), how, ax, label, "#222222", mfc="none", ls="")
    ax.set(xlabel="field E (V/nm)", ylabel=text.get(how, r"$\langle\cos\theta\rangle$"))


def region(table: xr.Dataset, configured: tuple[float, float]) -> Figure:
    """Width, order and number of waters against the region's radius, one line a half depth; dashed: the radius set."""
    figure, axes = plt.subplots(1, 3, figsize=(9.5, 3.2))
    for ax, name in zip(axes, ("sigma", "mean_cos", "waters"), strict=True):
        for k, depth in enumerate(table.half_depth.values):
            one = table.sel(half_depth=depth)
            if name == "waters":
                ax.plot(one.radius, one.waters, "o-", ms=4, color=f"C{k}", label=f"{depth:g} nm")
            else:
                _points(one.radius.values, one, name, ax, f"{depth:g} nm", f"C{k}")
        ax.axvline(configured[0], color="0.6", lw=0.8, ls="--")
        ax.set_xlabel("radius of the region (nm)")
    axes[0].set(ylabel=r"$\sigma_\theta$ (degrees)")
    axes[1].set(ylabel=r"$\langle\cos\theta\rangle$")
    axes[2].set(ylabel="waters in the region")
    axes[0].legend(title=f"half depth\n(set: {configured[1]:g} nm)", fontsize="small", title_fontsize="small")
    return figure


def potential(profiles: Mapping[str, xr.Dataset], ax: Axes, sheet_nm: float = SHEET_NM) -> None:
    """V(x) with its interval, one line a run; what counts as the sheet is shaded."""
    for k, (label, one) in enumerate(profiles.items()):
        ax.plot(one.x, one.potential, color=f"C{k}", lw=1.2, label=label)
        ax.fill_between(one.x, one.low, one.high, color=f"C{k}", alpha=0.25, lw=0)
    ax.axvspan(-sheet_nm, sheet_nm, color="0.92", zorder=0)
    ax.set(xlabel="x from the Mo plane (nm)", ylabel="potential (V)")
    ax.legend(fontsize="small")


def voltage(table: xr.Dataset) -> Figure:
    """Current against E Lx and against the pore's own voltage; and the share of E Lx that drops across the sheet."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8))
    for name in ("box", "crossings"):
        colour, label = _PARTS[name]
        _points(table.voltage.values, table, name, left, f"{label}, against E L$_x$", colour, mfc="none", ls=":")
        across = np.abs(np.stack([table.pore - table.pore_low, table.pore_high - table.pore]))
        current = np.abs(np.stack([table[name] - table[f"{name}_low"], table[f"{name}_high"] - table[name]]))
        style = {"fmt": "o-", "ms": 4, "capsize": 2, "color": colour}
        left.errorbar(table.pore, table[name], current, across, label=f"{label}, against V$_{{pore}}$", **style)
    left.axhline(0, color="0.6", lw=0.8)
    left.set(xlabel="voltage (V)", ylabel="current (nA)")
    left.legend(fontsize="small")
    _points(table.field.values, table, "fraction", right, "", "#222222")
    right.axhline(1, color="0.6", lw=0.8)
    right.set(xlabel="field E (V/nm)", ylabel="share of E L$_x$ across the sheet")
    return figure


def charging(found: Charging, ax: Axes) -> None:
    """Charge that an outer circuit counts after the step, per volt, and the fitted exponential."""
    ax.plot(found.time_ps, found.charge_per_volt_af, color="0.4", lw=1, label="mean of all runs")
    if found.failed:
        ax.set_title(f"no fit: {found.failed}", fontsize="small")
    else:
        label = f"{found.capacitance_af.value:.3g} aF, {found.rc_ps.value:.3g} ps"
        ax.plot(found.time_ps, found.fitted_af, color="#b2182b", lw=1.5, label=label)
    ax.set(xlabel="time since the step (ps)", ylabel="charge counted / voltage (aF)")
    ax.legend()


def charging_by_voltage(steps: Sequence[AtVoltage]) -> pd.DataFrame:
    """Capacitance and time of each voltage by itself; Q / V over the second half of the runs, where no fit is."""
    rows = {
        f"{one.voltage_v:g}": {
            "runs": one.late_af.n,
            "C (aF)": claims.text(one.step.capacitance_af),
            "RC (ps)": claims.text(one.step.rc_ps),
            "second half, Q/V (aF)": claims.text(one.late_af),
            "remark": one.step.failed,
        }
        for one in steps
    }
    return pd.DataFrame(rows.values(), index=pd.Index(rows, name="E Lx (V)"))


def panels(lines: Mapping[str, xr.Dataset], barriers: xr.Dataset | None) -> Figure:
    """Barrier, sigma_theta, <cos theta> and both currents on one field axis, one line a protocol."""
    figure, axes = plt.subplots(5, 1, sharex=True, figsize=(7, 10))
    _barrier(barriers, axes[0])
    names = {
        "sigma": r"$\sigma_\theta$ (degrees)", "mean_cos": r"$\langle\cos\theta\rangle$",
        "box": "current, whole box (nA)", "crossings": "current, crossings (nA)",
    }  # fmt: skip
    for ax, (name, text) in zip(axes[1:], names.items(), strict=True):
        for k, (label, table) in enumerate(lines.items()):
            _points(table.field.values, table, name, ax, label, f"C{k}")
        ax.set_ylabel(text)
    for ax in axes[3:]:
        ax.axhline(0, color="0.6", lw=0.8)
    axes[1].legend(fontsize="small")
    axes[-1].set_xlabel("field E (V/nm)")
    return figure


def _barrier(table: xr.Dataset | None, ax: Axes) -> None:
    ax.set_ylabel("barrier of Cl$^-$\n(kJ/mol)")
    shown = 0
    for name, label in (("barrier", "mean force"), ("by_counts", "$-kT\\,\\ln\\,n$")):
        if table is not None and np.isfinite(table[name]).any():
            shown += 1
            _points(table.field.values, table, name, ax, label, COLOURS["CL"] if shown == 1 else "0.5")
    if shown:
        ax.legend(fontsize="small")
    else:
        why = "not computed yet" if table is None else "not enough data"
        ax.text(0.5, 0.5, why, transform=ax.transAxes, ha="center", va="center", color="0.5")


def _points(x: np.ndarray, table: xr.Dataset, name: str, ax: Axes, label: str, colour: str, **style: str) -> None:
    """A quantity with its interval, where it has one."""
    value, low, high = (np.asarray(table[f"{name}{end}"], dtype=float) for end in ("", "_low", "_high"))
    error = np.abs(np.stack([value - low, high - value]))
    error[~np.isfinite(error)] = np.nan
    look = {"ls": "-", "ms": 4, "capsize": 2, "color": colour, "label": label or None} | style
    ax.errorbar(x, value, error, fmt="o", **look)


def _water(water: np.ndarray, ax: Axes, alpha: float) -> None:
    for hydrogen in water[1:]:
        ax.plot(*zip(water[0, :2], hydrogen[:2], strict=True), color="0.3", lw=1, alpha=alpha, zorder=3)
    for name, atom in zip("OHH", water, strict=True):
        colour, size = _ATOMS[name]
        ax.add_patch(Circle(atom[:2], size, fc=colour, ec="0.3", lw=0.5, alpha=alpha, zorder=4))
    dipole = _dipole(water)
    ax.annotate(
        "", water[0, :2] + 0.14 * dipole / max(np.hypot(*dipole), 1e-9), water[0, :2], zorder=6,
        arrowprops={"arrowstyle": "-|>", "color": "#2166ac", "lw": 1.4, "alpha": alpha},
    )  # fmt: skip


def _angle(water: np.ndarray, ax: Axes) -> None:
    """theta from the x direction to the dipole's projection, at the water's oxygen."""
    (x, y), dipole = water[0, :2], _dipole(water)
    theta = np.degrees(np.arctan2(dipole[1], dipole[0]))
    ax.plot([x, x + 0.24], [y, y], color="#2166ac", lw=1, ls="--", zorder=6)
    ax.add_patch(Arc((x, y), 0.3, 0.3, theta1=min(0, theta), theta2=max(0, theta), color="#2166ac", lw=1.5, zorder=6))
    middle = np.radians(theta / 2)
    ax.text(
        x + 0.22 * np.cos(middle), y + 0.22 * np.sin(middle), rf"$\theta$ = {theta:.0f}°", color="#2166ac", zorder=7,
        ha="left", va="center", fontsize=11, bbox={"fc": "white", "ec": "none", "alpha": 0.8, "pad": 1},
    )  # fmt: skip


def _clearest(waters: np.ndarray) -> np.ndarray:
    """Of several waters (n, 3, 3), the one on which an angle is best seen: a long projection, nearest to 45 degrees."""
    dipoles = np.array([_dipole(water) for water in waters])
    length, theta = np.hypot(*dipoles.T), np.arctan2(dipoles[:, 1], dipoles[:, 0])
    return waters[int(np.argmax(length / length.max() - np.abs(np.abs(theta) - np.pi / 4)))]


def _dipole(water: np.ndarray) -> np.ndarray:
    return (water[1:] - water[0]).sum(axis=0)[:2]
