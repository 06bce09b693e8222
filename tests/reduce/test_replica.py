"""A trajectory whose every number is known, reduced; and what is refused on the way."""

import dataclasses
import json
import re

import numpy as np
import pytest
import xarray as xr
from janus_pore.errors import RunError, TrajectoryError
from janus_pore.reduce import batch, replica
from janus_pore.units import NA_PER_E_PER_PS

TIMES = np.arange(16) * 0.1
SPECIES = ["K", "CL"]


def reduce(lab, k=0):
    return replica.reduce_replica(lab.scale, lab.campaign, "mosse", lab.protocol, k)


def segment(lab, name, k=0):
    return lab.campaign.replica("mosse", lab.protocol.name, k) / name


class TestKnown:
    """Once broke: the frame on a segment's boundary got the field of the segment before, because XTC keeps times in
    single precision (1.4 ps is 1.39999998)."""

    @pytest.fixture
    def data(self, synthetic):
        return reduce(synthetic)

    def test_time_starts_with_the_protocol(self, data):
        """The frame that two segments share comes once; 0.5 ps of randomising before the protocol are taken off."""
        assert data.time.values == pytest.approx(TIMES, abs=1e-6)
        assert data.interval_time.values == pytest.approx(TIMES[:-1] + 0.05, abs=1e-6)

    def test_field(self, data):
        """A frame on a boundary has lived in the field of the segment before it."""
        assert data.field.values == pytest.approx(np.where(TIMES < 0.9 + 1e-6, 1.0, -1.0))
        assert data.segment.values.tolist() == [0] * 10 + [1] * 6
        assert data.interval_segment.values.tolist() == [0] * 9 + [1] * 6
        assert data.interval_field.values == pytest.approx(np.where(TIMES[:-1] < 0.9 - 1e-6, 1.0, -1.0))

    def test_current(self, data):
        """K: (1 + 1 - 0.5) nm/ps; Cl: -(-2 - 2) nm/ps; in a 5 nm box, though all pass its boundary."""
        assert data.species.values.tolist() == SPECIES
        expected = NA_PER_E_PER_PS * np.array([1.5, 4.0]) / 5.0
        assert data.current.values == pytest.approx(np.tile(expected, (15, 1)), rel=1e-3)
        assert data.current.values.mean(axis=0) == pytest.approx(expected, rel=1e-4)

    def test_crossings(self, data):
        """K from 2.0 crosses 2.5 at 0.5 ps, K from 4.9 not again; K from 2.6 crosses back at 0.2 ps; Cl from 3.1 at
        0.3 ps, Cl from 0.3, through the boundary, at 1.4 ps."""
        found = data.crossings.values
        assert found.sum(axis=0).tolist() == [0, -2]
        assert np.flatnonzero(found[:, 0] == -1).tolist() in ([1], [2])
        assert np.flatnonzero(found[:, 0] == 1).tolist() in ([4], [5])
        assert [k for k in np.flatnonzero(found[:, 1] == -1)] in ([2, 13], [3, 13], [2, 14], [3, 14])

    def test_water(self, data):
        """Two in the pore in every frame, at 0.3 + t and -2.5 rad; the one beside it and the far one never."""
        assert (data.pore_water == 2).all()
        assert data.theta_frame.values.tolist() == np.repeat(np.arange(16), 2).tolist()
        theta = data.theta.values.reshape(16, 2)
        assert theta[:, 0] == pytest.approx(0.3 + TIMES, abs=3e-3)
        assert theta[:, 1] == pytest.approx(np.full(16, -2.5), abs=3e-3)

    @pytest.mark.parametrize("start", [0.0, 1000.3, 50_000.0])
    def test_times_are_exact_again(self, start, tmp_path, fake_segment):
        times = start + np.arange(12) * 0.1
        fake_segment(tmp_path / "a", np.zeros((12, 19, 3)), times, [5, 4, 4])
        found = [time for time, _ in replica.frames(tmp_path / "a" / "md.xtc", 0.1)]
        assert found == pytest.approx(times, abs=1e-9)

    def test_units_and_origin(self, data, synthetic):
        units = {name: data[name].attrs.get("units") for name in ("time", "field", "current", "crossings", "theta")}
        assert units == {"time": "ps", "field": "V/nm", "current": "nA", "crossings": "1", "theta": "rad"}
        assert (data.attrs["system"], data.attrs["protocol"], data.attrs["replica"]) == ("mosse", "chain", 0)
        assert (data.attrs["length_x_nm"], data.attrs["period_ps"]) == (5.0, 0.0)
        assert data.attrs["discard_ps"] == synthetic.scale.analysis.discard_ps
        manifests = [json.loads((segment(synthetic, s) / "manifest.json").read_text()) for s in ("seg01", "seg02")]
        assert data.attrs["trajectories_sha256"].split() == [m["files"]["md.xtc"] for m in manifests]

    def test_to_a_file_and_back(self, data, tmp_path):
        path = replica.write(data, tmp_path / "new" / "r000.nc")
        assert [p.name for p in path.parent.iterdir()] == ["r000.nc"]
        xr.testing.assert_identical(replica.read(path), data)


