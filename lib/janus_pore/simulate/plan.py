"""What a campaign costs before it is paid for: nanoseconds, hours, disk, and what is done already."""

from __future__ import annotations

import math
import re
import tempfile
from pathlib import Path

import pandas as pd

from ..build import bulk
from ..build import system as cell
from ..config import Scale
from ..errors import RunError
from ..parameters import MD
from ..paths import Campaign
from . import cost, prepare, process
from .gmx import Gmx
from .protocols import md_of, protocols_of, replicas_of
from .status import NOTHING, Shipped, engine_runs, equilibrated, finished_ps

#: Size of a compressed frame in bytes per atom at a resolution of 0.001 nm, and what each further decade adds.
#: Measured: 2.6, 3.75 to 3.9, 5.1, 6.3 and 7.7 at 1e-2 to 1e-6 nm.
XTC_BYTES, XTC_BYTES_PER_DECADE = 3.75, 1.3


def plan(scale: Scale, campaign: Campaign, ns_per_day: dict[str, float], shipped: Shipped = NOTHING) -> pd.DataFrame:
    """One row per system and protocol, the equilibrations and the engine's checks.

    Parameters
    ----------
    ns_per_day : speed by system, of one run on the cores the scale gives it (`ensemble.cores_per_run`)
    shipped : replicas that need not be run, by system and protocol; they count as done, and what was taken over
        does; None if none is to be taken over

    Returns
    -------
    DataFrame with system, protocol, replicas, ns, run_hours (all runs one after the other), core_hours, disk_gb,
    done (finished part of the ns, 0 to 1).
    """
    rows = []
    for system, parameters in scale.systems.items():
        atoms = _atoms(cell.fill(parameters))
        speed, length = ns_per_day[system], scale.equilibration.duration_ps
        finished = length * equilibrated(scale, campaign, system, shipped)
        rows.append(_row(system, "equilibrate", 1, length, finished, frame_gb(scale.md, atoms), speed))
        for name, protocol in protocols_of(scale, system).items():
            replicas = len(replicas_of(scale, protocol))
            total = replicas * (scale.ensemble.randomise_ps + protocol.simulated_ps)
            finished = finished_ps(scale, campaign, system, protocol, shipped)
            md = md_of(scale, protocol)
            own = speed * md.timestep_fs / scale.md.timestep_fs
            rows.append(_row(system, name, replicas, total, finished, frame_gb(md, atoms), own))
    rows.append(_engine(scale, campaign, ns_per_day))
    table = pd.DataFrame(rows)
    table["core_hours"] = table.run_hours * scale.ensemble.cores_per_run
    return table[["system", "protocol", "replicas", "ns", "run_hours", "core_hours", "disk_gb", "done"]]


