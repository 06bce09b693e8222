"""Does GROMACS apply the field that a protocol asks for? Ask it, over the protocol's whole length, in a second.

A ghost run: one frozen unit charge, the protocol's own mdp line, and a time step so long that a thousand steps span a
segment. `mdrun -field` prints the field that was applied at each step.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import xarray as xr

from ..environment import variables
from . import process
from .field import Protocol, Segment
from .gmx import Gmx, read_xvg, write_mdp

_TOPOLOGY = """[ defaults ]
1 2 no 1.0 1.0
[ atomtypes ]
G 10.0 0.0 A 0.0 0.0
[ moleculetype ]
G 0
[ atoms ]
1 G 1 G G 1 1.0 10.0
[ system ]
ghost
[ molecules ]
G 1
"""
_CONF = "ghost\n    1\n    1G        G    1   1.500   1.500   1.500\n   3.00000   3.00000   3.00000\n"


def applied(protocol: Protocol, gmx: Gmx, *, start_ps: float = 0.0, steps: int = 1000) -> xr.Dataset:
    """The field asked for and the field that GROMACS applied, over a whole protocol.

    Parameters
    ----------
    protocol : the protocol
    gmx : the GROMACS to ask
    start_ps : the run's time at which the protocol starts (after the randomising segment)
    steps : samples per segment

    Returns
    -------
    Dataset with `asked` and `applied` (V/nm) along `time` (ps since the protocol's start).
    """
    times, asked, found = [], [], []
    for offset, segment in zip(protocol.starts_ps(), protocol.segments, strict=True):
        time_ps, field = _ghost(segment, gmx, start_ps + offset, steps)
        times.append(time_ps - start_ps)
        asked.append(segment.at(time_ps - start_ps - offset))
        found.append(field)
    return xr.Dataset(
        {
            "asked": ("time", np.concatenate(asked), {"units": "V/nm"}),
            "applied": ("time", np.concatenate(found), {"units": "V/nm"}),
        },
        coords={"time": ("time", np.concatenate(times), {"units": "ps"})},
        attrs={"protocol": protocol.name, "gromacs": gmx.version},
    )


def _ghost(segment: Segment, gmx: Gmx, start_ps: float, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Times (ps) and applied field (V/nm), arrays (steps + 1,), of one segment that starts at `start_ps`."""
    options = {
        "integrator": "md",
        "tinit": start_ps,
        "dt": segment.duration_ps / steps,
        "nsteps": steps,
        "cutoff-scheme": "Verlet",
        "verlet-buffer-tolerance": -1,
        "rlist": 1.0,
        "coulombtype": "Cut-off",
        "rcoulomb": 1.0,
        "rvdw": 1.0,
        "freezegrps": "System",
        "freezedim": "Y Y Y",
        "comm-mode": "None",
        **segment.mdp(start_ps),
    }
    with tempfile.TemporaryDirectory(prefix="janus-field-") as name:
        place = Path(name)
        (place / "topol.top").write_text(_TOPOLOGY)
        (place / "conf.gro").write_text(_CONF)
        mdp, tpr = write_mdp(place / "ghost.mdp", options), place / "ghost.tpr"
        # it warns of the net charge and of the fixed pair-list buffer, which do not matter to one frozen particle
        gmx.call("grompp", f=mdp, c=place / "conf.gro", p=place / "topol.top", o=tpr, po=place / "o.mdp", maxwarn=2)
        with variables(CUDA_VISIBLE_DEVICES="-1"):  # a GPU would be asked for PME, which the ghost has none of
            process.launch([*process.mdrun(gmx, tpr, 1), "-field", "field.xvg", "-deffnm", "ghost"], place)
        if (place / "field.xvg").exists():
            columns = read_xvg(place / "field.xvg")
            return columns[0], columns[1]
    # GROMACS prints nothing for a field that is zero throughout
    return start_ps + np.linspace(0, segment.duration_ps, steps + 1), np.zeros(steps + 1)
