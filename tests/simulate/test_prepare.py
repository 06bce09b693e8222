"""The .mdp says what the scale says, and grompp takes it without a warning, once."""

from dataclasses import replace

import pytest
from janus_pore.errors import GromacsError, RunError
from janus_pore.simulate import prepare
from janus_pore.simulate.field import Segment


@pytest.fixture
def options(make_scale):
    md = make_scale().md
    return prepare.dynamics(md, 100, fresh_velocities_seed=3, seed=4, field=prepare.FIELD_OFF)


class TestOptions:
    def test_units_and_intervals(self, options):
        assert (options["dt"], options["nsteps"]) == (0.002, 100)
        assert (options["nstxout-compressed"], options["nstenergy"]) == (10, 10)
        assert (options["rcoulomb"], options["rvdw"], options["coulombtype"]) == (0.9, 0.9, "PME")

    def test_the_sheet_is_frozen_and_has_a_thermostat_of_its_own(self, options):
        assert (options["freezegrps"], options["freezedim"]) == ("Sheet", "Y Y Y")
        assert options["tc-grps"] == "Mobile Sheet"
        assert options["tau-t"].split() == ["0.05", "0.05"]
        assert options["ref-t"].split() == ["300.0", "300.0"]
        assert options["comm-mode"] == "None"

    def test_fresh_velocities(self, options):
        assert (options["gen-vel"], options["gen-seed"], options["continuation"]) == ("yes", 3, "no")

    def test_a_segment_goes_on(self, make_scale):
        found = prepare.segment_options(Segment(1.2, 25.0, 40.0), make_scale().md, 2.0, 13_500)
        assert found["continuation"] == "yes"
        assert "gen-vel" not in found
        assert found["nsteps"] == 13_500
        assert found["electric-field-x"].split()[2] == "8.25"

    @pytest.mark.parametrize(
        ("duration", "fs", "steps"), [(0.3, 2.0, 150), (10_000.0, 1.0, 10_000_000), (0.7, 0.1, 7000)]
    )
    def test_steps(self, make_scale, duration, fs, steps):
        md = make_scale().md.model_copy(update={"timestep_fs": fs})
        assert prepare.steps(duration, md) == steps


class TestRunInput:
    """On the small cell, with the real grompp."""

    def make(self, lab, place, **changes):
        options = prepare.dynamics(lab.scale.md, 100, fresh_velocities_seed=1, seed=1, field=prepare.FIELD_OFF)
        return prepare.run_input(lab.gmx, place / "a.tpr", {**options, **changes}, lab.minimised, lab.built)

    def test_made_once(self, lab, tmp_path, monkeypatch):
        tpr = self.make(lab, tmp_path)
        before = tpr.read_bytes()
        monkeypatch.setattr(type(lab.gmx), "call", lambda *_args, **_options: pytest.fail("grompp was called again"))
        assert self.make(lab, tmp_path) == tpr
        assert tpr.read_bytes() == before

    def test_other_options_are_refused(self, lab, tmp_path):
        tpr = self.make(lab, tmp_path)
        before = tpr.read_bytes()
        with pytest.raises(RunError, match="was made from other options"):
            self.make(lab, tmp_path, **{"electric-field-x": "1 0 0 0"})
        assert tpr.read_bytes() == before

    def test_other_coordinates_are_refused(self, lab, tmp_path):
        self.make(lab, tmp_path)
        with pytest.raises(RunError, match="was made from other conf"):
            prepare.run_input(
                lab.gmx, tmp_path / "a.tpr",
                prepare.dynamics(lab.scale.md, 100, fresh_velocities_seed=1, seed=1, field=prepare.FIELD_OFF),
                lab.built / "conf.gro", lab.built,
            )  # fmt: skip

    def test_a_half_written_one_is_made_again(self, lab, tmp_path):
        tpr = self.make(lab, tmp_path)
        tpr.with_suffix(".json").unlink()
        tpr.write_bytes(b"half")
        assert self.make(lab, tmp_path).stat().st_size > 10_000

    @pytest.mark.parametrize(
        ("changes", "words"),
        [({"tcoupl": "berendsen"}, "(?i)berendsen"), ({"nonsense-key": 1}, "nonsense"), ({"rvdw": 1.5}, "(?i)cut-off")],
    )
    def test_a_warning_or_error_of_grompp_stops(self, lab, tmp_path, changes, words):
        with pytest.raises(GromacsError, match=words):
            self.make(lab, tmp_path, **changes)
        assert not (tmp_path / "a.tpr").exists()

    def test_a_program_that_is_no_gromacs(self, lab, tmp_path):
        """Once a traceback: it names a version, whatever it is asked, and makes nothing."""
        program = tmp_path / "gmx"
        program.write_text("#!/bin/sh\necho 'GROMACS version:    2023.3'\n")
        program.chmod(0o755)
        options = prepare.dynamics(lab.scale.md, 100, fresh_velocities_seed=1, seed=1, field=prepare.FIELD_OFF)
        said = r"gmx grompp ended without an error and without .*Set GMX to one that is(?s:.*)GROMACS version: +2023\.3"
        with pytest.raises(GromacsError, match=said):
            prepare.run_input(
                replace(lab.gmx, path=str(program)), tmp_path / "a.tpr", options, lab.minimised, lab.built
            )
        assert not (tmp_path / "a.tpr").exists() and not (tmp_path / "a.json").exists()

    @pytest.mark.parametrize("thermostat", ["nose-hoover", "v-rescale"])
    @pytest.mark.parametrize("segment", [Segment(1.2, 1.0, 1000.0), Segment(-0.5, 1.0)])
    def test_every_kind_of_segment_is_accepted(self, lab, tmp_path, thermostat, segment):
        md = lab.scale.md.model_copy(update={"thermostat": thermostat, "thermostat_every_steps": 2, "timestep_fs": 1.0})
        options = prepare.segment_options(segment, md, 0.2, 1200)
        tpr = prepare.run_input(lab.gmx, tmp_path / "a.tpr", options, lab.minimised, lab.built)
        assert "WARNING" not in tpr.with_suffix(".grompp.log").read_text()

    def test_minimisation_is_accepted(self, lab, tmp_path):
        options = prepare.minimisation(lab.scale)
        prepare.run_input(lab.gmx, tmp_path / "em.tpr", options, lab.built / "conf.gro", lab.built)
        assert "steep" in (tmp_path / "em.mdp").read_text()
