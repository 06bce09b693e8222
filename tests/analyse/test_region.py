"""Waters whose spread grows with their distance from the axis: a wider region finds a wider angle, by as much."""

import numpy as np
import pytest
from janus_pore.analyse import orientation, region
from janus_pore.errors import AnalysisError
from janus_pore.parameters import Analysis
from janus_pore.testsystems import SineConductor, SteppedCell

RADIUS, DEPTH = 0.4, 0.25


@pytest.fixture
def settings():
    return Analysis(
        pore_radius_nm=RADIUS, pore_half_depth_nm=DEPTH, current_window_ps=10.0, phase_bins=40, angle_bins=72,
        bootstrap_draws=200, confidence=0.95, discard_ps=20.0,
    )  # fmt: skip


def wide(data, sigma_deg=lambda radius, depth: 20 + 0 * radius, seed=0, waters=30, every=4):
    """Waters spread over the wider region, uniformly in radius and depth, in every fourth frame."""
    rng = np.random.default_rng(seed)
    frames = np.arange(0, data.sizes["time"], every)
    shape = (data.sizes["replica"], len(frames), waters)
    radius, depth = rng.uniform(0, 1.5 * RADIUS, shape), rng.uniform(-2 * DEPTH, 2 * DEPTH, shape)
    theta = rng.normal(size=shape) * np.radians(sigma_deg(radius, np.abs(depth)))
    theta += np.where(data.field.values[frames] < 0, np.pi, 0)[None, :, None]
    found = {
        "theta": np.pi - np.mod(np.pi - theta, 2 * np.pi), "radius": radius, "depth": depth,
        "frame": np.broadcast_to(frames[None, :, None], shape),
        "replica": np.broadcast_to(np.arange(shape[0])[:, None, None], shape),
    }  # fmt: skip
    data = data.assign({f"wide_{name}": ("wide", values.ravel()) for name, values in found.items()})
    data.wide_theta.attrs["units"] = "rad"
    return data.assign_attrs(pore_radius_nm=RADIUS, pore_half_depth_nm=DEPTH, every_frames=every)


def hold(**known):
    return SteppedCell(fields_v_nm=(-0.5,), duration_ps=100.0, **known).sample(0)["hold_-0.50"]


def test_it_knows_the_width_at_each_radius(settings):
    """Two rings: 15 degrees within 0.4 nm, 60 beyond; <cos> of a wrapped Gaussian is exp(-sigma^2 / 2)."""
    data = wide(hold(), lambda r, d: np.where(r < 0.4, 15.0, 60.0))
    found = region.sensitivity(data, settings, radii_nm=np.array([0.2, 0.4, 0.6]), half_depths_nm=np.array([0.25, 0.5]))
    assert found.sigma.sel(half_depth=0.5).values[:2] == pytest.approx([15, 15], rel=0.05)
    share = 2 / 3
    cos = share * np.exp(-0.5 * np.radians(15) ** 2) + (1 - share) * np.exp(-0.5 * np.radians(60) ** 2)
    assert found.mean_cos.values[2] == pytest.approx([cos, cos], abs=0.02)
    assert np.all(found.sigma_low <= found.sigma) and np.all(found.sigma <= found.sigma_high)


def test_the_number_of_waters_is_a_mean_over_the_frames_looked_at(settings):
    found = region.sensitivity(
        wide(hold()), settings, radii_nm=np.array([0.3, 0.6]), half_depths_nm=np.array([0.25, 0.5])
    )
    assert found.waters.values == pytest.approx(30 * np.array([[0.25, 0.5], [0.5, 1.0]]), rel=0.06)
    late = (np.arange(0, 201, 4) * 0.5 >= 20).sum()
    assert found.samples.values[1, 1] == 30 * 4 * late


def test_one_window_of_a_sweep(settings):
    data = wide(SineConductor(replicas=3).sample(0), lambda r, d: np.where(d < 0.25, 10.0, 40.0))
    found = region.sensitivity(
        data, settings, radii_nm=np.array([0.6]), half_depths_nm=np.array([0.24]), field_v_nm=-1.0,
        half_width_v_nm=0.3, branch="reverse",
    )  # fmt: skip
    assert found.sigma.item() == pytest.approx(10, rel=0.1) and found.waters.item() == pytest.approx(14.4, rel=0.1)


def test_the_configured_region_is_what_the_rest_of_the_book_uses(settings):
    """`angles` gives the configured region, whatever lies around it."""
    data = hold()
    before = orientation.angles(data)
    after = orientation.angles(wide(data, waters=7))
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_an_empty_cylinder_is_nan(settings):
    found = region.sensitivity(wide(hold()), settings, radii_nm=np.array([0.0]), half_depths_nm=np.array([0.25]))
    assert np.isnan(found.sigma).all() and found.waters.item() == 0


@pytest.mark.parametrize(("radius", "depth"), [(0.61, 0.2), (0.3, 0.51)])
def test_more_than_was_kept_is_refused(settings, radius, depth):
    with pytest.raises(AnalysisError, match="ask for less"):
        region.sensitivity(wide(hold()), settings, radii_nm=np.array([radius]), half_depths_nm=np.array([depth]))


def test_a_wrong_unit_is_refused(settings):
    data = wide(hold())
    data.wide_theta.attrs["units"] = "degrees"
    with pytest.raises(AnalysisError, match="expected 'rad'"):
        region.sensitivity(data, settings, radii_nm=np.array([0.3]), half_depths_nm=np.array([0.2]))


class TestAlong:
    EDGES = np.array([-0.5, -0.25, 0.0, 0.25, 0.5])

    def test_a_half_whose_waters_are_flipped_is_told_from_the_other(self, settings):
        """Se side: 30 % the other way, so <cos> is 0.4 of the S side's; the mean of both hides it."""
        data = wide(hold(), lambda r, d: 10 + 0 * r)
        rng = np.random.default_rng(1)
        flipped = (data.wide_depth.values < 0) & (rng.uniform(size=data.sizes["wide"]) < 0.3)
        data["wide_theta"] = data.wide_theta + np.where(flipped, np.pi, 0.0)
        data.wide_theta.attrs["units"] = "rad"
        found = region.along(data, settings, self.EDGES)
        cos = np.exp(-0.5 * np.radians(10) ** 2)
        assert found.x.values == pytest.approx([-0.375, -0.125, 0.125, 0.375])
        assert found.against.values == pytest.approx([0.3, 0.3, 0, 0], abs=0.03)
        assert found.mean_cos.values == pytest.approx(cos * np.array([0.4, 0.4, 1, 1]), abs=0.05)
        assert np.all(found.against_low <= found.against) and np.all(found.against <= found.against_high)
        assert (found.samples > 100).all()

    def test_waters_beyond_the_radius_do_not_count(self, settings):
        data = wide(hold(), lambda r, d: np.where(r < RADIUS, 10.0, 90.0))
        assert (region.along(data, settings, self.EDGES).mean_cos > 0.97).all()

    def test_an_empty_slice_is_nan_and_a_far_one_is_refused(self, settings):
        data = wide(hold(), waters=0)
        assert np.isnan(region.along(data, settings, self.EDGES).mean_cos).all()
        with pytest.raises(AnalysisError, match=r"to 0.5 nm from the Mo plane only"):
            region.along(data, settings, np.array([0.0, 0.6]))
