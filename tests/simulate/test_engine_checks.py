"""The runs that check the engine: what is asked of GROMACS, and once for real on a cube of 2 nm."""

import json

import numpy as np
import pytest
from janus_pore.build import bulk
from janus_pore.errors import CellError, ConfigError, RunError, TrajectoryError
from janus_pore.files import sha256, write_text
from janus_pore.paths import Campaign
from janus_pore.reduce import checked, replica
from janus_pore.reduce import engine as reduced
from janus_pore.simulate import engine_checks, prepare


class TestWhatIsAsked:
    def test_both_thermostats_each_time_step_and_each_field(self, make_scale):
        names = list(engine_checks.checks(make_scale()))
        assert names == ["nvt-nose-hoover", "nvt-v-rescale", "nve-1fs", "nve-2fs", "field--0.5", "field-0.5"]

    def test_the_scales_own_thermostat_is_as_in_the_scale(self, make_scale):
        scale = make_scale()
        own = engine_checks.checks(scale)["nvt-v-rescale"].md
        for key in ("thermostat_time_ps", "thermostat_every_steps", "timestep_fs"):
            assert getattr(own, key) == getattr(scale.md, key)

    @pytest.mark.parametrize(("own", "other"), [("v-rescale", "nose-hoover"), ("nose-hoover", "v-rescale")])
    def test_the_other_one_is_canonical(self, make_scale, own, other):
        every, fs = (1, 1.0) if own == "nose-hoover" else (5, 2.0)
        scale = make_scale(md__thermostat=own, md__thermostat_every_steps=every, md__timestep_fs=fs)
        md = engine_checks.checks(scale)[f"nvt-{other}"].md
        asked = (md.thermostat_time_ps, md.thermostat_every_steps, md.timestep_fs)
        assert asked == {"nose-hoover": (0.1, 1, 1.0), "v-rescale": (0.5, 10, 1.0)}[other]

    def test_without_a_thermostat_the_pair_list_is_wide(self, make_scale):
        check = engine_checks.checks(make_scale())["nve-1fs"]
        options = prepare.dynamics(check.md, 10, fresh_velocities_seed=None, seed=1, field=check.options, sheet=False)
        assert options["tcoupl"] == "no" and options["rlist"] == "0.99" and options["verlet-buffer-tolerance"] == -1
        assert (options["dt"], options["nstenergy"]) == (0.001, 2)  # energies at the longest of the time steps

    def test_without_a_sheet_nothing_is_frozen_and_the_drift_is_removed(self, make_scale):
        options = prepare.dynamics(
            make_scale().md, 10, fresh_velocities_seed=1, seed=1, field=prepare.FIELD_OFF, sheet=False
        )  # fmt: skip
        assert "freezegrps" not in options
        assert (options["tc-grps"], options["tau-t"], options["comm-mode"]) == ("Mobile", "0.05", "Linear")

    def test_a_check_needs_the_settled_cube(self, make_scale, gromacs, tmp_path):
        scale = make_scale()
        check = engine_checks.checks(scale)["nve-1fs"]
        with pytest.raises(RunError, match="settle the bulk electrolyte first"):
            engine_checks.run(scale, Campaign(tmp_path), check, gromacs, threads=1)

    def test_a_cube_that_was_changed_since_it_was_built_is_refused(self, make_scale, gromacs, tmp_path):
        """Once the checks took it without a word."""
        scale, campaign = make_scale(), Campaign(tmp_path)
        place = campaign.engine()
        bulk.write(scale.systems["mosse"], scale.engine.edge_nm, place / "system")
        write_text(place / "settle" / "state.cpt", "a checkpoint")
        topology = place / "system" / "topol.top"
        topology.write_text(topology.read_text() + "; another\n")
        check = engine_checks.checks(scale)["nve-1fs"]
        with pytest.raises(CellError, match="engine/system: topol.top changed or vanished since it was built"):
            engine_checks.run(scale, campaign, check, gromacs, threads=1)


@pytest.fixture(scope="module")
def cube(make_scale, gromacs, tmp_path_factory):
    """All checks of the test scale, run for real (a few seconds)."""
    scale, campaign = make_scale(), Campaign(tmp_path_factory.mktemp("engine"))
    engine_checks.settle(scale, campaign, gromacs, threads=1)
    for check in engine_checks.checks(scale).values():
        engine_checks.run(scale, campaign, check, gromacs, threads=1)
    return scale, campaign


