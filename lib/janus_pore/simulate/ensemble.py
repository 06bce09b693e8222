"""From a built system to an ensemble: minimise, equilibrate, start replicas, run a protocol's segments.

Replica k starts from the frame k * spacing before the end of the equilibration, with fresh velocities from seed
k + 1, runs `randomise_ps` without field (seg00, a .tpr of its own), then the protocol's segments (seg01, ...), whose
.tpr files all replicas share: each continues from the checkpoint of the segment it follows (docs/adr/0004).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ..build import record
from ..config import Scale
from ..errors import GromacsError, RunError, StoppedError
from ..hints import shown
from ..parameters import MD
from ..paths import Campaign
from . import prepare, process, runner
from .field import Protocol
from .gmx import Gmx
from .minimise import minimise
from .protocols import md_of
from .startframes import check_frame, start_frame

Watch = Callable[[str, int], process.Progress]


def degrees_of_freedom(system: Path) -> int:
    """Of the mobile atoms: 6 per rigid water, 3 per ion that is not held; nothing is removed (comm-mode None)."""
    built = record.read(system)
    counts = built["counts"]
    all_of_them = 6 * counts["SOL"] + 3 * (counts["K"] + counts["CL"])
    return all_of_them - 3 * ("held_cl_nm" in built["parameters"])


def _built(scale: Scale, campaign: Campaign, system: str) -> Path:
    """Where a built system lies; CellError if it is not there, changed since, or not the one of the scale file."""
    place = campaign.system(system)
    record.same(record.read(place), scale.systems[system].model_dump(), place)
    record.unchanged(place)
    return place


def equilibration_options(scale: Scale) -> tuple[int, dict[str, Any]]:
    """The last step of the NVT equilibration and its run options."""
    last, seed = prepare.steps(scale.equilibration.duration_ps, scale.md), scale.equilibration.seed
    return last, prepare.dynamics(scale.md, last, fresh_velocities_seed=seed, seed=seed, field=prepare.FIELD_OFF)


def equilibrate(
    scale: Scale, campaign: Campaign, system: str, gmx: Gmx, *, threads: int,
    max_hours: float | None = None, watch: Watch | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Minimise and equilibrate a built system; return the manifest of the NVT run."""
    place, built = campaign.equilibration(system), _built(scale, campaign, system)
    freedom = degrees_of_freedom(built)
    minimised = minimise(scale, gmx, place / "minimise", built, threads)
    last, options = equilibration_options(scale)
    tpr = prepare.run_input(gmx, place / "tpr" / "nvt.tpr", options, minimised, built)
    task = _task(scale.md, place / "nvt", tpr, None, 0, last, freedom)
    return runner.run(task, gmx, threads=threads, max_hours=max_hours, progress=watch and watch("equilibrate", last))


def shared_inputs(scale: Scale, campaign: Campaign, system: str, protocol: Protocol, gmx: Gmx) -> list[Path]:
    """One .tpr per segment of the protocol, for all replicas; of jobs that ask at once, the first makes them."""
    built, place = _built(scale, campaign, system), campaign.protocol(system, protocol.name) / "tpr"
    conf = campaign.equilibration(system) / "minimise" / "conf.gro"
    if not conf.exists():
        where = f"--runs {shown(campaign.root.parent)} --system {system}"
        raise RunError(
            f"{conf} is not there: equilibrate the system first: "
            f"janus-pore equilibrate config/{scale.scale}.yml {where}"
        )
    _, *shared = run_inputs(scale, campaign, system, protocol, 0)
    with process.turn(place):
        return [prepare.run_input(gmx, tpr, options, conf, built) for tpr, options in shared]


def own_input(scale: Scale, campaign: Campaign, system: str, protocol: Protocol, replica: int, gmx: Gmx) -> Path:
    """The .tpr of a replica's randomising seg00: its own start frame, fresh velocities from its own seed, no field."""
    tpr, options = run_inputs(scale, campaign, system, protocol, replica)[0]
    start = tpr.with_name("start.gro")
    others = sorted(tpr.parents[2].glob("r*/tpr/start.gro"))
    if others and not start.exists():  # they may be of jobs that are done
        check_frame(scale, campaign, system, int(others[-1].parents[1].name[1:]), others[-1])
    conf = start_frame(scale, campaign, system, replica, start)
    return prepare.run_input(gmx, tpr, options, conf, campaign.system(system))


def run_inputs(
    scale: Scale, campaign: Campaign, system: str, protocol: Protocol, replica: int
) -> list[tuple[Path, dict[str, Any]]]:
    """Where the .tpr of each of a replica's segments lies, from seg00 on, and the .mdp options it is made with."""
    md, ((_, end), *bounds) = md_of(scale, protocol), _boundaries(scale, protocol)
    seed = replica + 1  # grompp takes a gen-seed of 0 for "any", and the velocities would differ from run to run
    own = prepare.dynamics(md, end, fresh_velocities_seed=seed, seed=seed, field=prepare.FIELD_OFF)
    found = [(campaign.replica(system, protocol.name, replica) / "tpr" / "seg00.tpr", own)]
    place, starts = campaign.protocol(system, protocol.name) / "tpr", scale.ensemble.randomise_ps + protocol.starts_ps()
    for k, (segment, start, (_, last)) in enumerate(zip(protocol.segments, starts, bounds, strict=True), 1):
        found.append((place / f"seg{k:02d}.tpr", prepare.segment_options(segment, md, start, last)))
    return found


