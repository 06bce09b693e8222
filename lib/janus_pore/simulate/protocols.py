"""From the scale file to protocols: sweeps, constant fields, steps, pulse pairs and pulse trains."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pydantic import ValidationError

from ..config import Scale
from ..errors import ProtocolError
from ..parameters import MD
from ..protocol_parameters import ConstantFields, FieldSteps, PulsePair, PulseTrain, SineSweep
from ..units import is_multiple
from .field import Protocol, Segment


def expand(scale: Scale) -> dict[str, Protocol]:
    """All protocols of a scale, by directory name (`sweep`, `hold_+0.40`).

    Raises
    ------
    ProtocolError
        if a segment is not a whole number of time steps and of output intervals, two have the same name, or nothing is
        left of a constant field after `analysis.discard_ps`.
    """
    found: dict[str, Protocol] = {}
    for name, asked in scale.protocols.items():
        if len({*asked.systems}) < len(asked.systems):
            raise ProtocolError(f"protocols.{name}: a system is named twice; drop one")
        for one in _expand(name, asked):
            protocol = replace(
                one,
                replicas=asked.replicas or scale.ensemble.replicas,
                interval_ps=asked.trajectory_interval_ps or scale.md.trajectory_interval_ps,
                resolution_nm=asked.trajectory_resolution_nm or scale.md.trajectory_resolution_nm,
                md=tuple(asked.md.model_dump(exclude_none=True).items()) if asked.md else (),
            )
            if protocol.name in found:
                raise ProtocolError(f"protocols.{name}: two protocols would be called {protocol.name}; drop one")
            check(protocol, md_of(scale, protocol), scale.ensemble.randomise_ps)
            _check_analysis(scale, name, protocol)
            found[protocol.name] = protocol
    return found


def _check_analysis(scale: Scale, name: str, protocol: Protocol) -> None:
    """Refuse what no analysis could be made of once it has run."""
    asked, duration_ps = scale.analysis, protocol.duration_ps
    if protocol.kind == "constant" and not asked.discard_ps < duration_ps:
        raise ProtocolError(
            f"protocols.{name}: analysis.discard_ps ({asked.discard_ps:g} ps) leaves nothing of {duration_ps:g} ps; "
            "shorten it, or make the duration longer"
        )
    if protocol.kind == "constant" and not asked.current_window_ps <= duration_ps - asked.discard_ps + 1e-6:
        raise ProtocolError(
            f"protocols.{name}: analysis.current_window_ps ({asked.current_window_ps:g} ps) is longer than what "
            f"analysis.discard_ps leaves of {duration_ps:g} ps; shorten it, or make the duration longer"
        )
    if protocol.kind == "sine":
        frames = 1000 / protocol.segments[0].frequency_ghz / interval_of(scale, protocol)
        if asked.phase_bins > frames:
            raise ProtocolError(
                f"protocols.{name}: analysis.phase_bins ({asked.phase_bins}) are more than the {frames:g} frames of a "
                "period; take fewer bins, or a shorter trajectory_interval_ps"
            )


def protocols_of(scale: Scale, system: str) -> dict[str, Protocol]:
    """The expanded protocols that a system goes through.

    Raises
    ------
    ProtocolError
        if the scale has no such system, or as `expand`.
    """
    if system not in scale.systems:
        raise ProtocolError(f"scale {scale.scale} has no system {system!r}; it has {', '.join(scale.systems)}")
    return {name: protocol for name, protocol in expand(scale).items() if system in protocol.systems}


def repeated(scale: Scale, system: str) -> dict[str, list[tuple[int, str, str]]]:
    """Where replicas of a system's protocols lie, those of its other placements of ions included (`Scale.placements`).

    Returns
    -------
    dict of protocol name to (placement, system, protocol name there), the system's own first as placement 0; of a
    system that is itself another placement its own alone
    """
    found: dict[str, list[tuple[int, str, str]]] = {}
    known: dict[str, Protocol] = {}
    for k, one in enumerate(scale.placements.get(system, [system])):
        before = dict(known)
        for name, protocol in protocols_of(scale, one).items():
            same = [key for key, other in before.items() if _decides(other) == _decides(protocol)]
            key = same[0] if same else name
            known.setdefault(key, protocol)
            found.setdefault(key, []).append((k, one, name))
    return found


def _decides(protocol: Protocol) -> tuple:
    """What makes two protocols one, whatever they are called."""
    return protocol.kind, protocol.segments, protocol.parents, protocol.interval_ps, protocol.md


def md_of(scale: Scale, protocol: Protocol) -> MD:
    """The MD settings of a protocol: the scale's, with what the protocol has of its own.

    Raises
    ------
    ProtocolError
        if they cannot be together, such as Nose-Hoover coupled too seldom.
    """
    resolution = protocol.resolution_nm or scale.md.trajectory_resolution_nm
    own = {"trajectory_interval_ps": interval_of(scale, protocol), "trajectory_resolution_nm": resolution}
    try:
        return MD.model_validate(scale.md.model_dump() | own | dict(protocol.md))
    except ValidationError as error:
        raise ProtocolError(f"{protocol.name}: md: {error.errors()[0]['msg']}") from None


def interval_of(scale: Scale, protocol: Protocol) -> float:
    """Spacing of a protocol's stored frames in ps."""
    return protocol.interval_ps or scale.md.trajectory_interval_ps


def replicas_of(scale: Scale, protocol: Protocol) -> range:
    """The replicas of a protocol."""
    return range(protocol.replicas or scale.ensemble.replicas)


