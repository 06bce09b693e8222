"""The frames of the equilibration that replicas start from."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..config import Scale
from ..errors import RunError
from ..files import settle
from ..hints import shown
from ..paths import Campaign

if TYPE_CHECKING:
    import MDAnalysis as mda

#: Positions in .gro files and trajectories are rounded to this or better; between frames atoms move much farther.
_ROUNDED_NM = 1e-3


def start_frame(scale: Scale, campaign: Campaign, system: str, replica: int, path: Path) -> Path:
    """Write the frame of the equilibration that a replica starts from: `replica` spacings before its end.

    Raises
    ------
    RunError
        if the equilibration is not done, or has no such frame, or as `check_frame` if `path` is there already.
    """
    if path.exists():
        check_frame(scale, campaign, system, replica, path)
        return path
    time_ps = scale.equilibration.duration_ps - replica * scale.ensemble.spacing_ps
    trajectory = _trajectory(campaign, system)
    if not trajectory.exists():
        raise RunError(
            f"{trajectory} is not there, from which replicas start: let the equilibration end first (janus-pore "
            f"equilibrate config/{scale.scale}.yml --runs {shown(campaign.root.parent)} --system {system})"
        )
    u = _equilibrated(campaign.system(system) / "conf.gro", trajectory)
    index = round(time_ps / scale.md.trajectory_interval_ps)
    if not 0 <= index < len(u.trajectory):
        raise RunError(f"{trajectory} has no frame at {time_ps:g} ps: replica {replica} is not of this campaign")
    u.trajectory[index]
    if abs(u.trajectory.ts.time - time_ps) > 0.5 * scale.md.trajectory_interval_ps:
        raise RunError(f"{trajectory} has no frame at {time_ps} ps; run the equilibration again")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"partial-{path.name}")
    u.atoms.write(str(part), reindex=False)
    settle(part, path)
    return path


def check_frame(scale: Scale, campaign: Campaign, system: str, replica: int, path: Path) -> None:
    """Refuse a start frame that was chosen with another `ensemble.spacing_ps`: two replicas could start alike.

    A frame of another equilibration (of a shipped replica, or before it was run again) is taken as it is.

    Raises
    ------
    RunError
        if it is damaged, or not the frame of the equilibration that the replica starts from, but another one.
    """
    trajectory, kept = _trajectory(campaign, system), _positions_nm(path)
    if not kept.size:
        raise RunError(f"{path} is damaged or empty: restore it, or delete {path.parents[1]} to run the replica anew")
    if not trajectory.exists():
        return
    u = _equilibrated(campaign.system(system) / "conf.gro", trajectory)
    if kept.shape != u.atoms.positions.shape:
        return
    time_ps = scale.equilibration.duration_ps - replica * scale.ensemble.spacing_ps
    wanted = round(time_ps / scale.md.trajectory_interval_ps)
    for index in sorted(range(len(u.trajectory)), key=lambda k: abs(k - wanted)):
        if np.abs(u.trajectory[index].positions / 10 - kept).max() > _ROUNDED_NM:
            continue
        if index == wanted:
            return
        raise RunError(
            f"{path} is the equilibration's frame at {u.trajectory.ts.time:g} ps, and replica {replica} now starts "
            f"from {time_ps:g} ps: two replicas could start alike. Set ensemble.spacing_ps back to what it was, or "
            "give the changed scale a new name"
        )


def _trajectory(campaign: Campaign, system: str) -> Path:
    return campaign.equilibration(system) / "nvt" / "md.xtc"


def _positions_nm(path: Path) -> np.ndarray:
    """Positions (n, 3) in a .gro file; empty if it is damaged."""
    from MDAnalysis.coordinates.GRO import GROReader

    try:
        with GROReader(str(path)) as frame:
            return frame.ts.positions / 10
    except (ValueError, StopIteration, EOFError, OSError, IndexError, UnboundLocalError):  # MDAnalysis: cut at a line
        return np.empty(0)


@lru_cache(maxsize=1)
def _equilibrated(conf: Path, trajectory: Path) -> mda.Universe:
    """The equilibration, opened once for all replicas that start from it (the import takes a second)."""
    import MDAnalysis as mda

    return mda.Universe(str(conf), str(trajectory), to_guess=())
