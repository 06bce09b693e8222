"""The barrier that a Cl- ion climbs in the pore, from the mean force on it, and what it is made of (Table 1).

    Delta omega = -integral from r1 to r2 of <F(x)> dx = sum over parts of the same integral of their mean force

r1 and r2, the minimum and the maximum, are the ends of the largest climb on the ion's way through the pore. They are
taken from the ions' positions, -kT ln n(x), and not from the integrated force: that is a random walk of the noise of
F (300 kJ/mol/nm a sample), whose largest climb is far above zero where there is no barrier. In a steady state both
are the same potential (kT dn/dx = n <F>), so the counts also check the forces.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from ..errors import AnalysisError
from ..parameters import Analysis
from ..parameters import Barrier as Settings
from ..units import KJ_MOL_PER_K
from .independence import Independence, by_group, judge, whole
from .stats import Estimate, bootstrap, share_of, summed, widened

#: A bin seen in fewer independent units than this is empty in a twentieth of the bootstrap's draws, or more.
LEAST_UNITS = 3


@dataclass(frozen=True)
class Binned:
    """Forces on ions in the column about the pore's axis, by unit (a run's cycle or block) and bin along x.

    Attributes
    ----------
    centres_nm : array (bin,), from the Mo plane
    counts, sums : arrays (unit, bin) and (unit, bin, part), sums in kJ/mol/nm
    parts : names of the parts
    field_v_nm, kt_kj_mol : the field asked for, and kT
    frames : number of frames that were looked at
    runs : array (unit,), which run (a replica of a dataset, or a placement of its ions where there are placements
        enough) each unit is of; one name at all fields of the same data
    """

    centres_nm: np.ndarray
    counts: np.ndarray
    sums: np.ndarray
    parts: tuple[str, ...]
    field_v_nm: float
    kt_kj_mol: float
    frames: int
    runs: np.ndarray

    @property
    def units(self) -> np.ndarray:
        """Array (unit, bin, 1 + part), counts first."""
        return np.concatenate([self.counts[..., None], self.sums], axis=-1)

    @property
    def drawn(self) -> np.ndarray:
        """What the bootstrap draws from, (k, bin, 1 + part): whole runs where there are enough, else the units."""
        return summed(self.units, self.runs)

    @property
    def seen_in(self) -> np.ndarray:
        """In how many (bin,) of those that are drawn each bin holds an ion."""
        return (self.drawn[..., 0] > 0).sum(axis=0)


@dataclass(frozen=True)
class Barrier:
    """Where the climb begins and ends (nm from the Mo plane) and its height with all parts, or why there is none.

    `by_counts` is the same climb from -kT ln n(x), which needs no force and is far less noisy; that the largest of
    noisy climbs is too large is put right to first order (2 value - bootstrap). All energies in kJ/mol; None where
    `failed` says why.
    """

    minimum: Estimate | None = None
    maximum: Estimate | None = None
    total: Estimate | None = None
    by_counts: Estimate | None = None
    parts: dict[str, Estimate] = field(default_factory=dict)
    failed: str = ""


def fields(data: Iterable[xr.Dataset], barrier: Settings) -> list[float]:
    """Those of `barrier.fields_v_nm` (V/nm) that a frame with forces lies within `half_window_v_nm` of."""
    there = np.concatenate([np.empty(0), *(one.field.values for one in data)])
    return [one for one in barrier.fields_v_nm if (np.abs(there - one) <= barrier.half_window_v_nm + 1e-6).any()]


def binned(data: Iterable[xr.Dataset], field_v_nm: float, barrier: Settings, settings: Analysis) -> Binned:
    """The samples of all datasets whose frames lie within `barrier.half_window_v_nm` of a field.

    Parameters
    ----------
    data : what `reduce.forces.collect` or `load` gives, one a protocol

    Raises
    ------
    AnalysisError
        if no frame is in the window, or forces are not in kJ/mol/nm.
    """
    bins = round(2 * barrier.half_range_nm / barrier.bin_width_nm)
    counts, sums, runs, frames, kt, parts = [], [], [], 0, np.nan, ()
    for k, one in enumerate(data):
        if one.force.attrs.get("units") != "kJ/mol/nm":
            raise AnalysisError(f"forces are in {one.force.attrs.get('units')!r}, expected 'kJ/mol/nm'")
        wanted = np.abs(one.field.values - field_v_nm) <= barrier.half_window_v_nm + 1e-6
        length = float(one.attrs["period_ps"]) or settings.current_window_ps
        group = (one.time.values / length + 1e-9).astype(int)
        if one.attrs["period_ps"]:  # without the first cycle, if there are more (`cycles.settled`)
            wanted &= group >= min(1, group.max())
        else:  # the closing frame is of the last block
            group = np.minimum(group, max(round(one.time.values.max() / length) - 1, 0))
        if not wanted.any():
            continue
        labels = one.frame_replica.values.astype(np.int64) * (group.max() + 1) + group
        names, first, unit = np.unique(labels[wanted], return_index=True, return_inverse=True)
        of_frame = np.full(len(wanted), -1)
        of_frame[wanted] = unit
        whose = of_frame[one.sample_frame.values]
        chosen = (whose >= 0) & (one.radial.values <= barrier.radius_nm)
        chosen &= np.abs(one.x.values) <= barrier.half_range_nm + 1e-6  # stored in single precision
        place = np.floor((one.x.values[chosen] + barrier.half_range_nm) / barrier.bin_width_nm).astype(int)
        index = whose[chosen] * bins + np.clip(place, 0, bins - 1)
        counts.append(np.bincount(index, minlength=len(names) * bins).reshape(-1, bins))
        force = one.force.values[chosen].astype(float)
        columns = [np.bincount(index, column, len(names) * bins) for column in force.T]
        sums.append(np.stack(columns, axis=-1).reshape(-1, bins, force.shape[1]))
        runs += [f"{k}, {name}" for name in _whose(one)[wanted][first]]
        frames, kt = frames + int(wanted.sum()), KJ_MOL_PER_K * float(one.attrs["temperature_k"])
        parts = tuple(str(name) for name in one.part.values)
    if not counts:
        raise AnalysisError(f"no frame with forces within {barrier.half_window_v_nm:g} of {field_v_nm:g} V/nm")
    centres = (np.arange(bins) + 0.5) * barrier.bin_width_nm - barrier.half_range_nm
    both = np.concatenate(counts), np.concatenate(sums)
    return Binned(centres, *both, parts, field_v_nm, kt, frames, np.array(runs))


def by_field(
    data: Iterable[xr.Dataset], fields_v_nm: Iterable[float], barrier: Settings, settings: Analysis
) -> tuple[dict[float, Binned], dict[float, Barrier]]:
    """By field (V/nm): what `binned` gives, where it gives something, and the barrier or why there is none."""
    data, there, found = list(data), {}, {}
    for one in sorted(fields_v_nm):
        try:
            there[one] = binned(data, one, barrier, settings)
            found[one] = climb(there[one], settings)
        except AnalysisError as error:
            found[one] = Barrier(failed=str(error))
    return there, found


def _whose(data: xr.Dataset) -> np.ndarray:
    """The replica of each frame, or what its ions began as where that makes groups enough (`by_group`)."""
    began = data.get("frame_began")
    return (began if began is not None and by_group(began.values) else data.frame_replica).values


def judged(units: np.ndarray, runs: np.ndarray) -> Independence:
    """How many independent units hold an ion: runs if `summed` draws runs, else units, by the mean force in each.

    Parameters
    ----------
    units : array (unit, 1 + part) of counts and sums, one of them filled at least
    runs : array (unit,), the run of each
    """
    there = units[:, 0] > 0
    if by_group(runs):
        return whole(units[there, 0], runs[there])
    return judge(units[there, 1:].sum(axis=1) / units[there, 0], runs[there])


def climb(data: Binned, settings: Analysis) -> Barrier:
    """The barrier at one field, with intervals from a bootstrap in which both ends are found anew in every draw.

    An empty bin may hide the maximum, so nothing is said where a bin of the range was seen in fewer than three units.
    """
    short = data.centres_nm[data.seen_in < LEAST_UNITS]
    if len(short):
        half = 0.5 * (data.centres_nm[1] - data.centres_nm[0])
        low, high = (round(float(x), 3) + 0.0 for x in (short.min() - half, short.max() + half))
        where = f"x = {low:.2f} to {high:.2f} nm"
        few = f"{len(short)} of {len(data.centres_nm)} bins hold Cl- in fewer than {LEAST_UNITS} units"
        return Barrier(failed=f"{few} ({where})")
    step, way = data.centres_nm[1] - data.centres_nm[0], -int(np.sign(data.field_v_nm))

    def of(units: np.ndarray) -> np.ndarray:
        total = units.sum(axis=0)
        if (total[:, 0] == 0).any():
            return np.full(4 + len(data.parts), np.nan)
        counts = -data.kt_kj_mol * np.log(total[:, 0])
        start, end = ends(counts, way)
        omega = -integral(total[:, 1:] / total[:, :1], step)
        parts = omega[end] - omega[start]
        return np.array([
            data.centres_nm[start], data.centres_nm[end], parts.sum(), counts[end] - counts[start], *parts,
        ])  # fmt: skip

    units, counted = data.drawn, judged(data.units.sum(axis=1), data.runs)
    how = {"draws": settings.bootstrap_draws, "confidence": share_of(counted, settings.confidence)}
    value, low, high = bootstrap(units, of, **how)
    value[3], low[3], high[3] = 2 * value[3] - np.array([0.5 * (low[3] + high[3]), high[3], low[3]])
    found = [widened(Estimate(*map(float, one), len(units)), counted) for one in zip(value, low, high, strict=True)]
    return Barrier(*found[:4], dict(zip(data.parts, found[4:], strict=True)))


def ends(potential: np.ndarray, way: int) -> tuple[int, int]:
    """Bins where the largest climb of a potential (bin,) begins and ends, for an ion going toward +x (way 1) or -x."""
    along = potential[::way]
    lowest = np.minimum.accumulate(along)
    end = int(np.argmax(along - lowest))
    start = int(np.argmin(along[: end + 1]))
    return (start, end) if way > 0 else (len(along) - 1 - start, len(along) - 1 - end)


def integral(force: np.ndarray, step: float) -> np.ndarray:
    """Trapezoids from the first bin's centre to each bin's, along the first axis, same shape."""
    found = np.zeros_like(force)
    found[1:] = np.cumsum(0.5 * (force[1:] + force[:-1]) * step, axis=0)
    return found
