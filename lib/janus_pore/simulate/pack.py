"""Several replicas side by side in one job: each on its own cores, all on one GPU.

One replica of a small system leaves a modern GPU mostly idle; several at once fill it. NVIDIA's MPS lets their
kernels overlap; where it is not installed they take turns.
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

from ..environment import variables
from ..errors import RunError

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


def side_by_side(commands: Sequence[Sequence[str]]) -> list[int]:
    """Run commands at the same time and wait for all; return their exit codes.

    One that fails does not stop the others. SIGTERM and SIGINT are passed on, so that each leaves a state from
    which it goes on.
    """
    children = [subprocess.Popen(command, start_new_session=True) for command in commands]

    def forward(number: int, _frame: object) -> None:
        for child in children:
            if child.poll() is None:
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
            try:
                yield started
            finally:
                if started:
                    subprocess.run([MPS], input="quit\n", text=True, capture_output=True)


def pin_offsets(count: int, threads: int) -> list[int]:
    """First core of each of `count` runs of `threads` threads, among the cores this process may use.

    Raises
    ------
    RunError
        if there are fewer cores than threads.
    """
    cores = len(os.sched_getaffinity(0))
    if count * threads > cores:
        raise RunError(
            f"{count} replicas of {threads} threads need {count * threads} cores, and {cores} are here: lower "
            "ensemble.replicas_per_job or ensemble.cores_per_run"
        )
    return [k * threads for k in range(count)]
