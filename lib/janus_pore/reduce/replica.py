"""One replica's trajectory to one netCDF file, in one pass; and the replicas of a protocol together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import MDAnalysis as mda
import numpy as np
import xarray as xr
from MDAnalysis.lib.formats.libmdaxdr import XTCFile

from .. import __version__
from ..build.forcefield import MOBILE_CHARGES
from ..config import Scale
from ..errors import TrajectoryError
from ..paths import Campaign
from ..simulate.ensemble import segment_directories
from ..simulate.field import Protocol
from ..simulate.runner import done
from . import observables

SPECIES = ("K", "CL")


def reduce_replica(scale: Scale, campaign: Campaign, system: str, protocol: Protocol, replica: int) -> xr.Dataset:
    """Everything later analyses need of one replica.

    Returns
    -------
    Dataset with

    - `time` (ps since the protocol's start), `field` (V/nm), `pore_water` (count), per frame;
    - `interval_time`, `interval_field` (at the middle), `current` (nA, whole box) and `crossings` (net number toward
      +x), per interval between frames and species;
    - `theta` (rad) and `theta_frame` of every water in the pore region, one entry a water and frame.

    Raises
    ------
    TrajectoryError
        if a segment is missing, or its frames are not evenly spaced.
    RunError
        if a segment's files changed since it was run.
    """
    record = json.loads((campaign.system(system) / "system.json").read_text())
    directories = segment_directories(campaign.replica(system, protocol.name, replica), protocol)
    manifests = [done(directory) for directory in directories]
    if missing := [str(d) for d, manifest in zip(directories, manifests, strict=True) if manifest is None]:
        raise TrajectoryError(f"not run yet: {', '.join(missing)}; run the replica first")
    atoms = mda.Universe(str(campaign.system(system) / "conf.gro")).atoms
    waters = atoms.select_atoms("resname SOL").indices
    ions = {name: atoms.select_atoms(f"resname {name}").indices for name in SPECIES}
    box, centre = np.array(record["box_nm"]), np.array(record["pore_centre_nm"])
    settings = scale.analysis

    times, counts, currents, passed, angles, frames = [], [], [], [], [], []
    last: dict[str, np.ndarray] = {}
    for time_ps, x in _frames([directory / "md.xtc" for directory in directories], scale.md.trajectory_interval_ps):
        molecules = x[waters[0] : waters[-1] + 1].reshape(-1, 3, 3)
        chosen = observables.in_pore(molecules[:, 0], centre, box, settings.pore_radius_nm, settings.pore_half_depth_nm)
        theta = observables.dipole_angles(molecules[chosen], box)
        angles.append(theta)
        frames.append(np.full(len(theta), len(times), dtype=np.int32))
        counts.append(len(theta))
        now = {name: x[index, 0].astype(float) for name, index in ions.items()}
        if times:
            interval = time_ps - times[-1]
            steps = {name: observables.displacement(last[name], now[name], box[0]) for name in SPECIES}
            currents.append(
                [observables.current_na(MOBILE_CHARGES[name], steps[name], interval, box[0]) for name in SPECIES]
            )
            passed.append([observables.crossings(last[name], steps[name], centre[0], box[0]) for name in SPECIES])
        times.append(time_ps)
        last = now
    time = np.array(times) - scale.ensemble.randomise_ps
    return _dataset(
        time, protocol, np.array(counts), np.array(currents), np.array(passed), angles, frames,
        {
            "scale": scale.scale, "system": system, "protocol": protocol.name, "kind": protocol.kind,
            "replica": replica, "length_x_nm": float(box[0]), "period_ps": _period_ps(protocol),
            "timestep_fs": scale.md.timestep_fs, "janus_pore": __version__,
            "trajectories_sha256": " ".join(manifest["files"]["md.xtc"] for manifest in manifests),
            "gromacs": manifests[-1]["gromacs"]["version"],
        },
    )  # fmt: skip


def collect(paths: Sequence[Path]) -> xr.Dataset:
    """The replicas of one protocol in one dataset, along a new dimension `replica`.

    The angles stay one list; `theta_replica` says whose each is.

    Raises
    ------
    TrajectoryError
        if the replicas do not have the same times.
    """
    replicas = [read(path) for path in paths]
    first = replicas[0]
    for path, one in zip(paths, replicas, strict=True):
        if len(one.time) != len(first.time) or not np.allclose(one.time, first.time):
            raise TrajectoryError(f"{path} has other times than {paths[0]}: reduce both again from finished runs")
    per_replica = ("pore_water", "current", "crossings")
    together = xr.concat([one[list(per_replica)] for one in replicas], dim="replica", combine_attrs="drop_conflicts")
    together["theta"] = xr.concat([one.theta for one in replicas], dim="sample")
    together["theta_frame"] = xr.concat([one.theta_frame for one in replicas], dim="sample")
    index = np.concatenate([np.full(one.sizes["sample"], k, dtype=np.int32) for k, one in enumerate(replicas)])
    together["theta_replica"] = ("sample", index, {"long_name": "position along `replica`"})
    together["field"], together["interval_field"] = first.field, first.interval_field
    together = together.assign_coords(replica=[one.attrs["replica"] for one in replicas])
    together.attrs["trajectories_sha256"] = " ".join(one.attrs["trajectories_sha256"] for one in replicas)
    return together


def write(dataset: xr.Dataset, path: Path) -> Path:
    """Write netCDF (compressed), whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"partial-{path.name}")
    packed = {name: {"zlib": True, "complevel": 4} for name in dataset.data_vars}
    dataset.to_netcdf(part, engine="h5netcdf", encoding=packed)
    part.replace(path)
    return path


