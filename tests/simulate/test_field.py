"""Waveforms against closed forms; what GROMACS makes of them is in tests/physics/test_electric_field.py."""

import numpy as np
import pytest
from janus_pore.errors import ProtocolError
from janus_pore.simulate import protocols
from janus_pore.simulate.field import Protocol, Segment
from janus_pore.simulate.protocols import protocols_of

#: Steps from a preparation, whose energies are stored every 0.04 ps.
UP = {
    "kind": "steps", "systems": ["mosse"], "from_v_nm": 0.0, "prepare_ps": 0.4, "to_v_nm": [0.4, 0.8],
    "duration_ps": 0.3, "path": "jump",
}  # fmt: skip


def evaluate(line, t):
    """GROMACS' own formula for `electric-field-x = E0 omega t0 sigma`."""
    e0, omega, t0, sigma = (float(x) for x in line.split())
    if sigma <= 0:
        return e0 * np.cos(omega * t)
    return e0 * np.cos(omega * (t - t0)) * np.exp(-((t - t0) ** 2) / (2 * sigma**2))


class TestSegment:
    def test_constant(self):
        segment = Segment(-0.7, 5.0)
        assert segment.at(np.array([0.0, 2.5, 5.0])) == pytest.approx([-0.7] * 3)
        assert segment.mdp(123.0) == {"electric-field-x": "-0.7 0 0 0"}

    @pytest.mark.parametrize("frequency", [0.2, 1.0, 40.0])
    def test_sine_at_its_quarters(self, frequency):
        period = 1000 / frequency
        found = Segment(1.2, period, frequency).at(np.array([0, 0.25, 0.5, 0.75, 1]) * period)
        assert found == pytest.approx([0, 1.2, 0, -1.2, 0], abs=1e-12)

    def test_the_papers_sine_as_gromacs_reads_it(self):
        e0, omega, t0, sigma = (float(x) for x in Segment(1.2, 50_000.0, 0.2).mdp(0.0)["electric-field-x"].split())
        assert (e0, t0, sigma) == (1.2, 1250.0, 1e9)
        assert omega == pytest.approx(0.00125663706, rel=1e-8)

    @pytest.mark.parametrize("start", [0.0, 2.0, 10_000.0])
    @pytest.mark.parametrize(
        "segment", [Segment(1.2, 50_000.0, 0.2), Segment(-0.5, 25.0, 40.0), Segment(0.4, 10.0), Segment(0.0, 1.0)]
    )
    def test_the_mdp_line_is_the_waveform(self, segment, start):
        t = np.linspace(0, segment.duration_ps, 501)
        applied = evaluate(segment.mdp(start)["electric-field-x"], start + t)
        assert applied == pytest.approx(segment.at(t), abs=1e-6)

    @pytest.mark.parametrize("amplitude", [5.1, -5.1, 1200.0, float("nan"), float("inf")])
    def test_a_field_beyond_meaning_is_refused(self, amplitude):
        with pytest.raises(ProtocolError, match="beyond"):
            Segment(amplitude, 1.0)

    @pytest.mark.parametrize(
        ("duration", "frequency"),
        [(0.0, 0.0), (-1.0, 0.0), (float("nan"), 0.0), (float("inf"), 0.0), (1.0, -0.2), (1.0, float("nan")),
         (1.0, float("inf"))],
    )  # fmt: skip
    def test_a_time_or_frequency_without_meaning_is_refused(self, duration, frequency):
        with pytest.raises(ProtocolError, match="must be positive"):
            Segment(1.0, duration, frequency)

    def test_five_volts_are_still_meant(self):
        assert Segment(-5.0, 1.0).at(np.array([0.5])) == pytest.approx([-5.0])


class TestProtocol:
    chain = Protocol("p", "constant", (Segment(2.0, 20.0), Segment(0.7, 5.0), Segment(1.0, 25.0, 40.0)), ("mosse",))

    def test_starts_and_duration(self):
        assert self.chain.starts_ps() == pytest.approx([0, 20, 25])
        assert self.chain.duration_ps == 50.0

    @pytest.mark.parametrize(
        ("time", "expected"),
        [(0.0, 2.0), (19.999, 2.0), (20.0, 0.7), (24.999, 0.7), (25.0, 0.0), (31.25, 1.0), (43.75, -1.0), (50.0, 0.0),
         (-0.1, 0.0), (50.1, 0.0)],
    )  # fmt: skip
    def test_waveform(self, time, expected):
        """A boundary belongs to the later segment; outside there is no field."""
        assert self.chain.waveform(np.array([time])) == pytest.approx([expected], abs=1e-9)

    def test_rounding_of_times_does_not_lose_a_boundary(self):
        assert self.chain.waveform(np.array([20.0 - 1e-12, 50 + 1e-12])) == pytest.approx([0.7, 0.0], abs=1e-9)

    def test_shape_is_kept(self):
        assert self.chain.waveform(np.zeros((3, 4))).shape == (3, 4)


