"""One segment: run once, resumed after every way of stopping, refused whenever it is not what it says.

All on the small cell with real mdrun; what must not run again is checked by making the launch itself fail.
"""

import errno
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from janus_pore.errors import RunError, StoppedError
from janus_pore.simulate import checkpoint, ensemble, pieces, prepare, process, runner
from janus_pore.simulate.manifest import removal
from MDAnalysis.lib.formats.libmdaxdr import XTCFile

SHORT, MEDIUM, LONG, INTERVAL = 100, 2000, 200_000, 10


@pytest.fixture(scope="module")
def tprs(lab, tmp_path_factory):
    """Run inputs by number of steps."""
    place = tmp_path_factory.mktemp("tpr")
    start = ensemble.start_frame(lab.scale, lab.campaign, "mosse", 0, place / "start.gro")
    made = {}
    for steps in (SHORT, MEDIUM, LONG):
        options = prepare.dynamics(lab.scale.md, steps, fresh_velocities_seed=1, seed=1, field=prepare.FIELD_OFF)
        made[steps] = prepare.run_input(lab.gmx, place / f"{steps}.tpr", options, start, lab.built)
    return made


@pytest.fixture
def task(lab, tprs, tmp_path):
    """A function: number of steps -> the task to run them in a fresh directory."""

    def make(steps=SHORT):
        freedom = ensemble.degrees_of_freedom(lab.built)
        return runner.Task(tmp_path / "seg", tprs[steps], None, 0, steps, 0.002, 0.02, 300.0, freedom)

    return make


@pytest.fixture
def no_launch(monkeypatch):
    monkeypatch.setattr(process, "launch", lambda *_args, **_options: pytest.fail("mdrun was launched"))


def run(task, lab, **options):
    return runner.run(task, lab.gmx, threads=1, **options)


def partial(task):
    return task.directory.with_name("seg.partial")


def full(*_args):
    raise OSError(errno.ENOSPC, "No space left on device")


def read_steps(path):
    with XTCFile(str(path)) as xtc:
        return [frame.step for frame in xtc]


def check_whole(task, manifest):
    """The segment is there, verifies, and holds each frame exactly once."""
    assert runner.done(task.directory) == manifest
    assert manifest["frames"] == task.last_step // INTERVAL + 1
    assert read_steps(task.directory / "md.xtc") == list(range(0, task.last_step + 1, INTERVAL))
    assert not partial(task).exists()
    assert sorted(path.name for path in task.directory.iterdir()) == sorted([*runner.KEPT, "manifest.json"])


def frequent(argv):
    """mdrun's argv with a checkpoint every tenth of a second instead of every five minutes."""
    argv = list(argv)
    argv[argv.index("-cpt") + 1] = "0.002"
    return argv


@pytest.fixture(scope="module")
def killed(lab, tprs, tmp_path_factory):
    """What SIGKILL of mdrun in the middle of MEDIUM steps leaves: pieces, a checkpoint and the one before."""
    place = tmp_path_factory.mktemp("killed")
    freedom = ensemble.degrees_of_freedom(lab.built)
    task = runner.Task(place / "seg", tprs[MEDIUM], None, 0, MEDIUM, 0.002, 0.02, 300.0, freedom)
    children, launch, popen = [], process.launch, subprocess.Popen

    def recorded(*args, **options):
        children.append(popen(*args, **options))
        return children[-1]

    def kill(_step):
        if (partial(task) / "state_prev.cpt").exists():
            children[-1].kill()

    def impatient(argv, work, lock, progress):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(process.subprocess, "Popen", recorded)
            launch(frequent(argv), work, lock, kill)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "launch", impatient)
        with pytest.raises(RunError, match=r"mdrun failed \(exit -9\)"):
            run(task, lab)
    reached = checkpoint.read(lab.gmx, partial(task) / "state.cpt").step
    before = checkpoint.read(lab.gmx, partial(task) / "state_prev.cpt").step
    assert 0 < before < reached < MEDIUM
    return partial(task)


@pytest.fixture
def interrupted(killed, task):
    """A copy of it for one test, and the task that goes on from there."""
    shutil.copytree(killed, partial(task()))
    return task(MEDIUM)


