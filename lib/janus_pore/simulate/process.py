"""mdrun as a child process: one runner a directory, signals passed on, progress read from what it prints."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO

from ..errors import RunError, StoppedError
from .gmx import Gmx, reason

Progress = Callable[[int], None]


@contextmanager
def locked(work: Path) -> Iterator[IO]:
    """Hold a directory's lock; mdrun inherits it, so a runner that died cannot leave an mdrun unnoticed.

    Raises
    ------
    RunError
        if another process (a runner, or the mdrun of a dead one) holds it, or the file system has no locks. The lock
        of a dead process is free.
    """
    with open(work / "lock", "a") as lock:
        try:
            _lock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            said = (work / "lock").read_text(errors="replace").strip()
            who = f" ({said}, or the mdrun that it left)" if said else ""
            raise RunError(f"{work} is being run by another process{who}: wait for it, or stop it first") from None
        with suppress(OSError):  # a full disk: then it does not say who
            os.truncate(lock.fileno(), 0)
            os.write(lock.fileno(), _who().encode())
        yield lock


def _who() -> str:
    """This process, in words for another one, perhaps on another host."""
    job = os.environ.get("SLURM_JOB_ID")
    return f"process {os.getpid()} on {socket.gethostname()}" + (f", Slurm job {job}" if job else "")


@contextmanager
def turn(place: Path) -> Iterator[None]:
    """Wait until no other process makes files in `place`."""
    place.mkdir(parents=True, exist_ok=True)
    with open(place / "lock", "a") as lock:
        _lock(lock, fcntl.LOCK_EX)
        yield


def _lock(file: IO, how: int) -> None:
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        raise
    except OSError as error:
        raise RunError(
            f"{file.name} cannot be locked ({error.strerror}), so two runs could write there at once: its file system "
            "has no flock. Use another, or have it mounted with it (Lustre: -o flock)"
        ) from error


def mdrun(gmx: Gmx, tpr: Path, threads: int, *, dynamics: bool = True) -> list[str]:
    """The start of every mdrun's argv list (never a shell string).

    What would change the physics from machine to machine is fixed: no PME tuning, update on the CPU. On CPUs
    `-reprod` takes FFT plans that need no measurement, which is most of what mdrun's start costs; its steps are as
    fast (bench/README.md).

    Parameters
    ----------
    gmx, tpr, threads : what to run, on how many cores; only a run that has the whole machine is pinned
    dynamics : False for a minimisation, whose PME GROMACS cannot do on a GPU
    """
    argv = [gmx.path, "-quiet", "mdrun", "-s", str(tpr.resolve()), "-v", "-notunepme", "-update", "cpu"]
    argv += ([] if gmx.mpi else ["-ntmpi", "1"]) + ["-ntomp", str(threads)]
    argv += ["-pin", "on" if threads == os.cpu_count() else "off"]
    if not gmx.has_gpu_code:
        return [*argv, "-reprod"]
    if not gpu_present():
        return [*argv, "-reprod", "-nb", "cpu", "-pme", "cpu"]
    return [*argv, "-nb", "gpu", "-pme", "gpu" if dynamics else "cpu", "-bonded", "cpu"]


def gpu_present() -> bool:
    """Whether this process may use an NVIDIA GPU (`nvidia-smi -L` lists one, CUDA_VISIBLE_DEVICES does not hide it)."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1", "NoDevFiles"):  # the last is Slurm's
        return False
    smi = shutil.which("nvidia-smi")
    return smi is not None and _lists_a_gpu(smi)


@cache
def _lists_a_gpu(smi: str) -> bool:
    done = subprocess.run([smi, "-L"], capture_output=True, text=True)
    return done.returncode == 0 and "GPU 0" in done.stdout


def launch(argv: list[str], work: Path, lock: IO | None = None, progress: Progress | None = None) -> None:
    """Run mdrun to its end in `work`; SIGTERM and SIGINT are passed on, so that it writes a checkpoint first.

    The first alone: a batch system may have signalled mdrun itself, and at its third signal it writes none.

    Raises
    ------
    StoppedError
        if it was stopped by a signal.
    RunError
        if it failed (with GROMACS' own words).
    """
    said, caught, ended = work / "mdrun.out", [], threading.Event()
    # -ntomp says how many threads; mdrun refuses another number in OMP_NUM_THREADS, where Snakemake puts the job's
    variables = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    with open(said, "w") as out:
        child = subprocess.Popen(
            argv, cwd=work, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True, env=variables,
            pass_fds=(lock.fileno(),) if lock else (),
        )  # fmt: skip

        def forward(number: int, _frame: object) -> None:
            caught.append(number)
            if len(caught) == 1:
                child.send_signal(signal.SIGTERM)

        def wait() -> None:
            child.wait()
            ended.set()

        old = {}
        try:
            for number in (signal.SIGTERM, signal.SIGINT):
                old[number] = signal.signal(number, forward)
            threading.Thread(target=wait, daemon=True).start()  # nothing is lost between its end and our next look
            while not ended.wait(0.05):
                if progress:
                    progress(_step_so_far(said))
        finally:
            if child.poll() is None:
                forward(signal.SIGTERM, None)
                child.wait()
            for number, handler in old.items():
                signal.signal(number, handler)
    if caught:
        raise StoppedError(f"{work}: stopped by signal {caught[0]}; call again to resume")
    if child.returncode != 0:
        words = reason(said.read_text(errors="replace"))
        raise RunError(
            f"{work}: mdrun failed (exit {child.returncode}): {words}\nWhat it wrote stays there: remove the cause "
            "(a system that blew up needs another start or a shorter time step) and call again to go on from the "
            "last checkpoint"
        )


def _step_so_far(said: Path) -> int:
    with open(said, "rb") as out:
        out.seek(max(0, said.stat().st_size - 300))
        found = re.findall(rb"\bstep (\d+)", out.read())
    return int(found[-1]) if found else 0