class TestForReal:
    def test_every_run_starts_from_the_same_state(self, cube):
        scale, campaign = cube
        starts = []
        for name in engine_checks.checks(scale):
            _, x = next(iter(replica.frames(campaign.engine() / name / "md.xtc", 0.02)))
            starts.append(x.copy())
        assert all(np.abs(x - starts[0]).max() < 0.002 for x in starts)

    def test_degrees_of_freedom_are_those_of_gromacs(self, cube):
        _, campaign = cube
        said = (campaign.engine() / "tpr" / "settle.grompp.log").read_text()
        count = engine_checks.degrees_of_freedom(campaign.engine() / "system")
        assert f"T-Coupling group Mobile is {count:.2f}" in said

    def test_a_second_call_runs_nothing(self, cube, gromacs, monkeypatch):
        scale, campaign = cube
        monkeypatch.setattr(engine_checks.runner.process, "launch", lambda *_a, **_k: pytest.fail("mdrun again"))
        engine_checks.settle(scale, campaign, gromacs, threads=1)
        engine_checks.run(scale, campaign, engine_checks.checks(scale)["nve-2fs"], gromacs, threads=1)

    def test_reduced(self, cube, tmp_path):
        scale, campaign = cube
        path = replica.write(reduced.reduce_engine(scale, campaign), tmp_path / "engine.nc")
        data = replica.read(path)
        assert dict(data.sizes) | {"x": 0} == {
            "thermostat": 2, "energy_time": 11, "frame": 11, "x": 0, "timestep": 2, "nve_time": 51,
            "field": 2, "interval": 20, "species": 2,
        }  # fmt: skip
        assert (data.oxygen.sum("x") == data.attrs["waters"]).all()
        assert float(data.total.std("nve_time").max()) < 5  # kJ/mol, of some -13,000
        record = json.loads((campaign.engine() / "system" / "system.json").read_text())
        assert data.attrs["atoms"] == record["atoms"]

    def test_shipped(self, cube, tmp_path):
        scale, campaign = cube
        replica.write(reduced.reduce_engine(scale, campaign), campaign.engine().with_suffix(".nc"))
        longer = {"engine": scale.engine.model_copy(update={"nve_ps": 2 * scale.engine.nve_ps})}
        with pytest.raises(ConfigError, match=r"was run with nsteps \(nve-.*not .*: ship it with the scale file"):
            checked.ship(scale.model_copy(update=longer), campaign, tmp_path, "abc1234")
        wider = {"engine": scale.engine.model_copy(update={"edge_nm": 2.2})}
        with pytest.raises(ConfigError, match="was run with edge_nm 2.0, not 2.2"):
            checked.ship(scale.model_copy(update=wider), campaign, tmp_path, "abc1234")
        assert not any(tmp_path.iterdir()) and checked.ship(scale, campaign, tmp_path, "abc1234")
        manifest = json.loads((tmp_path / "engine.json").read_text())
        trajectories = [sha256(campaign.engine() / one["name"] / "md.xtc") for one in manifest["runs"]]
        assert [one["trajectory_sha256"] for one in manifest["runs"]] == trajectories
        assert manifest["gromacs"]["version"] and manifest["commit"] != "unknown"
        data = replica.read(checked.collect(tmp_path, Campaign.of("cube", tmp_path / "runs")))
        assert data.attrs["trajectories_sha256"].split() == trajectories

    def test_a_missing_run_is_named(self, cube):
        scale, campaign = cube
        more = scale.model_copy(update={"engine": scale.engine.model_copy(update={"fields_v_nm": [-0.5, 0.5, 0.7]})})
        with pytest.raises(TrajectoryError, match="field-0.7"):
            reduced.reduce_engine(more, campaign)


def test_current_of_ions_at_constant_velocity(fake_segment, tmp_path):
    """One K at +1 nm/ps and two Cl at -0.5 nm/ps in 2 nm: 160.2 / 2 = 80.1 nA each, also across the boundary."""
    times = np.arange(20) * 0.1
    start, velocity = np.array([0.3, 1.0, 1.9]), np.array([1.0, -0.5, -0.5])
    x = np.zeros((len(times), 3, 3)) + 1.0
    x[:, :, 0] = (start + velocity * times[:, None]) % 2.0
    fake_segment(tmp_path / "run", x, times, [2.0, 2.0, 2.0])
    ions = {"K": np.array([0]), "CL": np.array([1, 2])}
    current = reduced.currents(tmp_path / "run" / "md.xtc", 0.1, ions, 2.0)
    assert current.shape == (19, 2) and current == pytest.approx(np.full((19, 2), 80.1088), rel=1e-3)


def test_profile_counts_every_atom_once(fake_segment, tmp_path):
    x = np.array([[[0.1, 0, 0], [1.9, 0, 0], [0.3, 0, 0]]] * 2)
    fake_segment(tmp_path / "run", x, np.array([0.0, 0.1]), [2.0, 2.0, 2.0])
    found = reduced.profiles(tmp_path / "run" / "md.xtc", 0.1, np.array([0, 1]), np.linspace(0, 2, 5))
    assert found.tolist() == [[1, 0, 0, 1]] * 2
