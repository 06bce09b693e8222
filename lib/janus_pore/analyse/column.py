"""What happens to the Cl- that came by, over a short step? The sheet's columns of Table 1, and the rest there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from ..errors import AnalysisError
from ..parameters import Analysis
from .barrier import LEAST_UNITS, Binned
from .independence import few
from .stats import Estimate, bootstrap

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
    and `_high`, and `units`, the number of units

    Raises
    ------
    AnalysisError
        if there are no data, or their bins differ.
    """
    x, units = _units(data)
    found = bootstrap(units, lambda drawn: _mean(drawn, distance_nm), **_how(settings))
    table = {
        f"{name}{end}": ("bin", values[:, k], {"units": "kJ/mol"})
        for end, values in zip(("", "_low", "_high"), found, strict=True)
        for k, name in enumerate(PARTS)
    }
    table["units"] = ("bin", (units[..., 0] > 0).sum(axis=0), {"units": "1"})
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
    x, units = _units(data)
    outside = x > beyond_nm
    x, units = x[outside], units[:, outside]
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

    value, low, high = bootstrap(units, of, **_how(settings))
    if not np.isfinite(value).all():
        return None
    k = int(np.abs(x - value[0]).argmin())
    n = int((units[:, k, 0] > 0).sum())
    place, vdw = (Estimate(*map(float, one), n, few(n)) for one in zip(value, low, high, strict=True))
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
    empty if fewer than three units have an ion there. `n` is the number of those units.
    """
    inside = np.abs(data.centres_nm - x_nm) <= half_width_nm + 1e-9
    units = data.units[:, inside].sum(axis=1)
    n = int((units[:, 0] > 0).sum())
    if n < LEAST_UNITS:
        return {}
    both = [data.parts.index(f"{name}_electrostatic") for name in ("water", "ion")]

    def of(drawn: np.ndarray) -> np.ndarray:
        count, *sums = drawn.sum(axis=0)
        change = -distance_nm * np.array(sums) / count if count else np.full(len(sums), np.nan)
        return np.array([*change, change.sum(), change[both].sum()])

    found = zip(*bootstrap(units, of, **_how(settings)), strict=True)
    names = (*data.parts, "total", "water_and_ions")
    return {name: Estimate(*map(float, one), n, few(n)) for name, one in zip(names, found, strict=True)}


def _units(data: Sequence[Binned]) -> tuple[np.ndarray, np.ndarray]:
    """x of the bins that enough units fill, and (unit, bin, 3): counts and the two sums of forces."""
    if not data or any(not np.array_equal(one.centres_nm, data[0].centres_nm) for one in data):
        raise AnalysisError("no forces, or not binned alike: give what barrier.binned makes with one Barrier")
    column = [data[0].parts.index(f"membrane_{name}") for name in PARTS]
    units = np.concatenate([one.units[..., [0, *(1 + np.array(column))]] for one in data])
    enough = (units[..., 0] > 0).sum(axis=0) >= LEAST_UNITS
    return data[0].centres_nm[enough], units[:, enough]


def _mean(units: np.ndarray, distance_nm: float) -> np.ndarray:
    total = units.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return -distance_nm * total[:, 1:] / total[:, :1]


def _how(settings: Analysis) -> dict[str, float]:
    return {"draws": settings.bootstrap_draws, "confidence": settings.confidence}
