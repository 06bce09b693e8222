"""One-pass reduction of a trajectory in frames/s, against bare decoding of the same XTC file; and its memory.

The trajectory is synthetic: the cell of the scale `paper`, its molecules displaced at random in every frame, with the
sheet at rest, 1 ps between frames. Compared, best of --repeats and in turns:

- reduce: `reduce_replica` as the workflow calls it, with all it does once (checksum of the file, reading conf.gro);
- xtcfile: iterating MDAnalysis' `XTCFile`, nothing else;
- universe: iterating `Universe.trajectory`, the universe made before the clock;
- classes: the same observables through MDAnalysis' own analysis classes (`classes.py`), the universe made before the
  clock; on a quarter of the frames, once, for it is slow.

Two lengths (--frames and a quarter of it) also give what one more frame costs, without what is done once; in wall and
in processor time, which other work on the machine disturbs less.
Memory of the reduction is measured in a process of its own at 100 and 400 frames: peak resident size (VmHWM) and, in
another, the peak that tracemalloc sees. Goals: at least 0.7 of bare decoding; at least 5 times as fast as the analysis
classes; memory flat in the number of frames.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import classes
import MDAnalysis as mda
import numpy as np
import report
from janus_pore import config
from janus_pore.build import system as cell
from janus_pore.config import Scale
from janus_pore.files import sha256, write_json
from janus_pore.paths import Campaign, repository
from janus_pore.reduce.replica import reduce_replica
from janus_pore.simulate.field import Protocol, Segment
from MDAnalysis.lib.formats.libmdaxdr import XTCFile

SYSTEM, INTERVAL_PS, SHORT, LONG = "mosse", 1.0, 100, 400


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=200, help="length of the timed trajectory (default: 200)")
    parser.add_argument("--repeats", type=int, default=5, help="times each is timed; the best counts (default: 5)")
    parser.add_argument("--out", type=Path, default=repository() / "bench" / "results" / "reduction.json")
    args = parser.parse_args()
    if args.frames < 8:
        parser.error("--frames must be at least 8")
    conditions = report.conditions()
    with tempfile.TemporaryDirectory(prefix="janus-bench-") as name:
        scale = config.load(repository() / "config" / "paper.yml")
        campaign = Campaign.of(scale.scale, name)
        report.progress("building the cell of the scale `paper` ...")
        cell.write(scale.systems[SYSTEM], campaign.system(SYSTEM))
        quarter = args.frames // 4
        for frames in sorted({args.frames, quarter, SHORT, LONG}):
            report.progress(f"writing {frames} frames ...")
            size, atoms = synthesize(scale, campaign, frames)
            if frames == args.frames:
                bytes_per_atom = size / (frames * atoms)
        seconds = {frames: timed(scale, campaign, frames, args.repeats) for frames in (quarter, args.frames)}
        by_classes = compared(scale, campaign, quarter)
        memory = [
            {"frames": frames, "peak_rss_mb": measured(name, frames, False), "traced_mb": measured(name, frames, True)}
            for frames in (SHORT, LONG)
        ]
    speed, ratios = [], {}
    for what, taken in seconds[args.frames]["wall"].items():
        row = {"what": what, "frames_per_s": round(args.frames / taken, 1)}
        for kind, name in (("wall", "beyond_start_up"), ("cpu", "cpu_beyond_start_up")):
            more = seconds[args.frames][kind][what] - seconds[quarter][kind][what]
            row[name] = round((args.frames - quarter) / more, 1)
        speed.append(row)
    for other, row in zip(("xtcfile", "universe"), speed[1:], strict=True):
        for name, end in (("frames_per_s", ""), *((k, f"_{k}") for k in ("beyond_start_up", "cpu_beyond_start_up"))):
            ratios[f"reduce_to_{other}{end}"] = round(speed[0][name] / row[name], 3)
    for kind, end in (("wall", ""), ("cpu", "_cpu")):
        ratios[f"reduce_to_classes{end}"] = round(by_classes[kind] / seconds[quarter][kind]["reduce"], 1)
    speed.append({"what": "classes", "frames_per_s": round(quarter / by_classes["wall"], 1)})
    speed[-1] |= {"beyond_start_up": None, "cpu_beyond_start_up": None}
    result = {
        "command": report.command(),
        "conditions": conditions
        | {"atoms": atoms, "frames": args.frames, "xtc_bytes_per_atom": round(bytes_per_atom, 2)},
        "speed": speed,
        **ratios,
        "memory": memory,
    }
    shown = [{"frames/s": key, "ratio": value} for key, value in ratios.items()]
    report.write(result, [report.table(rows) for rows in (speed, shown, memory)], args.out)


def protocol_of(frames: int) -> Protocol:
    """A constant field with this many frames."""
    return Protocol(f"hold{frames}", "constant", (Segment(1.0, (frames - 1) * INTERVAL_PS),), (SYSTEM,))


def place_of(campaign: Campaign, frames: int) -> Path:
    return campaign.replica(SYSTEM, protocol_of(frames).name, 0) / "seg01"


def synthesize(scale: Scale, campaign: Campaign, frames: int) -> tuple[int, int]:
    """Write a finished segment (trajectory and manifest) without GROMACS; return its bytes and its atoms.

    Every molecule moves as a whole by 0.05 nm (standard deviation), its atoms by 0.01 nm more.
    """
    place, rng = place_of(campaign, frames), np.random.default_rng(1)
    place.mkdir(parents=True)
    u = mda.Universe(str(campaign.system(SYSTEM) / "conf.gro"))
    rest, molecule = u.atoms.positions / 10, u.atoms.resindices
    mobile = (u.atoms.resnames != "MSH")[:, None]
    box = np.diag(u.dimensions[:3] / 10).astype(np.float32)
    with XTCFile(str(place / "md.xtc"), "w") as out:
        for k in range(frames):
            shift = rng.normal(0, 0.05, (len(u.residues), 3))[molecule] + rng.normal(0, 0.01, rest.shape)
            time_ps = scale.ensemble.randomise_ps + k * INTERVAL_PS
            out.write((rest + mobile * shift).astype(np.float32), box, round(time_ps * 1000), time_ps, 1000)
    manifest = {"inputs": {"tpr": "none", "checkpoint": None}, "files": {"md.xtc": sha256(place / "md.xtc")}}
    write_json(place / "manifest.json", manifest | {"gromacs": {"version": "none"}})
    return (place / "md.xtc").stat().st_size, len(rest)


def timed(scale: Scale, campaign: Campaign, frames: int, repeats: int) -> dict[str, dict[str, float]]:
    """Best wall and processor time in s of the reduction and of both ways of bare decoding (all on one core)."""
    path, u = place_of(campaign, frames) / "md.xtc", mda.Universe(str(campaign.system(SYSTEM) / "conf.gro"))
    u.load_new(str(path))

    def xtcfile() -> int:
        with XTCFile(str(path)) as xtc:
            return sum(1 for _ in xtc)

    def reduce() -> int:
        return reduce_replica(scale, campaign, SYSTEM, protocol_of(frames), 0).sizes["time"]

    ways: dict[str, Callable[[], int]] = {
        "reduce": reduce, "xtcfile": xtcfile, "universe": lambda: sum(1 for _ in u.trajectory),
    }  # fmt: skip
    best = {kind: dict.fromkeys(ways, np.inf) for kind in ("wall", "cpu")}
    for turn in range(repeats):
        report.progress(f"timing {frames} frames, {turn + 1} of {repeats} ...")
        for name, way in ways.items():
            wall, cpu = time.perf_counter(), time.process_time()
            count = way()
            best["wall"][name] = min(best["wall"][name], time.perf_counter() - wall)
            best["cpu"][name] = min(best["cpu"][name], time.process_time() - cpu)
            assert count == frames, f"{name}: {count} frames"
    return best


def compared(scale: Scale, campaign: Campaign, frames: int) -> dict[str, float]:
    """Wall and processor time in s of the analysis classes; what they find must be what the reduction finds."""
    report.progress(f"{frames} frames through the analysis classes ...")
    place, analysis = campaign.system(SYSTEM), scale.analysis.model_copy(update={"discard_ps": 0.0})
    u = classes.universe(str(place / "conf.gro"), str(place_of(campaign, frames) / "md.xtc"))
    record = json.loads((place / "system.json").read_text())
    wall, cpu = time.perf_counter(), time.process_time()
    theirs = classes.run(u, record, analysis.pore_radius_nm, analysis.pore_half_depth_nm)
    taken = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    ours = reduce_replica(scale.model_copy(update={"analysis": analysis}), campaign, SYSTEM, protocol_of(frames), 0)
    assert np.allclose(theirs["current"], ours.current, rtol=1e-2, atol=1e-1), "other currents"
    assert np.array_equal(theirs["waters"], ours.pore_water), "other waters in the pore"
    assert theirs["column"].sum() == ours.column.sum(), "other waters near the axis"
    assert theirs["densities"].shape == ours.number.shape[1:], "other bins"
    return taken


def measured(runs: str, frames: int, traced: bool) -> float:
    """Peak memory in MB of the reduction, in a fresh process."""
    report.progress(f"memory of {frames} frames{', traced' if traced else ''} ...")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(peak, (runs, frames, traced))


def peak(runs: str, frames: int, traced: bool) -> float:
    """In MB: what tracemalloc saw, or the most this process ever had (VmHWM: ru_maxrss would count its parent's)."""
    scale = config.load(repository() / "config" / "paper.yml")
    if traced:
        tracemalloc.start()
    reduce_replica(scale, Campaign.of(scale.scale, runs), SYSTEM, protocol_of(frames), 0)
    if traced:
        return round(tracemalloc.get_traced_memory()[1] / 1e6, 2)
    kilobytes = re.search(r"^VmHWM:\s+(\d+)", Path("/proc/self/status").read_text(), re.M)
    return round(int(kilobytes.group(1)) * 1024 / 1e6, 1)


if __name__ == "__main__":
    main()
