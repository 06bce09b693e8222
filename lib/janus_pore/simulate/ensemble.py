"""From a built system to an ensemble: minimise, equilibrate, start replicas, run a protocol's segments.

Replica k starts from the frame k * spacing before the end of the equilibration, with fresh velocities from seed
k + 1, runs `randomise_ps` without field (seg00, a .tpr of its own), then the protocol's segments (seg01, ...), whose
.tpr files all replicas share: each continues from the checkpoint of the segment it follows (docs/adr/0004).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import MDAnalysis as mda
import numpy as np

from ..config import Scale
from ..errors import RunError
from ..files import sha256, write_json
from ..parameters import MD
from ..paths import Campaign
from . import prepare, process, runner
from .field import Protocol
from .gmx import Gmx
from .protocols import md_of

Watch = Callable[[str, int], process.Progress]


def degrees_of_freedom(system: Path) -> int:
    """Of the mobile atoms: 6 per rigid water, 3 per ion; nothing is removed (comm-mode None)."""
    counts = json.loads((system / "system.json").read_text())["counts"]
    return 6 * counts["SOL"] + 3 * (counts["K"] + counts["CL"])


def equilibrate(
    scale: Scale, campaign: Campaign, system: str, gmx: Gmx, *, threads: int,
    max_hours: float | None = None, watch: Watch | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Minimise and equilibrate a built system; return the manifest of the NVT run."""
    place, built = campaign.equilibration(system), campaign.system(system)
    minimised = minimise(scale, gmx, place / "minimise", built, threads)
    last = prepare.steps(scale.equilibration.duration_ps, scale.md)
    seed = scale.equilibration.seed
    options = prepare.dynamics(scale.md, last, fresh_velocities_seed=seed, seed=seed, field=prepare.FIELD_OFF)
    tpr = prepare.run_input(gmx, place / "tpr" / "nvt.tpr", options, minimised, built)
    task = _task(scale.md, place / "nvt", tpr, None, 0, last, built)
    return runner.run(task, gmx, threads=threads, max_hours=max_hours, progress=watch and watch("equilibrate", last))


def minimise(scale: Scale, gmx: Gmx, place: Path, built: Path, threads: int, *, sheet: bool = True) -> Path:
    """Relax the lattice start; return the minimised coordinates (kept with a manifest, made once)."""
    conf = place / "conf.gro"
    if runner.done(place) is not None:
        return conf
    work = place.with_name(place.name + ".partial")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    tpr = prepare.run_input(gmx, work / "em.tpr", prepare.minimisation(scale, sheet=sheet), built / "conf.gro", built)
    process.launch([*process.mdrun(gmx, tpr, threads, dynamics=False), "-deffnm", "em", "-c", "conf.gro"], work)
    log = (work / "em.log").read_text(errors="replace")
    found = {key: re.findall(rf"{key}\s+=\s+(\S+)", log)[-1:] for key in ("Potential Energy", "Maximum force")}
    numbers = {key: float(value[0]) for key, value in found.items() if value}
    if len(numbers) < 2 or not all(np.isfinite(list(numbers.values()))) or numbers["Potential Energy"] > 0:
        raise RunError(f"{work}: minimisation did not reach a bound state ({numbers}); see em.log there")
    kept = ("conf.gro", "em.log")
    for path in work.iterdir():
        if path.name not in kept:
            path.unlink()
    inputs = {"conf": sha256(built / "conf.gro"), "topology": sha256(built / "topol.top")}
    manifest = {"inputs": inputs, "files": {name: sha256(work / name) for name in kept}, **numbers}
    write_json(work / "manifest.json", manifest)
    os.replace(work, place)
    return conf


def shared_inputs(scale: Scale, campaign: Campaign, system: str, protocol: Protocol, gmx: Gmx) -> list[Path]:
    """One .tpr per segment of the protocol, for all replicas."""
    built, place = campaign.system(system), campaign.protocol(system, protocol.name) / "tpr"
    conf = campaign.equilibration(system) / "minimise" / "conf.gro"
    made = []
    for k, segment in enumerate(protocol.segments, 1):
        start_ps = scale.ensemble.randomise_ps + protocol.starts_ps()[k - 1]
        options = prepare.segment_options(segment, md_of(scale, protocol), start_ps, _boundaries(scale, protocol)[k][1])
        made.append(prepare.run_input(gmx, place / f"seg{k:02d}.tpr", options, conf, built))
    return made


