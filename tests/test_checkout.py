"""Which commit the code is of."""

import re
import subprocess

import pytest
from janus_pore import checkout
from janus_pore.paths import repository


def git(place, *argv):
    own = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(place), *own, *argv], check=True, capture_output=True)


@pytest.fixture
def place(monkeypatch, tmp_path):
    """A repository with a module, a scale file and one commit, taken for this one."""
    place = (tmp_path / "own").resolve()
    for name in ("lib/a.py", "config/tiny.yml", "pyproject.toml"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text("a = 1\n")
    git(tmp_path, "init", "-q", str(place))
    git(place, "add", "-A")
    git(place, "commit", "-qm", "first")
    monkeypatch.setattr(checkout, "repository", lambda: place)
    return place


def test_outside_a_checkout_the_commit_is_unknown(monkeypatch, tmp_path):
    monkeypatch.setattr(checkout, "repository", lambda: tmp_path)
    assert checkout.commit() == "unknown"
    monkeypatch.undo()
    if (repository() / ".git").exists():
        assert re.fullmatch(r"[0-9a-f]{7,40}(\+changes)?", checkout.commit()), checkout.commit()


def test_inside_another_repository_the_commit_is_unknown(place, monkeypatch):
    """Once wrong: a copy unpacked inside another project was said to be of that project's commit."""
    inside = place / "vendor" / "copy"
    (inside / "lib").mkdir(parents=True)
    monkeypatch.setattr(checkout, "repository", lambda: inside)
    assert checkout.commit() == "unknown"


def test_as_it_was_committed(place):
    known = checkout.commit()
    assert len(known) >= 7 and set(known) <= set("0123456789abcdef")


@pytest.mark.parametrize("name", ["lib/a.py", "lib/new.py", "lib/new/new.py", "pyproject.toml"])
def test_code_that_was_edited_or_added(place, name):
    """Once wrong: a new module, not yet known to git, was no change."""
    (place / name).parent.mkdir(exist_ok=True)
    (place / name).write_text("a = 2\n")
    assert checkout.commit().endswith("+changes")


@pytest.mark.parametrize("name", ["config/tiny.yml", "config/mine.yml", "README.md"])
def test_a_scale_file_is_no_code(place, name):
    before = checkout.commit()
    (place / name).write_text("a = 2\n")
    assert checkout.commit() == before


def test_a_hook_of_another_repository_does_not_mislead(place, monkeypatch, tmp_path):
    before = checkout.commit()
    git(tmp_path, "init", "-q", str(tmp_path / "other"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    assert checkout.commit() == before
