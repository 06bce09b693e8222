"""Recomputed forces: equal to the run's own, parts that add up, and the parts of one frame by a direct Ewald sum."""

import dataclasses
import json

import numpy as np
import pytest
import xarray as xr
from janus_pore import files
from janus_pore.build import forcefield, membrane, probe
from janus_pore.build import system as cell
from janus_pore.cli import main
from janus_pore.errors import TrajectoryError
from janus_pore.paths import Campaign
from janus_pore.reduce import forces, store
from janus_pore.reduce.asked import alike
from janus_pore.simulate import ensemble, prepare, process, rerun
from janus_pore.simulate.protocols import protocols_of
from MDAnalysis.lib.formats.libmdaxdr import TRRFile, XTCFile
from scipy.special import erfc

COULOMB = 138.9354576  # kJ/mol nm/e^2
CUTOFF_NM = 0.9
#: Of single forces, in kJ/mol/nm: their spread is 300.
EXACT, ROUNDED_1E6, ROUNDED_1E4 = 0.01, 0.3, 30.0


@pytest.fixture(scope="module")
def campaign(lab, make_scale, tmp_path_factory):
    """The sweep of the test scale, replica 0 and 1, stored to 1e-6 nm, from the lab's equilibrated cell."""
    scale = make_scale(
        protocols__sweep__trajectory_resolution_nm=1e-6, barrier__protocols=["sweep"], barrier__half_range_nm=1.4,
        barrier__radius_nm=1.0,
    )  # fmt: skip
    campaign = Campaign.of(scale.scale, tmp_path_factory.mktemp("forces"))
    cell.write(scale.systems["mosse"], campaign.system("mosse"))
    for name in ("minimise", "nvt"):
        target = campaign.equilibration("mosse") / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(lab.campaign.equilibration("mosse") / name)
    sweep = protocols_of(scale, "mosse")["sweep"]
    for replica in range(2):
        ensemble.run_replica(scale, campaign, "mosse", sweep, replica, lab.gmx, threads=1)
    return scale, campaign, sweep


@pytest.fixture(scope="module")
def found(lab, campaign):
    """The forces of replica 0; the run's own files have to stay as they were."""
    scale, where, sweep = campaign
    place = where.replica("mosse", "sweep", 0)
    before = {path: files.sha256(path) for path in place.rglob("*") if path.is_file()}
    data = rerun.recompute(scale, where, "mosse", sweep, 0, lab.gmx, threads=1)
    assert {path: files.sha256(path) for path in place.rglob("*") if path.is_file()} == before
    assert [path.name for path in place.parent.iterdir() if "rerun" in path.name] == []
    return data


def test_superposition(found):
    """The six parts, each from reruns of its own, add up to the force of all."""
    parts, residual = forces.parts(found.force, found.field_v_nm)
    assert np.abs(residual).max() < EXACT
    assert parts.shape == (*residual.shape, 7) and parts[..., :6].std() > 50
    total = found.force["all"] - 96.48533 * found.field_v_nm[:, None]
    assert parts.sum(axis=-1) == pytest.approx(total, abs=EXACT)


def test_the_external_field_is_charge_times_field(found):
    parts, _ = forces.parts(found.force, found.field_v_nm)
    assert parts[..., 6] == pytest.approx(-96.48533 * np.repeat(found.field_v_nm[:, None], parts.shape[1], axis=1))


