"""How many replicas share a job, and what walltime it asks for: by hand, and what must not change them."""

import pytest
from janus_pore import config
from janus_pore.files import write_json
from janus_pore.paths import Campaign, repository
from janus_pore.simulate import cost, engine_checks
from janus_pore.simulate.protocols import protocols_of


@pytest.fixture(scope="module")
def paper():
    return config.load(repository() / "config" / "paper.yml")


@pytest.fixture
def campaign(tmp_path):
    return Campaign.of("paper", tmp_path)


def equilibrated(campaign, ns_per_day, threads=8, *flags):
    place = campaign.equilibration("mosse") / "nvt"
    place.mkdir(parents=True, exist_ok=True)
    command = ["gmx", "mdrun", "-ntomp", f"{threads}", *flags]
    write_json(place / "manifest.json", {"ns_per_day": ns_per_day, "command": command})


def changed(scale, **ensemble):
    return scale.model_copy(update={"ensemble": scale.ensemble.model_copy(update=ensemble)})


class TestReplicasOfAJob:
    def test_long_ones_have_a_job_each_and_short_ones_share(self, paper):
        protocols = protocols_of(paper, "mosse")
        assert cost.job_size(paper, "mosse", protocols["sweep"]) == 1
        one = changed(paper, cores_per_run=8)
        # 105 ps of 25,000 atoms: 105,000 steps of 1.7e-6 s an atom, on 8 cores about 9 minutes
        assert cost.in_turn(one, "mosse", protocols["ppf"]) == 2
        assert cost.in_turn(changed(one, batch_minutes=0.0), "mosse", protocols["ppf"]) == 1
        assert cost.in_turn(changed(one, batch_minutes=1e6), "mosse", protocols["ppf"]) == 150

    def test_those_side_by_side_count_too(self, paper):
        ppf = protocols_of(paper, "mosse")["ppf"]
        four = changed(paper, cores_per_run=8, replicas_per_job=4)
        assert cost.job_size(four, "mosse", ppf) == 8
        assert cost.in_turn(changed(four, batch_minutes=1e6), "mosse", ppf) == 38  # four lanes hold all 150

    def test_a_measured_speed_changes_no_job(self, paper, campaign):
        """Stamps are named after their size: it may depend on the scale file only."""
        ppf = protocols_of(paper, "mosse")["ppf"]
        before = cost.job_size(paper, "mosse", ppf)
        equilibrated(campaign, 500.0)
        assert cost.job_size(paper, "mosse", ppf) == before


class TestWalltime:
    def test_from_the_equilibrations_speed(self, paper, campaign):
        scale = changed(paper, cores_per_run=8)
        equilibrated(campaign, 36.0)
        # 5000 ps at 36 ns/day are 200 minutes; half as much again and ten minutes for the rest
        assert cost.minutes(scale, campaign, "mosse", 5000.0) == 310

    def test_threads_of_another_number_are_scaled_and_a_gpus_are_not(self, paper, campaign):
        scale = changed(paper, cores_per_run=8)
        equilibrated(campaign, 72.0, 16)
        assert cost.measured(scale, campaign, "mosse") == 36.0
        equilibrated(campaign, 72.0, 16, "-nb", "gpu")
        assert cost.measured(scale, campaign, "mosse") == 72.0

    @pytest.mark.parametrize("manifest", [None, "{", "{}"])
    def test_before_that_by_the_stated_rate_with_more_room(self, paper, campaign, manifest):
        scale = changed(paper, cores_per_run=8)
        if manifest is not None:
            place = campaign.equilibration("mosse") / "nvt"
            place.mkdir(parents=True)
            (place / "manifest.json").write_text(manifest)
        hours = 5_000_000 * 1.7e-6 * 25_097 / 8 / 3600
        assert cost.minutes(scale, campaign, "mosse", 5000.0) == pytest.approx(4 * 60 * hours + 10, rel=0.06)

    def test_each_attempt_asks_for_twice_as_much_up_to_the_cap(self, paper, campaign):
        scale = changed(paper, cores_per_run=8)
        equilibrated(campaign, 36.0)
        asked = [cost.minutes(scale, campaign, "mosse", 5000.0, attempt=n, cap=1000) for n in (1, 2, 3)]
        assert asked == [310, 620, 1000]

    def test_a_job_is_all_its_replicas(self, paper, campaign):
        scale = changed(paper, cores_per_run=8)
        equilibrated(campaign, 36.0)
        ppf = protocols_of(scale, "mosse")["ppf"]
        assert cost.job_minutes(scale, campaign, "mosse", ppf) == cost.minutes(scale, campaign, "mosse", 2 * 105.0)

    def test_the_engines_checks(self, paper):
        found = engine_checks.checks(paper)
        short, long = (cost.check_minutes(paper, found[name]) for name in list(found)[2:4])
        assert cost.check_minutes(paper, None) >= 10 and short > long  # the shorter the time step, the more steps
