"""Protocols as trees: what is shared is simulated once, and every path applies the field that was asked for."""

import os
import re
from dataclasses import replace

import numpy as np
import pytest
from janus_pore import files
from janus_pore.errors import ConfigError, ProtocolError
from janus_pore.paths import Campaign
from janus_pore.protocol_parameters import FieldSteps, PulsePair, PulseTrain
from janus_pore.reduce import replica
from janus_pore.simulate import ensemble, fieldcheck, gmx, plan, process, protocols, status
from janus_pore.simulate.field import Protocol, Segment

PAPER = {"systems": ["mosse"], "prime_v_nm": 2.0, "prime_ps": 20.0, "pulse_v_nm": 0.7, "pulse_ps": 5.0, "gap_v_nm": 0.5}
DELAYS = [1.0, 2.0, 5.0, 10.0, 20.0, 40.0]


@pytest.fixture
def facilitation():
    return protocols.pulse_pair("ppf", PulsePair(kind="pair", delays_ps=DELAYS, **PAPER), ("mosse",))


class TestPulsePair:
    def test_the_tree_costs_95_ps_where_separate_runs_cost_258(self, facilitation):
        assert facilitation.simulated_ps == 95.0
        separate = sum(
            facilitation.starts_ps()[leaf] + facilitation.segments[leaf].duration_ps for leaf in facilitation.leaves()
        )
        assert separate == 258.0

    @pytest.mark.parametrize("k", range(6))
    def test_every_path_is_prime_pulse_gap_pulse(self, facilitation, k):
        delay, leaf = DELAYS[k], facilitation.leaves()[k]
        times = np.array([1.0, 19.0, 20.5, 24.5, 25.0 + 0.5 * delay, 25.5 + delay, 29.5 + delay, 31.0 + delay])
        asked = [2.0, 2.0, 0.7, 0.7, 0.5, 0.7, 0.7, 0.0]
        assert facilitation.waveform(times, leaf) == pytest.approx(asked)
        assert facilitation.labels[leaf] == f"pulse 2 after {delay:g} ps"

    def test_depression_has_no_prime(self):
        rest = {"prime_ps": 0.0, "prime_v_nm": 0.0}
        asked = PulsePair(kind="pair", delays_ps=[3.0], **PAPER | {"pulse_v_nm": 0.5, "gap_v_nm": 0.0} | rest)
        pair = protocols.pulse_pair("ppd", asked, ("mosse",))
        assert pair.labels == ("pulse 1", "gap to 3 ps", "pulse 2 after 3 ps") and pair.parents == (-1, 0, 1)

    def test_a_prime_without_a_length_is_refused(self):
        """Once dropped without a word."""
        asked = PulsePair(kind="pair", delays_ps=[3.0], **PAPER | {"prime_ps": 0.0})
        with pytest.raises(ProtocolError, match="prime_ps is 0, so there is no prime"):
            protocols.pulse_pair("ppf", asked, ("mosse",))

    def test_delays_must_rise(self, make_scale):
        for delays in ([5.0, 2.0], [2.0, 2.0]):
            with pytest.raises(ConfigError, match="delays_ps must rise"):
                make_scale(protocols={"ppf": {"kind": "pair", "delays_ps": delays, **PAPER}})


def test_a_train_is_a_chain_of_pulses_and_gaps():
    train = protocols.pulse_train("stf", PulseTrain(kind="train", gap_ps=5.0, pulses=10, **PAPER), ("mosse",))
    assert train.simulated_ps == train.duration_ps == 20 + 10 * 5 + 9 * 5
    assert [label for label in train.labels if label.startswith("pulse")] == [f"pulse {k}" for k in range(1, 11)]
    assert train.waveform(np.array([22.0, 27.0, 32.0])) == pytest.approx([0.7, 0.5, 0.7])


