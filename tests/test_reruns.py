"""A small campaign run by Snakemake for real: what an edit runs again, and what is kept."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from janus_pore import cli, config
from janus_pore.paths import Campaign, repository
from janus_pore.reduce import reference, store

ROOT = repository()
HOLD = "runs/test/mosse/hold_+0.40"
TARGETS = (f"{HOLD}.nc", f"{HOLD}.forces.nc", "runs/test/mosse/sweep.nc", "runs/test/mosse/equilibrate.nc")


class Place:
    """A working directory with a scale file, in which Snakemake is called."""

    def __init__(self, path):
        self.path = path

    def edit(self, **changes):
        """Dotted keys (with __) of the scale file and their new values."""
        settings = yaml.safe_load((self.path / "mini.yml").read_text())
        for key, value in changes.items():
            *sections, name = key.split("__")
            section = settings
            for one in sections:
                section = section[one]
            section[name] = value
        (self.path / "mini.yml").write_text(yaml.safe_dump(settings))

    def snakemake(self, *options, targets=TARGETS):
        argv = [sys.executable, "-m", "snakemake", "--configfile", "mini.yml", "--rerun-incomplete", *options, "--"]
        environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        done = subprocess.run([*argv, *targets], capture_output=True, text=True, cwd=self.path, env=environment)
        return done.returncode, done.stdout + done.stderr

    def run(self, *options, targets=TARGETS):
        """Run what is missing; how many jobs of each rule there were."""
        code, said = self.snakemake("--cores", "1", *options, targets=targets)
        assert code == 0, said
        return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", said, re.M)}

    def would(self, *options, targets=TARGETS):
        return self.run("--dry-run", *options, targets=targets)


@pytest.fixture(scope="module")
def finished(make_scale, tmp_path_factory):
    """The campaign, run once: a sweep, and a constant field with forces, one replica each."""
    place = Place(tmp_path_factory.mktemp("finished"))
    for name in ("book", "config", "lib", "notebooks", "workflow"):
        (place.path / name).symlink_to(ROOT / name)
    hold = {"kind": "constant", "systems": ["mosse"], "fields_v_nm": [0.4], "duration_ps": 0.4}
    scale = make_scale(
        protocols__hold=hold | {"trajectory_resolution_nm": 1e-4}, ensemble__replicas=1, barrier__protocols=["hold"],
        barrier__every_frames=4,
    )  # fmt: skip
    (place.path / "mini.yml").write_text(yaml.safe_dump(scale.model_dump(exclude_none=True)))
    place.run()
    return place


@pytest.fixture
def place(finished, tmp_path):
    """A copy of the finished campaign, with its times."""
    shutil.copytree(finished.path, tmp_path / "copy", symlinks=True)
    return Place(tmp_path / "copy")


class TestEdits:
    """Of `analysis`, what decides reduced data."""

    def test_what_is_finished_stays(self, place):
        assert place.would() == {}

    def test_how_replicas_begin_is_not_changed_in_silence(self, place):
        """Once nothing was run, and pages showed the new value beside data of the old one."""
        place.edit(ensemble__randomise_ps=0.4)
        code, said = place.snakemake("--cores", "1")
        assert code == 1 and re.search(r"was made from other options \(.*not .*\)\. Runs made with it", said), said
        place.edit(ensemble__randomise_ps=0.2)
        place.run()
        assert place.would() == {}

    def test_more_replicas_are_no_reason_to_run_the_others_again(self, place):
        """Once each job was run again, and each reduction: nothing new, and hours in the queue."""
        place.edit(ensemble__replicas=2, ensemble__batch_minutes=0.0)
        assert place.would() == {"replica": 2, "reduce": 2, "forces": 1, "collect": 2, "collect_forces": 1, "total": 8}

    def test_a_job_with_room_for_more_is_run_for_those_that_come(self, place):
        """Its stamp is called the same then."""
        place.edit(ensemble__replicas_per_job=2)
        place.run()
        place.edit(ensemble__replicas=2)
        assert place.run()["replica"] == 2 and (place.path / HOLD / "r001.nc").exists()
        assert place.would() == {}

    def test_what_an_equilibration_discards_is_no_reason_to_run_it_again(self, place):
        place.edit(equilibration__discard_ps=0.6)
        assert place.would() == {"profile": 1, "total": 1}

    def test_of_a_constant_field_what_is_discarded(self, place):
        """Once wrong: profiles and forces kept the frames of the old value."""
        place.edit(analysis__discard_ps=0.3)
        assert place.would() == {"reduce": 1, "collect": 1, "forces": 1, "collect_forces": 1, "total": 4}

    def test_the_pores_region(self, place):
        """Once wrong: the equilibration's profile kept the old one."""
        place.edit(analysis__pore_radius_nm=0.5)
        assert place.would() == {"reduce": 2, "collect": 2, "profile": 1, "total": 5}


