"""A result says which commit, scale and trajectories it came from."""

import pytest
import xarray as xr
from janus_pore.show import provenance
from janus_pore.testsystems import PulsedPore


def test_the_record_names_scale_engine_and_every_trajectory():
    data = [xr.Dataset(attrs={"gromacs": "2022.5", "trajectories_sha256": "bb aa"})]
    record = provenance.provenance("config/tiny.yml", data)
    assert record["trajectories_sha256"] == ["aa", "bb"] and record["gromacs"] == ["2022.5"]
    assert record["scale_file"] == "tiny.yml" and len(record["scale_file_sha256"]) == 64
    assert "2 trajectories (2022.5), tiny.yml" in provenance.line("config/tiny.yml", data)


def test_nanoseconds_are_counted_over_replicas_and_segments():
    data = PulsedPore(replicas=4, delays_ps=(1.0, 5.0), prime_ps=2.0, pulse_ps=5.0).sample(0)
    data = data.assign_attrs(gromacs="2022.5", trajectories_sha256="aa bb")
    record = provenance.provenance("config/tiny.yml", [data, data])
    simulated = 4 * (2.0 + 5.0 + 5.0 + 2 * 5.0) / 1000  # prime, pulse 1, the longest gap, two second pulses
    assert record["replicas"] == 8 and record["simulated_ns"] == pytest.approx(2 * simulated)
    assert "of 8 replicas, 0.176 ns (2022.5)" in provenance.line("config/tiny.yml", [data, data])
