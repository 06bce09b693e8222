"""The runs that check the engine in numbers: temperatures, energies, currents and profiles of the bulk cube."""

from __future__ import annotations

from pathlib import Path

import MDAnalysis as mda
import numpy as np
import pyedr
import xarray as xr

from ..build.forcefield import MOBILE_CHARGES
from ..build.record import unchanged
from ..config import Scale
from ..errors import TrajectoryError
from ..paths import Campaign
from ..simulate import engine_checks
from ..simulate.runner import done
from . import observables
from .replica import SPECIES, frames


def reduce_engine(scale: Scale, campaign: Campaign, bin_width_nm: float = 0.1) -> xr.Dataset:
    """Everything that the engine's notebook needs.

    Returns
    -------
    Dataset with

    - `temperature` (K), `pressure` (bar) by thermostat and `energy_time`, from the runs at constant temperature;
    - `oxygen` (count) by thermostat, `frame` and `x`: water oxygens in each bin along x;
    - `total` (kJ/mol) by `timestep` (fs) and `nve_time`, the total energy without a thermostat;
    - `current` (nA, whole box) by `field` (V/nm), `interval` and `species`.

    Raises
    ------
    TrajectoryError
        if a run is missing.
    CellError
        if the cube's files changed since it was built.
    """
    place, runs = campaign.engine(), engine_checks.checks(scale)
    manifests = {name: done(place / name) for name in runs}
    if missing := [name for name, manifest in manifests.items() if manifest is None]:
        raise TrajectoryError(f"not run yet in {place}: {', '.join(missing)}; run these checks of the engine first")
    unchanged(place / "system")
    kinds = {kind: [run for run in runs.values() if run.kind == kind] for kind in ("nvt", "nve", "field")}
    atoms = mda.Universe(str(place / "system" / "conf.gro")).atoms
    record = engine_checks.record(campaign)
    edge = record["box_nm"][0]
    heat = [pyedr.edr_to_dict(str(place / run.name / "md.edr")) for run in kinds["nvt"]]
    free = [pyedr.edr_to_dict(str(place / run.name / "md.edr")) for run in kinds["nve"]]
    edges = np.linspace(0, edge, round(edge / bin_width_nm) + 1)
    oxygens = atoms.select_atoms("name OW").indices
    interval = scale.engine.trajectory_interval_ps
    counts = [profiles(place / run.name / "md.xtc", interval, oxygens, edges) for run in kinds["nvt"]]
    ions = {name: atoms.select_atoms(f"name {name}").indices for name in SPECIES}
    current = np.stack([currents(place / run.name / "md.xtc", interval, ions, edge) for run in kinds["field"]])
    return xr.Dataset(
        {
            "temperature": (("thermostat", "energy_time"), [one["T-Mobile"] for one in heat], {"units": "K"}),
            "pressure": (("thermostat", "energy_time"), [one["Pressure"] for one in heat], {"units": "bar"}),
            "oxygen": (("thermostat", "frame", "x"), np.array(counts, dtype=np.int16), {"units": "1"}),
            "total": (("timestep", "nve_time"), [one["Total Energy"] for one in free], {"units": "kJ/mol"}),
            "current": (("field", "interval", "species"), current, {"units": "nA", "long_name": "whole-box current"}),
        },
        coords={
            "thermostat": [str(run.value) for run in kinds["nvt"]],
            "timestep": ("timestep", [run.value for run in kinds["nve"]], {"units": "fs"}),
            "field": ("field", [run.value for run in kinds["field"]], {"units": "V/nm"}),
            "species": list(SPECIES),
            "energy_time": ("energy_time", heat[0]["Time"], {"units": "ps"}),
            "nve_time": ("nve_time", free[0]["Time"], {"units": "ps"}),
            "frame": ("frame", np.arange(len(counts[0])) * interval, {"units": "ps"}),
            "interval": ("interval", (np.arange(current.shape[1]) + 0.5) * interval, {"units": "ps"}),
            "x": ("x", (edges[1:] + edges[:-1]) / 2, {"units": "nm"}),
        },
        attrs={
            "scale": scale.scale, "edge_nm": edge, "atoms": record["atoms"], "waters": record["counts"]["SOL"],
            "pairs": record["counts"]["K"], "salt_mol_l": next(iter(scale.systems.values())).salt_mol_l,
            "degrees_of_freedom": engine_checks.degrees_of_freedom(place / "system"),
            "thermostat_timesteps_fs": [run.md.timestep_fs for run in kinds["nvt"]],
            "trajectories_sha256": " ".join(manifest["files"]["md.xtc"] for manifest in manifests.values()),
            "gromacs": manifests[kinds["nvt"][0].name]["gromacs"]["version"],
        },
    )  # fmt: skip


def currents(path: Path, interval_ps: float, ions: dict[str, np.ndarray], length_nm: float) -> np.ndarray:
    """Whole-box current (interval, species) in nA of one trajectory, by `observables.current_na`."""
    found, before = [], None
    for _, x in frames(path, interval_ps):
        now = {name: x[index, 0].astype(float) for name, index in ions.items()}
        if before is not None:
            steps = {name: observables.displacement(before[name], now[name], length_nm) for name in ions}
            found.append([
                observables.current_na(MOBILE_CHARGES[name], step, interval_ps, length_nm)
                for name, step in steps.items()
            ])  # fmt: skip
        before = now
    return np.array(found)


def profiles(path: Path, interval_ps: float, atoms: np.ndarray, edges_nm: np.ndarray) -> np.ndarray:
    """Atoms per bin along x (frame, bin) of one trajectory; the edges span the periodic box."""
    length = edges_nm[-1]
    return np.array([np.histogram(x[atoms, 0] % length, edges_nm)[0] for _, x in frames(path, interval_ps)])
