"""Run one shipped replica again, from its manifest: same scale, same start frame, same seed."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import xarray as xr

from ..build import system as cell
from ..config import load
from ..errors import ConfigError, RunError, TrajectoryError
from ..files import sha256, write_text
from ..paths import Campaign
from ..simulate import ensemble
from ..simulate.gmx import Gmx
from ..simulate.manifest import builds
from ..simulate.protocols import protocols_of
from .record import read_manifest
from .reference import SCALE_FILE
from .replica import read, reduce_replica


def repeat(
    shipped: Path, runs: Path, gmx: Gmx, *, threads: int = 1, watch: ensemble.Watch | None = None
) -> tuple[xr.Dataset, xr.Dataset, dict[str, Any]]:
    """Run a shipped replica again under `runs` (resumable) and reduce it.

    With the same GROMACS build on the same kind of processor and one thread, trajectories come out bit for bit if the
    shipped one was made with `mdrun -reprod`, as those on CPUs are by now; its manifest says so ("reproducible").

    Parameters
    ----------
    shipped : a file ``<shelf>/<scale>/<system>/<protocol>/r000.nc`` with its manifest beside it

    Returns
    -------
    the shipped dataset, the new one, and what is known about their being the same run: "same_topology",
    "same_build", "reproducible" and "same_trajectories"

    Raises
    ------
    TrajectoryError
        if the file, its manifest or its start frame is missing or altered, or it is no reduced replica.
    ConfigError
        if the scale file beside it no longer describes the replica.
    RunError
        if a replica of that number that started from another frame lies under `runs`; else as for any run.
    GromacsError
        as for any run.
    """
    if not re.fullmatch(r"r\d{3,}\.nc", shipped.name):
        raise TrajectoryError(
            f"{shipped} is no reduced replica: name a file <shelf>/<scale>/<system>/<protocol>/r000.nc"
        )
    manifest = read_manifest(shipped)
    for name, digest in manifest["files"].items():
        if sha256(shipped.parent / name) != digest:
            raise TrajectoryError(
                f"{shipped.parent / name} is not the file its manifest describes: restore it from git"
            )
    data, name, k = read(shipped), manifest["system"], manifest["replica"]
    scale = load(shipped.parents[2] / SCALE_FILE)
    protocol = protocols_of(scale, name).get(manifest["protocol"]) if name in scale.systems else None
    if protocol is None or scale.systems[name].model_dump() != manifest["parameters"]["system"]:
        raise ConfigError(f"{shipped.parents[2] / SCALE_FILE} does not describe {shipped}: restore both from git")
    campaign = Campaign.of(scale.scale, runs)
    start = next((shipped.parent / path for path in manifest["files"] if path.endswith(".gro.gz")), None)
    if start is None:
        raise TrajectoryError(f"the manifest of {shipped} names no start frame: restore it from git")
    frame = gzip.decompress(start.read_bytes()).decode()
    own = campaign.replica(name, protocol.name, k) / "tpr" / "start.gro"
    if own.exists() and own.read_text() != frame:
        raise RunError(
            f"{own.parents[1]} is a replica that started from another frame, which stays as it is: name another place "
            "with --runs"
        )
    cell.write(scale.systems[name], campaign.system(name))
    write_text(own, frame)
    # Run inputs that replicas share take their coordinates from here, which a run from a checkpoint never uses. Any
    # would do, but inputs made from others are refused, so what is there stays.
    shared = campaign.equilibration(name) / "minimise" / "conf.gro"
    if not shared.exists():
        write_text(shared, (campaign.system(name) / "conf.gro").read_text())
    manifests = ensemble.run_replica(scale, campaign, name, protocol, k, gmx, threads=threads, watch=watch)
    again = reduce_replica(scale, campaign, name, protocol, k)
    same = {
        "same_topology": sha256(campaign.system(name) / "topol.top") == manifest["topology_sha256"],
        "same_build": builds(manifests) == builds([manifest]),
        "reproducible": all("-reprod" in one for one in (manifest["mdrun"], *manifest.get("mdrun_before", ()))),
        "same_trajectories": again.attrs["trajectories_sha256"] == data.attrs["trajectories_sha256"],
    }
    return data, again, same
