"""The table every results page ends with: paper | here +- error | n; also written as JSON and CSV."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ..analyse.stats import Estimate
from ..errors import AnalysisError
from ..files import write_json, write_text
from ..paths import repository

#: How `Claim.paper` begins where the paper says nothing.
SILENT = ("not in the paper", "not printed")


#: What stands where there is no number.
NOTHING = "not enough data"


@dataclass(frozen=True)
class Claim:
    """One published number (or statement) next to ours.

    `paper` says "not printed" or "not in the paper" where there is none; what was expected instead may follow.
    """

    quantity: str
    paper: str
    here: Estimate | None
    unit: str
    remark: str = ""

    def __post_init__(self) -> None:
        if not self.paper.strip(" -"):
            raise ValueError(f"{self.quantity}: say what the paper prints, or {' or '.join(map(repr, SILENT))}")


def single(value: float, n: int) -> Estimate:
    """A number from one system, without an interval; n says how many samples it averages."""
    return Estimate(float(value), math.nan, math.nan, int(n))


def table(claims: list[Claim]) -> pd.DataFrame:
    """The claims as a table; a number without data says so."""
    rows = []
    for claim in claims:
        rows.append(
            {
                "quantity": claim.quantity,
                "paper": claim.paper,
                "here": text(claim.here),
                "unit": claim.unit,
                "n": claim.here.n if claim.here else 0,
                "remark": _remark(claim),
            }
        )
    return pd.DataFrame(rows)


def save(
    claims: list[Claim], name: str, directory: Path, record: dict[str, Any], *, beside: str = "paper"
) -> pd.DataFrame:
    """Write `<name>.json` (with the provenance) and `<name>.csv` into a directory; return the table.

    Parameters
    ----------
    beside : what our numbers stand beside, the heading of that column: "paper", or "expected" where it is not the paper
    """
    content = {"provenance": record, "beside": beside, "claims": [_plain(claim) for claim in claims]}
    write_json(directory / f"{name}.json", content)
    frame = table(claims).rename(columns={"paper": beside})
    write_text(directory / f"{name}.csv", frame.to_csv(index=False))
    return frame


def published(name: str) -> pd.DataFrame:
    """A table of published numbers, `data/paper/<name>.csv`.

    Raises
    ------
    AnalysisError
        if there is no such table.
    """
    path = repository() / "data" / "paper" / f"{name}.csv"
    if not path.exists():
        raise AnalysisError(f"{path} is not there: data/paper/ holds the published numbers; restore it from git")
    return pd.read_csv(path)


def printed(key: str) -> str:
    """A published number as text ("0.5 V/nm"), from `data/paper/claims.csv`.

    Raises
    ------
    AnalysisError
        if no claim has this id.
    """
    rows = published("claims")
    row = rows[rows.id == key]
    if row.empty:
        raise AnalysisError(f"data/paper/claims.csv has no claim {key!r}; it has {', '.join(rows.id)}")
    value, unit = row.iloc[0]["value"], row.iloc[0]["unit"]
    if pd.isna(value):
        return str(row.iloc[0]["quantity"])
    return f"{value:g}" + ("" if unit == "1" or pd.isna(unit) else f" {unit}")


def text(here: Estimate | None) -> str:
    """A number with its interval, a bound where that has one end only, or that there is none."""
    if here and math.isfinite(here.low) != math.isfinite(here.high):
        return f"above {digits(here.low)}" if math.isfinite(here.low) else f"below {digits(here.high)}"
    if here is None or not math.isfinite(here.value):
        return NOTHING
    if not math.isfinite(here.error):
        return f"{digits(here.value, 4)} (no error bar)"
    size = max(abs(here.low), abs(here.high), abs(here.value))
    value, low, high = (digits(0.0 if abs(one) < 1e-9 * size else one) for one in (here.value, here.low, here.high))
    return f"{value} [{low}, {high}]"


def digits(number: float, figures: int = 3) -> str:
    """A number to so many figures; an exponent only from 100,000 on or below 0.0001, and no minus before zero."""
    said = f"{number:.{figures}g}"
    if "e+" in said and abs(number) < 1e5:
        said = f"{float(said):.0f}"
    return said if float(said) else "0"


def _plain(claim: Claim) -> dict[str, Any]:
    here = claim.here
    numbers = None
    if here:
        numbers = {key: float(getattr(here, key)) for key in ("value", "low", "high")}
        numbers = {key: value if math.isfinite(value) else None for key, value in numbers.items()} | {"n": int(here.n)}
    return {
        "quantity": claim.quantity,
        "paper": claim.paper,
        "here": numbers,
        "unit": claim.unit,
        "remark": _remark(claim),
    }


def _remark(claim: Claim) -> str:
    """The claim's own remark, and why its error bar may be too small."""
    warning = claim.here.warning if claim.here else ""
    if claim.here and text(claim.here) == NOTHING:  # there is no error bar to warn of
        warning = f"{claim.here.n} independent unit{'s' * (claim.here.n != 1)} here: more runs are needed"
    return "; ".join(filter(None, [claim.remark, warning]))
