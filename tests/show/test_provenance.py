"""A result says which commit, scale and trajectories it came from."""

import xarray as xr
from janus_pore.paths import repository
from janus_pore.show import provenance


def test_the_record_names_scale_engine_and_every_trajectory():
    data = [xr.Dataset(attrs={"gromacs": "2022.5", "trajectories_sha256": "bb aa"})]
    record = provenance.provenance("config/tiny.yml", data)
    assert record["trajectories_sha256"] == ["aa", "bb"] and record["gromacs"] == ["2022.5"]
    assert record["scale_file"] == "tiny.yml" and len(record["scale_file_sha256"]) == 64
    assert "2 trajectories (2022.5), tiny.yml" in provenance.line("config/tiny.yml", data)


def test_outside_a_checkout_the_commit_is_unknown(monkeypatch, tmp_path):
    monkeypatch.setattr(provenance, "repository", lambda: tmp_path)
    assert provenance.commit() == "unknown"
    monkeypatch.undo()
    known = provenance.commit()
    assert known == "unknown" or (repository() / ".git").exists()
