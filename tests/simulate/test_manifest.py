"""Manifests of segments: which builds ran them."""

from janus_pore.simulate.manifest import builds

OLD, NEW, OTHER = ({"version": version, "simd": "AVX2_256", "gpu": "disabled"} for version in ("2021", "2022", "2023"))


def test_each_build_comes_once_and_the_last_one_last():
    assert builds([{"gromacs": NEW}, {"gromacs": NEW}]) == [NEW]
    assert builds([{"gromacs": OLD}, {"gromacs": NEW, "gromacs_before": [OTHER, OLD]}]) == [OTHER, OLD, NEW]
    assert builds([{"gromacs": NEW}, {"gromacs": OLD}, {"gromacs": NEW}]) == [OLD, NEW]
