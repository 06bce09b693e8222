"""Figures of the compact memristor and of the spiking circuit; the functions that sliders call are here too."""

from __future__ import annotations

from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ..analyse.memristor import Loop, Memristor, frozen, sweep
from ..analyse.spiking import REGIMES, Circuit, Element
from ..analyse.static import Ladder
from ..errors import AnalysisError
from .figures import BRANCH

REGIME_COLOURS = ("#d9d9d9", "#d6604d", "#4393c3", "#b8e186")
_BAND = {"alpha": 0.25, "lw": 0}


def law(ladder: Ladder, pore: Memristor, axes: np.ndarray) -> None:
    """The model's two inputs, order and steady current against field: constant fields as dots, the model as a band."""
    field = np.linspace(ladder.field_v_nm[0], ladder.field_v_nm[-1], 300)
    for ax, points, curves, name in (
        (axes[0], ladder.order, pore.target(field), r"$\langle\cos\theta\rangle$ from +x"),
        (axes[1], ladder.current_na, pore.static(field), "steady current (nA)"),
    ):
        error = points[1:].std(axis=0)
        ax.errorbar(ladder.field_v_nm, points[0], error, fmt="o", ms=4, capsize=2, color="0.2", label="constant fields")
        ax.plot(field, curves[0], color=BRANCH["reverse"], label="model")
        ax.fill_between(field, *np.percentile(curves[1:], [16, 84], axis=0), color=BRANCH["reverse"], **_BAND)
        ax.set(xlabel="field E (V/nm)", ylabel=name)
    axes[0].legend()


def prediction(found: xr.Dataset, axes: np.ndarray, title: str) -> None:
    """Measured sweep (dots) and predicted loop (line, band) against phase, and their difference in errors below."""
    top, bottom = axes
    top.errorbar(found.phase, found.measured, found.measured_error, fmt="o", ms=3, color="0.2", label="sweep, measured")
    top.plot(found.phase, found.predicted, color=BRANCH["forward"], label="model, not fitted to it")
    top.fill_between(found.phase, found.low, found.high, color=BRANCH["forward"], **_BAND)
    top.set(ylabel="current (nA)", title=title)
    top.legend()
    bottom.axhspan(-2, 2, color="0.93")
    bottom.plot(found.phase, found.z, "o", ms=3, color=BRANCH["forward"])
    bottom.set(xlabel="phase of the period", ylabel="z")


def areas(frequency_ghz: np.ndarray, area: np.ndarray, mark_ghz: float, ax: Axes, label: str = "") -> None:
    """Lobe area (frequency, draw) against frequency with its band; the sweep's own frequency is marked."""
    (line,) = ax.plot(frequency_ghz, area[:, 0], "o-", ms=3, label=label)
    ax.fill_between(frequency_ghz, *np.percentile(area[:, 1:], [16, 84], axis=1), color=line.get_color(), **_BAND)
    ax.axvline(mark_ghz, color="0.5", ls=":", lw=1)
    ax.set(xscale="log", xlabel="frequency of the sweep (GHz)", ylabel="area of a lobe (nA V/nm)")


def loops(found: dict[str, Loop], ax: Axes) -> None:
    """Several loops, current against field, with their labels."""
    for colour, (label, one) in zip(plt.cm.viridis(np.linspace(0, 0.85, len(found))), found.items(), strict=True):
        path = np.append(np.arange(len(one.phase)), 0)
        ax.plot(one.field_v_nm[path], one.current_na[0, path], color=colour, label=label)
    ax.set(xlabel="field E (V/nm)", ylabel="current (nA)")
    ax.legend()


def phase_plane(circuit: Circuit, ax: Axes, title: str) -> None:
    """Nullclines, fixed points (filled if stable) and a trajectory in the plane of voltage and load current."""
    element = circuit.element
    voltage = np.linspace(element.low_v, element.high_v, 400)
    ax.plot(voltage, element.current(voltage), color="0.2", label="dV/dt = 0: the pore's I(V)")
    ax.plot(voltage, (circuit.bias_v - voltage) / circuit.load_gohm, color="#4393c3", label="dJ/dt = 0: the load line")
    for at in circuit.fixed_points():
        ax.plot(at, element.current(at), "o", ms=7, color="k", mfc="k" if circuit.stable(at) else "w", zorder=4)
    _, v, j = _trace(circuit)
    ax.plot(v, j, color=REGIME_COLOURS[1], lw=1, alpha=0.8, label="trajectory")
    top, bottom = float(max(j.max(), element.current(voltage).max())), float(min(j.min(), 0))
    margin = 0.1 * (top - bottom)
    ax.set(xlabel="voltage V (V)", ylabel="J, I (nA)", title=title, ylim=(bottom - margin, top + margin))
    ax.legend(fontsize=8)


