"""Replicas side by side: who is in a pack, on which cores, what happens when one fails, and the shared GPU."""

import os
import signal
import stat
import sys
import threading
import time

import pytest
import yaml
from janus_pore import cli
from janus_pore.errors import RunError
from janus_pore.reduce import replica
from janus_pore.simulate import pack, process
from janus_pore.simulate.gmx import Gmx, find

CUDA = Gmx("/opt/gmx", "2024.5", "AVX_512", "CUDA")


class TestMembers:
    def test_packs_cover_all_replicas_once(self):
        assert [pack.members(p, 4, range(10)) for p in range(3)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]

    def test_an_empty_pack_is_refused(self):
        with pytest.raises(RunError, match="pack 3 of 4 holds none of the 10 replicas"):
            pack.members(3, 4, range(10))


@pytest.mark.parametrize(
    ("side", "lanes"), [(1, [[0, 1, 2, 3, 4]]), (2, [[0, 2, 4], [1, 3]]), (8, [[0], [1], [2], [3], [4]])]
)
def test_lanes_run_side_by_side_and_in_each_one_after_the_other(make_scale, side, lanes):
    assert pack.lanes(range(5), make_scale(ensemble__replicas_per_job=side).ensemble) == lanes


def test_cores_do_not_overlap_and_are_the_jobs_own(monkeypatch):
    """Once wrong: offsets counted from the node's first core, so two jobs on a node would have shared cores."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {32, 33, 40, 41, 42, 43, 50, 51})
    assert pack.own_cores(4, 2) == [{32, 33}, {40, 41}, {42, 43}, {50, 51}]
    with pytest.raises(RunError, match="need 9 cores, and 8 are here"):
        pack.own_cores(3, 3)


def test_where_there_are_more_cores_than_a_job_needs_none_are_taken(monkeypatch):
    """Once wrong: two jobs beside each other, each free to use the machine, both counted from its first core."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)))
    assert pack.own_cores(4, 2) == [None] * 4


def test_mps_counts_the_gpus_that_it_was_shown(monkeypatch, tmp_path):
    daemon = tmp_path / pack.MPS
    daemon.write_text("#!/bin/sh\nexit 0\n")
    daemon.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for shown, inside in (("3", "0"), ("GPU-1f,GPU-2a", "0,1"), ("", "")):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)
        with pack.shared_gpu(True) as started:
            assert started and os.environ["CUDA_VISIBLE_DEVICES"] == inside
        assert os.environ["CUDA_VISIBLE_DEVICES"] == shown


ANY = os.sched_getaffinity(0)


