"""Run one notebook with checked parameters, and keep the executed copy."""

from __future__ import annotations

import ast
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import papermill
from traitlets.config import Config

from ..environment import variables
from ..errors import NotebookError
from ..paths import repository
from .live import STATIC


def check_parameters(notebook: Path, parameters: Mapping[str, Any]) -> None:
    """Compare names and types with the notebook's own `parameters` cell; papermill would accept anything.

    Raises
    ------
    NotebookError
        for a name the notebook does not have, or a value of another type than its default.
    """
    known = papermill.inspect_notebook(str(notebook))
    if not known and parameters:
        raise NotebookError(f"{notebook} has no cell tagged 'parameters', so it takes none of {', '.join(parameters)}")
    for name, value in parameters.items():
        if name not in known:
            raise NotebookError(f"{notebook} has no parameter {name!r}; it has {', '.join(known)}")
        default = ast.literal_eval(known[name]["default"])
        number = isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool)
        if type(value) is not type(default) and not number:
            raise NotebookError(
                f"{notebook}: parameter {name} must be {type(default).__name__} like its default {default!r}, "
                f"not {type(value).__name__} ({value!r})"
            )


def source(name: str) -> Path:
    """The notebook of this name, such as ``03_ndr/04_mechanism``; NotebookError, with all names, if there is none."""
    place = repository() / "notebooks"
    found = {str(path.relative_to(place).with_suffix("")): path for path in sorted(place.rglob("*.ipynb"))}
    if name not in found:
        raise NotebookError(f"there is no notebook {name!r} in {place}; there are {', '.join(found) or 'none'}")
    return found[name]


def execute(notebook: Path, output: Path, parameters: Mapping[str, Any], *, progress: bool = False) -> Path:
    """Execute a notebook with papermill from the current directory; return `output`.

    A failed run is kept beside it as `.<name>.failed.ipynb`. Kernels that run side by side share neither
    IPython's history nor network ports, and are told that nobody can move a slider (`live.STATIC`).

    Raises
    ------
    NotebookError
        if the parameters do not fit, or a cell fails (with its message).
    """
    check_parameters(notebook, parameters)
    output.parent.mkdir(parents=True, exist_ok=True)
    part, failed = (output.with_name(f".{output.stem}.{state}.ipynb") for state in ("partial", "failed"))
    with tempfile.TemporaryDirectory(prefix="janus-kernel-") as place:
        profile = Path(place) / "profile_default"
        profile.mkdir()
        (profile / "ipython_kernel_config.py").write_text("c.HistoryManager.enabled = False\n")
        sockets = Config({"KernelManager": {"transport": "ipc", "ip": f"{place}/kernel"}})
        try:
            apart = {"IPYTHONDIR": place, "JUPYTER_RUNTIME_DIR": place, STATIC: "1"}
            with variables(**apart, PYDEVD_DISABLE_FILE_VALIDATION="1"):
                papermill.execute_notebook(
                    str(notebook), str(part), parameters=dict(parameters), progress_bar=progress, config=sockets
                )
        except papermill.PapermillExecutionError as error:
            os.replace(part, failed)
            raise NotebookError(
                f"{notebook} failed in cell {error.exec_count}: {error.ename}: {error.evalue}\n"
                f"The run is kept as {failed}"
            ) from error
    failed.unlink(missing_ok=True)
    os.replace(part, output)
    return output
