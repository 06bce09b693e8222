"""Manifests of segments: which builds ran them."""

from types import SimpleNamespace

from janus_pore.simulate import manifest
from janus_pore.simulate.manifest import KEPT, _speed, builds, each_once, of_run

OLD, NEW, OTHER = ({"version": version, "simd": "AVX2_256", "gpu": "disabled"} for version in ("2021", "2022", "2023"))


def test_each_build_comes_once_and_the_last_one_last():
    assert builds([{"gromacs": NEW}, {"gromacs": NEW}]) == [NEW]
    assert builds([{"gromacs": OLD}, {"gromacs": NEW, "gromacs_before": [OTHER, OLD]}]) == [OTHER, OLD, NEW]
    assert builds([{"gromacs": NEW}, {"gromacs": OLD}, {"gromacs": NEW}]) == [OLD, NEW]


def test_a_launch_without_steps_left_does_not_give_the_speed():
    """Once the last one did: a run resumed at its last step asked for hours of walltime for minutes of work."""
    assert _speed("Performance:       30.867        0.778\nPerformance:        0.412       58.252\n") == {
        "ns_per_day": 30.867
    }
    assert _speed("killed") == {}


LAUNCH = """
Command line:
  {words}

GROMACS version:    {version}
GPU support:        {gpu}
SIMD instructions:  AVX2_256
"""


def test_the_log_says_who_ran_and_how(tmp_path, monkeypatch):
    """Once the manifest named the GROMACS and the options of the call that ended it, which may have run nothing."""
    gpu = LAUNCH.format(
        words="gmx -quiet mdrun -s '/a b/seg01.tpr' -v -nb gpu -maxh 1 -deffnm md", version="1", gpu="CUDA"
    )
    cpu = LAUNCH.format(
        words="/opt/gmx_mpi mdrun -s ../seg01.tpr -v -reprod -noappend -cpi x/state.cpt", version="1", gpu="disabled"
    )
    for name in KEPT:
        (tmp_path / name).write_text(gpu + gpu + cpu if name == "md.log" else name)
    monkeypatch.setattr(manifest, "socket", SimpleNamespace(gethostname=lambda: "here"))
    run = {"inputs": {}, "steps": [0, 1], "frames": 1, "energy": {}}
    concluding = SimpleNamespace(version="2", simd="None", gpu="none")
    found = of_run(tmp_path, concluding, ["gmx", "mdrun"], run, {"started": "then", "commits": ["a", "b"]})
    build = {"version": "1", "simd": "AVX2_256", "gpu": "disabled"}
    assert found["gromacs"] == build and found["gromacs_before"] == [build | {"gpu": "CUDA"}]
    assert found["command"] == ["gmx", "mdrun", "-s", "seg01.tpr", "-v", "-reprod"]
    assert found["command_before"] == [["gmx", "mdrun", "-s", "seg01.tpr", "-v", "-nb", "gpu"]]
    assert (found["commit"], found["commit_before"], found["started"]) == ("b", ["a"], "then")
    (tmp_path / "md.log").write_text("of nothing")
    found = of_run(tmp_path, concluding, ["gmx", "mdrun"], run, {"started": "then"})
    assert found["gromacs"] == {"version": "2", "simd": "None", "gpu": "none"} and found["command"] == ["gmx", "mdrun"]
    assert not {"gromacs_before", "command_before", "commit_before"} & {*found}


def test_each_command_comes_once():
    found = each_once([{"command": ["a"]}, {"commit": "x"}, {"command": ["a"], "command_before": [["b"]]}], "command")
    assert found == [["b"], ["a"]]
