"""The price of a campaign adds up, and what is done is counted from the manifests."""

import numpy as np
import pytest
from janus_pore import config
from janus_pore.build import system as cell
from janus_pore.files import write_json
from janus_pore.paths import Campaign, repository
from janus_pore.simulate import plan, status
from janus_pore.simulate.field import Protocol, Segment
from janus_pore.simulate.protocols import protocols_of
from MDAnalysis.lib.formats.libmdaxdr import XTCFile


@pytest.fixture(scope="module")
def paper():
    return config.load(repository() / "config" / "paper.yml")


@pytest.fixture
def campaign(tmp_path):
    return Campaign.of("paper", tmp_path)


def test_the_papers_campaign_by_hand(paper, campaign):
    table = plan.plan(paper, campaign, plan.speeds(paper, "mosse", 50.0)).set_index(["system", "protocol"])
    sweep = table.loc[("mosse", "sweep")]
    assert sweep.replicas == 10 and sweep.ns == pytest.approx(10 * (50_000 + 10) / 1000)
    assert sweep.run_hours == pytest.approx(24 * sweep.ns / 50.0)
    assert sweep.core_hours == pytest.approx(sweep.run_hours * paper.ensemble.cores_per_run)
    assert table.loc[("mosse", "ppf")].ns == pytest.approx(150 * (10 + 95) / 1000)
    bytes_per_atom = 3.75 + 1.3  # of positions to 1e-4 nm, stored every ps
    assert table.loc[("mosse", "sweep")].disk_gb == pytest.approx(bytes_per_atom * 25_097 * 500_100 / 1e9, rel=0.01)
    runs = sum(len(protocols_of(paper, system)) for system in paper.systems)
    assert (table.done == 0).all() and len(table) == len(paper.systems) + runs + 1


def test_disk_follows_the_resolution_of_stored_positions(paper, tmp_path):
    """Against XTC files written here, of the cell itself."""
    atoms = cell.fill(config.load(repository() / "config" / "tiny.yml").systems["mosse"])
    x, rng = atoms.positions_nm, np.random.default_rng(1)
    for resolution in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6):
        with XTCFile(str(tmp_path / "a.xtc"), "w") as out:
            moved = (x + rng.normal(0, 0.01, x.shape)).astype(np.float32)
            out.write(moved, np.diag(atoms.box_nm).astype(np.float32), 0, 0.0, round(1 / resolution))
        md = paper.md.model_copy(update={"trajectory_resolution_nm": resolution, "trajectory_interval_ps": 1.0})
        size = (tmp_path / "a.xtc").stat().st_size / 1e9
        assert plan.frame_gb(md, len(x)) == pytest.approx(size, rel=0.08)


def test_the_engines_checks_are_counted(paper, campaign):
    """Settling, two thermostats, three time steps, three fields."""
    asked = paper.engine
    row = plan.plan(paper, campaign, plan.speeds(paper, "mosse", 50.0)).iloc[-1]
    lengths = [asked.settle_ps, *[asked.nvt_ps] * 2, *[asked.nve_ps] * 3, *[asked.field_ps] * 3]
    assert (row.system, row.protocol, row.replicas) == ("engine", "checks", len(lengths))
    assert row.ns == pytest.approx(sum(lengths) / 1000)
    assert 0 < row.run_hours < 24 * row.ns / 50.0  # far fewer atoms, though some time steps are shorter
    finish(campaign.engine() / "settle", 0, 10)
    (campaign.engine() / "nve-1fs.partial").mkdir()
    line = status.progress(paper, campaign).iloc[-1]
    assert (line.replicas, line.begun) == ("1/9", "engine/nve-1fs.partial")
    assert line.finished_ps == asked.settle_ps and line.asked_ps == pytest.approx(sum(lengths))


