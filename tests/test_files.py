import hashlib
import json
import os

import pytest
from janus_pore import files


def test_sha256_of_a_file_and_of_none(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"pore")
    assert files.sha256(path) == hashlib.sha256(b"pore").hexdigest()
    assert files.sha256(tmp_path / "absent") == ""
    assert files.sha256(tmp_path) == ""


def test_a_write_makes_its_folder_and_leaves_nothing_else(tmp_path):
    path = files.write_text(tmp_path / "new" / "deep" / "a.txt", "θ = 1\n")
    assert path.read_text(encoding="utf-8") == "θ = 1\n"
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]


def test_a_write_that_fails_keeps_the_old_content(tmp_path, monkeypatch):
    path = files.write_text(tmp_path / "a.json", "old")

    def broken(*_args):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(OSError, match="no space"):
        files.write_text(path, "new")
    assert path.read_text() == "old"


def test_json_goes_and_comes_back(tmp_path):
    content = {"a": [1, 2.5, None], "b": {"c": "x"}}
    assert json.loads(files.write_json(tmp_path / "a.json", content).read_text()) == content


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_json_refuses_what_is_not_a_number(tmp_path, number):
    path = files.write_json(tmp_path / "a.json", {"a": 1})
    with pytest.raises(ValueError, match="JSON"):
        files.write_json(path, {"a": number})
    assert json.loads(path.read_text()) == {"a": 1}
