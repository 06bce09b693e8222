"""How ordered is the water in each part of a protocol, and which voltage does the sheet have meanwhile?

A changed field E charges the sheet: at first a part of V = E Lx falls across the reservoirs, and after a decrease more
than V across the sheet. What falls across it is known from where all charges are (`analyse.potential`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from ..errors import AnalysisError
from ..parameters import Analysis
from ..reduce import density
from . import independence, potential
from .cycles import phase_bins, settled
from .orientation import angles
from .relaxation import steps, width
from .stats import Estimate, interval, resampled_means

#: So long after its last change a field counts as constant: the reservoirs charge in 60 to 90 ps.
STEADY_PS = 100.0
#: Moments of a sixteenth of a sweep at which the voltage that changes meanwhile is taken.
_MOMENTS = 8


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
    offsets_v : (moment,): by how much the voltage across the sheet is another than its mean over the part while the
        angles are taken
    protocol : that it is a part of
    """

    way: str
    side: str
    field_v_nm: float
    voltage_v: float
    since_ps: tuple[float, float]
    units: np.ndarray
    offsets_v: np.ndarray = field(default_factory=lambda: np.zeros(1))
    protocol: str = ""

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


def points(datasets: Mapping[str, xr.Dataset], settings: Analysis) -> list[Point]:
    """Every part of sweeps, constant fields and field steps, and the rest that steps start from (once: it is shared).

    Widths after a step are over the second half of each part, when the water has turned, and those of a constant field
    from `STEADY_PS` on, if it is held for longer; voltages are over all of a part.

    Raises
    ------
    AnalysisError
        if the data have no counts along x, or those of other parts than expected.
    """
    found: list[Point] = []
    for data in datasets.values():
        kind = data.attrs["kind"]
        how = {"sine": _sweep, "steps": _steps}.get(kind, lambda data: _constant(data, settings))
        part, parts = how(data)
        sheet = potential.across_sheet(data)
        if sheet.shape[1] != len(parts):
            raise AnalysisError(
                f"{data.attrs.get('protocol')}: {sheet.shape[1]} profiles along x where {len(parts)} are expected: "
                "reduce its replicas again (janus-pore reduce)"
            )
        sums, mean_v = _sums(data, part, len(parts)), sheet.mean(axis=0)
        for k, about in enumerate(parts):
            if about is not None and not (about[0] == "rest" and any(one.way == "rest" for one in found)):
                way, side, since = about
                applied = float(data.profile_field[k])
                volts = applied * float(data.attrs["length_x_nm"])
                units = np.concatenate([sums[:, k], sheet[:, k, None]], axis=1)
                offsets, name = _offsets(kind, parts, mean_v, k), str(data.attrs.get("protocol", ""))
                found.append(Point(way, side, applied, volts, since, units, offsets, name))
    return found


def _offsets(kind: str, parts: list, mean_v: np.ndarray, k: int) -> np.ndarray:
    """`Point.offsets_v` of part k, from the mean voltages (part,) of the parts before and after it, linear between.

    After a step angles are of the second half of a part, about a quarter of the way to the next one; with no next one
    at the same field nothing is known of it.
    """
    if kind == "sine":
        own = mean_v[-density.PHASES :]  # of the periods that repeat themselves
        around = np.take(own, k % density.PHASES + np.array([-1, 0, 1]), mode="wrap")
        moments = (np.arange(_MOMENTS) + 0.5) / _MOMENTS - 0.5
        along = np.interp(moments, [-1.0, 0.0, 1.0], around)
        return along - along.mean()
    if kind == "steps" and k + 1 < len(parts) and parts[k + 1][2][0] > 0 and parts[k] is not None:
        return np.array([0.25 * (mean_v[k + 1] - mean_v[k])])
    return np.zeros(1)


def _sweep(data: xr.Dataset) -> tuple[np.ndarray, list]:
    """Which part each frame is of (time,), -1 for none, and of each part its way, side and since_ps, or None.

    The first period has parts of its own, which are left out where there are later ones (`cycles.settled`).
    """
    period, time = float(data.attrs["period_ps"]), data.time.values
    _, phase = phase_bins(time, period, density.PHASES)
    late = settled(time, period)
    first = 0 if late.all() else density.PHASES
    part = np.where(late, first + phase, -1)
    half, step, found = density.PHASES // 2, period / density.PHASES, [None] * first
    for k in range(density.PHASES):
        rising = k % half < half // 2
        from_zero = k % half if rising else half - 1 - k % half
        found.append(("sweep", "up" if rising else "down", (from_zero * step, (from_zero + 1) * step)))
    return part, found


def _constant(data: xr.Dataset, settings: Analysis) -> tuple[np.ndarray, list]:
    discard_ps = float(data.attrs.get("discard_ps", settings.discard_ps))
    begin = max(discard_ps, STEADY_PS) if data.time.values[-1] > STEADY_PS else discard_ps
    return np.where(data.time.values >= begin - 1e-6, 0, -1), [("constant", "held", (0.0, np.inf))]


def _steps(data: xr.Dataset) -> tuple[np.ndarray, list]:
    time, segment = data.time.values, data.segment.values
    part, found = np.full(len(time), -1), []  # of the time before the first step, the first piece stands for all
    at_rest = not np.any(data.field.values[segment == 0])
    first = time[segment == 0]
    found += [("rest", "held", (0.0, np.inf)) if at_rest else None] * density.pieces(first[-1])
    if at_rest:
        part[segment == 0] = density.piece(first, first[-1])
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
