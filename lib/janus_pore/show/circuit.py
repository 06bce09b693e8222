"""Figures of the compact memristor and of the spiking circuit; the functions that sliders call are here too."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ..analyse.compact import Case
from ..analyse.memristor import Loop, Memristor, frozen, sweep
from ..analyse.spiking import REGIMES, Circuit, Element
from ..analyse.stats import Estimate
from ..errors import AnalysisError
from .figures import BRANCH
from .live import Slider

REGIME_COLOURS = ("#d9d9d9", "#d6604d", "#4393c3", "#b8e186")
#: Ranges for what `loop_explorer` and `circuit_explorer` return.
LOOP_SLIDERS = {
    "ordering_ps": Slider(0.5, 5000, 8, "ordering (ps)", log=True),
    "relaxing_ps": Slider(0.5, 5000, 8, "relaxing (ps)", log=True),
    "frequency_ghz": Slider(0.05, 500, 10, "frequency (GHz)", log=True),
}
CIRCUIT_SLIDERS = {
    "bias_v": Slider(-20, 30, 9.1, "bias (V)"),
    "load_gohm": Slider(0.05, 50, 2, "load (GOhm)", log=True),
    "capacitance_af": Slider(1, 1000, 10, "capacitance (aF)", log=True),
    "inductance_h": Slider(1, 1e5, 1000, "inductance (H)", log=True),
}
_BAND = {"alpha": 0.25, "lw": 0}


def law(case: Case, axes: np.ndarray, title: str) -> None:
    """The model's inputs against field: order, steady current and times; data as dots, the model (if any) as a band."""
    names = (r"$\langle\cos\theta\rangle$ from +x", "steady current (nA)", "relaxation time (ps)")
    for ax, name in zip(axes, names, strict=True):
        ax.set(xlabel="field E (V/nm)", ylabel=name)
    if case.ladder:
        field = np.linspace(case.ladder.field_v_nm[0], case.ladder.field_v_nm[-1], 300)
        for k, points in enumerate((case.ladder.order, case.ladder.current_na)):
            error = points[1:].std(axis=0)
            axes[k].errorbar(case.ladder.field_v_nm, points[0], error, fmt="o", ms=4, capsize=2, color="0.2")
            if case.pore:
                curves = (case.pore.target, case.pore.static)[k](field)
                _band(axes[k], field, curves, BRANCH["reverse"])
    for ordering, branch in ((True, "forward"), (False, "reverse")):
        known = [s for s in case.steps if s.ordering == ordering and not s.decay.failed]
        if known:
            bars = [[s.decay.tau.value - s.decay.tau.low, s.decay.tau.high - s.decay.tau.value] for s in known]
            label = "ordering" if ordering else "relaxing"
            axes[2].errorbar(
                [s.field_v_nm for s in known], [s.decay.tau.value for s in known], np.abs(bars).T,
                fmt="o", ms=4, capsize=2, color=BRANCH[branch], label=label,
            )  # fmt: skip
    if axes[2].has_data():
        axes[2].legend()
    axes[0].set_title(title, fontsize=9)
    axes[1].set_title(f"no model: {case.failed}" if case.failed else "", fontsize=9, wrap=True)
    axes[2].set_title(case.assumed or ("" if axes[2].has_data() else "no time could be fitted"), fontsize=9)


def prediction(found: xr.Dataset, axes: np.ndarray, title: str) -> None:
    """Measured sweep (dots) and predicted loop (line, band) against phase, and their difference in errors below."""
    top, bottom = axes
    top.errorbar(found.phase, found.measured, found.measured_error, fmt="o", ms=3, color="0.2", label="sweep")
    top.plot(found.phase, found.predicted, color=BRANCH["forward"], label="model, not fitted to this")
    top.fill_between(found.phase, found.low, found.high, color=BRANCH["forward"], **_BAND)
    top.set(ylabel="current (nA)", title=title)
    top.legend()
    bottom.axhspan(-2, 2, color="0.93")
    bottom.plot(found.phase, found.z, "o", ms=3, color=BRANCH["forward"])
    bottom.set(xlabel="phase of the period", ylabel="z")


def areas(frequency_ghz: np.ndarray, found: np.ndarray, mark_ghz: float, ax: Axes, title: str) -> None:
    """Area of both lobes, (2, frequency, draw), against frequency with a band; the sweep's own frequency dotted."""
    for one, colour, label in zip(found, (BRANCH["forward"], BRANCH["reverse"]), ("E > 0", "E < 0"), strict=True):
        _band(ax, frequency_ghz, one.T, colour, "o-", label)
    ax.axvline(mark_ghz, color="0.5", ls=":", lw=1.2)
    ax.set(xscale="log", xlabel="frequency of the sweep (GHz)", ylabel="area of a lobe (nA V/nm)")
    ax.set_title(title, fontsize=9)
    ax.legend()


