"""What decides a shipped replica: how it was run and reduced, against what a scale file says."""

from pathlib import Path

import pytest
from janus_pore.errors import ConfigError
from janus_pore.reduce import settings


@pytest.fixture
def attrs(make_scale):
    """What a replica reduced with the test scale says."""
    analysis = make_scale().analysis
    return {key: getattr(analysis, key) for key in settings.REDUCTION}


def test_the_same_settings_pass_and_so_does_what_is_not_known(make_scale, attrs):
    settings.same_reduction(make_scale(), attrs, Path("r000.nc"), "x")
    del attrs["discard_ps"]
    settings.same_reduction(make_scale(analysis__discard_ps=0.1, analysis__phase_bins=30), attrs, Path("r000.nc"), "x")


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


def test_how_jobs_share_replicas_decides_nothing(make_scale):
    assert settings.differing(make_scale(), make_scale(ensemble__replicas=1, ensemble__batch_minutes=1.0)) == []
    assert settings.differing(make_scale(), make_scale(ensemble__randomise_ps=0.4)) == ["ensemble"]