def test_the_speed_of_other_systems_goes_with_their_atoms(paper):
    speeds = plan.speeds(paper, "mosse", 50.0)
    assert speeds["mosse"] == 50.0 and set(speeds) == set(paper.systems)
    assert all(value == pytest.approx(50.0, rel=0.02) for value in speeds.values())


def finish(directory, first, last):
    directory.mkdir(parents=True)
    write_json(directory / "manifest.json", {"steps": [first, last]})


def test_finished_segments_count_and_begun_ones_are_named(paper, campaign):
    finish(campaign.equilibration("mosse") / "nvt", 0, 10_000_000)
    place = campaign.replica("mosse", "ppf", 7)
    finish(place / "seg00", 0, 10_000)
    finish(place / "seg01", 10_000, 30_000)
    (place / "seg02.partial").mkdir()
    rows = status.progress(paper, campaign).set_index(["system", "protocol"])
    assert rows.loc[("mosse", "equilibrate")].replicas == "1/1"
    assert rows.loc[("mosse", "ppf")].finished_ps == 30.0 and rows.loc[("mosse", "ppf")].replicas == "0/150"
    assert rows.loc[("mosse", "ppf")].begun == "r007/seg02.partial"
    table = plan.plan(paper, campaign, plan.speeds(paper, "mosse", 50.0)).set_index(["system", "protocol"])
    assert table.loc[("mosse", "ppf")].done == pytest.approx(30 / (150 * 105))
    assert table.loc[("mosse", "equilibrate")].done == 1.0


def test_a_finished_replica_is_counted_whole(paper, campaign):
    for k, last in enumerate([10_000, 30_000, 80_000]):
        finish(campaign.replica("mosse", "relax_up", 0) / f"seg{k:02d}", [0, 10_000, 30_000][k], last)
    for k in range(3, 8):
        finish(campaign.replica("mosse", "relax_up", 0) / f"seg{k:02d}", 30_000, 80_000)
    rows = status.progress(paper, campaign).set_index(["system", "protocol"])
    assert rows.loc[("mosse", "relax_up")].replicas == "1/10"


def test_segments_that_were_moved_away_do_not_count(paper, campaign):
    """Once a replica was whole in `status` and `plan` while a segment of it was to be run again."""
    place = campaign.replica("mosse", "relax_up", 0)
    for name in ("seg01", "seg02.away2", "seg02_old1", "seg99"):
        finish(place / name, 10_000, 30_000)
    rows = status.progress(paper, campaign).set_index(["system", "protocol"])
    assert rows.loc[("mosse", "relax_up")].finished_ps == 20.0


def test_segments_beyond_a_hundred_count(paper, campaign):
    place = campaign.replica("mosse", "train_long", 0)
    for k in (99, 100, 101):
        finish(place / f"seg{k:02d}", 1000 * k, 1000 * (k + 1))
    (place / "seg102.partial").mkdir()
    protocol = Protocol("train_long", "train", (Segment(0.0, 1.0),) * 102, ("mosse",))
    ps = status.finished_ps(paper, campaign, "mosse", protocol, replicas=[0])
    assert ps == pytest.approx(3 * 1000 * paper.md.timestep_fs / 1000)


def test_the_probe_measures_the_real_cell(gromacs):
    """Debian's GROMACS makes some tens of ns a day of 2,300 atoms; anything absurd means that the parsing broke."""
    tiny = config.load(repository() / "config" / "tiny.yml")
    assert 0.5 < plan.probe(tiny, "mosse", gromacs, seconds=3) < 5000


def test_the_speed_is_not_asked_of_gromacs_when_it_is_given(capsys, tmp_path, monkeypatch):
    from janus_pore import cli

    monkeypatch.setattr(plan, "probe", lambda *args: pytest.fail("the probe ran"))
    tiny = str(repository() / "config" / "tiny.yml")
    assert cli.main(["plan", tiny, "--runs", str(tmp_path), "--ns-per-day", "100"]) == 0
    assert "at 100 ns/day" in capsys.readouterr().out