class TestForces:
    @pytest.fixture
    def marked(self, place):
        """A function: whether the forces are still those that were there before."""
        path = place.path / HOLD / "r000.forces.nc"
        store.write(store.read(path).assign_attrs(mark="here"), path)
        return lambda: "mark" in store.read(path).attrs

    def test_how_they_are_looked_at_is_no_reason(self, place):
        place.edit(barrier__waiting_depth_nm=0.3, barrier__bin_width_nm=0.2)
        assert place.would() == {}

    def test_forces_of_the_same_frames_are_not_computed_again(self, place, marked):
        """Once wrong: they were deleted before anyone looked at them."""
        place.edit(barrier__fields_v_nm=[0.4, 0.8, 1.2])
        assert place.run() == {"forces": 1, "collect_forces": 1, "total": 2} and marked()
        place.edit(barrier__half_range_nm=0.7)
        assert place.run() == {"forces": 1, "collect_forces": 1, "total": 2} and not marked()


def test_a_run_that_was_altered_is_repaired_as_the_message_says(place):
    """Once wrong: the stamp stood, so it was not run again, and what it had been reduced to was deleted."""
    reduced, collected = place.path / HOLD / "r000.nc", place.path / f"{HOLD}.nc"
    before = reduced.read_bytes()
    with open(place.path / HOLD / "r000" / "seg01" / "md.xtc", "ab") as file:
        file.write(b"0")
    place.edit(analysis__discard_ps=0.3)
    code, said = place.snakemake("--cores", "1", targets=[str(collected.relative_to(place.path))])
    assert code == 1 and reduced.read_bytes() == before
    command = re.search(r"md.xtc changed or vanished since the run.*(rm -rf -- \S+/r000/seg01 .*)", said).group(1)
    collected.unlink()
    assert place.would()["reduce"] == 1  # what was put back is not taken for new
    subprocess.run(command, shell=True, check=True, cwd=place.path)
    done = place.run(targets=[str(collected.relative_to(place.path))])
    assert done == {"replica": 1, "reduce": 1, "collect": 1, "total": 3} and reduced.read_bytes() != before


class TestWhatFailed:
    """Once wrong: Snakemake deletes the stamp of a job that failed, and what was made before of other runs stood."""

    @pytest.fixture
    def again(self, place):
        """A function: what two calls say of the whole campaign, which must both fail; nothing is to be done before."""
        toc = (ROOT / "book" / "_toc.yml").read_text()
        pages = [place.path / f"runs/test/notebooks/{name}.ipynb" for name in re.findall("reference/scout/(.+)", toc)]
        for page in pages:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text("of before")
        assert place.would(targets=("scout",)) == {}

        def call():
            found = [place.snakemake("--cores", "1", "--keep-going", targets=("scout",)) for _ in range(2)]
            assert [code for code, _ in found] == [1, 1], found[1][1]
            assert {page.read_text() for page in pages} == {"of before"}
            return [said for _, said in found]

        return call

    @pytest.mark.parametrize(
        ("change", "file"),
        [
            ({"protocols__sweep__amplitude_v_nm": 0.6}, "sweep/tpr/seg01.tpr"),
            ({"md__temperature_k": 310.0}, "equilibrate/tpr/nvt.tpr"),
        ],
    )
    def test_runs_of_another_scale_are_refused_at_every_call(self, place, again, change, file):
        place.edit(**change)
        assert all(re.search(rf"{file} was made from other options", said) for said in again())

    def test_a_reduction_that_failed_is_tried_at_every_call(self, place, again):
        with open(place.path / HOLD / "r000" / "seg01" / "md.xtc", "ab") as file:
            file.write(b"0")
        place.edit(analysis__discard_ps=0.3)
        assert all("md.xtc changed or vanished since the run" in said for said in again())


