"""Ions in a known potential, binned along the pore: what the barrier and the mean force are tested with."""

import pytest
from janus_pore.analyse import barrier


@pytest.fixture(scope="session")
def scale(make_scale):
    return make_scale(
        barrier__fields_v_nm=[0.4], barrier__half_window_v_nm=0.05, barrier__half_range_nm=0.6,
        barrier__bin_width_nm=0.04,
    )  # fmt: skip


@pytest.fixture(scope="session")
def binned(scale):
    """Takes a `PoreIons`, a seed and settings of `barrier` that differ."""

    def of(system, seed=0, **changes):
        asked = scale.barrier.model_copy(update=changes)
        return barrier.binned([system.sample(seed)], system.field_v_nm, asked, scale.analysis)

    return of
