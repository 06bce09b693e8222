"""A small campaign run by Snakemake for real: what an edit runs again, and what is kept."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from janus_pore.paths import repository

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
            section, name = key.split("__")
            settings[section][name] = value
        (self.path / "mini.yml").write_text(yaml.safe_dump(settings))

    def snakemake(self, *options):
        argv = [sys.executable, "-m", "snakemake", "--configfile", "mini.yml", "--rerun-incomplete", *options, "--"]
        environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        done = subprocess.run([*argv, *TARGETS], capture_output=True, text=True, cwd=self.path, env=environment)
        return done.returncode, done.stdout + done.stderr

    def run(self, *options):
        """Run what is missing; how many jobs of each rule there were."""
        code, said = self.snakemake("--cores", "1", *options)
        assert code == 0, said
        return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", said, re.M)}

    def would(self, *options):
        return self.run("--dry-run", *options)


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

    def test_of_a_constant_field_what_is_discarded(self, place):
        """Once wrong: profiles and forces kept the frames of the old value."""
        place.edit(analysis__discard_ps=0.3)
        assert place.would() == {"reduce": 1, "collect": 1, "forces": 1, "collect_forces": 1, "total": 4}

    def test_the_pores_region(self, place):
        """Once wrong: the equilibration's profile kept the old one."""
        place.edit(analysis__pore_radius_nm=0.5)
        assert place.would() == {"reduce": 2, "collect": 2, "profile": 1, "total": 5}