def two_runs(synthetic, place):
    """Files of two replicas with the same frames, the second as if they were another run's."""
    runs = [reduce(synthetic, k) for k in range(2)]
    other = " ".join(one[::-1] for one in runs[1].attrs["trajectories_sha256"].split())
    runs[1] = runs[1].assign_attrs(trajectories_sha256=other)
    return [replica.write(one, place / f"r{k:03d}.nc") for k, one in enumerate(runs)]


class TestProfiles:
    """Of every fourth frame: 0, 4, 8, 12. The field is discarded for 0.2 ps after each switch."""

    @pytest.fixture
    def data(self, synthetic):
        return reduce(synthetic)

    def test_counts(self, data):
        assert data.profile.values.tolist() == ["segment 1", "segment 2"]
        assert data.profile_frames.values.tolist() == [2, 1]  # 0.4 and 0.8 ps; 1.2 ps
        assert data.profile_field.values.tolist() == [1.0, -1.0]
        atoms = data.number.sum("x")
        assert atoms.sel(profile="segment 1").values.tolist() == [8, 16, 6, 4]
        assert data.column.sel(profile="segment 1", heavy="OW").sum() == 4  # the two in the pore, in two frames
        assert data.sheet_charge.sum() == 0 and data.sizes["x"] == 100

    def test_where_an_ion_is(self, data):
        """K from 2.0 at 1 nm/ps is at 3.2 after 1.2 ps, 0.7 from the middle; that from 2.6 at 2.0."""
        x = data.x.values[np.flatnonzero(data.number.sel(profile="segment 2", kind="K").values)]
        assert x == pytest.approx([4.9 + 1.2 - 5 - 2.5, 2.6 - 0.6 - 2.5, 3.2 - 2.5], abs=0.03)

    def test_wider_region(self, data):
        assert data.wide_frame.values.tolist() == [0, 0, 4, 4, 8, 8, 12, 12]
        assert data.wide_radius.values[:2] == pytest.approx([0.2, 0.3], abs=2e-3)
        assert data.wide_depth.values[:2] == pytest.approx([0.1, -0.2], abs=2e-3)
        assert data.wide_theta.values[::2] == pytest.approx(data.theta.values[::8])

    def test_snapshot(self, data):
        assert data.snapshot.shape == (2, 3, 3) and data.snapshot.attrs["time_ps"] == pytest.approx(0.8)
        assert data.snapshot[0, 0].values == pytest.approx([0.1, 0.2, 0.0], abs=2e-3)
        assert data.sheet.values.tolist() == []  # both of its atoms are 1.5 nm from the axis

    def test_pulse_protocols_go_without(self, synthetic):
        """Once broke: 150 replicas of four protocols, whose snapshots alone would have filled what can be shipped."""
        pulses = dataclasses.replace(synthetic.protocol, kind="pair")
        data = replica.reduce_replica(synthetic.scale, synthetic.campaign, "mosse", pulses, 0)
        assert "theta" in data and not {"number", "wide_theta", "snapshot"} & set(data)
        assert "discard_ps" not in data.attrs  # nothing of it is averaged after a field was switched on

    def test_together(self, data, synthetic, tmp_path):
        both = replica.collect(two_runs(synthetic, tmp_path))
        assert both.number.dims == ("replica", "profile", "kind", "x") and both.number.dtype == np.int32
        assert both.wide_replica.values.tolist() == [0] * 8 + [1] * 8
        assert np.array_equal(both.snapshot, data.snapshot)
        xr.testing.assert_identical(replica.read(replica.write(both, tmp_path / "c.nc")), both)


class TestRefusals:
    def test_a_missing_segment(self, synthetic):
        (segment(synthetic, "seg02") / "manifest.json").unlink()
        with pytest.raises(TrajectoryError, match=r"not run yet: .*seg02; run the replica first"):
            reduce(synthetic)

    def test_a_missing_replica(self, synthetic):
        with pytest.raises(TrajectoryError, match=r"not run yet: .*r005.*seg01"):
            reduce(synthetic, 5)

    def test_a_changed_trajectory(self, synthetic):
        path = segment(synthetic, "seg01") / "md.xtc"
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(RunError, match=r"md\.xtc changed"):
            reduce(synthetic)

    @pytest.mark.parametrize("times", [[0.5, 0.6, 0.7, 0.9], [0.5, 0.6, 0.65, 0.7]])
    def test_uneven_frames(self, synthetic, fake_segment, times):
        for name in ("seg01", "seg02"):
            place = segment(synthetic, name)
            for path in place.iterdir():
                path.unlink()
            place.rmdir()
        x = np.random.default_rng(1).uniform(0, 4, (4, 19, 3))
        fake_segment(segment(synthetic, "seg01"), x, times, [5, 4, 4])
        fake_segment(segment(synthetic, "seg02"), x[:1], times[-1:], [5, 4, 4])
        with pytest.raises(TrajectoryError, match="not evenly spaced"):
            reduce(synthetic)

    def test_read_nothing(self, tmp_path):
        with pytest.raises(TrajectoryError, match="is not there"):
            replica.read(tmp_path / "r000.nc")


