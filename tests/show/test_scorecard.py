"""All claims of the paper on one page: none is lost between the results' files and the page."""

import json
import math

import pytest
from janus_pore.analyse.stats import Estimate
from janus_pore.errors import BookError
from janus_pore.paths import repository
from janus_pore.show import claims, scorecard

RECORD = {"trajectories_sha256": ["a", "b"], "scale_file": "tiny.yml", "gromacs": ["2022.5"]}


def test_every_claim_of_the_paper_is_there(tmp_path):
    ours = [
        claims.Claim("onset", "0.5 V/nm", Estimate(0.61, 0.5, 0.7, 12), "V/nm"),
        claims.Claim("area | lobe", "positive", None, "nA V/nm", "needs 3 ns"),
        claims.Claim("single", "1", claims.single(2.0, 5), "1"),
        claims.Claim("Se half: <cos theta>", "larger", None, "1"),  # once the browser took it for a tag
        claims.Claim("no number", "1", Estimate(math.nan, math.nan, math.nan, 3), "1"),
        claims.Claim("ours alone", "not in the paper (58 ps)", claims.single(70.0, 5), "ps"),
    ]
    claims.save(ours, "loop", tmp_path, RECORD)
    claims.save([claims.Claim("box length", "not printed", None, "nm")], "beside", tmp_path, RECORD)
    claims.save([claims.Claim("density", "near 1", None, "1")], "engine", tmp_path, RECORD, beside="expected")
    (tmp_path / "numbers.json").write_text(json.dumps({"no": "claims"}))
    claims.save(ours[:1], "played", tmp_path, RECORD)
    results = {"This run": (tmp_path, "notebooks"), "Nothing here": (tmp_path / "none", "notebooks")}
    made_by = {name: (f"a/{name}", f"The page {name}") for name in ("loop", "beside", "engine", "numbers", "played")}
    entries = [f"notebooks/a/{name}" for name in made_by if name != "played"]
    page = scorecard.page(results, entries, made_by)
    assert "## This run" in page and "2 of 5 rows have a number" in page and "Nothing here" not in page
    assert "| onset | 0.5 V/nm | 0.61 [0.5, 0.7] | V/nm | 12 |  |" in page
    assert r"| area \| lobe | positive | not enough data | nA V/nm | 0 | needs 3 ns |" in page
    assert "2 (no error bar)" in page and "From 2 trajectories, `tiny.yml`, GROMACS 2022.5." in page
    assert "The pages have 3 more rows." in page and "ours alone" not in page and "box length" not in page
    assert "| Se half: &lt;cos theta&gt; | larger |" in page
    assert "engine" not in page and "density" not in page
    assert "numbers" not in page and "played" not in page
    assert "### The page loop\n\n{doc}`Its page </notebooks/a/loop>`. From 2" in page
    assert ":::{dropdown} 2 of 5 rows have a number\n|" in page


def test_every_table_has_a_notebook_that_makes_it():
    """What `claims.save` is called with, in whatever way it is written."""
    notebooks = repository() / "notebooks"
    found = scorecard.homes(notebooks)
    sources = {path: path.read_text() for path in notebooks.glob("*/*.ipynb")}
    assert sum(text.count("claims.save(") for text in sources.values()) == len(found) > 15
    assert found["fig1"] == ("03_ndr/01_current_field", found["fig1"][1]) and found["fig1"][1].endswith("(Fig 1B, 1C)")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ('{"claims": [{"quan', ""),
        ('{"claims": [{"quantity": "onset"}]}', r" \(claims\.0\.paper: field required\)"),
        ('{"claims": [{"quantity": "a", "paper": "", "here": null, "unit": "1", "remark": ""}]}', ".*no provenance"),
    ],
)
def test_results_cut_short_are_told(tmp_path, content, fault):
    (tmp_path / "loop.json").write_text(content)
    with pytest.raises(BookError, match=r"loop\.json is damaged: delete it, and execute its notebook again" + fault):
        scorecard.page({"This run": (tmp_path, "notebooks")}, ["notebooks/a"], {"loop": ("a", "A")})
