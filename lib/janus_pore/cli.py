"""The command `janus-pore`: one subcommand a step of the workflow. `make book` runs them all through Snakemake."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tqdm import tqdm

from . import config
from .config import Scale
from .errors import JanusPoreError
from .files import write_text
from .paths import Campaign, repository


def main(argv: list[str] | None = None) -> int:
    """Run one step; a failure that can be mended by the caller is one message and exit code 1."""
    args = _parser().parse_args(argv)
    try:
        scale = config.load(args.scale_file)
        args.step(args, scale, Campaign.of(scale.scale, args.runs))
    except JanusPoreError as error:
        print(f"janus-pore {args.command}: error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="janus-pore", description=__doc__)
    steps = parser.add_subparsers(dest="command", required=True, metavar="STEP")

    def step(name: str, run: Callable, help_text: str, *options: str) -> argparse.ArgumentParser:
        sub = steps.add_parser(name, help=help_text, description=help_text)
        sub.add_argument("scale_file", type=Path, help="a scale file, e.g. config/tiny.yml")
        sub.add_argument("--runs", type=Path, default=Path("runs"), help="where campaigns lie (default: runs)")
        for option in options:
            sub.add_argument(f"--{option}", required=True, type=int if option == "replica" else str)
        sub.set_defaults(step=run)
        return sub

    def md(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--threads", type=int, default=1, help="CPU threads of mdrun")
        sub.add_argument("--max-hours", type=float, help="stop in a resumable state after this walltime")
        sub.add_argument("--done", type=Path, help="write this stamp at the end (for Snakemake)")

    plan = step("plan", _plan, "What a campaign costs: ns, hours, disk, and what is done.")
    plan.add_argument("--ns-per-day", type=float, help="speed of one run; without it a probe of 20 s measures it here")
    step("status", _status, "What has been run, and what is running.")
    step("check", lambda args, scale, campaign: None, "Read a scale file and say what is wrong with it.")
    step("build", _build, "Build a system: sheet, pore, water, ions.", "system")
    md(step("equilibrate", _equilibrate, "Minimise and equilibrate a system (resumable).", "system"))
    md(step("inputs", _inputs, "Make the run inputs that a protocol's replicas share.", "system", "protocol"))
    md(step("replica", _replica, "Run one replica of a protocol (resumable).", "system", "protocol", "replica"))
    step("profile", _profile, "Reduce the equilibration to profiles.", "system")
    step("reduce", _reduce, "Reduce one replica's trajectory.", "system", "protocol", "replica")
    step("collect", _collect, "Put the replicas of a protocol together.", "system", "protocol")
    notebook = step("notebook", _notebook, "Execute a notebook with the scale's parameters.", "name")
    notebook.add_argument("--system", help="the system a notebook is about (default: the scale's first)")
    book = step("book", _book, "Stage and render the book from executed notebooks.")
    book.add_argument("--html", type=Path, default=Path("book/_build/html"), help="where the HTML goes")
    return parser


def _plan(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .simulate import gmx, plan

    first = next(iter(scale.systems))
    speed = args.ns_per_day
    if speed is None:
        print(f"measuring the speed of {first} on {scale.ensemble.cores_per_run} core(s) for 20 s ...", file=sys.stderr)
        speed = plan.probe(scale, first, gmx.find())
    elif not speed > 0:
        raise JanusPoreError(f"--ns-per-day must be positive, not {speed}")
    table = plan.plan(scale, campaign, plan.speeds(scale, first, speed))
    print(table.to_string(index=False, float_format=lambda x: f"{x:.3g}"))
    left = (table.core_hours * (1 - table.done)).sum()
    print(
        f"\n{table.ns.sum():.4g} ns at {speed:.3g} ns/day a run ({scale.ensemble.cores_per_run} core(s) each): "
        f"{table.core_hours.sum():.4g} core hours ({left:.4g} left), {table.disk_gb.sum():.3g} GB of trajectories"
    )


def _status(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .simulate import status

    table = status.progress(scale, campaign)
    print(table.to_string(index=False, float_format=lambda x: f"{x:.3g}"))
    share = table.finished_ps.sum() / table.asked_ps.sum()
    print(f"\n{100 * share:.1f} % of {table.asked_ps.sum() / 1000:.4g} ns")


def _build(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .build import system

    system.write(_known(scale.systems, args.system, "system"), campaign.system(args.system))


def _equilibrate(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .simulate import ensemble, gmx

    _known(scale.systems, args.system, "system")
    with ExitStack() as bars:
        ensemble.equilibrate(
            scale, campaign, args.system, gmx.find(), threads=args.threads, max_hours=args.max_hours, watch=_watch(bars)
        )
    _stamp(args)


def _inputs(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .simulate import ensemble, gmx, protocols

    protocol = _known(protocols.protocols_of(scale, args.system), args.protocol, "protocol")
    ensemble.shared_inputs(scale, campaign, args.system, protocol, gmx.find())
    _stamp(args)


def _replica(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .simulate import ensemble, gmx, protocols

    protocol = _known(protocols.protocols_of(scale, args.system), args.protocol, "protocol")
    with ExitStack() as bars:
        ensemble.run_replica(
            scale, campaign, args.system, protocol, args.replica, gmx.find(),
            threads=args.threads, max_hours=args.max_hours, watch=_watch(bars),
        )  # fmt: skip
    _stamp(args)


def _profile(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .reduce import profile, replica

    data = profile.reduce_equilibration(scale, campaign, args.system)
    replica.write(data, campaign.equilibration(args.system).with_suffix(".nc"))


def _reduce(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .reduce import replica
    from .simulate.protocols import protocols_of

    protocol = _known(protocols_of(scale, args.system), args.protocol, "protocol")
    data = replica.reduce_replica(scale, campaign, args.system, protocol, args.replica)
    replica.write(data, campaign.reduced(args.system, args.protocol, args.replica))


def _collect(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .reduce import replica
    from .simulate.protocols import protocols_of, replicas_of

    protocol = _known(protocols_of(scale, args.system), args.protocol, "protocol")
    paths = [campaign.reduced(args.system, args.protocol, k) for k in replicas_of(scale, protocol)]
    replica.write(replica.collect(paths), campaign.collected(args.system, args.protocol))


def _notebook(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .show.execute import execute

    parameters = {"scale_file": str(args.scale_file), "runs": str(args.runs)}
    parameters["system"] = args.system or next(iter(scale.systems))
    output = campaign.notebooks() / f"{args.name}.ipynb"
    execute(repository() / "notebooks" / f"{args.name}.ipynb", output, parameters)


def _book(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .show import assumptions, book

    files = sorted((repository() / "config").glob("*.yml"))
    scales = {s.scale: s for s in (config.load(path) for path in files)} | {scale.scale: scale}
    pages = {"assumptions.md": assumptions.page(scales, scale.scale)}
    staging = campaign.root / "book"
    book.stage(repository() / "book", campaign.notebooks(), staging, notice=scale.notice, pages=pages)
    book.build(staging, args.html)


def _known(found: dict[str, Any], name: str, what: str) -> Any:
    if name not in found:
        raise JanusPoreError(f"there is no {what} {name!r} here; this scale has: {', '.join(found) or 'none'}")
    return found[name]


def _watch(bars: ExitStack) -> Callable[[str, int], Callable[[int], None]]:
    """Progress bars, one a segment; none where nobody looks (output not a terminal)."""

    def start(label: str, last_step: int) -> Callable[[int], None]:
        bar = bars.enter_context(tqdm(total=last_step, desc=label, unit="step", disable=None, unit_scale=True))
        return lambda step: bar.update(max(0, step - bar.n)) and None

    return start


def _stamp(args: argparse.Namespace) -> None:
    if args.done:
        write_text(args.done, "")


if __name__ == "__main__":
    sys.exit(main())
