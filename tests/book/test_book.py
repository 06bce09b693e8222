"""The book is complete, says its scale on every page, needs no network, and a warning stops it."""

import hashlib
import json
import re
import shutil
from base64 import b64encode
from io import BytesIO
from pathlib import Path

import nbformat
import numpy as np
import pytest
import yaml
from ipywidgets.embed import embed_data
from janus_pore.show import book, decisions, view
from matplotlib.image import imsave
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

SOURCE = Path(__file__).parents[2] / "book"
NOTICE = "Scale tiny: the numbers mean nothing <here> & there."
TOC = "format: jb-book\nroot: index\nchapters:\n"
PAGES = {"assumptions.md": "# Assumptions\n\nNone.\n", "claims.md": "# Claims\n\nNone.\n"}
WIDGET_PAGE = "notebooks/01_build/01_membrane"
FIGURE_PAGE = "notebooks/03_ndr/01_current_field"
VIEW_MIME = "application/vnd.jupyter.widget-view+json"
STATE_MIME = "application/vnd.jupyter.widget-state+json"


def write_notebook(path, *, outputs=(), execution_count=1, metadata=None, text="With $E = mc^2$."):
    python = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python", "pygments_lexer": "ipython3"},
    }
    cells = [
        new_markdown_cell(f"# {path.stem}\n\n{text}"),
        new_code_cell("1 + 1", execution_count=execution_count, outputs=list(outputs)),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=cells, metadata={**python, **(metadata or {})}), path)


def write_widget_notebook(path, gro):
    """As papermill leaves it: the view in an output, the state in the notebook's metadata."""
    gro.write_text("one atom\n    1\n    1MSH     MO    1   1.500   1.500   1.500\n   3.0 3.0 3.0\n")
    data = embed_data(views=[view.widget(gro)])
    output = new_output("display_data", data={VIEW_MIME: data["view_specs"][0], "text/plain": "NGLWidget()"})
    write_notebook(path, outputs=[output], metadata={"widgets": {STATE_MIME: data["manager_state"]}})


def write_figure_notebook(path):
    """With one figure of 1200 x 20 pixels."""
    png = BytesIO()
    imsave(png, np.zeros((20, 1200)), format="png")
    data = {"image/png": b64encode(png.getvalue()).decode()}
    write_notebook(path, outputs=[new_output("display_data", data=data)])


@pytest.fixture
def small(tmp_path):
    """Sources of a two-page book with one executed notebook: (source, executed, staging, html)."""
    source, executed = tmp_path / "book", tmp_path / "run" / "notebooks"
    source.mkdir()
    shutil.copy(SOURCE / "_config.yml", source)
    (source / "notebooks").symlink_to("../notebooks")
    (source / "references.bib").touch()
    (source / "index.md").write_text("# Front\n\nText.\n")
    (source / "_toc.yml").write_text(TOC + "- file: assumptions\n- file: notebooks/a/one\n")
    write_notebook(executed / "a" / "one.ipynb")
    return source, executed, tmp_path / "run" / "book", tmp_path / "html"


def stage(small, **changes):
    book.stage(*small[:3], **{"notice": NOTICE, "pages": PAGES, **changes})


def test_staging_collects_everything(small):
    stage(small)
    staging = small[2]
    title = nbformat.read(staging / "notebooks" / "a" / "one.ipynb", 4).cells[0].source
    assert title.startswith("# one\n") and "nothing &lt;here&gt; &amp;" in title and "reference data" not in title
    assert (staging / "assumptions.md").read_text() == PAGES["assumptions.md"]
    assert (staging / "_assets" / "widgets" / "nglview-js-widgets.js").stat().st_size > 1e6


def test_pages_from_shipped_data_have_their_own_notice_and_say_so(small):
    executed = small[1].parents[1] / "reference"
    write_notebook(executed / "a" / "one.ipynb")
    toc = small[0] / "_toc.yml"
    toc.write_text(toc.read_text() + "- file: reference/scout/a/one\n")
    stage(small, shipped={"reference/scout": (executed, "Other <scale>.")})
    other = nbformat.read(small[2] / "notebooks" / "a" / "one.ipynb", 4).cells[0].source
    assert "{doc}`from reference data, scale scout </reference/scout/a/one>`" in other
    title = nbformat.read(small[2] / "reference" / "scout" / "a" / "one.ipynb", 4).cells[0].source
    assert (
        title.startswith("# one (reference data, scout)\n")
        and "Other &lt;scale&gt;." in title
        and "nothing" not in title
    )
    assert "</notebooks/a/one>`" in title
    html = book.build(small[2], small[3]).with_name("notebooks") / "a" / "one.html"
    assert 'href="../../reference/scout/a/one.html"' in html.read_text()


