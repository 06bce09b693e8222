"""What the subcommands share: names that must exist, progress bars, and stamps for Snakemake."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

from tqdm import tqdm

from .config import Scale, misnamed
from .errors import JanusPoreError
from .files import write_text


def known(found: dict[str, Any], name: str, what: str) -> Any:
    """What has this name, or an error that says which names there are."""
    if name not in found:
        raise JanusPoreError(f"there is no {what} {name!r} here; this scale has: {', '.join(found) or 'none'}")
    return found[name]


def protocol_of(args: argparse.Namespace, scale: Scale, replicas: Iterable[int] = ()) -> Any:
    """The protocol that is asked for of a system; replicas that it does not have are refused."""
    from .simulate import protocols

    own, everything = protocols.protocols_of(scale, args.system), protocols.expand(scale)
    if args.protocol in everything and args.protocol not in own:
        entry = scale.entry_of(args.protocol)
        raise JanusPoreError(
            f"{args.protocol} is not run in {args.system}: add {args.system} to `systems` of protocols.{entry} in the "
            f"scale file (now: {', '.join(everything[args.protocol].systems)})"
        )
    found = known(own, args.protocol, "protocol")
    protocols.check_replicas(scale, found, replicas)
    return found


def note(said: str) -> None:
    """Say on standard error what is no error, if there is anything to say."""
    if said:
        print(f"note: {said}", file=sys.stderr)


def note_of(args: argparse.Namespace, scale: Scale) -> None:
    """Say what is no error of a scale file, and may not be meant: its name, and systems that nothing runs in.

    Raises
    ------
    ProtocolError
        if a protocol cannot be expanded.
    """
    from .simulate import protocols

    note(misnamed(args.scale_file, scale))
    idle = [name for name in scale.systems if not protocols.protocols_of(scale, name)]
    note(f"no protocol names {', '.join(idle)} in its `systems`, so nothing is run there" if idle else "")


def watch(bars: ExitStack) -> Callable[[str, int], Callable[[int], None]]:
    """Progress bars, one a segment; none where nobody looks (output not a terminal)."""

    def start(label: str, last_step: int) -> Callable[[int], None]:
        bar = bars.enter_context(tqdm(total=last_step, desc=label, unit="step", disable=None, unit_scale=True))
        return lambda step: bar.update(max(0, step - bar.n)) and None

    return start


def stamp(args: argparse.Namespace) -> None:
    """Write the stamp that was asked for, if any."""
    if args.done:
        write_text(args.done, "")


def numbered(replicas: Iterable[int]) -> str:
    """Replicas as their directories are called."""
    return ", ".join(f"r{k:03d}" for k in replicas)


def replica_command(args: argparse.Namespace, threads: int) -> list[str]:
    """The step `replica` as a process of its own, but for the numbers: of what `pack` was asked for."""
    argv = [sys.executable, "-m", "janus_pore.cli", "replica", str(args.scale_file), "--runs", str(args.runs)]
    argv += ["--system", args.system, "--protocol", args.protocol, "--threads", str(threads)]
    return argv + (["--max-hours", str(args.max_hours)] if args.max_hours is not None else [])