def test_a_rerun_gives_the_forces_of_the_run(lab, tmp_path):
    """A run that writes its forces, under a field; from frames kept whole and from frames rounded to 1e-6 and 1e-4.

    The run searches its pairs in every step, too: between searches its buffer lets some through (0.1 kJ/mol/nm here).
    """
    md, search = lab.scale.md, {"nstlist": 1, "verlet-buffer-tolerance": -1, "rlist": CUTOFF_NM}
    options = prepare.dynamics(md, 100, fresh_velocities_seed=None, seed=1, field={"electric-field-x": "0.6 0 0 0"})
    options |= {"nstxout": 10, "nstfout": 10, **search}
    state = lab.campaign.equilibration("mosse") / "nvt" / "state.cpt"
    tpr = prepare.run_input(lab.gmx, tmp_path / "run.tpr", options, lab.built / "conf.gro", lab.built, state)
    process.launch([*process.mdrun(lab.gmx, tpr, 1), "-deffnm", "run"], tmp_path)
    with TRRFile(str(tmp_path / "run.trr")) as trr:
        frames = [(frame.x.copy(), frame.f.copy(), frame.box.copy(), frame.time) for frame in trr]
    ions = chloride(lab.built)
    own = np.array([f[ions, 0] for _, f, _, _ in frames]) + 0.6 * 96.48533
    place = rerun.zeroed.write(lab.built, tmp_path / "all", charges=rerun.zeroed.GROUPS, depths=rerun.zeroed.GROUPS)
    for resolution, worst in ((0.0, EXACT), (1e-6, ROUNDED_1E6), (1e-4, ROUNDED_1E4)):
        path = tmp_path / f"{resolution:g}.{'xtc' if resolution else 'trr'}"
        with XTCFile(str(path), "w") if resolution else TRRFile(str(path), "w") as out:
            for k, (x, _, box, time) in enumerate(frames):
                if resolution:
                    out.write(x, box, k, time, 1 / resolution)
                else:
                    out.write(x, None, None, box, k, time, 0.0, len(x))
        again = rerun.one(lab.gmx, place, rerun.options(md, charged=True), path, ions, 1)
        assert len(again) == len(frames) == 11
        assert np.abs(again - own).max() < worst, resolution
        for path in place.glob("rerun.t*"):
            if path.suffix != ".tpr":
                path.unlink()
    assert own.std() > 100


def chloride(built):
    return np.array([k for k, line in enumerate((built / "conf.gro").read_text().splitlines()[2:-1]) if "CL" in line])


@pytest.fixture(scope="module")
def fine(lab, campaign):
    """The forces of the first chosen frame again, with a PME mesh so fine that its error does not show."""
    scale, where, sweep = campaign
    md = scale.md.model_copy(update={"pme_spacing_nm": 0.05, "pme_order": 8})
    barrier = scale.barrier.model_copy(update={"every_frames": 1000})
    return rerun.recompute(
        scale.model_copy(update={"md": md, "barrier": barrier}), where, "mosse", sweep, 0, lab.gmx, threads=1
    )


@pytest.fixture(scope="module")
def by_hand(campaign):
    """Forces along x on Cl- of that frame by group, electrostatic and van der Waals, in numpy."""
    scale, where, sweep = campaign
    kind = [line[10:15].strip() for line in (where.system("mosse") / "conf.gro").read_text().splitlines()[2:-1]]
    kind = np.array(["HW" if name.startswith("HW") else name for name in kind])
    charge = {"MO": 1.06, "S": -0.61, "SE": -0.45, "K": 1.0, "CL": -1.0, "OW": -0.8476, "HW": 0.4238}
    depth = {"MO": 0.056536, "S": 1.929707, "SE": 2.606632, "K": 1.7978874, "CL": 0.0534924, "OW": 0.650629, "HW": 0.0}
    size = {"MO": 0.42, "S": 0.313, "SE": 0.387541, "K": 0.2838403, "CL": 0.4830453, "OW": 0.316557, "HW": 0.0}
    with XTCFile(str(where.replica("mosse", "sweep", 0) / "seg01" / "md.xtc")) as xtc:
        xtc.seek(int(rerun.chosen(scale, sweep)[0][0]))
        frame = xtc.read()
    x, box = frame.x.astype(float), np.diag(frame.box).astype(float)
    q, epsilon, sigma = (np.array([table[name] for name in kind]) for table in (charge, depth, size))
    groups = {"water": np.isin(kind, ["OW", "HW"]), "membrane": np.isin(kind, ["MO", "S", "SE"])}
    groups["ion"] = ~groups["water"] & ~groups["membrane"]
    result = {}
    for name, group in groups.items():
        ions = np.flatnonzero(kind == "CL")
        result[f"{name}_electrostatic"] = ewald(x, q, box, ions, group)
        result[f"{name}_vdw"] = np.array([pairs(x, epsilon, sigma, box, i, group) for i in ions])
    return result


