"""The GROMACS at hand: which one, is it new enough, and how its tools and files are called."""

from __future__ import annotations

import importlib
import logging
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ..environment import variables
from ..errors import GromacsError
from ..files import write_text

#: Older versions double the electric field near domain boundaries (2020.0 to 2020.4).
OLDEST = 2021
_REMEDY = "Install GROMACS 2021 or newer (Debian: apt-get install gromacs; conda-forge: gromacs), or set GMX to it."


@dataclass(frozen=True)
class Gmx:
    """One GROMACS executable: path, version ("2022.5-Debian..."), SIMD and GPU support as printed, MPI build."""

    path: str
    version: str
    simd: str
    gpu: str
    mpi: bool = False

    @property
    def has_gpu_code(self) -> bool:
        """Whether this build can use a GPU at all."""
        return self.gpu not in ("disabled", "?")

    def call(self, tool: str, **options: Any) -> str:
        """Run `gmx <tool>` with options (``f="x.mdp"`` is ``-f x.mdp``; ``maxwarn=0``); return what it printed.

        Raises
        ------
        GromacsError
            with GROMACS' own message if the tool fails.
        """
        argv, said = [self.path, "-quiet", tool], options.pop("input", None)
        for key, value in options.items():
            argv += [f"-{'' if value else 'no'}{key}"] if isinstance(value, bool) else [f"-{key}", str(value)]
        done = subprocess.run(argv, input=said, capture_output=True, text=True, errors="replace")
        if done.returncode != 0:
            raise GromacsError(f"gmx {tool} failed ({self.version}):\n{reason(done.stderr or done.stdout)}")
        return f"{done.stdout}{done.stderr}"


def reason(text: str) -> str:
    """The part of GROMACS' output that says what went wrong; of grompp also the warnings and errors it only counts."""
    found = re.search(r"-{20,}\n(Program:.*?)\n-{20,}", text, flags=re.S)
    if found:
        counted = re.findall(r"^((?:WARNING|ERROR) \d+ \[.*?)(?:\n\s*\n|\Z)", text, flags=re.S | re.M)
        return "\n".join([found.group(1).split("For more information")[0].strip(), *counted])
    return "\n".join(text.strip().splitlines()[-12:])


def find() -> Gmx:
    """The GROMACS to use: the environment variable GMX, else `gmx`, else `gmx_mpi` on PATH.

    Raises
    ------
    GromacsError
        if there is none, it does not run, is older than 2021 or in double precision.
    """
    named = os.environ.get("GMX")
    path = shutil.which(named) if named else shutil.which("gmx") or shutil.which("gmx_mpi")
    if path is None:
        missing = f"GMX is set to {named!r}, which cannot be run." if named else "There is no gmx on PATH."
        raise GromacsError(f"{missing} {_REMEDY}")
    return _inspect(os.path.abspath(path))  # mdrun is started elsewhere; a link keeps its name


@cache
def _inspect(path: str) -> Gmx:
    try:
        done = subprocess.run([path, "-quiet", "--version"], capture_output=True, text=True, timeout=120)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GromacsError(f"{path} --version does not run: {error}. {_REMEDY}") from error
    keys = "GROMACS version|Precision|SIMD instructions|GPU support|MPI library"
    said = dict(re.findall(rf"^({keys}):\s+(\S.*?)\s*$", done.stdout, re.M))
    version = said.get("GROMACS version", "")
    year = re.match(r"(\d{4})", version)
    if done.returncode != 0 or year is None:
        raise GromacsError(f"{path} --version (exit {done.returncode}) does not name a version. {_REMEDY}")
    if int(year.group(1)) < OLDEST:
        raise GromacsError(f"{path} is GROMACS {version}; this needs {OLDEST} or newer. {_REMEDY}")
    if said.get("Precision") == "double":
        raise GromacsError(
            f"{path} is built in double precision, whose energy files this cannot join and which is slow: use a build "
            f"in mixed precision, as gmx is where this is gmx_d. {_REMEDY}"
        )
    return Gmx(
        path,
        version,
        said.get("SIMD instructions", "?"),
        said.get("GPU support", "?"),
        said.get("MPI library", "").startswith("MPI"),  # also "MPI (CUDA-aware)"; "thread_mpi" is none
    )


@cache
def _wrapper(path: str) -> ModuleType:
    """GromacsWrapper, imported where it is used: its import calls every GROMACS it finds, which takes seconds.

    It is shown only the one at `path` (Debian's gmx_mpi, for one, fails noisily where OpenMPI is not complete).
    """
    logging.getLogger("gromacs").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="janus-gmx-") as place:
        (Path(place) / "gmx").symlink_to(path)
        search = f"{place}:{os.environ.get('PATH', '')}"
        with variables(GMXBIN=place, PATH=search, GROMACSWRAPPER_SUPPRESS_SETUP_CHECK="1"):
            return importlib.import_module("gromacs")


def write_mdp(path: Path, options: Mapping[str, Any]) -> Path:
    """Write run parameters, one `key = value` a line."""
    lines = [f"{key} = {value}\n" for key, value in options.items()]
    return write_text(path, "".join(lines))


def read_xvg(path: Path) -> np.ndarray:
    """The numbers of an .xvg file, array (columns, rows)."""
    return _wrapper(find().path).fileformats.XVG(str(path)).array
