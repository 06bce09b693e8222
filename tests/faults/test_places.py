"""Names that a shell would take for its own."""

import shutil
import subprocess
from dataclasses import replace

from janus_pore.paths import Campaign
from janus_pore.simulate import ensemble, manifest, runner

NAME = """it's a "place" $(touch hacked); `touch hacked` & <é> *"""


def test_a_path_with_spaces_quotes_and_commands(lab, chain, tmp_path, monkeypatch):
    """From built cell to finished replica, grompp included, in a campaign that lies there."""
    place = tmp_path / NAME
    offsets = shutil.ignore_patterns(".*")  # of MDAnalysis
    shutil.copytree(lab.campaign.root, place / lab.campaign.root.name, ignore=offsets)
    campaign = Campaign.of(lab.scale.scale, place)
    shutil.rmtree(campaign.protocol("mosse", chain.name), ignore_errors=True)
    monkeypatch.chdir(tmp_path)
    ensemble.run_replica(lab.scale, campaign, "mosse", chain, 0, lab.gmx, threads=1)
    for directory in ensemble.segment_directories(campaign.replica("mosse", chain.name, 0), chain):
        assert runner.done(directory) is not None
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert not list(tmp_path.rglob("hacked"))


def test_stopped_there_it_goes_on_there(stopped, run, work_of, check, tmp_path):
    place = tmp_path / NAME
    place.mkdir()
    shutil.move(work_of(stopped), place / "seg.partial")
    moved = replace(stopped, directory=place / "seg")
    run(moved)
    check(moved)


def test_the_command_that_removes_a_run_removes_nothing_else(tmp_path):
    """Once wrong: with a blank in the path it named other things, and it took another protocol's data along."""
    root = tmp_path / NAME
    gone = ["hold/r000/seg01/md.xtc", "hold/pack000x1.done", "hold/r000.done", "hold.nc", "hold.forces.nc"]
    stay = ["hold/r000/seg00/md.xtc", "hold/r000.nc", "holder.nc", "hold_+0.40.nc", "holder/r000.done"]
    for path in [root / "m" / name for name in gone + stay] + [tmp_path / "it's", tmp_path / "a", tmp_path / "place"]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    before = sorted(path.name for path in tmp_path.iterdir())
    command = manifest.removal(root / "m" / "hold" / "r000" / "seg01")
    subprocess.run(command, shell=True, check=True, cwd=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert {str(path.relative_to(root / "m")) for path in root.rglob("*") if path.is_file()} == set(stay)
