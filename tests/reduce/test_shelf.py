"""A campaign is read as far as it is there; nothing at all is an error that says what to run."""

import numpy as np
import pytest
from janus_pore.analyse import waiting
from janus_pore.errors import ProtocolError, TrajectoryError
from janus_pore.paths import Campaign
from janus_pore.reduce import forces, shelf, store
from janus_pore.testsystems import Ladder, WaitingIons


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


def test_other_placements_of_the_ions_are_replicas_of_the_same_system(make_scale, campaign):
    """The seed places the ions. Data and forces of both stay together, and the other placement has its own, too."""
    hold = {"kind": "constant", "fields_v_nm": [0.4, 0.8], "duration_ps": 1.0}
    scale = make_scale(
        systems__second={"seed": 7},
        protocols__hold=hold | {"systems": ["mosse"]},
        protocols__anew=hold | {"systems": ["second"], "fields_v_nm": [0.8]},
        barrier__protocols=["hold", "anew"],
        md__trajectory_resolution_nm=1e-5,
        barrier__fields_v_nm=[0.4, 0.8],
    )
    assert scale.placements["mosse"] == ["mosse", "second"] and "second" not in scale.placements
    parts = {}
    for seed, (system, name) in enumerate((("mosse", "hold_+0.40"), ("mosse", "hold_+0.80"), ("second", "anew_+0.80"))):
        pore = WaitingIons(fields_v_nm=(float(name[-4:]),), rates_per_ns=(20.0,), replicas=2 + seed)
        (data,), (found,) = (list(one.values()) for one in pore.sample(seed))
        runs = " ".join(f"{system}{name}{k}" for k in range(2 + seed))
        parts[name] = data.assign_attrs(trajectories_sha256=runs), found.assign_attrs(trajectories_sha256=runs)
        store.write(parts[name][0], campaign.collected(system, name))
        store.write(parts[name][1], campaign.collected_forces(system, name))
    holds, reruns = shelf.there(scale, campaign, "mosse", "constant"), forces.load(scale, campaign, "mosse")
    assert list(holds) == list(reruns) == ["hold_+0.40", "hold_+0.80"]
    both = holds["hold_+0.80"]
    assert both.placement.values.tolist() == [0] * 3 + [1] * 4 and both.replica.values.tolist() == [0, 1, 2, 0, 1, 2, 3]
    place = waiting.Place(0.4, 0.25)
    rows = waiting.waits(holds, reruns, place).query("volt == 4")
    assert rows.placement.tolist() == [0] * 3 + [1] * 4
    for k, name in enumerate(("hold_+0.80", "anew_+0.80")):
        alone = waiting.waits({name: parts[name][0]}, {name: parts[name][1]}, place)
        for column in ("cl", "left", "near_ns", "ions", "longest_ps"):
            assert rows[rows.placement == k][column].tolist() == alone[column].tolist(), (name, column)
    assert both.began.values.tolist() == rows.unit.tolist() == [0] * 3 + [1] * 4
    replica = reruns["hold_+0.80"].frame_replica.values
    assert reruns["hold_+0.80"].frame_began.values.tolist() == (replica > 2).tolist()
    theta = np.concatenate([parts[name][0].theta for name in ("hold_+0.80", "anew_+0.80")])
    assert np.abs(both.theta.values - theta).max() < 1e-3 and both.theta_replica.values.max() == 6
    assert list(shelf.there(scale, campaign, "second", "constant")) == ["anew_+0.80"]
    assert list(forces.load(scale, campaign, "second")) == ["anew_+0.80"]
    assert list(shelf.load_all(scale, campaign, "constant")) == ["mosse"]
    alike = scale.model_copy(update={"barrier": scale.barrier.model_copy(update={"placed_alike": ["second"]})})
    assert not shelf.there(alike, campaign, "mosse", "constant")["hold_+0.80"].began.any()
    assert not forces.load(alike, campaign, "mosse")["hold_+0.80"].frame_began.any()


def test_what_a_page_needs_at_least(make_scale, campaign):
    """Once eight pages ended with empty figures where there was nothing to read."""
    scale = make_scale()
    for kinds in (("sine", "pair"), ("pair", "constant")):
        (asked,) = {"sine", "constant"} & {*kinds}
        with pytest.raises(TrajectoryError, match=f"holds no data of kind '{asked}': run the workflow"):
            shelf.need(scale, campaign, ["mosse"], *kinds)
    own = {
        "kind": "constant",
        "systems": ["mosse"],
        "fields_v_nm": [0.4],
        "duration_ps": 1.0,
        "md": {"timestep_fs": 1.0},
    }
    campaign.collected("mosse", "nh_+0.40").parent.mkdir(parents=True)
    campaign.collected("mosse", "nh_+0.40").touch()
    with pytest.raises(TrajectoryError, match="of kind 'constant'"):  # pages leave another thermostat out
        shelf.need(make_scale(protocols__nh=own), campaign, ["mosse"], "constant")
    campaign.collected("mosse", "hold_+0.40").touch()
    shelf.need(scale, campaign, ["mosse"], "sine", "constant")
    with pytest.raises(ProtocolError, match="has no system 'cut66'; it has mosse"):
        shelf.need(scale, campaign, ["cut66"], "constant")


def test_nothing_there_says_what_to_run_or_to_ask_for(make_scale, campaign):
    scale = make_scale()
    with pytest.raises(TrajectoryError, match="make book SCALE=test"):
        shelf.load(scale, campaign, "mosse", "sine")
    with pytest.raises(TrajectoryError, match="no protocol of kind 'pair'.*config/course.yml.*add one"):
        shelf.load(scale, campaign, "mosse", "pair")
    with pytest.raises(TrajectoryError, match="holds no data of kind 'constant'.*make book SCALE=test"):
        shelf.load_all(scale, campaign, "constant")
