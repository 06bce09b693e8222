"""The whole DAG is explained by a dry run, for every scale; and the tree keeps its own rules."""

import ast
import re
import subprocess
import sys

import nbformat
import pytest
from janus_pore import config
from janus_pore.paths import repository
from janus_pore.simulate import cost
from janus_pore.simulate.protocols import protocols_of, replicas_of

ROOT = repository()
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*/*.ipynb"))
SNAKEMAKE = [sys.executable, "-m", "snakemake", "--cores", "2", "-n", "--directory"]


@pytest.fixture
def dry_run(tmp_path):
    """A function: a dry run of a scale (and targets) where nothing has been run yet."""
    for name in ("config", "lib", "notebooks", "data"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "book").mkdir()
    for path in (ROOT / "book").iterdir():
        if path.name != "_build":  # a book that is built already would leave nothing to do
            (tmp_path / "book" / path.name).symlink_to(path)

    def run(scale, *targets):
        argv = [*SNAKEMAKE, str(tmp_path), "-s", str(ROOT / "workflow" / "Snakefile"), *targets]
        argv += ["--configfile", f"config/{scale}.yml"]
        return subprocess.run(argv, capture_output=True, text=True, cwd=tmp_path)

    return run


@pytest.fixture
def jobs_of(dry_run):
    """A function: how many jobs of each rule such a run finds."""

    def run(scale, *targets):
        done = dry_run(scale, *targets)
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        return dict(re.findall(r"^(\w+) +(\d+)$", said, re.M))

    return run


def test_a_page_about_all_systems_waits_for_all_of_them(jobs_of):
    found = jobs_of("scout", "runs/scout/notebooks/04_hysteresis/04_sensitivity.ipynb", "--config", "shipped=no")
    # seven readings at nine fields, one of them at five more the other way and at three with another thermostat, and
    # at two with its ions placed anew eighteen times, and two others with their ions placed anew six and eleven times
    assert found["collect"] == "141" and found["equilibrate"] == "42"


@pytest.mark.parametrize(
    ("page", "scales"),
    [("04_hysteresis/05_sheet_voltage", "3"), ("04_hysteresis/01_loop", "3"), ("04_hysteresis/02_relaxation", "1")],
)
def test_a_page_that_compares_with_other_scales_waits_for_them(jobs_of, page, scales):
    assert jobs_of("tiny", f"runs/reference/course/notebooks/{page}.ipynb")["reference"] == scales


@pytest.mark.parametrize(
    ("page", "forces"),
    [("03_ndr/02_water_orientation", None), ("03_ndr/03_barriers", "50"), ("03_ndr/04_mechanism", "50")],
)
def test_a_page_about_one_system_waits_for_its_other_placements(jobs_of, page, forces):
    """Once it did not: made too early, it had fewer data, and stayed so."""
    found = jobs_of("scout", f"runs/scout/notebooks/{page}.ipynb", "--config", "shipped=no")
    assert found["equilibrate"] == "19" and found["collect"] == "53"  # 9 + 5 + 3 fields, and 2 of 18 placements
    assert found.get("collect_forces") == forces  # none of the other thermostat


def test_a_campaign_makes_every_page_that_its_shipped_data_have(jobs_of):
    pages = [path for path in (ROOT / "book" / "_toc.yml").read_text().split() if path.startswith("reference/scout/")]
    found = jobs_of("scout", "scout")
    assert int(found["notebook"]) == len(pages) == 7
    assert found["reduce"] == "536" and found["forces"] == "530"  # not of another thermostat


def test_the_page_of_a_held_ion_waits_for_every_place(jobs_of):
    found = jobs_of("held", "held", "--config", "shipped=no")
    assert found["equilibrate"] == "21" and found["notebook"] == "1"
    assert found["reduce"] == found["forces"] == found["collect_forces"] == "42"  # 19 places, two twice, 2 fields


def test_a_book_that_would_lack_pages_is_refused_before_anything_runs(dry_run):
    done = dry_run("scout", "book")
    said = done.stdout + done.stderr
    assert done.returncode != 0 and "pages about protocols of kind sine, steps, pair, train" in said
    assert "make scout" in said


@pytest.mark.parametrize("scale", ["tiny", "course", "paper"])
def test_a_dry_run_explains_the_whole_dag(scale, jobs_of):
    counts = jobs_of(scale)
    assert int(counts["notebook"]) == len(NOTEBOOKS) and counts["equilibrate"] == ("5" if scale == "paper" else "1")
    assert counts["engine_run"] == "8"  # two thermostats, three time steps, three fields
    assert counts["reduce"] == {"tiny": "28", "course": "132", "paper": "850"}[scale]
    loaded, jobs = config.load(ROOT / "config" / f"{scale}.yml"), 0
    for system in loaded.systems:
        for protocol in protocols_of(loaded, system).values():
            jobs += -(-len(replicas_of(loaded, protocol)) // cost.job_size(loaded, system, protocol))
    assert int(counts["replica"]) == jobs  # short replicas share a job


@pytest.mark.parametrize(("scale", "target"), [("tiny", "book"), ("scout", "scout"), ("held", "held")])
def test_the_target_asks_for_what_every_job_makes(dry_run, scale, target):
    """What a job that failed leaves out is made anew only if a rule without outputs asks for it by name."""
    done = dry_run(scale, target, "--dag")
    jobs = dict(re.findall(r'^\s*(\d+)\[label = "(\w+)', done.stdout, re.M))
    (whole,) = [job for job, rule in jobs.items() if rule == target]
    asked = set(re.findall(rf"^\s*(\d+) -> {whole}$", done.stdout, re.M))
    assert len(jobs) > 100 and [rule for job, rule in jobs.items() if job not in {*asked, whole}] == []


def test_there_are_notebooks_for_every_part():
    assert {path.parent.name for path in NOTEBOOKS} >= {"01_build", "02_simulate", "03_ndr", "04_hysteresis"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestSourceNotebooks:
    def test_no_outputs_no_definitions_and_the_parameters_every_notebook_has(self, path):
        cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
        for cell in cells:
            assert cell.outputs == [] and cell.execution_count is None
            assert not re.search(r"^\s*(def|class) |lambda ", cell.source, re.M)
        tagged = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
        assert len(tagged) == 1
        assert re.findall(r"^(\w+) =", tagged[0].source, re.M) == ["scale_file", "runs", "system"]

    def test_it_begins_with_a_title_and_ends_with_an_exercise(self, path):
        cells = nbformat.read(path, 4).cells
        assert cells[0].source.startswith("# ") and "**Exercise.**" in cells[-1].source


def test_imports_flow_one_way():
    """show -> analyse -> reduce -> simulate -> build -> ground; analyse neither runs GROMACS nor opens a trajectory."""
    order = ["build", "simulate", "reduce", "analyse", "show"]
    for path in (path for name in order for path in (ROOT / "lib" / "janus_pore" / name).glob("*.py")):
        room = order.index(path.parent.name)
        imports = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
        imports = [one for one in imports if one.level == 2]  # from ..a.b import c, from .. import a
        used = {(one.module or name.name).split(".")[0] for one in imports for name in one.names} & {*order}
        assert all(order.index(other) <= room for other in used), f"{path} imports {used}"
        if path.parent.name == "analyse":
            assert "simulate" not in used and "MDAnalysis" not in path.read_text()


def test_modules_are_short():
    long = {str(p): n for p in (ROOT / "lib").rglob("*.py") if (n := len(p.read_text().splitlines())) > 230}
    assert not long
