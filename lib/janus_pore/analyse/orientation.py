"""How the water in the pore points: P(theta), its Gaussian width sigma_theta and its circular moments (Fig 2B, 2C).

For E < 0 angles are turned by 180 degrees, so that 0 is always "along the field".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.optimize import curve_fit

from ..errors import AnalysisError
from ..parameters import Analysis
from ..units import is_forward
from . import independence
from .cycles import phase_bins, settled
from .fold import fold_angles, sense
from .stats import Estimate, bootstrap, estimate, share_of, widened

#: Gaussian fits are costly: at most this many bootstrap draws for them.
_FIT_DRAWS = 200


@dataclass(frozen=True)
class Samples:
    """Angles (rad, folded) with the field (V/nm), branch, unit (cycle or block) and replica of each; arrays (n,).

    Replicas that belong together count as one (`independence.together`).
    """

    theta: np.ndarray
    field: np.ndarray
    forward: np.ndarray
    unit: np.ndarray
    replica: np.ndarray

    def select(self, field_v_nm: float, half_width_v_nm: float, branch: str) -> Samples:
        """Those within a window of the field, on one branch ("forward", "reverse" or "both")."""
        chosen = np.abs(self.field - field_v_nm) <= half_width_v_nm
        if branch != "both":
            chosen &= self.forward == (branch == "forward")
        return self.where(chosen)

    def where(self, chosen: np.ndarray) -> Samples:
        """Those marked in an array (n,) of bool."""
        everything = (self.theta, self.field, self.forward, self.unit, self.replica)
        return Samples(*(one[chosen] for one in everything))


def samples(data: xr.Dataset, settings: Analysis) -> Samples:
    """All angles of a collected dataset.

    Units: `cycles.settled` of a sweep, blocks of `current_window_ps` (after `discard_ps`) at a constant field.
    """
    return grouped(data, *angles(data), settings)[0]


def grouped(
    data: xr.Dataset, theta: np.ndarray, frame: np.ndarray, replica: np.ndarray, settings: Analysis
) -> tuple[Samples, np.ndarray]:
    """Angles (n,) with field, branch and unit, as `samples` gives them, and which of the n were kept (n,)."""
    time, field = data.time.values, data.field.values
    period = float(data.attrs.get("period_ps", 0))
    if period:
        group = np.minimum(phase_bins(time, period, 1)[0], round(time[-1] / period) - 1)
        rising, keep = is_forward(time, period), settled(time, period)
    else:
        late = (time - settings.discard_ps) / settings.current_window_ps
        group = np.minimum((late + 1e-9).astype(int), max(round(late[-1]) - 1, 0))  # a closing frame is no block
        rising, keep = np.ones(len(time), dtype=bool), time >= settings.discard_ps
    kept = keep[frame]
    theta, frame, replica = theta[kept], frame[kept], replica[kept]
    unit = replica.astype(np.int64) * (int(group.max()) + 1) + group[frame]
    return Samples(theta, field[frame], rising[frame], unit, independence.together(data)[replica]), kept


def angles(data: xr.Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every water seen in the pore region: angle from the field (rad, folded), its frame and its replica, arrays (n,).

    Frame and replica are positions along `time` and `replica` of the collected data.

    Raises
    ------
    AnalysisError
        if theta is not in rad.
    """
    if data.theta.attrs.get("units") != "rad":
        raise AnalysisError(f"theta is in {data.theta.attrs.get('units')!r}, expected 'rad'")
    frame, replica = data.theta_frame.values, data.theta_replica.values
    return fold_angles(data.theta.values.astype(float), sense(data.field.values)[frame]), frame, replica