def run_replicas(
    scale: Scale, campaign: Campaign, system: str, protocol: Protocol, replicas: Sequence[int], gmx: Gmx, *,
    threads: int, max_hours: float | None = None, watch: Watch | None = None,
) -> list[list[dict[str, Any]]]:  # fmt: skip
    """Run replicas one after the other (what is done costs nothing); return the manifests of each.

    `max_hours` is for all of them: what is left when it ends is resumed by the next call. A replica that fails does
    not keep the others from running.

    Raises
    ------
    StoppedError
        at a signal or the end of `max_hours`; nothing runs after that.
    RunError
        if replicas failed, when the others have ended.
    """
    end = None if max_hours is None else time.monotonic() + 3600 * max_hours
    shared = shared_inputs(scale, campaign, system, protocol, gmx)
    found, faults = [], []
    for k in replicas:
        try:
            found.append(_run(scale, campaign, system, protocol, k, gmx, shared, threads, end, watch))
        except StoppedError:
            raise
        except (RunError, GromacsError) as fault:
            faults.append(str(fault))
    if faults:
        raise RunError("\n".join(faults))
    return found


def run_replica(
    scale: Scale, campaign: Campaign, system: str, protocol: Protocol, replica: int, gmx: Gmx, **how: Any
) -> list[dict[str, Any]]:
    """`run_replicas` of one: the manifests of its segments."""
    return run_replicas(scale, campaign, system, protocol, [replica], gmx, **how)[0]


def _run(
    scale: Scale, campaign: Campaign, system: str, protocol: Protocol, replica: int, gmx: Gmx, shared: list[Path],
    threads: int, end: float | None, watch: Watch | None,
) -> list[dict[str, Any]]:  # fmt: skip
    """The segments of one replica, until the monotonic time `end`.

    A segment is verified and gets its manifest while the next one already runs from its checkpoint; if it does not
    verify, that one is stopped.
    """
    place, md = campaign.replica(system, protocol.name, replica), md_of(scale, protocol)
    own = own_input(scale, campaign, system, protocol, replica, gmx)
    freedom = degrees_of_freedom(campaign.system(system))
    ended: list[runner.Ended] = []
    for k, (tpr, (first, last)) in enumerate(zip([own, *shared], _boundaries(scale, protocol), strict=True)):
        state = ended[protocol.parents[k - 1] + 1].state if k else None
        task = _task(md, place / f"seg{k:02d}", tpr, state, first, last, freedom)
        progress = watch and watch(f"{system} {protocol.name} r{replica:03d} seg{k:02d}", last)
        left = None if end is None else (end - time.monotonic()) / 3600
        if left is not None and left <= 0 and not (task.directory / "manifest.json").exists():
            if ended:  # its steps are done: it counts, also where none follows
                ended[-1].conclude()
            raise StoppedError(f"{task.directory}: walltime reached before it; call again to go on")
        before = ended[-1] if ended else None
        try:
            meanwhile = partial(_meanwhile, before, progress)
            ended.append(runner.advance(task, gmx, threads=threads, max_hours=left, progress=meanwhile))
        finally:
            if before:
                before.conclude()
    return [one.conclude() for one in ended]


def _meanwhile(before: runner.Ended | None, progress: process.Progress | None, step: int) -> None:
    """What is done while mdrun is at work: conclude the segment before, and show how far this one is."""
    if before:
        before.conclude()
    if progress:
        progress(step)


def _boundaries(scale: Scale, protocol: Protocol) -> list[tuple[int, int]]:
    """(first, last) cumulative step of seg00, seg01, ... along their own paths (n_segments + 1,)."""
    md = md_of(scale, protocol)
    found = [(0, prepare.steps(scale.ensemble.randomise_ps, md))]
    for parent, segment in zip(protocol.parents, protocol.segments, strict=True):
        first = found[parent + 1][1]
        found.append((first, first + prepare.steps(segment.duration_ps, md)))
    return found


def _task(
    md: MD, directory: Path, tpr: Path, checkpoint: Path | None, first: int, last: int, freedom: int
) -> runner.Task:
    return runner.Task(
        directory, tpr, checkpoint, first, last, md.timestep_fs / 1000, md.trajectory_interval_ps,
        md.temperature_k, freedom,
    )  # fmt: skip


def segment_directories(replica: Path, protocol: Protocol) -> list[Path]:
    """Where a replica's protocol segments lie, in order (without the randomising seg00)."""
    return [replica / f"seg{k:02d}" for k in range(1, len(protocol.segments) + 1)]
