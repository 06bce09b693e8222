"""Reduced data on disk: one file a replica, and the replicas of a protocol together."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from .. import hints
from ..errors import TrajectoryError
from ..files import settle, writing

#: Quantities kept as whole multiples of a step: far below their noise, and half the bytes.
STEPS = dict.fromkeys(("theta", "wide_theta", "wide_radius", "wide_depth"), np.float32(1e-3))
#: What to do about a file that cannot be used.
_AGAIN = "delete it and make it again (call make), or restore it, if it was shipped (git checkout)"
#: Smaller variables (bytes) are not compressed: HDF5 would need more to say so.
_SMALL = 2048
#: Of a file, what is not data (bytes), at most.
_MARGIN = 1 << 20
_PER_REPLICA = ("pore_water", "current", "crossings", "number", "column")
_LISTS = {
    "sample": ("theta", "theta_frame"),
    "wide": ("wide_theta", "wide_radius", "wide_depth", "wide_frame"),
}
_OWNER = {"sample": "theta_replica", "wide": "wide_replica"}
#: Attributes that say how a replica was run and reduced: those that differ in them do not go together.
_SETTINGS = ("pore_radius_nm", "pore_half_depth_nm", "every_frames", "interval_ps", "timestep_fs", "discard_ps")
_TEXT = {"scale", "system", "protocol", "kind", "janus_pore", "gromacs", "trajectories_sha256", "asked"}
#: What a file of such a name is, and the variables and attributes that it holds.
_WHOLE = {
    r"r\d+\.nc": (
        "reduced replica", {"time", "field", "current", "crossings", "pore_water", "theta", "theta_frame"},
        {"trajectories_sha256", "replica"},
    ),
    r".+\.forces\.nc": (
        "file of forces", {"part", "time", "field", "sample_frame", "ion", "x", "radial", "force", "residual"},
        {"kind", "period_ps", "temperature_k", "trajectories_sha256"},
    ),
}  # fmt: skip
_OF_FIRST = (
    "field", "segment", "interval_field", "interval_segment", "profile_frames", "profile_field", "sheet_charge",
    "snapshot", "snapshot_sheet",
)  # fmt: skip


def rounded(name: str, values: np.ndarray) -> np.ndarray:
    """Values (n,) of one of `STEPS` as a file gives them back, so that data in memory and on disk are the same."""
    return np.round(values / STEPS[name]).astype(np.int16).astype(np.float32) * STEPS[name]


def collect(paths: Sequence[Path]) -> xr.Dataset:
    """The replicas of one protocol in one dataset, along a new dimension `replica`.

    The angles stay one list; `theta_replica` says whose each is (`wide_replica` for those of the wider region). The
    picture is the first replica's.

    Raises
    ------
    TrajectoryError
        if the replicas are not of one system and protocol, do not have the same times and field, were run or reduced
        with other settings, or two are one.
    """
    replicas = [read_whole(path) for path in paths]
    first, runs = replicas[0], {}
    for path, one in zip(paths, replicas, strict=True):
        if (same := runs.setdefault(one.attrs["trajectories_sha256"], path)) is not path:
            raise TrajectoryError(f"{path} and {same} are of the same run: delete the wrong one and reduce it again")
        for key in ("system", "protocol"):
            if one.attrs.get(key) != first.attrs.get(key):
                raise TrajectoryError(
                    f"{path} is of {key} {one.attrs.get(key)!r}, {paths[0]} of {first.attrs.get(key)!r}: delete the "
                    "one that is in the wrong place and reduce it again (make book)"
                )
        if len(one.time) != len(first.time) or not np.allclose(one.time, first.time):
            raise TrajectoryError(f"{path} has other times than {paths[0]}: reduce both again from finished runs")
        if one.sizes.get("profile") != first.sizes.get("profile"):
            raise TrajectoryError(f"{path} has other profiles along x than {paths[0]}: reduce both again (make book)")
        if not np.allclose(one.field, first.field):
            raise TrajectoryError(
                f"{path} is of another field than {paths[0]}: set the scale file back and run it again"
            )
    _same_settings(paths, replicas)
    return join([_alone(one) for one in replicas])


def read_whole(path: Path) -> xr.Dataset:
    """Read a reduced replica, or forces, as `read` does, and raise TrajectoryError, too, if it lacks something."""
    found = read(path)
    for name, (what, variables, attrs) in _WHOLE.items():
        lacks = sorted((variables - {*found.variables}) | (attrs - {*found.attrs}))
        if lacks and re.fullmatch(name, Path(path).name):
            raise TrajectoryError(f"{path} is no {what}: it lacks {', '.join(lacks)}: {_AGAIN}")
    return found


def join(collected: Sequence[xr.Dataset]) -> xr.Dataset:
    """Data of the same times, each along `replica`, in one."""
    first = collected[0]
    there = [name for name in _PER_REPLICA if name in first]
    together = xr.concat([one[there] for one in collected], dim="replica", combine_attrs="drop_conflicts")
    starts = np.cumsum([0, *(one.sizes["replica"] for one in collected)])
    for dim, names in _LISTS.items():
        if names[0] not in first:
            continue
        for name in names:
            together[name] = xr.concat([one[name] for one in collected], dim=dim)
        owner = _OWNER[dim]
        index = [one[owner].values + np.int32(start) for one, start in zip(collected, starts, strict=False)]
        together[owner] = (dim, np.concatenate(index), {"long_name": "position along `replica`"})
    for name in _OF_FIRST:
        if name in first:
            together[name] = first[name]
    together.attrs["trajectories_sha256"] = " ".join(one.attrs["trajectories_sha256"] for one in collected)
    return together


def _alone(one: xr.Dataset) -> xr.Dataset:
    """A replica as if it were collected: along `replica`, its lists with their owner."""
    found = one.assign({name: one[name].expand_dims("replica") for name in _PER_REPLICA if name in one})
    for dim in _LISTS:
        if dim in one.sizes:
            found[_OWNER[dim]] = (dim, np.zeros(one.sizes[dim], dtype=np.int32))
    return found.assign_coords(replica=[one.attrs["replica"]])


def write(dataset: xr.Dataset, path: Path) -> Path:
    """Write netCDF (compressed), whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"partial-{path.name}")
    encoding = {name: _packed(dataset, name) for name in dataset.data_vars}
    with writing(part):
        _reserve(part, dataset.nbytes + _MARGIN)
        dataset.to_netcdf(part, engine="h5netcdf", encoding=encoding)
        settle(part, path)
    return path