def distribution(theta: np.ndarray, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Bin centres (degrees) and probability density (per degree), arrays (bins,)."""
    density, edges = np.histogram(np.degrees(theta), bins=bins, range=(-180, 180), density=True)
    return (edges[1:] + edges[:-1]) / 2, density


def gaussian_fit(centres_deg: np.ndarray, density: np.ndarray) -> tuple[float, float]:
    """Mean and width (degrees) of the Gaussian of the paper fitted to a density; NaN, NaN if it does not converge.

    P = exp(-(theta - mu)^2 / 2 sigma^2) / (sqrt(2 pi) sigma), with no free amplitude.
    """

    def gaussian(x: np.ndarray, mu: float, sigma: float) -> np.ndarray:
        return np.exp(-((x - mu) ** 2) / (2 * sigma**2)) / (np.sqrt(2 * np.pi) * abs(sigma))

    total = density.sum()
    if not total > 0:
        return float("nan"), float("nan")
    phase = np.sum(density * np.exp(1j * np.radians(centres_deg))) / total
    length = min(max(abs(phase), 1e-3), 1 - 1e-6)
    start = (np.degrees(np.angle(phase)), np.degrees(np.sqrt(-2 * np.log(length))))
    try:
        (mu, sigma), _ = curve_fit(gaussian, centres_deg, density, p0=start, maxfev=2000)
    except RuntimeError:
        return float("nan"), float("nan")
    return float(mu), float(abs(sigma))


def circular(theta: np.ndarray) -> dict[str, float]:
    """Circular moments: mean direction and standard deviation sqrt(-2 ln R) in degrees, <cos theta>, R."""
    phase = np.exp(1j * np.asarray(theta)).mean()
    length = min(abs(phase), 1.0)
    spread = float(np.degrees(np.sqrt(-2 * np.log(length)))) if length > 0 else float("inf")
    return {
        "mean_deg": float(np.degrees(np.angle(phase))),
        "sigma_deg": spread + 0.0,
        "mean_cos": float(phase.real),
        "resultant": float(length),
    }


def width(chosen: Samples, settings: Analysis, how: str) -> Estimate:
    """sigma_theta in degrees with its bootstrap interval: over replicas where there are enough, else over units.

    The interval is widened where units are correlated or replicas differ (`independence.judge` of their <cos theta>):
    an ion that lodges in the pore changes its water for as long as it stays. The warning says so where it is plain.

    Parameters
    ----------
    chosen : angles of one window and branch
    how : "fit" (the paper's Gaussian fit of the histogram) or "circular" (sqrt(-2 ln R))

    Raises
    ------
    AnalysisError
        if the window holds no angle.
    """
    index, count, judged = _units(chosen)
    share = share_of(judged, settings.confidence)
    if how == "circular":
        phases = np.exp(1j * chosen.theta)
        weights = (phases.real, phases.imag, None)
        sums = np.stack([np.bincount(index, one, count) for one in weights], axis=1)

        def of(rows: np.ndarray) -> np.ndarray:
            c, s, n = rows.sum(axis=0)
            return np.degrees(np.sqrt(-2 * np.log(min(np.hypot(c, s) / n, 1.0))))

        value, low, high = bootstrap(sums, of, draws=settings.bootstrap_draws, confidence=share)
    elif how == "fit":
        edges = np.linspace(-180, 180, settings.angle_bins + 1)
        centres, step = (edges[1:] + edges[:-1]) / 2, edges[1] - edges[0]
        counts = np.stack([np.histogram(np.degrees(chosen.theta[index == k]), edges)[0] for k in range(count)])

        def of(rows: np.ndarray) -> np.ndarray:
            total = rows.sum(axis=0)
            return np.array(gaussian_fit(centres, total / (total.sum() * step))[1])

        draws = min(settings.bootstrap_draws, _FIT_DRAWS)
        value, low, high = bootstrap(counts, of, draws=draws, confidence=share)
    else:
        raise AnalysisError(f"how={how!r} is unknown: use 'fit' or 'circular'")
    return widened(Estimate(float(value), float(low), float(high), count), judged, least=0.0)


def mean_cos(chosen: Samples, settings: Analysis) -> Estimate:
    """<cos theta> with its interval, as for `width`; 1 is along the field, 0 is no order.

    Raises
    ------
    AnalysisError
        if the window holds no angle.
    """
    index, _, judged = _units(chosen)
    sums = np.stack([np.bincount(index, np.cos(chosen.theta)), np.bincount(index)], axis=1)
    found = estimate(
        sums, lambda rows: float(rows[:, 0].sum() / rows[:, 1].sum()),
        draws=settings.bootstrap_draws, confidence=share_of(judged, settings.confidence),
    )  # fmt: skip
    return widened(found, judged, least=-1.0, most=1.0)


def against_field(data: Samples, fields_v_nm: np.ndarray, half_width_v_nm: float, settings: Analysis) -> xr.Dataset:
    """sigma_theta(E) on both branches (Fig 2C): `fit`, `circular` and `mean_cos` with intervals, numbers of waters.

    Returns
    -------
    Dataset (branch, field); values are NaN where a window is empty. sigma in degrees.
    """
    with_interval = ("fit", "circular", "mean_cos")
    names = [f"{name}{end}" for name in with_interval for end in ("", "_low", "_high")] + ["waters", "units"]
    table = np.full((len(names), 2, len(fields_v_nm)), np.nan)
    for i, branch in enumerate(("forward", "reverse")):
        for j, field in enumerate(fields_v_nm):
            chosen = data.select(field, half_width_v_nm, branch)
            table[-2:, i, j] = len(chosen.theta), len(np.unique(chosen.unit))
            if not len(chosen.theta):
                continue
            found = [width(chosen, settings, how) for how in ("fit", "circular")] + [mean_cos(chosen, settings)]
            table[:-2, i, j] = [x for one in found for x in (one.value, one.low, one.high)]
    coords = {"branch": ["forward", "reverse"], "field": ("field", np.asarray(fields_v_nm), {"units": "V/nm"})}
    return xr.Dataset({name: (("branch", "field"), table[k]) for k, name in enumerate(names)}, coords=coords)


def _units(chosen: Samples) -> tuple[np.ndarray, int, independence.Independence]:
    """What is drawn: which of it each angle belongs to, how many there are, and how independent they are."""
    if not len(chosen.theta):
        raise AnalysisError("no water was in the pore in this window of the field: widen it or run longer")
    labels, first, index = np.unique(chosen.unit, return_index=True, return_inverse=True)
    whose = chosen.replica[first]
    if independence.by_group(whose):
        labels, index = np.unique(chosen.replica, return_inverse=True)
        whose = labels
    waters = np.bincount(index)
    means = np.bincount(index, np.cos(chosen.theta)) / waters
    return index, len(labels), independence.judge(means, whose, weights=waters)
