"""Executed notebooks as pages of the book: each says at its top which scale its numbers come from."""

from __future__ import annotations

import html
import json
from pathlib import Path

from ..errors import BookError

#: What stands in the title of a page made from data that ship with the book.
SHIPPED = "reference data"


def place(executed: Path, folder: Path, *, notice: str, shipped: bool = False) -> None:
    """Copy executed notebooks into a folder of the staged book, with the notice under each title.

    Parameters
    ----------
    executed : directory of executed notebooks; hidden files are left out
    folder : where they go, in the same subfolders
    notice : plain text, the scale's; empty for none
    shipped : whether the data ship with the book: the title then says so

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
        first = content["cells"][0]
        title, _, rest = "".join(first["source"]).partition("\n")
        if shipped:
            title += f" ({SHIPPED})"
        said = f"\n\n:::{{important}}\n{html.escape(notice.strip(), quote=False)}\n:::\n" if notice else "\n"
        first["source"] = title + said + rest
        target = folder / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(content), encoding="utf-8")


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
