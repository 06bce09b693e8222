"""A short run to harm, what it gives undisturbed, and children that may die instead of the tests.

mdrun runs on one thread with `-reprod`, as always on CPUs, so that a run which lost nothing is the undisturbed one byte
for byte.
"""

import os
import shutil
import subprocess
from dataclasses import replace

import pytest
from janus_pore.errors import RunError
from janus_pore.simulate import ensemble, prepare, process, runner

STEPS = 1200


@pytest.fixture(scope="session")
def make_task(lab, tmp_path_factory):
    """A function: place and number of steps -> the task to run them there."""
    inputs = tmp_path_factory.mktemp("tpr")
    start = ensemble.start_frame(lab.scale, lab.campaign, "mosse", 0, inputs / "start.gro")
    freedom = ensemble.degrees_of_freedom(lab.built)

    def make(place, steps=STEPS):
        options = prepare.dynamics(lab.scale.md, steps, fresh_velocities_seed=1, seed=1, field=prepare.FIELD_OFF)
        tpr = prepare.run_input(lab.gmx, inputs / f"{steps}.tpr", options, start, lab.built)
        return runner.Task(place / "seg", tpr, None, 0, steps, 0.002, 0.02, 300.0, freedom)

    return make


@pytest.fixture(scope="session")
def run(lab):
    """A function: task (and walltime, progress) -> its manifest; `frequent`: checkpoints by the second, not minutes."""

    def run(task, frequent=False, **options):
        launch = process.launch

        def reproducible(argv, *rest):
            argv = [*argv, "-stepout", "1"]
            if frequent:
                argv[argv.index("-cpt") + 1] = "0.0005"
            launch(argv, *rest)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(process, "launch", reproducible)
            return runner.run(task, lab.gmx, threads=1, **options)

    return run


@pytest.fixture(scope="session")
def undisturbed(make_task, run, tmp_path_factory):
    """A function: number of steps -> the directory of the run in one go (each made once)."""
    made = {}

    def get(steps):
        if steps not in made:
            task = make_task(tmp_path_factory.mktemp("undisturbed"), steps)
            run(task)
            made[steps] = task.directory
        return made[steps]

    return get


@pytest.fixture(scope="session")
def kill_at(run):
    """A function: task, condition(step) -> run it and SIGKILL its mdrun as soon as the condition holds."""

    def kill(task, condition):
        children, popen = [], subprocess.Popen

        def recorded(*args, **options):
            children.append(popen(*args, **options))
            return children[-1]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(process.subprocess, "Popen", recorded)
            with pytest.raises(RunError, match=r"mdrun failed \(exit -9\)(?s:.*)call again to go on"):
                run(task, frequent=True, progress=lambda step: children[-1].kill() if condition(step) else None)

    return kill


@pytest.fixture(scope="session")
def _stopped(make_task, kill_at, work_of, tmp_path_factory):
    task = make_task(tmp_path_factory.mktemp("stopped"))
    kill_at(task, lambda _step: (work_of(task) / "state_prev.cpt").exists())
    return task


@pytest.fixture
def stopped(_stopped, work_of, tmp_path):
    """A task whose mdrun was killed in the middle: outputs, a checkpoint and the one before (the test's own copy)."""
    shutil.copytree(work_of(_stopped), tmp_path / "seg.partial")
    return replace(_stopped, directory=tmp_path / "seg")


@pytest.fixture
def check(undisturbed, work_of):
    """A function: the segment is finished, and what it holds is what the undisturbed run holds."""

    def check(task):
        manifest = runner.done(task.directory)
        assert manifest is not None
        assert manifest["frames"] == task.last_step // 10 + 1
        assert not work_of(task).exists()
        for name in ("md.xtc", "md.edr"):
            assert (task.directory / name).read_bytes() == (undisturbed(task.last_step) / name).read_bytes(), name

    return check


@pytest.fixture
def no_launch(monkeypatch):
    monkeypatch.setattr(process, "launch", lambda *_args, **_options: pytest.fail("mdrun was launched"))


@pytest.fixture(scope="session")
def work_of():
    """A function: task -> the directory in which it is at work."""
    return lambda task: task.directory.with_name(task.directory.name + ".partial")


@pytest.fixture(scope="session")
def contents():
    """A function: directory -> name and bytes of every file that holds results."""
    notes = ("lock", "mdrun.out", "sealed.json")
    return lambda directory: {p.name: p.read_bytes() for p in directory.iterdir() if p.name not in notes}


@pytest.fixture(scope="session")
def in_child():
    """A function: call something in a process of its own -> (exit code, what it raised as text)."""

    def in_child(function):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            code = 70
            try:
                function()
                code = 0
            except BaseException as error:
                os.write(writer, f"{type(error).__name__}: {error}".encode()[:60_000])
            finally:
                os._exit(code)
        os.close(writer)
        with open(reader, "rb") as said:
            text = said.read().decode()
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), text

    return in_child
