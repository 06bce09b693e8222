"""From the built cell to replicas of a chained protocol: what is shared, what differs, that time goes on."""

import json
import os
import re
import shutil
from types import SimpleNamespace

import MDAnalysis as mda
import numpy as np
import pytest
from janus_pore.build import record
from janus_pore.errors import CellError, GromacsError, RunError, StoppedError
from janus_pore.files import sha256
from janus_pore.paths import Campaign
from janus_pore.simulate import ensemble, process, runner
from janus_pore.simulate.field import Protocol, Segment
from janus_pore.simulate.minimise import Made
from MDAnalysis.lib.formats.libmdaxdr import XTCFile


@pytest.fixture
def nothing_runs(monkeypatch, lab):
    monkeypatch.setattr(process, "launch", lambda *_args, **_options: pytest.fail("mdrun was launched"))
    monkeypatch.setattr(type(lab.gmx), "call", lambda *_args, **_options: pytest.fail("a GROMACS tool was called"))


def frames(path):
    with XTCFile(str(path)) as xtc:
        return [(frame.step, frame.time, frame.x) for frame in xtc]


def replica(lab, chain, k):
    return lab.campaign.replica("mosse", chain.name, k)


def field_of(lab, tpr):
    """E0 of the x field, as `gmx dump` finds it in a run input."""
    said = lab.gmx.call("dump", s=tpr)
    return float(re.search(r"x:\s+E0\s+=\s+(\S+)", said).group(1))


class TestEquilibrate:
    def test_manifests(self, lab):
        place = lab.campaign.equilibration("mosse")
        manifest = runner.done(place / "nvt")
        assert (manifest["steps"], manifest["frames"]) == ([0, 1000], 101)
        minimised = runner.done(place / "minimise", Made)
        assert minimised["Potential Energy"] < -10_000
        assert minimised["inputs"]["conf"] == sha256(lab.built / "conf.gro")
        assert sorted(p.name for p in (place / "minimise").iterdir()) == ["conf.gro", "em.log", "manifest.json"]
        assert "can not be settled" not in (place / "minimise" / "em.log").read_text()  # water is flexible there
        assert not list(place.glob("*.partial"))

    def test_the_sheet_never_moves_and_the_liquid_does(self, lab):
        atoms = mda.Universe(str(lab.built / "conf.gro")).atoms
        sheet, mobile = atoms.select_atoms("resname MSH").indices, atoms.select_atoms("not resname MSH").indices
        start = atoms.positions / 10
        found = frames(lab.campaign.equilibration("mosse") / "nvt" / "md.xtc")
        for _, _, x in found:
            # the .gro file keeps three digits, and so does the trajectory
            assert np.abs(x[sheet] - start[sheet]).max() < 0.0021
        assert np.abs(found[-1][2][mobile] - found[0][2][mobile]).max() > 0.1

    def test_again_costs_nothing(self, lab, nothing_runs):
        before = runner.done(lab.campaign.equilibration("mosse") / "nvt")
        assert ensemble.equilibrate(lab.scale, lab.campaign, "mosse", lab.gmx, threads=1) == before

    def test_without_a_system_it_says_what_comes_first(self, lab, tmp_path, nothing_runs):
        with pytest.raises(CellError, match=r"system\.json is not there: build the system first"):
            ensemble.equilibrate(lab.scale, Campaign(tmp_path), "mosse", lab.gmx, threads=1)

    def test_a_start_before_the_equilibration_has_ended(self, lab, tmp_path):
        """Once broke: MDAnalysis' own words, and the advice to make room on the disk."""
        with pytest.raises(RunError, match=r"md\.xtc is not there, from which replicas start.*: let the equilibration"):
            ensemble.start_frame(lab.scale, Campaign(tmp_path), "mosse", 0, tmp_path / "start.gro")

    def test_degrees_of_freedom(self, lab):
        """Counted from the coordinates: six for a rigid water, three for an ion."""
        atoms = mda.Universe(str(lab.built / "conf.gro")).atoms
        waters, ions = len(atoms.select_atoms("name OW")), len(atoms.select_atoms("name K CL"))
        assert ensemble.degrees_of_freedom(lab.built) == 6 * waters + 3 * ions


