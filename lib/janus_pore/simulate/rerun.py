"""The forces on Cl- in stored frames, computed again with parts of the interactions switched off (Table 1).

PME is linear in the charges and Lennard-Jones is a sum over pairs, so the force of one group is the difference of
two reruns: F_el(water) = F(all) - F(water without charges). The field is off in all of them. The ions' own part is
computed, not left over, so that the sum of the parts can be compared with the force of all.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import MDAnalysis as mda
import numpy as np
from MDAnalysis.lib.formats.libmdaxdr import TRRFile, XTCFile

from ..config import Scale
from ..environment import variables
from ..errors import RunError, TrajectoryError
from ..parameters import MD, RERUN_RESOLUTION_NM
from ..paths import Campaign
from ..units import is_forward
from . import prepare, process, zeroed
from .ensemble import segment_directories
from .field import Protocol
from .gmx import Gmx
from .protocols import interval_of, md_of, protocols_of
from .runner import done

_ALL = ("water", "membrane", "ion")

#: What `barrier` asks of the forces when they are there.
LATER = {"protocols", "bin_width_nm", "waiting_depth_nm", "axis_radius_nm", "arrival_ps", "placed_alike"}
#: Reruns by name: the groups that keep their charges, and those that keep their epsilons.
RERUNS = {
    "all": (_ALL, _ALL),
    "water without charges": (("membrane", "ion"), _ALL),
    "membrane without charges": (("water", "ion"), _ALL),
    "charges of ions only": (("ion",), _ALL),
    "no charges": ((), _ALL),
    "no charges, water without depths": ((), ("membrane", "ion")),
    "no charges, membrane without depths": ((), ("water", "ion")),
    "no charges, depths of ions only": ((), ("ion",)),
}


@dataclass(frozen=True)
class Forces:
    """What the reruns of one replica gave.

    Attributes
    ----------
    time_ps, field_v_nm : array (frame,), since the protocol's start
    position_nm : array (frame, ion, 3) of the Cl- ions
    force : by name of the rerun, array (frame, ion): force along x in kJ/mol/nm, without the field
    trajectory : SHA-256 of the trajectory
    """

    time_ps: np.ndarray
    field_v_nm: np.ndarray
    position_nm: np.ndarray
    force: dict[str, np.ndarray]
    trajectory: str


def asked(scale: Scale, system: str) -> dict[str, Protocol]:
    """The protocols of a system whose frames the forces are recomputed from: sweeps, and constant fields asked for."""
    return {
        name: one
        for name, one in protocols_of(scale, system).items()
        if one.kind == "sine" and name in scale.barrier.protocols
        or one.kind == "constant" and name.rpartition("_")[0] in scale.barrier.protocols
        and in_window(scale, np.array([one.segments[0].amplitude_v_nm])).any()
    }  # fmt: skip


def in_window(scale: Scale, field_v_nm: np.ndarray) -> np.ndarray:
    """Which fields (n,) lie in a window of `barrier.fields_v_nm`."""
    near = np.abs(field_v_nm[:, None] - np.array(scale.barrier.fields_v_nm))
    return (near <= scale.barrier.half_window_v_nm + 1e-9).any(axis=1)


def chosen(scale: Scale, protocol: Protocol) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Index, time (ps, since the protocol's start) and field (V/nm) of the frames wanted, arrays (n,).

    Of a sweep the forward branch (|E| rising), or both (`barrier.both_branches`); of a constant field what comes after
    `analysis.discard_ps`.
    """
    segment, interval = protocol.segments[0], interval_of(scale, protocol)
    time = np.arange(round(segment.duration_ps / interval) + 1) * interval
    field = segment.at(time)
    if protocol.kind == "sine":
        keep = is_forward(time, 1000 / segment.frequency_ghz) | scale.barrier.both_branches
    else:
        keep = time >= scale.analysis.discard_ps
    index = np.flatnonzero(keep & in_window(scale, field))[:: scale.barrier.every_frames]
    return index, time[index], field[index]


