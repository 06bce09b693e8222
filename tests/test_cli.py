"""The command line: help, one clear line for what the caller can mend, and the first real steps."""

import json
import re

import pytest
from janus_pore import cli
from janus_pore.paths import repository

TINY = str(repository() / "config" / "tiny.yml")


def test_every_step_has_help(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    steps = re.findall(r"^    (\w+)\b", capsys.readouterr().out, re.M)
    assert len(steps) == 17
    for step in steps:
        with pytest.raises(SystemExit) as done:
            cli.main([step, "--help"])
        assert done.value.code == 0 and "scale_file" in capsys.readouterr().out, step


@pytest.mark.parametrize(
    ("step", "option", "value"),
    [
        ("equilibrate", "--threads", "0"), ("equilibrate", "--threads", "-3"), ("equilibrate", "--max-hours", "0"),
        ("replica", "--max-hours", "-1"), ("pack", "--max-hours", "nan"), ("engine", "--max-hours", "inf"),
        ("plan", "--ns-per-day", "-1"), ("plan", "--ns-per-day", "inf"), ("plan", "--ns-per-day", "fast"),
        ("plan", "--shelf", "/nope"), ("status", "--shelf", TINY),
    ],
)  # fmt: skip
def test_options_without_sense_are_refused(step, option, value, capsys):
    """Once taken: 0 hours and fewer were no limit at all, and a wrong shelf one on which nothing ships."""
    with pytest.raises(SystemExit) as done:
        cli.main([step, TINY, option, value])
    said = capsys.readouterr().err.splitlines()[-1]
    assert done.value.code == 2 and f"argument {option}: " in said and value in said


@pytest.mark.parametrize(("step", "more"), [("reference", []), ("verify", ["r000.nc"])])
def test_what_is_shipped_is_looked_at_beside_the_campaigns(step, more, monkeypatch):
    """Once broke: without --runs both wrote into the campaign of the same name."""
    places = []
    monkeypatch.setattr(cli.steps, step, lambda args, scale, campaign: places.append(str(campaign.root)))
    assert cli.main([step, TINY, *more]) == 0 and places == [f"runs/{step}/tiny"]


def test_a_bad_scale_file_is_one_message_and_exit_code_1(tmp_path, capsys):
    bad = tmp_path / "bad.yml"
    bad.write_text((repository() / "config" / "tiny.yml").read_text().replace("timestep_fs: 2.0", "timestep_fs: -2.0"))
    assert cli.main(["check", str(bad)]) == 1
    said = capsys.readouterr().err
    assert "bad.yml" in said and "md.timestep_fs" in said and "0.1" in said and "Traceback" not in said


def test_check_says_which_systems_nothing_runs_in(tmp_path, capsys):
    """Once one learnt it when a replica was asked for, which was said not to exist."""
    mine = tmp_path / "tiny.yml"
    text = (repository() / "config" / "tiny.yml").read_text()
    mine.write_text(text.replace("\n  mosse: {}\n", "\n  mosse: {}\n  again: {seed: 7}\n"))
    assert cli.main(["check", str(mine)]) == 0
    assert "no protocol names again in its `systems`, so nothing is run there" in capsys.readouterr().err


def test_check_says_that_a_copy_kept_the_name_of_its_scale(tmp_path, capsys):
    mine = tmp_path / "mine.yml"
    mine.write_text((repository() / "config" / "tiny.yml").read_text())
    assert cli.main(["check", str(mine)]) == 0 and "mine.yml is of scale 'tiny'" in capsys.readouterr().err
    assert cli.main(["check", TINY]) == 0 and capsys.readouterr().err == ""


def test_an_unknown_system_names_those_there_are(tmp_path, capsys):
    assert cli.main(["build", TINY, "--runs", str(tmp_path), "--system", "graphene"]) == 1
    assert "this scale has: mosse" in capsys.readouterr().err


def test_build_writes_a_system_and_a_second_call_changes_nothing(tmp_path):
    argv = ["build", TINY, "--runs", str(tmp_path), "--system", "mosse"]
    record = tmp_path / "tiny" / "systems" / "mosse" / "system.json"
    assert cli.main(argv) == 0
    written = record.stat().st_mtime_ns
    assert cli.main(argv) == 0 and record.stat().st_mtime_ns == written
    assert json.loads(record.read_text())["net_charge_e"] == 0


def test_steps_out_of_order_say_what_to_run_first(tmp_path, capsys):
    cli.main(["build", TINY, "--runs", str(tmp_path), "--system", "mosse"])
    asked = ["--system", "mosse", "--protocol", "sweep", "--replica", "0"]
    assert cli.main(["reduce", TINY, "--runs", str(tmp_path), *asked]) == 1
    assert "run the replica first" in capsys.readouterr().err


def test_forces_are_not_a_replica_to_verify(tmp_path, capsys):
    """Once wrong: all of the replica was run again before a quantity was found to be missing."""
    path = tmp_path / "shelf" / "mosse" / "hold_+0.40" / "r000.forces.nc"
    assert cli.main(["verify", TINY, "--runs", str(tmp_path / "runs"), str(path)]) == 1
    assert "r000.forces.nc is no reduced replica: name a file" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_a_notebook_that_is_not_there(tmp_path, capsys):
    assert cli.main(["notebook", TINY, "--runs", str(tmp_path / "runs"), "--name", "nope"]) == 1
    said = capsys.readouterr().err
    assert "there is no notebook 'nope'" in said and "03_ndr/04_mechanism" in said
    assert not (tmp_path / "runs").exists()


def test_a_replica_that_the_scale_does_not_have(tmp_path, capsys):
    """Once it ran, from a frame of the equilibration that is discarded."""
    argv = ["replica", TINY, "--runs", str(tmp_path), "--system", "mosse", "--protocol", "sweep", "--replica", "0", "7"]
    assert cli.main(argv) == 1
    assert "sweep has replicas 0 to 1, not 7: raise `replicas` in the scale file" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