def trace(circuit: Circuit, ax: Axes) -> None:
    """Voltage against time after the circuit is nudged from rest."""
    time, v, _ = _trace(circuit)
    ax.plot(time / 1000, v, color=REGIME_COLOURS[1])
    ax.set(xlabel="time (ns)", ylabel="V (V)", title=circuit.regime())


def regimes(bias_v: np.ndarray, load_gohm: np.ndarray, found: np.ndarray, ax: Axes, title: str) -> None:
    """Regime map, bias across and load up."""
    colours = ListedColormap(REGIME_COLOURS)
    ax.pcolormesh(bias_v, load_gohm, found, cmap=colours, norm=BoundaryNorm(np.arange(5) - 0.5, 4), rasterized=True)
    ax.set(xlabel="bias (V)", ylabel=r"load (G$\Omega$)", yscale="log", title=title)
    ax.grid(False)
    handles = [Patch(color=REGIME_COLOURS[k], label=REGIMES[k]) for k in np.unique(found)]
    ax.legend(handles=handles, fontsize=8, loc="upper left", frameon=True)


def share(bias_v: np.ndarray, load_gohm: np.ndarray, found: np.ndarray, figure: Figure, ax: Axes, title: str) -> None:
    """Share of the resampled I-V laws with which the circuit spikes, (load, bias)."""
    mesh = ax.pcolormesh(bias_v, load_gohm, found, cmap="Reds", vmin=0, vmax=1, rasterized=True)
    figure.colorbar(mesh, ax=ax, label="share of resamples that spike")
    ax.set(xlabel="bias (V)", ylabel=r"load (G$\Omega$)", yscale="log", title=title)
    ax.grid(False)


def loop_explorer(pore: Memristor, amplitude_v_nm: float, title: str) -> Callable[..., None]:
    """A function of two times (ps) and a frequency (GHz) that draws the loop of a law with these times."""
    one = slice(0, 1)

    def draw(ordering_ps: float, relaxing_ps: float, frequency_ghz: float) -> None:
        shape = pore.order[one].shape
        changed = Memristor(
            pore.field_v_nm,
            pore.order[one],
            pore.current_na[one],
            np.full(shape, ordering_ps),
            np.full(shape, relaxing_ps),
        )
        found = sweep(changed, amplitude_v_nm, 1000 / frequency_ghz)
        figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5))
        loops({"loop": found}, left)
        left.plot(found.field_v_nm, changed.static(found.field_v_nm)[0], ".", ms=1, color="0.6", label="slow limit")
        fast = changed.conductance(frozen(changed, amplitude_v_nm)[:, None]) * found.field_v_nm
        left.plot(found.field_v_nm, fast[0], ":", color="0.6", label="fast limit")
        left.legend()
        left.set_title(f"{title}; area {found.area(1)[0]:.3g} and {found.area(-1)[0]:.3g} nA V/nm", fontsize=9)
        right.plot(found.phase, found.state[0], color="k")
        right.set(xlabel="phase of the period", ylabel=r"state $s$", ylim=(-1, 1))
        plt.show()

    return draw


def circuit_explorer(element: Element, title: str) -> Callable[..., None]:
    """A function of bias, load, capacitance and inductance that draws the phase plane and the voltage in time."""

    def draw(bias_v: float, load_gohm: float, capacitance_af: float, inductance_h: float) -> None:
        circuit = Circuit(element, capacitance_af, load_gohm, inductance_h, bias_v)
        figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5))
        phase_plane(circuit, left, title)
        trace(circuit, right)
        plt.show()

    return draw


def _trace(circuit: Circuit) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    points = circuit.fixed_points()
    if not len(points):
        raise AnalysisError("the load line meets the pore's I-V nowhere: change bias or load")
    at = float(points[len(points) // 2])
    start = (at + 0.05 * (circuit.element.high_v - circuit.element.low_v), float(circuit.element.current(at)))
    return circuit.run(start, 40 * circuit.time_scale_ps(), 4000)
