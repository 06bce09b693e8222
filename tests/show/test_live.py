"""Sliders call their function; a page that is executed for the book gets a note and no widget."""

import ipywidgets
import nbformat
import pytest
from janus_pore.show import live
from janus_pore.show.execute import execute
from nbformat.v4 import new_code_cell, new_notebook

RANGES = {"bias_v": live.Slider(0, 20, 5, "bias (V)"), "load_gohm": live.Slider(0.1, 10, 1, "load", log=True)}


def test_sliders_call_the_function_with_their_values(monkeypatch):
    monkeypatch.delenv(live.STATIC, raising=False)
    seen = []
    panel = live.sliders(lambda bias_v, load_gohm: seen.append((bias_v, load_gohm)), **RANGES)
    assert isinstance(panel, ipywidgets.interactive)
    panel.update()
    bias, load = panel.children[:2]
    assert (bias.value, load.value) == (5, pytest.approx(1)) and seen[-1] == (5, pytest.approx(1))
    bias.value = 12
    panel.update()
    assert seen[-1][0] == 12 and load.max == pytest.approx(1) and not bias.continuous_update


def test_an_executed_notebook_holds_the_note_and_no_widget(tmp_path):
    code = "from janus_pore.show import live\nlive.sliders(print, x=live.Slider(0, 1, 0.5, 'x'))"
    notebook = new_notebook(cells=[new_code_cell(code)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, tmp_path / "in.ipynb")
    done = nbformat.read(execute(tmp_path / "in.ipynb", tmp_path / "out.ipynb", {}), 4)
    (output,) = done.cells[0].outputs
    assert output["data"]["text/markdown"] == live.NOTE
    assert "widgets" not in done.metadata and not [kind for kind in output["data"] if "widget" in kind]