def measured_areas(found: Sequence[Estimate], frequency_ghz: float, ax: Axes) -> None:
    """Measured areas of both lobes at the sweep's frequency, in the colours of `areas`."""
    for one, branch in zip(found, ("forward", "reverse"), strict=True):
        ax.errorbar(frequency_ghz, one.value, one.error, fmt="s", mfc="w", capsize=3, color=BRANCH[branch])


def loops(found: dict[str, Loop], ax: Axes) -> None:
    """Several loops, current against field, with their labels."""
    for colour, (label, one) in zip(plt.cm.viridis(np.linspace(0, 0.85, len(found))), found.items(), strict=True):
        path = np.append(np.arange(len(one.phase)), 0)
        ax.plot(one.field_v_nm[path], one.current_na[0, path], color=colour, label=label)
    ax.set(xlabel="field E (V/nm)", ylabel="current (nA)")
    ax.legend()


def current_voltage(element: Element, ax: Axes, title: str) -> None:
    """The element's I(V), with its falling parts in red."""
    voltage = np.linspace(element.low_v, element.high_v, 600)
    current = element.current(voltage)
    ax.plot(voltage, current, color="0.2")
    ax.plot(voltage, np.where(element.slope(voltage) < 0, current, np.nan), color=REGIME_COLOURS[1], lw=2.5)
    ax.set(xlabel="voltage V = E Lx (V)", ylabel="steady current (nA)")
    ax.set_title(title, fontsize=9)


def phase_plane(circuit: Circuit, ax: Axes, title: str) -> None:
    """Nullclines, fixed points (filled if stable) and a trajectory in the plane of voltage and load current.

    The pore's I(V) is dotted beyond its nodes, where it is assumed to keep its last conductance.
    """
    element, points = circuit.element, circuit.fixed_points()
    _, v, j = _trace(circuit)
    low, high = min(0.0, v.min(), points.min()), max(0.0, v.max(), points.max())
    voltage = np.linspace(low - 0.15 * (high - low), high + 0.15 * (high - low), 400)
    inside = (voltage >= element.low_v) & (voltage <= element.high_v)
    current = element.current(voltage)
    ax.plot(voltage, np.where(inside, current, np.nan), color="0.2", label="dV/dt = 0: the pore's I(V)")
    ax.plot(voltage, np.where(inside, np.nan, current), ":", color="0.2")
    ax.plot(voltage, (circuit.bias_v - voltage) / circuit.load_gohm, color="#4393c3", label="dJ/dt = 0: the load line")
    ax.plot(v, j, color=REGIME_COLOURS[1], lw=1, label="trajectory")
    for at in points:
        ax.plot(at, element.current(at), "o", ms=7, color="k", mfc="k" if circuit.stable(at) else "w", zorder=4)
    bottom, top = min(j.min(), current.min()), max(j.max(), current.max())
    ax.set(
        xlabel="voltage V (V)", ylabel="J, I (nA)", ylim=(bottom - 0.1 * (top - bottom), top + 0.45 * (top - bottom))
    )
    ax.set_title(title, fontsize=9)
    ax.legend(fontsize=7)


def trace(circuit: Circuit, ax: Axes) -> None:
    """Voltage against time after the circuit is nudged from rest."""
    time, v, _ = _trace(circuit)
    ax.plot(time / 1e6, v, color=REGIME_COLOURS[1])
    ax.axhspan(circuit.element.low_v, circuit.element.high_v, color="0.95", zorder=0)
    ax.set(xlabel="time (µs)", ylabel="V (V)", title=circuit.regime(), ylim=(v.min() - 1, v.max() + 1))


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
            pore.chord_na[one],
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


def _band(ax: Axes, x: np.ndarray, curves: np.ndarray, colour: str, style: str = "-", label: str | None = None) -> None:
    """The central row (draw, x) as a line and 68 % of the others as a band."""
    ax.plot(x, curves[0], style, ms=3, color=colour, label=label)
    ax.fill_between(x, *np.percentile(curves[1:], [16, 84], axis=0), color=colour, **_BAND)


def _trace(circuit: Circuit) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    points = circuit.fixed_points()
    if not len(points):
        raise AnalysisError("the load line meets the pore's I-V nowhere: change bias or load")
    at = float(points[len(points) // 2])
    start = (at + 0.05 * (circuit.element.high_v - circuit.element.low_v), float(circuit.element.current(at)))
    return circuit.run(start, 15 * circuit.time_scale_ps(), 3000)
