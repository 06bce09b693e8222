"""What many tests need: a complete scale, a small real cell with a short real run, and a synthetic campaign."""

import copy
import json
from dataclasses import dataclass
from pathlib import Path

import MDAnalysis as mda
import numpy as np
import pytest
import yaml
from janus_pore import config, files
from janus_pore.build import system as cell
from janus_pore.config import Scale
from janus_pore.paths import Campaign
from janus_pore.simulate import ensemble
from janus_pore.simulate.field import Protocol, Segment
from janus_pore.simulate.gmx import Gmx, find

#: The smallest cell that is still the real system: about 1150 atoms, a picosecond a second on one core.
SETTINGS = {
    "scale": "test",
    "notice": "",
    "system": {
        "membrane": "mosse", "cells_y": 6, "cells_z": 4, "pore_cut": "5/5/5", "pore_centre": "widest",
        "charge_compensation": "refuse", "se_type": "charmm", "s_type": "liang", "length_x_nm": 3.0,
        "salt_mol_l": 1.0, "water_density_g_cm3": 0.998, "salt_molar_volume_cm3_mol": 28.0,
        "excluded_thickness_nm": 0.65, "seed": 1,
    },
    "systems": {"mosse": {}},
    "md": {
        "timestep_fs": 2.0, "temperature_k": 300.0, "thermostat": "v-rescale", "thermostat_time_ps": 0.05,
        "thermostat_every_steps": 5, "cutoff_nm": 0.9, "vdw_modifier": "Potential-shift", "pme_spacing_nm": 0.12,
        "pme_order": 4, "trajectory_interval_ps": 0.02, "trajectory_resolution_nm": 0.001, "energy_interval_ps": 0.02,
    },
    "equilibration": {
        "minimise_steps": 500, "minimise_force_kj_mol_nm": 100.0, "duration_ps": 2.0, "discard_ps": 1.0, "seed": 1,
    },
    "ensemble": {"replicas": 2, "spacing_ps": 1.0, "randomise_ps": 0.2, "cores_per_run": 1},
    "protocols": {
        "sweep": {
            "kind": "sine", "systems": ["mosse"], "amplitude_v_nm": 1.2, "frequency_ghz": 1000.0, "periods": 1,
        },
        "hold": {"kind": "constant", "systems": ["mosse"], "fields_v_nm": [-1.0, 0.4], "duration_ps": 1.0},
    },
    "engine": {
        "edge_nm": 2.0, "settle_ps": 0.5, "nvt_ps": 0.2, "nve_ps": 0.1, "nve_timesteps_fs": [1.0, 2.0],
        "nve_buffer_nm": 0.09, "fields_v_nm": [-0.5, 0.5], "field_ps": 0.4, "discard_ps": 0.1,
        "trajectory_interval_ps": 0.02, "energy_interval_ps": 0.02,
    },
    "analysis": {
        "pore_radius_nm": 0.425, "pore_half_depth_nm": 0.25, "current_window_ps": 0.1, "phase_bins": 20,
        "angle_bins": 36, "bootstrap_draws": 100, "confidence": 0.68, "discard_ps": 0.2,
    },
    "barrier": {
        "protocols": [], "fields_v_nm": [0.4, 0.8], "half_window_v_nm": 0.2, "every_frames": 1, "half_range_nm": 0.8,
        "bin_width_nm": 0.1, "radius_nm": 0.45, "waiting_depth_nm": 0.45,
        "axis_radius_nm": 0.15, "arrival_ps": 20.0,
    },
}  # fmt: skip


@dataclass(frozen=True)
class Lab:
    """A scale, the campaign it was run in, and the GROMACS that did it."""

    scale: Scale
    campaign: Campaign
    gmx: Gmx | None = None
    system: str = "mosse"
    protocol: Protocol | None = None

    @property
    def built(self) -> Path:
        return self.campaign.system(self.system)

    @property
    def minimised(self) -> Path:
        return self.campaign.equilibration(self.system) / "minimise" / "conf.gro"


@pytest.fixture
def settings():
    """A complete scale as a mapping, the test's own copy."""
    return copy.deepcopy(SETTINGS)


@pytest.fixture(scope="session")
def make_scale(tmp_path_factory):
    """A function: dotted keys and their values -> the test scale with these changes, read from a file."""

    def make(**changes) -> Scale:
        data = copy.deepcopy(SETTINGS)
        for key, value in changes.items():
            *sections, last = key.split("__")
            place = data
            for section in sections:
                place = place[section]
            place[last] = value
        path = tmp_path_factory.mktemp("scale") / "test.yml"
        path.write_text(yaml.safe_dump(data))
        return config.load(path)

    return make


@pytest.fixture(scope="session")
def gromacs():
    return find()


@pytest.fixture(scope="session")
def lab(make_scale, gromacs, tmp_path_factory):
    """The small cell, built, minimised and equilibrated by the library (about three seconds, once a session)."""
    scale = make_scale()
    lab = Lab(scale, Campaign.of(scale.scale, tmp_path_factory.mktemp("runs")), gromacs)
    cell.write(scale.systems["mosse"], lab.built)
    ensemble.equilibrate(scale, lab.campaign, "mosse", gromacs, threads=1)
    return lab


@pytest.fixture(scope="session")
def chain():
    """Two chained segments: +2.5 V/nm, then +1 V/nm."""
    return Protocol("chain", "constant", (Segment(2.5, 0.6), Segment(1.0, 0.2)), ("mosse",))


