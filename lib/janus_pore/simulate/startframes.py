"""The frames of the equilibration that replicas start from."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..config import Scale
from ..errors import RunError
from ..paths import Campaign

if TYPE_CHECKING:
    import MDAnalysis as mda


def start_frame(scale: Scale, campaign: Campaign, system: str, replica: int, path: Path) -> Path:
    """Write the frame of the equilibration that a replica starts from: `replica` spacings before its end."""
    if path.exists():
        return path
    time_ps = scale.equilibration.duration_ps - replica * scale.ensemble.spacing_ps
    trajectory = campaign.equilibration(system) / "nvt" / "md.xtc"
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
    os.replace(part, path)
    return path


@lru_cache(maxsize=1)
def _equilibrated(conf: Path, trajectory: Path) -> mda.Universe:
    """The equilibration, opened once for all replicas that start from it (the import takes a second)."""
    import MDAnalysis as mda

    return mda.Universe(str(conf), str(trajectory), to_guess=())
