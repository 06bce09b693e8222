"""What running a campaign costs beyond the MD itself: its wall time / the sum of mdrun's own step time.

Two cases: (a) one long sine sweep, (b) replicas of a train of short pulses. Each is run twice, one mdrun at a time:

- ours: `janus-pore inputs`, then `janus-pore replica` for each replica, a Python process each, as the workflow's jobs
  are (Snakemake's own time is not counted);
- plain: the loop that one would write by hand: for each replica `gmx trjconv` (start frame), then for each segment
  `gmx grompp -t <last checkpoint>` and `gmx mdrun`. Its .mdp files, of the same physics, are there before the clock.

Both include the randomising segment of each replica; neither includes building and equilibrating the cell.
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
from janus_pore.paths import Campaign, repository
from janus_pore.simulate import ensemble, gmx, prepare
from janus_pore.simulate.protocols import expand, md_of, replicas_of

SYSTEM = "mosse"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweep-ps", type=float, default=200.0, help="length of the sweep of case (a) (default: 200)")
    parser.add_argument("--replicas", type=int, default=20, help="replicas of case (b) (default: 20)")
    parser.add_argument("--pulses", type=int, default=5, help="segments of case (b), 3, 5, ... (default: 5)")
    parser.add_argument("--pulse-ps", type=float, default=10.0, help="length of each of them (default: 10)")
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
    for name, protocol in expand(scale).items():
        own, loop = campaign.protocol(SYSTEM, name), work / "plain" / name
        for how, place in (("ours", own), ("plain", loop)):
            shutil.rmtree(place, ignore_errors=True)
            report.progress(f"{name}, {how} ...")
            if how == "ours":
                wall = ours(file, campaign, protocol, replicas_of(scale, protocol), args.threads)
                parts = {"grompp_s": None, "mdrun_start_s": None}
            else:
                wall, parts = plain(scale, campaign, protocol, found, args.threads, place)
            logs = [log.read_text() for log in place.glob("r*/**/*.log")]
            steps = [float(t) for log in logs for t in re.findall(r"^\s+Time:\s+\S+\s+(\S+)", log, re.M)]
            if len(steps) != len(replicas_of(scale, protocol)) * (len(protocol.segments) + 1):
                sys.exit(f"{place}: {len(steps)} step times in mdrun's logs are not as many as there are segments")
            over = wall - sum(steps)
            if how == "plain":
                parts["mdrun_start_s"] = round((parts["mdrun_start_s"] - sum(steps)) / len(steps), 3)
            rows.append({
                "case": name, "how": how, "mdruns": len(steps), "grompps": len(list(place.rglob("*.tpr"))),
                "wall_s": round(wall, 2), "step_s": round(sum(steps), 2), "ratio": round(wall / sum(steps), 4),
                "overhead_per_mdrun_s": round(over / len(steps), 3), **parts,
            })  # fmt: skip
    over = {(row["case"], row["how"]): row["wall_s"] - row["step_s"] for row in rows}
    shares = {case: round(over[case, "ours"] / over[case, "plain"], 3) for case in ("sweep", "pulses")}
    saved, paper = rows[3]["grompps"] - rows[2]["grompps"], savings(config.load(repository() / "config" / "paper.yml"))
    atoms = json.loads(record.read_text())["atoms"]
    conditions |= {"gromacs": found.version, "simd": found.simd, "threads": args.threads, "atoms": atoms}
    result = {
        "command": report.command(), "conditions": conditions, "runs": rows, "overhead_ours_to_plain": shares,
        "grompps_saved": saved, "counted_in_the_scale_paper": paper,
    }  # fmt: skip
    tables = [
        report.table(rows),
        f"Overhead of ours / overhead of the plain loop: sweep {shares['sweep']}, pulses {shares['pulses']}.",
        f"Shared .tpr files save {saved} of {rows[3]['grompps']} grompp calls ({rows[3]['grompp_s']} s each).",
        "Counted from the scale file `paper` (not run): grompp calls, and ns of MD with trees and path by path.",
        report.table(paper),
    ]
    report.write(result, tables, args.out)


def write_scale(path: Path, args: argparse.Namespace) -> Path:
    """The scale `tiny` with the two protocols of this benchmark."""
    data = yaml.safe_load((repository() / "config" / "tiny.yml").read_text())
    data["scale"] = "bench"
    data["ensemble"] |= {"replicas": args.replicas, "spacing_ps": 1.0, "cores_per_run": args.threads}
    frequency, length = 1000 / args.sweep_ps, args.pulse_ps
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


def ours(file: Path, campaign: Campaign, protocol, replicas: range, threads: int) -> float:
    """Wall time of the package's commands, one process each."""
    common = [str(file), "--runs", str(campaign.root.parent), "--system", SYSTEM, "--protocol", protocol.name]
    start = time.perf_counter()
    for options in (["inputs"], *(["replica", "--replica", str(k)] for k in replicas)):
        report.progress("  " + " ".join(options))
        argv = [sys.executable, "-m", "janus_pore.cli", options[0], *common, *options[1:], "--threads", str(threads)]
        call(argv, file.parent)
    return time.perf_counter() - start