class TestShipped:
    @pytest.fixture
    def taken(self, place):
        """The campaign with the constant field's replica shipped, and taken over from there."""
        campaign = Campaign.of("test", place.path / "runs")
        scale, shelf = config.load(place.path / "mini.yml"), place.path / "data" / "reference"
        reference.ship(scale, place.path / "mini.yml", campaign, shelf, "abc1234")
        shutil.rmtree(shelf / "test" / "mosse" / "sweep")
        shutil.rmtree(place.path / HOLD)
        (place.path / f"{HOLD}.nc").unlink()
        assert place.run(targets=[f"{HOLD}.nc"])["replica"] == 1
        assert (place.path / HOLD / "r000" / "shipped").is_dir()
        return place

    def test_what_was_taken_over_is_run_here_when_asked(self, taken, monkeypatch):
        """Once wrong: nothing to be done, and after a run the shipped data were used nevertheless."""
        assert "replica" not in taken.would()
        assert taken.would("--config", "shipped=no")["replica"] == 2
        monkeypatch.chdir(taken.path)
        argv = ["mini.yml", "--system", "mosse", "--protocol", "hold_+0.40"]
        assert cli.main(["pack", *argv, "--pack", "0"]) == 0
        place = taken.path / HOLD / "r000"
        assert sorted(path.name for path in place.iterdir()) == ["seg00", "seg01", "shipped", "tpr"]

    def test_what_is_shipped_later_is_taken_over_too(self, taken):
        """Once wrong: nothing to be done."""
        record = taken.path / "data/reference/test" / Path(HOLD).relative_to("runs/test") / "r000.json"
        manifest = json.loads(record.read_text())
        record.write_text(json.dumps(manifest | {"files": manifest["files"] | {"r000.forces.nc": "of forces"}}))
        found = taken.would(targets=[f"{HOLD}.nc"])
        assert found == {"replica": 1, "reduce": 1, "collect": 1, "total": 3}

    def test_a_system_of_which_all_is_shipped_is_not_equilibrated(self, taken):
        """Once it was, for nothing: half of an hour of a core each, of fourteen systems that ship."""
        shutil.rmtree(taken.path / "runs")
        assert taken.run(targets=[f"{HOLD}.nc"]) == {"replica": 1, "reduce": 1, "collect": 1, "total": 3}
        assert taken.would("--config", "shipped=no", targets=[f"{HOLD}.nc"])["equilibrate"] == 1
        assert taken.would()["equilibrate"] == 1  # the sweep, which is not shipped, starts from it
        (taken.path / "data/reference/test" / Path(HOLD).relative_to("runs/test") / "r000.nc").unlink()
        assert "equilibrate" not in taken.would(targets=[f"{HOLD}.nc"])  # it was taken over before
        shutil.rmtree(taken.path / "runs")
        assert taken.would(targets=[f"{HOLD}.nc"])["equilibrate"] == 1  # a manifest alone is not a replica

    def test_yes_and_no_in_other_letters(self, taken):
        """Once wrong: what was not understood counted as yes."""
        assert taken.would("--config", "shipped=No")["replica"] == taken.would("--config", "shipped=0")["replica"] == 2
        assert "replica" not in taken.would("--config", "shipped=")
        code, said = taken.snakemake("--dry-run", "--config", "shipped=nein")
        assert code == 1 and "shipped=nein is neither yes nor no" in said


def test_a_cluster_without_the_longest_walltime_is_refused(place, tmp_path):
    """Once wrong: --config takes the place of the profile's, and every job was given an hour."""
    (tmp_path / "config.yaml").write_text("executor: slurm\njobs: 1\nconfig: [longest_job_minutes=60]\n")
    (place.path / "runs/test/mosse/equilibrate.nc").unlink()
    code, said = place.snakemake("--profile", str(tmp_path), "--config", "shipped=no")
    assert code == 1 and "--config shipped=no longest_job_minutes=1440" in said