def ewald(x, q, box, ions, group, alpha=4.5, highest=42.0):
    """Forces along x on some charges by a group of charges and all images of them, conducting boundary.

    In the sum over waves the charge itself may stay: its own wave does not pull it.
    """
    most = np.floor(highest * box / (2 * np.pi)).astype(int)
    n = np.stack(np.meshgrid(*[np.arange(-m, m + 1) for m in most], indexing="ij"), axis=-1).reshape(-1, 3)
    k = 2 * np.pi * n[n[:, 0] > 0] / box  # the other half is the same again, and n_x = 0 pulls nothing along x
    k = k[(k**2).sum(axis=1) < highest**2]
    k2 = (k**2).sum(axis=1)
    structure = sum(np.exp(-1j * k @ x[part].T) @ q[part] for part in np.array_split(np.flatnonzero(group), 20))
    found = []
    for i in ions:
        others = group.copy()
        others[i] = False
        d = x[i] - x[others]
        d -= box * np.round(d / box)
        r = np.linalg.norm(d, axis=1)
        near = q[others] * (erfc(alpha * r) / r**2 + 2 * alpha / np.sqrt(np.pi) * np.exp(-((alpha * r) ** 2)) / r)
        wave = 2 * np.exp(-k2 / (4 * alpha**2)) / k2 * k[:, 0] * (np.exp(1j * k @ x[i]) * structure).imag
        found.append(COULOMB * q[i] * ((near * d[:, 0] / r).sum() + 4 * np.pi / box.prod() * wave.sum()))
    return np.array(found)


def pairs(x, epsilon, sigma, box, i, group):
    """Lennard-Jones force along x of a group on atom i, Lorentz-Berthelot, cut off."""
    others = group.copy()
    others[i] = False
    d = x[i] - x[others]
    d -= box * np.round(d / box)
    r = np.linalg.norm(d, axis=1)
    depth, six = np.sqrt(epsilon[i] * epsilon[others]), (0.5 * (sigma[i] + sigma[others]) / r) ** 6
    return (24 * depth * (2 * six**2 - six) / r**2 * d[:, 0])[r < CUTOFF_NM].sum()


@pytest.mark.parametrize("part", [name for name in forces.PARTS if name != "field"])
def test_each_part_by_a_direct_sum(found, fine, by_hand, part):
    """Then with the mesh of the runs, whose error is 1 % of the forces."""
    for data, error in ((fine, 0.3), (found, 6.0)):
        here = forces.parts(data.force, data.field_v_nm)[0][0, :, forces.PARTS.index(part)]
        assert here == pytest.approx(by_hand[part], abs=0.01 if part.endswith("vdw") else error)
    assert np.abs(by_hand[part]).max() > (20 if part.endswith("electrostatic") else 0)


def test_the_sheets_part_is_a_function_of_place(campaign, fine):
    """The same sheet without anything else, at the places of these ions: its exact force, by central differences."""
    scale, where, sweep = campaign
    built = scale.systems["mosse"]
    sheet = membrane.cut(membrane.pristine("mosse", built.cells_y, built.cells_z), built.pore_cut, built.pore_centre)
    charges = forcefield.compensated(sheet.names, "mosse", "refuse")
    atoms = (where.system("mosse") / "conf.gro").read_text().splitlines()[2:-1]
    with XTCFile(str(where.replica("mosse", "sweep", 0) / "seg01" / "md.xtc")) as xtc:
        xtc.seek(int(rerun.chosen(scale, sweep)[0][0]))
        x = xtc.read().x.astype(float)
    sheet = dataclasses.replace(sheet, positions_nm=x[: len(sheet.names)])  # as conf.gro rounds them
    ions = x[["CL" in line for line in atoms]]
    ends = [ions + [h, 0, 0] for h in (-1e-4, 1e-4)]
    low, high = (
        probe.energy(sheet, charges, forcefield.atom_types("charmm", "liang"), "CL", e, built.length_x_nm, CUTOFF_NM)
        for e in ends
    )
    parts = forces.parts(fine.force, fine.field_v_nm)[0][0]
    for k, (name, error) in enumerate((("electrostatic", 0.1), ("vdw", 0.01))):
        asked = parts[:, forces.PARTS.index(f"membrane_{name}")]
        assert (low[k] - high[k]) / 2e-4 == pytest.approx(asked, abs=error), name
        assert np.abs(asked).max() > (20 if name == "electrostatic" else 0)


