"""What decides a shipped replica: how it was run and reduced, against what a scale file says."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from janus_pore.errors import CellError, ConfigError, RunError, TrajectoryError
from janus_pore.paths import Campaign
from janus_pore.reduce import forces, replica, settings
from janus_pore.simulate.protocols import protocols_of
from janus_pore.simulate.startframes import start_frame


@pytest.fixture
def attrs(make_scale):
    """What a replica reduced with the test scale says."""
    analysis = make_scale().analysis
    return {key: getattr(analysis, key) for key in settings.REDUCTION}


def test_the_same_settings_pass_and_so_does_what_is_not_known(make_scale, attrs):
    settings.same_reduction(make_scale(), attrs, Path("r000.nc"), "x")
    del attrs["discard_ps"]
    settings.same_reduction(make_scale(analysis__discard_ps=0.1, analysis__phase_bins=32), attrs, Path("r000.nc"), "x")


@pytest.mark.parametrize("key", settings.REDUCTION)
def test_others_are_named_with_both_values(make_scale, attrs, key):
    said = rf"^r000.nc was reduced with analysis.{key} {attrs[key]}, not 0.1: set the scale file back, or do this$"
    with pytest.raises(ConfigError, match=said):
        settings.same_reduction(make_scale(**{f"analysis__{key}": 0.1}), attrs, Path("r000.nc"), "do this")


def test_more_systems_and_protocols_may_join(make_scale):
    old, new = make_scale(protocols={}), make_scale(systems={"mosse": {}, "mos2": {"membrane": "mos2"}})
    assert settings.differing(old, new) == []
    expected = {"systems.mos2", "protocol sweep", "protocol hold_-1.00", "protocol hold_+0.40"}
    assert set(settings.differing(new, old)) == expected


def test_the_resolution_of_a_protocols_frames_counts(make_scale):
    """Once broke: replicas whose frames are too coarse for forces were taken over as this scale's."""
    finer = make_scale(protocols__hold__trajectory_resolution_nm=1e-4)
    assert set(settings.differing(make_scale(), finer)) == {"protocol hold_-1.00", "protocol hold_+0.40"}


def test_how_jobs_share_replicas_decides_nothing(make_scale):
    assert settings.differing(make_scale(), make_scale(ensemble__replicas=1, ensemble__batch_minutes=1.0)) == []
    assert settings.differing(make_scale(), make_scale(ensemble__randomise_ps=0.4)) == ["ensemble"]


