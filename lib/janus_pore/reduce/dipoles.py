"""How long water remembers where it pointed: correlation functions of its dipoles, in the reservoirs and in the pore.

C(t) = <u(0) . u(t)> of molecules' dipole directions u; in the pore, where they have a preferred direction, of what is
beyond its mean. `pore mean` is the same for the mean dipole of all waters in the pore, which outlives single molecules
if those that come take the direction of those that were there.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from . import observables

#: Molecules followed in the reservoirs, and the longest time looked at.
FOLLOWED, LONGEST_PS = 300, 60.0
#: The run is cut into so many blocks, for error bars.
BLOCKS = 4
PLACES = ("bulk", "pore", "pore mean")


class Dipoles:
    """Collects dipoles frame by frame; `result` has their correlation functions."""

    def __init__(self, waters: int, centre_nm: np.ndarray, box_nm: np.ndarray, from_nm: float, pore: tuple) -> None:
        """`waters` molecules; reservoirs lie farther than `from_nm` from the sheet, `pore` is (radius, half depth)."""
        self._followed = np.linspace(0, waters - 1, min(waters, FOLLOWED)).astype(int)
        self._centre, self._box, self._from, self._pore = centre_nm, box_nm, from_nm, pore
        self._bulk: list[np.ndarray] = []
        self._in_bulk: list[np.ndarray] = []
        self._inside: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, waters_nm: np.ndarray) -> None:
        """A frame: positions (n, 3, 3) of molecules, atoms (O, H1, H2)."""
        followed = waters_nm[self._followed]
        away = followed[:, 0, 0] - self._centre[0]
        away -= self._box[0] * np.round(away / self._box[0])
        self._bulk.append(_unit(followed, self._box))
        self._in_bulk.append(np.abs(away) > self._from)
        inside = observables.in_pore(waters_nm[:, 0], self._centre, self._box, *self._pore)
        self._inside.append((inside, _unit(waters_nm[inside], self._box)))

    def result(self, interval_ps: float) -> xr.DataArray:
        """`dipole_correlation` (block, place, lag): C(t) of the origins in each block; NaN where there are none.

        C(0) = 1, whatever the molecules' preferred direction.
        """
        frames = len(self._bulk)
        lags = np.arange(min(frames // 4, round(LONGEST_PS / interval_ps)) + 1)
        places = [self._of_bulk(lags), self._of_pore(lags), self._of_mean(lags)]
        found = np.full((BLOCKS, len(PLACES), len(lags)), np.nan)
        edges = np.linspace(0, frames - lags[-1], BLOCKS + 1).astype(int)  # origins from which every lag is in the run
        for k, (products, counts) in enumerate(places):  # (frames, lags): summed products of an origin, and how many
            for b in range(BLOCKS):
                rows = slice(edges[b], edges[b + 1])
                number = counts[rows].sum(axis=0)
                if number[0] > 0:
                    mean = products[rows].sum(axis=0) / np.where(number > 0, number, np.nan)
                    found[b, k] = mean / mean[0]
        return xr.DataArray(
            found, dims=("block", "place", "lag"),
            coords={"place": list(PLACES), "lag": ("lag", lags * interval_ps, {"units": "ps"})},
            attrs={"units": "1", "long_name": "correlation of water dipoles"},
        )  # fmt: skip

    def _of_bulk(self, lags: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        u, there = np.array(self._bulk), np.array(self._in_bulk)
        products, counts = np.zeros((len(u), len(lags))), np.zeros((len(u), len(lags)))
        for j, lag in enumerate(lags):
            origins = slice(0, len(u) - lag)
            dots = np.einsum("fik,fik->fi", u[origins], u[lag:])
            products[origins, j] = (dots * there[origins]).sum(axis=1)
            counts[origins, j] = there[origins].sum(axis=1)
        return products, counts

    def _of_pore(self, lags: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Molecules that are in the pore at both times, found by their number (frames come in order)."""
        frames = len(self._inside)
        products, counts = np.zeros((frames, len(lags))), np.zeros((frames, len(lags)))
        total = sum(len(who) for who, _ in self._inside)
        if total == 0:
            return products, counts
        who = np.concatenate([one for one, _ in self._inside])
        when = np.repeat(np.arange(frames), [len(one) for one, _ in self._inside])
        u = np.concatenate([one for _, one in self._inside])
        order = np.lexsort((when, who))
        who, when, u = who[order], when[order], (u - u.mean(axis=0))[order]
        key = who.astype(np.int64) * 2 * frames + when
        for j, lag in enumerate(lags):
            later = np.minimum(np.searchsorted(key, key + lag), total - 1)
            both = np.flatnonzero(key[later] == key + lag)
            np.add.at(products[:, j], when[both], np.einsum("ik,ik->i", u[both], u[later[both]]))
            np.add.at(counts[:, j], when[both], 1)
        return products, counts

    def _of_mean(self, lags: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        means = np.array([u.mean(axis=0) if len(u) else np.full(3, np.nan) for _, u in self._inside])
        full = np.isfinite(means[:, 0])
        means = np.where(full[:, None], means - (means[full].mean(axis=0) if full.any() else 0.0), 0.0)
        products, counts = np.zeros((len(means), len(lags))), np.zeros((len(means), len(lags)))
        for j, lag in enumerate(lags):
            origins = slice(0, len(means) - lag)
            both = full[origins] & full[lag:]
            products[origins, j] = (means[origins] * means[lag:]).sum(axis=1) * both
            counts[origins, j] = both
        return products, counts


def _unit(waters_nm: np.ndarray, box_nm: np.ndarray) -> np.ndarray:
    dipole = observables.dipoles(waters_nm, box_nm).astype(np.float32)
    return dipole / np.linalg.norm(dipole, axis=1, keepdims=True)
