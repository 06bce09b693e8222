"""Notebooks take only parameters that they have, of the type that they have; a failure is kept and named."""

import nbformat
import pytest
from janus_pore.errors import NotebookError
from janus_pore.show.execute import check_parameters, execute

PARAMETERS = 'name = "a"  # a word\nfactor = 2.0\ncount = 3'


def notebook(path, body, tags=("parameters",)):
    first = nbformat.v4.new_code_cell(PARAMETERS)
    first.metadata["tags"] = list(tags)
    cells = [first, nbformat.v4.new_code_cell(body)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)
    return path


def test_an_executed_copy_has_outputs_and_the_source_stays_clean(tmp_path):
    source = notebook(tmp_path / "n.ipynb", "print(name * count, factor)")
    before = source.read_bytes()
    made = execute(source, tmp_path / "out" / "n.ipynb", {"name": "xy", "factor": 3})
    text = "".join(o["text"] for c in nbformat.read(made, 4).cells if c.cell_type == "code" for o in c.outputs)
    assert text == "xyxyxy 3\n" and source.read_bytes() == before
    assert [path.name for path in made.parent.iterdir()] == ["n.ipynb"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"nmae": "b"}, "no parameter 'nmae'"),
        ({"__import__('os').system('touch hacked')": 1}, "no parameter"),
        ({"count": "3"}, "count must be int"),
        ({"count": 3.5}, "count must be int"),
        ({"count": True}, "count must be int"),
        ({"name": 3}, "name must be str"),
        ({"factor": "2"}, "factor must be float"),
    ],
)
def test_unknown_names_and_wrong_types_are_refused_before_a_kernel_starts(tmp_path, parameters, message):
    source = notebook(tmp_path / "n.ipynb", "open('started', 'w')")
    with pytest.raises(NotebookError, match=message):
        execute(source, tmp_path / "out.ipynb", parameters)
    assert not (tmp_path / "out.ipynb").exists()


def test_a_notebook_without_a_parameters_cell_takes_none(tmp_path):
    source = notebook(tmp_path / "n.ipynb", "1", tags=())
    with pytest.raises(NotebookError, match="no cell tagged 'parameters'"):
        check_parameters(source, {"name": "b"})


def test_a_failing_cell_is_named_and_the_run_is_kept_aside(tmp_path):
    source = notebook(tmp_path / "n.ipynb", "1 / 0")
    with pytest.raises(NotebookError, match="ZeroDivisionError"):
        execute(source, tmp_path / "n_out.ipynb", {})
    assert not (tmp_path / "n_out.ipynb").exists() and (tmp_path / ".n_out.failed.ipynb").exists()
