"""What each pulse of a pair or a train carried: which intervals belong to it, and its mean current in each replica."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..errors import AnalysisError
from .current import per_interval

#: Whole box, crossings of the pore's plane, and what the first holds beyond the second: the charging.
ESTIMATORS = ("box", "pore", "charging")


@dataclass(frozen=True)
class Span:
    """One segment of a protocol as the data have it: its label, times (ps, along its own path) and field (V/nm)."""

    label: str
    start_ps: float
    end_ps: float
    field_v_nm: float


@dataclass(frozen=True)
class Pulses:
    """Mean current over the first pulse and over each later one.

    Attributes
    ----------
    first : array (replica,) in nA
    later : array (replica, k) in nA: the second pulses of a pair, one a delay, or pulses 2, 3, ... of a train
    after_ps : array (k,): a pair's delays between the pulses; a train's times from the start of pulse 1 to this one's
    estimator, kind : "box", "pore" or "charging"; "pair" or "train"
    window_ps : averaged from each pulse's start
    """

    first: np.ndarray
    later: np.ndarray
    after_ps: np.ndarray
    estimator: str
    kind: str
    window_ps: float

    @property
    def units(self) -> np.ndarray:
        """(replica, 1 + k): the first pulse, then the later ones; what a bootstrap over replicas draws from."""
        return np.column_stack([self.first, self.later])


def spans(data: xr.Dataset) -> list[Span]:
    """The segments of a protocol, in its order.

    Raises
    ------
    AnalysisError
        if the data are not of pulses, or the labels are not those of their segments.
    """
    kind, labels = data.attrs.get("kind"), str(data.attrs.get("labels", "")).split("|")
    if kind not in ("pair", "train"):
        raise AnalysisError(f"{data.attrs.get('protocol')} is of kind {kind!r}: use data of kind 'pair' or 'train'")
    segment, time = data.interval_segment.values, data.interval_time.values
    if sorted(set(segment.tolist())) != list(range(len(labels))):
        raise AnalysisError(
            f"{data.attrs.get('protocol')} has {len(labels)} labels for {len(set(segment.tolist()))} segments: "
            "reduce and collect it again"
        )
    half = 0.5 * float(data.attrs["interval_ps"])
    found = []
    for k, label in enumerate(labels):
        own = time[segment == k]
        field = float(data.interval_field.values[segment == k].mean())
        found.append(Span(label, float(own.min() - half), float(own.max() + half), field))
    if sum(one.label.startswith("pulse ") for one in found) < 2:
        raise AnalysisError(f"{data.attrs.get('protocol')} has no two segments labelled 'pulse ...'")
    return found


def pulse_ps(data: xr.Dataset) -> float:
    """Width of the pulses."""
    first = next(one for one in spans(data) if one.label == "pulse 1")
    return round(first.end_ps - first.start_ps, 6)


def experiment(data: xr.Dataset) -> str:
    """Which of the paper's experiments it is: "PPF", "PPD" (pairs), "STF" or "STD" (trains).

    Facilitation is what follows a prime at a field above the pulse's (water ordered before); the rest is depression.
    """
    segments = spans(data)
    pulse = next(one for one in segments if one.label == "pulse 1")
    ordered = any(one.label == "prime" and abs(one.field_v_nm) > abs(pulse.field_v_nm) for one in segments)
    return {"pair": ("PPD", "PPF"), "train": ("STD", "STF")}[data.attrs["kind"]][ordered]


def currents(data: xr.Dataset, estimator: str, window_ps: float | None = None) -> Pulses:
    """The mean current over each pulse in each replica.

    Parameters
    ----------
    data : what `reduce.replica.collect` gives for a protocol of kind "pair" or "train"
    estimator : "box", "pore" or "charging" (box - pore: the rate at which charge piles up on both sides of the sheet)
    window_ps : average over this long from each pulse's start; None takes whole pulses. The first pulse is then
        exactly what a narrower one would have carried; a second is so only approximately, because the
        whole of the first has acted before it.

    Raises
    ------
    AnalysisError
        if the window is shorter than an interval or longer than the pulses, or the estimator is unknown.
    """
    width, interval = pulse_ps(data), float(data.attrs["interval_ps"])
    window = width if window_ps is None else float(window_ps)
    if not 0.999 * interval <= window <= 1.001 * width:
        raise AnalysisError(
            f"a window of {window:g} ps is not between an interval ({interval:g} ps) and a pulse ({width:g} ps)"
        )
    total = _total(data, estimator)
    time, segment = data.interval_time.values, data.interval_segment.values
    means, when, first = [], [], None
    for k, one in enumerate(spans(data)):
        if not one.label.startswith("pulse "):
            continue
        inside = (segment == k) & (time < one.start_ps + window - 1e-6 * interval)
        means.append(total[:, inside].mean(axis=1))
        first = one if first is None else first
        when.append(one.start_ps - (first.end_ps if data.attrs["kind"] == "pair" else first.start_ps))
    after = np.round(when[1:], 6)
    return Pulses(means[0], np.stack(means[1:], axis=1), after, estimator, data.attrs["kind"], window)


def during(data: xr.Dataset, estimator: str, label: str = "pulse 1") -> tuple[np.ndarray, np.ndarray]:
    """Time since a segment's start (t,) in ps, at the middles of its intervals, and its current (replica, t) in nA."""
    segments = spans(data)
    names = [one.label for one in segments]
    if label not in names:
        raise AnalysisError(f"no segment is labelled {label!r}; there are {', '.join(names)}")
    k = names.index(label)
    inside = data.interval_segment.values == k
    return data.interval_time.values[inside] - segments[k].start_ps, _total(data, estimator)[:, inside]


