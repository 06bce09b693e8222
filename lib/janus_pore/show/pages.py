"""Executed notebooks as pages of the book: each says at its top which scale its numbers come from."""

from __future__ import annotations

import html
import json
import posixpath
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from ..errors import BookError

#: What stands in the title of a page made from data that ship with the book, before the name of their scale.
SHIPPED = "reference data"
#: A Markdown link to another notebook or page, as JupyterLab follows it: from the notebook's own folder.
_LINK = re.compile(r"\]\(([^)\s:]+\.(?:ipynb|md))\)")


def twins(entries: Iterable[str]) -> dict[str, str]:
    """For each page that the book has from several runs, a line that leads to the others.

    Parameters
    ----------
    entries : pages of the table of contents; ``reference/<scale>/<page>`` is ``notebooks/<page>`` from shipped data

    Returns
    -------
    dict of entry to Markdown
    """
    runs: dict[str, dict[str, str]] = {}
    for entry in entries:
        kind, _, rest = entry.partition("/")
        if kind == "reference":
            scale, _, page = rest.partition("/")
            runs.setdefault(page, {})[entry] = f"from {SHIPPED}, scale {scale}"
        elif kind == "notebooks":
            runs.setdefault(rest, {})[entry] = "from the run that built this book"
    return {
        entry: "The same page "
        + " and ".join(f"{{doc}}`{said} </{to}>`" for to, said in same.items() if to != entry)
        + "."
        for same in runs.values()
        for entry in same
        if len(same) > 1
    }


def place(
    executed: Path, folder: Path, *, notice: str, shipped: str = "", also: Mapping[Path, str] = MappingProxyType({})
) -> None:
    """Copy executed notebooks into a folder of the staged book, with the notice under each title.

    Parameters
    ----------
    executed : directory of executed notebooks; hidden files are left out
    folder : where they go, in the same subfolders
    notice : plain text, the scale's; empty for none
    shipped : name of the scale, if its data ship with the book: the title then says so
    also : Markdown under the notice, by the page's path without suffix

    Raises
    ------
    BookError
        if a notebook cannot be read, or was not executed to its end.
    """
    for notebook in sorted(executed.rglob("*.ipynb")):
        inside = notebook.relative_to(executed)
        if any(part.startswith(".") for part in inside.parts):
            continue
        content = _read(notebook)
        _lead(content, inside, executed)
        first = content["cells"][0]
        title, _, rest = "".join(first["source"]).partition("\n")
        if shipped:
            title += f" ({SHIPPED}, {shipped})"
        said = f"\n\n:::{{important}}\n{html.escape(notice.strip(), quote=False)}\n:::\n" if notice else "\n"
        target = folder / inside
        if line := also.get(target.with_suffix("")):
            said += f"\n{line}\n"
        first["source"] = title + said + rest
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(content), encoding="utf-8")


def _lead(content: dict, inside: Path, executed: Path) -> None:
    """Let links lead to the same run's page where it has one, else to that of the run that builds the book."""

    def place_of(link: re.Match) -> str:
        to = posixpath.normpath(f"notebooks/{inside.parent.as_posix()}/{link[1]}")
        kind, _, page = to.partition("/")
        if kind == "book":
            return f"](/{page})"
        return link[0] if kind == "notebooks" and (executed / page).exists() else f"](/{to})"

    for cell in content["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = _LINK.sub(place_of, "".join(cell["source"]))


def _read(notebook: Path) -> dict:
    try:
        content = json.loads(notebook.read_text(encoding="utf-8"))
        cells = content["cells"]
    except (ValueError, KeyError) as error:
        raise BookError(f"{notebook} is not a notebook ({error}): execute it again") from error
    for number, cell in enumerate((cell for cell in cells if cell["cell_type"] == "code"), start=1):
        if any(output["output_type"] == "error" for output in cell["outputs"]):
            raise BookError(f"{notebook}: code cell {number} failed; mend it and execute the notebook again")
        if "".join(cell["source"]).strip() and cell.get("execution_count") is None:
            raise BookError(f"{notebook}: code cell {number} was not executed; execute the whole notebook")
    return content
