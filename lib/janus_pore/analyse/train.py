"""How the pore's water is ordered along a train of pulses: sigma_theta against time (Fig 5C)."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..errors import AnalysisError
from ..parameters import Analysis
from .orientation import angles
from .pulses import pulse_ps, spans
from .stats import Estimate, bootstrap, expanded

#: A width of fewer waters than this is not given: it would be too small, and 0 for one water.
FEW_WATERS = 10


def width_in_time(data: xr.Dataset, settings: Analysis, bin_ps: float | None = None) -> xr.Dataset:
    """Circular standard deviation of theta over all replicas in bins of time, with its interval over replicas.

    Parameters
    ----------
    data : of a train (a chain of segments); bins never cross from one segment into the next
    bin_ps : about this wide; None takes a fifth of a pulse

    Returns
    -------
    Dataset (bin,): `sigma`, `low`, `high` in degrees, `waters` seen; coordinate `time` (ps, the bin's middle).
    NaN where fewer than ten waters were seen.

    Raises
    ------
    AnalysisError
        if the data are not of a train.
    """
    if data.attrs.get("kind") != "train":
        raise AnalysisError(f"{data.attrs.get('protocol')} is not a train: its times do not follow one another")
    asked = pulse_ps(data) / 5 if bin_ps is None else bin_ps
    step = float(data.attrs["interval_ps"])
    edges = [0.0]
    for one in spans(data):
        steps = round((one.end_ps - one.start_ps) / step)
        bins = max(1, min(steps, round((one.end_ps - one.start_ps) / asked)))
        edges += (one.start_ps + step * np.round(np.arange(1, bins + 1) * steps / bins)).tolist()
    edges = np.array(edges)
    # a frame at an edge ends the bin before it, as it ends its segment
    index = np.clip(np.searchsorted(edges, data.time.values - 1e-6 * step) - 1, 0, len(edges) - 2)
    sums = _sums(data, index, len(edges) - 1)
    value, low, high = bootstrap(
        sums, _sigma, draws=settings.bootstrap_draws, confidence=expanded(settings.confidence, len(sums))
    )
    return xr.Dataset(
        {name: ("bin", x, {"units": "degrees"}) for name, x in (("sigma", value), ("low", low), ("high", high))}
        | {"waters": ("bin", sums[..., 2].sum(axis=0))},
        coords={"time": ("bin", 0.5 * (edges[1:] + edges[:-1]), {"units": "ps"})},
        attrs={"n": len(sums)},
    )


def in_pulses(data: xr.Dataset) -> np.ndarray:
    """sigma_theta in each pulse of a train, all replicas together, array (pulse,) in degrees; NaN for few waters."""
    return _sigma(_sums(data, data.segment.values, len(spans(data))))[_pulses(data)]


def width_change(data: xr.Dataset, settings: Analysis) -> Estimate | None:
    """sigma_theta in the last pulse minus that in the first, in degrees; None if either saw fewer than ten waters."""
    pulses = _pulses(data)
    place = np.full(len(spans(data)), 2)
    place[[pulses[0], pulses[-1]]] = 0, 1
    sums = _sums(data, place[data.segment.values], 3)[:, :2]
    value, low, high = bootstrap(
        sums, lambda u: np.diff(_sigma(u))[0], draws=settings.bootstrap_draws,
        confidence=expanded(settings.confidence, len(sums)),
    )  # fmt: skip
    return Estimate(float(value), float(low), float(high), len(sums)) if np.isfinite(value) else None


def _pulses(data: xr.Dataset) -> list[int]:
    """Which of the segments are pulses."""
    return [k for k, one in enumerate(spans(data)) if one.label.startswith("pulse ")]


def _sums(data: xr.Dataset, group: np.ndarray, groups: int) -> np.ndarray:
    """(replica, group, 3): sums of cos and sin of theta and the number of waters; `group` (time,) of each frame."""
    theta, frame, replica = angles(data)
    slot = replica.astype(np.int64) * groups + group[frame]
    size = data.sizes["replica"] * groups
    columns = [np.bincount(slot, weights, size) for weights in (np.cos(theta), np.sin(theta), np.ones(len(theta)))]
    return np.stack(columns, axis=-1).reshape(data.sizes["replica"], groups, 3)


def _sigma(sums: np.ndarray) -> np.ndarray:
    """sqrt(-2 ln R) in degrees, from (replica, ..., 3)."""
    cos, sin, n = np.moveaxis(sums.sum(axis=0), -1, 0)
    n = np.where(n < FEW_WATERS, np.nan, n)
    with np.errstate(divide="ignore"):
        return np.degrees(np.sqrt(np.abs(2 * np.log(np.minimum(np.hypot(cos, sin) / n, 1.0)))))
