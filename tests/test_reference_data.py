"""What ships is small, whole and traceable."""

import json

import pytest
from janus_pore import config
from janus_pore.files import sha256
from janus_pore.paths import Campaign, repository
from janus_pore.reduce import checked
from janus_pore.reduce.record import read_manifest
from janus_pore.show.book import toc_entries
from janus_pore.simulate.protocols import protocols_of, replicas_of

SHELF = repository() / "data" / "reference"
FILES = sorted(SHELF.glob("*/*/*/r*.nc"))
SCALES = sorted(SHELF.glob("*/scale.yml"))


def test_there_is_some_and_it_is_small():
    assert FILES and sum(path.stat().st_size for path in SHELF.rglob("*") if path.is_file()) <= 60e6


@pytest.mark.parametrize("scale_file", SCALES, ids=lambda path: path.parent.name)
def test_every_replica_matches_its_manifest_and_its_scale(scale_file):
    scale = config.load(scale_file)
    assert scale.scale == scale_file.parent.name
    for path in sorted(scale_file.parent.glob("*/*/r*.nc")):
        manifest = read_manifest(path)
        for name, digest in manifest["files"].items():
            assert sha256(path.parent / name) == digest, path
        system, protocol = manifest["system"], protocols_of(scale, manifest["system"])[manifest["protocol"]]
        assert path.parent.name == protocol.name and path.parent.parent.name == system
        assert manifest["replica"] in replicas_of(scale, protocol)
        assert manifest["parameters"]["system"] == scale.systems[system].model_dump()
        assert manifest["hours"] > 0 and manifest["commit"] and manifest["gromacs"]["version"]
        assert "host" not in manifest and len(manifest["segments"]) == len(protocol.segments)


@pytest.mark.parametrize("path", sorted(SHELF.glob("*/engine.nc")), ids=lambda path: path.parent.name)
def test_checks_of_the_engine_match_their_manifest_and_scale(path, tmp_path):
    scale, manifest = config.load(path.parent / "scale.yml"), json.loads(path.with_suffix(".json").read_text())
    assert checked.collect(path.parent, Campaign.of(scale.scale, tmp_path)) is not None
    assert manifest["parameters"]["engine"] == scale.engine.model_dump()
    assert manifest["parameters"]["md"] == scale.md.model_dump() and manifest["commit"]
    assert f"reference/{scale.scale}/02_simulate/03_engine_checks" in toc_entries(repository() / "book" / "_toc.yml")


def test_every_shipped_scale_has_a_page():
    toc = (repository() / "book" / "_toc.yml").read_text()
    assert all(f"reference/{path.parent.name}/" in toc for path in SCALES)
