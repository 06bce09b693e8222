"""Zeroed topologies, the frames that are chosen, and what is refused before GROMACS is called."""

import numpy as np
import pytest
import yaml
from janus_pore import config, files
from janus_pore.build import system as cell
from janus_pore.errors import ConfigError, RunError, TrajectoryError
from janus_pore.simulate import rerun, zeroed
from janus_pore.simulate.protocols import protocols_of

ALL = ("water", "membrane", "ion")


@pytest.fixture(scope="module")
def built(make_scale, tmp_path_factory):
    place = tmp_path_factory.mktemp("built")
    cell.write(make_scale().systems["mosse"], place)
    return place


def read(text):
    """Charges by molecule type and epsilons by atom type."""
    section = molecule = ""
    charges, depths = {}, {}
    for line in text.splitlines():
        fields = line.split(";")[0].split()
        if line.startswith("["):
            section = fields[1]
        elif fields and section == "moleculetype":
            molecule = fields[0]
        elif fields and section == "atoms":
            charges.setdefault(molecule, []).append(float(fields[6]))
        elif fields and section == "atomtypes":
            depths[fields[0]] = float(fields[5])
    return {name: np.array(values) for name, values in charges.items()}, depths


class TestZeroed:
    def test_everything_kept_is_the_built_topology(self, built):
        text = (built / "topol.top").read_text()
        assert zeroed.topology(text, ALL, ALL) == text

    @pytest.mark.parametrize(("gone", "molecules"), zeroed.GROUPS.items())
    def test_one_group_without_charges(self, built, gone, molecules):
        text = (built / "topol.top").read_text()
        before, depths = read(text)
        charges, same = read(zeroed.topology(text, set(ALL) - {gone}, ALL))
        assert same == depths and charges.keys() == before.keys()
        for name, values in charges.items():
            assert np.array_equal(values, 0 * before[name] if name in molecules else before[name])

    @pytest.mark.parametrize(("gone", "types"), [("water", "OW HW"), ("membrane", "MO S SE"), ("ion", "K CL")])
    def test_one_group_without_depths(self, built, gone, types):
        text = (built / "topol.top").read_text()
        charges, before = read(text)
        same, depths = read(zeroed.topology(text, ALL, set(ALL) - {gone}))
        assert all(np.array_equal(same[name], values) for name, values in charges.items())
        assert depths == {name: 0.0 if name in types.split() else value for name, value in before.items()}

    def test_only_the_numbers_change(self, built):
        """Sigma, masses, exclusions, constraints and counts stay: the same lines but for one word each."""
        text = (built / "topol.top").read_text()
        changed = zeroed.topology(text, (), ())
        for old, new in zip(text.splitlines(), changed.splitlines(), strict=True):
            words, others = old.split(";")[0].split(), new.split(";")[0].split()
            assert len(words) == len(others) and sum(a != b for a, b in zip(words, others, strict=True)) <= 1

    def test_written_beside_what_grompp_needs(self, built, tmp_path):
        before = {path.name: files.sha256(path) for path in built.iterdir()}
        place = zeroed.write(built, tmp_path / "0", charges=(), depths=("ion",))
        assert sorted(path.name for path in place.iterdir()) == ["conf.gro", "index.ndx", "topol.top"]
        assert {path.name: files.sha256(path) for path in built.iterdir()} == before

    def test_refusals(self, built, tmp_path):
        with pytest.raises(RunError, match="build the system first"):
            zeroed.write(tmp_path, tmp_path / "0", charges=(), depths=())
        with pytest.raises(RunError, match="type NA of molecule NA belongs to no group"):
            zeroed.topology("[ moleculetype ]\nNA 1\n[ atoms ]\n1 NA 1 NA NA 1 1.0 22.99\n", (), ())


