"""What running a campaign costs beyond the MD itself: its wall time / the sum of mdrun's own step time.

Two cases: (a) one long sine sweep, (b) replicas of a train of short pulses. Two ways, one mdrun at a time:

- ours: `janus-pore pack` for each job of the workflow, a Python process each (Snakemake's own time is not counted);
- plain: the loop that one would write by hand: for each replica `gmx trjconv` (start frame), then for each segment
  `gmx grompp -t <last checkpoint>` and `gmx mdrun`. Its .mdp files, of the same physics, are there before the clock.

Both include the randomising segment of each replica; neither includes building and equilibrating the cell. The two ways
take turns, a job's replicas each, so that other work on the machine disturbs both; with --repeats all is done again.
mdrun's own step time is "Wall t (s)" in the line "Time:" of its logs. Goals: (a) ours <= 1.03; (b) overhead of ours
(wall - step time) at most half of the plain loop's.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import report
import yaml
from janus_pore import config
from janus_pore.build import system as cell
from janus_pore.parameters import Ensemble
from janus_pore.paths import Campaign, repository
from janus_pore.simulate import cost, ensemble, gmx, pack, prepare
from janus_pore.simulate.field import Protocol
from janus_pore.simulate.protocols import expand, md_of, replicas_of

SYSTEM = "mosse"
KEYS = [(case, how) for case in ("sweep", "pulses") for how in ("ours", "plain")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweep-ps", type=float, default=200.0, help="length of the sweep of case (a) (default: 200)")
    parser.add_argument("--replicas", type=int, default=20, help="replicas of case (b) (default: 20)")
    parser.add_argument("--pulses", type=int, default=5, help="segments of case (b), 3, 5, ... (default: 5)")
    parser.add_argument("--pulse-ps", type=float, default=10.0, help="length of each of them (default: 10)")
    parser.add_argument("--repeats", type=int, default=1, help="times all of it is run (default: 1)")
    parser.add_argument("--threads", type=int, default=1, help="threads of each mdrun (default: 1)")
    parser.add_argument("--work", type=Path, help="keep the equilibrated cell here for the next run (default: do not)")
    parser.add_argument("--out", type=Path, default=repository() / "bench" / "results" / "orchestration.json")
    args = parser.parse_args()
    if args.pulses < 3 or args.pulses % 2 == 0:
        parser.error("--pulses must be 3, 5, ...: a train of pulses of 0.7 V/nm with gaps of 0.5 V/nm between them")
    with tempfile.TemporaryDirectory(prefix="janus-bench-") as temporary:
        bench(args, (args.work or Path(temporary)).resolve())


def bench(args: argparse.Namespace, work: Path) -> None:
    conditions, found, rows = report.conditions(), gmx.find(), []
    file = write_scale(work / "bench.yml", args)
    scale = config.load(file)
    campaign = Campaign.of(scale.scale, work / "runs")
    report.progress("building and equilibrating the cell (kept with --work) ...")
    record = cell.write(scale.systems[SYSTEM], campaign.system(SYSTEM))
    ensemble.equilibrate(scale, campaign, SYSTEM, found, threads=args.threads)
    protocols = expand(scale)
    for turn in range(args.repeats):
        for name, protocol in protocols.items():
            own, loop = campaign.protocol(SYSTEM, name), work / "plain" / name
            for place in (own, loop):
                shutil.rmtree(place, ignore_errors=True)
            wall, spent = {"ours": 0.0, "plain": 0.0}, {"grompp": 0.0, "mdrun": 0.0}
            replicas, size = replicas_of(scale, protocol), cost.job_size(scale, SYSTEM, protocol)
            for job in range(-(-len(replicas) // size)):
                report.progress(f"{name}, turn {turn}, job {job}: replicas {pack.members(job, size, replicas)} ...")
                wall["ours"] += ours(file, campaign, protocol, job, args.threads)
                for k in pack.members(job, size, replicas):
                    wall["plain"] += plain(scale, campaign, protocol, found, args.threads, loop / f"r{k:03d}", k, spent)
            for how, place in (("ours", own), ("plain", loop)):
                rows.append(row(name, how, turn, wall[how], place, spent, len(replicas) * (len(protocol.segments) + 1)))
    over = {key: sum(r["wall_s"] - r["step_s"] for r in rows if (r["case"], r["how"]) == key) for key in KEYS}
    shares = {case: round(over[case, "ours"] / over[case, "plain"], 3) for case in ("sweep", "pulses")}
    saved, paper = rows[3]["grompps"] - rows[2]["grompps"], savings(config.load(repository() / "config" / "paper.yml"))
    shared = across(config.load(repository() / "config" / "paper.yml"))
    atoms = json.loads(record.read_text())["atoms"]
    conditions |= {"gromacs": found.version, "simd": found.simd, "threads": args.threads, "atoms": atoms}
    result = {
        "command": report.command(), "conditions": conditions, "runs": rows, "overhead_ours_to_plain": shares,
        "grompps_saved": saved, "counted_in_the_scale_paper": paper, "across_protocols": shared,
    }  # fmt: skip
    tables = [
        report.table(rows),
        f"Overhead of ours / overhead of the plain loop: sweep {shares['sweep']}, pulses {shares['pulses']}.",
        f"Shared .tpr files save {saved} of {rows[3]['grompps']} grompp calls ({rows[3]['grompp_s']} s each).",
        "Counted from the scale file `paper` (not run): grompp calls, and ns of MD with trees and path by path.",
        report.table(paper),
        "The same, and if protocols shared what they begin with (not done), with the randomising segments:",
        report.table(shared),
    ]
    report.write(result, tables, args.out)


def write_scale(path: Path, args: argparse.Namespace) -> Path:
    """The scale `tiny` with the two protocols of this benchmark."""
    data = yaml.safe_load((repository() / "config" / "tiny.yml").read_text())
    data["scale"] = "bench"
    data["ensemble"] |= {"replicas": args.replicas, "spacing_ps": 1.0, "cores_per_run": args.threads}
    lengths = [data["ensemble"]["randomise_ps"] + args.pulses * ps for ps in (args.pulse_ps, 10.0)]
    default = Ensemble.model_fields["batch_minutes"].default
    data["ensemble"]["batch_minutes"] = default * lengths[0] / lengths[1]  # jobs as those of pulses of 10 ps
    frequency, length = 1000 / args.sweep_ps, args.pulse_ps
    data["barrier"]["protocols"] = []
    data["protocols"] = {
        "sweep": {
            "kind": "sine", "systems": [SYSTEM], "amplitude_v_nm": 1.2, "frequency_ghz": frequency, "periods": 1,
            "replicas": 1,
        },
        "pulses": {
            "kind": "train", "systems": [SYSTEM], "prime_v_nm": 0.0, "prime_ps": 0.0, "pulse_v_nm": 0.7,
            "pulse_ps": length, "gap_v_nm": 0.5, "gap_ps": length, "pulses": (args.pulses + 1) // 2,
        },
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    return path


def row(case: str, how: str, turn: int, wall: float, place: Path, spent: dict[str, float], count: int) -> dict:
    """A line of the table: wall time against what mdrun's logs say of its steps."""
    logs = [log.read_text() for log in place.glob("r*/**/*.log")]
    steps = [float(t) for log in logs for t in re.findall(r"^\s+Time:\s+\S+\s+(\S+)", log, re.M)]
    if len(steps) != count:
        sys.exit(f"{place}: {len(steps)} step times in mdrun's logs are not as many as there are segments")
    total, plain = sum(steps), how == "plain"
    return {
        "case": case, "how": how, "turn": turn, "mdruns": count, "grompps": len(list(place.rglob("*.tpr"))),
        "wall_s": round(wall, 2), "step_s": round(total, 2), "ratio": round(wall / total, 4),
        "overhead_per_mdrun_s": round((wall - total) / count, 3),
        "grompp_s": round(spent["grompp"] / count, 3) if plain else None,
        "mdrun_start_s": round((spent["mdrun"] - total) / count, 3) if plain else None,
    }  # fmt: skip


