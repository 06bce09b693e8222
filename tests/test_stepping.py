"""What subcommands share: names that are not there, bars where somebody looks, stamps, the command of a replica."""

import argparse
import io
import sys
from contextlib import ExitStack

import pytest
from janus_pore import cli, stepping
from janus_pore.errors import JanusPoreError


def test_a_name_that_is_not_there_is_named_with_those_that_are():
    assert stepping.known({"mosse": 1}, "mosse", "system") == 1
    with pytest.raises(JanusPoreError, match="no system 'mos' here; this scale has: mosse, mos2"):
        stepping.known({"mosse": 1, "mos2": 2}, "mos", "system")
    with pytest.raises(JanusPoreError, match="this scale has: none"):
        stepping.known({}, "mosse", "system")


def test_a_replica_that_a_protocol_has_not(make_scale):
    args, scale = argparse.Namespace(system="mosse", protocol="sweep"), make_scale()
    assert stepping.protocol_of(args, scale, [0, 1]).name == "sweep"
    with pytest.raises(JanusPoreError, match="sweep has replicas 0 to 1, not 2"):
        stepping.protocol_of(args, scale, [2])


def test_a_protocol_that_a_system_does_not_go_through(make_scale):
    """Once it said that there was none."""
    scale = make_scale(systems={"mosse": {}, "again": {"seed": 7}})
    args = argparse.Namespace(system="again", protocol="hold_+0.40")
    with pytest.raises(
        JanusPoreError, match=r"hold_\+0\.40 is not run in again: add again to `systems` of protocols\.hold"
    ):
        stepping.protocol_of(args, scale)


def test_a_note_only_if_there_is_something_to_say(capsys):
    stepping.note("")
    assert capsys.readouterr().err == ""
    stepping.note("twice")
    assert capsys.readouterr().err == "note: twice\n"


class TestWatch:
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    def test_a_bar_goes_forward_only(self, monkeypatch):
        """After a restart mdrun says steps that were there before."""
        monkeypatch.setattr(sys, "stderr", terminal := self.Terminal())
        with ExitStack() as bars:
            advance = stepping.watch(bars)("r000", 100)
            assert [advance(step) for step in (40, 10, 100)] == [None] * 3
        said = terminal.getvalue()
        assert "r000: 100%" in said and "100/100" in said

    def test_nothing_where_nobody_looks(self, monkeypatch):
        monkeypatch.setattr(sys, "stderr", log := io.StringIO())
        with ExitStack() as bars:
            stepping.watch(bars)("r000", 100)(50)
        assert log.getvalue() == ""


def test_a_stamp_if_one_was_asked_for(tmp_path):
    stepping.stamp(argparse.Namespace(done=None))
    stepping.stamp(argparse.Namespace(done=tmp_path / "a" / "x.done"))
    assert [path.name for path in tmp_path.rglob("*.done")] == ["x.done"]


@pytest.mark.parametrize("hours", [None, 0.5])
def test_the_command_of_a_replica_is_one_that_the_parser_takes(hours):
    asked = argparse.Namespace(
        scale_file="config/tiny.yml", runs="there", system="mosse", protocol="p", max_hours=hours
    )
    argv = stepping.replica_command(asked, threads=3)
    assert argv[:3] == [sys.executable, "-m", "janus_pore.cli"]
    parsed = cli._parser().parse_args([*argv[3:], "--replica", "4"])
    assert (str(parsed.scale_file), str(parsed.runs), parsed.system) == ("config/tiny.yml", "there", "mosse")
    assert (parsed.protocol, parsed.threads, parsed.replica, parsed.max_hours) == ("p", 3, [4], hours)


def test_replicas_as_directories():
    assert stepping.numbered([0, 12]) == "r000, r012"
