"""Killed at any moment, the next call goes on, and the result is the undisturbed run's byte for byte."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from janus_pore.errors import RunError
from janus_pore.simulate import pieces, process, runner, verify

DEAD, SHORT = 9, 100


def test_three_sigkills_at_random_moments(make_task, kill_at, run, check, tmp_path):
    task = make_task(tmp_path)
    for moment in np.sort(np.random.default_rng(2).integers(100, 800, 3)):
        kill_at(task, lambda step, moment=moment: step >= moment)
        assert not task.directory.exists()
    manifest = run(task)
    assert manifest["energy"]["samples"] == manifest["frames"] == 121
    check(task)


def test_walltime_again_and_again(make_task, run, work_of, check, tmp_path):
    """mdrun ends by itself here, with exit code 0 and "Finished mdrun"; that is not taken for the end."""
    task = make_task(tmp_path)
    for _ in range(2):
        with pytest.raises(RunError, match=r"walltime of 1e-05 h reached at step \d+; call again to resume"):
            run(task, max_hours=1e-5)  # over when mdrun looks at the clock first, however fast it is
        assert not task.directory.exists()
    assert "Finished mdrun" in (work_of(task) / "md.part0002.log").read_text()
    run(task)
    check(task)


def test_whoever_watches_fails(make_task, run, work_of, check, tmp_path):
    """Once broke: mdrun was left running, unwatched."""
    task = make_task(tmp_path)
    with pytest.raises(ZeroDivisionError):
        run(task, progress=lambda step: 1 / 0 if step > 100 else None)
    with process.locked(work_of(task)):
        assert (work_of(task) / "state.cpt").exists()
    run(task)
    check(task)


#: Where the runner dies: the function and the arguments at whose call, and whether mdrun is needed again.
BOUNDARIES = {
    "before joining": (pieces, "join", lambda *_: True, True),
    "joining, XTC half written": (pieces, "_xtc_frames", lambda *_: True, True),
    "joining, XTC whole": (pieces, "_edr_frames", lambda *_: True, False),
    "joining, some pieces gone": (Path, "unlink", lambda path, **_: path.name == "md.part0001.edr", False),
    "before verifying": (verify, "trajectory", lambda *_: True, False),
    "before the manifest": (runner, "write_json", lambda path, _: path.name == "manifest.json", False),
    "tidying": (Path, "unlink", lambda path, **_: path.name == "inputs.json", False),
    "before renaming": (os, "replace", lambda _, target: Path(target).name == "seg", False),
}


@pytest.fixture(scope="module")
def die_at(run, in_child):
    """A function: boundary, task -> a runner of that task that dies there."""

    def die(boundary, task):
        owner, name, here, _ = BOUNDARIES[boundary]
        real = getattr(owner, name)

        def deadly(*args, **options):
            if here(*args, **options):
                if name == "unlink":
                    real(*args, **options)
                os._exit(DEAD)
            return real(*args, **options)

        def dying():
            setattr(owner, name, deadly)
            run(task)

        assert in_child(dying) == (DEAD, "")

    return die


@pytest.fixture(scope="module")
def ended(make_task, die_at, tmp_path_factory):
    """A task whose mdrun has just ended."""
    task = make_task(tmp_path_factory.mktemp("ended"), SHORT)
    die_at("before joining", task)
    return task


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_killed_at_a_boundary_between_stages(ended, die_at, run, work_of, check, tmp_path, monkeypatch, boundary):
    shutil.copytree(work_of(ended), tmp_path / "seg.partial")
    task = replace(ended, directory=tmp_path / "seg")
    if boundary != "before joining":
        die_at(boundary, task)
    assert not task.directory.exists()
    if not BOUNDARIES[boundary][-1]:
        monkeypatch.setattr(process, "launch", lambda *_args: pytest.fail("mdrun was launched"))
    run(task)
    check(task)


def test_inputs_that_changed_after_a_kill_while_tidying(ended, die_at, run, make_task, work_of, tmp_path, no_launch):
    """Once broke: the note of the inputs was gone by then, and the frames were taken for those of the new inputs."""
    shutil.copytree(work_of(ended), tmp_path / "seg.partial")
    task = replace(ended, directory=tmp_path / "seg")
    pieces.join(tmp_path / "seg.partial")
    die_at("tidying", task)
    assert not (tmp_path / "seg.partial" / "inputs.json").exists()
    with pytest.raises(RunError, match="was run from other inputs(?s:.*)move this directory away"):
        run(replace(task, tpr=make_task(tmp_path).tpr))
    assert (tmp_path / "seg.partial" / "manifest.json").exists()
    run(task)


def test_another_runner_ended_it_between_our_look_and_our_lock(ended, run, work_of, tmp_path, monkeypatch, no_launch):
    """Once broke: the second runner ran the finished segment again, and could not put it anywhere."""
    first = shutil.copytree(work_of(ended), tmp_path / "seg.partial")
    pieces.join(first)
    task = replace(ended, directory=tmp_path / "seg")
    locked, manifests = process.locked, []

    def slow(work):
        monkeypatch.setattr(process, "locked", locked)
        manifests.append(run(task))
        work.mkdir()
        return locked(work)

    monkeypatch.setattr(process, "locked", slow)
    assert run(task) == manifests[0]
    assert not work_of(task).exists()
    assert runner.done(task.directory) == manifests[0]