class TestSideBySide:
    def test_one_that_fails_does_not_stop_the_others(self, tmp_path):
        script = "import pathlib, sys; pathlib.Path(sys.argv[1]).touch(); sys.exit(int(sys.argv[2]))"
        commands = [
            [sys.executable, "-c", script, str(tmp_path / f"{k}"), f"{code}"] for k, code in enumerate((0, 3, 0))
        ]
        assert pack.side_by_side(commands, [ANY] * 3) == [0, 3, 0]
        assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1", "2"]

    def test_they_run_at_the_same_time(self, tmp_path):
        """Each waits for the file that the other makes: one after the other would never end."""
        script = (
            "import pathlib, sys, time\npathlib.Path(sys.argv[1]).touch()\n"
            "while not pathlib.Path(sys.argv[2]).exists(): time.sleep(0.01)"
        )
        names = [str(tmp_path / "a"), str(tmp_path / "b")]
        commands = [[sys.executable, "-c", script, *order] for order in (names, names[::-1])]
        assert pack.side_by_side(commands, [ANY] * 2) == [0, 0]

    def test_each_keeps_to_its_own_cores(self, tmp_path):
        script = "import os, pathlib, sys; pathlib.Path(sys.argv[1]).write_text(str(sorted(os.sched_getaffinity(0))))"
        own = [{core} for core in sorted(ANY)[:2]]
        commands = [[sys.executable, "-c", script, str(tmp_path / f"{k}")] for k in range(len(own))]
        assert pack.side_by_side(commands, own) == [0] * len(own)
        assert [(tmp_path / f"{k}").read_text() for k in range(len(own))] == [str(sorted(cores)) for cores in own]

    def test_sigterm_reaches_every_one_and_the_handler_is_given_back(self, tmp_path):
        before = signal.getsignal(signal.SIGTERM)
        sleeper = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"
        commands = [[sys.executable, "-c", sleeper, str(tmp_path / f"{k}")] for k in range(2)]

        def stop():
            while len(list(tmp_path.iterdir())) < 2:
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=stop).start()
        assert pack.side_by_side(commands, [ANY] * 2) == [-signal.SIGTERM, -signal.SIGTERM]
        assert signal.getsignal(signal.SIGTERM) is before

    def test_each_is_signalled_once(self, tmp_path):
        """Once a signal to all processes of a job reached mdrun three times, and at the third it writes no state."""
        script = (
            "import pathlib, signal, sys, time\ncame = []\n"
            "signal.signal(signal.SIGTERM, lambda *_: came.append(1))\npathlib.Path(sys.argv[1]).touch()\n"
            "while not came: time.sleep(0.01)\n"
            "time.sleep(0.5)\nsys.exit(len(came))"
        )
        commands = [[sys.executable, "-c", script, str(tmp_path / f"{k}")] for k in range(2)]

        def stop():
            while len(list(tmp_path.iterdir())) < 2:
                time.sleep(0.01)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
                os.kill(os.getpid(), number)
                time.sleep(0.05)

        threading.Thread(target=stop).start()
        assert pack.side_by_side(commands, [ANY] * 2) == [1, 1]


