"""One replica's trajectory to numbers, in one pass."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import xarray as xr
from MDAnalysis.lib.formats.libmdaxdr import XTCFile
from MDAnalysis.topology.GROParser import GROParser

from .. import __version__
from ..build import record as built
from ..build.forcefield import compensated
from ..config import Scale
from ..errors import TrajectoryError
from ..paths import Campaign
from ..simulate.ensemble import segment_directories
from ..simulate.field import Protocol
from ..simulate.manifest import builds, done
from ..simulate.protocols import interval_of, md_of
from . import dataset, density, observables, settings
from .batch import SPECIES, Batch
from .region import Region
from .store import collect, read, write

__all__ = ["SPECIES", "collect", "frames", "read", "reduce_replica", "write"]
#: Kinds of protocols whose profiles, wider region and snapshot are kept.
DETAILED = ("sine", "constant", "steps")


def reduce_replica(scale: Scale, campaign: Campaign, system: str, protocol: Protocol, replica: int) -> xr.Dataset:
    """Everything later analyses need of one replica.

    Returns
    -------
    Dataset with

    - `time` (ps since the protocol's start), `field` (V/nm), `pore_water` (count), per frame;
    - `interval_time`, `interval_field` (at the middle), `current` (nA, whole box) and `crossings` (net number toward
      +x), per interval between frames and species;
    - `segment` and `interval_segment`: which of the protocol's segments each belongs to (attribute `labels`);
    - `theta` (rad) and `theta_frame` of every water in the pore region, one entry a water and frame;

    and, but for pulse protocols (their replicas are too many), of every fourth frame (`density.EVERY`):

    - `number` (profile, kind, x) and `column` (profile, heavy, x): atoms in bins along x, in the whole box and near
      the pore's axis, summed over the `profile_frames` of each part of the protocol: a segment (a constant field
      after `analysis.discard_ps`; a field step in pieces of at most `density.PIECE_PS`), or a sixteenth of a sine's
      first period and of its later ones; `profile_field` (V/nm) is their mean field, and `sheet_charge` (x) the charge
      of the fixed sheet in e;
    - `wide_theta` (rad), `wide_radius`, `wide_depth` (nm) and `wide_frame` of the waters in a wider region;
    - `snapshot` (molecule, atom, xyz), `snapshot_sheet` (nm from the pore's centre): one frame's waters and the sheet.

    Raises
    ------
    TrajectoryError
        if a segment is missing, its frames are not evenly spaced, or it was run from other run inputs than lie there.
    ConfigError
        if it was run otherwise than the scale says.
    RunError
        if a segment's files changed since it was run.
    """
    record = built.read(campaign.system(system), built.Cell)
    directories = segment_directories(campaign.replica(system, protocol.name, replica), protocol)
    manifests = [done(directory) for directory in directories]
    if missing := [str(d) for d, manifest in zip(directories, manifests, strict=True) if manifest is None]:
        raise TrajectoryError(f"not run yet: {', '.join(missing)}; run the replica first (delete its stamps, *.done)")
    settings.same_run(scale, campaign, system, protocol, replica, settings.SET_BACK)
    with GROParser(str(campaign.system(system) / "conf.gro")) as parser:
        names = parser.parse().names.values
    waters, sheet = np.flatnonzero(np.isin(names, ("OW", "HW1", "HW2"))), np.isin(names, ("MO", "S", "SE"))
    ions = {name: np.flatnonzero(names == name) for name in SPECIES}
    box, centre = np.array(record["box_nm"]), np.array(record["pore_centre_nm"])
    asked, interval, begins = scale.analysis, interval_of(scale, protocol), protocol.starts_ps()
    size, start = (asked.pore_radius_nm, asked.pore_half_depth_nm), scale.ensemble.randomise_ps
    counts = density.Counts(names, centre, box, size[0], len(dataset.parts(protocol)))
    wide, detailed = Region(centre, box, *size), protocol.kind in DETAILED

    rows: dict[str, list] = {name: [] for name in ("time", "segment", "pore_water", "part")}
    batch = Batch(ions, box, centre)
    for k, directory in enumerate(directories):
        for number, (time_ps, x) in enumerate(frames(directory / "md.xtc", interval)):
            batch.ions(k, time_ps, x)
            if number == 0 and protocol.parents[k] >= 0:
                continue  # the same frame as the end of the segment it follows
            frame, part = len(rows["time"]), -1
            molecules = x[waters[0] : waters[-1] + 1].reshape(-1, 3, 3)
            if detailed and frame % density.EVERY == 0:
                since = time_ps - start - begins[k]
                wide.add(frame, float(protocol.segments[k].at(since)), molecules)
                if (part := dataset.part_of(protocol, k, since, asked.discard_ps)) >= 0:
                    counts.add(part, x)
            chosen = observables.in_pore(molecules[:, 0], centre, box, *size)
            batch.waters(molecules[chosen])
            rows["pore_water"].append(len(chosen))
            rows["time"].append(time_ps)
            rows["segment"].append(k)
            rows["part"].append(part)
        batch.flush()
    attrs = {
        "scale": scale.scale, "system": system, "protocol": protocol.name, "kind": protocol.kind, "replica": replica,
        "length_x_nm": float(box[0]), "area_nm2": float(box[1] * box[2]), "period_ps": dataset.period_ps(protocol),
        "pore_radius_nm": size[0], "pore_half_depth_nm": size[1], "every_frames": density.EVERY,
        "timestep_fs": md_of(scale, protocol).timestep_fs,
        "interval_ps": interval, "labels": "|".join(protocol.labels), "janus_pore": __version__,
        "trajectories_sha256": " ".join(manifest["files"]["md.xtc"] for manifest in manifests),
        "gromacs": ", ".join(dict.fromkeys(build["version"] for build in builds(manifests))),
    }  # fmt: skip
    if protocol.kind == "constant":  # its profiles are of what comes after this
        attrs["discard_ps"] = asked.discard_ps
    found = dataset.made(protocol, start, rows, batch.found, attrs)
    if not detailed:
        return found
    chosen, around = wide.around(x[sheet])
    charges = compensated(names[sheet], record["parameters"]["membrane"], record["parameters"]["charge_compensation"])
    fixed = density.shared(x[sheet, 0] - centre[0], charges, box[0])
    profiles = dataset.profiles(protocol, counts, np.array(rows["part"]), fixed, found)
    return found.merge(profiles).merge(dataset.water(wide, found, names[sheet][chosen], around))


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