def own_input(scale: Scale, campaign: Campaign, system: str, protocol: Protocol, replica: int, gmx: Gmx) -> Path:
    """The .tpr of a replica's randomising seg00: its own start frame, fresh velocities from its own seed, no field."""
    tpr = campaign.replica(system, protocol.name, replica) / "tpr" / "seg00.tpr"
    conf = start_frame(scale, campaign, system, replica, tpr.with_name("start.gro"))
    seed = replica + 1  # grompp takes a gen-seed of 0 for "any", and the velocities would differ from run to run
    last = _boundaries(scale, protocol)[0][1]
    md = md_of(scale, protocol)
    options = prepare.dynamics(md, last, fresh_velocities_seed=seed, seed=seed, field=prepare.FIELD_OFF)
    return prepare.run_input(gmx, tpr, options, conf, campaign.system(system))


def run_replica(
    scale: Scale, campaign: Campaign, system: str, protocol: Protocol, replica: int, gmx: Gmx, *,
    threads: int, max_hours: float | None = None, watch: Watch | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Run all segments of one replica (those already done cost nothing); return their manifests.

    `max_hours` is for all segments together: what is left of it when it ends is resumed by the next call.
    """
    begun = time.monotonic()
    built, place = campaign.system(system), campaign.replica(system, protocol.name, replica)
    boundaries = _boundaries(scale, protocol)
    own = own_input(scale, campaign, system, protocol, replica, gmx)
    shared = shared_inputs(scale, campaign, system, protocol, gmx)
    manifests = []
    for k, (tpr, (first_step, last_step)) in enumerate(zip([own, *shared], boundaries, strict=True)):
        checkpoint = place / f"seg{protocol.parents[k - 1] + 1:02d}" / "state.cpt" if k else None
        task = _task(md_of(scale, protocol), place / f"seg{k:02d}", tpr, checkpoint, first_step, last_step, built)
        progress = watch and watch(f"{system} {protocol.name} r{replica:03d} seg{k:02d}", last_step)
        left = None if max_hours is None else max_hours - (time.monotonic() - begun) / 3600
        if left is not None and left <= 0 and not (task.directory / "manifest.json").exists():
            raise RunError(f"{task.directory}: walltime of {max_hours:g} h reached before it; call again to go on")
        manifests.append(runner.run(task, gmx, threads=threads, max_hours=left, progress=progress))
    return manifests


def start_frame(scale: Scale, campaign: Campaign, system: str, replica: int, path: Path) -> Path:
    """Write the frame of the equilibration that a replica starts from: `replica` spacings before its end."""
    if path.exists():
        return path
    time_ps = scale.equilibration.duration_ps - replica * scale.ensemble.spacing_ps
    trajectory = campaign.equilibration(system) / "nvt" / "md.xtc"
    u = mda.Universe(str(campaign.system(system) / "conf.gro"), str(trajectory), to_guess=())
    index = round(time_ps / scale.md.trajectory_interval_ps)
    if not 0 <= index < len(u.trajectory):
        raise RunError(f"{trajectory} has no frame at {time_ps:g} ps: replica {replica} is not of this campaign")
    u.trajectory[index]
    if abs(u.trajectory.ts.time - time_ps) > 0.5 * scale.md.trajectory_interval_ps:
        raise RunError(f"{trajectory} has no frame at {time_ps} ps; run the equilibration again")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"partial-{path.name}")
    u.atoms.write(str(part), reindex=False)
    os.replace(part, path)
    return path


def _boundaries(scale: Scale, protocol: Protocol) -> list[tuple[int, int]]:
    """(first, last) cumulative step of seg00, seg01, ... along their own paths (n_segments + 1,)."""
    found = [(0, prepare.steps(scale.ensemble.randomise_ps, scale.md))]
    for parent, segment in zip(protocol.parents, protocol.segments, strict=True):
        first = found[parent + 1][1]
        found.append((first, first + prepare.steps(segment.duration_ps, scale.md)))
    return found


def _task(
    md: MD, directory: Path, tpr: Path, checkpoint: Path | None, first: int, last: int, built: Path
) -> runner.Task:
    return runner.Task(
        directory, tpr, checkpoint, first, last, md.timestep_fs / 1000, md.trajectory_interval_ps,
        md.temperature_k, degrees_of_freedom(built),
    )  # fmt: skip


def segment_directories(replica: Path, protocol: Protocol) -> list[Path]:
    """Where a replica's protocol segments lie, in order (without the randomising seg00)."""
    return [replica / f"seg{k:02d}" for k in range(1, len(protocol.segments) + 1)]
