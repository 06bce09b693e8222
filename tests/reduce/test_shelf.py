"""A campaign is read as far as it is there; nothing at all is an error that says what to run."""

import pytest
from janus_pore.errors import TrajectoryError
from janus_pore.paths import Campaign
from janus_pore.reduce import shelf, store
from janus_pore.testsystems import Ladder


@pytest.fixture
def campaign(tmp_path):
    return Campaign.of("test", tmp_path)


def test_what_is_there_is_read_and_the_rest_is_left_out(make_scale, campaign):
    (data,) = Ladder(fields_v_nm=(0.4,), currents_na=(1.0,), duration_ps=60).sample(0).values()
    store.write(data, campaign.collected("mosse", "hold_+0.40"))
    scale = make_scale()
    assert list(shelf.load(scale, campaign, "mosse", "constant")) == ["hold_+0.40"]
    assert list(shelf.load_all(scale, campaign, "constant")) == ["mosse"]
    assert shelf.there(scale, campaign, "mosse", "sine") == {}


def test_a_thermostat_of_its_own_is_another_configuration_and_not_another_field(make_scale, campaign):
    """Once broke: the same field twice, with two thermostats, on pages of one system."""
    own = {"timestep_fs": 1.0}
    hold = {"kind": "constant", "systems": ["mosse"], "fields_v_nm": [0.4], "duration_ps": 1.0, "md": own}
    scale = make_scale(protocols__hold_nh=hold)
    (data,) = Ladder(fields_v_nm=(0.4,), currents_na=(1.0,), duration_ps=60).sample(0).values()
    for name in ("hold_+0.40", "hold_nh_+0.40"):
        store.write(data, campaign.collected("mosse", name))
    assert list(shelf.load(scale, campaign, "mosse", "constant")) == ["hold_+0.40"]
    assert list(shelf.load_all(scale, campaign, "constant")["mosse"]) == ["hold_+0.40"]
    assert list(shelf.load_all(scale, campaign, "constant", own_md=True)["mosse"]) == ["hold_+0.40", "hold_nh_+0.40"]


def test_each_entry_of_the_protocols_is_a_configuration_of_its_own(make_scale):
    scale = make_scale(
        protocols__hold_nh={"kind": "constant", "systems": ["mosse"], "fields_v_nm": [0.4], "duration_ps": 1.0}
    )
    data = {"mosse": {"hold_-1.00": 1, "hold_nh_+0.40": 2, "hold_+0.40": 3}, "mos2": {"hold_+0.40": 4}}
    assert shelf.configurations(scale, data) == {
        "mosse": ("mosse", {"hold_-1.00": 1, "hold_+0.40": 3}),
        "mosse, hold_nh": ("mosse", {"hold_nh_+0.40": 2}),
        "mos2": ("mos2", {"hold_+0.40": 4}),
    }


def test_nothing_there_says_what_to_run_or_to_ask_for(make_scale, campaign):
    scale = make_scale()
    with pytest.raises(TrajectoryError, match="make book SCALE=test"):
        shelf.load(scale, campaign, "mosse", "sine")
    with pytest.raises(TrajectoryError, match="no protocol of kind 'pair'.*add one"):
        shelf.load(scale, campaign, "mosse", "pair")
    with pytest.raises(TrajectoryError, match="holds no data of kind 'constant'"):
        shelf.load_all(scale, campaign, "constant")
