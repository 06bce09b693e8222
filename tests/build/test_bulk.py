"""The bulk cube: counts by volume, nothing on top of anything, neutral, the same again from the same seed."""

import json

import MDAnalysis as mda
import numpy as np
import pytest
from janus_pore.build import bulk
from janus_pore.errors import CellError
from janus_pore.files import sha256
from scipy.spatial import cKDTree

EDGE = 2.0


@pytest.fixture(scope="module")
def config(make_scale):
    return make_scale().systems["mosse"]


def test_counts_by_hand(config):
    """1 mol/l in 64 nm3 is 39 pairs; their 28 cm3/mol leave room for the waters of pure water's density."""
    counts, positions = bulk.fill(config, 4.0)
    assert counts["K"] == counts["CL"] == round(0.602214 * 64) == 39
    assert counts["SOL"] == pytest.approx(33.361 * (64 - 39 * 28.0 / 602.214), abs=1)
    assert positions.shape == (3 * counts["SOL"] + 2 * counts["K"], 3)


def test_nothing_lies_on_top_of_anything(config):
    counts, positions = bulk.fill(config, EDGE)
    n = 3 * counts["SOL"]
    heavy = np.concatenate([positions[:n:3], positions[n:]]) % EDGE
    assert cKDTree(heavy, boxsize=EDGE).query(heavy, k=2)[0][:, 1].min() > 0.24
    ions = positions[n:] % EDGE
    assert cKDTree(ions, boxsize=EDGE).query(ions, k=2)[0][:, 1].min() > 0.5


def test_the_files_hold_the_cube_and_no_sheet(config, tmp_path):
    record = json.loads(bulk.write(config, EDGE, tmp_path).read_text())
    u = mda.Universe(str(tmp_path / "conf.gro"))
    assert len(u.atoms) == record["atoms"] and u.dimensions[:3] == pytest.approx([20.0] * 3)
    topology = (tmp_path / "topol.top").read_text()
    assert "MSH" not in topology and "nonbond_params" not in topology
    groups = (tmp_path / "index.ndx").read_text()
    assert "[ Mobile ]" in groups and "Sheet" not in groups


def test_written_once_and_other_parameters_are_refused(config, tmp_path):
    first = bulk.write(config, EDGE, tmp_path)
    digest = sha256(first)
    assert sha256(bulk.write(config, EDGE, tmp_path)) == digest
    bulk.write(config.model_copy(update={"membrane": "mos2"}), EDGE, tmp_path)  # the sheet plays no part
    with pytest.raises(CellError, match="edge_nm"):
        bulk.write(config, EDGE + 0.1, tmp_path)


def test_the_same_seed_gives_the_same_cube(config):
    other = config.model_copy(update={"seed": 2})
    first, again, different = (bulk.fill(c, EDGE)[1] for c in (config, config, other))
    assert np.array_equal(first, again) and not np.array_equal(first, different)