def test_links_of_a_notebook_lead_to_pages_of_the_same_data_where_there_are_some(small):
    executed = small[1].parents[1] / "reference"
    linked = "[Two](two.ipynb), [three](../b/three.ipynb), [front](../../book/index.md), [site](https://a.org/b.md)."
    for folder in (small[1], executed):
        write_notebook(folder / "a" / "one.ipynb", text=linked)
        write_notebook(folder / "a" / "two.ipynb")
    write_notebook(small[1] / "b" / "three.ipynb")
    toc = small[0] / "_toc.yml"
    pages = ["notebooks/a/two", "notebooks/b/three", "reference/scout/a/one", "reference/scout/a/two"]
    toc.write_text(toc.read_text() + "".join(f"- file: {page}\n" for page in pages))
    stage(small, shipped={"reference/scout": (executed, NOTICE)})
    html = book.build(*small[2:]).parent
    for page, three in (("reference/scout/a", "../../../notebooks/b"), ("notebooks/a", "../b")):
        text = (html / page / "one.html").read_text()
        article = text[text.index("<article") : text.index("</article>")]
        there = {"two.html", f"{three}/three.html", "../" * (page.count("/") + 1) + "index.html", "https://a.org/b.md"}
        assert there <= set(re.findall(r'href="([^"]+)"', article))