def windows(data: xr.Dataset, parts: int = 5) -> np.ndarray:
    """Averaging windows in ps, up to the whole pulse: 1/parts, 2/parts, ... of it in whole intervals."""
    interval, width = float(data.attrs["interval_ps"]), pulse_ps(data)
    steps = np.unique(np.maximum(1, np.round(np.arange(1, parts + 1) / parts * width / interval)))
    return np.round(steps * interval, 6)


def crossings(data: xr.Dataset, which: list[int] | None = None) -> dict[str, int]:
    """How many crossings stand behind the pore's currents in the pulses.

    Parameters
    ----------
    which : positions among the pulses (0 is the first); None takes all

    Returns
    -------
    dict with `gross`, ions that crossed in either direction (net within an interval); `net`, charges that got to the +x
    side, in e; and `carriers`, pulses of single replicas through which a net charge went: what there is of
    independent events
    """
    ks = [k for k, one in enumerate(spans(data)) if one.label.startswith("pulse ")]
    ks = ks if which is None else [ks[k] for k in which]
    segment, sign = data.interval_segment.values, np.array([1 if s == "K" else -1 for s in data.species.values])
    moved = data.crossings.transpose("replica", "interval", "species").values.astype(int)
    charge = np.stack([(moved[:, segment == k] * sign).sum(axis=(1, 2)) for k in ks])
    gross = int(np.abs(moved[:, np.isin(segment, ks)]).sum())
    return {"gross": gross, "net": int(charge.sum()), "carriers": int(np.count_nonzero(charge))}


def _total(data: xr.Dataset, estimator: str) -> np.ndarray:
    """Current of both species together (replica, interval) in nA."""
    if estimator not in ESTIMATORS:
        raise AnalysisError(f"estimator {estimator!r} is unknown: use {', '.join(map(repr, ESTIMATORS))}")
    names = ("box", "pore") if estimator == "charging" else (estimator,)
    parts = [per_interval(data, name).sel(species="total").values.astype(float) for name in names]
    return parts[0] - parts[1] if len(parts) == 2 else parts[0]