class TestDone:
    def test_a_run_and_its_manifest(self, lab, task):
        asked = task()
        manifest = run(asked, lab)
        check_whole(asked, manifest)
        assert manifest["steps"] == [0, SHORT]
        assert manifest["gromacs"]["version"] == lab.gmx.version
        assert manifest["energy"]["samples"] == SHORT // INTERVAL + 1
        assert manifest["started"] <= manifest["ended"]

    def test_nothing_runs_twice(self, lab, task, no_launch, replicas, chain):
        """A finished segment is returned as it is: here, one of the session's."""
        directory = lab.campaign.replica("mosse", chain.name, 0)
        freedom = ensemble.degrees_of_freedom(lab.built)
        tpr = directory / "tpr" / "seg00.tpr"
        own = runner.Task(directory / "seg00", tpr, None, 0, 100, 0.002, 0.02, 300.0, freedom)
        assert run(own, lab) == replicas[0][0]

    @pytest.fixture
    def finished(self, lab, task, replicas, chain):
        """A copy of a finished segment and a task that asks for it."""
        source = lab.campaign.replica("mosse", chain.name, 0)
        shutil.copytree(source / "seg00", task().directory)
        return replace(task(), tpr=source / "tpr" / "seg00.tpr")

    @pytest.mark.parametrize("name", runner.KEPT)
    @pytest.mark.parametrize("harm", ["flip a bit", "truncate", "remove"])
    def test_changed_output_is_refused(self, lab, finished, no_launch, name, harm):
        path = finished.directory / name
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data if harm == "flip a bit" else data[:-1])
        if harm == "remove":
            path.unlink()
        with pytest.raises(RunError, match=rf"{name} changed or vanished"):
            run(finished, lab)
        with pytest.raises(RunError, match="delete this directory"):
            runner.done(finished.directory)

    @pytest.mark.parametrize(
        ("run", "stamp", "named"),
        [
            ("m/hold/r000/seg01", "m/hold/pack000x1.done", "m/hold"), ("m/equilibrate/nvt", "m/equilibrate.done", "m"),
            ("engine/settle", "engine/settle.done", "engine"), ("m/hold/r000/seg01", "m/equilibrate.done", None),
        ],
    )  # fmt: skip
    def test_the_command_that_removes_a_run_takes_its_stamps_along(self, tmp_path, run, stamp, named):
        (tmp_path / run).mkdir(parents=True)
        (tmp_path / stamp).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / stamp).touch()
        place = tmp_path / str(named)
        places = f" {place}/*.done {place}.nc {place}.forces.nc" if named else ""
        assert removal(tmp_path / run) == f"rm -rf -- {tmp_path / run}{places}"

    def test_another_input_is_refused(self, lab, finished, tprs, no_launch):
        with pytest.raises(RunError, match="was run from other inputs"):
            run(replace(finished, tpr=tprs[MEDIUM]), lab)  # [SHORT] may be the same to the byte
        with pytest.raises(RunError, match="was run from other inputs"):
            run(replace(finished, checkpoint=finished.directory / "state.cpt"), lab)

    def test_files_without_a_manifest_are_refused_before_anything_runs(self, lab, finished, no_launch):
        """Once only when all steps were done, with the advice to make room on the disk."""
        (finished.directory / "manifest.json").unlink()
        with pytest.raises(RunError, match="no manifest that says what they are: move it away"):
            run(finished, lab)

    def test_not_there(self, tmp_path):
        assert runner.done(tmp_path) is None

    @pytest.mark.parametrize("field", ["tpr", "checkpoint"])
    def test_a_missing_input_is_refused(self, lab, task, tmp_path, no_launch, field):
        with pytest.raises(RunError, match="is missing"):
            run(replace(task(), **{field: tmp_path / "absent"}), lab)
        assert not partial(task()).exists()