def test_figures_of_shipped_data_are_there_for_pages(small, tmp_path):
    made = tmp_path / "results"
    made.mkdir()
    (made / "waiting.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>')
    front = small[0] / "index.md"
    front.write_text(front.read_text() + "\n```{figure} reference/scout/figures/waiting.svg\nIons.\n```\n")
    stage(small, figures={"reference/scout/figures": made})
    book.build(*small[2:])
    assert (small[3] / "_images" / "waiting.svg").exists()
    stage(small)
    with pytest.raises(book.BookError, match="reference/scout/figures/waiting.svg"):
        book.build(*small[2:])


def test_staging_again_forgets_old_pages(small):
    stage(small, pages={**PAGES, "old.md": "# Old\n"})
    stage(small)
    assert not (small[2] / "old.md").exists()


def test_page_that_is_missing(small):
    with pytest.raises(book.BookError, match="do not exist: assumptions"):
        stage(small, pages={})


def test_page_outside_the_book(small):
    """Jupyter Book drops such an entry without a word."""
    toc = small[0] / "_toc.yml"
    toc.write_text(toc.read_text() + "- file: ../notebooks/a/one\n")
    with pytest.raises(book.BookError, match=re.escape("../notebooks/a/one")):
        stage(small)


def test_notebook_that_is_not_in_the_toc(small):
    write_notebook(small[1] / "a" / "two.ipynb")
    with pytest.raises(book.BookError, match="add 'file: notebooks/a/two'"):
        stage(small)


def test_notebook_that_was_not_executed(small):
    write_notebook(small[1] / "a" / "one.ipynb", execution_count=None)
    with pytest.raises(book.BookError, match="code cell 1 was not executed"):
        stage(small)


def test_notebook_that_failed(small):
    error = new_output("error", ename="ValueError", evalue="no", traceback=[])
    write_notebook(small[1] / "a" / "one.ipynb", outputs=[error])
    with pytest.raises(book.BookError, match="code cell 1 failed"):
        stage(small)


def test_notebook_that_is_half_written(small):
    (small[1] / "a" / "one.ipynb").write_text('{"cells": [')
    with pytest.raises(book.BookError, match="execute it again"):
        stage(small)


@pytest.mark.parametrize("target", ["book", ".", "run/notebooks"])
def test_staging_never_deletes_its_sources(small, tmp_path, target):
    with pytest.raises(book.BookError, match="choose another directory"):
        book.stage(small[0], small[1], tmp_path / target, notice=NOTICE, pages=PAGES)
    assert (small[0] / "index.md").is_file() and (small[1] / "a" / "one.ipynb").is_file()


def test_staging_deletes_nothing_but_a_staged_book(small):
    small[2].mkdir(parents=True)
    (small[2] / "thesis.tex").touch()
    with pytest.raises(book.BookError, match="not a staged book"):
        stage(small)
    assert (small[2] / "thesis.tex").exists()


def test_a_warning_stops_the_build_and_keeps_the_old_book(small):
    (small[0] / "index.md").write_text("# Front\n\nSee {doc}`nowhere`.\n")
    stage(small)
    html = small[3]
    html.mkdir()
    (html / "index.html").write_text("old")
    with pytest.raises(book.BookError, match="nowhere"):
        book.build(small[2], html)
    assert (html / "index.html").read_text() == "old"


def test_a_page_dropped_without_a_warning_stops_the_build(small):
    stage(small)
    (small[2] / "_toc.yml").write_text(TOC + "- file: ../notebooks/a/one\n")
    config = yaml.safe_load((small[2] / "_config.yml").read_text())
    config["sphinx"]["config"]["suppress_warnings"] = ["etoc.ref"]
    (small[2] / "_config.yml").write_text(yaml.safe_dump(config))
    with pytest.raises(book.BookError, match="no page was written for ../notebooks/a/one"):
        book.build(small[2], small[3])
    assert not small[3].exists()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The project's own pages, with stand-ins for the notebooks; one holds a 3D view."""
    root = tmp_path_factory.mktemp("book")
    for entry in book.toc_entries(SOURCE / "_toc.yml"):
        if entry.startswith(("notebooks/", "reference/")):
            write_notebook(root / f"{entry}.ipynb")
    write_widget_notebook(root / f"{WIDGET_PAGE}.ipynb", root / "conf.gro")
    write_figure_notebook(root / f"{FIGURE_PAGE}.ipynb")
    (root / "html").mkdir()
    (root / "html" / "old.html").touch()
    shipped = {f"reference/{path.name}": (path, NOTICE) for path in (root / "reference").glob("*")}
    asked = {one for page in SOURCE.glob("*.md") for one in re.findall(r"\{figure\} (reference/\S+)", page.read_text())}
    for one in asked:
        (root / one).parent.mkdir(parents=True, exist_ok=True)
        (root / one).write_text('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>')
    figures = {str(Path(one).parent): (root / one).parent for one in asked}
    generated = PAGES | {"decisions.md": decisions.page(SOURCE.parent / "docs" / "adr")}
    book.stage(
        SOURCE, root / "notebooks", root / "staged", notice=NOTICE, pages=generated, shipped=shipped, figures=figures
    )
    return book.build(root / "staged", root / "html").parent


def pages(html):
    return {entry: (html / f"{entry}.html").read_text() for entry in book.toc_entries(SOURCE / "_toc.yml")}


def scripts(text):
    return re.findall(r'<script[^>]*\bsrc="([^"]*)"', text)


def test_every_page_is_there_and_notebooks_say_their_scale(built):
    for entry, text in pages(built).items():
        made = entry.startswith(("notebooks/", "reference/"))
        assert ("the numbers mean nothing &lt;here&gt; &amp; there." in text) == made, entry
    assert not (built / "old.html").exists()


def test_no_page_loads_a_script_from_the_network(built):
    for entry, text in pages(built).items():
        assert not [source for source in scripts(text) if re.match(r"(https?:)?//", source)], entry
        files = [(built / entry).parent / source.split("?")[0] for source in scripts(text)]
        assert not [file for file in files if not file.is_file()], entry


def test_no_two_pages_from_shipped_data_have_one_title(built):
    """Once broke: the same page from two scales, told apart by nothing in the contents or in a search."""
    titles = [re.search(r"<title>(.*?)</title>", t, re.DOTALL)[1] for e, t in pages(built).items() if "reference/" in e]
    assert len(titles) > 10 and len(titles) == len(set(titles))


def test_only_the_page_with_a_widget_loads_its_scripts(built):
    loading = {entry for entry, text in pages(built).items() for path in scripts(text) if "widgets/" in path}
    assert loading == {WIDGET_PAGE}
    text = (built / f"{WIDGET_PAGE}.html").read_text()
    state = re.search(rf'<script type="{re.escape(STATE_MIME)}">(.*?)</script>', text, re.DOTALL).group(1)
    assert "NGLModel" in {model["model_name"] for model in json.loads(state)["state"].values()}
    assert VIEW_MIME in text


def test_a_figure_leads_to_its_image_and_says_how_wide_it_is(built):
    """The style sheet keeps figures of 1000 pixels and more readable on small screens, by what stands here."""
    text = (built / f"{FIGURE_PAGE}.html").read_text()
    link, image, style = re.search(r'<a [^>]*href="([^"]*)"><img [^>]*src="([^"]*)" style="([^"]*)"', text).groups()
    assert link == image and style.startswith("width: 1200") and (built / FIGURE_PAGE).parent.joinpath(link).is_file()
    assert 'img[style*="width: 1"]' in (built / "_static" / "book.css").read_text()


def test_everything_the_loader_asks_for_is_served(built):
    loader = (built / "widgets" / "load.js").read_text()
    for file in re.findall(r'"([\w-]+\.js)"', loader):
        assert (built / "widgets" / file).is_file(), file


def test_copies_of_scripts_are_the_ones_the_readme_names():
    for folder in book.ASSETS:
        readme = (SOURCE / folder / "README.md").read_text()
        for script in (SOURCE / folder).glob("*.js"):
            if script.name != "load.js":
                assert hashlib.sha256(script.read_bytes()).hexdigest() in readme, script
