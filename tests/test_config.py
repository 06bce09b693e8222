"""A scale file that cannot be meant is refused, and the message says which file, which key and what is allowed."""

from pathlib import Path

import pytest
import yaml
from janus_pore import config
from janus_pore.errors import ConfigError
from janus_pore.files import read_yaml
from janus_pore.simulate.protocols import expand

SHIPPED = sorted((Path(__file__).parents[1] / "config").glob("*.yml"))


def put(data, key, value):
    *sections, last = key.split(".")
    for section in sections:
        data = data[section]
    data[last] = value


@pytest.fixture
def refusal(tmp_path, settings):
    """A function: change one key (dotted), or the file's text, and return the error's message."""
    path = tmp_path / "wrong.yml"

    def refusal(key=None, value=None, text=None) -> str:
        if key:
            put(settings, key, value)
        path.write_text(yaml.safe_dump(settings, sort_keys=False) if text is None else text)
        with pytest.raises(ConfigError) as error:
            config.load(path)
        assert str(path) in str(error.value)
        return str(error.value)

    return refusal


def test_the_test_scale_itself_is_good(make_scale):
    scale = make_scale()
    assert scale.systems["mosse"].cells_y == 6
    assert scale.protocols["sweep"].frequency_ghz == 1000.0


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_scale_loads(path):
    scale = config.load(path)
    assert scale.scale == path.stem
    assert expand(scale)


def test_a_file_whose_name_is_not_that_of_its_scale(tmp_path, make_scale):
    """Once broke: a copy that kept the key `scale` went into the runs of the original without a word."""
    scale = make_scale()
    assert config.misnamed(tmp_path / "test.yml", scale) == ""
    assert config.misnamed(tmp_path / "test" / "scale.yml", scale) == ""
    assert "'test'" in (said := config.misnamed(tmp_path / "mine.yml", scale)) and "`scale` to mine" in said


def test_an_impossible_date_is_one_message(refusal):
    assert "not readable as YAML" in refusal(text="scale: 2026-13-45\n")


def test_keys_are_those_of_the_file(refusal):
    """Once with the kind of the protocol in between, by which the reader tells protocols apart."""
    assert "\n  protocols.sweep.periods: " in refusal("protocols.sweep.periods", 0)
    assert "Value error" not in refusal("analysis.pore_radius_nm", 1.9)


def test_there_are_shipped_scales():
    assert "tiny" in [path.stem for path in SHIPPED]


