"""The page of decisions: the records of `docs/adr/`, which the text refers to, one after the other."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import BookError

HEAD = """# Decisions

Why things are as they are. Each record says what was asked, what was decided, and what follows from it, as of now; they
lie in `docs/adr/`. Which reading of the paper was chosen is {ref}`record 16 <adr-16>`; its figures are on
{doc}`evidence`.
"""

_LINK = re.compile(r"\[([^\]]+)\]\((\d{4})-[\w-]+\.md\)")
_TITLE = re.compile(r"\A# (\d+)\. ")


def page(folder: Path) -> str:
    """The page as Markdown; each record has the target `adr-<number>`.

    Raises
    ------
    BookError
        if there is no record, or one does not begin with its number and title.
    """
    parts, paths = [HEAD], sorted(folder.glob("[0-9]*.md"))
    if not paths:
        raise BookError(f"{folder} holds no record of a decision: restore them from git")
    for path in paths:
        text = path.read_text(encoding="utf-8")
        title = _TITLE.match(text)
        if not title or int(title[1]) != int(path.name[:4]):
            raise BookError(f'{path} does not begin with "# {int(path.name[:4])}. " and its title')
        text = re.sub(r"^#", "##", text, flags=re.MULTILINE)
        text = _LINK.sub(lambda link: f"{{ref}}`{link[1]} <adr-{int(link[2])}>`", text)
        parts.append(f"(adr-{title[1]})=\n{text}")
    return "\n".join(parts)
