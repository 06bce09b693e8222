"""How ordered is the water in each part of a protocol, and which voltage does the sheet have meanwhile?

A changed field E charges the sheet: at first a part of V = E Lx falls across the reservoirs, and after a decrease more
than V across the sheet. What falls across it is known from where all charges are (`analyse.potential`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..errors import AnalysisError
from ..parameters import Analysis
from ..reduce import density
from . import independence, potential
from .orientation import angles
from .relaxation import steps, width
from .stats import Estimate, interval, resampled_means

#: So long after its last change a field counts as constant: the reservoirs charge in 60 to 80 ps.
STEADY_PS = 100.0


@dataclass(frozen=True)
class Point:
    """One part of a protocol: how ordered the water is, at which voltage.

    Attributes
    ----------
    way : "constant", "sweep", "rest", or that of a step ("jump, 25 ps")
    side : "up" or "down" where |E| has risen or fallen, "held" where the field is constant from the start
    field_v_nm, voltage_v : E and E Lx, mean over the part
    since_ps : (from, to) since the step, for a sweep the time from or to E = 0; (0, inf) where the field is held
    units : (replica, 5): sums over waters of cos theta, sin theta, theta^2 (rad^2), their number; voltage across the
        sheet in V
    """

    way: str
    side: str
    field_v_nm: float
    voltage_v: float
    since_ps: tuple[float, float]
    units: np.ndarray

    @property
    def steady(self) -> bool:
        """Whether the sheet has had the time to charge."""
        return self.side == "held" or self.way != "sweep" and self.since_ps[0] >= STEADY_PS

    def drawn(self, settings: Analysis, seed: int = 0) -> np.ndarray:
        """Means of resampled replicas (draws, 5); the first row is that of all replicas."""
        draws = resampled_means(self.units, None, draws=settings.bootstrap_draws, seed=seed)
        return np.concatenate([self.units.mean(axis=0)[None], draws])

    def sigma(self, settings: Analysis) -> Estimate:
        """Circular width in degrees."""
        return estimated(width(self.drawn(settings)[:, :4]), len(self.units), settings)

    def sheet_v(self, settings: Analysis) -> Estimate:
        """Voltage across the sheet in V."""
        return estimated(self.drawn(settings)[:, 4], len(self.units), settings)


def points(datasets: Mapping[str, xr.Dataset]) -> list[Point]:
    """Every part of sweeps, constant fields and field steps, and the rest that steps start from (once: it is shared).

    Widths after a step are over the second half of each part, when the water has turned; voltages over all of it.

    Raises
    ------
    AnalysisError
        if the data have no counts along x, or those of other parts than expected.
    """
    found: list[Point] = []
    for data in datasets.values():
        kind = data.attrs["kind"]
        part, parts = _sweep(data) if kind == "sine" else _steps(data) if kind == "steps" else _constant(data)
        sheet = potential.across_sheet(data)
        if sheet.shape[1] != len(parts):
            raise AnalysisError(
                f"{data.attrs.get('protocol')}: {sheet.shape[1]} profiles along x where {len(parts)} are expected: "
                "reduce its replicas again (janus-pore reduce)"
            )
        sums = _sums(data, part, len(parts))
        for k, about in enumerate(parts):
            if about is not None and not (about[0] == "rest" and any(one.way == "rest" for one in found)):
                way, side, since = about
                field = float(data.profile_field[k])
                units = np.concatenate([sums[:, k], sheet[:, k, None]], axis=1)
                found.append(Point(way, side, field, field * float(data.attrs["length_x_nm"]), since, units))
    return found


def _sweep(data: xr.Dataset) -> tuple[np.ndarray, list]:
    """Which part each frame is of (time,), -1 for none, and of each part its way, side and since_ps, or None."""
    period = float(data.attrs["period_ps"])
    part = ((data.time.values / period + 1e-9) % 1 * density.PHASES).astype(int)
    half, step, found = density.PHASES // 2, period / density.PHASES, []
    for k in range(density.PHASES):
        rising = k % half < half // 2
        from_zero = k % half if rising else half - 1 - k % half
        found.append(("sweep", "up" if rising else "down", (from_zero * step, (from_zero + 1) * step)))
    return part, found


def _constant(data: xr.Dataset) -> tuple[np.ndarray, list]:
    late = data.time.values >= float(data.attrs.get("discard_ps", 0.0)) - 1e-6
    return np.where(late, 0, -1), [("constant", "held", (0.0, np.inf))]


def _steps(data: xr.Dataset) -> tuple[np.ndarray, list]:
    time, segment = data.time.values, data.segment.values
    part, found = np.full(len(time), -1), []
    at_rest = not np.any(data.field.values[segment == 0])
    if at_rest:
        part[segment == 0] = 0
    found.append(("rest", "held", (0.0, np.inf)) if at_rest else None)
    for k, step in enumerate(steps(data), 1):
        since, duration = step.time_ps[1:], float(step.time_ps[-1])
        number, piece = density.pieces(duration), density.piece(since, duration)
        late = since / duration * number - piece > 0.5
        part[segment == k] = np.where(late, len(found) + piece, -1)
        side, length = "up" if step.direction == "forward" else "down", duration / number
        found += [(step.way, side, (p * length, (p + 1) * length)) for p in range(number)]
    return part, found


def _sums(data: xr.Dataset, part: np.ndarray, parts: int) -> np.ndarray:
    """Sums over waters (replica, part, 4) of cos theta, sin theta, theta^2 and their number."""
    theta, frame, replica = angles(data)
    chosen = part[frame] >= 0
    theta, index = theta[chosen], replica[chosen].astype(np.int64) * parts + part[frame[chosen]]
    columns, shape = (np.cos(theta), np.sin(theta), theta**2, np.ones(len(theta))), (data.sizes["replica"], parts)
    return np.stack([np.bincount(index, one, shape[0] * parts).reshape(shape) for one in columns], axis=-1)


def estimated(drawn: np.ndarray, n: int, settings: Analysis) -> Estimate:
    """The first of the draws, with the interval of the others."""
    warning = independence.few(n)
    if n < 2:
        return Estimate(float(drawn[0]), np.nan, np.nan, n, warning)
    return Estimate(float(drawn[0]), *map(float, interval(drawn[1:], n, settings.confidence)), n, warning)