class TestCollect:
    @pytest.fixture
    def paths(self, synthetic, tmp_path):
        return two_runs(synthetic, tmp_path)

    def test_one_run_under_two_numbers_is_refused(self, paths):
        replica.write(replica.read(paths[0]), paths[1])
        with pytest.raises(TrajectoryError, match=r"r001\.nc and .*r000\.nc are of the same run"):
            replica.collect(paths)

    def test_a_file_of_something_else_is_refused(self, paths):
        xr.Dataset({"a": ("b", np.zeros(3))}).to_netcdf(paths[1], engine="h5netcdf")
        with pytest.raises(TrajectoryError, match=r"r001\.nc is no reduced replica"):
            replica.collect(paths)

    @pytest.mark.parametrize("k", [0, 1])
    def test_one_without_a_variable_is_refused(self, paths, k):
        """Once it was left out of all, if the first lacked it, or a traceback."""
        for name in ("current", "field"):
            whole = replica.read(paths[k])
            replica.write(whole.drop_vars(name), paths[k])
            with pytest.raises(TrajectoryError, match=rf"r00{k}\.nc is no reduced replica: it lacks {name}"):
                replica.collect(paths)
            replica.write(whole, paths[k])

    def test_two_replicas(self, paths):
        one = replica.read(paths[0])
        both = replica.collect(paths)
        assert both.current.dims == ("replica", "interval", "species")
        assert both.replica.values.tolist() == [0, 1]
        for k in range(2):
            assert (both.current[k].values == one.current.values).all()
            assert (both.crossings[k].values == one.crossings.values).all()
            assert (both.pore_water[k].values == one.pore_water.values).all()
            mine = both.theta_replica.values == k
            assert both.theta.values[mine].tolist() == one.theta.values.tolist()
            assert both.theta_frame.values[mine].tolist() == one.theta_frame.values.tolist()
        assert both.field.values.tolist() == one.field.values.tolist()
        assert both.interval_field.values.tolist() == one.interval_field.values.tolist()
        assert both.current.attrs["units"] == "nA"
        assert len(both.attrs["trajectories_sha256"].split()) == 4
        assert both.attrs["length_x_nm"] == 5.0

    def test_the_order_asked_for_is_kept(self, paths):
        assert replica.collect(paths[::-1]).replica.values.tolist() == [1, 0]

    def test_one_replica_and_back_from_a_file(self, paths, tmp_path):
        one = replica.collect(paths[:1])
        assert one.sizes["replica"] == 1
        xr.testing.assert_identical(replica.read(replica.write(one, tmp_path / "c.nc")), one)

    @pytest.mark.parametrize("other", ["shorter", "later"])
    def test_other_times_are_refused(self, paths, other):
        data = replica.read(paths[1])
        data = (
            data.isel(time=slice(-1), interval=slice(-1))
            if other == "shorter"
            else data.assign_coords(time=data.time + 0.1)
        )
        replica.write(data, paths[1])
        with pytest.raises(TrajectoryError, match=r"r001\.nc has other times"):
            replica.collect(paths)

    def test_other_profiles_are_refused(self, paths):
        """Reduced before long steps were counted in pieces: put together, profiles would be filled up with nothing."""
        replica.write(replica.read(paths[1]).isel(profile=slice(-1)), paths[1])
        with pytest.raises(TrajectoryError, match=r"r001\.nc has other profiles along x than .*r000\.nc: reduce both"):
            replica.collect(paths)

    @pytest.mark.parametrize(("key", "other"), [("system", "mos2"), ("protocol", "hold_+0.60")])
    def test_another_system_or_protocol_is_refused(self, paths, key, other):
        """A file copied to the wrong directory has the same times and, of another system, the same field."""
        data = replica.read(paths[1])
        replica.write(data.assign_attrs({key: other}), paths[1])
        with pytest.raises(TrajectoryError, match=rf"r001\.nc is of {key} '{re.escape(other)}', .*: delete the one"):
            replica.collect(paths)

    def test_a_directory_is_no_replica(self, paths):
        """Once broke: it ended in HDF5's own words."""
        paths[1].unlink()
        paths[1].mkdir()
        with pytest.raises(TrajectoryError, match=r"r001\.nc is a directory: move it away"):
            replica.collect(paths)

    def test_another_field_is_refused(self, paths):
        """Once broke: the field was taken from the first, whatever the others had been run with."""
        data = replica.read(paths[1])
        replica.write(data.assign(field=data.field / 2), paths[1])
        with pytest.raises(TrajectoryError, match=r"r001\.nc is of another field than .*r000\.nc: set the scale file"):
            replica.collect(paths)

    @pytest.mark.parametrize(
        ("key", "other"),
        [("pore_radius_nm", 0.3), ("pore_half_depth_nm", 0.2), ("every_frames", 2), ("timestep_fs", 1.0),
         ("interval_ps", 0.2), ("discard_ps", 0.1)],
    )  # fmt: skip
    def test_other_settings_are_refused(self, paths, key, other):
        """Once broke: replicas of two pore regions were put together, and the attribute that showed it was dropped."""
        data = replica.read(paths[1])
        said = data.attrs[key]
        replica.write(data.assign_attrs({key: other}), paths[1])
        with pytest.raises(TrajectoryError, match=rf"r001\.nc and .*r000\.nc .*: {key} is {other} .* and {said} in"):
            replica.collect(paths)

    def test_what_an_earlier_file_does_not_say_is_not_known(self, paths):
        data = replica.read(paths[0])
        del data.attrs["discard_ps"]
        replica.write(data, paths[0])
        assert replica.collect(paths).sizes["replica"] == 2

    def test_a_missing_one_is_refused(self, paths, tmp_path):
        with pytest.raises(TrajectoryError, match=r"r002\.nc is not there"):
            replica.collect([*paths, tmp_path / "r002.nc"])