class TestExpand:
    def test_names_kinds_and_lengths(self, make_scale):
        found = protocols.expand(make_scale())
        assert {name: (p.name, p.kind, p.duration_ps) for name, p in found.items()} == {
            "sweep": ("sweep", "sine", 1.0),
            "hold_-1.00": ("hold_-1.00", "constant", 1.0),
            "hold_+0.40": ("hold_+0.40", "constant", 1.0),
        }
        assert found["hold_+0.40"].segments == (Segment(0.4, 1.0),)
        assert found["sweep"].segments == (Segment(1.2, 1.0, 1000.0),)

    def test_periods(self, make_scale):
        sweep = protocols.expand(make_scale(protocols__sweep__periods=3))["sweep"]
        assert sweep.duration_ps == pytest.approx(3.0)
        assert sweep.waveform(np.array([0.25, 1.25, 2.75])) == pytest.approx([1.2, 1.2, -1.2])

    def test_two_of_one_name_are_refused(self, make_scale):
        with pytest.raises(ProtocolError, match=r"two protocols would be called hold_\+0\.40"):
            protocols.expand(make_scale(protocols__hold__fields_v_nm=[0.4, 0.401]))

    @pytest.mark.parametrize(
        ("changes", "key"),
        [
            ({"protocols__hold__duration_ps": 0.0333}, "timestep_fs"),
            ({"protocols__hold__duration_ps": 0.034}, "trajectory_interval_ps"),
            ({"protocols__sweep__frequency_ghz": 300.0}, "timestep_fs"),  # a period of 3.333... ps
            ({"protocols__up": UP | {"prepare_ps": 0.42}, "md__energy_interval_ps": 0.04}, "energy_interval_ps"),
            (
                {"protocols__up": UP | {"path": "staircase", "duration_ps": 0.3}, "md__energy_interval_ps": 0.04},
                "energy_interval_ps",
            ),
        ],
    )
    def test_a_length_that_does_not_fit_is_refused(self, make_scale, changes, key):
        with pytest.raises(ProtocolError, match=f"whole number of {key}"):
            protocols.expand(make_scale(**changes))

    def test_where_none_follows_energies_may_end_anywhere(self, make_scale):
        assert "up" in protocols.expand(make_scale(protocols__up=UP, md__energy_interval_ps=0.04))

    @pytest.mark.parametrize("key", ["trajectory_interval_ps", "energy_interval_ps"])
    def test_one_that_the_randomising_segment_is_no_multiple_of_is_refused(self, make_scale, key):
        """Once with that of energies all was run, and its first segment refused for ever as a truncated file."""
        scale = make_scale(ensemble__randomise_ps=0.22, md__trajectory_interval_ps=0.02)
        protocol, md = protocols.expand(scale)["sweep"], scale.md.model_copy(update={key: 0.04})
        with pytest.raises(ProtocolError, match=rf"sweep: {key} \(0.04 ps\) must divide ensemble.randomise_ps \(0.22"):
            protocols.check(protocol, md, scale.ensemble.randomise_ps)

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"analysis__current_window_ps": 1000.0}, r"current_window_ps \(1000 ps\) is longer than what"),
            ({"analysis__phase_bins": 2000}, r"phase_bins \(2000\) are more than the"),
            ({"protocols__hold__systems": ["mosse", "mosse"]}, "a system is named twice"),
            ({"protocols__hold__fields_v_nm": [0.0, -0.0]}, r"two protocols would be called hold_\+0\.00"),
        ],
    )
    def test_what_nothing_could_be_made_of_is_refused_before_it_runs(self, make_scale, changes, said):
        with pytest.raises(ProtocolError, match=said):
            protocols.expand(make_scale(**changes))

    @pytest.mark.parametrize("discard_ps", [1.0, 2.0])
    def test_a_constant_field_of_which_nothing_is_left_is_refused(self, make_scale, discard_ps):
        said = rf"protocols\.hold: analysis\.discard_ps \({discard_ps:g} ps\) leaves nothing of 1 ps"
        with pytest.raises(ProtocolError, match=said):
            protocols.expand(make_scale(analysis__discard_ps=discard_ps))
        assert protocols.expand(make_scale(analysis__discard_ps=0.9))

    def test_protocols_by_system(self, make_scale):
        scale = make_scale(
            systems={"mosse": {}, "mos2": {"membrane": "mos2"}}, protocols__hold__systems=["mosse", "mos2"]
        )
        assert set(protocols_of(scale, "mos2")) == {"hold_-1.00", "hold_+0.40"}
        assert set(protocols_of(scale, "mosse")) == {"sweep", "hold_-1.00", "hold_+0.40"}
        with pytest.raises(ProtocolError, match="no system 'mos'; it has mos"):
            protocols_of(scale, "mos")