class TestValues:
    """Once broke: a sheet too short along z for the cutoff was let through (only y was compared)."""

    @pytest.mark.parametrize(
        ("key", "value", "allowed"),
        [
            ("md.timestep_fs", "1,5", "valid number"),  # a decimal comma
            ("md.timestep_fs", "2", "valid number"),
            ("md.timestep_fs", True, "valid number"),
            ("md.timestep_fs", None, "valid number"),
            ("md.timestep_fs", [2.0], "valid number"),
            ("md.timestep_fs", 2.5, "less than or equal to 2"),
            ("md.timestep_fs", 0.0, "greater than or equal to 0.1"),
            ("md.timestep_fs", float("nan"), "finite"),
            ("md.cutoff_nm", float("inf"), "finite"),
            ("md.temperature_k", -float("inf"), "finite"),
            ("md.temperature_k", 27.0, "greater than or equal to 200"),
            ("md.trajectory_interval_ps", 0.0, "greater than 0"),
            ("md.energy_interval_ps", -0.1, "greater than 0"),
            ("md.thermostat", "berendsen", "'nose-hoover' or 'v-rescale'"),
            ("md.thermostat_every_steps", 2.5, "valid integer"),
            ("md.pme_order", "4", "valid integer"),
            ("system.seed", -1, "greater than or equal to 0"),
            ("system.seed", 2**31, "less than or equal to 2147483647"),
            ("system.membrane", "graphene", "'mosse'"),
            ("system.pore_cut", "6-6-6", "match pattern"),
            ("system.pore_cut", 6, "valid string"),
            ("system.pore_centre", "middle", "'hollow', 'bond' or 'widest'"),
            ("system.salt_mol_l", -1.0, "greater than or equal to 0"),
            ("system.length_x_nm", 100.0, "less than or equal to 40"),  # angstrom
            ("equilibration.duration_ps", "40 ps", "valid number"),
            ("ensemble.replicas", 0, "greater than or equal to 1"),
            ("ensemble.replicas", 2.0, "valid integer"),
            ("protocols.sweep.amplitude_v_nm", 12.0, "less than or equal to 5"),
            ("protocols.sweep.frequency_ghz", 0.0, "greater than 0"),
            ("protocols.sweep.periods", 0, "greater than or equal to 1"),
            ("protocols.sweep.kind", "square", "'sine', 'constant'"),
            ("protocols.sweep.systems", [], "at least 1"),
            ("protocols.hold.fields_v_nm", [], "at least 1"),
            ("protocols.hold.fields_v_nm", [0.4, -7.0], "greater than or equal to -5"),
            ("analysis.confidence", 68, "less than 1"),
            ("analysis.pore_radius_nm", 0.0, "greater than 0"),
            ("analysis.angle_bins", 1, "greater than or equal to 12"),
            ("scale", "Tiny scale", "match pattern"),
            ("scale", "../tiny", "match pattern"),
        ],
    )
    def test_bad_value(self, refusal, key, value, allowed):
        message = refusal(key, value)
        assert key.split(".")[-1] in message
        assert allowed in message

    @pytest.mark.parametrize("key", ["typo", "md.typo", "system.typo", "protocols.sweep.typo", "analysis.typo"])
    def test_unknown_key(self, refusal, key):
        message = refusal(key, 1)
        assert "typo" in message
        assert "not permitted" in message

    @pytest.mark.parametrize("section", ["scale", "systems", "md", "ensemble", "protocols", "engine", "analysis"])
    def test_missing_section(self, refusal, settings, section):
        del settings[section]
        message = refusal()
        assert f"{section}: Field required" in message

    def test_missing_key(self, refusal, settings):
        del settings["system"]["salt_mol_l"]
        assert "systems.mosse.salt_mol_l: Field required" in refusal()

    def test_a_key_that_is_misspelt_and_a_form(self, refusal, settings):
        settings["system"]["lenght_x_nm"] = settings["system"].pop("length_x_nm")
        settings["system"]["pore_cut"] = "6-6-6"
        message = refusal()
        assert "there is no such key. Is length_x_nm meant?" in message and "such as 6/6/6" in message

    def test_a_quarter_of_a_period_is_whole_bins(self, refusal):
        """Once with 10 bins the amplitude was 5 % too high, and a bin lay on both branches."""
        assert "analysis.phase_bins: Input should be a multiple of 4 (found: 10)" in refusal("analysis.phase_bins", 10)

    def test_all_faults_are_named_at_once(self, refusal, settings):
        put(settings, "md.cutoff_nm", "1,2")
        message = refusal("analysis.phase_bins", 1)
        assert "2 value(s)" in message
        assert "cutoff_nm" in message
        assert "phase_bins" in message

    @pytest.mark.parametrize(
        ("changes", "named"),
        [
            ({"protocols.sweep.systems": ["mos2"]}, "protocols.sweep.systems names 'mos2'"),
            ({"md.thermostat": "nose-hoover", "md.thermostat_every_steps": 10}, "thermostat_every_steps"),
            ({"md.trajectory_interval_ps": 0.021}, "trajectory_interval_ps must be a whole number of time steps"),
            ({"md.energy_interval_ps": 0.001}, "energy_interval_ps must be a whole number of time steps"),
            ({"ensemble.replicas": 3}, "equilibration.duration_ps of at least 3.0 ps"),
            ({"equilibration.discard_ps": 2.0, "ensemble.replicas": 1}, "discard_ps must be shorter"),
            ({"md.cutoff_nm": 1.0}, "systems.mosse: every box edge must exceed twice md.cutoff_nm"),  # y: 1.95 nm
            ({"md.cutoff_nm": 1.2, "system.cells_y": 9, "system.cells_z": 4}, "every box edge"),  # z: 2.25 nm
            ({"md.cutoff_nm": 1.5, "system.cells_y": 12, "system.cells_z": 9}, "every box edge"),  # x: 3.0 nm
            ({"equilibration.duration_ps": 2.01}, "equilibration.duration_ps"),
            ({"ensemble.spacing_ps": 0.503}, "ensemble.spacing_ps"),
            ({"ensemble.randomise_ps": 0.21}, "ensemble.randomise_ps"),
            ({"engine.edge_nm": 1.9}, "engine.edge_nm must exceed twice"),
            ({"engine.nvt_ps": 0.21}, "nvt_ps must be a whole number of trajectory_interval_ps"),
            ({"engine.nve_timesteps_fs": [1.5, 2.0]}, "a whole number of each of"),
            ({"engine.nve_timesteps_fs": [2.0, 1.0]}, "nve_timesteps_fs must rise"),
            ({"engine.fields_v_nm": [0.0, 0.1]}, "no field 0"),
            ({"engine.discard_ps": 0.2}, "discard_ps must be shorter than nvt_ps"),
        ],
    )
    def test_values_that_do_not_fit_together(self, refusal, settings, changes, named):
        for key, value in changes.items():
            put(settings, key, value)
        assert named in refusal()

    def test_two_systems_that_do_not_differ(self, make_scale):
        """Once they counted as two placements of the ions, with the same trajectories."""
        with pytest.raises(ConfigError, match=r"mosse and again do not differ.*another `seed`"):
            make_scale(systems={"mosse": {}, "again": {}})
        assert make_scale(systems={"mosse": {}, "again": {"seed": 7}}).placements["again"] == ["again", "mosse"]

    def test_nose_hoover_with_a_tight_coupling_is_good(self, make_scale):
        assert make_scale(md__thermostat="nose-hoover", md__thermostat_every_steps=2).md.thermostat == "nose-hoover"

    def test_a_whole_number_may_be_written_without_a_point(self, make_scale):
        assert make_scale(md__temperature_k=310).md.temperature_k == 310.0