class TestFailure:
    def test_a_damaged_tpr_says_what_mdrun_said(self, lab, task, tprs, tmp_path):
        bad = tmp_path / "bad.tpr"
        bad.write_bytes(tprs[SHORT].read_bytes()[:2000])
        with pytest.raises(RunError, match=r"(?s)mdrun failed \(exit \d+\): Program:.*mdrun"):
            run(replace(task(), tpr=bad), lab)
        assert not task().directory.exists()

    def test_the_wrong_length_does_not_verify(self, lab, task):
        with pytest.raises(RunError, match="expected 6 frames"):
            run(replace(task(), interval_ps=0.04), lab)
        assert runner.done(task().directory) is None

    def test_an_mdrun_that_gets_nowhere_is_given_up(self, lab, task, monkeypatch):
        launch, launches = process.launch, []

        def lazy(argv, *rest):
            launches.append(argv)
            if len(launches) == 1:
                launch([*argv, "-nsteps", "40"], *rest)

        monkeypatch.setattr(process, "launch", lazy)
        with pytest.raises(RunError, match="mdrun ended twice at step 40"):
            run(task(), lab)
        assert len(launches) == 2

    def test_signals_are_given_back(self, lab, task):
        before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
        process.launch([sys.executable, "-c", ""], task().directory.parent)
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before

    @pytest.mark.parametrize("fails", [False, True])
    def test_mdrun_is_signalled_once(self, tmp_path, fails):
        """It writes no checkpoint at its third signal: once it had two from here, and one from the batch system."""
        script = (
            "import pathlib, signal, time\ncame = []\nsignal.signal(signal.SIGTERM, lambda *_: came.append(1))\n"
            "pathlib.Path('ready').touch()\nwhile not came: time.sleep(0.01)\n"
            "time.sleep(0.5)\npathlib.Path('came').write_text(str(len(came)))"
        )
        sent = []

        def signals(_step):
            while (tmp_path / "ready").exists() and len(sent) < 3:
                sent.append((signal.SIGTERM, signal.SIGINT)[len(sent) % 2])
                os.kill(os.getpid(), sent[-1])
                time.sleep(0.05)
            if fails and sent:
                raise ValueError

        with pytest.raises(ValueError if fails else StoppedError):
            process.launch([sys.executable, "-c", script], tmp_path, progress=signals)
        assert len(sent) == 3 and (tmp_path / "came").read_text() == "1"


class TestLock:
    @pytest.mark.parametrize("job", [None, "42"])
    def test_who_holds_it_is_told(self, tmp_path, monkeypatch, job):
        """Also after another held it, and where the disk had no room for it."""
        monkeypatch.delenv("SLURM_JOB_ID", raising=False)
        if job:
            monkeypatch.setenv("SLURM_JOB_ID", job)
        (tmp_path / "lock").write_text("process 1 on another host, Slurm job 123456789\n")
        who = f"process {os.getpid()} on {socket.gethostname()}" + (", Slurm job 42" if job else "")
        said = rf"is being run by another process \({re.escape(who)}, or the mdrun that it left\): wait for it, or stop"
        with process.locked(tmp_path), pytest.raises(RunError, match=said), process.locked(tmp_path):
            pass
        os.truncate(tmp_path / "lock", 0)
        monkeypatch.setattr(process.os, "write", full)
        with process.locked(tmp_path), pytest.raises(RunError, match="by another process: wait"):
            with process.locked(tmp_path):
                pass

    def test_a_second_runner_is_refused(self, lab, task, no_launch):
        partial(task()).mkdir()
        with process.locked(partial(task())), pytest.raises(RunError, match="is being run by another process"):
            run(task(), lab)

    def test_the_mdrun_of_a_dead_runner_still_holds_it(self, lab, task):
        """SIGKILL of the runner leaves its mdrun running; nobody else may touch the directory until it ends."""
        asked = task(LONG)
        child = start_child(asked)
        orphan = None
        try:
            wait_for(lambda: process._step_so_far(partial(asked) / "mdrun.out") > 0, child)
            orphan = working_in(partial(asked))
            child.kill()
            child.wait()
            with pytest.raises(RunError, match="is being run by another process"):
                run(asked, lab, max_hours=1e-4)
        finally:
            child.kill()
            if orphan:
                os.kill(orphan, signal.SIGKILL)
        wait_for(lambda: not Path(f"/proc/{orphan}").exists() or working_in(partial(asked)) is None)
        with process.locked(partial(asked)):
            assert not asked.directory.exists()


