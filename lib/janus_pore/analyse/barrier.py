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
from .stats import Estimate, bootstrap

#: A bin seen in fewer independent units than this is empty in a twentieth of the bootstrap's draws, or more.
LEAST_UNITS = 3


@dataclass(frozen=True)
class Binned:
    """Forces on ions in the column about the pore's axis, by unit (replica x cycle or block) and bin along x.

    Attributes
    ----------
    centres_nm : array (bin,), from the Mo plane
    counts, sums : arrays (unit, bin) and (unit, bin, part), sums in kJ/mol/nm
    parts : names of the parts
    field_v_nm, kt_kj_mol : the field asked for, and kT
    frames : number of frames that were looked at
    """

    centres_nm: np.ndarray
    counts: np.ndarray
    sums: np.ndarray
    parts: tuple[str, ...]
    field_v_nm: float
    kt_kj_mol: float
    frames: int

    @property
    def units(self) -> np.ndarray:
        """What the bootstrap draws from: array (unit, bin, 1 + part), counts first."""
        return np.concatenate([self.counts[..., None], self.sums], axis=-1)

    @property
    def seen_in(self) -> np.ndarray:
        """Number of units (bin,) in which each bin holds an ion."""
        return (self.counts > 0).sum(axis=0)


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
    data : what `reduce.forces.collect` gives, one a protocol

    Raises
    ------
    AnalysisError
        if no frame is in the window, or forces are not in kJ/mol/nm.
    """
    bins = round(2 * barrier.half_range_nm / barrier.bin_width_nm)
    counts, sums, frames, kt, parts = [], [], 0, np.nan, ()
    for one in data:
        if one.force.attrs.get("units") != "kJ/mol/nm":
            raise AnalysisError(f"forces are in {one.force.attrs.get('units')!r}, expected 'kJ/mol/nm'")
        wanted = np.abs(one.field.values - field_v_nm) <= barrier.half_window_v_nm + 1e-6
        if not wanted.any():
            continue
        length = float(one.attrs["period_ps"]) or settings.current_window_ps
        group = (one.time.values / length + 1e-9).astype(int)
        labels = one.frame_replica.values.astype(np.int64) * (group.max() + 1) + group
        names, unit = np.unique(labels[wanted], return_inverse=True)
        of_frame = np.full(len(wanted), -1)
        of_frame[wanted] = unit
        whose = of_frame[one.sample_frame.values]
        chosen = (whose >= 0) & (one.radial.values <= barrier.radius_nm)
        place = np.floor((one.x.values[chosen] + barrier.half_range_nm) / barrier.bin_width_nm).astype(int)
        index = whose[chosen] * bins + np.clip(place, 0, bins - 1)
        counts.append(np.bincount(index, minlength=len(names) * bins).reshape(-1, bins))
        force = one.force.values[chosen].astype(float)
        columns = [np.bincount(index, column, len(names) * bins) for column in force.T]
        sums.append(np.stack(columns, axis=-1).reshape(-1, bins, force.shape[1]))
        frames, kt = frames + int(wanted.sum()), KJ_MOL_PER_K * float(one.attrs["temperature_k"])
        parts = tuple(str(name) for name in one.part.values)
    if not counts:
        raise AnalysisError(f"no frame with forces within {barrier.half_window_v_nm:g} of {field_v_nm:g} V/nm")
    centres = (np.arange(bins) + 0.5) * barrier.bin_width_nm - barrier.half_range_nm
    return Binned(centres, np.concatenate(counts), np.concatenate(sums), parts, field_v_nm, kt, frames)


def mean_force(data: Binned, settings: Analysis) -> xr.Dataset:
    """<F(x)> by part, their sum ("total"), and the two potentials of mean force.

    Returns
    -------
    Dataset (bin, part): `force`, `low`, `high` in kJ/mol/nm; (bin): `count`, `pmf` (from the force) and `by_counts`
    (-kT ln n, 0 at its lowest) in kJ/mol with `_low` and `_high`. NaN where a bin is empty, and no interval where
    fewer than three units fill it. Each stretch of filled bins has its own constant in `pmf`: it agrees with
    `by_counts` on average.
    """
    seen = np.flatnonzero(data.counts.sum(axis=0) > 0)
    pieces = np.split(np.arange(len(seen)), np.flatnonzero(np.diff(seen) > 1) + 1) if len(seen) else []
    step, n_parts = data.centres_nm[1] - data.centres_nm[0], len(data.parts)

    def of(units: np.ndarray) -> np.ndarray:
        total = units.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            force = total[:, 1:] / total[:, :1]
            counts = -data.kt_kj_mol * np.log(np.where(total[:, 0] > 0, total[:, 0], np.nan))
        force = np.column_stack([force, force.sum(axis=1)])
        pmf = np.full(len(total), np.nan)
        for piece in pieces:
            climb = -_integral(force[piece, -1], step)
            pmf[piece] = climb + counts[piece].mean() - climb.mean()
        return np.column_stack([force, pmf, counts])

    shape = (len(data.centres_nm), n_parts + 3)
    value, low, high = (np.full(shape, np.nan) for _ in range(3))
    if len(seen):
        how = {"draws": settings.bootstrap_draws, "confidence": settings.confidence}
        value[seen], low[seen], high[seen] = bootstrap(data.units[:, seen], of, **how)
        low[data.seen_in < LEAST_UNITS] = high[data.seen_in < LEAST_UNITS] = np.nan
        lowest = value[seen, -1].min()
        for one in (value, low, high):
            one[:, n_parts + 1 :] -= lowest
    found = dict(zip(("force", "low", "high"), (value, low, high), strict=True))
    table = {name: (("bin", "part"), one[:, : n_parts + 1], {"units": "kJ/mol/nm"}) for name, one in found.items()}
    for column, name in ((-2, "pmf"), (-1, "by_counts")):
        table |= {
            f"{name}{end}": ("bin", one[:, column], {"units": "kJ/mol"})
            for end, one in zip(("", "_low", "_high"), found.values(), strict=True)
        }
    table["count"] = ("bin", data.counts.sum(axis=0), {"units": "1"})
    coords = {"bin": ("bin", data.centres_nm, {"units": "nm"}), "part": [*data.parts, "total"]}
    return xr.Dataset(table, coords=coords, attrs={"field_v_nm": data.field_v_nm, "frames": data.frames})


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
        omega = -_integral(total[:, 1:] / total[:, :1], step)
        parts = omega[end] - omega[start]
        return np.array([
            data.centres_nm[start], data.centres_nm[end], parts.sum(), counts[end] - counts[start], *parts,
        ])  # fmt: skip

    value, low, high = bootstrap(data.units, of, draws=settings.bootstrap_draws, confidence=settings.confidence)
    n = len(data.counts)
    value[3], low[3], high[3] = 2 * value[3] - np.array([0.5 * (low[3] + high[3]), high[3], low[3]])
    found = [Estimate(*map(float, one), n) for one in zip(value, low, high, strict=True)]
    return Barrier(*found[:4], dict(zip(data.parts, found[4:], strict=True)))


def ends(potential: np.ndarray, way: int) -> tuple[int, int]:
    """Bins where the largest climb of a potential (bin,) begins and ends, for an ion going toward +x (way 1) or -x."""
    along = potential[::way]
    lowest = np.minimum.accumulate(along)
    end = int(np.argmax(along - lowest))
    start = int(np.argmin(along[: end + 1]))
    return (start, end) if way > 0 else (len(along) - 1 - start, len(along) - 1 - end)


def _integral(force: np.ndarray, step: float) -> np.ndarray:
    """Trapezoids from the first bin's centre to each bin's, along the first axis, same shape."""
    found = np.zeros_like(force)
    found[1:] = np.cumsum(0.5 * (force[1:] + force[:-1]) * step, axis=0)
    return found
