"""Constant fields of the same pore in other scales: found where they are, and those of another pore are not."""

import pytest
import yaml
from janus_pore import config
from janus_pore.paths import Campaign
from janus_pore.reduce import elsewhere, store
from janus_pore.testsystems import Ladder


@pytest.fixture
def places(make_scale, tmp_path):
    """A scale, and the directories of shipped and of collected data, in which `other` has three systems."""
    ours = make_scale()
    data = ours.model_dump(mode="json") | {"scale": "other"}
    system = data["systems"].pop("mosse")
    data["system"] = system
    data["systems"] = {
        "longer": {"length_x_nm": system["length_x_nm"] + 0.5},
        "again": {"seed": 7},
        "uff": {"se_type": "uff"},
    }
    hold = {"kind": "constant", "systems": [*data["systems"]], "fields_v_nm": [0.4], "duration_ps": 1.0}
    data["protocols"] = {"hold": hold, "hold_nh": hold | {"md": {"timestep_fs": 1.0}}}
    data["barrier"]["protocols"] = []
    shipped, runs = tmp_path / "shipped", tmp_path / "runs"
    (shipped / "other").mkdir(parents=True)
    path = shipped / "other" / "scale.yml"
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    (reduced,) = Ladder(fields_v_nm=(0.4,), currents_na=(1.0,), duration_ps=60).sample(0).values()
    other = config.load(path)
    for one in other.systems:
        for name in ("hold_+0.40", "hold_nh_+0.40"):
            store.write(reduced, Campaign.of("other", runs).collected(one, name))
    return ours, shipped, runs


def test_the_same_pore_is_found_in_boxes_of_any_length(places):
    ours, shipped, runs = places
    found = elsewhere.constants(ours, "mosse", shipped, runs)
    assert [(one.system, one.same_box, [*one.data]) for one in found] == [
        ("longer", False, ["hold_+0.40"]), ("again", True, ["hold_+0.40"])
    ]  # fmt: skip
    assert found[0].label == f"box of {found[0].length_x_nm:g} nm (other)"


def test_what_was_reduced_in_another_region_is_not_compared(places, make_scale):
    _, shipped, runs = places
    assert elsewhere.constants(make_scale(analysis__pore_radius_nm=0.2), "mosse", shipped, runs) == []


def test_the_scale_itself_and_what_is_not_put_together_is_left_out(places, tmp_path):
    ours, shipped, runs = places
    assert elsewhere.constants(ours.model_copy(update={"scale": "other"}), "mosse", shipped, runs) == []
    assert elsewhere.constants(ours, "mosse", shipped, tmp_path) == []
    assert elsewhere.constants(ours, "mosse", tmp_path / "none", runs) == []
