"""Field protocols: what is applied along x, as a tree of segments that are constant or one sine.

GROMACS evaluates ``electric-field-x = E0 omega t0 sigma`` as E0 cos(omega (t - t0)) exp(-(t - t0)^2 / 2 sigma^2),
but with sigma = 0 it silently ignores t0. A sine from zero therefore takes t0 a quarter period after its start
and a sigma so large that the envelope is 1 (docs/adr/0002).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import ProtocolError
from ..units import angular_frequency_rad_ps

MAX_FIELD_V_NM = 5.0
_FLAT_PS = 1e9


@dataclass(frozen=True)
class Segment:
    """A stretch of a protocol: a constant field, or a sine that starts at zero.

    Attributes
    ----------
    amplitude_v_nm : the constant field, or the sine's amplitude
    duration_ps : length
    frequency_ghz : 0 for a constant field
    """

    amplitude_v_nm: float
    duration_ps: float
    frequency_ghz: float = 0.0

    def __post_init__(self) -> None:
        if not abs(self.amplitude_v_nm) <= MAX_FIELD_V_NM:
            raise ProtocolError(f"a field of {self.amplitude_v_nm} V/nm is beyond +-{MAX_FIELD_V_NM} V/nm (unit?)")
        if not (0 < self.duration_ps < np.inf and 0 <= self.frequency_ghz < np.inf):
            raise ProtocolError(f"duration ({self.duration_ps} ps) must be positive, frequency not negative")

    def at(self, time_ps: np.ndarray) -> np.ndarray:
        """Field (V/nm) at times (ps) since the segment's start, same shape as the argument."""
        time_ps = np.asarray(time_ps, dtype=float)
        if self.frequency_ghz == 0:
            return np.full_like(time_ps, self.amplitude_v_nm)
        return self.amplitude_v_nm * np.sin(angular_frequency_rad_ps(self.frequency_ghz) * time_ps)

    def mdp(self, start_ps: float) -> dict[str, str]:
        """The mdp line for a segment that starts at the run's time `start_ps`."""
        if self.frequency_ghz == 0:
            return {"electric-field-x": f"{self.amplitude_v_nm:.10g} 0 0 0"}
        omega = angular_frequency_rad_ps(self.frequency_ghz)
        shift = start_ps + 0.25 * 1000 / self.frequency_ghz
        return {"electric-field-x": f"{self.amplitude_v_nm:.10g} {omega:.12g} {shift:.12g} {_FLAT_PS:g}"}


@dataclass(frozen=True)
class Protocol:
    """A named tree of segments: each follows another's end, and what several share is simulated once.

    A chain is the tree in which each segment follows the one before. Time runs from 0 at the protocol's start.

    Attributes
    ----------
    segments : in an order in which parents come before children
    systems : that go through it
    parents : index of the segment that each one follows, -1 for the start; empty means a chain
    labels : what each segment is for ("prime", "pulse 2 after 5 ps"); empty means numbered
    replicas, interval_ps, resolution_nm : number of replicas, spacing of stored frames, resolution of their
        positions; None means the campaign's
    md : (key, value) pairs of the campaign's `md` that are others here
    """

    name: str
    kind: str
    segments: tuple[Segment, ...]
    systems: tuple[str, ...]
    parents: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    replicas: int | None = None
    interval_ps: float | None = None
    resolution_nm: float | None = None
    md: tuple[tuple[str, float | str], ...] = ()

    def __post_init__(self) -> None:
        n = len(self.segments)
        object.__setattr__(self, "parents", self.parents or tuple(range(-1, n - 1)))
        object.__setattr__(self, "labels", self.labels or tuple(f"segment {k + 1}" for k in range(n)))
        if not n or len(self.parents) != n or len(self.labels) != n:
            raise ProtocolError(f"{self.name}: {n} segments need as many parents and labels, and at least one")
        if not all(-1 <= parent < k for k, parent in enumerate(self.parents)):
            raise ProtocolError(f"{self.name}: a segment must come after the one it follows (parents {self.parents})")

    @property
    def simulated_ps(self) -> float:
        """MD that one replica costs: every segment once."""
        return sum(segment.duration_ps for segment in self.segments)

    @property
    def duration_ps(self) -> float:
        """Length of the longest path from the start to an end."""
        return float(max(self.starts_ps() + [segment.duration_ps for segment in self.segments]))

    def path(self, k: int) -> list[int]:
        """Indices of the segments from the start to segment k, inclusive."""
        return [*self.path(self.parents[k]), k] if k >= 0 else []

    def leaves(self) -> list[int]:
        """Segments that none follows: one path each."""
        return [k for k in range(len(self.segments)) if k not in self.parents]

    def starts_ps(self) -> np.ndarray:
        """Start of each segment (n_segments,) in ps, along its own path."""
        starts: list[float] = []
        for parent in self.parents:
            starts.append(starts[parent] + self.segments[parent].duration_ps if parent >= 0 else 0.0)
        return np.array(starts)

    def waveform(self, time_ps: np.ndarray, leaf: int | None = None) -> np.ndarray:
        """Field (V/nm) at times (ps) along the path to a leaf (default: the last); zero outside.

        A boundary belongs to the later segment.
        """
        time_ps = np.asarray(time_ps, dtype=float)
        field, starts = np.zeros_like(time_ps), self.starts_ps()
        for k in self.path(self.leaves()[-1] if leaf is None else leaf):
            start, segment = starts[k], self.segments[k]
            inside = (time_ps >= start - 1e-9) & (time_ps <= start + segment.duration_ps + 1e-9)
            field[inside] = segment.at(time_ps[inside] - start)
        return field
