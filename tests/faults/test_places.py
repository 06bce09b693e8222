"""Names that a shell would take for its own."""

import shutil
from dataclasses import replace

from janus_pore.paths import Campaign
from janus_pore.simulate import ensemble, runner

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