def test_a_cell_without_salt_has_no_current(synthetic, fake_segment):
    """No ions at all: zeros, not an error."""
    lines = (synthetic.built / "conf.gro").read_text().splitlines()
    kept = lines[2:16]
    (synthetic.built / "conf.gro").write_text("\n".join(["no salt", str(len(kept)), *kept, lines[-1], ""]))
    x = np.random.default_rng(1).uniform(0, 4, (10, 14, 3))
    for name, frames, start in (("seg01", 10, 0.5), ("seg02", 7, 1.4)):
        place = segment(synthetic, name)
        for path in place.iterdir():
            path.unlink()
        place.rmdir()
        fake_segment(place, x[:frames], np.arange(frames) * 0.1 + start, [5, 4, 4])
    data = reduce(synthetic)
    assert (data.current == 0).all()
    assert (data.crossings == 0).all()
    assert data.sizes["time"] == 16


def test_a_segment_of_another_length_is_refused(synthetic, fake_segment):
    place = segment(synthetic, "seg02")
    for path in place.iterdir():
        path.unlink()
    place.rmdir()
    fake_segment(place, np.zeros((5, 19, 3)), np.arange(5) * 0.1 + 1.4, [5, 4, 4])
    with pytest.raises(TrajectoryError, match="segment 2 has 4 intervals"):
        reduce(synthetic)


def test_a_single_frame_is_refused(synthetic, fake_segment):
    for name, time in (("seg01", 0.5), ("seg02", 1.4)):
        place = segment(synthetic, name)
        for path in place.iterdir():
            path.unlink()
        place.rmdir()
        fake_segment(place, np.zeros((1, 19, 3)), [time], [5, 4, 4])
    with pytest.raises(TrajectoryError, match="segment 1 has 0 intervals"):
        reduce(synthetic)


@pytest.mark.parametrize("frames", [1, 2, 3, 100])
def test_batches_of_any_length_give_the_same(synthetic, monkeypatch, frames):
    expected = reduce(synthetic)
    monkeypatch.setattr(batch, "_FRAMES", frames)
    xr.testing.assert_identical(reduce(synthetic), expected)


def test_a_branch_starts_where_its_parent_ended(synthetic, fake_segment):
    """A tree: after seg01 two branches from the same checkpoint, each with its own field and the same times."""
    protocol = synthetic.protocol
    branch = dataclasses.replace(protocol.segments[1], amplitude_v_nm=0.5)
    tree = dataclasses.replace(protocol, segments=(*protocol.segments, branch), parents=(-1, 0, 0), labels=())
    x = np.full((7, 19, 3), 1.0)
    fake_segment(segment(synthetic, "seg03"), x, np.arange(7) * 0.1 + 1.4, [5, 4, 4])
    data = replica.reduce_replica(synthetic.scale, synthetic.campaign, "mosse", tree, 0)
    for k, field in ((1, -1.0), (2, 0.5)):
        chosen = data.segment.values == k
        assert data.time.values[chosen] == pytest.approx(0.9 + 0.1 * np.arange(1, 7))
        assert (data.field.values[chosen] == field).all()
    assert (data.current.values[data.interval_segment.values == 2] == 0).all()
