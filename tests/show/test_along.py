"""Order along the pore as a figure and as numbers of its halves, from slices with known values."""

import numpy as np
import pytest
import xarray as xr
from janus_pore.show import along


@pytest.fixture
def halves():
    """Two slices: the Se half little ordered, the S half well; at -0.4 V/nm no water in the Se half."""
    table = {"mean_cos": [0.2, 0.9], "against": [0.35, 0.01]}
    known = {f"{name}{end}": ("x", np.array(v) + d) for name, v in table.items() for end, d in
             (("", 0.0), ("_low", -0.02), ("_high", 0.02))}  # fmt: skip
    one = xr.Dataset(known | {"samples": ("x", [40.0, 60.0])}, coords={"x": [-0.25, 0.25]})
    empty = one.where(one.x > 0).assign(samples=("x", [0.0, 60.0]))
    return {-0.4: empty, 0.4: one}


def test_a_line_a_field_and_no_figure_fails_for_lack_of_data(halves):
    axes = along.slices(halves).axes
    lines = [one[0] for one in axes[0].containers]
    assert [line.get_linestyle() for line in lines] == [":", "-"] and len(axes[1].containers) == 2
    assert lines[1].get_ydata().tolist() == [0.2, 0.9] and np.isnan(lines[0].get_ydata()[0])
    assert [text.get_text() for text in axes[0].figure.legends[0].get_texts()] == ["-0.4 V/nm", "+0.4 V/nm"]
    along.slices({})


def test_the_numbers_of_both_halves(halves):
    found = {one.quantity: one for one in along.claims(halves)}
    assert len(found) == 8 and along.claims({}) == []
    one = found["S half, constant +0.40 V/nm: <cos theta>"].here
    assert (one.value, one.n) == (0.9, 60) and one.low == pytest.approx(0.88)
    assert found["Se half, constant +0.40 V/nm: share of waters against the field"].here.value == 0.35
    assert found["Se half, constant -0.40 V/nm: <cos theta>"].here is None