class TestFile:
    """Once broke: merge keys did not work; a directory and a list as a key ended in other errors; a `system` that is
    no mapping was passed over."""

    def test_missing_file(self, tmp_path):
        with pytest.raises(ConfigError, match=r"absent\.yml: no such scale file"):
            config.load(tmp_path / "absent.yml")

    def test_a_directory(self, tmp_path):
        with pytest.raises(ConfigError, match="cannot be read"):
            config.load(tmp_path)

    @pytest.mark.parametrize(
        ("text", "named"),
        [
            ("", "expected a mapping"),
            ("- scale: tiny\n", "expected a mapping"),
            ("scale: test\nscale: other\n", "'scale' is given twice"),
            ("md:\n  timestep_fs: 1.0\n  timestep_fs: 2.0\n", "'timestep_fs' is given twice"),
            ("md:\n\ttimestep_fs: 1.0\n", r"'\t'"),
            ("scale: !!python/object/apply:os.getcwd []\n", "python/object/apply"),
            ("scale: [unclosed\n", "not readable as YAML"),
            ("? [a, b]\n: 1\n", "not readable as YAML"),
            ("scale: a\n---\nscale: b\n", "not readable as YAML"),
            ("md:\n  temperature_k: 0300\n", "0300 would be read as another number"),
            ("md:\n  timestep_fs: 1:30\n", "1:30 would be read as another number"),
            ("md:\n  timestep_fs: -1:30.5\n", "-1:30.5 would be read as another number"),
        ],
    )
    def test_bad_yaml(self, refusal, text, named):
        assert named in refusal(text=text)

    def test_zero_and_numbers_that_begin_with_it(self, tmp_path):
        """They are what they look like: refused is only what YAML reads to another base."""
        (tmp_path / "some.yml").write_text('a: 0\nb: 0.5\nc: -0.02\nd: 1.0e-4\ne: "0300"\nf: 00.5\ng: 1_000\n')
        assert list(read_yaml(tmp_path / "some.yml").values()) == [0, 0.5, -0.02, 1e-4, "0300", 0.5, 1000]

    def test_an_ion_held_where_no_force_counts(self, refusal):
        for x_nm in (1.0, 0.8):  # positions are rounded: at the very edge, half of the frames could be lost
            said = refusal("systems.mosse", {"held_cl_nm": x_nm})
            assert "systems.mosse.held_cl_nm must be less than barrier.half_range_nm (0.8 nm)" in said

    def test_held_and_free_ions_do_not_go_together(self, refusal):
        """Pages about waiting ions, barriers and currents would count the held one as free."""
        assert "a scale of their own" in refusal("systems.other", {"held_cl_nm": 0.3})

    @pytest.mark.parametrize("name", ["mosse", "gone"])  # the first of its kind has none to be like
    def test_a_placement_that_is_none(self, refusal, name):
        assert f"barrier.placed_alike names '{name}', which is no system that" in refusal(
            "barrier.placed_alike", [name]
        )

    def test_not_text(self, tmp_path):
        path = tmp_path / "binary.yml"
        path.write_bytes(b"\xff\xfe\x00\x80")
        with pytest.raises(ConfigError, match=r"binary\.yml"):
            config.load(path)

    @pytest.mark.parametrize(("raw", "word"), [(".nan", "finite"), (".inf", "finite"), ("1,2", "valid number")])
    def test_as_yaml_writes_them(self, refusal, settings, raw, word):
        text = yaml.safe_dump(settings).replace("cutoff_nm: 0.9", f"cutoff_nm: {raw}")
        assert word in refusal(text=text)

    def test_what_the_systems_share_must_be_a_mapping(self, refusal, settings):
        settings["systems"]["mosse"] = settings["system"]
        assert "system" in refusal("system", 5)

    def test_merge_keys_and_anchors_still_work(self, tmp_path, settings):
        text = yaml.safe_dump({k: v for k, v in settings.items() if k not in ("system", "systems")})
        shared = yaml.safe_dump(settings["system"], default_flow_style=True).strip().replace("\n", "")
        path = tmp_path / "merge.yml"
        path.write_text(f"{text}systems:\n  mosse: &base {shared}\n  other:\n    <<: *base\n    seed: 7\n")
        scale = config.load(path)
        assert (scale.systems["mosse"].seed, scale.systems["other"].seed) == (1, 7)


def test_a_system_says_only_what_differs(make_scale):
    scale = make_scale(systems={"mosse": None, "control": {"membrane": "mos2", "seed": 9}})
    assert scale.systems["mosse"].membrane == "mosse"
    control = scale.systems["control"].model_dump()
    same = {key for key, value in scale.systems["mosse"].model_dump().items() if control[key] == value}
    assert set(control) - same == {"membrane", "seed"}


def test_a_scale_cannot_be_changed_after_it_was_read(make_scale):
    with pytest.raises(ValueError, match="frozen"):
        make_scale().md.timestep_fs = 1.0


@pytest.mark.parametrize("name", ["reference", "verify"])
def test_a_scale_may_not_take_the_place_of_what_lies_beside_the_campaigns(refusal, name):
    assert "give the scale another name" in refusal("scale", name)
