"""Several replicas in one job: in turn, and side by side, each on its own cores, all on one GPU.

Short replicas run in turn in one process, since each process costs its start. One replica of a small system leaves a
modern GPU mostly idle; several at once fill it. NVIDIA's MPS lets their kernels overlap; where it is not installed
they take turns.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from ..environment import variables
from ..errors import RunError
from ..parameters import Ensemble

MPS = "nvidia-cuda-mps-control"


def members(pack: int, size: int, replicas: range) -> list[int]:
    """The replicas of a pack: pack 0 holds the first `size`, and so on; the last may be smaller.

    Raises
    ------
    RunError
        if the pack is empty.
    """
    chosen = [k for k in replicas if k // size == pack]
    if not chosen:
        raise RunError(f"pack {pack} of {size} holds none of the {len(replicas)} replicas")
    return chosen


def lanes(members: Sequence[int], ensemble: Ensemble) -> list[list[int]]:
    """A pack's replicas by lane: `replicas_per_job` lanes at the same time, in each one replica after the other."""
    count = min(ensemble.replicas_per_job, len(members))
    return [list(members[k::count]) for k in range(count)]


def side_by_side(commands: Sequence[Sequence[str]], cores: Sequence[set[int] | None]) -> list[int]:
    """Run commands at the same time, each kept to its own cores if given, and wait for all; return their exit codes.

    One that fails does not stop the others. SIGTERM and SIGINT are passed on, so that each leaves a state from
    which it goes on; the first alone, which is enough (`process.launch`).
    """
    caught: list[int] = []
    children = [
        subprocess.Popen(command, start_new_session=True, preexec_fn=own and partial(os.sched_setaffinity, 0, own))
        for command, own in zip(commands, cores, strict=True)
    ]

    def forward(number: int, _frame: object) -> None:
        caught.append(number)
        for child in children:
            if len(caught) == 1 and child.poll() is None:
                child.send_signal(signal.SIGTERM)

    old = {number: signal.signal(number, forward) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        return [child.wait() for child in children]
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


@contextmanager
def shared_gpu(wanted: bool) -> Iterator[bool]:
    """NVIDIA's MPS for the time of a `with` block, with directories of its own; False where it is not to be had."""
    if not wanted or shutil.which(MPS) is None:
        yield False
        return
    with tempfile.TemporaryDirectory(prefix="janus-mps-") as place:
        with variables(CUDA_MPS_PIPE_DIRECTORY=place, CUDA_MPS_LOG_DIRECTORY=place):
            started = subprocess.run([MPS, "-d"], capture_output=True).returncode == 0
            if not started:
                warnings.warn("MPS could not be started; replicas take turns on the GPU", stacklevel=2)
            seen, shown = os.environ.get("CUDA_VISIBLE_DEVICES", ""), {}
            if started and seen:  # its clients count the GPUs that it was shown from 0
                shown["CUDA_VISIBLE_DEVICES"] = ",".join(str(k) for k in range(len(seen.split(","))))
            try:
                with variables(**shown):
                    yield started
            finally:
                if started:
                    subprocess.run([MPS], input="quit\n", text=True, capture_output=True)


def own_cores(count: int, threads: int) -> list[set[int] | None]:
    """Cores for each of `count` runs of `threads` threads, where this process has as many and no more; None elsewhere.

    On a cluster these are the job's own, wherever on the node they lie. With more, another job beside this one may
    count from the same core, so where to run is left to the system.

    Raises
    ------
    RunError
        if there are fewer cores than threads.
    """
    cores = sorted(os.sched_getaffinity(0))
    if count * threads > len(cores):
        raise RunError(
            f"{count} replicas of {threads} threads need {count * threads} cores, and {len(cores)} are here: lower "
            "ensemble.replicas_per_job or ensemble.cores_per_run"
        )
    if count * threads < len(cores):
        return [None] * count
    return [set(cores[k * threads : (k + 1) * threads]) for k in range(count)]
