"""What does each choice that the paper leaves open change? Configurations against one of them, at the same voltage."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd
import xarray as xr

from ..parameters import Analysis
from . import current, orientation
from .independence import few
from .stats import Estimate

#: What is compared: its unit.
QUANTITIES = {"sigma_fit": "degrees", "sigma": "degrees", "mean_cos": "1", "box": "nA"}
_SAME_V = 0.02


def against(lines: Mapping[str, Mapping[str, xr.Dataset]], base: str, settings: Analysis) -> pd.DataFrame:
    """Steady states at constant fields, minus those of one configuration at the same V = E Lx.

        difference = a - b,   error = sqrt(error_a^2 + error_b^2)

    Parameters
    ----------
    lines : data of each configuration, as `reduce.replica.collect` gives them, by protocol name
    base : the configuration that the others are compared with

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
    known = _states(lines[base], settings)
    rows = []
    for name, one in lines.items():
        for volt, state in _states(one, settings).items() if name != base else ():
            same = [other for other in known if abs(other - volt) <= _SAME_V]
            for quantity in QUANTITIES if same else ():
                here, there = state[quantity], known[same[0]][quantity]
                error, n = math.hypot(here.error, there.error), min(here.n, there.n)
                by = here.value - there.value
                difference = Estimate(by, by - error, by + error, n, few(n))
                rows.append(
                    (name, round(volt, 3), quantity, there, here, difference, by / error if error else math.nan)
                )
    columns = ["configuration", "volt", "quantity", "base", "here", "difference", "sigmas"]
    return pd.DataFrame(rows, columns=columns)


def _states(holds: Mapping[str, xr.Dataset], settings: Analysis) -> dict[float, dict[str, Estimate]]:
    """By voltage (V), every quantity of `QUANTITIES`."""
    found = {}
    for data in sorted(holds.values(), key=lambda one: float(one.field[0])):
        seen = orientation.samples(data, settings)
        flow = current.ladder({"": data}, settings).sel(species="total").isel(bin=0)
        found[float(data.field[0]) * data.attrs["length_x_nm"]] = {
            "sigma_fit": orientation.width(seen, settings, "fit"),
            "sigma": orientation.width(seen, settings, "circular"),
            "mean_cos": orientation.mean_cos(seen, settings),
            "box": Estimate(*(float(flow[name]) for name in ("current", "low", "high")), int(flow.effective)),
        }
    return found
