"""The recomputed forces on Cl-, divided into parts: one small netCDF file a replica, and the replicas together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from .. import __version__
from ..build import record as built
from ..build.forcefield import MOBILE_CHARGES
from ..config import Scale
from ..paths import Campaign
from ..simulate import rerun
from ..simulate.field import Protocol
from ..simulate.gmx import Gmx
from ..simulate.protocols import repeated
from ..units import KJ_MOL_NM_PER_E_V_NM, is_forward
from .asked import alike, asked_of, decides
from .settings import SET_BACK, same_run
from .shelf import began
from .store import read, read_whole

#: The columns of Table 1, and the external field, which it leaves out.
PARTS = (
    "water_vdw", "water_electrostatic", "membrane_vdw", "membrane_electrostatic", "ion_vdw", "ion_electrostatic",
    "field",
)  # fmt: skip
#: Ions are kept to this many times `barrier.radius_nm`, so that the column can still be made wider.
KEPT_RADII = 2.0


def reduce_forces(
    scale: Scale, campaign: Campaign, system: str, protocol: Protocol, replica: int, gmx: Gmx, *, threads: int = 1
) -> xr.Dataset:
    """The forces on the Cl- ions near the pore in the frames that `simulate.rerun.chosen` names.

    Returns
    -------
    Dataset with

    - per frame: `time` (ps since the protocol's start), `field` (V/nm);
    - per sample, one ion in one frame: `sample_frame` (position along frame), `ion` (which of the Cl-), `x` (nm from
      the Mo plane), `radial` (nm from the pore's axis), `force` (sample, part) along x in kJ/mol/nm, and `residual`,
      the full rerun's force minus the sum of the parts without the field (superposition says 0).

    What was asked for is kept in the attribute `asked`: data made from the same are read, not made again.

    Raises
    ------
    TrajectoryError, RunError
        as `simulate.rerun.recompute`.
    ConfigError
        if the replica was run otherwise than the scale says.
    """
    path = campaign.forces(system, protocol.name, replica)
    wanted = asked_of(scale, campaign, system, protocol, replica)
    same_run(scale, campaign, system, protocol, replica, SET_BACK)
    old = read(path) if path.exists() else None
    if old is not None and decides(old.attrs.get("asked"), protocol.kind) == decides(wanted, protocol.kind):
        return old
    found = rerun.recompute(scale, campaign, system, protocol, replica, gmx, threads=threads)
    record = built.read(campaign.system(system), built.Cell)
    box, centre = np.array(record["box_nm"]), np.array(record["pore_centre_nm"])
    offset = found.position_nm.astype(float) - centre
    offset -= box * np.round(offset / box)
    x, radial = offset[..., 0], np.hypot(offset[..., 1], offset[..., 2])
    near = radial <= KEPT_RADII * scale.barrier.radius_nm
    frame, ion = np.nonzero(near & (np.abs(x) <= scale.barrier.half_range_nm))
    force, residual = parts(found.force, found.field_v_nm)
    attrs = {
        "scale": scale.scale, "system": system, "protocol": protocol.name, "kind": protocol.kind, "replica": replica,
        "period_ps": 1000 / protocol.segments[0].frequency_ghz if protocol.kind == "sine" else 0.0,
        "temperature_k": scale.md.temperature_k, "length_x_nm": float(box[0]), "janus_pore": __version__,
        "gromacs": gmx.version, "trajectories_sha256": found.trajectory, "asked": wanted,
    }  # fmt: skip
    return dataset(found.time_ps, found.field_v_nm, frame, ion, x[frame, ion], radial[frame, ion],
                   force[frame, ion], residual[frame, ion], attrs)  # fmt: skip


def parts(force: dict[str, np.ndarray], field_v_nm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """From the reruns: force (frame, ion, part) in the order of PARTS and residual (frame, ion), kJ/mol/nm."""
    total, bare = force["all"].astype(float), force["no charges"]
    field = MOBILE_CHARGES["CL"] * KJ_MOL_NM_PER_E_V_NM * field_v_nm[:, None] * np.ones_like(total)
    found = [
        bare - force["no charges, water without depths"], total - force["water without charges"],
        bare - force["no charges, membrane without depths"], total - force["membrane without charges"],
        force["no charges, depths of ions only"], force["charges of ions only"] - bare,
        field,
    ]  # fmt: skip
    return np.stack(found, axis=-1), total - sum(found[:-1])


def dataset(
    time_ps: np.ndarray, field_v_nm: np.ndarray, frame: np.ndarray, ion: np.ndarray, x_nm: np.ndarray,
    radial_nm: np.ndarray, force: np.ndarray, residual: np.ndarray, attrs: dict,
) -> xr.Dataset:  # fmt: skip
    """The arrays of `reduce_forces`, in single precision, with their units."""
    variables = [
        ("time", ("frame",), np.asarray(time_ps, dtype=np.float64), "ps", "since the protocol's start"),
        ("field", ("frame",), np.asarray(field_v_nm, dtype=np.float32), "V/nm", "applied field along x"),
        ("sample_frame", ("sample",), np.asarray(frame, dtype=np.int32), "1", "position along frame"),
        ("ion", ("sample",), np.asarray(ion, dtype=np.int16), "1", "which of the Cl- ions"),
        ("x", ("sample",), np.asarray(x_nm, dtype=np.float32), "nm", "from the Mo plane, toward S"),
        ("radial", ("sample",), np.asarray(radial_nm, dtype=np.float32), "nm", "from the pore's axis"),
        ("force", ("sample", "part"), np.asarray(force, dtype=np.float32), "kJ/mol/nm", "force along x by origin"),
        ("residual", ("sample",), np.asarray(residual, dtype=np.float32), "kJ/mol/nm", "of superposition"),
    ]
    return xr.Dataset(
        {name: (dims, values, {"units": unit, "long_name": text}) for name, dims, values, unit, text in variables},
        coords={"part": list(PARTS)},
        attrs=attrs,
    )


def collect(paths: Sequence[Path]) -> xr.Dataset:
    """The replicas of one protocol in one dataset: frames and samples one after another, `frame_replica` says whose.

    Raises
    ------
    TrajectoryError
        if one is missing or not whole, or their forces were not asked for alike.
    """
    replicas = [read_whole(path) for path in paths]
    alike(paths, replicas)
    whose = {"long_name": "replica"}
    return join([
        one.assign(frame_replica=("frame", np.zeros(one.sizes["frame"], dtype=np.int32), whose)) for one in replicas
    ])  # fmt: skip


def join(collected: Sequence[xr.Dataset]) -> xr.Dataset:
    """Forces of some replicas each, as `collect` gives them, in one."""
    frames = np.cumsum([0, *(one.sizes["frame"] for one in collected)])
    runs = np.cumsum([0, *(len(one.attrs["trajectories_sha256"].split()) for one in collected)])
    moved = [
        one.assign(
            sample_frame=one.sample_frame + np.int32(frame), frame_replica=one.frame_replica + np.int32(run)
        ).drop_vars("part")
        for one, frame, run in zip(collected, frames, runs, strict=False)
    ]
    by = {"frame": [name for name in ("time", "field", "frame_replica", "frame_began") if name in collected[0]]}
    by["sample"] = ("sample_frame", "ion", "x", "radial", "force", "residual")
    joined = [
        xr.concat([one[list(names)] for one in moved], dim=dim, combine_attrs="drop_conflicts")
        for dim, names in by.items()
    ]
    together = xr.merge(joined, combine_attrs="drop_conflicts").assign_coords(part=collected[0].part)
    together.attrs["trajectories_sha256"] = " ".join(one.attrs["trajectories_sha256"] for one in collected)
    return together


def load(scale: Scale, campaign: Campaign, system: str, branch: str = "forward") -> dict[str, xr.Dataset]:
    """The collected forces of a system that are there, by protocol, those of its other placements of ions included.

    Of sweeps the frames of one branch; constant fields count as "forward". `frame_began` says of each frame which
    placement its ions began as (`shelf.began`). None at all gives an empty mapping.
    """
    asked = {one: rerun.asked(scale, one) for one in scale.placements.get(system, [system])}
    as_which, found = began(scale, system), {}
    for name, sources in repeated(scale, system).items():
        parts = [
            one.assign(frame_began=("frame", np.full(one.sizes["frame"], as_which[k], dtype=np.int32)))
            for k, other, own in sources
            if own in asked[other] and (path := campaign.collected_forces(other, own)).exists()
            for one in [on_branch(read_whole(path), branch)]
            if one.sizes["frame"]
        ]
        if parts:
            found[name] = join(parts) if len(parts) > 1 else parts[0]
    return found


def on_branch(data: xr.Dataset, branch: str) -> xr.Dataset:
    """The frames of collected forces that lie on the "forward" or the "reverse" branch of a sweep, and their samples.

    All of a constant field is forward.
    """
    period = float(data.attrs["period_ps"])
    rising = is_forward(data.time.values, period) if period else np.ones(data.sizes["frame"], dtype=bool)
    keep = rising == (branch == "forward")
    there = data.isel(frame=keep, sample=keep[data.sample_frame.values])
    moved = np.cumsum(keep, dtype=np.int32)[there.sample_frame.values] - np.int32(1)
    return there.assign(sample_frame=("sample", moved, data.sample_frame.attrs))


def as_printed(found: Mapping[str, xr.Dataset]) -> dict[str, xr.Dataset]:
    """Of what `load` gives, what Table 1 is about: the sweeps' forward branch; without a sweep, the constant fields."""
    sweeps = {name: one for name, one in found.items() if one.attrs["kind"] == "sine"}
    return sweeps or dict(found)