def jobs(scale: Scale, campaign: Campaign) -> pd.DataFrame:
    """How the workflow cuts a campaign into jobs: one row per system and protocol.

    Returns
    -------
    DataFrame with system, protocol, jobs, in_turn and side_by_side (replicas of a job), cores, and asked_minutes: the
    walltime that a job asks for on a cluster, before the profile's cap.
    """
    rows = []
    for system in scale.systems:
        minutes = cost.minutes(scale, campaign, system, scale.equilibration.duration_ps)
        rows.append([system, "equilibrate", 1, 1, 1, minutes])
        for name, protocol in protocols_of(scale, system).items():
            size, turns = cost.job_size(scale, system, protocol), cost.in_turn(scale, system, protocol)
            count, minutes = len(replicas_of(scale, protocol)), cost.job_minutes(scale, campaign, system, protocol)
            rows.append([system, name, -(-count // size), turns, scale.ensemble.replicas_per_job, minutes])
    table = pd.DataFrame(rows, columns=["system", "protocol", "jobs", "in_turn", "side_by_side", "asked_minutes"])
    table.insert(5, "cores", table.side_by_side * scale.ensemble.cores_per_run)
    return table


def speed_of(scale: Scale, campaign: Campaign, system: str) -> float:
    """ns/day of one run: what the system's equilibration had, or the stated rate where there is none yet."""
    stated = cost.ns_per_day(scale, _atoms(cell.fill(scale.systems[system])))
    return cost.measured(scale, campaign, system) or stated


def frame_gb(md: MD, atoms: int) -> float:
    """Disk space of trajectories in GB per ps, of so many atoms stored as these settings say."""
    per_atom = XTC_BYTES - XTC_BYTES_PER_DECADE * (3 + math.log10(md.trajectory_resolution_nm))
    return per_atom * atoms / md.trajectory_interval_ps / 1e9


def speeds(scale: Scale, measured: str, ns_per_day: float) -> dict[str, float]:
    """Speeds of all systems from that of one: the cost of a step goes with the number of atoms."""
    atoms = {name: _atoms(cell.fill(system)) for name, system in scale.systems.items()}
    return {name: ns_per_day * atoms[measured] / n for name, n in atoms.items()}


def probe(scale: Scale, system: str, gmx: Gmx, seconds: float = 20.0) -> float:
    """Speed in ns/day of a system on this machine, from a short run of the real cell with the real settings.

    The cell is built in a temporary directory and not minimised, so the run has a time step a thousand times shorter:
    a step costs the same.
    """
    with tempfile.TemporaryDirectory(prefix="janus-probe-") as name:
        place = Path(name)
        cell.write(scale.systems[system], place / "system")
        md = scale.md
        options = prepare.dynamics(md, 10_000_000, fresh_velocities_seed=1, seed=1, field=prepare.FIELD_OFF)
        options |= {"dt": md.timestep_fs / 1e6, "tcoupl": "no", "nstenergy": 1000, "nstcalcenergy": 100}
        tpr = prepare.run_input(gmx, place / "probe.tpr", options, place / "system" / "conf.gro", place / "system")
        argv = process.mdrun(gmx, tpr, scale.ensemble.cores_per_run)
        process.launch([*argv, "-deffnm", "probe", "-maxh", f"{seconds / 3600:.6f}", "-noconfout"], place)
        log = (place / "probe.log").read_text(errors="replace")
        found = re.findall(r"^Performance:\s+[\d.]+\s+([\d.]+)", log, re.M)  # hours per ns
    if not found or float(found[-1]) == 0:
        raise RunError(f"the probe of {system} ended without a speed; give it with --ns-per-day")
    return 1000 * 24 / float(found[-1])  # of ns/day GROMACS prints three decimals only


def _row(
    system: str,
    protocol: str,
    replicas: int,
    ps: float,
    finished: float,
    gb_per_ps: float,
    speed: float,
) -> dict[str, object]:
    return {
        "system": system,
        "protocol": protocol,
        "replicas": replicas,
        "ns": ps / 1000,
        "run_hours": 24 * ps / 1000 / speed,
        "disk_gb": gb_per_ps * ps,
        "done": finished / ps,
    }


def _engine(scale: Scale, campaign: Campaign, ns_per_day: dict[str, float]) -> dict[str, object]:
    """The engine's checks in one row; their time steps differ, and so does what a ps costs."""
    name, parameters = next(iter(scale.systems.items()))
    atoms = len(bulk.fill(parameters, scale.engine.edge_nm)[1])
    per_fs = ns_per_day[name] * _atoms(cell.fill(parameters)) / atoms / scale.md.timestep_fs
    runs, rows = engine_runs(scale, campaign), []
    for one in runs:
        speed, size = per_fs * one.md.timestep_fs, frame_gb(one.md, atoms)
        rows.append(_row("engine", "checks", len(runs), one.ps, one.finished_ps, size, speed))
    total = {key: sum(float(row[key]) for row in rows) for key in ("ns", "run_hours", "disk_gb")}
    done = sum(one.finished_ps for one in runs) / sum(one.ps for one in runs)
    return rows[0] | total | {"done": done}


def _atoms(filled: cell.Cell) -> int:
    return len(filled.positions_nm)