def test_steps_share_their_preparation():
    asked = FieldSteps(
        kind="steps", systems=["mosse"], from_v_nm=0.0, prepare_ps=10.0, to_v_nm=[0.4, 0.8], duration_ps=20.0
    )
    tree = protocols.steps("up", asked, ("mosse",))
    assert tree.parents == (-1, 0, 0) and tree.simulated_ps == 50.0 and tree.duration_ps == 30.0
    assert [float(tree.waveform(np.array([15.0]), leaf)[0]) for leaf in tree.leaves()] == [0.4, 0.8]
    chain = protocols.steps("stairs", asked.model_copy(update={"path": "staircase"}), ("mosse",))
    assert chain.parents == (-1, 0, 1) and chain.simulated_ps == chain.duration_ps == 50.0
    assert chain.waveform(np.array([5.0, 15.0, 35.0])).tolist() == [0.0, 0.4, 0.8]


class TestTree:
    def test_paths_leaves_and_starts(self):
        tree = Protocol("t", "steps", tuple(Segment(0.1 * k, 1.0 + k) for k in range(5)), ("m",), (-1, 0, 0, 2, -1))
        assert tree.path(3) == [0, 2, 3] and tree.leaves() == [1, 3, 4]
        assert tree.starts_ps().tolist() == [0.0, 1.0, 1.0, 4.0, 0.0]

    @pytest.mark.parametrize("parents", [(0, 0), (-1, 1), (-1, 2), (-2, 0), (-1,)])
    def test_a_parent_that_does_not_come_before_is_refused(self, parents):
        with pytest.raises(ProtocolError):
            Protocol("t", "steps", (Segment(0, 1), Segment(0, 1)), ("m",), parents)

    def test_a_protocol_without_segments_is_refused(self):
        with pytest.raises(ProtocolError, match="at least one"):
            Protocol("t", "steps", (), ("m",))


def test_gromacs_applies_every_branch_as_asked():
    """The real thing: `mdrun -field` on a ghost particle, for a tree with a sine branch."""
    segments = (Segment(2.0, 4.0), Segment(0.0, 3.0), Segment(1.2, 5.0, 200.0), Segment(-0.7, 2.0))
    tree = Protocol("t", "steps", segments, ("m",), (-1, 0, 1, 1))
    found = fieldcheck.applied(tree, gmx.find(), start_ps=2.5, steps=100)
    assert np.abs(found.asked - found.applied).max() < 1e-5
    assert float(found.applied.max()) == 2.0 and found.sizes["time"] == 4 * 101


def test_the_ghost_is_kept_off_the_gpu(monkeypatch, tmp_path):
    """Once broke: a CUDA build with a GPU was asked for PME there, and refuses it to a ghost that has no PME."""
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\necho 'GPU 0: a device'\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    engine, launch, asked = replace(gmx.find(), gpu="CUDA"), process.launch, []
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert process.gpu_present()

    def watched(argv, *rest):
        asked.append(" ".join(argv))
        launch(argv, *rest)

    monkeypatch.setattr(process, "launch", watched)
    found = fieldcheck.applied(Protocol("p", "constant", (Segment(0.5, 2.0),), ("m",)), engine, steps=10)
    assert "-nb cpu -pme cpu" in asked[0] and (found.applied == 0.5).all()


class TestOwnReplicasAndInterval:
    def test_a_protocol_without_them_takes_the_campaigns(self, make_scale):
        scale = make_scale()
        hold = protocols.expand(scale)["hold_+0.40"]
        assert list(protocols.replicas_of(scale, hold)) == list(range(scale.ensemble.replicas))
        assert protocols.md_of(scale, hold) == scale.md

    def test_its_own_count_and_spacing_win(self, make_scale):
        scale = make_scale(protocols__hold__replicas=1, protocols__hold__trajectory_interval_ps=0.1)
        hold = protocols.expand(scale)["hold_+0.40"]
        assert list(protocols.replicas_of(scale, hold)) == [0]
        assert protocols.md_of(scale, hold).trajectory_interval_ps == 0.1 != scale.md.trajectory_interval_ps

    def test_more_replicas_than_the_equilibration_holds_are_refused(self, make_scale):
        with pytest.raises(ConfigError, match="500 replicas"):
            make_scale(protocols__hold__replicas=500)

    def test_a_spacing_that_the_randomising_segment_is_no_multiple_of_is_refused(self, make_scale):
        with pytest.raises(ProtocolError, match="randomise_ps"):
            protocols.expand(make_scale(protocols__hold__trajectory_interval_ps=0.3))