class TestFiles:
    """Through the command line: a file a replica, the replicas together, and nothing computed twice."""

    @pytest.fixture(scope="class")
    @staticmethod
    def argv(campaign, tmp_path_factory):
        scale, where, _ = campaign
        path = tmp_path_factory.mktemp("scale") / "test.yml"
        files.write_text(path, __import__("yaml").safe_dump(scale.model_dump(exclude_none=True)))
        return [str(path), "--runs", str(where.root.parent), "--system", "mosse", "--protocol", "sweep"]

    @pytest.fixture(scope="class")
    @staticmethod
    def paths(campaign, argv):
        _, where, _ = campaign
        for replica in ("0", "1"):
            assert main(["forces", *argv, "--replica", replica]) == 0
        return [where.forces("mosse", "sweep", k) for k in range(2)]

    def test_one_replica(self, campaign, paths, found):
        """Positions are measured from the pore; what is kept lies near it."""
        scale, _, _ = campaign
        data = store.read(paths[0])
        assert data.sizes["frame"] == len(found.time_ps) and data.sizes["part"] == 7
        assert (np.abs(data.x) <= scale.barrier.half_range_nm).all() and (data.radial <= 2.0).all()
        assert data.sizes["sample"] > 0
        at = found.position_nm[data.sample_frame.values, data.ion.values]
        offset = at[:, 0] - 1.5
        assert data.x.values == pytest.approx(offset - 3.0 * np.round(offset / 3.0), abs=1e-5)
        total = found.force["all"][data.sample_frame.values, data.ion.values]
        assert (data.force.sum("part") - data.force.sel(part="field")).values == pytest.approx(total, abs=0.05)
        assert np.abs(data.residual).max() < EXACT and data.force.attrs["units"] == "kJ/mol/nm"

    def test_a_second_call_runs_nothing(self, lab, campaign, argv, paths, monkeypatch):
        scale, where, sweep = campaign
        before = store.read(paths[0])
        monkeypatch.setattr(rerun, "recompute", None)
        coarser = scale.barrier.model_copy(update={"bin_width_nm": 0.2, "waiting_depth_nm": 0.3})
        later = scale.analysis.model_copy(update={"discard_ps": 0.1})  # which is about constant fields
        # how forces are looked at is no other run
        for one in (scale, scale.model_copy(update={"barrier": coarser, "analysis": later})):
            again = forces.reduce_forces(one, where, "mosse", sweep, 0, lab.gmx)
            xr.testing.assert_identical(again, before)
        wider = scale.model_copy(update={"barrier": scale.barrier.model_copy(update={"half_range_nm": 1.5})})
        with pytest.raises(TypeError):  # other frames or ions are asked for: it would be run again
            forces.reduce_forces(wider, where, "mosse", sweep, 0, lab.gmx)

    def test_of_a_constant_field_other_fields_ask_nothing_more(self, lab, campaign, paths, monkeypatch):
        """Frames of a constant field all count; of a sweep other fields are other frames."""
        scale, where, sweep = campaign
        monkeypatch.setattr(rerun, "recompute", None)
        more = {"fields_v_nm": [*scale.barrier.fields_v_nm, 1.1]}
        wider = scale.model_copy(update={"barrier": scale.barrier.model_copy(update=more)})
        with pytest.raises(TypeError):
            forces.reduce_forces(wider, where, "mosse", sweep, 0, lab.gmx)
        constant = dataclasses.replace(sweep, kind="constant")
        xr.testing.assert_identical(
            forces.reduce_forces(wider, where, "mosse", constant, 0, lab.gmx), store.read(paths[0])
        )

    @pytest.mark.parametrize("lacks", ["residual", "period_ps", "trajectories_sha256"])
    def test_a_file_that_lacks_something_is_refused(self, paths, tmp_path, lacks):
        """Once a traceback, then or on a page."""
        whole, cut = store.read(paths[1]), tmp_path / "r001.forces.nc"
        whole.attrs.pop(lacks, None)
        store.write(whole.drop_vars(lacks, errors="ignore"), cut)
        with pytest.raises(TrajectoryError, match=rf"r001\.forces\.nc is no file of forces: it lacks {lacks}: "):
            forces.collect([paths[0], cut])

    def test_settings_of_a_file_that_does_not_say_its_kind(self, paths):
        """Once a traceback where data are shipped or taken over."""
        found = [store.read(path) for path in paths]
        del found[1].attrs["kind"]
        alike(paths, found)

    def test_replicas_that_were_asked_otherwise_do_not_go_together(self, paths, tmp_path):
        """Once broke: forces out to one radius were put together with those out to another."""
        data, other = store.read(paths[1]), tmp_path / "r001.forces.nc"
        trajectory, topology, barrier, mdp, discard_ps = json.loads(data.attrs["asked"])
        for asked, differs in (
            ([trajectory, topology, barrier | {"radius_nm": 0.2}, mdp, discard_ps], "the scale's barrier. Set"),
            ([trajectory, "another", barrier, mdp | {"rvdw": 1.4}, discard_ps], "the topology and its md. Set"),
        ):
            store.write(data.assign_attrs(asked=json.dumps(asked)), other)
            with pytest.raises(TrajectoryError, match=f"do not go together: they differ in {differs}"):
                forces.collect([paths[0], other])
        earlier = {
            key: value for key, value in barrier.items() if key != "both_branches"
        }  # from before the key: forward
        store.write(data.assign_attrs(asked=json.dumps([trajectory, topology, earlier, mdp, discard_ps])), other)
        assert forces.collect([paths[0], other]).sizes["frame"] == 2 * data.sizes["frame"]
        constant = [store.read(path).assign_attrs(kind="constant") for path in paths]
        store.write(constant[0], tmp_path / "r000.forces.nc")
        more = barrier | {"fields_v_nm": [*barrier["fields_v_nm"], 1.1]}  # which asks nothing more there
        store.write(constant[1].assign_attrs(asked=json.dumps([trajectory, topology, more, mdp, discard_ps])), other)
        assert forces.collect([tmp_path / "r000.forces.nc", other]).sizes["frame"] > 0

    def test_together(self, campaign, argv, paths):
        scale, where, _ = campaign
        assert main(["forces", *argv]) == 0
        both, one = forces.load(scale, where, "mosse")["sweep"], [store.read(path) for path in paths]
        assert both.sizes["frame"] == sum(d.sizes["frame"] for d in one)
        second = both.frame_replica.values[both.sample_frame.values] == 1
        assert second.sum() == one[1].sizes["sample"]
        assert np.array_equal(both.force.values[second], one[1].force.values)
        assert np.array_equal(both.field.values[both.sample_frame.values[second]],
                              one[1].field.values[one[1].sample_frame.values])  # fmt: skip
        assert both.attrs["trajectories_sha256"].split() == [d.attrs["trajectories_sha256"] for d in one]

    def test_by_branch(self, campaign, paths):
        """The forces were asked for on the forward one; a constant field is all forward."""
        scale, where, _ = campaign
        found = forces.load(scale, where, "mosse")["sweep"]
        assert found.sizes["frame"] and forces.load(scale, where, "mosse", branch="reverse") == {}
        late = found.assign(time=found.time + 0.5 * float(found.attrs["period_ps"]))
        xr.testing.assert_identical(forces.on_branch(late, "forward"), late)
        hold = found.assign_attrs(kind="constant", period_ps=0.0)
        assert (
            forces.on_branch(hold, "reverse").sizes["frame"] == 0 == forces.on_branch(hold, "reverse").sizes["sample"]
        )

    def test_the_table_of_the_paper_is_about_sweeps(self, campaign, paths):
        scale, where, _ = campaign
        found = forces.load(scale, where, "mosse")
        hold = found["sweep"].assign_attrs(kind="constant")
        assert list(forces.as_printed(found | {"hold": hold})) == ["sweep"]
        assert list(forces.as_printed({"hold": hold})) == ["hold"] and forces.as_printed({}) == {}

    def test_without_a_run(self, lab, campaign, argv, capsys):
        scale, where, sweep = campaign
        with pytest.raises(TrajectoryError, match="run the replica first"):
            forces.reduce_forces(scale, where, "mosse", sweep, 7, lab.gmx)
        assert main(["forces", *argv[:-1], "hold_+0.40", "--replica", "0"]) == 1
        assert "this scale has: sweep" in capsys.readouterr().err
        assert forces.load(scale, Campaign.of("none", where.root), "mosse") == {}
