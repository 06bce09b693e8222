"""The command `janus-pore`: one subcommand a step of the workflow. `make book` runs them all through Snakemake."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable
from pathlib import Path

from . import config, hints, steps
from .errors import JanusPoreError
from .paths import Campaign


def main(argv: list[str] | None = None) -> int:
    """Run one step; a failure that can be mended by the caller is one message and exit code 1."""
    args = _parser().parse_args(argv)
    try:
        scale = config.load(args.scale_file)
        args.step(args, scale, Campaign.of(scale.scale, args.runs))
    except JanusPoreError as error:
        print(f"janus-pore {args.command}: error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(
            f"janus-pore {args.command}: error: {where}{error.strerror or error}. Make room on the disk, or mend that "
            "file or directory, and call again",
            file=sys.stderr,
        )
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="janus-pore", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="STEP")

    def step(name: str, run: Callable, help_text: str, *options: str, runs: str = "runs") -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help_text, description=help_text)
        sub.add_argument("scale_file", type=Path, help="a scale file, e.g. config/tiny.yml")
        sub.add_argument("--runs", type=Path, default=Path(runs), help=f"where campaigns lie (default: {runs})")
        for option in options:
            sub.add_argument(f"--{option}", required=True, type=int if option == "replica" else str)
        sub.set_defaults(step=run)
        return sub

    def md(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--threads", type=_threads, default=1, help="CPU threads of mdrun")
        sub.add_argument("--max-hours", type=_positive, help="stop in a resumable state after this walltime")
        sub.add_argument("--done", type=Path, help="write this stamp at the end (for Snakemake)")

    def on_shelf(sub: argparse.ArgumentParser, default: Path | None, kind: Callable = _shelf) -> None:
        words = f"default: {hints.shown(default)}" if default else "default: none is taken from anywhere"
        words = f"where shipped replicas lie{', or none' if kind is _shelf else ''} ({words})"
        sub.add_argument("--shelf", type=kind, default=default, help=words)

    plan = step("plan", steps.plan, "What a campaign costs: ns, hours, disk, and what is done.")
    plan.add_argument(
        "--ns-per-day", type=_positive, help="speed of one run; without it a probe of 20 s measures it here"
    )
    on_shelf(plan, hints.shelf())
    on_shelf(step("status", steps.status, "What has been run, and what is running."), hints.shelf())
    step("check", steps.check, "Read a scale file and say what is wrong with it.")
    step("build", steps.build, "Build a system: sheet, pore, water, ions.", "system")
    md(step("equilibrate", steps.equilibrate, "Minimise and equilibrate a system (resumable).", "system"))
    pack = step("pack", steps.pack, "Run the replicas of a job, in turn and side by side.", "system", "protocol")
    pack.add_argument("--pack", type=int, required=True, help="0 holds the first replicas, as many as a job runs, ...")
    on_shelf(pack, None)
    md(pack)
    replica = step("replica", steps.replica, "Run replicas of a protocol, in turn (resumable).", "system", "protocol")
    replica.add_argument("--replica", type=int, nargs="+", required=True, help="their numbers, from 0")
    md(replica)
    step("profile", steps.profile, "Reduce the equilibration to profiles.", "system")
    md(step("engine", steps.engine, "One part of the engine's checks: settle, a check by its name, or reduce.", "name"))
    step("reduce", steps.reduce, "Reduce one replica's trajectory.", "system", "protocol", "replica")
    step("collect", steps.collect, "Put the replicas of a protocol together.", "system", "protocol")
    forces = step("forces", steps.forces, "Recompute the forces on Cl- near the pore.", "system", "protocol")
    forces.add_argument("--replica", type=int, help="of one replica; without it: put the replicas together")
    forces.add_argument("--threads", type=_threads, default=1, help="CPU threads of mdrun")
    ship = step("ship", steps.ship, "Put a campaign's reduced replicas, with manifests, beside the shipped ones.")
    on_shelf(ship, hints.shelf(), Path)
    together = "Put the shipped replicas of a scale together, as a campaign under --runs."
    shelf = step("reference", steps.reference, together, runs="runs/reference")
    on_shelf(shelf, hints.shelf(), Path)
    shelf.add_argument("--done", type=Path, help="write this stamp at the end (for Snakemake)")
    again = "Run a shipped replica again and compare it with what was shipped."
    verify = step("verify", steps.verify, again, runs="runs/verify")
    verify.add_argument("data", type=Path, help="data/reference/<scale>/<system>/<protocol>/r000.nc")
    verify.add_argument("--threads", type=_threads, default=1, help="CPU threads of mdrun; 1 for bit-for-bit")
    notebook = step("notebook", steps.notebook, "Execute a notebook with the scale's parameters.", "name")
    notebook.add_argument("--system", help="the system a notebook is about (default: the scale's first)")
    book = step("book", steps.book, "Stage and render the book from executed notebooks.")
    book.add_argument("--html", type=Path, default=Path("book/_build/html"), help="where the HTML goes")
    return parser


def _threads(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text} is no number of threads: 1 or more")
    return int(text)


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text} is no number above zero")
    return value


def _shelf(text: str) -> Path | None:
    if text == "none":
        return None
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"there is no directory {text}; say none to take nothing over")
    return Path(text)


if __name__ == "__main__":
    sys.exit(main())