def test_coordinates_without_a_manifest_give_way_to_the_minimised_ones(lab, tmp_path):
    """Once broke: "Directory not empty", after the minimisation, where a shipped replica had been run again."""
    place = tmp_path / "minimise"
    place.mkdir()
    (place / "conf.gro").write_text("of something else")
    conf = ensemble.minimise(lab.scale, lab.gmx, place, lab.built, 1)
    assert runner.done(place, Made) is not None and conf.read_bytes() == lab.minimised.read_bytes()


class TestStart:
    @pytest.mark.parametrize(("k", "time"), [(0, 2.0), (1, 1.0)])
    def test_the_frame_that_many_spacings_before_the_end(self, lab, tmp_path, k, time):
        path = ensemble.start_frame(lab.scale, lab.campaign, "mosse", k, tmp_path / "new" / "start.gro")
        found = frames(lab.campaign.equilibration("mosse") / "nvt" / "md.xtc")
        expected = next(x for _, t, x in found if abs(t - time) < 1e-4)
        assert mda.Universe(str(path)).atoms.positions / 10 == pytest.approx(expected, abs=6e-4)
        assert [p.name for p in path.parent.iterdir()] == ["start.gro"]

    @pytest.fixture
    def equilibrated(self, lab, tmp_path):
        """A campaign with no more than the built system and its equilibration."""
        campaign = Campaign(tmp_path / "test")
        shutil.copytree(lab.built, campaign.system("mosse"))
        shutil.copytree(lab.campaign.equilibration("mosse") / "nvt", campaign.equilibration("mosse") / "nvt")
        return campaign

    def test_an_equilibration_that_changed_since_is_refused(self, lab, equilibrated, tmp_path):
        """Once a frame of it was taken as it was; one that is taken already stays."""
        trajectory = equilibrated.equilibration("mosse") / "nvt" / "md.xtc"
        first = ensemble.start_frame(lab.scale, equilibrated, "mosse", 0, tmp_path / "r000" / "tpr" / "start.gro")
        data = bytearray(trajectory.read_bytes())
        data[len(data) // 4] ^= 1
        trajectory.write_bytes(data)
        with pytest.raises(RunError, match=r"nvt: md\.xtc changed or vanished since the run\. Restore"):
            ensemble.start_frame(lab.scale, equilibrated, "mosse", 1, tmp_path / "start.gro")
        assert not (tmp_path / "start.gro").exists()
        assert ensemble.start_frame(lab.scale, equilibrated, "mosse", 0, first) == first

    @pytest.mark.parametrize("share", [0.0, 0.9])
    def test_one_that_is_there_beside_an_equilibration_that_cannot_be_read(self, lab, equilibrated, tmp_path, share):
        trajectory, whole = equilibrated.equilibration("mosse") / "nvt" / "md.xtc", tmp_path / "start.gro"
        ensemble.start_frame(lab.scale, lab.campaign, "mosse", 0, whole)
        os.truncate(trajectory, int(share * trajectory.stat().st_size))
        with pytest.raises(RunError, match=r"md\.xtc is damaged .*: restore it, or delete .*/nvt to run it again"):
            ensemble.start_frame(lab.scale, equilibrated, "mosse", 0, whole)

    def test_an_equilibration_without_a_manifest_is_none(self, lab, equilibrated, tmp_path):
        (equilibrated.equilibration("mosse") / "nvt" / "manifest.json").unlink()
        with pytest.raises(RunError, match="or has no manifest: let the equilibration end first"):
            ensemble.start_frame(lab.scale, equilibrated, "mosse", 0, tmp_path / "start.gro")

    def test_nothing_is_left_beside_the_equilibration_or_read_there(self, lab, equilibrated, tmp_path):
        """Once MDAnalysis kept a file there, and when a full disk cut that short no replica started any more."""
        place = equilibrated.equilibration("mosse") / "nvt"
        (place / ".md.xtc_offsets.npz").write_bytes(b"PK\x03\x04")
        before = sorted(path.name for path in place.iterdir())
        path = ensemble.start_frame(lab.scale, equilibrated, "mosse", 1, tmp_path / "start.gro")
        assert ensemble.start_frame(lab.scale, equilibrated, "mosse", 1, path) == path
        assert sorted(path.name for path in place.iterdir()) == before

    def test_a_replica_beyond_the_equilibration_is_refused(self, lab, tmp_path):
        with pytest.raises(RunError, match="replica 9 is not of this campaign"):
            ensemble.start_frame(lab.scale, lab.campaign, "mosse", 9, tmp_path / "start.gro")

    def test_one_that_is_there_stays(self, lab, tmp_path):
        path, mine = tmp_path / "start.gro", "mine\n    1\n    1SOL     OW    1   0.000   0.000   0.000\n 1.0 1.0 1.0\n"
        path.write_text(mine)
        assert ensemble.start_frame(lab.scale, lab.campaign, "mosse", 0, path).read_text() == mine

    @pytest.mark.parametrize("lines", [0, 1, 2, 50, -1])
    def test_a_damaged_one_is_refused(self, lab, tmp_path, lines):
        """Once a traceback, or GROMACS's own message. The last has lost its box."""
        path = ensemble.start_frame(lab.scale, lab.campaign, "mosse", 0, tmp_path / "r000" / "tpr" / "start.gro")
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:lines]))
        with pytest.raises(RunError, match=r"start.gro is damaged or empty: .*delete .*/r000 to run"):
            ensemble.start_frame(lab.scale, lab.campaign, "mosse", 0, path)

    @pytest.mark.parametrize("k", [0, 1])
    def test_the_right_one_that_is_there_is_taken(self, lab, tmp_path, k):
        path = ensemble.start_frame(lab.scale, lab.campaign, "mosse", k, tmp_path / "start.gro")
        before = path.read_bytes()
        assert ensemble.start_frame(lab.scale, lab.campaign, "mosse", k, path).read_bytes() == before

    def test_one_of_another_spacing_is_refused(self, lab, tmp_path, make_scale):
        """Once wrong: whatever was there was taken."""
        path = ensemble.start_frame(lab.scale, lab.campaign, "mosse", 1, tmp_path / "start.gro")
        closer = make_scale(ensemble__spacing_ps=0.5)
        with pytest.raises(RunError, match=r"frame at 1 ps, and replica 1 now starts from 1.5 ps.*back.*new name"):
            ensemble.start_frame(closer, lab.campaign, "mosse", 1, path)

    def test_one_of_another_equilibration_is_taken(self, lab, tmp_path, make_scale):
        path = ensemble.start_frame(lab.scale, lab.campaign, "mosse", 1, tmp_path / "start.gro")
        atoms = mda.Universe(str(path)).atoms
        atoms.positions += 0.1
        atoms.write(str(path), reindex=False)
        before = path.read_bytes()
        closer = make_scale(ensemble__spacing_ps=0.5)
        assert ensemble.start_frame(closer, lab.campaign, "mosse", 1, path).read_bytes() == before

    def test_no_replica_starts_where_another_did(self, lab, chain, replicas, make_scale, nothing_runs):
        """The replicas before may be of jobs that are done, and not be asked for again."""
        closer = make_scale(ensemble__spacing_ps=0.5)
        with pytest.raises(RunError, match=r"r001/tpr/start.gro is the equilibration's frame at 1 ps"):
            ensemble.own_input(closer, lab.campaign, "mosse", chain, 2, lab.gmx)
        assert not replica(lab, chain, 2).exists()

    def test_a_time_without_a_frame_is_refused(self, lab, tmp_path, make_scale):
        longer = make_scale(equilibration__duration_ps=2.4, ensemble__spacing_ps=0.5)
        with pytest.raises((RunError, IndexError)):
            ensemble.start_frame(longer, lab.campaign, "mosse", 0, tmp_path / "start.gro")
        assert not (tmp_path / "start.gro").exists()


