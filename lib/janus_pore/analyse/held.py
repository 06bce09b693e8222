"""The potential of a Cl- along the pore from the mean force on one that is held, place by place, on the pore's axis.

    omega(x) = - integral <F(x')> dx',   <F> the mean over the frames of the runs in which the ion is held at x'

by trapezoids between the places, from the side from which the field brings it; by part, as the force is (Table 1).
Unlike what ions do by themselves it tells of places where none goes. The ion cannot leave the axis, so this is the
potential there, not that of the whole column.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from scipy.integrate import cumulative_trapezoid

from ..config import Scale
from ..errors import AnalysisError
from ..parameters import Analysis
from .barrier import LEAST_UNITS, Barrier, ends
from .independence import judge
from .stats import Estimate, expanded, interval, resampled_means

#: A held ion is where it was put to within the resolution of a .gro file (nm).
_ROUNDED_NM = 2e-3


def places(scale: Scale) -> dict[str, float]:
    """Where each system of a scale holds its Cl- (nm from the Mo plane, toward S), from Se to S; others are left out.

    Of systems that differ by `seed` alone the first stands for all.
    """
    found = {name: scale.systems[name].held_cl_nm for name in scale.placements}
    return dict(sorted(((name, x) for name, x in found.items() if x is not None), key=lambda one: one[1]))


def fields(reruns: Mapping[str, Mapping[str, xr.Dataset]]) -> list[float]:
    """Constant fields (V/nm) with forces at two places or more, rising; `reruns` as for `profile`."""
    there = [{_field(one) for one in data.values()} for data in reruns.values()]
    return sorted(field for field in set().union(*there) if sum(field in one for one in there) > 1)


def profile(
    x_nm: Mapping[str, float], reruns: Mapping[str, Mapping[str, xr.Dataset]], field_v_nm: float, settings: Analysis
) -> xr.Dataset:
    """Mean force on the held ion and its potential, at one field.

    Parameters
    ----------
    x_nm : what `places` gives
    reruns : by system, what `reduce.forces.load` gives, under constant fields; of several at one field the first counts

    Returns
    -------
    Dataset over `x` (nm, rising), `part` (with "total") and `draw`: `force` (x, part) in kJ/mol/nm and `potential`
    (x, part) in kJ/mol, 0 where the ion comes from, each with `_low` and `_high`; `drawn` (draw, x, part), potentials
    of resampled blocks; `blocks` and `runs` (x,). Attributes: `field_v_nm`; `warning`, of blocks that are not
    independent (the errors are wider by that) and of places with one run.

    Raises
    ------
    AnalysisError
        if fewer than two places have forces at this field, a run is too short for three blocks, or the ion is not
        where its system holds it.
    """
    units, names = {}, []
    for name, x in sorted(x_nm.items(), key=lambda one: one[1]):
        here = [one for one in reruns.get(name, {}).values() if _field(one) == field_v_nm]
        if here:
            units[x], names = _blocks(name, x, here[0], settings), [*here[0].part.values, "total"]
    if len(units) < 2:
        raise AnalysisError(f"forces on a held Cl- at {field_v_nm:g} V/nm: {len(units)} place(s), and 2 are needed")
    x, force, drawn, warnings = np.array(list(units)), [], [], []
    for k, (place, (blocks, runs)) in enumerate(units.items()):
        judged = judge(blocks[:, -1], runs)
        draws = resampled_means(blocks, runs, draws=settings.bootstrap_draws, seed=k)
        force.append(blocks.mean(axis=0))
        drawn.append(force[-1] + np.sqrt(judged.n / judged.effective) * (draws - force[-1]))
        warnings += [f"at {place:g} nm {judged.reason}"] if judged.reason else []
    if any(len(np.unique(runs)) < 2 for _, runs in units.values()):
        warnings.append("places with one run: what settles once a run is not in the error")
    start = -1 if field_v_nm > 0 else 0
    forces, draws = np.array(force), np.stack(drawn, axis=1)
    potential = -cumulative_trapezoid(forces, x, axis=0, initial=0)
    of_draws = -cumulative_trapezoid(draws, x, axis=1, initial=0)
    potential, of_draws = potential - potential[start], of_draws - of_draws[:, [start]]
    n = min(len(blocks) for blocks, _ in units.values())
    found = {"drawn": (("draw", "x", "part"), of_draws, {"units": "kJ/mol"})}
    for name, value, many in (("force", forces, draws), ("potential", potential, of_draws)):
        unit = {"units": "kJ/mol/nm" if name == "force" else "kJ/mol"}
        low, high = interval(many, n, settings.confidence)
        found |= {
            f"{name}{end}": (("x", "part"), one, unit)
            for end, one in zip(("", "_low", "_high"), (value, low, high), strict=True)
        }
    found["blocks"] = ("x", [len(blocks) for blocks, _ in units.values()])
    found["runs"] = ("x", [len(np.unique(runs)) for _, runs in units.values()])
    coords = {"x": ("x", x, {"units": "nm"}), "part": names}
    return xr.Dataset(found, coords=coords, attrs={"field_v_nm": field_v_nm, "warning": "; ".join(warnings)})


def climb(found: xr.Dataset, settings: Analysis) -> Barrier:
    """The largest climb of the potential on the ion's way, and its parts between the same two places.

    That the largest of noisy climbs is too large is put right to first order (2 value - bootstrap); the parts are
    between places that are fixed, so they need not sum up to it.
    """
    way = -1 if found.attrs["field_v_nm"] > 0 else 1
    total, many = found.potential.sel(part="total").values, found.drawn.sel(part="total").values
    start, end = ends(total, way)
    drawn = [one[b] - one[a] for one in many for a, b in [ends(one, way)]]
    tail = 50 * (1 - expanded(settings.confidence, int(found.blocks.min())))
    low, middle, high = 2 * (total[end] - total[start]) - np.percentile(drawn, [100 - tail, 50, tail])
    x, n = found.x.values, int(found.runs.sum())
    at = [Estimate(float(x[k]), np.nan, np.nan, n) for k in (start, end)]
    height = Estimate(*map(float, (middle, low, high)), n, found.attrs["warning"])
    return Barrier(*at, height, None, between(found, x[start], x[end], settings))


def between(found: xr.Dataset, start_nm: float, end_nm: float, settings: Analysis) -> dict[str, Estimate]:
    """How each part of the potential, and "total", changes from one place to another (kJ/mol)."""
    value, drawn = _step(found, start_nm, end_nm)
    return _estimates(found, value, drawn, settings, found.attrs["warning"])


def rise(low: xr.Dataset, high: xr.Dataset, start_nm: float, end_nm: float, settings: Analysis) -> dict[str, Estimate]:
    """How much more each part, and "total", changes between two places at one field than at another (kJ/mol).

    Raises
    ------
    AnalysisError
        if the ion was not held at both places at both fields.
    """
    for one in (low, high):
        if missing := [x for x in (start_nm, end_nm) if x not in one.x.values]:
            raise AnalysisError(f"no Cl- was held at {missing[0]:g} nm at {one.attrs['field_v_nm']:g} V/nm")
    steps = [_step(one, start_nm, end_nm) for one in (low, high)]
    value, drawn = (b - a for a, b in zip(*steps, strict=True))
    said = "; ".join(dict.fromkeys(part for one in (low, high) for part in one.attrs["warning"].split("; ") if part))
    return _estimates(low if low.blocks.min() < high.blocks.min() else high, value, drawn, settings, said)


def _step(found: xr.Dataset, start_nm: float, end_nm: float) -> tuple[np.ndarray, np.ndarray]:
    """Change from one place to another of the potentials (part,) and of those drawn (draw, part)."""
    return tuple((one.sel(x=end_nm) - one.sel(x=start_nm)).values for one in (found.potential, found.drawn))


def _estimates(
    found: xr.Dataset, value: np.ndarray, drawn: np.ndarray, settings: Analysis, warning: str
) -> dict[str, Estimate]:
    low, high = interval(drawn, int(found.blocks.min()), settings.confidence)
    n = int(found.runs.sum())
    rows = zip(found.part.values, value, low, high, strict=True)
    return {str(name): Estimate(*map(float, numbers), n, warning) for name, *numbers in rows}


def _field(one: xr.Dataset) -> float:
    """The constant field of a dataset of forces, as the scale file writes it."""
    return round(float(one.field.values[0]), 6)


def _blocks(name: str, x_nm: float, data: xr.Dataset, settings: Analysis) -> tuple[np.ndarray, np.ndarray]:
    """Means of the held ion's force by block (block, part + 1), the total last, and the run of each."""
    held = data.ion.values == 0  # the first of the Cl-, build.system
    off = np.hypot(data.x.values[held] - x_nm, data.radial.values[held])
    frame = data.sample_frame.values[held]
    if len(frame) != data.sizes["frame"] or off.max() > _ROUNDED_NM:
        raise AnalysisError(f"{name}: its first Cl- is not held at {x_nm:g} nm on the axis: build and run it again")
    window = np.floor(data.time.values[frame] / settings.current_window_ps + 1e-9).astype(int)
    runs = data.frame_replica.values[frame].astype(int)
    label = runs * (window.max() + 1) + window
    _, index, number = np.unique(label, return_inverse=True, return_counts=True)
    force = data.force.values[held].astype(float)
    sums = np.zeros((len(number), force.shape[1]))
    np.add.at(sums, index, force)
    whole = number > 0.5 * number.max()
    if whole.sum() < LEAST_UNITS:
        raise AnalysisError(f"{name}: {whole.sum()} blocks of {settings.current_window_ps:g} ps: run it longer")
    means = sums[whole] / number[whole, None]
    owner = np.zeros(len(number), dtype=int)
    owner[index] = runs
    return np.column_stack([means, means.sum(axis=1)]), owner[whole]
