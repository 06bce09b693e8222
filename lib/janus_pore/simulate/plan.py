"""What a campaign costs before it is paid for: nanoseconds, hours, disk, and what is done already."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pandas as pd

from ..build import system as cell
from ..config import Scale
from ..errors import RunError
from ..paths import Campaign
from . import prepare, process
from .gmx import Gmx
from .protocols import interval_of, protocols_of, replicas_of
from .status import finished_ps

#: Size of a compressed coordinate, in bytes per atom and frame, at a precision of 0.001 nm (measured).
XTC_BYTES = 3.75


def plan(scale: Scale, campaign: Campaign, ns_per_day: dict[str, float]) -> pd.DataFrame:
    """One row per system and protocol (and the equilibration).

    Parameters
    ----------
    ns_per_day : speed by system, of one run on the cores the scale gives it (`ensemble.cores_per_run`)

    Returns
    -------
    DataFrame with system, protocol, replicas, ns, run_hours (all runs one after the other), core_hours, disk_gb,
    done (finished part of the ns, 0 to 1).
    """
    rows = []
    for system, parameters in scale.systems.items():
        atoms = _atoms(cell.fill(parameters))
        speed, built = ns_per_day[system], campaign.equilibration(system)
        length = scale.equilibration.duration_ps
        finished = length if (built / "nvt" / "manifest.json").exists() else 0.0
        rows.append(_row(system, "equilibrate", 1, length, scale.md.trajectory_interval_ps, finished, atoms, speed))
        for name, protocol in protocols_of(scale, system).items():
            replicas = len(replicas_of(scale, protocol))
            total = replicas * (scale.ensemble.randomise_ps + protocol.simulated_ps)
            finished = finished_ps(scale, campaign, system, protocol)
            interval = interval_of(scale, protocol)
            rows.append(_row(system, name, replicas, total, interval, finished, atoms, speed))
    table = pd.DataFrame(rows)
    table["core_hours"] = table.run_hours * scale.ensemble.cores_per_run
    return table[["system", "protocol", "replicas", "ns", "run_hours", "core_hours", "disk_gb", "done"]]


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
        found = re.findall(r"^Performance:\s+([\d.]+)", (place / "probe.log").read_text(errors="replace"), re.M)
    if not found or float(found[-1]) == 0:
        raise RunError(f"the probe of {system} ended without a speed; give it with --ns-per-day")
    return 1000 * float(found[-1])


def _row(
    system: str,
    protocol: str,
    replicas: int,
    ps: float,
    interval_ps: float,
    finished: float,
    atoms: int,
    speed: float,
) -> dict[str, object]:
    return {
        "system": system,
        "protocol": protocol,
        "replicas": replicas,
        "ns": ps / 1000,
        "run_hours": 24 * ps / 1000 / speed,
        "disk_gb": XTC_BYTES * atoms * ps / interval_ps / 1e9,
        "done": finished / ps,
    }


def _atoms(filled: cell.Cell) -> int:
    return len(filled.positions_nm)
