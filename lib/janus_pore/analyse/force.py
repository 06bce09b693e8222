"""The mean force on Cl- along the pore, by part, and two potentials of mean force: from it, and from the counts."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..parameters import Analysis
from .barrier import LEAST_UNITS, Binned, integral
from .stats import interval, resampled


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
            climb = -integral(force[piece, -1], step)
            pmf[piece] = climb + counts[piece].mean() - climb.mean()
        return np.column_stack([force, pmf, counts])

    shape = (len(data.centres_nm), n_parts + 3)
    value, low, high = (np.full(shape, np.nan) for _ in range(3))
    if len(seen):
        units, behind = data.drawn[:, seen], data.seen_in
        value[seen], draws = of(units), resampled(units, of, draws=settings.bootstrap_draws)
        low[seen], high[seen] = interval(draws, behind[seen, None], settings.confidence)
        low[behind < LEAST_UNITS] = high[behind < LEAST_UNITS] = np.nan
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
