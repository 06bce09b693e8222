"""No room, no permission, no directory: the error names the place, what was written stays, the next call goes on."""

import os
import resource
import shutil
import signal
import subprocess
import tempfile
from contextlib import redirect_stderr
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from janus_pore import cli
from janus_pore.errors import RunError
from janus_pore.paths import repository
from janus_pore.reduce import store
from janus_pore.simulate import pieces, process

ROOM = 200_000


def fill_the_disk():
    """From here on this process and its children cannot write beyond 200 kB a file; the write fails, nobody dies."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    process.subprocess.Popen = partial(subprocess.Popen, restore_signals=False)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, ROOM))


def test_full_while_running(make_task, run, in_child, work_of, check, tmp_path):
    task = make_task(tmp_path)

    def full():
        fill_the_disk()
        run(task, frequent=True)

    code, said = in_child(full)
    print(said)
    assert (code, said.split(":")[0]) == (70, "RunError")
    assert "mdrun failed" in said and "remove the cause" in said and "call again" in said
    assert not task.directory.exists()
    assert (work_of(task) / "state.cpt").exists()
    run(task)
    check(task)


def test_full_while_joining(stopped, run, in_child, work_of, contents, check):
    task, join = stopped, pieces.join

    def full(work):
        fill_the_disk()
        join(work)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "join", full)
        code, said = in_child(lambda: run(task))
    assert code == 70
    assert "RunError" in said and "File too large" in said and "make room on the disk" in said
    parts = {f"md.part000{k}.{suffix}" for k in (1, 2) for suffix in ("xtc", "edr", "log")}
    assert parts <= contents(work_of(task)).keys()
    run(task)
    check(task)


@pytest.mark.parametrize("what", ["the new directory", "one that is there"])
def test_a_place_that_cannot_be_written(stopped, run, work_of, in_child, contents, check, what):
    """Root may write anywhere, so whoever runs this becomes nobody first."""
    with tempfile.TemporaryDirectory() as place:  # not pytest's, which only its owner can enter
        task = replace(stopped, directory=Path(place) / "seg", tpr=Path(shutil.copy(stopped.tpr, place)))
        if what == "one that is there":
            shutil.copytree(work_of(stopped), work_of(task))
            work_of(task).chmod(0o555)
            for path in work_of(task).iterdir():
                path.chmod(0o444)
        Path(place).chmod(0o555)

        def as_nobody():
            if os.geteuid() == 0:
                os.setgroups([])
                os.setresgid(65534, 65534, 65534)
                os.setresuid(65534, 65534, 65534)
            run(task)

        code, said = in_child(as_nobody)
        assert code == 70
        assert said.startswith("RunError") and "Permission denied" in said and "make the directory writable" in said
        Path(place).chmod(0o755)
        assert not task.directory.exists()
        if what == "one that is there":
            work_of(task).chmod(0o755)
            assert contents(work_of(task)) == contents(work_of(stopped))
            for path in work_of(task).iterdir():
                path.chmod(0o644)
        run(task)
        check(task)


@pytest.mark.parametrize("place", ["/sys/janus", "below a file"])
def test_no_directory_can_be_made(stopped, run, tmp_path, no_launch, place):
    """/sys refuses even root."""
    (tmp_path / "file").write_text("mine")
    directory = Path(place) if place.startswith("/") else tmp_path / "file"
    with pytest.raises(RunError, match=rf"{directory}/seg\.partial: .*call again"):
        run(replace(stopped, directory=directory / "seg"))
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("name", ["inputs.json", "manifest.json"])
@pytest.mark.parametrize("left", ["", '{"inputs": '])
def test_a_note_cut_short(stopped, run, work_of, contents, no_launch, name, left):
    """As a crash of the machine may leave what was written last."""
    (work_of(stopped) / name).write_text(left)
    before = contents(work_of(stopped))
    with pytest.raises(RunError, match=rf"{name} is damaged: delete .*seg\.partial to run this segment again"):
        run(stopped)
    assert contents(work_of(stopped)) == before


def test_a_seal_cut_short_is_no_reason_to_begin_again(stopped, run, work_of, check):
    """Once the remedy was to delete the segment, whose checkpoint and outputs were whole."""
    (work_of(stopped) / "sealed.json").write_text("")
    with pytest.raises(RunError, match=r"sealed\.json is damaged: delete it, and the run goes on"):
        run(stopped)
    (work_of(stopped) / "sealed.json").unlink()
    run(stopped)
    check(stopped)


def test_full_in_any_other_step(in_child, tmp_path):
    """One line with the file and the reason, exit code 1."""
    argv = ["build", str(repository() / "config" / "tiny.yml"), "--runs", str(tmp_path / "runs"), "--system", "mosse"]

    def full():
        fill_the_disk()
        with open(tmp_path / "said", "w") as said, redirect_stderr(said):
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
            assert cli.main(argv) == 1

    assert in_child(full) == (0, "")
    (line,) = (tmp_path / "said").read_text().splitlines()
    assert line.startswith(
        f"janus-pore build: error: {tmp_path}/runs/tiny/systems/mosse/conf.gro: File too large. Make"
    )
    assert line.endswith("call again")
    assert cli.main(argv) == 0


def test_full_while_data_are_written(in_child, tmp_path):
    """HDF5 itself would end the process without a word; the data that were there stay."""
    path, data = tmp_path / "r000.nc", xr.Dataset({"current": ("frame", np.random.default_rng(0).random(100_000))})
    store.write(data.isel(frame=slice(100)), path)

    def full():
        fill_the_disk()
        store.write(data, path)

    code, said = in_child(full)
    assert code == 70 and said.startswith("OSError")
    assert "File too large" in said and "partial-r000.nc" in said
    assert [one.name for one in tmp_path.iterdir()] == ["r000.nc"]
    assert store.read(path).sizes["frame"] == 100
