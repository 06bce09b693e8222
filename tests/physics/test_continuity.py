"""State, thermostat and time carry over from segment to segment: two joined halves are one uninterrupted run."""

import numpy as np
import pyedr
import pytest
from janus_pore.build import system as cell
from janus_pore.paths import Campaign
from janus_pore.simulate import ensemble
from janus_pore.simulate.field import Protocol, Segment
from MDAnalysis.lib.formats.libmdaxdr import XTCFile

THERMOSTATS = {
    "v-rescale": {},
    "nose-hoover": {
        "md__thermostat": "nose-hoover",
        "md__thermostat_time_ps": 0.1,
        "md__thermostat_every_steps": 1,
        "md__timestep_fs": 1.0,
    },
}
BOX_NM = np.array([3.0, 6 * 0.325, 4 * 0.325 * 3**0.5])


def run(scale, lab, root, protocol):
    """Replica 0 of a protocol, in a campaign of its own that starts from the lab's equilibrated cell."""
    campaign = Campaign.of("test", root)
    cell.write(scale.systems["mosse"], campaign.system("mosse"))
    for name in ("minimise", "nvt"):
        target = campaign.equilibration("mosse") / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(lab.campaign.equilibration("mosse") / name)
    ensemble.run_replica(scale, campaign, "mosse", protocol, 0, lab.gmx, threads=1)
    return [campaign.replica("mosse", protocol.name, 0) / f"seg{k:02d}" for k in range(1, len(protocol.segments) + 1)]


def energies(directories):
    parts = [pyedr.edr_to_dict(str(place / "md.edr")) for place in directories]
    time = np.concatenate([part["Time"][(k > 0) :] for k, part in enumerate(parts)])
    return time, {
        name: np.concatenate([part[name][(k > 0) :] for k, part in enumerate(parts)])
        for name in ("Potential", "Kinetic En.", "Conserved En.", "T-Mobile")
    }


def positions(directories):
    frames = {}
    for place in directories:
        with XTCFile(str(place / "md.xtc")) as xtc:
            frames |= {frame.step: frame.x.copy() for frame in xtc}
    return frames


@pytest.mark.parametrize("thermostat", THERMOSTATS)
def test_two_joined_halves_equal_one_uninterrupted_run(lab, make_scale, tmp_path, thermostat):
    """One grompp-made .tpr per segment, each with its cumulative step count, continued from the checkpoint before.

    Were the thermostat's state lost, the conserved energy would jump at the seam.
    """
    scale = make_scale(**THERMOSTATS[thermostat])
    whole = run(scale, lab, tmp_path / "whole", Protocol("p", "constant", (Segment(1.0, 0.4),), ("mosse",)))
    halves = Protocol("p", "constant", (Segment(1.0, 0.2), Segment(1.0, 0.2)), ("mosse",))
    joined = run(scale, lab, tmp_path / "joined", halves)
    time, expected = energies(whole)
    seam, found = energies(joined)
    assert seam == pytest.approx(time) and len(time) == 21
    for name, values in expected.items():
        assert found[name] == pytest.approx(values, rel=1e-4), name
    one, two = positions(whole), positions(joined)
    assert one.keys() == two.keys()
    for step, x in one.items():
        moved = x - two[step]
        moved -= BOX_NM * np.round(moved / BOX_NM)
        assert np.abs(moved).max() < 0.003, step  # the XTC's own rounding is 0.001 nm


def test_branches_of_a_tree_leave_from_the_same_state(lab, tmp_path):
    """Both branches begin with the frame in which the shared part ended, and only then differ."""
    tree = Protocol("t", "steps", (Segment(0.0, 0.1), Segment(2.0, 0.2), Segment(-2.0, 0.2)), ("mosse",), (-1, 0, 0))
    shared, up, down = (positions([place]) for place in run(lab.scale, lab, tmp_path / "tree", tree))
    start, end = min(up), max(up)
    assert start == max(shared) == min(down) and np.array_equal(up[start], down[start])
    assert np.array_equal(up[start], shared[start])
    assert end == max(down) and np.abs(up[end] - down[end]).max() > 0.01