class TestChosen:
    @pytest.fixture
    def scale(self, make_scale):
        return make_scale(
            md__trajectory_resolution_nm=1e-4, barrier__protocols=["sweep", "hold"], barrier__half_window_v_nm=0.1
        )

    def test_which_protocols(self, scale):
        """-1.0 V/nm is in no window."""
        assert sorted(rerun.asked(scale, "mosse")) == ["hold_+0.40", "sweep"]

    def test_a_sweep_on_its_forward_branch(self, scale):
        """One period of 1 ps in frames of 0.02 ps: |E| rises up to 0.25 ps, and falls after."""
        index, time, field = rerun.chosen(scale, protocols_of(scale, "mosse")["sweep"])
        assert time == pytest.approx(0.02 * index) and time.max() < 0.25
        assert field == pytest.approx(1.2 * np.sin(2 * np.pi * time))
        asked = [k for k in range(13) if np.abs(1.2 * np.sin(0.04 * np.pi * k) - [0.4, 0.8]).min() <= 0.1]
        assert index.tolist() == asked and len(asked) == 3

    def test_a_sweep_on_both(self, scale):
        """A sine is symmetric about its top: the same fields again, backwards."""
        sweep = protocols_of(scale, "mosse")["sweep"]
        there, both = (
            rerun.chosen(
                scale.model_copy(update={"barrier": scale.barrier.model_copy(update={"both_branches": one})}), sweep
            )
            for one in (False, True)
        )
        assert both[0].tolist() == [*there[0], *(25 - there[0][::-1])]
        assert both[2] == pytest.approx([*there[2], *there[2][::-1]])

    def test_a_constant_field_after_what_is_discarded(self, scale):
        """0.2 ps discarded of 1 ps."""
        index, _, field = rerun.chosen(scale, protocols_of(scale, "mosse")["hold_+0.40"])
        assert index.tolist() == list(range(10, 51)) and (field == 0.4).all()

    def test_every_third(self, scale):
        thin = scale.model_copy(update={"barrier": scale.barrier.model_copy(update={"every_frames": 3})})
        index, _, _ = rerun.chosen(thin, protocols_of(scale, "mosse")["hold_+0.40"])
        assert index.tolist() == list(range(10, 51, 3))


class TestRefusals:
    @pytest.mark.parametrize(
        ("key", "value", "why"),
        [
            ("protocols", ["sweep"], "trajectory_resolution_nm must be at most 0.0001"),
            ("protocols", ["none"], "no sine or constant"),
            ("fields_v_nm", [0.4, 0.6], "rise by at least"),
            ("fields_v_nm", [0.0, 0.8], "not hold 0"),
            ("bin_width_nm", 0.3, "whole number of bin_width_nm"),
            ("waiting_depth_nm", 0.9, "must not exceed half_range_nm"),
            ("axis_radius_nm", 0.6, "must not exceed radius_nm"),
            ("half_window_v_nm", 0.0, "greater than 0"),
            ("both_branches", "reverse", "boolean"),
        ],
    )
    def test_a_scale_file_that_cannot_be_meant(self, settings, tmp_path, key, value, why):
        settings["barrier"][key] = value
        (tmp_path / "a.yml").write_text(yaml.safe_dump(settings))
        with pytest.raises(ConfigError, match=why):
            config.load(tmp_path / "a.yml")

    def test_frames_beyond_the_box(self, settings, tmp_path):
        settings["md"]["trajectory_resolution_nm"] = 1e-5
        settings["barrier"] |= {"protocols": ["sweep"], "half_range_nm": 1.6}
        (tmp_path / "a.yml").write_text(yaml.safe_dump(settings))
        with pytest.raises(ConfigError, match="half of any system's length_x_nm"):
            config.load(tmp_path / "a.yml")

    def test_positions_stored_too_coarsely(self, tmp_path, fake_segment):
        """The file decides, whatever the scale file says now (first 1e-5 nm, then 1e-3)."""
        x = np.random.default_rng(0).uniform(0, 3, (4, 12, 3))
        fake_segment(tmp_path / "a", x, np.arange(4) * 0.1, [3, 3, 3])
        found = rerun.extract(tmp_path / "a" / "md.xtc", np.array([1, 3]), tmp_path / "a.trr", np.array([0, 5]))
        assert found == pytest.approx(x[[1, 3]][:, [0, 5]], abs=1e-4)
        with rerun.XTCFile(str(tmp_path / "coarse.xtc"), "w") as out:
            out.write(x[0].astype(np.float32), 3 * np.eye(3, dtype=np.float32), 0, 0.0, 1000)
        with pytest.raises(TrajectoryError, match=r"coarse.xtc keeps positions to 0.001 nm, and forces need 0.0001"):
            rerun.extract(tmp_path / "coarse.xtc", np.array([0]), tmp_path / "b.trr", np.array([0]))

    def test_frames_that_are_not_there(self, tmp_path, fake_segment):
        fake_segment(tmp_path / "a", np.zeros((4, 12, 3)), np.arange(4) * 0.1, [3, 3, 3])
        with pytest.raises(TrajectoryError, match="has 4 frames"):
            rerun.extract(tmp_path / "a" / "md.xtc", np.array([1, 4]), tmp_path / "a.trr", np.array([0]))
