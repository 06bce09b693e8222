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
GROMACS version:    {version}
GPU support:        {gpu}
SIMD instructions:  AVX2_256
"""


def test_it_says_who_ran_and_how(tmp_path, monkeypatch):
    """Once it named the GROMACS, the options and the commit of the call that ended it, which may have run nothing."""
    log = LAUNCH.format(version="1", gpu="CUDA") * 2 + LAUNCH.format(version="1", gpu="disabled")
    for name in KEPT:
        (tmp_path / name).write_text(log if name == "md.log" else name)
    monkeypatch.setattr(manifest, "socket", SimpleNamespace(gethostname=lambda: "here"))
    run = {"inputs": {}, "steps": [0, 1], "frames": 1, "energy": {}}
    concluding, other = SimpleNamespace(version="2", simd="None", gpu="none"), ["gmx", "mdrun", "-ntomp", "9"]
    launches = [{"command": ["gmx", "mdrun", *how], "commit": one} for how, one in ((["-nb", "gpu"], "a"), ([], "b"))]
    found = of_run(tmp_path, concluding, other, run, {"started": "then", "launches": launches})
    build = {"version": "1", "simd": "AVX2_256", "gpu": "disabled"}
    assert found["gromacs"] == build and found["gromacs_before"] == [build | {"gpu": "CUDA"}]
    assert found["command"] == ["gmx", "mdrun"] and found["command_before"] == [["gmx", "mdrun", "-nb", "gpu"]]
    assert (found["commit"], found["commit_before"], found["started"]) == ("b", ["a"], "then")
    (tmp_path / "md.log").write_text("of nothing")
    found = of_run(tmp_path, concluding, other, run, {"started": "then"})
    assert found["gromacs"] == {"version": "2", "simd": "None", "gpu": "none"} and found["command"] == other
    assert not {"gromacs_before", "command_before", "commit_before"} & {*found}


def test_each_command_comes_once():
    found = each_once([{"command": ["a"]}, {"commit": "x"}, {"command": ["a"], "command_before": [["b"]]}], "command")
    assert found == [["b"], ["a"]]