def ours(file: Path, campaign: Campaign, protocol: Protocol, job: int, threads: int) -> float:
    """Wall time of a job of the workflow."""
    common = [str(file), "--runs", str(campaign.root.parent), "--system", SYSTEM, "--protocol", protocol.name]
    start = time.perf_counter()
    argv = [sys.executable, "-m", "janus_pore.cli", "pack", *common, "--pack", str(job), "--threads", str(threads)]
    call(argv, file.parent)
    return time.perf_counter() - start


def plain(
    scale: config.Scale, campaign: Campaign, protocol: Protocol, found: gmx.Gmx, threads: int, here: Path, replica: int,
    spent: dict[str, float],
) -> float:  # fmt: skip
    """Wall time of one replica in the loop written by hand; adds to `spent` what the grompp and mdrun calls took."""
    built, nvt, md = campaign.system(SYSTEM), campaign.equilibration(SYSTEM), md_of(scale, protocol)
    last = prepare.steps(scale.ensemble.randomise_ps, md)
    first = prepare.dynamics(md, last, fresh_velocities_seed=replica + 1, seed=replica + 1, field=prepare.FIELD_OFF)
    rest = [prepare.segment_options(one, md, 0.0, prepare.steps(one.duration_ps, md)) for one in protocol.segments]
    for k, options in enumerate([first, *rest]):
        gmx.write_mdp(here / f"seg{k}.mdp", options)
    flags = ["-notunepme", "-update", "cpu", "-ntomp", str(threads), *([] if found.mpi else ["-ntmpi", "1"])]
    flags += ["-pin", "on" if threads == os.cpu_count() else "off"]
    ends = ["-p", str(built / "topol.top"), "-n", str(built / "index.ndx")]
    source = ["-f", str(nvt / "nvt" / "md.xtc"), "-s", str(nvt / "tpr" / "nvt.tpr")]
    frame = str(scale.equilibration.duration_ps - replica * scale.ensemble.spacing_ps)
    start = time.perf_counter()
    call([found.path, "trjconv", *source, "-dump", frame, "-o", "start.gro"], here, "0\n")
    for k in range(len(protocol.segments) + 1):
        before = ["-c", f"seg{k - 1}.gro", "-t", f"seg{k - 1}.cpt"] if k else ["-c", "start.gro"]
        grompp = [found.path, "grompp", "-f", f"seg{k}.mdp", *before, *ends, "-o", f"seg{k}.tpr"]
        for tool, argv in (("grompp", grompp), ("mdrun", [found.path, "mdrun", "-deffnm", f"seg{k}", *flags])):
            began = time.perf_counter()
            call(argv, here)
            spent[tool] += time.perf_counter() - began
    return time.perf_counter() - start


