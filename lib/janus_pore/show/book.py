"""How do executed notebooks become the book? Stage them with the book's pages, then render without executing.

`stage` collects in one directory what Jupyter Book reads: the pages of `book/`, the executed notebooks, the
generated pages and the scripts of the 3D views. `build` renders it; a warning or a missing page is an error.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import yaml

from ..errors import BookError
from .pages import place, twins

#: Folders of `book/` that are served as they are, each only to the pages that ask for it (`html_extra_path`).
#: They must not lie in `_static`, where Jupyter Book makes every page load every script.
ASSETS = ("widgets", "mathjax")
ASSETS_ROOT = "_assets"
NGLVIEW = "share/jupyter/nbextensions/nglview-js-widgets/index.js"
SUFFIXES = (".md", ".ipynb", ".rst")
TAIL_LINES = 25


def stage(
    source: Path,
    executed: Path,
    staging: Path,
    *,
    notice: str,
    pages: Mapping[str, str],
    shipped: Mapping[str, tuple[Path, str]] = MappingProxyType({}),
    figures: Mapping[str, Path] = MappingProxyType({}),
) -> None:
    """Put together the directory that Jupyter Book renders.

    Parameters
    ----------
    source : Path
        The book's sources (`book/`): `_config.yml`, `_toc.yml`, pages, scripts.
    executed : Path
        Executed notebooks, in the same folders as the source notebooks.
    staging : Path
        Where to put it; a book staged there before is replaced.
    notice : str
        Plain text under the title of every notebook's page; empty for none.
    pages : mapping of str to str
        Generated pages, file name (`assumptions.md`) to text.
    shipped : mapping of str to (Path, str)
        Notebooks executed on reference data: folder in the book (`reference/scout`) to their directory and notice.
    figures : mapping of str to Path
        Figures that pages show: folder in the book (`reference/scout/figures`) to where notebooks wrote them, as SVG.

    Raises
    ------
    BookError
        A toc entry without a page, a notebook without a toc entry, or a notebook not executed to its end.
    """
    source, executed, staging = Path(source), Path(executed), Path(staging)
    for needed in (source / "_config.yml", source / "_toc.yml", executed):
        if not needed.exists():
            raise BookError(f"{needed} is not there: give the book's sources and the executed notebooks")
    _clear(staging, source, executed)
    shutil.copytree(source, staging, symlinks=True, ignore=_left_out(source))
    also = {staging / entry: line for entry, line in twins(toc_entries(source / "_toc.yml")).items()}
    place(executed, staging / "notebooks", notice=notice, also=also)
    for folder, (directory, own_notice) in shipped.items():
        place(directory, staging / folder, notice=own_notice, shipped=Path(folder).name, also=also)
    for folder, directory in figures.items():
        (staging / folder).mkdir(parents=True, exist_ok=True)
        for path in sorted(Path(directory).glob("*.svg")):
            shutil.copyfile(path, staging / folder / path.name)
    for name, text in pages.items():
        (staging / name).write_text(text, encoding="utf-8")
    _place_assets(source, staging)
    _check_pages(staging)


def build(staging: Path, html: Path) -> Path:
    """Render a staged book and put it at `html` only if nothing went wrong.

    The whole output goes to `<staging>/build.log`. Rendering starts from nothing each time, as a page that is
    not read again repeats none of its warnings.

    Returns
    -------
    Path
        `index.html` of the finished book.

    Raises
    ------
    BookError
        Jupyter Book failed or warned, or a toc entry has no page.
    """
    staging, html = Path(staging), Path(html)
    entries = toc_entries(staging / "_toc.yml")
    shutil.rmtree(staging / "_build", ignore_errors=True)
    log = staging / "build.log"
    command = [
        sys.executable,
        "-c",
        "from jupyter_book.cli.main import main; main()",
        "build",
        str(staging),
        "-W",
        "-n",
        "--keep-going",
    ]
    with log.open("w", encoding="utf-8") as stream:
        done = subprocess.run(
            command,
            stdout=stream,
            stderr=subprocess.STDOUT,
            check=False,
            env={**os.environ, "NO_COLOR": "1", "PYTHONUTF8": "1"},
        )
    lines = re.sub(r"\x1b\[[0-9;]*m", "", log.read_text(encoding="utf-8", errors="replace")).splitlines()
    warnings = [line for line in lines if re.search(r"\bWARNING\b|\[Warning\]|\bERROR\b", line)]
    if done.returncode or warnings:
        shown = "\n".join(warnings[:TAIL_LINES] or [line for line in lines if line.strip()][-TAIL_LINES:])
        raise BookError(f"the book has problems; fix each line below (whole log: {log}):\n{shown}")
    rendered = staging / "_build" / "html"
    dropped = [entry for entry in entries if not (rendered / f"{entry}.html").is_file()]
    if dropped:
        raise BookError(f"no page was written for {', '.join(dropped)}: mend _toc.yml (log: {log})")
    _replace(html, rendered)
    return html / "index.html"


def toc_entries(toc: Path) -> list[str]:
    """Every page that a `_toc.yml` names, in order, without suffix."""

    def walk(node: object) -> Iterator[str]:
        if isinstance(node, list):
            for item in node:
                yield from walk(item)
        elif isinstance(node, dict):
            for key, value in node.items():
                if key in ("root", "file"):
                    path = Path(str(value))
                    yield str(path.with_suffix("") if path.suffix in SUFFIXES else path)
                else:
                    yield from walk(value)

    return list(walk(yaml.safe_load(Path(toc).read_text(encoding="utf-8"))))


def _left_out(source: Path):
    """Ignore function for copytree: what staging puts in place itself, or what an earlier build left."""
    top = {"_build", "notebooks", *ASSETS}
    return lambda folder, names: top & set(names) if Path(folder) == source else set()


def _clear(staging: Path, source: Path, executed: Path) -> None:
    kept = [path.resolve() for path in (source, executed)]
    if any(path == staging.resolve() or staging.resolve() in path.parents for path in kept):
        raise BookError(f"staging {staging} would delete {source} or {executed}: choose another directory")
    if staging.exists():
        if any(staging.iterdir()) and not (staging / "_toc.yml").is_file():
            raise BookError(f"{staging} is not a staged book: move it away or choose another directory")
        shutil.rmtree(staging)
    staging.parent.mkdir(parents=True, exist_ok=True)


def _place_assets(source: Path, staging: Path) -> None:
    for name in ASSETS:
        if (source / name).is_dir():
            shutil.copytree(source / name, staging / ASSETS_ROOT / name)
    nglview = Path(sys.prefix) / NGLVIEW
    if not nglview.is_file():
        raise BookError(f"{nglview} is not there: install nglview into this environment (`make env`)")
    (staging / ASSETS_ROOT / "widgets").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(nglview, staging / ASSETS_ROOT / "widgets" / "nglview-js-widgets.js")


def _check_pages(staging: Path) -> None:
    entries = toc_entries(staging / "_toc.yml")
    missing = [
        entry
        for entry in entries
        if ".." in Path(entry).parts or not any((staging / f"{entry}{suffix}").is_file() for suffix in SUFFIXES)
    ]
    if missing:
        raise BookError(
            f"_toc.yml names pages that do not exist: {', '.join(missing)}; "
            "execute the notebook, write the page or take the entry out"
        )
    for folder in ("notebooks", "reference"):
        for notebook in sorted((staging / folder).rglob("*.ipynb")):
            entry = notebook.relative_to(staging).with_suffix("").as_posix()
            if entry not in entries:
                raise BookError(f"notebook {notebook.name} is not in _toc.yml: add 'file: {entry}'")


def _replace(html: Path, rendered: Path) -> None:
    """Swap the finished book in; the old one stays in place until the new one lies beside it."""
    html.parent.mkdir(parents=True, exist_ok=True)
    fresh, old = html.with_name(f".{html.name}.new"), html.with_name(f".{html.name}.old")
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.move(rendered, fresh)
    if html.exists():
        html.rename(old)
    fresh.rename(html)
    shutil.rmtree(old, ignore_errors=True)
