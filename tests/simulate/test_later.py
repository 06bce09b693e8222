"""What went on from a segment: named, and removed in one command, when that one is to be run anew."""

import shlex
import shutil
import subprocess

import pytest
from janus_pore.errors import RunError
from janus_pore.files import sha256, write_json, write_text
from janus_pore.simulate import later, manifest

#: seg03 and seg04 follow seg02, seg05 follows seg01; seg06 has begun, from seg04.
PARENTS = {0: None, 1: 0, 2: 1, 3: 2, 4: 2, 5: 1, 6: 4}


def segment(replica, k, note="manifest.json", name=None):
    parent = PARENTS[k]
    place = replica / (name or f"seg{k:02d}")
    write_text(place / "state.cpt", f"{k}")
    start = None if parent is None else sha256(replica / f"seg{parent:02d}" / "state.cpt")
    inputs, files = {"tpr": "0", "checkpoint": start}, {"state.cpt": sha256(place / "state.cpt")}
    write_json(place / note, {"inputs": inputs, "files": files if note == "manifest.json" else {}})
    return place


@pytest.fixture
def replica(tmp_path):
    place = tmp_path / "hold" / "it's r000"
    for k in range(6):
        segment(place, k)
    segment(place, 6, "inputs.json", "seg06.partial")
    segment(place, 3, name="seg03.away2")
    (tmp_path / "hold" / "r000.done").touch()
    return place


@pytest.mark.parametrize(
    ("k", "names"),
    [
        (0, ["seg01", "seg02", "seg03", "seg04", "seg05", "seg06.partial"]),
        (2, ["seg03", "seg04", "seg06.partial"]), (4, ["seg06.partial"]), (3, []), (5, []),
    ],
)  # fmt: skip
def test_all_that_went_on_from_it(replica, k, names):
    assert [path.name for path in later.later(replica / f"seg{k:02d}")] == names


def test_what_its_own_files_became_does_not_matter(replica):
    (replica / "seg02" / "state.cpt").unlink()
    write_text(replica / "seg04" / "manifest.json", "{")
    assert [path.name for path in later.later(replica / "seg02")] == ["seg03"]


def test_one_command_removes_a_damaged_one_and_what_went_on_from_it(replica):
    """Once each later segment was refused in its turn, after the one before had been run anew."""
    write_text(replica / "seg02" / "state.cpt", "another")
    with pytest.raises(RunError, match=r"run it again with what went on from it \(seg03, seg04, seg06.partial\), and"):
        manifest.done(replica / "seg02", later._Kept)
    command = manifest.removal(replica / "seg02")
    assert shlex.split(command)[3:7] == [str(replica / f"seg{k}") for k in ("02", "03", "04", "06.partial")]
    subprocess.run(command, shell=True, check=True)
    assert sorted(path.name for path in replica.iterdir()) == ["seg00", "seg01", "seg03.away2", "seg05"]
    assert not list(replica.parent.glob("*.done"))


def test_where_one_was_run_anew_already(replica):
    said = r"or move this directory away to run it again, and with it what went on from it \(seg06.partial\), or remove"
    with pytest.raises(RunError, match=said + r" them: rm -rf -- \S+.*/seg04' \S+.*/seg06.partial' \S+"):
        manifest.same({"inputs": {}}, {"tpr": "0"}, replica / "seg04")
    with pytest.raises(RunError, match="move this directory away to run it again$"):
        manifest.same({"inputs": {}}, {"tpr": "0"}, replica / "seg05")


def test_a_real_chain(lab, chain, replicas, tmp_path):
    place = shutil.copytree(lab.campaign.replica("mosse", chain.name, 0), tmp_path / "r000")
    assert [path.name for path in later.later(place / "seg00")] == ["seg01", "seg02"]
    (place / "seg01" / "md.edr").unlink()
    with pytest.raises(
        RunError, match=r"seg01: md.edr changed or vanished.*\(seg02\), and.*rm -rf -- \S+seg01 \S+seg02$"
    ):
        manifest.done(place / "seg01")
