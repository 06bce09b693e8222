"""The same voltage is the same number, whatever box it is across."""

import numpy as np
import pytest
import xarray as xr
from janus_pore.analyse.voltage import voltage_v


@pytest.mark.parametrize(("field", "length", "volt"), [(0.1, 3.0, 0.3), (0.15, 2.0, 0.3), (-0.4, 5.0, -2.0)])
def test_field_times_length(field, length, volt):
    data = xr.Dataset({"field": ("time", np.full(2, field))}, attrs={"length_x_nm": length})
    assert voltage_v(data) == volt
