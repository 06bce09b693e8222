"""Is a segment what was asked for? Frames counted one by one, times, finite numbers, temperature."""

from __future__ import annotations

import faulthandler
import multiprocessing
import resource
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pyedr

from ..errors import RunError

#: Runs at least this long have a thermostat that has done its work.
_SETTLED_PS = 10.0
#: Times of energies agree this well with those of the segment.
_NEAR_PS = 0.01

#: A reader that gives no frame for so long gives none any more.
_PATIENCE_S = 120.0


def trajectory(path: Path, first_ps: float, last_ps: float, interval_ps: float) -> int:
    """Read every frame of an XTC file and return how many there are.

    The header's frame count is not trusted: a truncated file has fewer frames than it says.

    Raises
    ------
    RunError
        if frames are missing, unevenly spaced or not finite, or if none could be read for two minutes.
    """
    remedy = f"delete {path.parent} to run the segment again"
    _reader()
    reader, writer = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_times, args=(path, writer))
    child.start()
    writer.close()
    try:
        times, fault = reader.recv()
        child.kill()  # it has said all that it had to say, and may hang on its way out
    except EOFError:
        child.join()
        if child.exitcode == -signal.SIGALRM:
            raise RunError(
                f"{path}: no frame of it could be read for {_PATIENCE_S:g} s. Call again, in case the job was "
                f"suspended or its file system did not answer. If it comes again, the file is damaged: {remedy}"
            ) from None
        times, fault = [], "killed the process that read it"
    child.join()
    if fault:
        raise RunError(f"{path} is damaged ({fault}): {remedy}")
    expected = np.arange(round((last_ps - first_ps) / interval_ps) + 1) * interval_ps + first_ps
    tolerance = 0.01 * interval_ps + np.spacing(np.float32(last_ps))  # XTC keeps times in single precision
    if len(times) != len(expected) or np.abs(np.array(times) - expected).max() > tolerance:
        span = f"{times[0]:g} to {times[-1]:g} ps" if times else "no frame"
        raise RunError(
            f"{path}: expected {len(expected)} frames from {first_ps:g} to {last_ps:g} ps, found {len(times)} "
            f"({span}): the trajectory is truncated or holds frames of another run; {remedy}"
        )
    return len(times)


def _reader() -> Callable[[str], Any]:
    """What opens an XTC file: imported where it is used, since that takes a second, and before the reader is forked."""
    from MDAnalysis.lib.formats.libmdaxdr import XTCFile

    return XTCFile


def _times(path: Path, result: Connection) -> None:
    """Send (time of every frame, what is wrong).

    In a process of its own: a hole in the file makes the reader overrun its memory, which kills it or makes it loop.
    """
    faulthandler.disable()  # its report of a reader that dies is not what the user needs, nor is its memory on disk
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # which ends a loop, wherever it is
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE_S)
    times, fault = [], ""
    try:
        with _reader()(str(path)) as xtc:
            for frame in xtc:
                if not np.isfinite(frame.x).all():
                    fault = f"coordinates are not finite at {frame.time:g} ps: the system blew up"
                    break
                times.append(frame.time)
                signal.setitimer(signal.ITIMER_REAL, _PATIENCE_S)
    except OSError as error:
        fault = f"after {len(times)} frames: {error}"
    result.send((times, fault))


def energies(
    path: Path, temperature_k: float, degrees_of_freedom: float, first_ps: float, last_ps: float
) -> dict[str, float]:  # fmt: skip
    """Temperature and energy of a segment from `first_ps` to `last_ps`, from its EDR file.

    Returns
    -------
    dict with `temperature_k`, `spread_k`, `canonical_spread_k` = sqrt(2 / N_dof) T, `potential_kj_mol`, `samples`.

    Raises
    ------
    RunError
        if the file is damaged or does not hold the whole time, a number is not finite, or the mean temperature is off
        by more than a tenth (a half for runs shorter than 10 ps, which a strong field switched on may heat): the run
        is not what it claims to be. Finer judgement belongs to the equilibration notebook.
    """
    again = f"delete {path.parent} to run the segment again from its start"
    try:
        data = pyedr.edr_to_dict(str(path))
        times, temperature, potential = data["Time"], data["T-Mobile"], data["Potential"]
    except Exception as error:  # of damage its reader raises what it stumbles over
        raise RunError(f"{path} cannot be read ({type(error).__name__}): {again}") from error
    steps = np.diff(times)
    hole = " with a hole" if len(steps) > 1 and steps[:-1].max() > 1.5 * steps[:-1].min() else ""
    if not len(times) or hole or max(abs(times[0] - first_ps), abs(times[-1] - last_ps)) > _NEAR_PS:
        found = f"{times[0]:g} to {times[-1]:g} ps" if len(times) else "nothing"
        raise RunError(
            f"{path}: expected energies from {first_ps:g} to {last_ps:g} ps, found {found}{hole}: "
            f"the file is truncated; {again}"
        )
    if not (np.isfinite(temperature).all() and np.isfinite(potential).all()):
        raise RunError(f"{path}: energies are not finite: the system blew up. Check the start and the time step")
    found = {
        "temperature_k": float(temperature.mean()),
        "spread_k": float(temperature.std()),
        "canonical_spread_k": float(np.sqrt(2 / degrees_of_freedom) * temperature_k),
        "potential_kj_mol": float(potential.mean()),
        "samples": len(temperature),
    }
    settled = times[-1] - times[0] >= _SETTLED_PS
    if len(temperature) >= 10 and abs(found["temperature_k"] / temperature_k - 1) > (0.1 if settled else 0.5):
        raise RunError(
            f"{path}: mean temperature {found['temperature_k']:.0f} K instead of {temperature_k:.0f} K. The start was "
            "not equilibrated or the time step is too long"
        )
    return found
