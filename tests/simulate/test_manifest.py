"""Manifests of segments: which builds ran them."""

from janus_pore.simulate.manifest import _speed, builds

OLD, NEW, OTHER = ({"version": version, "simd": "AVX2_256", "gpu": "disabled"} for version in ("2021", "2022", "2023"))


def test_each_build_comes_once_and_the_last_one_last():
    assert builds([{"gromacs": NEW}, {"gromacs": NEW}]) == [NEW]
    assert builds([{"gromacs": OLD}, {"gromacs": NEW, "gromacs_before": [OTHER, OLD]}]) == [OTHER, OLD, NEW]
    assert builds([{"gromacs": NEW}, {"gromacs": OLD}, {"gromacs": NEW}]) == [OLD, NEW]


def test_a_launch_without_steps_left_does_not_give_the_speed(tmp_path):
    """Once the last one did: a run resumed at its last step asked for hours of walltime for minutes of work."""
    (tmp_path / "md.log").write_text("Performance:       30.867        0.778\nPerformance:        0.412       58.252\n")
    assert _speed(tmp_path / "md.log") == {"ns_per_day": 30.867}
    (tmp_path / "md.log").write_text("killed")
    assert _speed(tmp_path / "md.log") == {}
