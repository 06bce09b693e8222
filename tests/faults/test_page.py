"""The page of faults in the book and the tests are about the same faults."""

import re
from pathlib import Path

import pytest
from janus_pore.show import book

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "book" / "faults.md"
NAMED = re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE.read_text())


@pytest.mark.parametrize("file", sorted({file for file, _ in NAMED}))
def test_every_test_that_it_names_exists(file):
    text = (TESTS / file).read_text()
    assert [name for of, name in NAMED if of == file and f"def {name}(" not in text] == []


def test_every_row_names_a_test():
    rows = [line for line in PAGE.read_text().splitlines() if re.match(r"\| (?!fault )", line)]
    assert len(rows) > 30
    assert [row for row in rows if not re.search(r"\.py::test_\w+` \|$", row)] == []
    assert [row for row in rows if row.count(" | ") != 4] == []


def test_it_names_every_test_of_a_fault():
    files = [path for path in Path(__file__).parent.glob("test_*.py") if path != Path(__file__)]
    made = {(f"faults/{path.name}", name) for path in files for name in re.findall(r"def (test_\w+)", path.read_text())}
    assert made - set(NAMED) == set()


def test_it_is_in_the_book():
    assert "faults" in book.toc_entries(PAGE.parent / "_toc.yml")
