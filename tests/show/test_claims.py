"""Published next to ours, and nothing pretended."""

import json

import numpy as np
import pytest
from janus_pore.analyse.stats import Estimate
from janus_pore.errors import AnalysisError
from janus_pore.show import claims

NAN = float("nan")


def test_the_table_shows_interval_number_and_missing_data():
    rows = claims.table([
        claims.Claim("a", "1 nA", Estimate(1.2, 1.0, 1.5, 7), "nA"),
        claims.Claim("b", "2 nA", None, "nA"),
        claims.Claim("c", "3 nA", Estimate(NAN, NAN, NAN, 4), "nA"),
        claims.Claim("d", "4 K", claims.single(300.04, 10), "K"),
    ])  # fmt: skip
    assert list(rows.here) == ["1.2 [1, 1.5]", "not enough data", "not enough data", "300 (no error bar)"]
    assert list(rows.n) == [7, 0, 4, 10]


def test_numbers_as_one_writes_them():
    """Once 1e+03, -0 and 6.13e-17 stood on pages."""
    seen = [
        claims.text(Estimate(*one, 9)) for one in ((1e3, 420.0, 2580.0), (-0.0, -0.491, 0.491), (2e-4, 6e-17, 4e-4))
    ]
    assert seen == ["1000 [420, 2580]", "0 [-0.491, 0.491]", "0.0002 [0, 0.0004]"]
    assert [claims.digits(one) for one in (99.96, -1234.0, 123456.0, -4e-6)] == ["100", "-1230", "1.23e+05", "-4e-06"]
    assert claims.digits(17.179, 4) == "17.18"


def test_where_there_is_no_number_more_runs_are_asked_for():
    """Once an error bar was warned of that was not there."""
    here = Estimate(np.nan, np.nan, np.nan, 2, "only 2 independent units: the error bar is a rough guess at best")
    (row,) = claims.table([claims.Claim("opening", "0", here, "nA")]).itertuples()
    assert row.here == "not enough data" and row.remark == "2 independent units here: more runs are needed"


def test_a_bound_is_shown_as_one_and_a_doubtful_error_bar_says_so(tmp_path):
    inf = float("inf")
    rows = [
        claims.Claim("a", "0.5", Estimate(inf, 0.74, inf, 9, "no fall seen"), "V/nm", "box"),
        claims.Claim("b", "-1", Estimate(-inf, -inf, -0.9, 9), "V/nm"),
    ]
    shown = claims.save(rows, "fig", tmp_path, {})
    assert list(shown.here) == ["above 0.74", "below -0.9"] and list(shown.remark) == ["box; no fall seen", ""]
    saved = json.loads((tmp_path / "fig.json").read_text())["claims"][0]
    assert saved["here"] == {"value": None, "low": 0.74, "high": None, "n": 9} and "no fall" in saved["remark"]
    assert claims.text(Estimate(NAN, 0.74, NAN, 9)) == "above 0.74"  # as it is read back


def test_saved_json_and_csv_hold_the_numbers_and_the_provenance(tmp_path):
    claims.save([claims.Claim("a", "1", Estimate(1.2, NAN, NAN, 1), "nA")], "fig", tmp_path, {"commit": "abc"})
    saved = json.loads((tmp_path / "fig.json").read_text())
    assert saved["provenance"] == {"commit": "abc"}
    assert saved["claims"][0]["here"] == {"value": 1.2, "low": None, "high": None, "n": 1}
    assert "quantity,paper,here" in (tmp_path / "fig.csv").read_text()


def test_printed_numbers_come_from_data_paper():
    assert claims.printed("ndr_onset_positive") == "0.5 V/nm"
    assert claims.printed("sine_frequency") == "200 MHz"
    assert "reverse" in claims.printed("loop_order")


def test_an_unknown_claim_or_table_names_what_there_is():
    with pytest.raises(AnalysisError, match="ndr_onset_positive"):
        claims.printed("no_such_claim")
    with pytest.raises(AnalysisError, match="data/paper"):
        claims.published("no_such_table")


def test_table_1_closes_as_the_external_field_does():
    """total - sum of parts = -96.485 E dx with dx between 0.06 and 0.09 nm: only the field's own term is missing."""
    table = claims.published("table1")
    parts = [c for c in table.columns if c not in ("field_v_nm", "branch") and not c.startswith("total")]
    total = next(c for c in table.columns if c.startswith("total"))
    parts = [c for c in parts if c.endswith("kj_mol")]
    missing = table[total] - table[parts].sum(axis=1)
    shift_nm = -missing / (96.485 * table.field_v_nm)
    assert len(parts) == 6 and shift_nm.between(0.06, 0.09).all()
