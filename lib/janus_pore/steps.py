"""What each subcommand of `janus-pore` does: from the parsed options to one call of the library.

Modules are imported where they are used, so that a step starts quickly.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack

from . import config, hints
from .config import Scale
from .errors import JanusPoreError
from .paths import Campaign, repository
from .stepping import known, note_of, numbered, protocol_of, replica_command, stamp, watch


def check(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .build import system

    note_of(args, scale)  # and protocols that cannot be expanded
    for asked in scale.systems.values():
        system.fill(asked)


def plan(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .reduce import adopt
    from .simulate import gmx, plan

    note_of(args, scale)
    first = next(iter(scale.systems))
    speed = args.ns_per_day
    if speed is None:
        print(f"measuring the speed of {first} on {scale.ensemble.cores_per_run} core(s) for 20 s ...", file=sys.stderr)
        speed = plan.probe(scale, first, gmx.find())
    table = plan.plan(scale, campaign, plan.speeds(scale, first, speed), adopt.waiting(scale, campaign, args.shelf))
    print(table.to_string(index=False, float_format=lambda x: f"{x:.3g}"))
    left = (table.core_hours * (1 - table.done)).sum()
    print(
        f"\n{table.ns.sum():.4g} ns at {speed:.3g} ns/day a run ({scale.ensemble.cores_per_run} core(s) each): "
        f"{table.core_hours.sum():.4g} core hours ({left:.4g} left), {table.disk_gb.sum():.3g} GB of trajectories"
    )


def status(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .reduce import adopt
    from .simulate import status

    table = status.progress(scale, campaign, adopt.waiting(scale, campaign, args.shelf))
    print(table.to_string(index=False, float_format=lambda x: f"{x:.3g}"))
    print(f"\n{100 * table.finished_ps.sum() / table.asked_ps.sum():.1f} % of {table.asked_ps.sum() / 1000:.4g} ns")


def build(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .build import system
    from .simulate import process

    asked, place = known(scale.systems, args.system, "system"), campaign.system(args.system)
    with process.turn(place):
        system.write(asked, place)


def equilibrate(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .simulate import ensemble, gmx

    known(scale.systems, args.system, "system")
    with ExitStack() as bars:
        ensemble.equilibrate(
            scale, campaign, args.system, gmx.find(), threads=args.threads, max_hours=args.max_hours, watch=watch(bars)
        )
    stamp(args)


def replica(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .simulate import ensemble, gmx

    protocol = protocol_of(args, scale, args.replica)
    with ExitStack() as bars:
        ensemble.run_replicas(
            scale, campaign, args.system, protocol, args.replica, gmx.find(),
            threads=args.threads, max_hours=args.max_hours, watch=watch(bars),
        )  # fmt: skip
    stamp(args)


def pack(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .reduce import adopt
    from .simulate import cost, gmx, pack, process, protocols

    protocol = protocol_of(args, scale)
    size = cost.job_size(scale, args.system, protocol)
    members = pack.members(args.pack, size, protocols.replicas_of(scale, protocol))
    if args.shelf:
        taken = adopt.adopt(scale, campaign, args.system, protocol, members, args.shelf)
        members = [k for k in members if k not in taken]
        if taken:
            print(f"{args.system} {protocol.name}: taken over from {args.shelf}, not run again: {numbered(taken)}")
    if not members:
        return stamp(args)
    lanes = pack.lanes(members, scale.ensemble)
    engine, each = gmx.find(), argparse.Namespace(**{**vars(args), "done": None})
    threads = max(1, args.threads // scale.ensemble.replicas_per_job)
    if len(lanes) == 1:
        each.replica, each.threads = lanes[0], threads
        replica(each, scale, campaign)
    else:
        argv = replica_command(args, threads)
        cores = pack.own_cores(len(lanes), threads)
        with pack.shared_gpu(engine.has_gpu_code and process.gpu_present()):
            codes = pack.side_by_side([[*argv, "--replica", *(f"{k}" for k in lane)] for lane in lanes], cores)
        if failed := [lane for lane, code in zip(lanes, codes, strict=True) if code]:
            raise JanusPoreError(f"replicas {failed} did not finish (see above); call again to go on with them")
    stamp(args)


def profile(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .reduce import profile, replica

    known(scale.systems, args.system, "system")
    data = profile.reduce_equilibration(scale, campaign, args.system)
    replica.write(data, campaign.equilibration(args.system).with_suffix(".nc"))


def engine(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .reduce import engine, replica
    from .simulate import engine_checks, gmx

    parts = {"settle": None, **engine_checks.checks(scale), "reduce": None}
    check = known(parts, args.name, "check of the engine")
    if args.name == "reduce":
        replica.write(engine.reduce_engine(scale, campaign), campaign.engine().with_suffix(".nc"))
    else:
        with ExitStack() as bars:
            how = {"threads": args.threads, "max_hours": args.max_hours, "watch": watch(bars)}
            engine_checks.run(scale, campaign, check, gmx.find(), **how)
    stamp(args)


def reduce(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .reduce import adopt, replica

    protocol = protocol_of(args, scale, [args.replica])
    target = campaign.reduced(args.system, args.protocol, args.replica)
    if not adopt.restore(scale, campaign, args.system, args.protocol, args.replica, target):
        replica.write(replica.reduce_replica(scale, campaign, args.system, protocol, args.replica), target)


def collect(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .reduce import replica
    from .simulate.protocols import replicas_of

    protocol = protocol_of(args, scale)
    paths = [campaign.reduced(args.system, protocol.name, k) for k in replicas_of(scale, protocol)]
    replica.write(replica.collect(paths), campaign.collected(args.system, protocol.name))


def forces(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .reduce import adopt, forces, store
    from .simulate import gmx, rerun
    from .simulate.protocols import check_replicas, replicas_of

    protocol = known(rerun.asked(scale, args.system), args.protocol, "protocol in barrier.protocols")
    if args.replica is None:
        paths = [campaign.forces(args.system, args.protocol, k) for k in replicas_of(scale, protocol)]
        store.write(forces.collect(paths), campaign.collected_forces(args.system, args.protocol))
        return
    check_replicas(scale, protocol, [args.replica])
    target = campaign.forces(args.system, args.protocol, args.replica)
    if not adopt.restore(scale, campaign, args.system, args.protocol, args.replica, target):
        how = {"gmx": gmx.find(), "threads": args.threads}
        store.write(forces.reduce_forces(scale, campaign, args.system, protocol, args.replica, **how), target)


def ship(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .checkout import commit
    from .reduce import reference

    count = reference.ship(scale, args.scale_file, campaign, args.shelf, commit())
    print(f"{hints.shown(args.shelf / scale.scale)}: " + ", ".join(f"{n} {what}" for what, n in count.items()))


def reference(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .reduce import reference

    written = reference.collect(args.shelf, scale.scale, campaign)
    print(f"{hints.shown(campaign.root)}: the shipped replicas, in {len(written)} files")
    stamp(args)


def verify(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .analyse.compare import MOST_SIGMA, compare
    from .reduce.repeat import repeat
    from .simulate import gmx

    with ExitStack() as bars:
        shipped, again, same = repeat(args.data, args.runs, gmx.find(), threads=args.threads, watch=watch(bars))
    table = compare(shipped, again, config.load(args.data.parents[2] / "scale.yml").analysis)
    print(table.to_string(index=False, float_format=lambda x: f"{x:.4g}"))
    print("".join(f"\n{name.replace('_', ' ')}: {'yes' if yes else 'no'}" for name, yes in same.items()))
    if not same["same_trajectories"] and table.sigma.max() > MOST_SIGMA:
        raise JanusPoreError(f"{args.data} was not reproduced: a quantity differs by {table.sigma.max():.1f} sigma")


def notebook(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .show.execute import execute, source

    parameters = {"scale_file": str(args.scale_file), "runs": str(args.runs)}
    parameters["system"] = args.system or next(iter(scale.systems))
    execute(source(args.name), campaign.notebooks() / f"{args.name}.ipynb", parameters)


def book(args: argparse.Namespace, scale: Scale, campaign: Campaign) -> None:
    from .show import assumptions, book, decisions, scorecard

    scales = {s.scale: s for s in map(config.load, sorted((repository() / "config").glob("*.yml")))}
    shipped = {path.parent.name: config.load(path) for path in sorted(hints.shelf().glob("*/scale.yml"))}
    shelf = {name: Campaign.of(name, args.runs / "reference") for name in shipped}
    results = {f"Reference data, scale {name}": (one.results(), f"reference/{name}") for name, one in shelf.items()}
    results[f"This run, scale {scale.scale}"] = (campaign.results(), "notebooks")
    staging, source = campaign.root / "book", repository() / "book"
    pages = {
        "assumptions.md": assumptions.page(scales | {scale.scale: scale}, scale.scale),
        "decisions.md": decisions.page(repository() / "docs" / "adr"),
        "claims.md": scorecard.page(results, book.toc_entries(source / "_toc.yml")),
    }
    own = {f"reference/{name}": (shelf[name].notebooks(), one.notice) for name, one in shipped.items()}
    figures = {f"reference/{name}/figures": shelf[name].results() for name in shipped}
    book.stage(source, campaign.notebooks(), staging, notice=scale.notice, pages=pages, shipped=own, figures=figures)
    book.build(staging, args.html)
