"""The potential of a Cl- along the pore from the mean force on one that is held, place by place, on the pore's axis.

    omega(x) = - integral <F(x')> dx',   <F> the mean over the frames of the runs in which the ion is held at x'

with the force linear between the places, from the side from which the field brings it; by part, as the force is.
Unlike what ions do by themselves it tells of places where none goes. The ion cannot leave the axis, so this is the
potential there, not that of the whole column.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import xarray as xr
from scipy.integrate import cumulative_trapezoid

from ..config import Scale
from ..errors import AnalysisError
from ..parameters import HELD_WITHIN_NM, Analysis
from .barrier import LEAST_UNITS
from .independence import judge
from .stats import interval, resampled_means

#: Spacing of the potential along x (nm).
STEP_NM = 5e-3
#: The field and the rigid sheet pull alike in all frames, but for rounding.
_EXACT_KJ_MOL_NM = 0.1


def places(scale: Scale) -> dict[str, float]:
    """Where each system of a scale holds its Cl- (nm from the Mo plane, toward S), from Se to S; others are left out.

    Of systems that differ by `seed` alone the first stands for all.
    """
    found = {name: scale.systems[name].held_cl_nm for name in scale.placements}
    return dict(sorted(((name, x) for name, x in found.items() if x is not None), key=lambda one: one[1]))


def fields(reruns: Mapping[str, Mapping[str, xr.Dataset]]) -> list[float]:
    """Constant fields (V/nm) with forces at two places or more, rising; `reruns` as for `profile`."""
    there = [set(_constant(data)) for data in reruns.values()]
    return sorted(field for field in set().union(*there) if sum(field in one for one in there) > 1)


def shared(
    x_nm: Mapping[str, float], reruns: Mapping[str, Mapping[str, xr.Dataset]], fields_v_nm: Iterable[float]
) -> dict[str, float]:
    """The places that have forces at all of some fields: only there can these be compared; empty for fewer than two."""
    asked = set(fields_v_nm)
    found = {name: x for name, x in x_nm.items() if asked <= set(_constant(reruns.get(name, {})))}
    return found if len(found) > 1 else {}


def profile(
    x_nm: Mapping[str, float], reruns: Mapping[str, Mapping[str, xr.Dataset]], field_v_nm: float, settings: Analysis
) -> xr.Dataset:
    """Mean force on the held ion at each place and the potential along all of them, at one field.

    Parameters
    ----------
    x_nm : what `places` gives
    reruns : by system, what `reduce.forces.load` gives; of several constant ones at one field the first counts

    Returns
    -------
    Dataset over `place` (nm, rising), `x` (nm, rising: every 5 pm and at the places), `part` (with "total") and `draw`:
    `force` (place, part) in kJ/mol/nm and `potential` (x, part) in kJ/mol, 0 where the ion comes from, each with `_low`
    and `_high`; `drawn` (draw, x, part), potentials of resampled blocks; `count` (place, part), how many independent
    units they count as; `blocks` and `runs` (place,). Attributes: `field_v_nm`; `warning`, of places with one run and
    of those that are missing; `slow`, by part, where blocks are not independent (the part's errors are wider by that).

    Raises
    ------
    AnalysisError
        if fewer than two places have forces at this field, a run is too short for three blocks, or the ion is not
        where its system holds it.
    """
    units, names = {}, []
    for name, x in sorted(x_nm.items(), key=lambda one: one[1]):
        if (here := _constant(reruns.get(name, {})).get(field_v_nm)) is not None:
            units[x], names = _blocks(name, x, here, settings), [*map(str, here.part.values), "total"]
    if len(units) < 2:
        raise AnalysisError(f"forces on a held Cl- at {field_v_nm:g} V/nm: {len(units)} place(s), and 2 are needed")
    at, force, drawn, count, slow = np.array(list(units)), [], [], [], []
    for k, (blocks, runs) in enumerate(units.values()):
        judged = [judge(column, runs) if np.ptp(column) > _EXACT_KJ_MOL_NM else None for column in blocks.T]
        widening = np.array([np.sqrt(one.n / one.effective) if one else 1.0 for one in judged])
        count.append([one.behind if one else len(blocks) for one in judged])
        slow.append([bool(one and one.reason) for one in judged])
        draws = resampled_means(blocks, runs, draws=settings.bootstrap_draws, seed=(k, round(1e6 * (field_v_nm + 100))))
        force.append(blocks.mean(axis=0))
        drawn.append(force[-1] + widening * (draws - force[-1]))
    forces, draws, count = np.array(force), np.stack(drawn, axis=1), np.array(count)
    x = np.unique(np.concatenate([at, np.arange(at[0], at[-1], STEP_NM)]).round(6))
    start = -1 if field_v_nm > 0 else 0
    linear = np.stack([np.interp(x, at, one) for one in np.eye(len(at))], axis=1)
    integral = -cumulative_trapezoid(linear, x, axis=0, initial=0)  # (x, place): the force is linear between places
    integral -= integral[start]
    potential, of_draws = integral @ forces, integral @ draws
    found = {"drawn": (("draw", "x", "part"), of_draws, {"units": "kJ/mol"})}
    for name, dim, value, many, n in (
        ("force", "place", forces, draws, count), ("potential", "x", potential, of_draws, count.min(axis=0)),
    ):  # fmt: skip
        ends_of = interval(many, np.broadcast_to(n, value.shape), settings.confidence)
        unit = {"units": "kJ/mol/nm" if name == "force" else "kJ/mol"}
        for end, one in zip(("", "_low", "_high"), (value, *ends_of), strict=True):
            found[f"{name}{end}"] = ((dim, "part"), one, unit)
    found["count"] = (("place", "part"), count)
    found["blocks"] = ("place", [len(blocks) for blocks, _ in units.values()])
    found["runs"] = ("place", [len(np.unique(runs)) for _, runs in units.values()])
    coords = {"place": ("place", at, {"units": "nm"}), "x": ("x", x, {"units": "nm"}), "part": names}
    said = {"warning": _left_out(x_nm.values(), at, found["runs"][1])}
    said["slow"] = _slow(at, names, np.array(slow).T)
    return xr.Dataset(found, coords=coords, attrs={"field_v_nm": field_v_nm, **said})


def together(*warnings: str) -> str:
    """Warnings in one, each said once."""
    return "; ".join(dict.fromkeys(part for one in warnings for part in one.split("; ") if part))


def _left_out(asked_nm: Iterable[float], at_nm: np.ndarray, runs: list[int]) -> str:
    """What is not in the errors."""
    said = ["places with one run: what settles once a run is not in the error"] if min(runs) < 2 else []
    missing = [f"{x:g}" for x in sorted(asked_nm) if at_nm[0] < x < at_nm[-1] and x not in at_nm]
    if missing:
        said.append(f"nothing yet at {', '.join(missing)} nm: the force is taken as linear across")
    return "; ".join(said)


def _slow(at_nm: np.ndarray, names: list[str], slow: np.ndarray) -> dict[str, str]:
    """Of each part, at which places (part, place) its blocks are plainly not independent."""
    return {
        name: f"slow at {', '.join(f'{x:g}' for x in at_nm[there])} nm, and wider by that"
        for name, there in zip(names, slow, strict=True)
        if there.any()
    }


def _constant(data: Mapping[str, xr.Dataset]) -> dict[float, xr.Dataset]:
    """The forces under constant fields by field, as the scale file writes it; the first of several."""
    found: dict[float, xr.Dataset] = {}
    for one in data.values():
        if one.attrs["kind"] == "constant":
            found.setdefault(round(float(one.field.values[0]), 6), one)
    return found


def _blocks(name: str, x_nm: float, data: xr.Dataset, settings: Analysis) -> tuple[np.ndarray, np.ndarray]:
    """Means of the held ion's force by block (block, part + 1), the total last, and the run of each."""
    held = data.ion.values == 0  # the first of the Cl-, build.system
    off = np.hypot(data.x.values[held] - x_nm, data.radial.values[held])
    frame = data.sample_frame.values[held]
    if len(frame) != data.sizes["frame"] or off.max() > HELD_WITHIN_NM:
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
