"""Does the order of the water follow the voltage across the sheet, or does it remember more than that?

At one field E the sheet may have another voltage on the way up than on the way down (`analyse.ordered`), and the water
in its pore another order, with no memory of its own. Water without memory has the width that a constant field has at
that voltage, so

    left = (sigma_up - sigma_down) - (steady(V_up) - steady(V_down))

is zero then, with steady(V) from constant fields, and from no field, of the same system: the circular width of the
mean of (cos theta, sin theta) from +x, which is linear in V between them. Where the voltage changes while the angles
are taken (`Point.offsets_v`), that mean is taken over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

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
    others : (expected, left, failed) by the constant fields of other boxes, by name
    """

    up: Point
    down: Point
    seen: Estimate
    expected: Estimate | None
    left: Estimate | None
    failed: str = ""
    others: Mapping[str, tuple[Estimate | None, Estimate | None, str]] = field(default_factory=dict)


def memories(found: Iterable[Point], settings: Analysis, others: Mapping[str, Curve] | None = None) -> list[Memory]:
    """All pairs of an `up` and a `down` point of one way, field and time, in the order of the up ones.

    Parameters
    ----------
    others : curves of other boxes, by name, which the same is asked of
    """
    found = list(found)
    pairs = [(up, down) for up in found for down in found if _both_sides(up, down)]
    return [_memory(up, down, curve_for(up, found, settings), settings, others or {}) for up, down in pairs]


def longest_stay(pairs: Iterable[Memory]) -> list[Point]:
    """Both sides of the step, after which the field stayed for longest, in all its parts; empty if there is none."""
    stays = [one for one in pairs if one.up.way != "sweep"]
    if not stays:
        return []
    last = max(stays, key=lambda one: one.up.since_ps[1]).up
    same = [one for one in stays if one.up.way == last.way and np.isclose(one.up.field_v_nm, last.field_v_nm)]
    return [side for one in same for side in (one.up, one.down)]


def expected(point: Point, steady: Curve, settings: Analysis) -> Estimate | None:
    """sigma in degrees of water that follows the voltage across the sheet at a point; None beyond the `curve`."""
    drawn = steady.at(point, point.drawn(settings)[:, 4])
    return estimated(drawn, steady.behind(point), settings) if np.isfinite(drawn[0]) else None


@dataclass(frozen=True)
class Curve:
    """Order of steady points against the voltage across the sheet.

    Attributes
    ----------
    volts : array (1 + draws, fields), rising, in V: of all replicas, then of resampled ones
    means : array (1 + draws, fields, 4), what `relaxation.width` takes, for a single water: mean of cos theta and
        sin theta from +x, of theta^2 from the field, and 1
    runs : array (fields,), replicas behind each
    """

    volts: np.ndarray
    means: np.ndarray
    runs: np.ndarray

    @property
    def sigma(self) -> np.ndarray:
        """Circular width (1 + draws, fields) in degrees."""
        return width(self.means)

    def at(self, point: Point, volts: np.ndarray) -> np.ndarray:
        """Width (draws,) that water without memory has at a point, in degrees; NaN beyond the fields.

        What the voltage does within the part may reach beyond the fields: the outermost one's order is taken there.

        Parameters
        ----------
        volts : array (draws,), the point's mean voltage across the sheet
        """
        x, y = (np.broadcast_to(one, (len(volts), *one.shape[1:])) for one in (self.volts, self.means))
        if x.shape[1] < 2:
            return np.full(len(volts), np.nan)
        rows = zip(volts[:, None] + point.offsets_v, x, y, strict=True)
        found = width(np.array([[np.interp(v, at, one).mean() for one in of.T] for v, at, of in rows]))
        return np.where((volts >= x[:, 0]) & (volts <= x[:, -1]), found, np.nan)

    def along(self, volts: np.ndarray) -> np.ndarray:
        """Width (n,) in degrees at constant voltages (n,), of all replicas."""
        return width(np.stack([np.interp(volts, self.volts[0], one) for one in self.means[0].T], axis=-1))

    def behind(self, *points: Point) -> int:
        """Fewest replicas behind some points and the fields on both sides of each."""
        fewest = [len(one.units) for one in points]
        for one in points:
            where = np.interp(one.units[:, 4].mean() + one.offsets_v, self.volts[0], np.arange(len(self.runs)))
            fewest += [*self.runs[np.floor(where).astype(int)], *self.runs[np.ceil(where).astype(int)]]
        return int(min(fewest))


