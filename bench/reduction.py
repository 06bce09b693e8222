"""One-pass reduction of a trajectory in frames/s, against bare decoding of the same XTC file; and its memory.

The trajectory is synthetic: the cell of the scale `paper`, its molecules displaced at random in every frame, with the
sheet at rest, 1 ps between frames. Compared, best of --repeats and in turns:

- reduce: `reduce_replica` as the workflow calls it, with all it does once (checksum of the file, reading conf.gro);
- xtcfile: iterating MDAnalysis' `XTCFile`, nothing else;
- universe: iterating `Universe.trajectory`, the universe made before the clock.

Two lengths (--frames and a quarter of it) also give what one more frame costs, without what is done once.
Memory of the reduction is measured in a process of its own at 100 and 400 frames: peak resident size (VmHWM) and, in
another, the peak that tracemalloc sees. Goals: at least 0.7 of bare decoding; memory flat in the number of frames.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

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
        memory = [
            {"frames": frames, "peak_rss_mb": measured(name, frames, False), "traced_mb": measured(name, frames, True)}
            for frames in (SHORT, LONG)
        ]
    speed = []
    for what, taken in seconds[args.frames].items():
        more = (args.frames - quarter) / (taken - seconds[quarter][what])
        speed.append({"what": what, "frames_per_s": round(args.frames / taken, 1), "beyond_start_up": round(more, 1)})
    whole, further = ([row[key] for row in speed] for key in ("frames_per_s", "beyond_start_up"))
    result = {
        "command": report.command(),
        "conditions": conditions
        | {"atoms": atoms, "frames": args.frames, "xtc_bytes_per_atom": round(bytes_per_atom, 2)},
        "speed": speed,
        "reduce_to_xtcfile": round(whole[0] / whole[1], 3),
        "reduce_to_universe": round(whole[0] / whole[2], 3),
        "reduce_to_xtcfile_beyond_start_up": round(further[0] / further[1], 3),
        "reduce_to_universe_beyond_start_up": round(further[0] / further[2], 3),
        "memory": memory,
    }
    ratios = [{"frames/s": key, "ratio": value} for key, value in result.items() if key.startswith("reduce_to_")]
    report.write(result, [report.table(rows) for rows in (speed, ratios, memory)], args.out)


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


def timed(scale: Scale, campaign: Campaign, frames: int, repeats: int) -> dict[str, float]:
    """Best time in s of the reduction and of both ways of bare decoding."""
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
    best = dict.fromkeys(ways, np.inf)
    for turn in range(repeats):
        report.progress(f"timing {frames} frames, {turn + 1} of {repeats} ...")
        for name, way in ways.items():
            start = time.perf_counter()
            count = way()
            best[name] = min(best[name], time.perf_counter() - start)
            assert count == frames, f"{name}: {count} frames"
    return best


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
