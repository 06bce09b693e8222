"""How long runs take, before they are run: how many short replicas share a job, and what walltime a job asks for.

The speed is measured where it can be: the equilibration's manifest says how fast this cell was. Before that, a stated
rate stands in: a step of n atoms takes `CORE_S_PER_ATOM_STEP` n seconds of one core.
"""

from __future__ import annotations

import itertools
import math
from typing import Annotated

from pydantic import Field

from ..config import Scale
from ..files import Record
from ..parameters import System
from ..paths import Campaign
from .engine_checks import Check
from .field import Protocol
from .protocols import md_of, replicas_of

#: Debian's GROMACS (SSE4.1), one core, this book's settings; a build for the processor needs about half.
CORE_S_PER_ATOM_STEP = 1.7e-6
#: Atoms in a volume of water, nm^-3.
ATOMS_PER_NM3 = 100.0
#: A job asks for this many times what it is expected to take, from a measured speed and from the stated rate.
SAFETY = {True: 1.5, False: 4.0}
#: Minutes for what is not MD: start, minimisation, checks at the end; the limit within which mdrun must end is shorter.
START_MINUTES = 10.0


def in_turn(scale: Scale, system: str, protocol: Protocol) -> int:
    """How many replicas of a protocol a job runs one after the other: enough for `ensemble.batch_minutes`, at least 1.

    From the scale file alone, by the stated rate: the same on every machine and at every time.
    """
    each = scale.ensemble.randomise_ps + protocol.simulated_ps
    minutes = each / ns_per_day(scale, _atoms(scale.systems[system])) * 1.44 * _steps_per_step(scale, protocol)
    most = math.ceil(len(replicas_of(scale, protocol)) / scale.ensemble.replicas_per_job)
    return min(most, max(1, round(scale.ensemble.batch_minutes / minutes)))


def job_size(scale: Scale, system: str, protocol: Protocol) -> int:
    """How many replicas a job holds: `in_turn`, times those side by side."""
    return in_turn(scale, system, protocol) * scale.ensemble.replicas_per_job


class _Speed(Record):
    ns_per_day: Annotated[float, Field(gt=0)] | None = None
    command: list[str] = []


def ns_per_day(scale: Scale, atoms: float, timestep_fs: float | None = None) -> float:
    """Speed of one run by the stated rate, on `ensemble.cores_per_run` cores."""
    step_s = CORE_S_PER_ATOM_STEP * atoms / scale.ensemble.cores_per_run
    return 86_400 / step_s * (timestep_fs or scale.md.timestep_fs) * 1e-6


def measured(scale: Scale, campaign: Campaign, system: str) -> float | None:
    """Speed (ns/day) of one run from the system's equilibration, or None if that has not ended.

    An equilibration on CPUs with another number of threads is scaled to `ensemble.cores_per_run`, in proportion.
    """
    path = campaign.equilibration(system) / "nvt" / "manifest.json"
    try:
        manifest = _Speed.model_validate_json(path.read_bytes())
    except (OSError, ValueError):
        return None
    speed, command = manifest.ns_per_day, manifest.command
    given = dict(itertools.pairwise(command))
    if speed and given.get("-ntomp", "").isdigit() and given.get("-nb") != "gpu":
        speed *= scale.ensemble.cores_per_run / max(int(given["-ntomp"]), 1)
    return speed


def minutes(
    scale: Scale, campaign: Campaign, system: str, duration_ps: float, *, attempt: int = 1, cap: float | None = None
) -> int:
    """Walltime to ask for (whole minutes) for runs of a system, `duration_ps` in all, one after the other.

    Twice as much at every further attempt, never more than `cap`: a job that reaches its end goes on in the next.
    """
    speed = measured(scale, campaign, system)
    expected = duration_ps * 1.44 / (speed or ns_per_day(scale, _atoms(scale.systems[system])))
    return _asked(expected, speed is not None, attempt, cap)


def job_minutes(
    scale: Scale, campaign: Campaign, system: str, protocol: Protocol, *, attempt: int = 1, cap: float | None = None
) -> int:
    """Walltime to ask for, for one job of a protocol."""
    each = scale.ensemble.randomise_ps + protocol.simulated_ps
    total = each * in_turn(scale, system, protocol) * _steps_per_step(scale, protocol)
    return minutes(scale, campaign, system, total, attempt=attempt, cap=cap)


def check_minutes(scale: Scale, check: Check | None, *, attempt: int = 1, cap: float | None = None) -> int:
    """Walltime to ask for, for one of the engine's checks (None: settling), by the stated rate."""
    fs = check.md.timestep_fs if check else scale.md.timestep_fs
    length = check.duration_ps if check else scale.engine.settle_ps
    speed = ns_per_day(scale, ATOMS_PER_NM3 * scale.engine.edge_nm**3, fs)
    return _asked(length * 1.44 / speed, False, attempt, cap)


def _steps_per_step(scale: Scale, protocol: Protocol) -> float:
    """How many steps a protocol takes in the time of one of the campaign's: 2 for 1 fs where the campaign has 2 fs."""
    return scale.md.timestep_fs / md_of(scale, protocol).timestep_fs


def _asked(expected: float, is_measured: bool, attempt: int, cap: float | None) -> int:
    asked = (SAFETY[is_measured] * expected + START_MINUTES) * 2 ** (attempt - 1)
    return math.ceil(min(asked, cap or math.inf))


def _atoms(system: System) -> float:
    """Atoms of a cell, to some percent, without building it: its sheet takes about the room of its atoms in water."""
    return ATOMS_PER_NM3 * system.length_x_nm * system.cells_y * 0.325 * system.cells_z * 0.325 * 3**0.5