@pytest.fixture(scope="session")
def replicas(lab, chain):
    """The manifests of replicas 0 and 1 of `chain`, run for real."""
    return [ensemble.run_replica(lab.scale, lab.campaign, "mosse", chain, k, lab.gmx, threads=1) for k in range(2)]


@pytest.fixture
def fake_segment():
    """A function that writes a finished segment (trajectory and manifest) without GROMACS.

    `positions_nm` is (frames, atoms, 3), `times_ps` (frames,).
    """

    def write(directory, positions_nm, times_ps, box_nm):
        directory.mkdir(parents=True)
        u = mda.Universe.empty(positions_nm.shape[1], trajectory=True)
        with mda.Writer(str(directory / "md.xtc"), n_atoms=positions_nm.shape[1], precision=5) as out:
            for x, time in zip(positions_nm, times_ps, strict=True):
                u.atoms.positions, u.dimensions = x * 10, [*(np.array(box_nm) * 10), 90, 90, 90]
                u.trajectory.ts.time = time
                u.trajectory.ts.data["step"] = round(time / 0.002)
                out.write(u)
        manifest = {
            "inputs": {"tpr": "none", "checkpoint": None},
            "files": {"md.xtc": files.sha256(directory / "md.xtc")},
            "steps": [round(time / 0.002) for time in (times_ps[0], times_ps[-1])],
            "frames": len(times_ps),
            "energy": {
                "temperature_k": 300.0, "spread_k": 5.0, "canonical_spread_k": 5.0, "potential_kj_mol": -1.0,
                "samples": 1,
            },
            "gromacs": {"version": "none", "simd": "none", "gpu": "none"},
            "command": [],
            "ended": "2026-01-01T00:00:00+00:00",
        }  # fmt: skip
        files.write_json(directory / "manifest.json", manifest)

    return write


@pytest.fixture
def synthetic(make_scale, tmp_path, fake_segment):
    """A campaign whose trajectory is known: ions at constant velocity, waters at known angles.

    Box 5 x 4 x 4 nm, pore at its middle, frames every 0.1 ps for 2 ps (0.5 ps of it before the protocol), in two
    segments that share a frame. K: two at +1.0 nm/ps and one at -0.5; Cl: two at -2.0 nm/ps. Waters: two in the
    pore, whose angles are 0.3 + t and -2.5 rad; one in the pore's plane but beside it; one far off. The far one is
    broken across the box.
    """
    scale = make_scale(
        system__membrane="mosse_neutral", ensemble__randomise_ps=0.5, md__trajectory_interval_ps=0.1, protocols={}
    )
    box, centre = np.array([5.0, 4.0, 4.0]), np.array([2.5, 2.0, 2.0])
    protocol = Protocol("chain", "constant", (Segment(1.0, 0.9), Segment(-1.0, 0.6)), ("mosse",))
    lab = Lab(scale, Campaign.of("synthetic", tmp_path / "runs"), protocol=protocol)
    times = np.round(np.arange(5, 21) * 0.1, 6)
    velocity = np.array([1.0, 1.0, -0.5, -2.0, -2.0])
    starts = np.array([[2.0, 1, 1], [4.9, 3, 3], [2.6, 1, 3], [3.1, 3, 1], [0.3, 0.5, 0.5]])
    oxygens = centre + np.array([[0.1, 0.2, 0.0], [-0.2, 0.0, -0.3], [0.0, 1.0, 0.0], [2.49, 1.99, 1.99]])

    def angles(t):
        return np.array([0.3 + t, -2.5, 1.0, 2.0])

    def water(oxygen, angle):
        stem = 0.0577 * np.array([np.cos(angle), np.sin(angle), 0.4])
        branch = np.array([0, 0, 0.0816])
        return [oxygen, oxygen + stem + branch, oxygen + stem - branch]

    frames = []
    for t in times:
        molecules = [atom for o, a in zip(oxygens, angles(t - 0.5), strict=True) for atom in water(o, a)]
        moving = starts.copy()
        moving[:, 0] += velocity * (t - 0.5)
        frames.append(np.mod(np.concatenate([[[2.5, 0.5, 2.0], [2.5, 3.5, 2.0]], molecules, moving]), box))
    frames = np.array(frames)

    lab.built.mkdir(parents=True)
    names = ["MO", "S", *["OW", "HW1", "HW2"] * 4, *["K"] * 3, *["CL"] * 2]
    residues = ["MSH", *["SOL"] * 4, *["K"] * 3, *["CL"] * 2]
    index = np.repeat(np.arange(len(residues)), [2, 3, 3, 3, 3, 1, 1, 1, 1, 1])
    u = mda.Universe.empty(len(names), len(residues), atom_resindex=index, trajectory=True)
    u.add_TopologyAttr("names", names)
    u.add_TopologyAttr("resnames", residues)
    u.add_TopologyAttr("resids", np.arange(1, len(residues) + 1))
    u.atoms.positions, u.dimensions = frames[0] * 10, [*(box * 10), 90, 90, 90]
    u.atoms.write(str(lab.built / "conf.gro"))
    record = {"box_nm": box.tolist(), "pore_centre_nm": centre.tolist(), "counts": {"SOL": 4, "K": 3, "CL": 2}}
    record |= {"atoms": len(names), "files": {}, "diameters_nm": {"centre_to_centre": 0.8, "free": 0.5}}
    record["parameters"] = scale.systems["mosse"].model_dump()
    (lab.built / "system.json").write_text(json.dumps(record))
    for k in range(2):
        place = lab.campaign.replica("mosse", protocol.name, k)
        fake_segment(place / "seg01", frames[:10], times[:10], box)
        fake_segment(place / "seg02", frames[9:], times[9:], box)
    return lab
