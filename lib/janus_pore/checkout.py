"""Which code this is: the commit of the checkout that the package runs from."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from .paths import repository

#: What decides results; an edit of a scale file or a page is no other code.
CODE = ("lib", "pyproject.toml")
#: A git hook sets these, for its own repository.
_OF_HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")


def commit() -> str:
    """Commit of the checkout, with "+changes" if its code differs from it; "unknown" outside a git checkout of its own.

    The code differs where a file of it was edited, deleted or added. A copy that was unpacked inside another
    repository has no commit: that of the other says nothing of it.
    """
    try:
        if Path(_git("rev-parse", "--show-toplevel")) != repository():
            return "unknown"
        head = _git("rev-parse", "--short", "HEAD")
        return head + ("+changes" if _git("status", "--porcelain", "--untracked-files=all", "--", *CODE) else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*argv: str) -> str:
    # without a lock: other jobs may ask at the same time
    command = ["git", "--no-optional-locks", "-C", str(repository()), *argv]
    own = {name: value for name, value in os.environ.items() if name not in _OF_HOOKS}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=own).stdout.strip()