class TestResume:
    """Each way of stopping leaves a state from which the next call goes on, to the same frames."""

    @pytest.fixture
    def resumed_at(self, lab, monkeypatch):
        """The steps at which mdrun was launched: its checkpoint's, or none for a start from the .tpr."""
        launch, steps = process.launch, []

        def watched(argv, work, *rest):
            start = Path(argv[argv.index("-cpi") + 1]) if "-cpi" in argv else None
            steps.append(checkpoint.read(lab.gmx, start).step if start else None)
            launch(argv, work, *rest)

        monkeypatch.setattr(process, "launch", watched)
        return steps

    def test_sigkill(self, lab, interrupted, resumed_at):
        reached = checkpoint.read(lab.gmx, partial(interrupted) / "state.cpt").step
        manifest = run(interrupted, lab)
        check_whole(interrupted, manifest)
        assert resumed_at == [reached] and "gromacs_before" not in manifest

    def test_the_log_says_which_build_ran_and_how(self, lab, interrupted, monkeypatch):
        """Not what is said of the one that ends it. The commit is that of the code which launched each part."""
        build = {"version": lab.gmx.version, "simd": lab.gmx.simd, "gpu": lab.gmx.gpu}
        (first,) = json.loads((partial(interrupted) / "inputs.json").read_text())["launches"]
        monkeypatch.setattr(runner, "running", lambda: "another commit")
        manifest = runner.run(interrupted, replace(lab.gmx, version="another"), threads=1)
        assert manifest["gromacs"] == build and "gromacs_before" not in manifest
        assert manifest["command"][:4] == ["gmx", "mdrun", "-s", interrupted.tpr.name]
        assert not {"-cpi", "-maxh", "-deffnm"} & {*manifest["command"]} and "command_before" not in manifest
        assert manifest["commit"] == "another commit" and manifest["commit_before"] == [first["commit"]]

    @pytest.mark.parametrize("harm", ["lose", "damage"])
    def test_a_lost_or_damaged_checkpoint_falls_back_to_the_one_before(self, lab, interrupted, resumed_at, harm):
        before = checkpoint.read(lab.gmx, partial(interrupted) / "state_prev.cpt").step
        path = partial(interrupted) / "state.cpt"
        path.unlink() if harm == "lose" else path.write_bytes(path.read_bytes()[:1000])
        check_whole(interrupted, run(interrupted, lab))
        assert resumed_at == [before]

    def test_a_damaged_checkpoint_without_one_before_is_refused(self, lab, interrupted, no_launch):
        (partial(interrupted) / "state_prev.cpt").unlink()
        path = partial(interrupted) / "state.cpt"
        path.write_bytes(path.read_bytes()[:1000])
        with pytest.raises(RunError, match="state.cpt was changed since mdrun wrote it"):
            run(interrupted, lab)

    def test_without_any_checkpoint_it_begins_again(self, lab, interrupted, resumed_at):
        for name in ("state.cpt", "state_prev.cpt"):
            (partial(interrupted) / name).unlink()
        for path in partial(interrupted).glob("md.part*.log"):
            path.unlink()
        checkpoint.seal(partial(interrupted))  # none was ever written
        (partial(interrupted) / "md.part0003.xtc").write_bytes(b"of an earlier attempt")
        started = json.loads((partial(interrupted) / "inputs.json").read_text())["started"]
        manifest = run(interrupted, lab)
        check_whole(interrupted, manifest)
        assert manifest["started"] == started
        assert resumed_at == [None]

    @pytest.mark.parametrize("suffix", ["xtc", "edr"])
    def test_output_shorter_than_the_checkpoint_says_is_refused(self, lab, interrupted, no_launch, suffix):
        path = partial(interrupted) / f"md.part0001.{suffix}"
        path.write_bytes(path.read_bytes()[:100])
        with pytest.raises(RunError, match=rf"md\.part0001\.{suffix} has 100 bytes where"):
            run(interrupted, lab)

    def test_a_partial_run_of_another_input_is_refused(self, lab, interrupted, tprs, no_launch):
        with pytest.raises(RunError, match="was run from other inputs"):
            run(replace(interrupted, tpr=tprs[SHORT]), lab)
        assert (partial(interrupted) / "state.cpt").exists()

    def test_sigterm_to_the_runner(self, lab, task):
        """As a batch system does it: mdrun writes its checkpoint, the runner says so, the next call goes on."""
        asked = task(MEDIUM)
        child = start_child(asked)
        try:
            wait_for(lambda: process._step_so_far(partial(asked) / "mdrun.out") > 0, child)
            child.terminate()
            said = child.communicate(timeout=60)[1]
        finally:
            child.kill()
        assert f"stopped by signal {signal.SIGTERM:d}; call again to resume" in said
        reached = checkpoint.read(lab.gmx, partial(asked) / "state.cpt").step
        assert 0 < reached < MEDIUM
        seen = []
        check_whole(asked, run(asked, lab, progress=seen.append))
        assert seen
        assert seen == sorted(seen)

    def test_walltime(self, lab, task):
        asked = task(MEDIUM)
        with pytest.raises(RunError, match="walltime of 1e-05 h reached at step"):
            run(asked, lab, max_hours=1e-5)
        reached = checkpoint.read(lab.gmx, partial(asked) / "state.cpt").step
        assert 0 <= reached < MEDIUM
        assert runner.done(asked.directory) is None
        check_whole(asked, run(asked, lab, max_hours=1.0))

    def test_stopped_while_joining(self, lab, task, monkeypatch):
        """All steps are done, the pieces are not yet one file, the last checkpoint is older than the last frame."""
        join = pieces.join

        def stopped(work):
            (work / "md.xtc.tmp").write_text("half")
            raise KeyboardInterrupt

        monkeypatch.setattr(pieces, "join", stopped)
        with pytest.raises(KeyboardInterrupt):
            run(task(), lab)
        monkeypatch.setattr(pieces, "join", join)
        check_whole(task(), run(task(), lab))

    def test_stopped_after_joining(self, lab, task, monkeypatch, tmp_path):
        join = pieces.join

        def stopped(work):
            join(work)
            raise KeyboardInterrupt

        monkeypatch.setattr(pieces, "join", stopped)
        with pytest.raises(KeyboardInterrupt):
            run(task(), lab)
        monkeypatch.setattr(pieces, "join", join)
        monkeypatch.setattr(process, "launch", lambda *_args, **_options: pytest.fail("mdrun was launched"))
        check_whole(task(), run(task(), lab))