def call(argv: list[str], directory: Path, said: str = "") -> None:
    done = subprocess.run(argv, cwd=directory, input=said, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(argv)} failed:\n{done.stderr[-2000:]}")


def savings(scale: config.Scale) -> list[dict]:
    """What shared .tpr files and protocol trees save in a scale: counted from its file, not measured."""
    rows = []
    for name, protocol in expand(scale).items():
        replicas, systems = len(replicas_of(scale, protocol)), len(protocol.systems)
        each = [segment.duration_ps for segment in protocol.segments]
        by_path = sum(each[k] for leaf in protocol.leaves() for k in protocol.path(leaf))
        rows.append({
            "protocol": name, "systems": systems, "replicas": replicas, "segments": len(each),
            "grompps": systems * (replicas + len(each)), "grompps_plain": systems * replicas * (1 + len(each)),
            "ns": systems * replicas * sum(each) / 1000, "ns_path_by_path": systems * replicas * by_path / 1000,
        })  # fmt: skip
    return rows


def across(scale: config.Scale) -> list[dict]:
    """What sharing between protocols would save on top (not done, docs/adr/0010): counted, for each system.

    Two protocols share what they begin with: the randomising segment of a replica, then every segment of equal field
    and length after equal ones. Only where their frames are stored alike.
    """
    rows = []
    for system in scale.systems:
        once, asked = {}, 0.0
        for protocol in expand(scale).values():
            if system in protocol.systems:
                replicas, stored = len(replicas_of(scale, protocol)), (protocol.interval_ps, protocol.resolution_nm)
                asked += replicas * (scale.ensemble.randomise_ps + protocol.simulated_ps)
                for k in range(-1, len(protocol.segments)):
                    path = (stored, *(protocol.segments[j] for j in protocol.path(k)))
                    length = protocol.segments[k].duration_ps if k >= 0 else scale.ensemble.randomise_ps
                    once[path] = max(once.get(path, 0.0), replicas * length)
        rows.append({"system": system, "ns": asked / 1000, "ns_shared_across": sum(once.values()) / 1000})
    return rows


if __name__ == "__main__":
    main()
