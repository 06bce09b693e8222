"""Shipped replicas are taken over, not run again; what this campaign has begun, or what was run otherwise, is not."""

import json
import shutil

import pytest
import xarray as xr
from janus_pore import cli, config
from janus_pore.errors import ConfigError, TrajectoryError
from janus_pore.files import sha256
from janus_pore.paths import Campaign, repository
from janus_pore.reduce import adopt, reference, store
from janus_pore.reduce.record import read_manifest
from janus_pore.simulate import plan, status
from janus_pore.simulate.protocols import protocols_of, replicas_of


@pytest.fixture
def fresh(lab, tmp_path):
    """A campaign in which nothing was run."""
    return Campaign.of(lab.scale.scale, tmp_path / "fresh")


@pytest.fixture
def protocol(lab, hold):
    return protocols_of(lab.scale, "mosse")[hold]


def take(lab, campaign, protocol, shelf, scale=None):
    return adopt.adopt(scale or lab.scale, campaign, "mosse", protocol, range(2), shelf)


def test_what_is_shipped_is_taken_over_once_and_whole(lab, fresh, protocol, shelf, shipped):
    assert take(lab, fresh, protocol, shelf) == [0]
    shutil.rmtree(shelf)  # it does not depend on the shelf from then on
    assert take(lab, fresh, protocol, shelf) == [0]
    target = fresh.reduced("mosse", protocol.name, 0)
    assert adopt.restore(lab.scale, fresh, "mosse", protocol.name, 0, target)
    assert sha256(target) == sha256(fresh.taken("mosse", protocol.name, 0) / "r000.nc") != ""
    assert not adopt.restore(lab.scale, fresh, "mosse", protocol.name, 1, fresh.reduced("mosse", protocol.name, 1))


def test_what_was_begun_here_is_left_to_this_campaign(lab, fresh, protocol, shelf):
    (fresh.replica("mosse", protocol.name, 0) / "tpr").mkdir(parents=True)
    assert take(lab, fresh, protocol, shelf) == []
    assert adopt.waiting(lab.scale, fresh, shelf) == {}  # it is not counted as done either


def test_what_was_run_here_after_it_was_taken_over_is_this_campaigns(lab, fresh, protocol, shelf, ran):
    """Once broke: after SHIPPED=no the shipped data were delivered in place of those of the run."""
    take(lab, fresh, protocol, shelf)
    target = fresh.reduced("mosse", protocol.name, 0)
    assert adopt.restore(lab.scale, fresh, "mosse", protocol.name, 0, target)
    target.unlink()
    assert adopt.restore(lab.scale, fresh, "mosse", protocol.name, 0, target)  # deleted, and not run here
    target.unlink()
    for name in ("seg00", "seg01"):
        shutil.copytree(
            lab.campaign.replica("mosse", protocol.name, 0) / name, fresh.replica("mosse", protocol.name, 0) / name
        )
    assert not adopt.restore(lab.scale, fresh, "mosse", protocol.name, 0, target) and not target.exists()
    assert take(lab, fresh, protocol, shelf) == []
    assert len(status.segments(lab.scale, fresh).query("protocol == @protocol.name and replica == 'r000'")) == 2
    shutil.rmtree(fresh.replica("mosse", protocol.name, 0) / "seg01")
    assert status.finished_ps(lab.scale, fresh, "mosse", protocol) == pytest.approx(lab.scale.ensemble.randomise_ps)


def test_other_settings_are_refused_with_a_way_out(lab, fresh, protocol, shelf, make_scale):
    other = make_scale(md__temperature_k=310.0, analysis__pore_radius_nm=0.4)
    with pytest.raises(ConfigError, match=r"other md, analysis.pore_radius_nm: .*new name, or .*SHIPPED=no"):
        take(lab, fresh, protocol, shelf, other)
    with pytest.raises(ConfigError, match="new name"):
        adopt.waiting(other, fresh, shelf)
    same = make_scale(ensemble__batch_minutes=1.0, protocols__hold__replicas=1)
    assert take(lab, fresh, protocol, shelf, same) == [0]
    with pytest.raises(ConfigError, match="other md"):  # once broke: what was taken over stood for it too
        take(lab, fresh, protocol, shelf, make_scale(md__temperature_k=310.0))


def test_altered_files_and_what_was_not_shipped_are_refused(lab, fresh, protocol, shelf, shipped):
    assert take(lab, fresh, protocol, shelf) == [0]
    with pytest.raises(TrajectoryError, match=r"holds no r000.forces.nc.*SHIPPED=no"):
        adopt.restore(lab.scale, fresh, "mosse", protocol.name, 0, fresh.forces("mosse", protocol.name, 0))
    path = fresh.taken("mosse", protocol.name, 0) / "r000.nc"
    path.write_bytes(path.read_bytes() + b"0")
    with pytest.raises(TrajectoryError, match="not the file its manifest describes"):
        adopt.restore(lab.scale, fresh, "mosse", protocol.name, 0, fresh.reduced("mosse", protocol.name, 0))