class TestOwnMD:
    NOSE_HOOVER = {
        "timestep_fs": 1.0, "thermostat": "nose-hoover", "thermostat_time_ps": 0.1, "thermostat_every_steps": 2
    }  # fmt: skip

    def test_what_a_protocol_names_is_its_own_and_the_rest_is_the_campaigns(self, make_scale):
        scale = make_scale(protocols__hold__md=self.NOSE_HOOVER)
        found = protocols.protocols_of(scale, "mosse")
        md, others = protocols.md_of(scale, found["hold_+0.40"]), protocols.md_of(scale, found["sweep"])
        assert (md.timestep_fs, md.thermostat, md.thermostat_every_steps) == (1.0, "nose-hoover", 2)
        assert md.model_dump() | self.NOSE_HOOVER == md.model_dump()
        assert md.model_copy(update={k: getattr(others, k) for k in self.NOSE_HOOVER}) == others == scale.md

    def test_twice_the_steps_are_paid_for_twice(self, make_scale, tmp_path):
        campaign = Campaign.of("test", tmp_path)
        scale, usual = make_scale(protocols__hold__md=self.NOSE_HOOVER), make_scale()
        hours = [
            plan.plan(s, campaign, {"mosse": 10.0}).set_index("protocol").run_hours["hold_+0.40"]
            for s in (scale, usual)
        ]
        assert hours[0] == pytest.approx(2 * hours[1])
        place = campaign.replica("mosse", "hold_+0.40", 0) / "seg01"
        files.write_json(place / "manifest.json", {"steps": [200, 1200]})
        assert status.finished_ps(scale, campaign, "mosse", protocols.protocols_of(scale, "mosse")["hold_+0.40"]) == 1.0

    @pytest.mark.parametrize(
        ("own", "says"),
        [
            ({"thermostat": "nose-hoover"}, "hold_-1.00: md: .*not canonical"),
            ({"timestep_fs": 1.5}, "must be a whole number of time steps"),
        ],
    )
    def test_what_cannot_be_together_is_refused(self, make_scale, own, says):
        with pytest.raises(ProtocolError, match=says):
            protocols.expand(make_scale(protocols__hold__md=own))

    def test_other_keys_are_refused(self, make_scale):
        with pytest.raises(ConfigError, match="protocols.hold.md.cutoff_nm"):
            make_scale(protocols__hold__md={"cutoff_nm": 1.0})

    def test_it_runs_so(self, lab, make_scale, tmp_path):
        """Beside the campaign's own runs, from the same equilibration; 1 ps of 1 fs steps."""
        scale = make_scale(protocols__hold__md=self.NOSE_HOOVER | {"thermostat_time_ps": 0.05})
        campaign = Campaign.of("test", tmp_path)
        campaign.system("mosse").parent.mkdir(parents=True)
        campaign.system("mosse").symlink_to(lab.built)
        campaign.equilibration("mosse").parent.mkdir()
        campaign.equilibration("mosse").symlink_to(lab.campaign.equilibration("mosse"))
        protocol = protocols.protocols_of(scale, "mosse")["hold_+0.40"]
        found = ensemble.run_replica(scale, campaign, "mosse", protocol, 0, lab.gmx, threads=1)
        assert [m["steps"] for m in found] == [[0, 200], [200, 1200]]
        log = (campaign.replica("mosse", "hold_+0.40", 0) / "seg01" / "md.log").read_text()
        assert re.search(r"tcoupl += Nose-Hoover", log) and re.search(r"dt += 0\.001\b", log)
        data = replica.reduce_replica(scale, campaign, "mosse", protocol, 0)
        assert data.attrs["timestep_fs"] == 1.0 and data.time.values[-1] == pytest.approx(1.0)
