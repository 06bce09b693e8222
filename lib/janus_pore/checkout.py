"""Which code this is: the commit of the checkout that the package runs from."""

from __future__ import annotations

import subprocess

from .paths import repository


def commit() -> str:
    """Commit of the checkout, with "+changes" if files differ from it; "unknown" outside a git checkout."""
    try:
        head = _git("rev-parse", "--short", "HEAD")
        return head + ("+changes" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*argv: str) -> str:
    # without a lock: other jobs may ask at the same time
    command = ["git", "--no-optional-locks", "-C", str(repository()), *argv]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
