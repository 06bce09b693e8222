"""The equilibrated cell in numbers: density profiles along x, temperature, and what is where it must not be."""

from __future__ import annotations

import MDAnalysis as mda
import numpy as np
import pyedr
import xarray as xr
from MDAnalysis.lib.formats.libmdaxdr import XTCFile

from ..build import record as built
from ..config import Scale
from ..errors import TrajectoryError
from ..paths import Campaign
from ..simulate.ensemble import degrees_of_freedom
from ..simulate.runner import done
from .dipoles import Dipoles
from .mixing import displacements

#: Heavy mobile atoms closer than this to the Mo plane, away from the pore, would be inside the sheet.
INSIDE_NM = 0.15
#: Farther than this from the Mo plane lie the reservoirs.
RESERVOIR_NM = 1.0


def reduce_equilibration(scale: Scale, campaign: Campaign, system: str, bin_width_nm: float = 0.05) -> xr.Dataset:
    """Profiles and temperature of an equilibration run, after `equilibration.discard_ps`.

    Returns
    -------
    Dataset with number densities (nm^-3) `density` (species, x) of OW, K and CL by distance from the Mo plane,
    `temperature` (K) and `potential` (kJ/mol) per energy frame, `inside`: per frame, the oxygens and ions within
    0.15 nm of the Mo plane but outside the pore (must be 0), `dipole_correlation` (see `dipoles`) and `ion_msd` (see
    `mixing`).

    Raises
    ------
    TrajectoryError
        if the equilibration has not been run.
    CellError
        if files of the system changed since it was built.
    """
    place = campaign.equilibration(system) / "nvt"
    manifest = done(place)
    if manifest is None:
        raise TrajectoryError(f"{place} is not finished: run the equilibration first")
    record = built.read(campaign.system(system), built.Cell)
    built.unchanged(campaign.system(system))
    box, centre = np.array(record["box_nm"]), np.array(record["pore_centre_nm"])
    atoms = mda.Universe(str(campaign.system(system) / "conf.gro"), to_guess=()).atoms
    groups = {name: atoms.select_atoms(f"name {name}").indices for name in ("OW", "K", "CL")}
    heavy = np.concatenate(list(groups.values()))
    edges = np.linspace(-box[0] / 2, box[0] / 2, round(box[0] / bin_width_nm) + 1)
    waters = atoms.select_atoms("resname SOL").indices.reshape(-1, 3)
    size = (scale.analysis.pore_radius_nm, scale.analysis.pore_half_depth_nm)
    turning = Dipoles(len(waters), centre, box, RESERVOIR_NM, size)
    counts, inside, frames, along = np.zeros((len(groups), len(edges) - 1)), [], 0, []
    ions = np.concatenate([groups["K"], groups["CL"]])
    with XTCFile(str(place / "md.xtc")) as xtc:
        for frame in xtc:
            if frame.time < scale.equilibration.discard_ps:
                continue
            x = frame.x[:, 0] - centre[0]
            x -= box[0] * np.round(x / box[0])
            for row, index in enumerate(groups.values()):
                counts[row] += np.histogram(x[index], edges)[0]
            lateral = frame.x[heavy, 1:] - centre[1:]
            lateral -= box[1:] * np.round(lateral / box[1:])
            beside = np.hypot(*lateral.T) > record["diameters_nm"]["centre_to_centre"] / 2
            inside.append(int((beside & (np.abs(x[heavy]) < INSIDE_NM)).sum()))
            turning.add(frame.x[waters])
            along.append(x[ions])
            frames += 1
    density = counts / (frames * box[1] * box[2] * np.diff(edges))
    energy = pyedr.edr_to_dict(str(place / "md.edr"))
    late = energy["Time"] >= scale.equilibration.discard_ps
    return xr.Dataset(
        {
            "density": (("species", "x"), density, {"units": "nm-3"}),
            "temperature": ("energy_time", energy["T-Mobile"], {"units": "K"}),
            "potential": ("energy_time", energy["Potential"], {"units": "kJ/mol"}),
            "late": ("energy_time", late, {"long_name": "after equilibration.discard_ps"}),
            "dipole_correlation": turning.result(scale.md.trajectory_interval_ps),
            "ion_msd": displacements(np.array(along), box[0], scale.md.trajectory_interval_ps),
            "inside": ("frame", np.array(inside, dtype=np.int32), {"units": "1"}),
        },
        coords={
            "species": list(groups),
            "x": ("x", (edges[1:] + edges[:-1]) / 2, {"units": "nm", "long_name": "distance from the Mo plane"}),
            "energy_time": ("energy_time", energy["Time"], {"units": "ps"}),
        },
        attrs={
            "scale": scale.scale, "system": system, "box_nm": box.tolist(), "frames": frames,
            "degrees_of_freedom": degrees_of_freedom(campaign.system(system)),
            "waters": record["counts"]["SOL"], "pairs": record["counts"]["K"],
            "free_diameter_nm": record["diameters_nm"]["free"],
            "trajectories_sha256": manifest["files"]["md.xtc"],
            "gromacs": manifest["gromacs"]["version"],
        },
    )  # fmt: skip
