"""The minimised start: made once, by one process, and of the settings that the scale has."""

import errno
import json
import os
import shutil

import pytest
from janus_pore.errors import RunError
from janus_pore.files import write_json
from janus_pore.simulate import process
from janus_pore.simulate.minimise import minimise


@pytest.fixture
def place(lab, tmp_path):
    """A copy of the minimised start."""
    return shutil.copytree(lab.minimised.parent, tmp_path / "minimise")


@pytest.fixture
def no_launch(monkeypatch):
    monkeypatch.setattr(process, "launch", lambda *_args, **_options: pytest.fail("mdrun was launched"))


@pytest.mark.parametrize("energy", ["nan", "1.0e+05"])
def test_one_that_ends_unbound_is_refused(lab, tmp_path, monkeypatch, energy):
    def bad(_argv, work, _lock):
        (work / "em.log").write_text(f"Potential Energy  = {energy}\nMaximum force  =  1.0e+01 on atom 1\n")

    monkeypatch.setattr(process, "launch", bad)
    with pytest.raises(RunError, match="did not reach a bound state"):
        minimise(lab.scale, lab.gmx, tmp_path / "minimise", lab.built, 1)
    assert not (tmp_path / "minimise").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"equilibration__minimise_steps": 600}, "nsteps 500, not 600"),
        ({"equilibration__minimise_force_kj_mol_nm": 50.0}, "emtol 100.0, not 50.0"),
    ],
)
def test_other_settings_are_refused(lab, place, make_scale, no_launch, change, said):
    """Once they were passed over without a word."""
    with pytest.raises(RunError, match=f"minimise was made with {said}, and all runs began from it: set the scale"):
        minimise(make_scale(**change), lab.gmx, place, lab.built, 1)


@pytest.mark.parametrize("name", ["conf", "topology"])
def test_another_system_is_refused(lab, place, no_launch, name):
    manifest = json.loads((place / "manifest.json").read_text())
    write_json(place / "manifest.json", manifest | {"inputs": manifest["inputs"] | {name: "0"}})
    with pytest.raises(RunError, match=f"made with another {name}, and all runs"):
        minimise(lab.scale, lab.gmx, place, lab.built, 1)


def test_an_earlier_manifest_does_not_say_its_settings(lab, place, make_scale, no_launch):
    manifest = json.loads((place / "manifest.json").read_text())
    del manifest["inputs"]["options"]
    write_json(place / "manifest.json", manifest)
    changed = make_scale(equilibration__minimise_steps=600)
    assert minimise(changed, lab.gmx, place, lab.built, 1) == place / "conf.gro"


def test_a_second_process_is_refused(lab, tmp_path, no_launch):
    """Once it deleted what the first was at work in."""
    work = tmp_path / "minimise.partial"
    work.mkdir()
    (work / "em.tpr").write_text("of the first")
    with process.locked(work), pytest.raises(RunError, match=r"minimise\.partial is being run by another process"):
        minimise(lab.scale, lab.gmx, tmp_path / "minimise", lab.built, 1)
    assert (work / "em.tpr").read_text() == "of the first"


@pytest.mark.parametrize("lock", [process.locked, process.turn])
def test_a_file_system_without_locks(tmp_path, monkeypatch, lock):
    """Once: "Function not implemented. Make room on the disk"."""

    def none(_file, _how):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(process.fcntl, "flock", none)
    with pytest.raises(RunError, match=r"lock cannot be locked \(Function not implemented\).*Lustre: -o flock"):
        with lock(tmp_path):
            pass


def test_what_a_killed_one_left_is_made_anew(lab, tmp_path):
    work = tmp_path / "minimise.partial"
    work.mkdir()
    for name in ("em.tpr", "em.json", "manifest.json.tmp", "lock"):
        (work / name).write_text("half")
    made = minimise(lab.scale, lab.gmx, tmp_path / "minimise", lab.built, 1)
    assert made.read_bytes() == lab.minimised.read_bytes()
    assert sorted(path.name for path in made.parent.iterdir()) == ["conf.gro", "em.log", "manifest.json"]
    assert not work.exists()


def test_another_process_ended_it_between_our_look_and_our_lock(lab, place, tmp_path, monkeypatch, no_launch):
    locked = process.locked
    later = tmp_path / "later" / "minimise"

    def ended(work):
        shutil.copytree(place, later)
        return locked(work)

    monkeypatch.setattr(process, "locked", ended)
    assert minimise(lab.scale, lab.gmx, later, lab.built, 1) == later / "conf.gro"
    assert [path.name for path in later.parent.iterdir()] == ["minimise"]