def plain(scale: config.Scale, campaign: Campaign, protocol, found: gmx.Gmx, threads: int, place: Path):
    """Wall time of the loop written by hand; in it, the mean time of one grompp and the sum of the mdrun calls."""
    built, nvt, md = campaign.system(SYSTEM), campaign.equilibration(SYSTEM), md_of(scale, protocol)
    replicas = {k: place / f"r{k:03d}" for k in replicas_of(scale, protocol)}
    segments = range(len(protocol.segments) + 1)
    for replica, here in replicas.items():
        last = prepare.steps(scale.ensemble.randomise_ps, md)
        first = prepare.dynamics(md, last, fresh_velocities_seed=replica, seed=replica, field=prepare.FIELD_OFF)
        rest = [prepare.segment_options(one, md, 0.0, prepare.steps(one.duration_ps, md)) for one in protocol.segments]
        for k, options in enumerate([first, *rest]):
            gmx.write_mdp(here / f"seg{k}.mdp", options)
    flags = ["-notunepme", "-update", "cpu", "-ntomp", str(threads), *([] if found.mpi else ["-ntmpi", "1"])]
    flags += ["-pin", "on" if threads == os.cpu_count() else "off"]
    ends = ["-p", str(built / "topol.top"), "-n", str(built / "index.ndx")]
    source = ["-f", str(nvt / "nvt" / "md.xtc"), "-s", str(nvt / "tpr" / "nvt.tpr")]
    spent, start = {"grompp": 0.0, "mdrun": 0.0}, time.perf_counter()
    for replica, here in replicas.items():
        report.progress(f"  replica {replica}")
        frame = str(scale.equilibration.duration_ps - replica * scale.ensemble.spacing_ps)
        call([found.path, "trjconv", *source, "-dump", frame, "-o", "start.gro"], here, "0\n")
        for k in segments:
            before = ["-c", f"seg{k - 1}.gro", "-t", f"seg{k - 1}.cpt"] if k else ["-c", "start.gro"]
            grompp = [found.path, "grompp", "-f", f"seg{k}.mdp", *before, *ends, "-o", f"seg{k}.tpr"]
            for tool, argv in (("grompp", grompp), ("mdrun", [found.path, "mdrun", "-deffnm", f"seg{k}", *flags])):
                began = time.perf_counter()
                call(argv, here)
                spent[tool] += time.perf_counter() - began
    calls = len(replicas) * len(segments)
    return time.perf_counter() - start, {"grompp_s": round(spent["grompp"] / calls, 3), "mdrun_start_s": spent["mdrun"]}


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


if __name__ == "__main__":
    main()
