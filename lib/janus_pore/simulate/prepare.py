"""Run parameters and run inputs: the scale's MD settings as an .mdp, and grompp done once per distinct input."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..config import MD, Scale
from ..errors import GromacsError, RunError
from ..files import Record, read_json, settle, sha256, write_json, write_text
from .field import Segment
from .gmx import Gmx, write_mdp

#: The field-free segment with fresh velocities that makes replicas differ.
FIELD_OFF = {"electric-field-x": "0 0 0 0"}


def steps(duration_ps: float, md: MD) -> int:
    """Number of time steps in a duration that `config` has checked to be a whole number of them."""
    return round(duration_ps * 1000 / md.timestep_fs)


def nonbonded(md: MD, *, sheet: bool = True) -> dict[str, Any]:
    """What minimisation and dynamics share: cutoffs, PME and the frozen sheet.

    Without a sheet nothing takes up momentum, so the drift of the whole box is removed, and its 3 degrees of freedom.
    """
    frozen = {"comm-mode": "None", "freezegrps": "Sheet", "freezedim": "Y Y Y"}
    return {
        "cutoff-scheme": "Verlet",
        "coulombtype": "PME",
        "rcoulomb": md.cutoff_nm,
        "rvdw": md.cutoff_nm,
        "vdw-modifier": md.vdw_modifier,
        "DispCorr": "no",
        "fourierspacing": md.pme_spacing_nm,
        "pme-order": md.pme_order,
        "pbc": "xyz",
        **(frozen if sheet else {"comm-mode": "Linear"}),
    }


def dynamics(
    md: MD, last_step: int, *, fresh_velocities_seed: int | None, seed: int, field: dict, sheet: bool = True
) -> dict[str, Any]:
    """The .mdp of an NVT run up to the cumulative step `last_step`.

    The frozen sheet has a temperature group of its own: in GROMACS before 2024.5 frozen atoms in a mobile group
    bias the temperature. The liquid's own drift is not removed (comm-mode None). A bulk liquid has no sheet.
    """
    groups = ["Mobile", "Sheet"] if sheet else ["Mobile"]
    fresh = fresh_velocities_seed is not None
    velocities = {"gen-vel": "yes", "gen-temp": md.temperature_k, "gen-seed": fresh_velocities_seed} if fresh else {}
    return {
        "integrator": "md",
        "dt": md.timestep_fs / 1000,
        "nsteps": last_step,
        **nonbonded(md, sheet=sheet),
        "tcoupl": md.thermostat,
        "nsttcouple": md.thermostat_every_steps,
        "tc-grps": " ".join(groups),
        "tau-t": " ".join([str(md.thermostat_time_ps)] * len(groups)),
        "ref-t": " ".join([str(md.temperature_k)] * len(groups)),
        "nstcalcenergy": _interval(md.energy_interval_ps, md),
        "nstenergy": _interval(md.energy_interval_ps, md),
        "nstlog": 100 * _interval(md.energy_interval_ps, md),
        "nstxout-compressed": _interval(md.trajectory_interval_ps, md),
        "compressed-x-precision": round(1 / md.trajectory_resolution_nm),
        "continuation": "no" if fresh else "yes",
        "ld-seed": seed,
        **velocities,
        **field,
    }


def minimisation(scale: Scale, *, sheet: bool = True) -> dict[str, Any]:
    """The .mdp of the energy minimisation."""
    settings = scale.equilibration
    return {
        "integrator": "steep",
        "nsteps": settings.minimise_steps,
        "emtol": settings.minimise_force_kj_mol_nm,
        "emstep": 0.01,
        **nonbonded(scale.md, sheet=sheet),
    }


def segment_options(segment: Segment, md: MD, start_ps: float, last_step: int) -> dict[str, Any]:
    """The .mdp of a protocol's segment that continues a checkpoint at the run's time `start_ps`."""
    return dynamics(md, last_step, fresh_velocities_seed=None, seed=0, field=segment.mdp(start_ps))


def run_input(
    gmx: Gmx, tpr: Path, options: dict[str, Any], conf: Path, system: Path, state: Path | None = None
) -> Path:
    """Make `tpr` with grompp from options, coordinates and the topology and groups in `system`.

    Idempotent: a .tpr already made from the same inputs is kept. With a checkpoint as `state`, positions and
    velocities come from there, for a run of other settings that begins at time 0.

    Raises
    ------
    RunError
        if a .tpr made from other inputs is there.
    GromacsError
        if grompp refuses, or warns of anything, or makes nothing.
    """
    inputs = {
        "options": {key: str(value) for key, value in options.items()},
        "conf": sha256(conf),
        "topology": sha256(system / "topol.top"),
        "groups": sha256(system / "index.ndx"),
        **({"state": sha256(state)} if state else {}),
    }
    if tpr.exists() and (old := made_from(tpr)) is not None:
        if old == inputs:
            return tpr
        other = [f"{key} {said}" for key, said in otherwise(old["options"], inputs["options"]).items()]
        changed = [key for key in inputs if old.get(key) != inputs[key] and key != "options"]
        changed += [f"options ({'; '.join(other)})"] if other else []
        raise RunError(
            f"{tpr} was made from other {' and '.join(changed)}. Runs made with it would no longer fit: set the scale "
            "file back, or give the changed scale a new name"
        )
    mdp = write_mdp(tpr.with_suffix(".mdp"), options)
    part = tpr.with_name(f"partial-{tpr.name}")
    said = gmx.call(
        "grompp", f=mdp, c=conf, p=system / "topol.top", n=system / "index.ndx", o=part,
        po=tpr.with_suffix(".out.mdp"), **({"t": state} if state else {}),
    )  # fmt: skip
    write_text(tpr.with_suffix(".grompp.log"), said)
    if not part.exists():
        end = "\n".join(said.strip().splitlines()[-12:])
        raise GromacsError(
            f"{gmx.path} grompp ended without an error and without {part}. Is it GROMACS? Set GMX to one that is. It "
            f"said last:\n{end or '(nothing)'}"
        )
    settle(part, tpr)
    write_json(tpr.with_suffix(".json"), inputs)
    return tpr


def otherwise(found: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, str]:
    """What is not as asked, by key, in words."""
    keys = [key for key in {**found, **asked} if found.get(key) != asked.get(key)]
    return {key: f"{found.get(key)}, not {asked.get(key)}" for key in keys}


class _Inputs(Record):
    options: dict[str, str]
    conf: str
    topology: str
    groups: str
    state: str = ""


def made_from(tpr: Path) -> dict[str, Any] | None:
    """The record of what a .tpr was made from; None if there is none, RunError if it is damaged."""
    record = tpr.with_suffix(".json")
    if not record.exists():
        return None
    return read_json(
        record,
        f"restore it, or delete it, and {tpr.name} is made again when it is needed (not always the same to the byte: "
        "what was run with it is then to be run again)",
        _Inputs,
    )


def _interval(interval_ps: float, md: MD) -> int:
    return steps(interval_ps, md)