def check_replicas(scale: Scale, protocol: Protocol, replicas: Iterable[int]) -> None:
    """Refuse replicas that the scale does not have: the equilibration is checked to be long enough for those it has."""
    there = replicas_of(scale, protocol)
    if unknown := [f"{k}" for k in replicas if k not in there]:
        raise ProtocolError(
            f"{protocol.name} has replicas 0 to {there[-1]}, not {', '.join(unknown)}: raise `replicas` in the scale "
            "file. If more are wanted than its equilibration has room for, add a system that differs by `seed`"
        )


def check(protocol: Protocol, md: MD, randomise_ps: float) -> None:
    """Refuse segments that the time step or an output interval does not divide, that of energies if another follows."""
    intervals = {key: getattr(md, key) for key in ("trajectory_interval_ps", "energy_interval_ps")}
    for key, interval in intervals.items():
        if not is_multiple(randomise_ps, interval):
            raise ProtocolError(
                f"{protocol.name}: {key} ({interval:g} ps) must divide ensemble.randomise_ps ({randomise_ps:g} ps)"
            )
    units = {"timestep_fs": md.timestep_fs / 1000} | intervals
    for k, segment in enumerate(protocol.segments):
        for key, unit in units.items():
            last = key == "energy_interval_ps" and k not in protocol.parents  # mdrun writes energies at any last step
            if not last and not is_multiple(segment.duration_ps, unit):
                raise ProtocolError(
                    f"{protocol.name}: a segment of {segment.duration_ps:g} ps is not a whole number of {key} "
                    f"({unit:g} ps; the protocol's, or that of md); change the duration, the frequency or {key}"
                )


def _expand(name: str, asked: SineSweep | ConstantFields | FieldSteps | PulsePair | PulseTrain) -> Iterator[Protocol]:
    systems = tuple(asked.systems)
    match asked:
        case SineSweep():
            sine = Segment(asked.amplitude_v_nm, asked.periods * 1000 / asked.frequency_ghz, asked.frequency_ghz)
            yield Protocol(name, "sine", (sine,), systems, labels=("sweep",))
        case ConstantFields():
            for field in (field + 0.0 for field in asked.fields_v_nm):  # -0.0 is 0.0
                hold = Segment(field, asked.duration_ps)
                yield Protocol(f"{name}_{field:+.2f}", "constant", (hold,), systems, labels=("hold",))
        case FieldSteps():
            yield steps(name, asked, systems)
        case PulsePair():
            yield pulse_pair(name, asked, systems)
        case PulseTrain():
            yield pulse_train(name, asked, systems)


def steps(name: str, asked: FieldSteps, systems: tuple[str, ...]) -> Protocol:
    """Prepare at one field, then step to each of the others (Figs 2D, 3).

    One branch a field off the preparation ("jump"), or a chain ("staircase").
    """
    first = Segment(asked.from_v_nm, asked.prepare_ps)
    branches = [Segment(field, asked.duration_ps) for field in asked.to_v_nm]
    labels = ("prepare", *(f"step to {field:+.2f} V/nm" for field in asked.to_v_nm))
    parents = (-1, *(0 if asked.path == "jump" else k for k in range(len(branches))))
    return Protocol(name, "steps", (first, *branches), systems, parents, labels)


def pulse_pair(name: str, asked: PulsePair, systems: tuple[str, ...]) -> Protocol:
    """Two pulses, for every delay between them (Fig 5A: PPF with a prime, PPD without).

    The first pulse is shared; the gap runs once to the longest delay, in pieces that end at each delay, and a
    second pulse branches off each piece.
    """
    segments, parents, labels = _primed(asked)
    segments.append(Segment(asked.pulse_v_nm, asked.pulse_ps))
    parents.append(len(segments) - 2)
    labels.append("pulse 1")
    end, elapsed = len(segments) - 1, 0.0
    for delay in asked.delays_ps:
        segments += [Segment(asked.gap_v_nm, delay - elapsed), Segment(asked.pulse_v_nm, asked.pulse_ps)]
        parents += [end, len(segments) - 2]
        labels += [f"gap to {delay:g} ps", f"pulse 2 after {delay:g} ps"]
        end, elapsed = len(segments) - 2, delay
    return Protocol(name, "pair", tuple(segments), systems, tuple(parents), tuple(labels))


def pulse_train(name: str, asked: PulseTrain, systems: tuple[str, ...]) -> Protocol:
    """Equal pulses with equal gaps (Fig 5B, 5C: STF with a prime, STD without)."""
    segments, parents, labels = _primed(asked)
    for k in range(1, asked.pulses + 1):
        if k > 1:
            segments.append(Segment(asked.gap_v_nm, asked.gap_ps))
            labels.append(f"gap {k - 1}")
        segments.append(Segment(asked.pulse_v_nm, asked.pulse_ps))
        labels.append(f"pulse {k}")
    return Protocol(name, "train", tuple(segments), systems, labels=tuple(labels))


def _primed(asked: PulsePair | PulseTrain) -> tuple[list[Segment], list[int], list[str]]:
    """The segments, parents and labels with which a pulse protocol begins: its prime, if it has one."""
    if not asked.prime_ps:
        if asked.prime_v_nm:
            raise ProtocolError("prime_ps is 0, so there is no prime: set prime_v_nm to 0 too, or give it a length")
        return [], [], []
    return [Segment(asked.prime_v_nm, asked.prime_ps)], [-1], ["prime"]