class TestRunAsAsked:
    @pytest.fixture
    def campaign(self, lab, ran, hold, tmp_path):
        """A copy of the campaign, of what one replica was run from and gave."""
        copy = Campaign.of(lab.scale.scale, tmp_path / "runs")
        shutil.copytree(lab.built, copy.system("mosse"))
        for part in ("tpr", "r000"):
            shutil.copytree(lab.campaign.protocol("mosse", hold) / part, copy.protocol("mosse", hold) / part)
        shutil.copytree(lab.campaign.equilibration("mosse"), copy.equilibration("mosse"))
        return copy

    @pytest.fixture
    def check(self, lab, campaign, hold):
        """A function: a scale -> the manifests of replica 0, if it was run as the scale asks."""
        return lambda scale=lab.scale, name=hold: settings.run_as_asked(
            scale, campaign, "mosse", replace(protocols_of(scale, "mosse")[name], name=hold), 0
        )

    def test_the_manifests_of_its_segments(self, check, campaign, hold):
        (manifest,) = check()
        assert manifest["steps"] == [100, 600]

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"system__seed": 2}, "seed 1, not 2"),
            ({"md__thermostat_time_ps": 0.1}, "tau-t 0.05 0.05, not 0.1 0.1"),
            ({"md__trajectory_resolution_nm": 0.0001}, "compressed-x-precision 1000, not 10000"),
            ({"ensemble__randomise_ps": 0.4}, "nsteps 600, not 700"),
            ({"equilibration__seed": 2}, "an equilibration of ld-seed 1, not 2; an equilibration of gen-seed 1, not 2"),
            ({"protocols__hold__duration_ps": 2.0}, "nsteps 600, not 1100"),
        ],
    )
    def test_what_the_scale_says_otherwise_is_named(self, check, make_scale, change, said):
        with pytest.raises(ConfigError, match=rf"r000 was run with {said}: ship it with the scale file"):
            check(make_scale(**change))

    def test_another_frame_of_the_equilibration(self, lab, campaign, hold, make_scale):
        """Once shipped: with a manifest that gave the new spacing, of a replica that started with the old one."""
        start = campaign.replica("mosse", hold, 1) / "tpr" / "start.gro"
        protocol = replace(protocols_of(lab.scale, "mosse")[hold], name=hold)
        start_frame(lab.scale, campaign, "mosse", 1, start)
        settings.same_run(lab.scale, campaign, "mosse", protocol, 1, "never mind")
        with pytest.raises(RunError, match="Set ensemble.spacing_ps back to what it was"):
            settings.same_run(make_scale(ensemble__spacing_ps=0.5), campaign, "mosse", protocol, 1, "never mind")

    def test_another_field(self, check, lab):
        with pytest.raises(ConfigError, match=r"r000 was run with electric-field-x 0.4 0 0 0, not -1 0 0 0:"):
            check(name="hold_-1.00")

    def test_what_changes_no_run_is_no_matter(self, check, make_scale):
        assert check(make_scale(ensemble__replicas=1, analysis__discard_ps=0.1)) == check()

    def test_run_inputs_that_were_made_anew(self, check, campaign, hold):
        """Runs were made, the run input of all replicas was deleted and made from other settings."""
        tpr = campaign.protocol("mosse", hold) / "tpr" / "seg01.tpr"
        tpr.write_bytes(tpr.read_bytes() + b"0")
        with pytest.raises(TrajectoryError, match=r"seg01 was not run from .*tpr/seg01.tpr"):
            check()

    def test_another_start_frame(self, check, campaign, hold):
        """Once broke: it was shipped as the frame that the replica started from."""
        start = campaign.replica("mosse", hold, 0) / "tpr" / "start.gro"
        start.write_text(start.read_text().replace("0.1", "0.2", 1))
        with pytest.raises(TrajectoryError, match=r"start.gro is not the frame that .*r000 was run from: restore it"):
            check()

    def test_a_system_that_was_built_anew(self, check, campaign):
        topology = campaign.system("mosse") / "topol.top"
        topology.write_text(topology.read_text() + "; another\n")
        with pytest.raises(TrajectoryError, match=r"seg00 was not run from .*systems/mosse as they are now"):
            check()

    @pytest.mark.parametrize("name", ["conf.gro", "index.ndx"])
    def test_a_system_that_was_changed_since_it_was_built(self, check, campaign, name):
        """Once its data were read with whatever atoms it named."""
        path = campaign.system("mosse") / name
        path.write_text(path.read_text().replace("1", "2", 1))
        with pytest.raises(CellError, match=f"systems/mosse: {name} changed or vanished since it was built"):
            check()

    def test_incomplete_and_altered_runs(self, check, campaign, hold):
        run = campaign.replica("mosse", hold, 0) / "seg01"
        (run / "md.xtc").write_bytes(b"")
        with pytest.raises(RunError, match="md.xtc changed"):
            check()
        (run / "manifest.json").unlink()
        with pytest.raises(TrajectoryError, match="r000 is not complete"):
            check()

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"protocols__hold__fields_v_nm": [-1.0, 0.2]}, "electric-field-x 0.4 0 0 0, not 0.2 0 0 0"),
            ({"md__thermostat_time_ps": 0.1}, "tau-t 0.05 0.05, not 0.1 0.1"),
            ({"system__seed": 2}, "seed 1, not 2"),
        ],
    )
    @pytest.mark.parametrize("what", ["reduce", "forces"])
    def test_data_are_not_relabelled(self, lab, campaign, make_scale, hold, what, change, said):
        """Once wrong: with a scale file edited since the run, its data said what the file said."""
        scale = make_scale(**change)
        field = scale.protocols["hold"].fields_v_nm[1]
        protocol = replace(protocols_of(scale, "mosse")[f"hold_{field:+.2f}"], name=hold)
        with pytest.raises(
            ConfigError, match=f"r000 was run with {said}: set the scale file back, or give the changed"
        ):
            if what == "reduce":
                replica.reduce_replica(scale, campaign, "mosse", protocol, 0)
            else:
                forces.reduce_forces(scale, campaign, "mosse", protocol, 0, lab.gmx)

    def test_run_inputs_that_are_not_there_are_not_known(self, lab, campaign, check, hold):
        """A replica whose run inputs were deleted to save room can still be reduced."""
        for place in (campaign.protocol("mosse", hold), campaign.replica("mosse", hold, 0)):
            shutil.rmtree(place / "tpr", ignore_errors=True)
        protocol = protocols_of(lab.scale, "mosse")[hold]
        assert replica.reduce_replica(lab.scale, campaign, "mosse", protocol, 0).field.values[-1] == pytest.approx(0.4)
        with pytest.raises(TrajectoryError, match="is not complete"):
            check()
