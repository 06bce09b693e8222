"""What happens to the Cl- that came by, over a short step? The sheet's columns of Table 1, and the rest there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import xarray as xr

from ..errors import AnalysisError
from ..parameters import Analysis
from .barrier import LEAST_UNITS, Binned, judged
from .independence import Independence
from .stats import Estimate, bootstrap, interval, resampled, share_of, summed, widened

PARTS = ("electrostatic", "vdw")


def changes(data: Sequence[Binned], distance_nm: float, settings: Analysis) -> xr.Dataset:
    """Mean change of the sheet's energies over a step, by where in the column about the axis the ions were.

        Delta U = -<F> d, with d < 0 toward -x

    The sheet's force on an ion depends on its place alone, so the fields are taken together; that the field shifts ions
    across the column is part of the spread between units.

    Parameters
    ----------
    data : what `barrier.binned` gives, one a field, with the same bins
    distance_nm : the step d, short against the pore; its force is the bin's

    Returns
    -------
    Dataset over `bin` (nm), those seen in at least three units: `electrostatic` and `vdw` in kJ/mol, each with `_low`
    and `_high`, and `units`, their number: of runs where there are enough, of cycles or blocks otherwise

    Raises
    ------
    AnalysisError
        if there are no data, or their bins differ.
    """
    x, units, *_ = _units(data)
    draws = resampled(units, lambda drawn: _mean(drawn, distance_nm), draws=settings.bootstrap_draws)
    behind = (units[..., 0] > 0).sum(axis=0)
    found = _mean(units, distance_nm), *interval(draws, behind[:, None], settings.confidence)
    table = {
        f"{name}{end}": ("bin", values[:, k], {"units": "kJ/mol"})
        for end, values in zip(("", "_low", "_high"), found, strict=True)
        for k, name in enumerate(PARTS)
    }
    table["units"] = ("bin", behind, {"units": "1"})
    return xr.Dataset(table, coords={"bin": ("bin", x, {"units": "nm"})})


def where(
    data: Sequence[Binned], distance_nm: float, electrostatic_kj_mol: float, beyond_nm: float, settings: Analysis
) -> tuple[Estimate, Estimate] | None:
    """The outermost place where a step changes the electrostatic energy by so much, and the other energy there.

    Parameters
    ----------
    data, distance_nm : as in `changes`, between whose bins this interpolates
    beyond_nm : only bins at larger x are looked at; no bin may be missing between them

    Returns
    -------
    x (nm) and the change of the van der Waals energy (kJ/mol), with intervals from a bootstrap that finds the place
    anew in every draw; None if there is no such place
    """
    x, units, blocks, runs = _units(data)
    outside = x > beyond_nm
    x, units, blocks = x[outside], units[:, outside], blocks[:, outside]
    if len(x) < 2 or np.diff(x).max() > 1.5 * np.diff(x).min():
        return None

    def of(drawn: np.ndarray) -> np.ndarray:
        electrostatic, vdw = _mean(drawn, distance_nm).T
        above = electrostatic - electrostatic_kj_mol
        turns = np.flatnonzero(above[:-1] * above[1:] <= 0)
        if not len(turns):
            return np.full(2, np.nan)
        k = turns[-1]
        share = above[k] / (above[k] - above[k + 1])
        return np.array([one[k] + share * (one[k + 1] - one[k]) for one in (x, vdw)])

    value = of(units)
    if not np.isfinite(value).all():
        return None
    place, vdw = _estimates(units, of, judged(blocks[:, np.abs(x - value[0]).argmin()], runs), settings)
    return place, vdw


def parts(
    data: Binned, x_nm: float, half_width_nm: float, distance_nm: float, settings: Analysis
) -> dict[str, Estimate]:
    """All parts of the energy's change over a step at one place, at one field.

    Parameters
    ----------
    data : what `barrier.binned` gives; its units should be longer than an ion's stay
    x_nm, half_width_nm : bins whose centres lie within `half_width_nm` of `x_nm` count
    distance_nm : the step d, as in `changes`

    Returns
    -------
    dict by part, then `total` of all, the field's included, and `water_and_ions` (both electrostatic parts), in kJ/mol;
    empty if fewer than three units have an ion there. `n` is their number: of runs where the data have enough of them,
    with an ion there or without, of cycles or blocks otherwise.
    """
    inside = np.abs(data.centres_nm - x_nm) <= half_width_nm + 1e-9
    blocks = data.units[:, inside].sum(axis=1)
    units = summed(blocks, data.runs)
    units = units[units[:, 0] > 0]
    if len(units) < LEAST_UNITS:
        return {}
    both = [data.parts.index(f"{name}_electrostatic") for name in ("water", "ion")]

    def of(drawn: np.ndarray) -> np.ndarray:
        count, *sums = drawn.sum(axis=0)
        change = -distance_nm * np.array(sums) / count
        return np.array([*change, change.sum(), change[both].sum()])

    found = _estimates(units, of, judged(blocks, data.runs), settings)
    return dict(zip((*data.parts, "total", "water_and_ions"), found, strict=True))


def _estimates(
    units: np.ndarray, of: Callable[[np.ndarray], np.ndarray], counted: Independence, settings: Analysis
) -> list[Estimate]:
    """Each of several numbers (k,) of the units, with as many behind it as count."""
    found = bootstrap(units, of, draws=settings.bootstrap_draws, confidence=share_of(counted, settings.confidence))
    return [widened(Estimate(*map(float, one), counted.n), counted) for one in zip(*found, strict=True)]


def _units(data: Sequence[Binned]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """x of the bins that enough fill; counts and the two sums of forces, (k, bin, 3) and (unit, bin, 3); runs (unit,).

    The first are those that a bootstrap draws: whole runs where there are enough.
    """
    if not data or any(not np.array_equal(one.centres_nm, data[0].centres_nm) for one in data):
        raise AnalysisError("no forces, or not binned alike: give what barrier.binned makes with one Barrier")
    column = [data[0].parts.index(f"membrane_{name}") for name in PARTS]
    units = np.concatenate([one.units[..., [0, *(1 + np.array(column))]] for one in data])
    runs = np.concatenate([one.runs for one in data])
    drawn = summed(units, runs)
    enough = (drawn[..., 0] > 0).sum(axis=0) >= LEAST_UNITS
    return data[0].centres_nm[enough], drawn[:, enough], units[:, enough], runs


def _mean(units: np.ndarray, distance_nm: float) -> np.ndarray:
    total = units.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return -distance_nm * total[:, 1:] / total[:, :1]
