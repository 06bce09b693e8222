"""What README and front page say of the scales is what their files ask for, and what ships."""

import json
import re

import nbformat
import pytest
from janus_pore import config
from janus_pore.paths import Campaign, repository
from janus_pore.show import book
from janus_pore.simulate import plan

ROOT = repository()


@pytest.mark.parametrize("page", ["README.md", "book/index.md"])
@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yml")), ids=lambda path: path.stem)
def test_the_nanoseconds_of_each_scale(page, path, tmp_path):
    scale = config.load(path)
    speeds = dict.fromkeys(scale.systems, 1.0)
    asked = plan.plan(scale, Campaign.of(scale.scale, tmp_path), speeds).ns.sum()
    (row,) = re.findall(rf"^\| `{scale.scale}` \|.*$", (ROOT / page).read_text(), re.M)
    said, *shipped = [float(number.replace(",", "")) for number in re.findall(r"([\d,.]+) ns\b", row)]
    assert said == pytest.approx(asked, rel=0.1 if asked < 1 else 0.02)
    records = (ROOT / "data" / "reference" / scale.scale).glob("*/*/r*.json")
    ns = sum(json.loads(path.read_text())["simulated_ns"] for path in records)
    assert shipped == ([pytest.approx(ns, abs=0.1)] if ns and "index" in page else [])


@pytest.mark.parametrize("page", ["README.md", "book/index.md"])
@pytest.mark.parametrize("scale", ["course", "held", "scout"])
def test_the_notebooks_that_are_said_to_have_shipped_data_are_those_of_the_book(page, scale):
    (row,) = re.findall(rf"^\| `config/{scale}.yml` \|.*$", (ROOT / page).read_text(), re.M)
    parts = re.findall(r"`(\d\d_\w+)` ([\d, ]*\d)", row)
    said = {f"{part}/{number}" for part, numbers in parts for number in numbers.split(", ")}
    entries = [entry.split("/") for entry in book.toc_entries(ROOT / "book" / "_toc.yml")]
    assert said == {f"{entry[2]}/{entry[3][:2]}" for entry in entries if entry[:2] == ["reference", scale]}


def test_notebooks_hold_nothing_that_jupyterlab_shows_as_it_is_written():
    """Such as a role of MyST; links to other notebooks are Markdown's own, and lead somewhere."""
    notebooks = sorted((ROOT / "notebooks").rglob("*.ipynb"))
    assert notebooks
    for path in notebooks:
        cells = nbformat.read(path, 4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        assert not re.findall(r"\{\w+\}`", text), path
        assert all((path.parent / to).is_file() for to in re.findall(r"\]\(([^):]+)\)", text)), path