class TestReplica:
    def test_segments_follow_each_other(self, lab, chain, replicas):
        for manifests in replicas:
            assert [m["steps"] for m in manifests] == [[0, 100], [100, 400], [400, 500]]
            assert [m["frames"] for m in manifests] == [11, 31, 11]
        for k in range(2):
            times = [[t for _, t, _ in frames(replica(lab, chain, k) / f"seg{s:02d}" / "md.xtc")] for s in range(3)]
            for found, (first, last) in zip(times, [(0, 0.2), (0.2, 0.8), (0.8, 1.0)], strict=True):
                assert found == pytest.approx(np.arange(round((last - first) / 0.02) + 1) * 0.02 + first, abs=1e-4)

    def test_a_segment_begins_where_the_one_before_ended(self, lab, chain, replicas):
        for s in (1, 2):
            step, _, before = frames(replica(lab, chain, 0) / f"seg{s - 1:02d}" / "md.xtc")[-1]
            again, _, after = frames(replica(lab, chain, 0) / f"seg{s:02d}" / "md.xtc")[0]
            assert step == again
            assert after == pytest.approx(before, abs=1.1e-3)

    def test_each_continues_the_checkpoint_before(self, lab, chain, replicas):
        for k, manifests in enumerate(replicas):
            ends = [sha256(replica(lab, chain, k) / f"seg{s:02d}" / "state.cpt") for s in range(3)]
            assert [m["inputs"]["checkpoint"] for m in manifests] == [None, *ends[:2]]

    def test_the_run_input_is_shared_and_holds_the_field(self, lab, chain, replicas):
        first, second = ([m["inputs"]["tpr"] for m in manifests] for manifests in replicas)
        assert first[1:] == second[1:]
        assert first[0] != second[0]
        place = lab.campaign.protocol("mosse", chain.name) / "tpr"
        assert [sha256(place / f"seg{s:02d}.tpr") for s in (1, 2)] == first[1:]
        assert [field_of(lab, place / f"seg{s:02d}.tpr") for s in (1, 2)] == [2.5, 1.0]
        assert field_of(lab, replica(lab, chain, 0) / "tpr" / "seg00.tpr") == 0

    def test_a_sine_starts_at_zero_when_its_segment_does(self, lab, replicas):
        """Its run input is told the run's time: 0.2 ps of randomising, what came before, and a quarter period."""
        late = Protocol("late", "sine", (Segment(0.5, 0.3), Segment(1.2, 1.0, 1000.0)), ("mosse",))
        made = ensemble.shared_inputs(lab.scale, lab.campaign, "mosse", late, lab.gmx)
        said = lab.gmx.call("dump", s=made[1])
        keys = ("E0", "omega", "t0", "nsteps")
        found = {key: float(re.search(rf"\s{key}\s+=\s+(\S+)", said).group(1)) for key in keys}
        assert found == pytest.approx({"E0": 1.2, "omega": 6.2831853, "t0": 0.75, "nsteps": 750}, rel=1e-6)

    def test_replicas_differ(self, lab, chain, replicas):
        one, two = (frames(replica(lab, chain, k) / "seg02" / "md.xtc")[-1][2] for k in range(2))
        assert np.abs(one - two).max() > 0.1

    def test_water_and_ions_follow_the_field(self, lab, chain, replicas):
        """In 0.6 ps at +2.5 V/nm dipoles turn toward +x, from wherever they were; K moves that way and Cl the other."""
        atoms = mda.Universe(str(lab.built / "conf.gro")).atoms
        waters, length = atoms.select_atoms("resname SOL").indices, 3.0
        before, after, drift = [], [], []
        for k in range(2):
            found = [x.astype(float) for _, _, x in frames(replica(lab, chain, k) / "seg01" / "md.xtc")]
            for x, means in ((found[0], before), (found[-1], after)):
                molecules = x[waters].reshape(-1, 3, 3)
                arms = molecules[:, 1:, 0] - molecules[:, :1, 0]
                arms -= length * np.round(arms / length)
                means.append(arms.sum(axis=1).mean() / (2 * 0.0577))
            for name, sign in (("K", 1), ("CL", -1)):
                index = atoms.select_atoms(f"resname {name}").indices
                steps = [b[index, 0] - a[index, 0] for a, b in zip(found, found[1:], strict=False)]
                drift.append(sign * sum((d - length * np.round(d / length)).mean() for d in steps))
        assert np.subtract(after, before).min() > 0.2
        assert np.mean(drift) > 0.01

    def test_again_costs_nothing(self, lab, chain, replicas, nothing_runs):
        again = ensemble.run_replica(lab.scale, lab.campaign, "mosse", chain, 0, lab.gmx, threads=1)
        assert again == replicas[0]

    def test_a_changed_scale_is_refused(self, lab, chain, replicas, make_scale, nothing_runs):
        changed = make_scale(md__temperature_k=310.0)
        with pytest.raises(RunError, match="was made from other options"):
            ensemble.run_replica(changed, lab.campaign, "mosse", chain, 0, lab.gmx, threads=1)

    @pytest.mark.parametrize("step", ["equilibrate", "replica"])
    def test_a_system_that_is_not_the_scales_is_refused(self, lab, chain, make_scale, nothing_runs, step):
        """Once it ran for as long as it takes, and what reduces it refused it."""
        changed = make_scale(system__salt_mol_l=1.5)
        with pytest.raises(CellError, match="was built with other values of salt_mol_l(?s:.*)set the scale file back"):
            if step == "equilibrate":
                ensemble.equilibrate(changed, lab.campaign, "mosse", lab.gmx, threads=1)
            else:
                ensemble.run_replica(changed, lab.campaign, "mosse", chain, 0, lab.gmx, threads=1)

    @pytest.mark.parametrize("name", ["conf.gro", "topol.top", "index.ndx"])
    @pytest.mark.parametrize("step", ["equilibrate", "replica"])
    def test_a_system_that_was_changed_since_it_was_built_is_refused(
        self, lab, chain, replicas, tmp_path, nothing_runs, step, name
    ):
        """Once it was taken without a word, and so were runs of it."""
        campaign = Campaign(tmp_path / "test")
        shutil.copytree(lab.built, campaign.system("mosse"))
        path = campaign.system("mosse") / name
        path.write_text(path.read_text().replace("1", "2", 1))
        said = (
            f"mosse: {name} changed or vanished since it was built.*janus-pore build config/test.yml .*--system mosse"
        )
        with pytest.raises(CellError, match=said):
            if step == "equilibrate":
                ensemble.equilibrate(lab.scale, campaign, "mosse", lab.gmx, threads=1)
            else:
                ensemble.run_replica(lab.scale, campaign, "mosse", chain, 2, lab.gmx, threads=1)
        path.unlink()
        with pytest.raises(CellError, match=f"{name} changed or vanished"):
            record.unchanged(campaign.system("mosse"))

    def test_a_segment_may_end_between_two_energies_if_none_follows(self, lab, make_scale):
        """What `protocols.check` lets pass: energies every 0.04 ps, and branches of 0.3 ps."""
        tree = Protocol(
            "tree", "steps", (Segment(0.0, 0.4), Segment(0.4, 0.3), Segment(0.8, 0.3)), ("mosse",), (-1, 0, 0)
        )
        scale = make_scale(md__energy_interval_ps=0.04)
        found = ensemble.run_replica(scale, lab.campaign, "mosse", tree, 0, lab.gmx, threads=1)
        assert [m["steps"] for m in found] == [[0, 100], [100, 300], [300, 450], [300, 450]]
        assert [m["energy"]["samples"] for m in found] == [6, 11, 9, 9]

    def test_watch_is_told_what_and_how_far(self, lab, chain, replicas):
        """Labels and last steps, one a segment, also of segments already done."""
        asked = []

        def watch(label, last):
            asked.append((label, last))
            return lambda _step: None

        ensemble.run_replica(lab.scale, lab.campaign, "mosse", chain, 1, lab.gmx, threads=1, watch=watch)
        ends = (100, 400, 500)
        assert asked == [(f"mosse chain r001 seg{s:02d}", last) for s, last in enumerate(ends)]

    @pytest.mark.parametrize("kind", [RunError, GromacsError])
    def test_one_that_fails_does_not_keep_the_others_from_running(self, lab, chain, replicas, monkeypatch, kind):
        run, ran = ensemble._run, []

        def some(scale, campaign, system, protocol, replica, *rest):
            ran.append(replica)
            if replica == 0:
                raise kind("replica 0 blew up")
            return run(scale, campaign, system, protocol, replica, *rest)

        monkeypatch.setattr(ensemble, "_run", some)
        with pytest.raises(RunError, match="replica 0 blew up"):
            ensemble.run_replicas(lab.scale, lab.campaign, "mosse", chain, [0, 1], lab.gmx, threads=1)
        assert ran == [0, 1]

    def test_a_signal_or_the_walltime_stops_all(self, lab, chain, replicas, monkeypatch):
        ran = []

        def stopped(*args):
            ran.append(args[4])
            raise StoppedError("stopped")

        monkeypatch.setattr(ensemble, "_run", stopped)
        with pytest.raises(StoppedError):
            ensemble.run_replicas(lab.scale, lab.campaign, "mosse", chain, [0, 1], lab.gmx, threads=1)
        assert ran == [0]

    def test_directories(self, lab, chain):
        place = Campaign.of("test", lab.campaign.root.parent).replica("mosse", "chain", 7)
        assert [str(d.relative_to(lab.campaign.root)) for d in ensemble.segment_directories(place, chain)] == [
            "mosse/chain/r007/seg01", "mosse/chain/r007/seg02",
        ]  # fmt: skip


