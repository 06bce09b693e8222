"""Does the order of the water follow the voltage across the sheet, or does it remember more than that?

At one field E the sheet may have another voltage on the way up than on the way down (`analyse.ordered`), and the water
in its pore another order, with no memory of its own. Water without memory has the width that a constant field has at
that voltage, so

    left = (sigma_up - sigma_down) - (steady(V_up) - steady(V_down))

is zero then, with steady(V) from constant fields, and from no field, of the same system.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..parameters import Analysis
from .ordered import Point, estimated
from .relaxation import width
from .stats import Estimate


@dataclass(frozen=True)
class Memory:
    """What is left of the difference of two ways to one field when the voltage across the sheet is taken into account.

    Attributes
    ----------
    up, down : the two
    seen, expected, left : sigma_up - sigma_down in degrees; what constant fields have at these voltages; the difference
    failed : why the last two are None; empty if they are not
    """

    up: Point
    down: Point
    seen: Estimate
    expected: Estimate | None
    left: Estimate | None
    failed: str = ""


def memories(found: Iterable[Point], settings: Analysis) -> list[Memory]:
    """All pairs of an `up` and a `down` point of one way, field and time, in the order of the up ones."""
    found = list(found)
    steady = curve(found, settings)
    pairs = [(up, down) for up in found for down in found if _both_sides(up, down)]
    return [_memory(up, down, steady, settings) for up, down in pairs]


def longest_stay(pairs: Iterable[Memory]) -> list[Point]:
    """Both sides of the step, after which the field stayed for longest, in all its parts; empty if there is none."""
    stays = [one for one in pairs if one.up.way != "sweep"]
    if not stays:
        return []
    last = max(stays, key=lambda one: one.up.since_ps[1]).up
    same = [one for one in stays if one.up.way == last.way and np.isclose(one.up.field_v_nm, last.field_v_nm)]
    return [side for one in same for side in (one.up, one.down)]


def expected(point: Point, steady: tuple[np.ndarray, np.ndarray], settings: Analysis) -> Estimate | None:
    """sigma in degrees that a steady field has at a point's voltage across the sheet; None beyond the `curve`."""
    drawn = _at(steady, point.drawn(settings)[:, 4])
    return estimated(drawn, len(point.units), settings) if np.isfinite(drawn[0]) else None


def curve(found: Iterable[Point], settings: Analysis) -> tuple[np.ndarray, np.ndarray]:
    """The steady points: voltage across the sheet in V and sigma in degrees, both (1 + draws, fields), V rising.

    Points of one field are put together. The first row is that of all replicas, the others of resampled ones; those of
    a field that has one replica are alike.
    """
    groups: dict[float, list[tuple[int, np.ndarray]]] = {}
    for k, one in enumerate(point for point in found if point.steady):
        drawn = one.drawn(settings, seed=1000 + k)
        groups.setdefault(round(one.voltage_v, 3), []).append((len(one.units), drawn))
    if not groups:
        return np.empty((1, 0)), np.empty((1, 0))
    means = [sum(n * drawn for n, drawn in group) / sum(n for n, _ in group) for group in groups.values()]
    volts, sigma = np.stack([one[:, 4] for one in means], 1), np.stack([width(one[:, :4]) for one in means], 1)
    order = np.argsort(volts, axis=1)
    return np.take_along_axis(volts, order, axis=1), np.take_along_axis(sigma, order, axis=1)


def _memory(up: Point, down: Point, steady: tuple[np.ndarray, np.ndarray], settings: Analysis) -> Memory:
    drawn = [one.drawn(settings, seed) for seed, one in enumerate((up, down))]
    n = min(len(up.units), len(down.units))
    seen = width(drawn[0][:, :4]) - width(drawn[1][:, :4])
    known = [_at(steady, one[:, 4]) for one in drawn]
    if outside := [one for one, sigma in zip((up, down), known, strict=True) if not np.isfinite(sigma[0])]:
        volts = ", ".join(f"{one.units[:, 4].mean():.3g}" for one in outside)
        failed = f"no constant fields on both sides of {volts} V: run some"
        return Memory(up, down, estimated(seen, n, settings), None, None, failed)
    by_voltage = known[0] - known[1]
    return Memory(up, down, *(estimated(one, n, settings) for one in (seen, by_voltage, seen - by_voltage)))


def _at(steady: tuple[np.ndarray, np.ndarray], volts: np.ndarray) -> np.ndarray:
    """Width (draws,) of the curve at voltages (draws,), its logarithm linear between points; NaN beyond them."""
    x, y = (np.broadcast_to(one, (len(volts), one.shape[1])) for one in steady)
    if x.shape[1] < 2:
        return np.full(len(volts), np.nan)
    rows = zip(volts, x, np.log(y), strict=True)
    return np.exp([np.interp(v, at, of, left=np.nan, right=np.nan) for v, at, of in rows])


def _both_sides(up: Point, down: Point) -> bool:
    if (up.side, down.side) != ("up", "down") or up.way != down.way or not np.allclose(up.since_ps, down.since_ps):
        return False
    return abs(up.field_v_nm - down.field_v_nm) < 0.05 * max(abs(up.field_v_nm), abs(down.field_v_nm))