def test_resumed_is_the_same_motion(lab, interrupted, tprs, tmp_path):
    """The frames before the kill stand as they were written; the first after it lies close to the last before."""
    state = checkpoint.read(lab.gmx, partial(interrupted) / "state.cpt")
    with XTCFile(str(partial(interrupted) / "md.part0001.xtc")) as xtc:
        before = [frame.x for frame in xtc if frame.step <= state.step]
    run(interrupted, lab)
    with XTCFile(str(interrupted.directory / "md.xtc")) as xtc:
        frames = [frame for frame in xtc]
    assert all((a == b.x).all() for a, b in zip(before[:-1], frames, strict=False))
    box = np.diag(frames[0].box)
    # 0.02 ps at 300 K: no atom goes further than about a tenth of a nanometre
    for one, two in zip(frames[len(before) - 2 :], frames[len(before) - 1 : len(before) + 3], strict=False):
        delta = two.x - one.x
        delta -= box * np.round(delta / box)
        assert 0 < np.linalg.norm(delta, axis=1).max() < 0.2


SCRIPT = """
import sys
from pathlib import Path
from janus_pore.simulate import gmx, runner
directory, tpr, steps, freedom = sys.argv[1:]
task = runner.Task(Path(directory), Path(tpr), None, 0, int(steps), 0.002, 0.02, 300.0, int(freedom))
runner.run(task, gmx.find(), threads=1)
"""


def start_child(task):
    """A Python process of its own that runs the task."""
    argv = [sys.executable, "-c", SCRIPT, task.directory, task.tpr, task.last_step, task.degrees_of_freedom]
    return subprocess.Popen([str(a) for a in argv], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def wait_for(condition, child=None):
    """Until it holds; no more than a minute, and not if the child has ended."""
    for _ in range(3000):
        try:
            if condition():
                return
        except FileNotFoundError:
            pass
        assert child is None or child.poll() is None, child.communicate()[1]
        time.sleep(0.02)
    raise AssertionError("waited for a minute")


def working_in(directory):
    """The process (id) whose working directory this is, if any."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(entry / "cwd") == str(directory.resolve()):
                return int(entry.name)
        except OSError:
            continue
    return None
