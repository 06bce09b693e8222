"""Shipped checks of the engine: traced to their runs, never overwritten, refused if they are not those runs'."""

import json

import numpy as np
import pytest
import xarray as xr
from janus_pore.build import bulk
from janus_pore.errors import RunError, TrajectoryError
from janus_pore.files import sha256
from janus_pore.paths import Campaign
from janus_pore.reduce import checked, store
from janus_pore.simulate.engine_checks import checks


@pytest.fixture
def ran(make_scale, fake_segment, tmp_path):
    """A scale, a campaign of it with all checks run and reduced, and its place on a shelf."""
    scale, campaign, digests = make_scale(), Campaign.of("test", tmp_path / "runs"), []
    for k, name in enumerate(checks(scale)):
        fake_segment(campaign.engine() / name, np.full((2, 1, 3), 0.1 * k), np.array([0.0, 0.1]), [2.0, 2.0, 2.0])
        digests.append(sha256(campaign.engine() / name / "md.xtc"))
    bulk.write(scale.systems["mosse"], scale.engine.edge_nm, campaign.engine() / "system")
    data = xr.Dataset({"total": ("time", [1.0, 2.0])}, attrs={"trajectories_sha256": " ".join(digests)})
    store.write(data, campaign.engine().with_suffix(".nc"))
    return scale, campaign, tmp_path / "shelf" / "test"


def test_they_come_with_a_manifest_and_read_like_a_campaign(ran, tmp_path):
    scale, campaign, place = ran
    assert checked.ship(scale, campaign, place, "abc1234")
    manifest = json.loads((place / "engine.json").read_text())
    assert manifest["files"] == {"engine.nc": sha256(place / "engine.nc")}
    assert [one["name"] for one in manifest["runs"]] == list(checks(scale))
    asked = scale.engine
    each = [asked.nvt_ps] * 2 + [asked.nve_ps] * len(asked.nve_timesteps_fs) + [asked.field_ps] * len(asked.fields_v_nm)
    assert manifest["simulated_ns"] == pytest.approx(sum(each) / 1000)
    assert manifest["parameters"]["engine"] == asked.model_dump() and manifest["shipped_by_commit"] == "abc1234"
    elsewhere = Campaign.of("test", tmp_path / "together")
    assert store.read(checked.collect(place, elsewhere)).total.values.tolist() == [1.0, 2.0]
    assert not checked.ship(scale, elsewhere, tmp_path / "other", "x")  # which was put together, not run
    (place / "engine.nc").unlink()
    assert checked.collect(place, elsewhere) is None and not elsewhere.engine().with_suffix(".nc").exists()


def test_those_that_are_there_stay_unless_cut_short(ran):
    scale, campaign, place = ran
    checked.ship(scale, campaign, place, "first")
    before = (place / "engine.json").read_text()
    assert not checked.ship(scale, campaign, place, "second") and (place / "engine.json").read_text() == before
    (place / "engine.json").unlink()
    assert checked.ship(scale, campaign, place, "second")


def test_data_of_other_runs_are_refused(ran, tmp_path):
    scale, campaign, place = ran
    first = campaign.engine() / next(iter(checks(scale)))
    first.rename(tmp_path / "away")
    with pytest.raises(
        TrajectoryError, match=r"not of the checks .* run those that are missing, and reduce them again"
    ):
        checked.ship(scale, campaign, place, "x")
    (tmp_path / "away").rename(first)
    (first / "md.xtc").write_bytes(b"other")
    with pytest.raises(RunError, match="changed"):
        checked.ship(scale, campaign, place, "x")
    assert not place.exists()


def test_altered_files_and_missing_manifests_are_refused(ran, tmp_path):
    scale, campaign, place = ran
    checked.ship(scale, campaign, place, "x")
    whole = (place / "engine.nc").read_bytes()
    (place / "engine.nc").write_bytes(whole + b" ")
    with pytest.raises(TrajectoryError, match=r"not the file its manifest describes: restore it \(git checkout"):
        checked.collect(place, campaign)
    (place / "engine.nc").write_bytes(whole)
    (place / "engine.json").unlink()
    with pytest.raises(TrajectoryError, match=r"engine\.json is missing: restore it"):
        checked.collect(place, campaign)
