"""The records of decisions on one page: each with its target, links among them, and all that the text refers to."""

import re

import pytest
from janus_pore.errors import BookError
from janus_pore.paths import repository
from janus_pore.show import decisions


def test_each_has_a_target_and_links_lead_to_it(tmp_path):
    (tmp_path / "0001-a.md").write_text("# 1. The first\n\nSee [ADR 2](0002-b.md).\n\n## More\n\nx\n")
    (tmp_path / "0002-b.md").write_text("# 2. The second\n\ny\n")
    page = decisions.page(tmp_path)
    assert page.startswith("# Decisions\n")
    assert "(adr-1)=\n## 1. The first\n\nSee {ref}`ADR 2 <adr-2>`.\n\n### More\n" in page
    assert page.index("(adr-1)=") < page.index("(adr-2)=\n## 2. The second")


def test_what_is_no_record_is_refused(tmp_path):
    with pytest.raises(BookError, match="holds no record"):
        decisions.page(tmp_path)
    (tmp_path / "0003-c.md").write_text("# 4. Another number\n")
    with pytest.raises(BookError, match=r'0003-c.md does not begin with "# 3\. "'):
        decisions.page(tmp_path)


def test_every_record_that_the_book_names_is_there():
    page = decisions.page(repository() / "docs" / "adr")
    texts = "".join(path.read_text() for path in (repository() / "book").glob("*.md"))
    named = set(re.findall(r"<adr-(\d+)>", texts))
    assert {"16", "19"} <= named and all(f"(adr-{number})=" in page for number in named)
    assert "docs/adr/0" not in texts
