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
from ..simulate.protocols import interval_of
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
    - `segment` and `interval_segment`: which of the protocol's segments each belongs to (attribute `labels`);
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
    atoms = mda.Universe(str(campaign.system(system) / "conf.gro"), to_guess=()).atoms
    waters = atoms.select_atoms("resname SOL").indices
    ions = {name: atoms.select_atoms(f"resname {name}").indices for name in SPECIES}
    box, centre = np.array(record["box_nm"]), np.array(record["pore_centre_nm"])
    settings, interval = scale.analysis, interval_of(scale, protocol)

    rows: dict[str, list] = {name: [] for name in ("time", "segment", "pore_water", "theta", "theta_frame")}
    intervals: dict[str, list] = {name: [] for name in ("interval_time", "interval_segment", "current", "crossings")}
    for k, directory in enumerate(directories):
        before = None
        for time_ps, x in frames(directory / "md.xtc", interval):
            now = {name: x[index, 0].astype(float) for name, index in ions.items()}
            if before is not None:
                then, positions = before
                step = {name: observables.displacement(positions[name], now[name], box[0]) for name in SPECIES}
                intervals["interval_time"].append(0.5 * (then + time_ps))
                intervals["interval_segment"].append(k)
                intervals["current"].append([
                    observables.current_na(MOBILE_CHARGES[name], step[name], time_ps - then, box[0])
                    for name in SPECIES
                ])  # fmt: skip
                intervals["crossings"].append([
                    observables.crossings(positions[name], step[name], centre[0], box[0]) for name in SPECIES
                ])  # fmt: skip
            first, before = before is None, (time_ps, now)
            if first and protocol.parents[k] >= 0:
                continue  # the same frame as the end of the segment it follows
            molecules = x[waters[0] : waters[-1] + 1].reshape(-1, 3, 3)
            chosen = observables.in_pore(
                molecules[:, 0], centre, box, settings.pore_radius_nm, settings.pore_half_depth_nm
            )
            theta = observables.dipole_angles(molecules[chosen], box)
            rows["theta"].append(theta)
            rows["theta_frame"].append(np.full(len(theta), len(rows["time"]), dtype=np.int32))
            rows["pore_water"].append(len(theta))
            rows["time"].append(time_ps)
            rows["segment"].append(k)
    attrs = {
        "scale": scale.scale, "system": system, "protocol": protocol.name, "kind": protocol.kind, "replica": replica,
        "length_x_nm": float(box[0]), "period_ps": _period_ps(protocol), "timestep_fs": scale.md.timestep_fs,
        "interval_ps": interval, "labels": "|".join(protocol.labels), "janus_pore": __version__,
        "trajectories_sha256": " ".join(manifest["files"]["md.xtc"] for manifest in manifests),
        "gromacs": manifests[-1]["gromacs"]["version"],
    }  # fmt: skip
    return _dataset(protocol, scale.ensemble.randomise_ps, rows, intervals, attrs)


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
    for name in ("field", "segment", "interval_field", "interval_segment"):
        together[name] = first[name]
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


def frames(path: Path, interval_ps: float) -> Iterator[tuple[float, np.ndarray]]:
    """(time in ps, positions (n, 3) in nm) of a segment's frames.

    XTC keeps times in single precision; a segment starts at a multiple of the interval, so they are exact again.
    """
    with XTCFile(str(path)) as xtc:
        before = None
        for frame in xtc:
            time_ps = round(frame.time / interval_ps) * interval_ps
            off = abs(time_ps - frame.time) > 0.01 * interval_ps + np.spacing(np.float32(frame.time))
            if off or (before is not None and round((time_ps - before) / interval_ps) != 1):
                raise TrajectoryError(f"{path}: frames are not evenly spaced near {frame.time:g} ps; run it again")
            before = time_ps
            yield time_ps, frame.x


def _period_ps(protocol: Protocol) -> float:
    frequency = protocol.segments[0].frequency_ghz
    return 1000 / frequency if frequency else 0.0


def _dataset(protocol: Protocol, start_ps: float, rows: dict, intervals: dict, attrs: dict) -> xr.Dataset:
    """Times are counted from the protocol's start, along each segment's own path."""
    time, middle = np.array(rows["time"]) - start_ps, np.array(intervals["interval_time"]) - start_ps
    segment, between = np.array(rows["segment"], dtype=np.int32), np.array(intervals["interval_segment"], np.int32)
    for k, (begin, asked) in enumerate(zip(protocol.starts_ps(), protocol.segments, strict=True)):
        expected = begin + (np.arange(round(asked.duration_ps / attrs["interval_ps"])) + 0.5) * attrs["interval_ps"]
        found = middle[between == k]
        if len(found) != len(expected) or np.abs(found - expected).max() > 0.01 * attrs["interval_ps"]:
            raise TrajectoryError(f"{protocol.name}: segment {k + 1} has {len(found)} intervals; run it again")
    by_species = ("interval", "species")
    variables = [
        ("field", "time", _field(protocol, time, segment), "V/nm", "applied field along x"),
        ("segment", "time", segment, "1", "position in the protocol"),
        ("pore_water", "time", np.array(rows["pore_water"], dtype=np.int16), "1", "waters in the pore region"),
        ("interval_field", "interval", _field(protocol, middle, between), "V/nm", "applied field at the middle"),
        ("interval_segment", "interval", between, "1", "position in the protocol"),
        ("current", by_species, np.array(intervals["current"], dtype=np.float32), "nA", "whole-box current"),
        ("crossings", by_species, np.array(intervals["crossings"], dtype=np.int16), "1", "net crossings toward +x"),
        ("theta", "sample", np.concatenate(rows["theta"]).astype(np.float32), "rad", "dipole angle in the x-y plane"),
        ("theta_frame", "sample", np.concatenate(rows["theta_frame"]), "1", "position along time"),
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


def _field(protocol: Protocol, time_ps: np.ndarray, segment: np.ndarray) -> np.ndarray:
    field, starts = np.zeros(len(time_ps)), protocol.starts_ps()
    for k, one in enumerate(protocol.segments):
        field[segment == k] = one.at(time_ps[segment == k] - starts[k])
    return field