class TestSharedGpu:
    @pytest.fixture
    def control(self, tmp_path, monkeypatch):
        """A stand-in for MPS' control program that writes down how it was called."""
        place, log = tmp_path / "bin", tmp_path / "log"
        place.mkdir()
        program = place / pack.MPS
        program.write_text(f'#!/bin/sh\necho "$1 $CUDA_MPS_PIPE_DIRECTORY" >> {log}\n[ "$1" = -d ] || cat >> {log}\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{place}:{os.environ['PATH']}")
        return log

    def test_started_before_and_stopped_after_with_directories_of_its_own(self, control):
        with pack.shared_gpu(True) as started:
            assert started and os.environ["CUDA_MPS_PIPE_DIRECTORY"]
            place = os.environ["CUDA_MPS_PIPE_DIRECTORY"]
        assert control.read_text().splitlines() == [f"-d {place}", f" {place}", "quit"]
        assert "CUDA_MPS_PIPE_DIRECTORY" not in os.environ and not os.path.exists(place)

    def test_nothing_happens_where_it_is_not_wanted_or_not_there(self, control, monkeypatch):
        with pack.shared_gpu(False) as started:
            assert not started
        monkeypatch.setenv("PATH", "/nowhere")
        with pack.shared_gpu(True) as started:
            assert not started
        assert not control.exists()


class TestFlags:
    """What GROMACS is told follows from its build and from the devices, and nothing is left to its own choice."""

    def flags(self, gmx, tmp_path, **options):
        return " ".join(process.mdrun(gmx, tmp_path / "x.tpr", 4, **options))

    def test_a_cuda_build_with_a_gpu(self, monkeypatch, tmp_path):
        monkeypatch.setattr(process, "gpu_present", lambda: True)
        assert "-nb gpu -pme gpu -bonded cpu" in self.flags(CUDA, tmp_path)
        assert "-update cpu" in self.flags(CUDA, tmp_path) and "-notunepme" in self.flags(CUDA, tmp_path)
        assert "-nb gpu -pme cpu -bonded cpu" in self.flags(CUDA, tmp_path, dynamics=False)

    def test_a_cuda_build_without_a_gpu(self, monkeypatch, tmp_path):
        monkeypatch.setattr(process, "gpu_present", lambda: False)
        assert "-nb cpu -pme cpu" in self.flags(CUDA, tmp_path)

    def test_a_cpu_build_is_not_asked_for_what_it_does_not_know(self, gromacs, tmp_path):
        assert gromacs.has_gpu_code or "-nb" not in self.flags(gromacs, tmp_path)

    @pytest.mark.parametrize(
        ("support", "listed", "flags"),
        [
            ("CUDA", True, "-nb gpu -pme gpu -bonded cpu"),
            ("OpenCL", True, "-nb gpu -pme gpu -bonded cpu"),
            ("CUDA", False, "-reprod -nb cpu -pme cpu"),
            ("disabled", True, "-reprod"),
        ],
    )
    def test_from_what_gmx_says_of_itself_to_flags(self, monkeypatch, tmp_path, support, listed, flags):
        """A stand-in for gmx that prints its build, and one for nvidia-smi that lists a device or none."""
        said = f"GROMACS version:    2024.5\\nGPU support:        {support}\\nMPI library:        thread_mpi\\n"
        for name, answer in (("gmx", said), ("nvidia-smi", "GPU 0: a device" if listed else "none")):
            (tmp_path / name).write_text(f"#!/bin/sh\nprintf '{answer}'\n")
            (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        monkeypatch.setenv("GMX", str(tmp_path / "gmx"))
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        asked = self.flags(find(), tmp_path)
        assert asked.endswith(flags) and "-update cpu" in asked

    @pytest.mark.parametrize("hidden", ["", "-1", "NoDevFiles"])
    def test_a_hidden_gpu_is_none(self, monkeypatch, hidden):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
        assert process.gpu_present() is False

    @pytest.mark.parametrize(("listed", "there"), [("GPU 0: some device (UUID: x)", True), ("No devices found", False)])
    def test_nvidia_smi_is_asked(self, monkeypatch, tmp_path, listed, there):
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\necho '{listed}'\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        assert process.gpu_present() is there


def test_two_replicas_side_by_side_for_real(lab, settings, tmp_path, capfd, monkeypatch):
    """Through the command line, with the cell that is equilibrated already: both end.

    Once broke: Snakemake sets OMP_NUM_THREADS to the threads of the whole job, and mdrun on a part of them refused.
    """
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    settings["ensemble"]["replicas_per_job"] = 2
    settings["analysis"]["discard_ps"] = 0.1
    settings["protocols"] = {
        "hold": {"kind": "constant", "systems": ["mosse"], "fields_v_nm": [0.4], "duration_ps": 0.2}
    }
    path = tmp_path / "test.yml"
    path.write_text(yaml.safe_dump(settings))
    for part in ("systems", "mosse"):
        (tmp_path / "runs" / "test" / part).mkdir(parents=True)
    (tmp_path / "runs" / "test" / "systems" / "mosse").symlink_to(lab.built)
    (tmp_path / "runs" / "test" / "mosse" / "equilibrate").symlink_to(lab.campaign.equilibration("mosse"))
    asked = [str(path), "--runs", str(tmp_path / "runs"), "--system", "mosse", "--protocol", "hold_+0.40"]
    assert cli.main(["pack", *asked, "--pack", "0", "--threads", "2", "--done", str(tmp_path / "done")]) == 0
    assert (tmp_path / "done").exists()
    for k in range(2):
        place = tmp_path / "runs" / "test" / "mosse" / "hold_+0.40" / f"r{k:03d}" / "seg01"
        said = (place / "md.log").read_text()
        assert "-ntomp 1" in said and "-pin off" in said
        assert cli.main(["reduce", *asked, "--replica", str(k)]) == 0
        assert replica.read(place.parent.with_suffix(".nc")).sizes["interval"] == 10
    assert cli.main(["pack", *asked, "--pack", "7"]) == 1
    assert "pack 7 of 2 holds none" in capfd.readouterr().err
