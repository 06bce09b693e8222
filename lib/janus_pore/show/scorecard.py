"""The page of all claims of the paper: what came out here, and from how much data; from the results' JSON."""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import model_validator

from ..analyse.stats import Estimate
from ..errors import BookError
from ..files import Record, read_json
from ..paths import repository
from .claims import NOTHING, SILENT, text
from .provenance import behind

HEAD = """# All claims at once

Every results page ends with a table of what the paper says beside what came out here. This page puts those tables
together, made from the same files when the book was built; rows about which the paper prints nothing are left on their
pages. Intervals are 68 % unless a page says otherwise; *n* counts
independent samples (replicas, cycles, blocks), as the page concerned explains. "Not enough data" is an answer: the
remark says what is missing. A click on a line opens its table; one line for each figure of the paper, in words, is on
the {doc}`first page <index>`.
"""

#: How a notebook writes its table.
_SAVES = re.compile(r'claims\.save\([^"]*"(\w+)"')


class _Here(Record):
    value: float | None
    low: float | None
    high: float | None
    n: int


class _Claim(Record):
    quantity: str
    paper: str
    here: _Here | None
    unit: str
    remark: str


class _Provenance(Record):
    scale_file: str
    gromacs: list[str]
    trajectories_sha256: list[str]
    replicas: int = 0
    simulated_ns: float = 0.0


class _Saved(Record):
    provenance: _Provenance | None = None
    beside: str = "paper"
    claims: list[_Claim] = []  # a file without is no table, and left out

    @model_validator(mode="after")
    def _traced(self) -> Self:
        if self.claims and not self.provenance:
            raise ValueError("its claims have no provenance")
        return self


def homes(notebooks: Path) -> dict[str, tuple[str, str]]:
    """Which notebook makes which table: the table's name to the page ("03_ndr/01_current_field") and its title."""
    found = {}
    for path in sorted(Path(notebooks).glob("*/*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        title = "".join(cells[0]["source"]).partition("\n")[0].lstrip("# ")
        for cell in cells:
            for name in _SAVES.findall("".join(cell["source"])):
                found[name] = (f"{path.parent.name}/{path.stem}", title)
    return found


def page(
    results: Mapping[str, tuple[Path, str]],
    entries: Collection[str],
    made_by: Mapping[str, tuple[str, str]] | None = None,
) -> str:
    """The page as Markdown.

    Parameters
    ----------
    results : heading ("This run: scale tiny") to the directory that `claims.save` wrote into, and the folder in the
        book ("reference/scout") of the pages that did
    entries : pages of the table of contents; tables of others (notebooks that someone played with) are left out
    made_by : what `homes` gives; of the project's notebooks if None

    Returns
    -------
    str
    """
    parts, made_by = [HEAD], homes(repository() / "notebooks") if made_by is None else made_by
    for heading, (directory, folder) in results.items():
        home = {name: (f"{folder}/{one}", title) for name, (one, title) in made_by.items()}
        home = {name: one for name, one in home.items() if one[0] in entries}
        files = [path for path in sorted(Path(directory).glob("*.json")) if path.stem in home]
        tables = [
            (path.stem, read_json(path, "delete it, and execute its notebook again", _Saved, BookError))
            for path in files
        ]
        every = sum(len(content.get("claims", [])) for _, content in tables)
        tables = [(name, content, told) for name, content in tables if (told := _told(content))]
        if not tables:
            continue
        counted = [claim for *_, told in tables for claim in told]
        known = sum(_known(claim) for claim in counted)
        parts.append(f"## {heading}\n\n{known} of {len(counted)} rows have a number.")
        parts.append(f"The pages have {every - len(counted)} more rows.\n")
        for name, content, told in sorted(tables, key=lambda one: home[one[0]]):
            where, title = home[name]
            known = sum(_known(claim) for claim in told)
            parts.append(f"### {title}\n\n{{doc}}`Its page </{where}>`. {_source(content['provenance'])}\n")
            parts.append(f":::{{dropdown}} {known} of {len(told)} rows have a number")
            parts.append("| quantity | paper | here | unit | n | remark |\n|---|---|---|---|---|---|")
            parts.append("\n".join(_row(claim) for claim in told) + "\n:::\n")
    return "\n".join(parts) + "\n"


def _told(content: dict[str, Any]) -> list[dict[str, Any]]:
    """The claims about which the paper says something."""
    if content.get("beside", "paper") != "paper":
        return []
    return [claim for claim in content.get("claims", []) if not claim["paper"].startswith(SILENT)]


def _known(claim: dict[str, Any]) -> bool:
    return text(_here(claim)) != NOTHING


def _here(claim: dict[str, Any]) -> Estimate | None:
    if not (numbers := claim["here"]):
        return None
    ends = (math.nan if numbers[k] is None else numbers[k] for k in ("value", "low", "high"))
    return Estimate(*ends, numbers["n"])


def _row(claim: dict[str, Any]) -> str:
    numbers = claim["here"]
    cells = [
        claim["quantity"],
        claim["paper"],
        text(_here(claim)),
        claim["unit"],
        numbers["n"] if numbers else 0,
        claim["remark"],
    ]
    escaped = (html.escape(str(cell), quote=False).replace("|", r"\|").replace("\n", " ") for cell in cells)
    return "| " + " | ".join(escaped) + " |"


def _source(record: dict[str, Any]) -> str:
    return f"From {behind(record)}, `{record['scale_file']}`, GROMACS {', '.join(record['gromacs']) or 'none'}."
