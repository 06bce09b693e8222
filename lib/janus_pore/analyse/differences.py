"""What does each choice that the paper leaves open change? Configurations against one of them, at the same voltage.

Errors from blocks of one run miss what changes more slowly than the run is long, an ion that lodges in the pore, say.
How much they miss is seen where a configuration has several replicas, and all errors are widened by that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from ..parameters import Analysis
from . import current, orientation
from .independence import few
from .stats import Estimate

#: What is compared: its unit.
QUANTITIES = {"sigma_fit": "degrees", "sigma": "degrees", "mean_cos": "1", "box": "nA"}
_SAME_V = 0.02
_COLUMNS = ["configuration", "volt", "quantity", "base", "here", "difference", "sigmas"]


def repeats(lines: Mapping[str, Mapping[str, xr.Dataset]], settings: Analysis) -> pd.DataFrame:
    """Each replica of a configuration minus the one before it, at the same voltage.

    The columns are those of `against`; `configuration` says which replicas, counted from one ("a: 2 - 1").

    Parameters
    ----------
    lines : data of each configuration, as `reduce.replica.collect` gives them, by protocol name
    """
    rows = []
    for name, holds in lines.items():
        for data in _ordered(holds):
            states = [_state(data, k, settings) for k in range(data.sizes["replica"])]
            for k, (here, there) in enumerate(zip(states[1:], states, strict=False)):
                rows += _rows(f"{name}: {k + 2} - {k + 1}", data, here, there, dict.fromkeys(QUANTITIES, 1.0))
    return pd.DataFrame(rows, columns=_COLUMNS)


def scatter(repeated: pd.DataFrame) -> dict[str, float]:
    """By quantity, the factor (1 or more) by which errors of blocks fall short of how replicas scatter.

    The root of the mean square of `sigmas` of what `repeats` gives; 1 where there is no pair of replicas.
    """
    found = {}
    for name in QUANTITIES:
        sigmas = repeated.sigmas[repeated.quantity == name].to_numpy(dtype=float)
        found[name] = max(1.0, float(np.sqrt(np.mean(sigmas**2)))) if len(sigmas) else 1.0
    return found


def against(
    lines: Mapping[str, Mapping[str, xr.Dataset]], base: str, settings: Analysis, factor: Mapping[str, float]
) -> pd.DataFrame:
    """Steady states at constant fields, minus those of one configuration at the same V = E Lx.

        difference = a - b,   error = factor sqrt(error_a^2 + error_b^2)

    Parameters
    ----------
    lines : as for `repeats`
    base : the configuration that the others are compared with
    factor : what `scatter` gives

    Returns
    -------
    DataFrame, one row a configuration, voltage and quantity, without the voltages that one of the two lacks:
    `configuration`, `volt`, `quantity` (`QUANTITIES`: sigma_theta of the Gaussian fit and circular, <cos theta>, the
    whole box's current), `base`, `here` and `difference` (`Estimate`), and `sigmas`, the difference over its error

    Raises
    ------
    KeyError
        if there is no configuration `base`.
    """
    known = {_volt(data): _state(data, None, settings) for data in _ordered(lines[base])}
    rows = []
    for name, holds in lines.items():
        for data in _ordered(holds) if name != base else ():
            same = [volt for volt in known if abs(volt - _volt(data)) <= _SAME_V]
            if same:
                rows += _rows(name, data, _state(data, None, settings), known[same[0]], factor)
    return pd.DataFrame(rows, columns=_COLUMNS)


def _rows(
    name: str,
    data: xr.Dataset,
    here: Mapping[str, Estimate],
    there: Mapping[str, Estimate],
    factor: Mapping[str, float],
) -> list[tuple]:
    rows = []
    for quantity in QUANTITIES:
        one, other = here[quantity], there[quantity]
        error, n = factor[quantity] * math.hypot(one.error, other.error), min(one.n, other.n)
        by = one.value - other.value
        difference = Estimate(by, by - error, by + error, n, few(n))
        rows.append((name, _volt(data), quantity, other, one, difference, by / error if error else math.nan))
    return rows


def _state(data: xr.Dataset, replica: int | None, settings: Analysis) -> dict[str, Estimate]:
    """Every quantity of `QUANTITIES`, of one replica or of all."""
    theta, frame, whose = orientation.angles(data)
    chosen = np.ones(len(theta), dtype=bool) if replica is None else whose == replica
    seen, _ = orientation.grouped(data, theta[chosen], frame[chosen], whose[chosen], settings)
    part = data if replica is None else data.isel(replica=[replica])
    flow = current.ladder({"": part}, settings).sel(species="total").isel(bin=0)
    return {
        "sigma_fit": orientation.width(seen, settings, "fit"),
        "sigma": orientation.width(seen, settings, "circular"),
        "mean_cos": orientation.mean_cos(seen, settings),
        "box": Estimate(*(float(flow[name]) for name in ("current", "low", "high")), int(flow.effective)),
    }


def _ordered(holds: Mapping[str, xr.Dataset]) -> list[xr.Dataset]:
    return sorted(holds.values(), key=_volt)


def _volt(data: xr.Dataset) -> float:
    return round(float(data.field[0]) * data.attrs["length_x_nm"], 3)
