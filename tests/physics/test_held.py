"""A Cl- that is held: it stays, all else moves, and the force on it is the one that a free ion would feel there."""

import re

import MDAnalysis as mda
import numpy as np
import pytest
from janus_pore.analyse import held
from janus_pore.build import forcefield, membrane, probe, record
from janus_pore.build import system as cell
from janus_pore.paths import Campaign
from janus_pore.reduce import forces, store
from janus_pore.simulate import ensemble, rerun
from janus_pore.simulate.protocols import protocols_of
from janus_pore.testsystems import PoreIons

X_NM = 0.3


@pytest.fixture(scope="module")
def run(make_scale, gromacs, tmp_path_factory):
    """Scale, campaign and protocol of 1 ps at 0.4 V/nm with a Cl- held 0.3 nm from the Mo plane."""
    scale = make_scale(
        systems__mosse={"held_cl_nm": X_NM}, barrier__protocols=["hold"], ensemble__replicas=1,
        protocols__hold__trajectory_resolution_nm=1e-6, protocols__hold__fields_v_nm=[0.4],
    )  # fmt: skip
    campaign = Campaign.of(scale.scale, tmp_path_factory.mktemp("held"))
    cell.write(scale.systems["mosse"], campaign.system("mosse"))
    ensemble.equilibrate(scale, campaign, "mosse", gromacs, threads=1)
    hold = protocols_of(scale, "mosse")["hold_+0.40"]
    ensemble.run_replica(scale, campaign, "mosse", hold, 0, gromacs, threads=1)
    return scale, campaign, hold


@pytest.fixture(scope="module")
def found(run, gromacs):
    scale, campaign, hold = run
    data = forces.reduce_forces(scale, campaign, "mosse", hold, 0, gromacs)
    path = campaign.forces("mosse", hold.name, 0)
    return forces.collect([store.write(data, path)])


def test_it_stays_and_the_others_move(run):
    _, campaign, hold = run
    place = campaign.replica("mosse", hold.name, 0)
    u = mda.Universe(str(campaign.system("mosse") / "conf.gro"), str(place / "seg01" / "md.xtc"), to_guess=())
    ions = u.select_atoms("resname CL")
    centre = np.array(record.read(campaign.system("mosse"))["pore_centre_nm"])
    paths = np.array([ions.positions / 10 for _ in u.trajectory])
    assert paths[:, 0] == pytest.approx(np.broadcast_to(centre + [X_NM, 0, 0], paths[:, 0].shape), abs=6e-4)
    assert np.ptp(paths[:, 0], axis=0).max() < 1e-5 < 0.01 < np.ptp(paths[:, 1:], axis=0).max(axis=1).min()


def test_it_has_no_share_in_the_temperature(run):
    """The degrees of freedom, by which runs are verified, are those that GROMACS counts for the mobile atoms."""
    _, campaign, hold = run
    log = (campaign.protocol("mosse", hold.name) / "r000" / "seg01" / "md.log").read_text()
    mobile = float(re.search(r"nrdf:\s+(\S+)", log)[1])
    assert mobile == pytest.approx(ensemble.degrees_of_freedom(campaign.system("mosse")), abs=0.01)


def test_the_force_is_that_on_a_free_ion(run, found, gromacs, tmp_path):
    """The same frames with the ion taken out of the frozen group."""
    scale, campaign, hold = run
    built = campaign.system("mosse")
    for name in ("topol.top", "conf.gro"):
        (tmp_path / name).write_bytes((built / name).read_bytes())
    u = mda.Universe(str(built / "conf.gro"), to_guess=())
    with mda.selections.gromacs.SelectionWriter(str(tmp_path / "index.ndx"), mode="w") as groups:
        groups.write(u.atoms, name="System")
        groups.write(u.select_atoms("resname MSH"), name="Sheet")
    index, *_ = rerun.chosen(scale, hold)
    ion = u.select_atoms("resname CL").indices[:1]
    frames = tmp_path / "frames.trr"
    rerun.extract(campaign.replica("mosse", hold.name, 0) / "seg01" / "md.xtc", index, frames, ion)
    options = rerun.options(rerun.md_of(scale, hold), charged=True)
    free = rerun.one(gromacs, tmp_path, options, frames, ion, 1)[:, 0]
    mine = found.ion.values == 0
    ours = found.force.values[mine].sum(axis=1) - found.force.sel(part="field").values[mine]
    assert len(free) == mine.sum() > 30 and np.abs(ours - free).max() < 0.02


def test_the_sheets_part_is_that_on_the_axis(run, found):
    """Computed without GROMACS, by `build.probe`."""
    scale, *_ = run
    built = scale.systems["mosse"]
    sheet = membrane.cut(
        membrane.pristine(built.membrane, built.cells_y, built.cells_z), built.pore_cut, built.pore_centre
    )
    charges = forcefield.compensated(sheet.names, built.membrane, built.charge_compensation)
    types = forcefield.atom_types(built.se_type, built.s_type)
    line = probe.on_axis(sheet, charges, types, "CL", built.length_x_nm, scale.md.cutoff_nm).interp(x=X_NM)
    mine = found.force.isel(sample=np.flatnonzero(found.ion.values == 0))
    assert mine.sel(part="membrane_vdw").values == pytest.approx(float(line.vdw_force), abs=0.3)
    assert mine.sel(part="membrane_electrostatic").values == pytest.approx(float(line.electrostatic_force), abs=3.0)


def test_the_analysis_takes_it(run, found):
    """With a second place that is made up, since one is none."""
    scale, *_ = run
    x = {"mosse": X_NM, "other": 0.1}
    other = PoreIons(replicas=1).hold(0.1, 0, duration_ps=1.0, interval_ps=0.02)
    profile = held.profile(x, {"mosse": {"hold_+0.40": found}, "other": {"hold": other}}, 0.4, scale.analysis)
    assert profile.place.values.tolist() == [0.1, 0.3] and profile.blocks.values[1] == 8
    total = found.force.values[found.ion.values == 0].sum(axis=1)
    assert float(profile.force.sel(place=0.3, part="total")) == pytest.approx(
        total.mean(), abs=0.3 * float(total.std())
    )
