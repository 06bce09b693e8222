"""What to do about data that are not there: commands that work, for the data that ship."""

import re
import shlex

import pytest
from janus_pore import cli, config, hints
from janus_pore.paths import Campaign, repository

ROOT = repository()
TOGETHER = ROOT / "runs" / "reference"


@pytest.fixture
def scale():
    """A function: a scale of this checkout."""
    return lambda name: config.load(ROOT / "config" / f"{name}.yml")


def command(said):
    """The arguments of the `janus-pore` command in a message."""
    return shlex.split(re.search(r"janus-pore ((?:[^;.)]|\.\w)*)", said)[1])


def test_a_system_that_is_not_built_and_the_command_builds_it(tmp_path, monkeypatch):
    place = Campaign.of("tiny", tmp_path / "with space").system("mosse")
    argv = command(hints.build(place))
    assert argv == ["build", "config/tiny.yml", "--runs", str(tmp_path / "with space"), "--system", "mosse"]
    monkeypatch.chdir(ROOT)
    assert cli.main(argv) == 0 and (place / "conf.gro").exists()
    assert "--runs runs/reference " in hints.build(Campaign.of("scout", TOGETHER).system("cut666"))


def test_a_system_elsewhere_has_no_command(tmp_path):
    assert hints.build(tmp_path) == "build the system first"


def test_shipped_data_are_put_together_by_the_command(scale, tmp_path, monkeypatch):
    argv = command(hints.data(scale("course"), tmp_path, "pair", ["mosse"]))
    assert argv[:4] == ["reference", "config/course.yml", "--runs", str(tmp_path)]
    monkeypatch.chdir(ROOT)
    assert cli.main(argv) == 0 and Campaign.of("course", tmp_path).collected("mosse", "ppf").exists()


def test_they_are_never_put_into_the_place_of_a_campaign(scale):
    said = hints.data(scale("course"), ROOT / "runs", "sine", ["mosse"])
    assert "--runs runs/reference (and set runs" in said and "make book SCALE=course" in said


def test_the_place_of_a_campaign_may_be_a_link(scale, tmp_path, monkeypatch):
    """Usual on a cluster, whose scratch disk is another; once the shipped data were sent into the campaign's place."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "runs").symlink_to(tmp_path / "disk")
    (tmp_path / "config").symlink_to(ROOT / "config")
    monkeypatch.setattr(hints, "repository", lambda: tmp_path)
    monkeypatch.setattr(hints, "shelf", lambda: ROOT / "data" / "reference")
    assert "--runs runs/reference (and set" in hints.data(scale("course"), tmp_path / "runs", "sine", ["mosse"])
    path = Campaign.of("tiny", tmp_path / "runs").equilibration("mosse").with_suffix(".nc")
    assert "snakemake runs/tiny/mosse/equilibrate.nc" in hints.run(path)


def test_a_scale_without_such_a_protocol_names_one_that_has_it(scale):
    said = hints.data(scale("scout"), TOGETHER, "pair", ["cut666"])
    assert 'scale_file = "config/course.yml"' in said and 'system = "mosse"' in said and "add one" in said
    assert hints.data(scale("scout"), TOGETHER, "none", ["cut666"]).startswith("none ships, or add one")


def test_what_does_not_ship_is_run(scale):
    assert hints.data(scale("tiny"), ROOT / "runs", "sine", ["mosse"]).endswith("(make book SCALE=tiny)")
    assert hints.data(scale("scout"), TOGETHER, "constant", ["cut666"]).endswith("make scout")


def test_which_systems_have_shipped_replicas_of_a_kind():
    assert hints.shipped("pair") == {"course": ["mosse"]}
    assert {"cut666", "cut777"} <= set(hints.shipped("constant")["scout"])


def test_a_file_of_reduced_data(tmp_path):
    for place, said in (
        (ROOT / "runs", "first: snakemake runs/scout/cut666/equilibrate.nc --cores 2 --configfile config/scout.yml"),
        (TOGETHER, "none of the data that ship: .*snakemake runs/scout/cut666/equilibrate.nc .*and read it with runs"),
        (tmp_path, r"first \(make book\)"),
    ):
        path = Campaign.of("scout", place).equilibration("cut666").with_suffix(".nc")
        assert re.search(said, hints.run(path))
    misspelt = Campaign.of("refrence", ROOT / "runs").collected("scout", "volt")
    assert "there is no scale file config/refrence.yml, so no campaign lies there" in hints.run(misspelt)
    shipped = Campaign.of("course", TOGETHER).collected("mosse", "ppf")
    assert command(hints.run(shipped)) == ["reference", "config/course.yml", "--runs", "runs/reference"]