def read(path: Path) -> xr.Dataset:
    """Read what `write` wrote."""
    if not Path(path).exists():
        raise TrajectoryError(f"{path} is not there: run the workflow up to it first (make book, or snakemake {path})")
    return xr.load_dataset(path, engine="h5netcdf")


def _frames(paths: Sequence[Path], interval_ps: float) -> Iterator[tuple[float, np.ndarray]]:
    """(time in ps, positions (n, 3) in nm) of successive segments; the frame two segments share comes once.

    XTC keeps times in single precision: those that mean a multiple of the interval are given exactly.
    """
    last = -np.inf
    for path in paths:
        with XTCFile(str(path)) as xtc:
            for frame in xtc:
                time_ps = round(frame.time / interval_ps) * interval_ps
                if abs(time_ps - frame.time) > np.spacing(np.float32(frame.time)):
                    time_ps = float(frame.time)
                if time_ps > last + 1e-6:
                    last = time_ps
                    yield time_ps, frame.x


def _period_ps(protocol: Protocol) -> float:
    frequency = protocol.segments[0].frequency_ghz
    return 1000 / frequency if frequency else 0.0


def _dataset(time, protocol, counts, currents, passed, angles, frames, attrs) -> xr.Dataset:  # noqa: ANN001
    steps = np.diff(time)
    if len(time) < 2 or np.ptp(steps) > 0.01 * steps[0]:
        raise TrajectoryError(f"{attrs['protocol']}: frames are not evenly spaced; run the segments again")
    middle = time[:-1] + steps / 2
    by_species = ("interval", "species")
    variables = [
        ("field", "time", protocol.waveform(time), "V/nm", "applied field along x"),
        ("pore_water", "time", counts.astype(np.int16), "1", "waters in the pore region"),
        ("interval_field", "interval", protocol.waveform(middle), "V/nm", "applied field at the interval's middle"),
        ("current", by_species, currents.astype(np.float32), "nA", "whole-box current"),
        ("crossings", by_species, passed.astype(np.int16), "1", "net crossings toward +x"),
        ("theta", "sample", np.concatenate(angles).astype(np.float32), "rad", "dipole angle in the x-y plane"),
        ("theta_frame", "sample", np.concatenate(frames), "1", "position along time"),
    ]
    return xr.Dataset(
        {name: (dims, values, {"units": unit, "long_name": text}) for name, dims, values, unit, text in variables},
        coords={
            "time": ("time", time, {"units": "ps"}),
            "interval_time": ("interval", middle, {"units": "ps"}),
            "species": list(SPECIES),
        },
        attrs=attrs,
    )