def curve(found: Iterable[Point], settings: Analysis) -> Curve:
    """The steady points, those of one field put together; of a stay at one field all parts of a replica are one unit.

    A field with one replica is alike in all draws, so its error is not known (`Curve.behind`).
    """
    steady = [one for one in found if one.steady]
    stays: list[list[Point]] = []
    for one in steady:
        if stays and _goes_on(stays[-1][-1], one):
            stays[-1].append(one)
        else:
            stays.append([one])
    groups: dict[float, list[tuple[int, np.ndarray]]] = {}
    for k, stay in enumerate(stays):
        whole = replace(stay[0], units=np.mean([one.units for one in stay], axis=0))
        drawn = whole.drawn(settings, seed=1000 + k)
        groups.setdefault(round(whole.voltage_v, 3), []).append((len(whole.units), drawn))
    if not groups:
        return Curve(np.empty((1, 0)), np.empty((1, 0, 4)), np.empty(0, dtype=int))
    runs = np.array([sum(n for n, _ in group) for group in groups.values()])
    means = [sum(n * drawn for n, drawn in group) / n_all for group, n_all in zip(groups.values(), runs, strict=True)]
    volts = np.stack([one[:, 4] for one in means], 1)
    vectors = np.stack([one[:, :4] / one[:, 3:4] for one in means], 1)
    vectors[:, np.array(list(groups)) < 0, :2] *= -1  # angles are from the field, which points toward -x there
    order = np.argsort(volts, axis=1)
    volts, vectors = np.take_along_axis(volts, order, 1), np.take_along_axis(vectors, order[..., None], 1)
    return Curve(volts, vectors, runs[order[0]])


def _goes_on(before: Point, after: Point) -> bool:
    """Whether a part follows another of the same stay."""
    same = (before.way, before.side) == (after.way, after.side) and np.isclose(before.voltage_v, after.voltage_v)
    return bool(same and np.isclose(before.since_ps[1], after.since_ps[0]))


def curve_for(point: Point, found: Iterable[Point], settings: Analysis) -> Curve:
    """The `curve` that a point is compared with: of a steady part of a stay, without that stay itself."""
    own = point.way if point.steady and point.side != "held" else ""
    return curve((one for one in found if one.way != own), settings)


def _memory(up: Point, down: Point, steady: Curve, settings: Analysis, others: Mapping[str, Curve]) -> Memory:
    drawn = [one.drawn(settings, seed) for seed, one in enumerate((up, down))]
    seen = width(drawn[0][:, :4]) - width(drawn[1][:, :4])
    by = {name: _left(up, down, drawn, seen, one, settings) for name, one in others.items()}
    n = min(len(up.units), len(down.units))
    return Memory(up, down, estimated(seen, n, settings), *_left(up, down, drawn, seen, steady, settings), by)


def _left(
    up: Point, down: Point, drawn: list[np.ndarray], seen: np.ndarray, steady: Curve, settings: Analysis
) -> tuple[Estimate | None, Estimate | None, str]:
    """What a curve has at the voltages of both sides, what that leaves of what is seen, and why neither is known."""
    known = [steady.at(one, draws[:, 4]) for one, draws in zip((up, down), drawn, strict=True)]
    if outside := [one for one, sigma in zip((up, down), known, strict=True) if not np.isfinite(sigma[0])]:
        volts = ", ".join(f"{one.units[:, 4].mean():.3g}" for one in outside)
        return None, None, f"no constant fields on both sides of {volts} V: run some"
    by_voltage, behind = known[0] - known[1], steady.behind(up, down)
    return estimated(by_voltage, behind, settings), estimated(seen - by_voltage, behind, settings), ""


def _both_sides(up: Point, down: Point) -> bool:
    if (up.side, down.side) != ("up", "down") or up.way != down.way or not np.allclose(up.since_ps, down.since_ps):
        return False
    if up.way == "sweep":  # frames are counted every few steps, so the means of the field may differ
        return up.protocol == down.protocol and bool(np.sign(up.field_v_nm) == np.sign(down.field_v_nm))
    return bool(np.isclose(up.field_v_nm, down.field_v_nm, atol=1e-4))
