"""Shipped replicas: traced to their runs, added up, never overwritten, and run again bit for bit."""

import gzip
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from janus_pore import config
from janus_pore.analyse.compare import compare
from janus_pore.checkout import commit
from janus_pore.errors import AnalysisError, ConfigError, GromacsError, RunError, TrajectoryError
from janus_pore.files import sha256
from janus_pore.paths import Campaign
from janus_pore.reduce import forces, reference, repeat, replica
from janus_pore.reduce.record import read_manifest
from janus_pore.simulate import ensemble
from janus_pore.simulate.protocols import protocols_of


class TestShip:
    def test_the_manifest_says_what_made_it_and_names_no_host(self, lab, shelf, shipped, hold):
        path = shipped
        manifest = read_manifest(path)
        assert manifest["files"][path.name] == sha256(path) and manifest["shipped_by_commit"] == "abc1234"
        assert manifest["seed"] == 1 and manifest["simulated_ns"] == pytest.approx(0.001) and manifest["hours"] > 0
        assert manifest["segments"][0]["field_v_nm"] == 0.4
        run = lab.campaign.replica("mosse", hold, 0) / "seg01"
        assert manifest["segments"][0]["trajectory_sha256"] == sha256(run / "md.xtc")
        ran = json.loads((run / "manifest.json").read_text())
        assert manifest["commit"] == ran["commit"]
        assert ran["commit"].split("+")[0] == commit().split("+")[0]  # files may be edited while tests run
        assert manifest["parameters"]["md"]["timestep_fs"] == lab.scale.md.timestep_fs
        host = json.loads((run / "manifest.json").read_text())["host"]
        assert f'"{host}"' not in path.with_suffix(".json").read_text()
        start = gzip.decompress((path.parents[1] / "starts" / "r000.gro.gz").read_bytes())
        assert start == (run.parent / "tpr" / "start.gro").read_bytes()

    def test_launches_with_other_options_are_named(self, lab, scale_file, ran, hold, tmp_path):
        """A part on a GPU, say; the same options with another run input are no others."""
        path = lab.campaign.replica("mosse", hold, 0) / "seg01" / "manifest.json"
        before = path.read_text()
        command = json.loads(before)["command"]
        other = [*command[:4], "-nb", "gpu"]
        told = {"command_before": [other, [*command[:3], "seg00.tpr", *command[4:]]]}
        path.write_text(json.dumps(json.loads(before) | told))
        try:
            reference.ship(lab.scale, scale_file, lab.campaign, tmp_path, "abc1234")
        finally:
            path.write_text(before)
        manifest = read_manifest(tmp_path / "test" / "mosse" / hold / "r000.nc")
        assert (manifest["mdrun"], manifest["mdrun_before"]) == (command, [other])

    def test_again_changes_nothing(self, lab, scale_file, shelf):
        before = {p: sha256(p) for p in shelf.rglob("*.*")}
        assert reference.ship(lab.scale, scale_file, lab.campaign, shelf, "other")["kept"] == 1
        assert {p: sha256(p) for p in shelf.rglob("*.*")} == before

    def test_a_replica_of_another_run_is_not_overwritten(self, lab, scale_file, shelf, shipped):
        path = shipped
        replica.write(replica.read(path).assign_attrs(trajectories_sha256="another run"), path)
        before = sha256(path)
        assert reference.ship(lab.scale, scale_file, lab.campaign, shelf, "x")["other run kept"] == 1
        assert sha256(path) == before

    def test_of_a_replica_taken_over_and_then_run_here_the_run_is_looked_at(
        self, lab, scale_file, shelf, shipped, hold
    ):
        taken = lab.campaign.taken("mosse", hold, 0)
        taken.mkdir()
        try:
            shipped.unlink()
            assert reference.ship(lab.scale, scale_file, lab.campaign, shelf, "x")["added"] == 1
        finally:
            taken.rmdir()

    def test_a_new_reduction_of_the_same_run_takes_its_place(self, lab, scale_file, shelf, shipped):
        path = shipped
        replica.write(replica.read(path).drop_vars("pore_water"), path)
        assert reference.ship(lab.scale, scale_file, lab.campaign, shelf, "x")["reduced again"] == 1
        assert "pore_water" in replica.read(path) and read_manifest(path)["files"][path.name] == sha256(path)

    def test_one_that_was_cut_short_is_put_there_again(self, lab, scale_file, shelf, shipped, tmp_path):
        """Once broke: a full disk left data without a manifest, which was "kept" ever after and could not be read."""
        record = shipped.with_suffix(".json")
        whole = record.read_text()
        record.unlink()
        with pytest.raises(TrajectoryError, match="or ship it again"):
            reference.collect(shelf, lab.scale.scale, Campaign.of("x", tmp_path / "runs"))
        assert reference.ship(lab.scale, scale_file, lab.campaign, shelf, "abc1234")["added"] == 1
        assert record.read_text() == whole
        assert reference.ship(lab.scale, scale_file, lab.campaign, shelf, "x")["kept"] == 1
        record.write_text(whole.replace(sha256(shipped), "of an earlier reduction"))
        assert reference.ship(lab.scale, scale_file, lab.campaign, shelf, "abc1234")["reduced again"] == 1
        assert record.read_text() == whole

    @pytest.mark.parametrize("name", ["scale.yml", "r000.nc", "r000.gro.gz"])
    def test_a_full_disk_leaves_nothing_by_halves(self, lab, ran, scale_file, tmp_path, monkeypatch, name):
        whole = Path.write_bytes

        def half(path, content):
            if name not in path.name:
                return whole(path, content)
            whole(path, content[: len(content) // 2])
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "write_bytes", half)
        with pytest.raises(OSError, match="No space"):
            reference.ship(lab.scale, scale_file, lab.campaign, tmp_path / "shelf", "x")
        monkeypatch.undo()
        assert reference.ship(lab.scale, scale_file, lab.campaign, tmp_path / "shelf", "x")["added"] == 1
        assert reference.collect(tmp_path / "shelf", lab.scale.scale, Campaign.of("x", tmp_path / "runs"))

    def test_another_run_without_a_manifest_is_not_overwritten(self, lab, scale_file, shelf, shipped):
        shipped.with_suffix(".json").unlink()
        replica.write(replica.read(shipped).assign_attrs(trajectories_sha256="another run"), shipped)
        before = sha256(shipped)
        assert reference.ship(lab.scale, scale_file, lab.campaign, shelf, "x")["other run kept"] == 1
        shipped.rename(shipped.with_suffix(".forces.nc"))  # its forces alone
        assert reference.ship(lab.scale, scale_file, lab.campaign, shelf, "x")["other run kept"] == 1
        assert sha256(shipped.with_suffix(".forces.nc")) == before and not shipped.exists()

    def test_other_settings_under_the_same_name_are_refused(self, lab, scale_file, shelf, tmp_path):
        content = yaml.safe_load(scale_file.read_text())
        content["md"]["temperature_k"] = 310.0
        other = tmp_path / "other.yml"
        other.write_text(yaml.safe_dump(content))
        with pytest.raises(ConfigError, match="run with other md.*new name"):
            reference.ship(config.load(other), other, lab.campaign, shelf, "x")

    def test_other_checks_of_the_engine_are_refused_where_some_are_there(self, lab, scale_file, shelf, tmp_path):
        content = yaml.safe_load(scale_file.read_text())
        content["engine"]["edge_nm"] += 0.2
        other = tmp_path / "other.yml"
        other.write_text(yaml.safe_dump(content))
        assert reference.ship(config.load(other), other, lab.campaign, shelf, "x")["kept"] == 1
        (shelf / lab.scale.scale / "engine.nc").touch()
        try:
            with pytest.raises(ConfigError, match="run with other engine: give"):
                reference.ship(config.load(other), other, lab.campaign, shelf, "x")
        finally:
            (shelf / lab.scale.scale / "engine.nc").unlink()

    def test_a_protocol_may_change_until_replicas_of_it_are_there(self, lab, scale_file, shelf, tmp_path, hold):
        content = yaml.safe_load(scale_file.read_text())
        content["protocols"]["sweep"]["periods"] = 2
        other = tmp_path / "other.yml"
        other.write_text(yaml.safe_dump(content))
        assert reference.ship(config.load(other), other, lab.campaign, shelf, "x")["kept"] == 1
        content["protocols"]["hold"]["duration_ps"] = 2.0
        other.write_text(yaml.safe_dump(content))
        with pytest.raises(ConfigError, match=f"run with other protocol {re.escape(hold)}:"):
            reference.ship(config.load(other), other, lab.campaign, shelf, "x")

    def test_other_settings_of_the_reduction_are_refused(self, lab, scale_file, ran, shelf, shipped, tmp_path):
        """Once broke: the scale file was overwritten and one shelf held replicas of two pore regions."""
        content, other, before = yaml.safe_load(scale_file.read_text()), tmp_path / "other.yml", shipped.read_bytes()
        content["analysis"]["pore_radius_nm"] = 0.3
        other.write_text(yaml.safe_dump(content))
        said = "r000.nc was reduced with analysis.pore_radius_nm 0.425, not 0.3: set the scale file back, or reduce"
        with pytest.raises(ConfigError, match=rf"{shelf}.*{said} all replicas"):
            reference.ship(config.load(other), other, lab.campaign, shelf, "x")
        assert (shelf / "test" / "scale.yml").read_bytes() == scale_file.read_bytes()
        with pytest.raises(ConfigError, match=rf"{lab.campaign.root}.*{said} it again"):
            reference.ship(config.load(other), other, lab.campaign, tmp_path / "new", "x")
        assert not (tmp_path / "new").exists()
        whole = ran.read_bytes()
        try:  # reduced again, all of it
            replica.write(replica.read(ran).assign_attrs(pore_radius_nm=0.3), ran)
            assert reference.ship(config.load(other), other, lab.campaign, shelf, "x")["reduced again"] == 1
        finally:
            ran.write_bytes(whole)
        assert (
            shipped.read_bytes() != before and config.load(shelf / "test" / "scale.yml").analysis.pore_radius_nm == 0.3
        )

    def test_what_the_run_was_not_is_not_said_of_it(self, lab, ran, make_scale, scale_file, tmp_path):
        """Once broke: the manifest told today's membrane and temperature of a run with others."""
        other = make_scale(system__membrane="mosse_even", md__temperature_k=330.0)
        said = r"r000 was run with membrane mosse, not mosse_even; ref-t 300.0 300.0, not 330.0 330.0; gen-temp 300.0, "
        with pytest.raises(ConfigError, match=said + r"not 330.0: ship it with the scale file that it was run with"):
            reference.ship(other, scale_file, lab.campaign, tmp_path / "shelf", "x")
        assert not (tmp_path / "shelf").exists()

    def test_data_of_other_trajectories_are_refused(self, lab, ran, scale_file, tmp_path):
        whole = ran.read_bytes()
        try:
            replica.write(replica.read(ran).assign_attrs(trajectories_sha256="another run"), ran)
            with pytest.raises(TrajectoryError, match=r"r000.nc is not of the trajectories of this replica"):
                reference.ship(lab.scale, scale_file, lab.campaign, tmp_path / "shelf", "x")
        finally:
            ran.write_bytes(whole)

    def test_what_an_earlier_file_does_not_say_its_scale_file_does(self, lab, scale_file, shelf, shipped, tmp_path):
        data, other, content = replica.read(shipped), tmp_path / "other.yml", yaml.safe_load(scale_file.read_text())
        del data.attrs["discard_ps"]
        replica.write(data.assign_attrs(trajectories_sha256="another run"), shipped)
        assert reference.ship(lab.scale, scale_file, lab.campaign, shelf, "x")["other run kept"] == 1
        content["analysis"]["discard_ps"] = 0.1
        other.write_text(yaml.safe_dump(content))
        with pytest.raises(ConfigError, match="analysis.discard_ps 0.2, not 0.1"):
            reference.ship(config.load(other), other, lab.campaign, shelf, "x")

    def test_more_replicas_and_protocols_may_join(self, lab, scale_file, shelf, tmp_path):
        content = yaml.safe_load(scale_file.read_text())
        content["protocols"]["hold"]["fields_v_nm"].append(0.9)
        other = tmp_path / "other.yml"
        other.write_text(yaml.safe_dump(content))
        assert reference.ship(config.load(other), other, lab.campaign, shelf, "x")["kept"] == 1

    def test_nothing_to_add_leaves_the_shelf_as_it_is(self, lab, scale_file, shelf, tmp_path):
        """Once broke: the scale file of what is there was replaced, or stood alone on a new shelf."""
        other, before = tmp_path / "other.yml", (shelf / "test" / "scale.yml").read_bytes()
        other.write_text(f"# another\n{scale_file.read_text()}")
        assert reference.ship(lab.scale, other, lab.campaign, shelf, "x")["kept"] == 1
        assert (shelf / "test" / "scale.yml").read_bytes() == before
        reference.ship(lab.scale, other, Campaign.of("test", tmp_path / "nothing"), tmp_path / "new", "x")
        assert not (tmp_path / "new").exists()


@pytest.fixture
def with_forces(lab, ran, hold):
    """Forces of the replica that was run, and where they lie."""
    path = lab.campaign.forces("mosse", hold, 0)
    run = replica.read(ran).attrs["trajectories_sha256"]
    attrs = {"kind": "constant", "period_ps": 0.0, "temperature_k": 300.0, "trajectories_sha256": run}
    data = forces.dataset(
        np.arange(2.0), np.full(2, 0.4), np.array([0, 1]), np.zeros(2), np.zeros(2), np.zeros(2), np.ones((2, 7)),
        np.zeros(2), attrs,
    )  # fmt: skip
    replica.write(data, path)
    yield data, path
    path.unlink(missing_ok=True)


class TestCollect:
    def test_what_is_shipped_reads_like_a_campaign(self, lab, shelf, ran, tmp_path, hold):
        campaign = Campaign.of(lab.scale.scale, tmp_path / "runs")
        assert reference.collect(shelf, lab.scale.scale, campaign) == [campaign.collected("mosse", hold)]
        together = replica.read(campaign.collected("mosse", hold))
        assert together.current.values[0] == pytest.approx(replica.read(ran).current.values)

    @pytest.mark.parametrize("asked", ["as before", "otherwise"])
    def test_forces_go_beside_those_that_were_asked_for_alike(
        self, lab, scale_file, shelf, shipped, with_forces, tmp_path, asked
    ):
        """Once broke: forces of other settings joined those on the shelf, of which none could be read any more."""
        data, path = with_forces
        settings = dict.fromkeys(("fields_v_nm", "half_window_v_nm"), 0)

        def of(every):
            asked = json.dumps(["trajectory", "topology", settings | {"every_frames": every}, {}, 0.2])
            return data.assign_attrs(asked=asked)

        replica.write(of(1), shipped.with_name("r001.forces.nc"))
        replica.write(of(1 if asked == "as before" else 2), path)
        before = {p: sha256(p) for p in shelf.rglob("*.*")}
        if asked == "as before":
            assert reference.ship(lab.scale, scale_file, lab.campaign, shelf, "x")["reduced again"] == 1
            return
        with pytest.raises(TrajectoryError, match=r"r000.forces.nc and .* they differ in the scale's barrier\. Set"):
            reference.ship(lab.scale, scale_file, lab.campaign, shelf, "x")
        assert {p: sha256(p) for p in shelf.rglob("*.*")} == before

    def test_forces_go_with_their_replica(self, lab, scale_file, with_forces, tmp_path, hold):
        data, path = with_forces
        reference.ship(lab.scale, scale_file, lab.campaign, tmp_path / "shelf", "x")
        for wrong in (
            data.assign_attrs(trajectories_sha256="another run"),
            data.drop_attrs(),
        ):  # or a file that does not say
            replica.write(wrong, path)
            with pytest.raises(TrajectoryError, match="not of the trajectories"):
                reference.ship(lab.scale, scale_file, lab.campaign, tmp_path / "other", "x")
            assert not list((tmp_path / "other").rglob("r000*"))
        campaign = Campaign.of(lab.scale.scale, tmp_path / "runs")
        reference.collect(tmp_path / "shelf", lab.scale.scale, campaign)
        together = replica.read(campaign.collected_forces("mosse", hold))
        assert together.force.values == pytest.approx(np.ones((2, 7))) and campaign.collected("mosse", hold).exists()

    def test_forces_that_are_made_anew_stay_described(
        self, lab, scale_file, shelf, shipped, with_forces, tmp_path, hold
    ):
        """Once broke: shipped meanwhile, a new reduction lost the forces from the manifest, and "kept" it like that."""
        data, path = with_forces

        def ship(what):
            assert reference.ship(lab.scale, scale_file, lab.campaign, shelf, "x")[what] == 1
            assert len(reference.collect(shelf, lab.scale.scale, Campaign.of("x", tmp_path / "runs"))) == 2

        ship("reduced again")  # the forces join
        path.unlink()
        replica.write(replica.read(shipped).drop_vars("pore_water"), shipped)
        ship("reduced again")
        replica.write(data, path)
        ship("kept")
        record = shipped.with_suffix(".json")
        manifest = json.loads(record.read_text())
        del manifest["files"]["r000.forces.nc"]  # as it was left
        record.write_text(json.dumps(manifest))
        ship("reduced again")
        replica.write(data.assign_attrs(gromacs="another"), shipped.with_suffix(".forces.nc"))  # altered there
        ship("reduced again")

    def test_what_left_the_shelf_is_removed(self, lab, shelf, tmp_path, hold):
        """Once broke: notebooks went on reading a protocol that was shipped no longer."""
        campaign = Campaign.of(lab.scale.scale, tmp_path / "runs")
        old = [campaign.collected("mosse", "gone"), campaign.collected_forces("mosse", hold)]
        other = campaign.results() / "mine.nc"
        for path in (*old, other):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
        reference.collect(shelf, lab.scale.scale, campaign)
        assert sorted(campaign.root.glob("*/*")) == sorted([campaign.collected("mosse", hold), other])

    @pytest.mark.parametrize("made", ["systems", "mosse/equilibrate", "mosse/hold_+0.40/r000"])
    def test_a_campaign_that_was_run_is_not_overwritten(self, lab, shelf, tmp_path, hold, made):
        """Once broke: its collected data gave way to those of the shelf, without a word."""
        campaign = Campaign.of(lab.scale.scale, tmp_path / "runs")
        (campaign.root / made).mkdir(parents=True)
        own = campaign.collected("mosse", hold)
        own.parent.mkdir(exist_ok=True)
        own.write_bytes(b"my own")
        with pytest.raises(
            ConfigError, match=r"runs/test holds a campaign that was run.*with --runs, such as runs/ref"
        ):
            reference.collect(shelf, lab.scale.scale, campaign)
        assert own.read_bytes() == b"my own"

    def test_altered_files_and_missing_manifests_are_refused(self, lab, shelf, tmp_path, shipped):
        path, campaign = shipped, Campaign.of("x", tmp_path / "runs")
        path.write_bytes(path.read_bytes() + b"0")
        with pytest.raises(TrajectoryError, match="not the file its manifest describes"):
            reference.collect(shelf, lab.scale.scale, campaign)
        path.with_suffix(".json").unlink()
        with pytest.raises(TrajectoryError, match="cannot be traced"):
            reference.collect(shelf, lab.scale.scale, campaign)
        with pytest.raises(TrajectoryError, match=f"no replica of scale nothing ships; .* {lab.scale.scale}$"):
            reference.collect(shelf, "nothing", campaign)
        shipped.unlink()
        with pytest.raises(TrajectoryError, match="holds no reduced replica: restore"):
            reference.collect(shelf, lab.scale.scale, campaign)


class TestRepeat:
    def test_the_same_build_and_one_thread_give_the_same_bytes(self, lab, shelf, tmp_path, shipped):
        first, again, same = repeat.repeat(shipped, tmp_path / "again", lab.gmx)
        assert all(same.values())
        assert again.current.values == pytest.approx(first.current.values, abs=0)
        assert (compare(first, again, lab.scale.analysis).sigma == 0).all()

    def test_one_replica_after_another(self, lab, scale_file, tmp_path, hold):
        """Once broke: the run inputs that replicas share were made from the first one's start frame."""
        campaign, protocol = Campaign.of(lab.scale.scale, tmp_path / "runs"), protocols_of(lab.scale, "mosse")[hold]
        for own, made in (("systems/mosse", lab.built), ("mosse/equilibrate", lab.campaign.equilibration("mosse"))):
            (campaign.root / own).parent.mkdir(parents=True)
            (campaign.root / own).symlink_to(made)
        ensemble.run_replicas(lab.scale, campaign, "mosse", protocol, [0, 1], lab.gmx, threads=1)
        for k in (0, 1):
            data = replica.reduce_replica(lab.scale, campaign, "mosse", protocol, k)
            replica.write(data, campaign.reduced("mosse", hold, k))
        reference.ship(lab.scale, scale_file, campaign, tmp_path / "shelf", "x")
        for k in (1, 0, 1):
            shipped = tmp_path / "shelf" / lab.scale.scale / "mosse" / hold / f"r{k:03d}.nc"
            assert all(repeat.repeat(shipped, tmp_path / "again", lab.gmx)[2].values())

    def test_a_replica_of_a_campaign_is_not_overwritten(self, lab, shipped, hold, tmp_path):
        """Once broke: its start frame gave way to the shipped one's, and it could neither go on nor be shipped."""
        campaign = Campaign.of(lab.scale.scale, tmp_path / "runs")
        start = campaign.replica("mosse", hold, 0) / "tpr" / "start.gro"
        start.parent.mkdir(parents=True)
        start.write_text("my own")
        with pytest.raises(RunError, match=r"r000 is a replica that started from another frame.*another place"):
            repeat.repeat(shipped, tmp_path / "runs", lab.gmx)
        assert start.read_text() == "my own" and not campaign.system("mosse").exists()

    def test_what_an_earlier_run_made_its_inputs_from_is_kept(self, lab, shipped, tmp_path):
        conf = Campaign.of(lab.scale.scale, tmp_path).equilibration("mosse") / "minimise" / "conf.gro"
        conf.parent.mkdir(parents=True)
        conf.write_text("earlier")
        with pytest.raises(GromacsError):
            repeat.repeat(shipped, tmp_path, lab.gmx)
        assert conf.read_text() == "earlier"

    def test_an_altered_start_frame_is_refused(self, lab, shelf, tmp_path, shipped):
        start = shipped.parents[1] / "starts" / "r000.gro.gz"
        shutil.copyfile(shipped, start)
        with pytest.raises(TrajectoryError, match="r000.gro.gz is not the file"):
            repeat.repeat(shipped, tmp_path / "again", lab.gmx)


class TestCompare:
    def test_noise_is_told_from_a_difference(self, ran, lab):
        data, rng = replica.read(ran), np.random.default_rng(0)
        noise = data.assign(current=data.current + rng.normal(0, 1e-3, data.current.shape))
        assert compare(data, noise, lab.scale.analysis).sigma.max() < 4
        shifted = data.assign(current=data.current + 1e4)
        found = compare(data, shifted, lab.scale.analysis).set_index("quantity").sigma
        assert found.filter(like="current").min() > 4 and found["<cos theta>"] == 0

    def test_another_protocol_is_refused(self, ran, lab):
        data = replica.read(ran)
        with pytest.raises(AnalysisError, match="different times"):
            compare(data, data.isel(time=slice(1, None)), lab.scale.analysis)