def _reserve(part: Path, size: int) -> None:
    """Raise OSError if a file of this many bytes does not fit: HDF5 that runs out of room ends the whole process."""
    with open(part, "wb") as file:
        if hasattr(os, "posix_fallocate"):  # macOS has none
            os.posix_fallocate(file.fileno(), 0, size)


def read(path: Path) -> xr.Dataset:
    """Read what `write` wrote.

    Raises
    ------
    TrajectoryError
        if it is not there, or damaged.
    """
    if not Path(path).exists():
        raise TrajectoryError(f"{path} is not there: {hints.run(path)}")
    if Path(path).is_dir():
        raise TrajectoryError(f"{path} is a directory: move it away and make the data again (make book)")
    try:
        found = xr.load_dataset(path, engine="h5netcdf")
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        if getattr(error, "errno", None):  # of the disk, which says what it is
            raise
        raise TrajectoryError(f"{path} is damaged: {_AGAIN}") from error
    known = {key: value for key, value in found.attrs.items() if key in _TEXT or key in _SETTINGS}
    wrong = [key for key, value in known.items() if np.ndim(value) or isinstance(value, str) != (key in _TEXT)]
    if wrong:
        raise TrajectoryError(f"{path} is damaged (its {', '.join(wrong)} is of another type): {_AGAIN}")
    return found


def _same_settings(paths: Sequence[Path], replicas: Sequence[xr.Dataset]) -> None:
    """Refuse replicas whose settings differ; what a file does not say (earlier ones: `discard_ps`) is not known."""
    for key in _SETTINGS:
        said = [(path, one.attrs[key]) for path, one in zip(paths, replicas, strict=True) if key in one.attrs]
        for path, value in said:
            first, expected = said[0]
            if value != expected:
                raise TrajectoryError(
                    f"{path} and {first} do not go together: {key} is {value} in one and {expected} in the other. Set "
                    "the scale file back to what one of them was reduced with, and reduce the other again"
                )


def _packed(dataset: xr.Dataset, name: str) -> dict[str, Any]:
    large = dataset[name].nbytes > _SMALL
    packed: dict[str, Any] = {"zlib": True, "complevel": 4, "shuffle": True} if large else {"zlib": False}
    if name in STEPS:
        packed |= {"dtype": "int16", "scale_factor": STEPS[name], "_FillValue": np.int16(-32768)}
    return packed
