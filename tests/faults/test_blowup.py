"""A system that blows up ends with GROMACS' own words; nothing is counted as done, now or at the next call."""

from dataclasses import replace

import pytest
from janus_pore.errors import RunError
from janus_pore.simulate import ensemble, prepare, runner


@pytest.fixture
def overlapping(lab, tmp_path):
    """A start in which one water lies on another."""
    path = ensemble.start_frame(lab.scale, lab.campaign, "mosse", 0, tmp_path / "start.gro")
    lines = path.read_text().splitlines()
    first = next(k for k, line in enumerate(lines) if line[8:15].strip() == "OW")
    for k in range(first, first + 3):
        lines[k + 3] = lines[k + 3][:20] + lines[k][20:]
    path.write_text("\n".join(lines) + "\n")
    return path


def refused_twice(task, run, words):
    for _ in range(2):
        with pytest.raises(RunError, match=words):
            run(task)
        assert not task.directory.exists()
        assert runner.done(task.directory) is None


def test_overlapping_atoms(lab, make_task, run, overlapping, tmp_path):
    task = make_task(tmp_path)
    options = prepare.dynamics(lab.scale.md, 100, fresh_velocities_seed=1, seed=1, field=prepare.FIELD_OFF)
    tpr = prepare.run_input(lab.gmx, tmp_path / "bad.tpr", options, overlapping, lab.built)
    refused_twice(
        replace(task, tpr=tpr, last_step=100), run,
        r"mdrun failed(?s:.*)potential energy is .* extremely high(?s:.*)another start or a shorter time step",
    )  # fmt: skip


def test_a_time_step_fifty_times_too_long(lab, make_task, run, tmp_path):
    task = make_task(tmp_path)
    start = ensemble.start_frame(lab.scale, lab.campaign, "mosse", 0, tmp_path / "start.gro")
    options = prepare.dynamics(lab.scale.md, 100, fresh_velocities_seed=1, seed=1, field=prepare.FIELD_OFF)
    options |= {"dt": 0.1, "verlet-buffer-tolerance": -1, "rlist": 0.95, "tau-t": "5 5"}
    tpr = prepare.run_input(lab.gmx, tmp_path / "bad.tpr", options, start, lab.built)
    task = replace(task, tpr=tpr, last_step=100, timestep_ps=0.1, interval_ps=1.0)
    refused_twice(task, run, r"mdrun failed(?s:.*)another start or a shorter time step")
