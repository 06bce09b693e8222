"""What was written last may be cut short by a crash of the machine: one message says which file, and what to do."""

import json
import shutil

import numpy as np
import pytest
import xarray as xr
from janus_pore.build import system as cell
from janus_pore.errors import CellError, JanusPoreError, RunError, TrajectoryError
from janus_pore.files import sha256
from janus_pore.paths import Campaign
from janus_pore.reduce import store
from janus_pore.reduce.record import read_manifest
from janus_pore.simulate import ensemble, manifest, prepare, status


def cut(path, share=0.5):
    """Leave a share of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_manifest_that_status_reads(lab, tmp_path, share):
    segment = Campaign(tmp_path).replica("mosse", "sweep", 0) / "seg01"
    segment.mkdir(parents=True)
    (segment / "manifest.json").write_text('{"steps": [0, 100], "frames": 11}'[: int(share * 30)])
    with pytest.raises(RunError, match=r"seg01/manifest\.json is damaged: delete .*seg01 to run this segment again"):
        status.progress(lab.scale, Campaign(tmp_path))


def test_the_record_of_a_run_input(lab, chain, replicas, tmp_path):
    """Without it the run input is made again, from the same; GROMACS does not always write the same bytes."""
    (tpr, options), *_ = ensemble.run_inputs(lab.scale, lab.campaign, "mosse", chain, 0)
    place = shutil.copytree(tpr.parent, tmp_path / "tpr")
    record = place / "seg00.json"
    made = json.loads(record.read_text())
    cut(record)
    how = (lab.gmx, place / tpr.name, options, place / "start.gro", lab.built)
    with pytest.raises(RunError, match=r"seg00\.json is damaged: restore it, or delete it, and seg00\.tpr"):
        prepare.run_input(*how)
    record.unlink()
    (place / tpr.name).unlink()
    assert prepare.run_input(*how).exists() and json.loads(record.read_text()) == made


def test_the_record_of_a_system(lab, tmp_path):
    """Without it the system is built again, the same to the byte."""
    place = shutil.copytree(lab.built, tmp_path / "mosse")
    record, names = place / "system.json", ("conf.gro", "topol.top", "index.ndx", "system.json")
    cut(record)
    for read in (lambda: cell.write(lab.scale.systems["mosse"], place), lambda: ensemble.degrees_of_freedom(place)):
        with pytest.raises(CellError, match=r"system\.json is damaged: delete it and build the system again"):
            read()
    record.unlink()
    with pytest.raises(CellError, match="is not there: build the system first"):
        ensemble.degrees_of_freedom(place)
    cell.write(lab.scale.systems["mosse"], place)
    assert [sha256(place / name) for name in names] == [sha256(lab.built / name) for name in names]


def test_records_that_are_valid_json_and_no_records(lab, tmp_path):
    """Edited, or of another program: the message names the file and what it lacks."""
    place = shutil.copytree(lab.built, tmp_path / "mosse")
    for content, lacks in (
        ("{}", r" \(parameters: field required\)"),
        ('{"parameters": {}, "atoms": 1, "counts": {"K": 1}}', r" \(counts\.SOL: field required\)"),
        ("[]", r" \(input should be an object\)"),
    ):
        (place / "system.json").write_text(content)
        with pytest.raises(
            CellError, match=rf"system\.json is damaged: delete it and build the system again.*{lacks}$"
        ):
            ensemble.degrees_of_freedom(place)
    (place / "manifest.json").write_text("{}")
    with pytest.raises(RunError, match=r"manifest\.json is damaged: delete .* \(steps: field required\)"):
        manifest.done(place)


def otherwise(record):
    """The record with one of its values after the other, at any depth, of another type or gone."""
    for key in record:
        for value in (None, [], {}, "x", [None]):
            yield record | {key: value}
        yield {k: v for k, v in record.items() if k != key}
        if isinstance(record[key], dict):
            yield from (record | {key: inner} for inner in otherwise(record[key]))


def test_values_of_another_type(lab, chain, replicas, tmp_path):
    """Whatever stands in a record, who reads it gets what there is to read, or one message that names the file."""
    place = lab.campaign.replica("mosse", chain.name, 0)
    shutil.copytree(place / "seg01", tmp_path / "seg01")
    shutil.copytree(lab.campaign.equilibration("mosse") / "minimise", tmp_path / "minimise")
    shutil.copytree(lab.built, tmp_path / "mosse")
    shutil.copytree(place / "tpr", tmp_path / "tpr")
    (tpr, options), *_ = ensemble.run_inputs(lab.scale, lab.campaign, "mosse", chain, 0)
    readers = {
        tmp_path / "seg01" / "manifest.json": lambda: manifest.done(tmp_path / "seg01"),
        tmp_path / "mosse" / "system.json": lambda: (
            ensemble.degrees_of_freedom(tmp_path / "mosse"), cell.write(lab.scale.systems["mosse"], tmp_path / "mosse"),
        ),
        tmp_path / "tpr" / tpr.with_suffix(".json").name: lambda: prepare.run_input(
            lab.gmx, tmp_path / "tpr" / tpr.name, options, tmp_path / "tpr" / "start.gro", lab.built
        ),
    }  # fmt: skip
    for path, read in readers.items():
        whole = json.loads(path.read_text())
        read()
        refused = 0
        for damaged in otherwise(whole):
            path.write_text(json.dumps(damaged))
            try:
                read()
            except JanusPoreError as error:
                refused += str(path.parent) in str(error)
        assert refused > 20


def test_the_manifest_of_a_shipped_replica(tmp_path):
    (tmp_path / "r000.json").write_text('{"files": {"r0')
    with pytest.raises(TrajectoryError, match=r"r000\.json is damaged: restore it from git, or delete it and ship"):
        read_manifest(tmp_path / "r000.nc")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_reduced_data(tmp_path, share):
    path, values = tmp_path / "r001.nc", np.random.default_rng(0).random(1000)
    store.write(xr.Dataset({"time": ("frame", np.arange(1000.0)), "current": ("frame", values)}), path)
    cut(path, share)
    with pytest.raises(TrajectoryError, match=r"r001\.nc is damaged: delete it and make it again"):
        store.read(path)


@pytest.mark.parametrize(("name", "value"), [("trajectories_sha256", 5), ("discard_ps", [1.0, 2.0]), ("asked", 1.5)])
def test_reduced_data_with_attributes_of_another_type(tmp_path, name, value):
    path = tmp_path / "r001.nc"
    store.write(xr.Dataset({"time": ("frame", np.arange(10.0))}, attrs={"kind": "constant", name: value}), path)
    with pytest.raises(TrajectoryError, match=rf"r001\.nc is damaged \(its {name} is of another type\): delete it"):
        store.read(path)
