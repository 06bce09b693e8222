"""The workflow on a real Slurm, with the profile that users get: what a lost job had computed is kept."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import xarray as xr
import yaml
from janus_pore import config
from janus_pore.paths import Campaign, repository
from janus_pore.simulate import cost
from janus_pore.simulate.protocols import protocols_of

ROOT = repository()
TARGET = "runs/test/mosse/hold_+1.00.nc"
START = "runs/test/mosse/equilibrate.done"
REPLICA = Path("runs/test/mosse/hold_+1.00/r000")
DURATION_PS = 8.0  # of the one segment: some seconds on a core


@pytest.fixture
def workplace(tmp_path, settings):
    """A working directory with a scale of one short field and two replicas."""
    for name in ("book", "config", "data", "lib", "notebooks", "workflow"):
        (tmp_path / name).symlink_to(ROOT / name)
    settings["protocols"] = {
        "hold": {"kind": "constant", "systems": ["mosse"], "fields_v_nm": [1.0], "duration_ps": DURATION_PS}
    }
    settings["ensemble"]["batch_minutes"] = 0.0  # a job each
    settings["md"] |= {"trajectory_interval_ps": 0.1, "energy_interval_ps": 0.1}
    (tmp_path / "mini.yml").write_text(yaml.safe_dump(settings))
    return tmp_path


@pytest.fixture
def snakemake(slurm, workplace):
    """A function that starts Snakemake; jobs find `janus-pore` on the PATH that it was started with."""
    environment = slurm.environment | {"PATH": f"{Path(sys.executable).parent}:{slurm.environment['PATH']}"}
    started = []

    def start(profile, *options):
        argv = [sys.executable, "-m", "snakemake", "--profile", f"workflow/profiles/{profile}", *options]
        with open(workplace / f"snakemake{len(started)}.out", "w") as out:
            one = subprocess.Popen(
                [*argv, "--configfile", "mini.yml"], env=environment, cwd=workplace, stdout=out, stderr=out
            )
        one.said = Path(out.name).read_text
        started.append(one)
        return one

    yield start
    for one in started:
        if one.poll() is None:
            one.terminate()  # it waits for its jobs
            try:
                one.wait(30)
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()


def steps(said):
    """Snakemake's table of what it is going to do."""
    return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", said, re.M)}


def asked(workplace):
    """Minutes that a job asks for."""
    scale, campaign = config.load(workplace / "mini.yml"), Campaign.of("test", workplace / "runs")
    return cost.job_minutes(scale, campaign, "mosse", protocols_of(scale, "mosse")["hold_+1.00"])


@pytest.mark.cluster
def test_a_cancelled_replica_goes_on_where_it_was(slurm, workplace, snakemake):
    segment, work = workplace / REPLICA / "seg01", workplace / REPLICA / "seg01.partial"
    trajectory = work / "md.part0002.xtc"  # part 1 is the randomising segment's
    fast = ("--latency-wait", "5", "--slurm-init-seconds-before-status-checks", "1", TARGET)

    here = snakemake("local", "--cores", "2", START)
    assert here.wait(120) == 0, here.said()
    first = snakemake("slurm", "--retries", "0", *fast)
    slurm.wait_for(lambda: first.poll() is not None or trajectory.exists() and trajectory.stat().st_size > 20_000, 120)
    assert first.poll() is None, first.said()
    assert steps(first.said()) == {"replica": 2, "reduce": 2, "collect": 1, "total": 5}  # what was made here counts
    started = json.loads((work / "inputs.json").read_text())["started"]
    (job,) = [number for comment, number in slurm.jobs("RUNNING").items() if re.search("replica.*_000_1$", comment)]
    minutes = asked(workplace)  # from the speed of the equilibration, not the profile's hour
    limit = slurm.ask("squeue", f"--jobs={job}", "--noheader", "--format=%l").strip()
    assert limit == (f"{minutes}:00" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:00")
    slurm.ask("scancel", job)
    assert first.wait(120) == 1, first.said()
    assert not segment.exists() and (work / "state.cpt").exists()
    assert (workplace / REPLICA.with_name("r001.nc")).exists()  # the other replica went on
    kept = trajectory.read_bytes()

    second = snakemake("slurm", *fast)
    assert second.wait(240) == 0, second.said()
    assert steps(second.said()) == {"replica": 1, "reduce": 1, "collect": 1, "total": 3}
    assert json.loads((segment / "manifest.json").read_text())["started"] == started
    assert (segment / "md.xtc").read_bytes().startswith(kept)
    assert (segment / "md.log").read_text().count("GROMACS - gmx mdrun") == 2
    assert float(re.search(r"-maxh ([\d.]+)", (segment / "md.log").read_text()).group(1)) < minutes / 60

    # another speed asks for another walltime, which is no reason to run anything again
    manifest = workplace / "runs/test/mosse/equilibrate/nvt/manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"ns_per_day": 0.01}))
    third = snakemake("slurm", "--dry-run", *fast)
    assert third.wait(60) == 0 and "Nothing to be done" in third.said(), third.said()
    with xr.open_dataset(workplace / TARGET) as data:
        assert data.sizes["replica"] == 2 and float(data.time[-1]) == pytest.approx(DURATION_PS)
        assert bool(data.current.notnull().all())