def test_forces_of_another_barrier_are_refused(lab, fresh, protocol, shelf, make_scale):
    """Once taken whatever `barrier` said: bins that the old forces do not reach came out without an ion."""
    take(lab, fresh, protocol, shelf)
    old = json.dumps(["", "", lab.scale.barrier.model_dump(mode="json", exclude={"protocols"}), "", ""])
    place = fresh.taken("mosse", protocol.name, 0) / "r000.forces.nc"
    store.write(xr.Dataset(attrs={"asked": old, "kind": "constant"}), place)
    target = fresh.forces("mosse", protocol.name, 0)
    with pytest.raises(ConfigError, match=r"with barrier.radius_nm 0.45, not 0.7: set .* back, or .*SHIPPED=no"):
        adopt.restore(make_scale(barrier__radius_nm=0.7), fresh, "mosse", protocol.name, 0, target)
    later = {"barrier__fields_v_nm": [3.0], "barrier__bin_width_nm": 0.1}  # do not decide at a constant field
    assert not target.exists() and adopt.restore(make_scale(**later), fresh, "mosse", protocol.name, 0, target)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"analysis__pore_radius_nm": 0.3}, "analysis.pore_radius_nm 0.425, not 0.3"),
        ({"analysis__discard_ps": 0.1}, "analysis.discard_ps 0.2, not 0.1"),
    ],
)
def test_settings_of_the_reduction_that_change_after_it_was_taken_over(
    lab, fresh, protocol, shelf, make_scale, change, said
):
    """Once broke: it was put beside replicas that were reduced over another pore region."""
    take(lab, fresh, protocol, shelf)
    target = fresh.reduced("mosse", protocol.name, 0)
    with pytest.raises(ConfigError, match=rf"shipped/r000.nc was reduced with {said}: set .* back, or .*SHIPPED=no"):
        adopt.restore(make_scale(**change), fresh, "mosse", protocol.name, 0, target)
    assert not target.exists()


def test_a_broken_copy_is_made_again(lab, fresh, protocol, shelf, shipped):
    good = shipped.read_bytes()
    shipped.write_bytes(good[:-1])
    with pytest.raises(TrajectoryError, match="not the file its manifest describes"):
        take(lab, fresh, protocol, shelf)
    assert not fresh.taken("mosse", protocol.name, 0).exists()
    shipped.write_bytes(good)
    assert take(lab, fresh, protocol, shelf) == [0]


class TestShippedAgain:
    @pytest.fixture
    def again(self, lab, fresh, protocol, shelf, shipped):
        """A function: a file of the replica, taken over before, is on the shelf with this content and its manifest."""
        assert take(lab, fresh, protocol, shelf) == [0]
        record = shipped.with_suffix(".json")

        def ship(name, content, **changes):
            path = shipped.with_name(name)
            path.write_bytes(content)
            manifest = json.loads(record.read_text())
            manifest["files"][name] = sha256(path)
            manifest["segments"][0] |= changes
            record.write_text(json.dumps(manifest))
            return path

        return ship

    def test_forces_that_joined_it_are_taken(self, lab, fresh, protocol, shelf, again, tmp_path):
        """Once broke: they were "not shipped", with the advice to run the replica here."""
        forces = store.write(xr.Dataset(), tmp_path / "forces.nc").read_bytes()
        again("r000.forces.nc", forces)
        assert take(lab, fresh, protocol, shelf) == [0]
        target = fresh.forces("mosse", protocol.name, 0)
        assert adopt.restore(lab.scale, fresh, "mosse", protocol.name, 0, target) and target.read_bytes() == forces

    def test_a_new_reduction_of_the_same_run_is_taken(self, lab, fresh, protocol, shelf, shipped, again, tmp_path):
        """Once broke: older and newer reductions stood side by side in one protocol."""
        new = store.write(store.read(shipped).assign_attrs(mark="new"), tmp_path / "new.nc").read_bytes()
        again("r000.nc", new)
        assert take(lab, fresh, protocol, shelf) == [0]
        target = fresh.reduced("mosse", protocol.name, 0)
        assert adopt.restore(lab.scale, fresh, "mosse", protocol.name, 0, target) and target.read_bytes() == new
        assert [path.name for path in fresh.replica("mosse", protocol.name, 0).iterdir()] == ["shipped"]

    def test_another_run_is_not(self, lab, fresh, protocol, shelf, again):
        before = (fresh.taken("mosse", protocol.name, 0) / "r000.nc").read_bytes()
        again("r000.nc", b"another", trajectory_sha256="another")
        assert take(lab, fresh, protocol, shelf) == [0]
        assert (fresh.taken("mosse", protocol.name, 0) / "r000.nc").read_bytes() == before

    def test_a_broken_one_is_refused_and_what_was_taken_stays(self, lab, fresh, protocol, shelf, again):
        place = fresh.taken("mosse", protocol.name, 0)
        before = {path: path.read_bytes() for path in place.iterdir()}
        again("r000.forces.nc", b"whole").write_bytes(b"cut")
        with pytest.raises(TrajectoryError, match="r000.forces.nc is not the file its manifest describes"):
            take(lab, fresh, protocol, shelf)
        assert {path: path.read_bytes() for path in place.iterdir()} == before


