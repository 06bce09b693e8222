"""Runs that check the engine on a cube of bulk electrolyte: two thermostats, energy conservation, constant fields.

All start from one settled state: positions and velocities of its checkpoint, through grompp, because the time step
and the thermostat differ from run to run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..build.record import read, unchanged
from ..config import Scale
from ..errors import RunError
from ..parameters import MD
from ..paths import Campaign
from . import ensemble, prepare, runner
from .field import Segment
from .gmx import Gmx

#: What each thermostat needs to be canonical: coupling time (ps), steps between couplings, longest time step (fs).
THERMOSTATS = {"nose-hoover": (0.1, 1, 1.0), "v-rescale": (0.5, 10, 2.0)}
#: Steps that a pair list serves without a thermostat; `engine.nve_buffer_nm` must be wide enough for them.
_LIST_STEPS = 5
#: Coupling time (ps) while the cube settles: short, to take up the heat that the melting lattice sets free.
_SETTLING_PS = 0.1


@dataclass(frozen=True)
class Check:
    """One run of the cube.

    Attributes
    ----------
    name : its directory, e.g. "nve-0.5fs"
    kind : "nvt", "nve" or "field"
    value : what varies within the kind: thermostat, time step (fs), field (V/nm)
    md : settings
    duration_ps : length
    options : .mdp options beside those of `md`
    """

    name: str
    kind: str
    value: str | float
    md: MD
    duration_ps: float
    options: dict[str, Any] = field(default_factory=dict)


def checks(scale: Scale) -> dict[str, Check]:
    """All runs of a scale by name: its own thermostat and the other one, each time step, each field."""
    asked = scale.engine
    intervals = {
        "trajectory_interval_ps": asked.trajectory_interval_ps,
        "energy_interval_ps": asked.energy_interval_ps,
    }
    own = _altered(scale.md, **intervals)
    found = []
    for name, (time_ps, every, longest_fs) in THERMOSTATS.items():
        other = {
            "thermostat": name, "thermostat_time_ps": time_ps, "thermostat_every_steps": every,
            "timestep_fs": min(own.timestep_fs, longest_fs),
        }  # fmt: skip
        md = own if own.thermostat == name else _altered(own, **other)
        found.append(Check(f"nvt-{name}", "nvt", name, md, asked.nvt_ps))
    buffered = {
        "tcoupl": "no", "verlet-buffer-tolerance": -1, "nstlist": _LIST_STEPS,
        "rlist": f"{own.cutoff_nm + asked.nve_buffer_nm:g}",
    }  # fmt: skip
    for fs in asked.nve_timesteps_fs:
        md = _altered(
            own, timestep_fs=fs, thermostat_every_steps=1, energy_interval_ps=max(asked.nve_timesteps_fs) / 1000
        )
        found.append(Check(f"nve-{fs:g}fs", "nve", fs, md, asked.nve_ps, buffered))
    for strength in asked.fields_v_nm:
        applied = Segment(strength, asked.field_ps).mdp(0.0)
        found.append(Check(f"field-{strength:g}", "field", strength, own, asked.field_ps, applied))
    return {check.name: check for check in found}


def degrees_of_freedom(system: Path) -> int:
    """Of the cube: 6 per rigid water, 3 per ion, less 3 of the drift that is removed."""
    return ensemble.degrees_of_freedom(system) - 3


def settling(scale: Scale) -> MD:
    """The settings with which the cube settles."""
    return _altered(
        scale.md, thermostat="v-rescale", thermostat_time_ps=_SETTLING_PS,
        thermostat_every_steps=THERMOSTATS["v-rescale"][1],
        trajectory_interval_ps=scale.engine.trajectory_interval_ps,
    )  # fmt: skip


def settle(
    scale: Scale, campaign: Campaign, gmx: Gmx, *, threads: int, max_hours: float | None = None,
    watch: ensemble.Watch | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Build, minimise and settle the cube (resumable, made once); return the manifest of the settling run."""
    from ..build import bulk  # imports what takes a second, which the workflow need not wait for to list the checks

    place = campaign.engine()
    bulk.write(next(iter(scale.systems.values())), scale.engine.edge_nm, place / "system")
    minimised = ensemble.minimise(scale, gmx, place / "minimise", place / "system", threads, sheet=False)
    md = settling(scale)
    last, seed = prepare.steps(scale.engine.settle_ps, md), scale.equilibration.seed
    options = prepare.dynamics(md, last, fresh_velocities_seed=seed, seed=seed, field=prepare.FIELD_OFF, sheet=False)
    tpr = prepare.run_input(gmx, place / "tpr" / "settle.tpr", options, minimised, place / "system")
    task = _task(md, place, "settle", tpr, last)
    return runner.run(task, gmx, threads=threads, max_hours=max_hours, progress=watch and watch("settle", last))


def run(
    scale: Scale, campaign: Campaign, check: Check | None, gmx: Gmx, *, threads: int, max_hours: float | None = None,
    watch: ensemble.Watch | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Run one check from the settled state, or with None settle (resumable, made once); return the manifest.

    Raises
    ------
    RunError
        if the cube has not been settled.
    CellError
        if its files changed since it was built.
    """
    if check is None:
        return settle(scale, campaign, gmx, threads=threads, max_hours=max_hours, watch=watch)
    place = campaign.engine()
    state = place / "settle" / "state.cpt"
    if not state.exists():
        raise RunError(f"{place / 'settle'} is not there: settle the bulk electrolyte first")
    unchanged(place / "system")
    last, options = run_options(check)
    conf = place / "minimise" / "conf.gro"
    tpr = prepare.run_input(gmx, place / "tpr" / f"{check.name}.tpr", options, conf, place / "system", state)
    task = _task(check.md, place, check.name, tpr, last)
    progress = watch and watch(check.name, last)
    return runner.run(task, gmx, threads=threads, max_hours=max_hours, progress=progress)


def run_options(check: Check) -> tuple[int, dict[str, Any]]:
    """The last step of a check, and its run options."""
    last = prepare.steps(check.duration_ps, check.md)
    return last, prepare.dynamics(check.md, last, fresh_velocities_seed=None, seed=1, field=check.options, sheet=False)


def record(campaign: Campaign) -> dict[str, Any]:
    """What the cube holds: counts, atoms, box (system.json)."""
    return read(campaign.engine() / "system")


def _task(md: MD, place: Path, name: str, tpr: Path, last: int) -> runner.Task:
    return runner.Task(
        place / name, tpr, None, 0, last, md.timestep_fs / 1000, md.trajectory_interval_ps, md.temperature_k,
        degrees_of_freedom(place / "system"),
    )  # fmt: skip


def _altered(md: MD, **changes: Any) -> MD:
    """The settings with changes, checked again."""
    return MD.model_validate({**md.model_dump(), **changes})