class TestVerifiedMeanwhile:
    """A segment is verified while the next one runs from its checkpoint."""

    @pytest.fixture
    def campaign(self, lab, chain, replicas, tmp_path):
        """A campaign with replica 0 of `chain` but for its last segment."""
        campaign = Campaign(tmp_path / "test")
        for name in ("systems", "mosse/equilibrate", "mosse/chain/tpr", "mosse/chain/r000"):
            shutil.copytree(lab.campaign.root / name, campaign.root / name)
        shutil.rmtree(campaign.replica("mosse", "chain", 0) / "seg02")
        place = campaign.replica("mosse", "chain", 0)
        os.rename(place / "seg01", place / "seg01.partial")  # all steps are done, and it was joined
        (place / "seg01.partial" / "manifest.json").unlink()
        return campaign

    @pytest.fixture
    def task_of(self, lab, chain, campaign):
        place, freedom = campaign.replica("mosse", "chain", 0), ensemble.degrees_of_freedom(lab.built)
        tpr = campaign.protocol("mosse", "chain") / "tpr"
        steps = {1: (100, 400), 2: (400, 500)}
        return lambda k, state: runner.Task(
            place / f"seg{k:02d}", tpr / f"seg{k:02d}.tpr", state, *steps[k], 0.002, 0.02, 300.0, freedom
        )

    def test_the_next_one_begins_before_and_both_count_in_the_end(self, lab, chain, replicas, campaign):
        place = campaign.replica("mosse", "chain", 0)
        again = ensemble.run_replica(lab.scale, campaign, "mosse", chain, 0, lab.gmx, threads=1)
        assert [m["inputs"] for m in again[:2]] == [m["inputs"] for m in replicas[0][:2]]
        assert [m["files"]["md.xtc"] for m in again[:2]] == [m["files"]["md.xtc"] for m in replicas[0][:2]]
        assert again[2]["inputs"] == replicas[0][2]["inputs"] and not list(place.glob("*.partial"))

    def test_until_it_is_concluded_it_has_no_name_and_is_locked(self, lab, campaign, task_of):
        place = campaign.replica("mosse", "chain", 0)
        first = runner.advance(task_of(1, place / "seg00" / "state.cpt"), lab.gmx, threads=1)
        assert not (place / "seg01").exists() and first.state == place / "seg01.partial" / "state.cpt"
        with pytest.raises(RunError, match="is being run by another process"):
            runner.run(task_of(1, place / "seg00" / "state.cpt"), lab.gmx, threads=1)
        second = runner.advance(task_of(2, first.state), lab.gmx, threads=1)
        first.conclude()
        assert runner.done(place / "seg01") == first.conclude()
        assert second.conclude()["inputs"]["checkpoint"] == sha256(first.state)

    def test_at_the_end_of_the_walltime_it_counts(self, lab, chain, campaign, monkeypatch):
        """Once it was left without a manifest, and mdrun was launched on it again for no step."""
        place, hours = campaign.replica("mosse", "chain", 0), iter([0, 0, 0, 2])  # the start; seg00, seg01 and seg02
        monkeypatch.setattr(ensemble, "time", SimpleNamespace(monotonic=lambda: 3600 * next(hours)))
        with pytest.raises(StoppedError, match="seg02: walltime reached before it"):
            ensemble.run_replica(lab.scale, campaign, "mosse", chain, 0, lab.gmx, threads=1, max_hours=1)
        assert runner.done(place / "seg01") and not list(place.glob("*.partial"))

    def test_one_that_does_not_verify_stops_what_follows(self, lab, chain, campaign):
        place = campaign.replica("mosse", "chain", 0)
        os.truncate(place / "seg01.partial" / "md.xtc", 20_000)
        with pytest.raises(RunError, match=r"seg01\.partial.*damaged|seg01\.partial.*expected"):
            ensemble.run_replica(lab.scale, campaign, "mosse", chain, 0, lab.gmx, threads=1)
        assert not (place / "seg01").exists() and not (place / "seg02").exists()


def test_the_manifest_on_disk_is_the_one_returned(lab, chain, replicas):
    assert json.loads((replica(lab, chain, 0) / "seg01" / "manifest.json").read_text()) == replicas[0][1]
