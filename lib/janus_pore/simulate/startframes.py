"""The frames of the equilibration that replicas start from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..config import Scale
from ..errors import RunError
from ..files import settle
from ..hints import shown
from ..paths import Campaign
from .manifest import done

if TYPE_CHECKING:
    from MDAnalysis.lib.formats.libmdaxdr import XTCFile

#: Positions in .gro files and trajectories are rounded to this or better; between frames atoms move much farther.
_ROUNDED_NM = 1e-3


def start_frame(scale: Scale, campaign: Campaign, system: str, replica: int, path: Path) -> Path:
    """Write the frame of the equilibration that a replica starts from: `replica` spacings before its end.

    Raises
    ------
    RunError
        if the equilibration is not done, changed since, or has no such frame; as `check_frame` if `path` is there.
    """
    if path.exists():
        check_frame(scale, campaign, system, replica, path)
        return path
    time_ps = scale.equilibration.duration_ps - replica * scale.ensemble.spacing_ps
    trajectory = _trajectory(campaign, system)
    if done(trajectory.parent) is None:
        raise RunError(
            f"{trajectory} is not there, from which replicas start, or has no manifest: let the equilibration end "
            f"first (janus-pore equilibrate config/{scale.scale}.yml --runs {shown(campaign.root.parent)} "
            f"--system {system})"
        )
    xtc, index = _equilibrated(trajectory), round(time_ps / scale.md.trajectory_interval_ps)
    if not 0 <= index < len(xtc):
        raise RunError(f"{trajectory} has no frame at {time_ps:g} ps: replica {replica} is not of this campaign")
    frame = _frame(trajectory, index)
    if abs(frame.time - time_ps) > 0.5 * scale.md.trajectory_interval_ps:
        raise RunError(f"{trajectory} has no frame at {time_ps} ps; run the equilibration again")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"partial-{path.name}")
    _write(campaign.system(system) / "conf.gro", frame.x, frame.box, part)
    settle(part, path)
    return path


def _write(conf: Path, positions_nm: np.ndarray, box_nm: np.ndarray, path: Path) -> None:
    """Write a .gro file of a system's atoms at other positions."""
    import MDAnalysis as mda
    from MDAnalysis.lib.mdamath import triclinic_box

    u = mda.Universe(str(conf), to_guess=())
    u.atoms.positions = positions_nm * 10
    u.dimensions = triclinic_box(*(box_nm * 10))
    u.atoms.write(str(path), reindex=False)


def check_frame(scale: Scale, campaign: Campaign, system: str, replica: int, path: Path) -> None:
    """Refuse a start frame that was chosen with another `ensemble.spacing_ps`: two replicas could start alike.

    A frame of another equilibration (of a shipped replica, or before it was run again) is taken as it is.

    Raises
    ------
    RunError
        if it is damaged, or not the frame of the equilibration that the replica starts from, but another one; or if
        frames of the equilibration cannot be read.
    """
    trajectory, kept = _trajectory(campaign, system), _positions_nm(path)
    if not kept.size:
        raise RunError(f"{path} is damaged or empty: restore it, or delete {path.parents[1]} to run the replica anew")
    if not trajectory.exists():
        return
    xtc = _equilibrated(trajectory)
    if len(kept) != xtc.n_atoms:
        return
    time_ps = scale.equilibration.duration_ps - replica * scale.ensemble.spacing_ps
    wanted = round(time_ps / scale.md.trajectory_interval_ps)
    for index in sorted(range(len(xtc)), key=lambda k: abs(k - wanted)):
        frame = _frame(trajectory, index)
        if np.abs(frame.x - kept).max() > _ROUNDED_NM:
            continue
        if index == wanted:
            return
        raise RunError(
            f"{path} is the equilibration's frame at {frame.time:g} ps, and replica {replica} now starts "
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
def _equilibrated(trajectory: Path) -> XTCFile:
    """The equilibration, opened once for all replicas that start from it (the import takes a second).

    A Universe of it would keep where the frames lie in a file of its own, and never read it again if that is cut short.
    """
    from MDAnalysis.lib.formats.libmdaxdr import XTCFile

    with _damage_told(trajectory):
        xtc = XTCFile(str(trajectory))
        len(xtc)  # looks for the frames
        return xtc


def _frame(trajectory: Path, index: int) -> Any:
    """One frame of the equilibration: x and box (nm), time (ps)."""
    xtc = _equilibrated(trajectory)
    with _damage_told(trajectory):
        xtc.seek(index)
        return xtc.read()


@contextmanager
def _damage_told(trajectory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{trajectory} is damaged ({error}): restore it, or delete {trajectory.parent} to run it again"
        ) from error
