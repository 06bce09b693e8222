"""The wider region holds the configured one, with the right place of each water; and the frame to draw."""

import numpy as np
import pytest
from janus_pore.reduce import observables
from janus_pore.reduce.region import Region

BOX, CENTRE = np.array([5.0, 4.0, 4.0]), np.array([2.5, 2.0, 2.0])


def waters(seed, number=400):
    rng = np.random.default_rng(seed)
    oxygen = rng.uniform(0, 1, (number, 3)) * BOX
    arms = rng.normal(0, 0.06, (number, 2, 3))
    return np.mod(np.concatenate([oxygen[:, None], oxygen[:, None] + arms], axis=1), BOX).astype(np.float32)


def test_it_holds_the_configured_region_and_half_as_much_again():
    region, molecules = Region(CENTRE, BOX, 0.6, 0.3), waters(1)
    region.add(0, 0.0, molecules)
    seen = region.values()
    inside = observables.in_pore(molecules[:, 0], CENTRE, BOX, 0.6, 0.3)
    wide = observables.in_pore(molecules[:, 0], CENTRE, BOX, 0.9, 0.6)
    assert len(seen["theta"]) == len(wide) > len(inside) > 3
    chosen = (seen["radius"] <= 0.6) & (np.abs(seen["depth"]) <= 0.3)
    assert np.sort(seen["theta"][chosen]) == pytest.approx(
        np.sort(observables.dipole_angles(molecules[inside], BOX)), abs=1e-5
    )
    assert seen["radius"].max() <= 0.9 and np.abs(seen["depth"]).max() <= 0.6 and (seen["depth"] < 0).any()


def test_frames_add_up():
    region = Region(CENTRE, BOX, 0.6, 0.3)
    for frame in (0, 4, 8):
        region.add(frame, 0.0, waters(frame))
    assert sorted(set(region.values()["frame"])) == [0, 4, 8]


def test_the_last_frame_at_the_strongest_field_is_drawn_whole():
    region, fields = Region(CENTRE, BOX, 0.6, 0.3), [0.5, 1.0, 1.0, -1.0, 0.2]
    for frame, field in enumerate(fields):
        region.add(frame, field, waters(frame))
    assert region.picture_frame == 2 and region.picture.shape[1:] == (3, 3)
    assert np.hypot(*region.picture[:, 0, 1:].T).max() <= 0.9
    arms = region.picture[:, 1:] - region.picture[:, :1]
    assert np.abs(arms).max() < 0.5


def test_nothing_seen():
    seen = Region(CENTRE, BOX, 0.6, 0.3).values()
    assert all(len(values) == 0 for values in seen.values())


def test_the_sheet_around_the_pore():
    chosen, where = Region(CENTRE, BOX, 0.6, 0.3).around(np.array([[2.6, 2.5, 2.0], [2.5, 0.0, 0.0], [2.4, 1.2, 2.0]]))
    assert chosen.tolist() == [0, 2]
    assert where == pytest.approx(np.array([[0.1, 0.5, 0.0], [-0.1, -0.8, 0.0]]))