def recompute(
    scale: Scale, campaign: Campaign, system: str, protocol: Protocol, replica: int, gmx: Gmx, *, threads: int
) -> Forces:
    """Rerun the chosen frames of one replica; what it writes on the way is deleted in the end.

    Raises
    ------
    TrajectoryError
        if the replica has not been run, its positions are stored too coarsely, or no frame is in a window.
    RunError
        if another process is at it, the run's files changed, or GROMACS fails.
    """
    (directory,) = segment_directories(campaign.replica(system, protocol.name, replica), protocol)
    manifest = done(directory)
    if manifest is None:
        raise TrajectoryError(f"not run yet: {directory}; run the replica first (delete its stamps, *.done)")
    index, time, field = chosen(scale, protocol)
    if not len(index):
        raise TrajectoryError(f"{protocol.name}: no frame in a window of barrier.fields_v_nm; widen half_window_v_nm")
    built, work = campaign.system(system), directory.parent.with_name(f"r{replica:03d}.rerun")
    ions = mda.Universe(str(built / "conf.gro"), to_guess=()).select_atoms("resname CL").indices
    work.mkdir(parents=True, exist_ok=True)
    with process.locked(work):
        _clear(work)
        position = extract(directory / "md.xtc", index, work / "frames.trr", ions)
        force = {}
        for k, (name, (charges, depths)) in enumerate(RERUNS.items()):
            place = zeroed.write(built, work / f"{k}", charges=charges, depths=depths)
            mdp = options(md_of(scale, protocol), charged=bool(charges))
            force[name] = one(gmx, place, mdp, work / "frames.trr", ions, threads)
            if force[name].shape != (len(index), len(ions)) or not np.isfinite(force[name]).all():
                raise RunError(f"{place} does not hold finite forces of {len(index)} frames: see mdrun.out there")
            shutil.rmtree(place)
    shutil.rmtree(work)
    return Forces(time, field, position, force, manifest["files"]["md.xtc"])


def extract(trajectory: Path, index: np.ndarray, path: Path, ions: np.ndarray) -> np.ndarray:
    """Copy frames of an XTC file into a TRR file, which rounds nothing; return the positions (frame, ion, 3) in nm.

    Raises
    ------
    TrajectoryError
        if the positions are stored too coarsely, or frames are missing.
    """
    kept = []
    with XTCFile(str(trajectory)) as xtc, TRRFile(str(path), "w") as out:
        if len(xtc) <= index[-1]:
            raise TrajectoryError(f"{trajectory} has {len(xtc)} frames, expected more than {index[-1]}: run it again")
        for k in index:
            xtc.seek(int(k))
            frame = xtc.read()
            if frame.prec * RERUN_RESOLUTION_NM < 0.999:
                raise TrajectoryError(
                    f"{trajectory} keeps positions to {1 / frame.prec:g} nm, and forces need {RERUN_RESOLUTION_NM:g}: "
                    "give the protocol this trajectory_resolution_nm and run it again, or take it off barrier.protocols"
                )
            out.write(frame.x, None, None, frame.box, frame.step, frame.time, 0.0, len(frame.x))
            kept.append(frame.x[ions])
    return np.array(kept)


def options(md: MD, *, charged: bool) -> dict[str, object]:
    """The .mdp of a rerun: the run's own interactions, forces of every frame, no field.

    Pairs are searched anew in every frame, so the list needs no buffer. PME of no charges is refused by grompp.
    """
    electrostatics = {} if charged else {"coulombtype": "Cut-off"}
    search = {"nstlist": 1, "verlet-buffer-tolerance": -1, "rlist": md.cutoff_nm}
    output = {"nstfout": 1, "nstxout": 0, "nstvout": 0, "nstxout-compressed": 0, "nstenergy": 0, "nstlog": 0}
    run = {"integrator": "md", "dt": md.timestep_fs / 1000, "nsteps": 0}
    return {**run, **prepare.nonbonded(md), **electrostatics, **search, **output}


def one(gmx: Gmx, place: Path, mdp: dict, frames: Path, atoms: np.ndarray, threads: int) -> np.ndarray:
    """Forces along x (frame, atom) in kJ/mol/nm on some atoms, with the topology in `place`, on the CPU."""
    tpr = prepare.run_input(gmx, place / "rerun.tpr", mdp, place / "conf.gro", place)
    with variables(CUDA_VISIBLE_DEVICES="-1"):
        argv = process.mdrun(gmx, tpr, threads)
        process.launch([*argv, "-rerun", str(frames.resolve()), "-deffnm", "rerun", "-noconfout"], place)
    with TRRFile(str(place / "rerun.trr")) as trr:
        return np.array([frame.f[atoms, 0] for frame in trr])


def _clear(work: Path) -> None:
    """Remove what a killed rerun left; reruns are short and begin anew."""
    for path in work.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()
