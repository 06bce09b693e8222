"""Field protocols: what is applied along x, as a chain of segments that are constant or one sine.

GROMACS evaluates ``electric-field-x = E0 omega t0 sigma`` as E0 cos(omega (t - t0)) exp(-(t - t0)^2 / 2 sigma^2),
but with sigma = 0 it silently ignores t0. A sine from zero therefore takes t0 a quarter period after its start
and a sigma so large that the envelope is 1 (docs/adr/0002).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..config import MD, ConstantFields, Scale, is_multiple
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
    """A named chain of segments; time runs from 0 at the start of the first."""

    name: str
    kind: str
    segments: tuple[Segment, ...]
    systems: tuple[str, ...]

    @property
    def duration_ps(self) -> float:
        return sum(segment.duration_ps for segment in self.segments)

    def starts_ps(self) -> np.ndarray:
        """Start of each segment (n_segments,) in ps."""
        return np.cumsum([0.0, *(segment.duration_ps for segment in self.segments[:-1])])

    def waveform(self, time_ps: np.ndarray) -> np.ndarray:
        """Field (V/nm) at times (ps); zero outside the protocol. A boundary belongs to the later segment."""
        time_ps = np.asarray(time_ps, dtype=float)
        field = np.zeros_like(time_ps)
        for start, segment in zip(self.starts_ps(), self.segments, strict=True):
            inside = (time_ps >= start - 1e-9) & (time_ps <= start + segment.duration_ps + 1e-9)
            field[inside] = segment.at(time_ps[inside] - start)
        return field


def expand(scale: Scale) -> dict[str, Protocol]:
    """All protocols of a scale, by directory name (`sweep`, `hold_+0.40`).

    Raises
    ------
    ProtocolError
        if a segment is not a whole number of time steps and of output intervals, or two have the same name.
    """
    found: dict[str, Protocol] = {}
    for name, asked in scale.protocols.items():
        if isinstance(asked, ConstantFields):
            new = [
                Protocol(f"{name}_{field:+.2f}", "constant", (Segment(field, asked.duration_ps),), tuple(asked.systems))
                for field in asked.fields_v_nm
            ]
        else:
            length = asked.periods * 1000 / asked.frequency_ghz
            sine = Segment(asked.amplitude_v_nm, length, asked.frequency_ghz)
            new = [Protocol(name, "sine", (sine,), tuple(asked.systems))]
        for protocol in new:
            if protocol.name in found:
                raise ProtocolError(f"protocols.{name}: two protocols would be called {protocol.name}; drop one")
            check(protocol, scale.md)
            found[protocol.name] = protocol
    return found


def check(protocol: Protocol, md: MD) -> None:
    """Refuse segments that the time step or the trajectory's output interval do not divide."""
    for segment in protocol.segments:
        units = {"timestep_fs": md.timestep_fs / 1000, "trajectory_interval_ps": md.trajectory_interval_ps}
        for key, unit in units.items():
            if not is_multiple(segment.duration_ps, unit):
                raise ProtocolError(
                    f"{protocol.name}: a segment of {segment.duration_ps:g} ps is not a whole number of md.{key} "
                    f"({unit:g} ps); change the duration, the frequency or md.{key}"
                )