def test_it_counts_as_done_before_and_after_it_was_taken_over(lab, fresh, protocol, shelf):
    each = lab.scale.ensemble.randomise_ps + protocol.simulated_ps
    waiting = adopt.waiting(lab.scale, fresh, shelf)
    assert waiting == {("mosse", protocol.name): {0}}
    for known in (waiting, {}):
        line = status.progress(lab.scale, fresh, known).set_index(["system", "protocol"]).loc[("mosse", protocol.name)]
        table = plan.plan(lab.scale, fresh, {"mosse": 1.0}, known).set_index(["system", "protocol"])
        assert (line.replicas, line.finished_ps) == ("1/2", pytest.approx(each))
        assert table.loc[("mosse", protocol.name)].done == pytest.approx(0.5)
        take(lab, fresh, protocol, shelf)
        assert not table.loc[("mosse", "equilibrate")].done  # the rest starts from it
    rows = status.segments(lab.scale, fresh)
    assert set(rows[rows.protocol == protocol.name].replica) == {"r001"}  # r000 was not run here


def test_nothing_starts_from_the_equilibration_where_all_is_shipped(lab, fresh, protocol):
    everything = {
        ("mosse", name): set(replicas_of(lab.scale, one)) for name, one in protocols_of(lab.scale, "mosse").items()
    }
    some = everything | {("mosse", protocol.name): {0}}
    for known, done in ((everything, 1), (some, 0), (None, 0)):
        line = status.progress(lab.scale, fresh, known).set_index(["system", "protocol"]).loc[("mosse", "equilibrate")]
        table = plan.plan(lab.scale, fresh, {"mosse": 1.0}, known).set_index(["system", "protocol"])
        assert line.replicas == f"{done}/1" and table.loc[("mosse", "equilibrate")].done == done
    course = config.load(repository() / "config" / "course.yml")  # makes a book, which shows the equilibration
    everything = {("mosse", name): set(replicas_of(course, one)) for name, one in protocols_of(course, "mosse").items()}
    assert not course.lacks and not status.equilibrated(course, fresh, "mosse", everything)


def test_what_was_taken_over_does_not_count_where_all_is_run_here(lab, fresh, protocol, shelf):
    """Once it did: with SHIPPED=no there was less left than was run."""
    take(lab, fresh, protocol, shelf)
    assert adopt.waiting(lab.scale, fresh, None) is None
    assert status.finished_ps(lab.scale, fresh, "mosse", protocol) > 0
    assert status.finished_ps(lab.scale, fresh, "mosse", protocol, None) == 0


def test_the_campaign_runs_the_rest_and_ships_only_that(lab, protocol, shelf, scale_file, ran, hold, capsys):
    """A new checkout on another day: its replica 1 joins the shipped replica 0."""
    runs = shelf.parent / "runs"
    later = Campaign.of(lab.scale.scale, runs)
    shutil.copytree(lab.built, later.system("mosse"))
    later.equilibration("mosse").parent.mkdir()
    later.equilibration("mosse").symlink_to(lab.campaign.equilibration("mosse"))
    where = [str(scale_file), "--runs", str(runs), "--system", "mosse", "--protocol", hold]
    assert cli.main(["pack", *where, "--pack", "0", "--shelf", str(shelf)]) == 0
    assert f"taken over from {shelf}, not run again: r000" in capsys.readouterr().out
    place = later.protocol("mosse", hold)
    assert not list(place.glob("r000/seg*")) and list(place.glob("r001/seg01/manifest.json"))
    for k in ("0", "1"):
        assert cli.main(["reduce", *where, "--replica", k]) == 0
    assert cli.main(["collect", *where]) == 0 and later.collected("mosse", hold).exists()
    count = reference.ship(lab.scale, scale_file, later, shelf, "later")
    assert (count["added"], count["kept"], count["other run kept"]) == (1, 1, 0)
    assert read_manifest(shelf / "test" / "mosse" / hold / "r000.nc")["shipped_by_commit"] == "abc1234"
