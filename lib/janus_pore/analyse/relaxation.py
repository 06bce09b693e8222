"""How fast does the pore's water order when the field steps up, and relax when it steps down? (Figs 2D, 3)

sigma_theta(t) is taken over all waters of all replicas at each stored frame, by one of two widths, both of which need
sums only, so that no histogram has to be fitted to the few angles of a frame:

- "circular", sqrt(-2 ln R): equals sigma for a wrapped Gaussian however broad, needs no direction. The default.
- "gaussian", sqrt(<theta^2>) about the field's direction, the likeliest width of a Gaussian that is centred there; it
  cannot exceed 104 degrees (no order at all), where the circular width has no bound.

Angles are taken from the direction of the field after the step, or of the field before it where there is none after.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..errors import AnalysisError
from ..parameters import Analysis
from . import fit, independence
from .fit import Decay
from .fold import fold_angles
from .orientation import angles
from .stats import Estimate, below_zero, expanded, interval, resampled_means

WIDTHS = ("circular", "gaussian")
#: Draws of a comparison of two times; each is a fit.
_DRAWS = 400


@dataclass(frozen=True)
class Step:
    """One branch of a step protocol: the water after the field has changed.

    Attributes
    ----------
    before_v_nm, after_v_nm : the field before and after
    time_ps : since the step, (t,); 0 is the last frame before it
    path : "jump", from the field that the protocol starts at, or "staircase"
    sums : (replica, t, 4): sums over waters of cos theta, sin theta, theta^2 (rad^2), and their number
    """

    before_v_nm: float
    after_v_nm: float
    time_ps: np.ndarray
    sums: np.ndarray
    path: str = "jump"

    @property
    def direction(self) -> str:
        """ "forward" where |E| rises (water orders), "reverse" where it falls (water relaxes)."""
        return "forward" if abs(self.after_v_nm) > abs(self.before_v_nm) else "reverse"

    @property
    def way(self) -> str:
        """How the field was changed, and for how long it then stayed."""
        return f"{self.path}, {self.time_ps[-1]:g} ps"

    @property
    def label(self) -> str:
        return f"{self.before_v_nm:g} to {self.after_v_nm:g} V/nm, {self.way}"


@dataclass(frozen=True)
class Comparison:
    """Ordering against relaxing at one field, or on average over several.

    Attributes
    ----------
    field_v_nm : NaN for the average
    difference : tau_reverse - tau_forward in ps; for the average the mean over fields
    probability : confidence that tau_forward < tau_reverse, from the bootstrap; 0.5 is "cannot tell"
    failed : why there is no comparison; empty if there is one
    """

    field_v_nm: float
    difference: Estimate | None
    probability: float
    failed: str = ""


def steps(data: xr.Dataset) -> list[Step]:
    """The branches of a collected step protocol, in its order.

    Raises
    ------
    AnalysisError
        if the data are not of steps.
    """
    if data.attrs.get("kind") != "steps":
        raise AnalysisError(f"{data.attrs.get('protocol')} is of kind {data.attrs.get('kind')!r}: steps are needed")
    theta, frame, replica = angles(data)
    field, segment, time = data.field.values, data.segment.values, data.time.values
    each = [np.flatnonzero(segment == k) for k in range(int(segment.max()) + 1)]
    # the frame before a segment's first: of those that are earlier, in time and in the protocol, the latest
    last = [
        max(np.flatnonzero((segment < k) & (time < time[own[0]])), key=time.item) for k, own in enumerate(each) if k
    ]
    path, found = "jump" if all(segment[last] == 0) else "staircase", []
    for start, own in zip(last, each[1:], strict=True):
        own = np.concatenate([[start], own])
        before, after = float(field[start]), float(field[own[-1]])
        direction = after or before
        place = np.full(len(time), -1)
        place[own] = np.arange(len(own))
        chosen = place[frame] >= 0
        index = replica[chosen].astype(np.int64) * len(own) + place[frame[chosen]]
        # `angles` turned those at negative fields; turn those that lie on the other side of this step's direction
        turned = (field[frame[chosen]] < 0) != (direction < 0)
        angle = fold_angles(theta[chosen], np.where(turned, -1.0, 1.0))
        size, shape = data.sizes["replica"] * len(own), (data.sizes["replica"], len(own))
        columns = (np.cos(angle), np.sin(angle), angle**2, np.ones(len(angle)))
        sums = np.stack([np.bincount(index, column, size).reshape(shape) for column in columns], axis=-1)
        found.append(Step(before, after, time[own] - time[start], sums, path))
    return found


def width(sums: np.ndarray, how: str = "circular") -> np.ndarray:
    """sigma_theta in degrees (...) from sums or their means over replicas (..., 4); NaN where no water was seen.

    Raises
    ------
    AnalysisError
        for another width than "circular" or "gaussian".
    """
    if how not in WIDTHS:
        raise AnalysisError(f"how={how!r} is unknown: use {' or '.join(map(repr, WIDTHS))}")
    cosine, sine, square, n = np.moveaxis(np.asarray(sums, dtype=float), -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        if how == "gaussian":
            return np.degrees(np.sqrt(square / n))
        sigma = np.degrees(np.sqrt(-2 * np.log(np.minimum(np.hypot(cosine, sine) / n, 1.0))))
    return np.where(np.isfinite(sigma), sigma, np.nan)


def sigma(step: Step, settings: Analysis, how: str = "circular") -> xr.Dataset:
    """sigma_theta(t) (Fig 3): `sigma`, `low`, `high` (time,) in degrees; attributes `n` replicas and `warning`."""
    n = len(step.sums)
    low = high = np.full(len(step.time_ps), np.nan)
    if n > 1:
        drawn = resampled_means(step.sums, None, draws=min(settings.bootstrap_draws, 1000))
        low, high = interval(width(drawn, how), n, settings.confidence)
    return xr.Dataset(
        {
            name: ("time", y)
            for name, y in (("sigma", width(step.sums.mean(axis=0), how)), ("low", low), ("high", high))
        },
        coords={"time": ("time", step.time_ps, {"units": "ps"})},
        attrs={
            "label": step.label,
            "before_v_nm": step.before_v_nm,
            "after_v_nm": step.after_v_nm,
            "n": n,
            "how": how,
            "warning": independence.few(n),
        },
    )


def settled(step: Step, settings: Analysis, how: str = "circular") -> Estimate:
    """sigma_theta in degrees over the second half of the time after a step: settled, if it is long enough for that."""
    sums = step.sums[:, len(step.time_ps) // 2 :].sum(axis=1)
    n, value = len(sums), float(width(sums.mean(axis=0), how))
    if n < 2:
        return Estimate(value, np.nan, np.nan, n, independence.few(n))
    drawn = width(resampled_means(sums, None, draws=settings.bootstrap_draws), how)
    return Estimate(value, *map(float, interval(drawn, n, settings.confidence)), n, independence.few(n))


def decay(step: Step, settings: Analysis, how: str = "circular") -> Decay:
    """The paper's exponential through sigma_theta(t), with a bootstrap over replicas; or the reason why not.

    A + B exp(-t / tau) with B > 0 is the paper's law for ordering; A' + B' (1 - exp(-t / tau)) with B' > 0, the one for
    relaxing, is A = A' + B', B = -B'.
    """
    n = len(step.sums)
    found = fit.decay(
        step.time_ps, step.sums, lambda sums: width(sums.mean(axis=0), how),
        draws=settings.bootstrap_draws, confidence=expanded(settings.confidence, n),
    )  # fmt: skip
    if found.failed:
        return found
    note = independence.few(n)
    return Decay(*(Estimate(e.value, e.low, e.high, e.n, note) for e in (found.a, found.b, found.tau)))


def compare(
    forward: list[Step], reverse: list[Step], settings: Analysis, how: str = "circular", seed: int = 0
) -> list[Comparison]:
    """Test tau_forward < tau_reverse at every field that water both ordered and relaxed to, and on average over them.

    One draw takes replicas of the upward protocol for all its fields at once, and replicas of the downward one: fields
    share the preparation of a replica. The two protocols are drawn apart.

    Returns
    -------
    One comparison a common field, and last, if there are two fields or more that could be compared, the average
    """
    pairs = [(up, down) for up in forward for down in reverse if np.isclose(up.after_v_nm, down.after_v_nm)]
    found, differences, values = [], [], []
    for up, down in pairs:
        fits = {name: decay(one, settings, how) for name, one in (("ordering", up), ("relaxing", down))}
        if failed := "; ".join(f"{name}: {one.failed}" for name, one in fits.items() if one.failed):
            found.append(Comparison(up.after_v_nm, None, float("nan"), failed))
            continue
        value = fits["relaxing"].tau.value - fits["ordering"].tau.value
        drawn = times(down, settings, how, seed + 1) - times(up, settings, how, seed)
        found.append(_comparison(up.after_v_nm, value, drawn, min(len(up.sums), len(down.sums)), settings))
        differences.append(drawn)
        values.append(value)
    if len(differences) > 1:
        n = min(len(one.sums) for pair in pairs for one in pair)
        found.append(_comparison(float("nan"), float(np.mean(values)), np.mean(differences, axis=0), n, settings))
    return found


def times(step: Step, settings: Analysis, how: str = "circular", seed: int = 0) -> np.ndarray:
    """tau in ps (draws,) of resampled replicas; NaN where a draw has no such exponential. At most 400 draws."""
    drawn = resampled_means(step.sums, None, draws=min(settings.bootstrap_draws, _DRAWS), seed=seed)
    return fit.exponentials(step.time_ps, width(drawn, how))[:, 2]


def _comparison(field_v_nm: float, value: float, drawn: np.ndarray, n: int, settings: Analysis) -> Comparison:
    low, high = interval(drawn, n, settings.confidence)
    difference = Estimate(value, float(low), float(high), n, independence.few(n))
    return Comparison(field_v_nm, difference, below_zero(-drawn, n))
