"""What mdrun leaves when it is stopped, and that the joined pieces hold every frame once."""

import os
import shutil
import struct
from pathlib import Path

import numpy as np
import pyedr
import pytest
from janus_pore.errors import RunError
from janus_pore.simulate import checkpoint, pieces, prepare, process
from janus_pore.simulate.checkpoint import Checkpoint, Output
from MDAnalysis.lib.formats.libmdaxdr import XTCFile

STEPS, INTERVAL = 300, 10


def read_xtc(path):
    with XTCFile(str(path)) as xtc:
        return zip(*[(frame.step, frame.time, frame.x) for frame in xtc], strict=True)


@pytest.fixture(scope="module")
def tpr(lab, tmp_path_factory):
    options = prepare.dynamics(lab.scale.md, STEPS, fresh_velocities_seed=1, seed=1, field=prepare.FIELD_OFF)
    return prepare.run_input(lab.gmx, tmp_path_factory.mktemp("tpr") / "a.tpr", options, lab.minimised, lab.built)


def go_on(lab, tpr, work, steps=None, trim=True):
    """One launch of mdrun, of `steps` steps or to the end, as the runner does it."""
    start = ["-cpi", "state.cpt"] if (work / "state.cpt").exists() else []
    if start and trim:
        checkpoint.trim(work, checkpoint.read(lab.gmx, work / "state.cpt"))
    limit = ["-nsteps", str(steps)] if steps else []
    argv = [*process.mdrun(lab.gmx, tpr, 1), "-deffnm", "md", "-noappend", "-cpo", "state.cpt"]
    process.launch([*argv, *start, *limit], work)


@pytest.fixture(scope="module")
def whole(lab, tpr, tmp_path_factory):
    """The run in one go, joined."""
    work = tmp_path_factory.mktemp("whole")
    go_on(lab, tpr, work)
    pieces.join(work)
    return work


@pytest.fixture(scope="module")
def four_parts(lab, tpr, tmp_path_factory):
    """The same run in four launches: the first ends between two frames, the second before its first frame."""
    work = tmp_path_factory.mktemp("parts")
    for steps in (105, 3, 92, None):
        go_on(lab, tpr, work, steps)
    return work


@pytest.fixture
def parts(four_parts, tmp_path):
    return shutil.copytree(four_parts, tmp_path / "work")


class TestCheckpoint:
    def test_step_part_and_lengths(self, lab, parts):
        found = checkpoint.read(lab.gmx, parts / "state.cpt")
        assert (found.step, found.part) == (STEPS, 4)
        assert {output.name for output in found.outputs} == {"md.part0004.xtc", "md.part0004.edr", "md.part0004.log"}
        assert all(0 < output.length <= (parts / output.name).stat().st_size for output in found.outputs)

    @pytest.mark.parametrize("keep", [0, 100, 0.5, -1])
    def test_a_damaged_one_is_refused(self, lab, parts, keep):
        path = parts / "state.cpt"
        data = path.read_bytes()
        path.write_bytes(data[: int(keep * len(data)) if isinstance(keep, float) else keep])
        with pytest.raises(RunError, match="truncated or damaged"):
            checkpoint.read(lab.gmx, path)

    def test_a_missing_one_is_refused(self, lab, tmp_path):
        with pytest.raises(RunError, match="cannot be read"):
            checkpoint.read(lab.gmx, tmp_path / "state.cpt")


class TestTrim:
    @pytest.fixture
    def work(self, tmp_path):
        for part in (1, 2, 3):
            for suffix in ("xtc", "edr", "log"):
                (tmp_path / f"md.part{part:04d}.{suffix}").write_bytes(b"x" * 100)
        (tmp_path / "state.cpt").write_bytes(b"c" * 7)
        return tmp_path

    def sizes(self, work):
        return {path.name: path.stat().st_size for path in work.iterdir()}

    def test_later_output_goes_earlier_stays(self, work):
        lengths = {"md.part0002.xtc": 60, "md.part0002.edr": 100, "md.part0002.log": 0}
        checkpoint.trim(work, Checkpoint(10, 2, tuple(Output(*pair) for pair in lengths.items())))
        assert self.sizes(work) == {
            "md.part0001.xtc": 100, "md.part0001.edr": 100, "md.part0001.log": 100, "state.cpt": 7,
            "md.part0002.xtc": 60, "md.part0002.edr": 100, "md.part0002.log": 0,
        }  # fmt: skip

    @pytest.mark.parametrize("harm", ["shorten", "remove"])
    def test_lost_output_is_refused(self, work, harm):
        path = work / "md.part0003.edr"
        path.unlink() if harm == "remove" else path.write_bytes(b"x" * 99)
        with pytest.raises(RunError, match=r"md\.part0003\.edr has .* bytes where its checkpoint says 100"):
            checkpoint.trim(work, Checkpoint(10, 3, (Output("md.part0003.edr", 100),)))


class TestJoin:
    """Once broke: a launch that ended before its first frame leaves an empty .xtc, which could not be joined."""

    def test_one_of_the_launches_wrote_no_frame(self, parts):
        assert (parts / "md.part0002.xtc").stat().st_size == 0

    def test_every_frame_once(self, parts):
        pieces.join(parts)
        steps, times, _ = read_xtc(parts / "md.xtc")
        assert list(steps) == list(range(0, STEPS + 1, INTERVAL))
        assert times == pytest.approx(np.arange(0, STEPS + 1, INTERVAL) * 0.002, abs=1e-5)

    def test_energies_once_and_in_order(self, parts):
        pieces.join(parts)
        times = pyedr.edr_to_dict(str(parts / "md.edr"))["Time"]
        assert times == pytest.approx(np.arange(0, STEPS + 1, INTERVAL) * 0.002, abs=1e-9)

    def test_a_frame_that_a_restart_repeats_comes_once(self, lab, tpr, tmp_path):
        """Without trimming: the first launch wrote the frame at its last step, and the second writes it again."""
        work = tmp_path / "work"
        work.mkdir()
        go_on(lab, tpr, work, 100)
        go_on(lab, tpr, work, trim=False)
        firsts = [pieces._edr_frames(work / f"md.part000{k}.edr") for k in (1, 2)]
        assert firsts[0][-1][1] == firsts[1][0][1] == 100
        assert list(list(read_xtc(work / "md.part0001.xtc"))[0])[-1] == 100
        assert list(list(read_xtc(work / "md.part0002.xtc"))[0])[0] == 100
        pieces.join(work)
        assert list(list(read_xtc(work / "md.xtc"))[0]) == list(range(0, STEPS + 1, INTERVAL))
        times = pyedr.edr_to_dict(str(work / "md.edr"))["Time"]
        assert times == pytest.approx(np.arange(0, STEPS + 1, INTERVAL) * 0.002, abs=1e-9)

    def test_the_same_motion_as_in_one_go(self, parts, whole):
        """Not a restart from the .tpr: positions agree frame by frame (modulo the box), energies too."""
        pieces.join(parts)
        box = np.array([3.0, 1.95, 4 * 0.325 * 3**0.5])
        one, other = ([*read_xtc(place / "md.xtc")] for place in (whole, parts))
        assert one[0] == other[0]
        for a, b in zip(one[2], other[2], strict=True):
            delta = a - b
            delta -= box * np.round(delta / box)
            assert np.median(np.linalg.norm(delta, axis=1)) < 0.01
        energy = [pyedr.edr_to_dict(str(place / "md.edr")) for place in (whole, parts)]
        at = [dict(zip(np.round(e["Time"], 4), e["Potential"], strict=True)) for e in energy]
        for time, potential in at[0].items():
            assert at[1][time] == pytest.approx(potential, abs=100)

    def test_the_log_is_the_pieces_in_order(self, parts):
        logs = [(parts / f"md.part{k:04d}.log").read_bytes() for k in (1, 2, 3, 4)]
        pieces.join(parts)
        assert (parts / "md.log").read_bytes() == b"".join(logs)

    def test_the_parts_are_gone(self, parts):
        pieces.join(parts)
        assert not [path.name for path in parts.iterdir() if path.match("*.part*.[exl]*") or path.match("*.tmp")]

    @pytest.mark.parametrize("done", [("md.xtc",), ("md.xtc", "md.edr"), ("md.xtc", "md.edr", "md.log")])
    def test_joining_that_was_cut_short_goes_on(self, parts, tmp_path, done):
        reference = shutil.copytree(parts, tmp_path / "reference")
        pieces.join(reference)
        for name in done:
            shutil.copy(reference / name, parts / name)
        (parts / "md.log.tmp").write_text("half of the")
        if len(done) == 3:
            (parts / "md.part0001.xtc").unlink()
        pieces.join(parts)
        for name in ("md.xtc", "md.edr", "md.log"):
            assert (parts / name).read_bytes() == (reference / name).read_bytes()

    def test_what_is_joined_is_on_the_disk_before_the_parts_go(self, parts, monkeypatch):
        """Once it was not: the power failed, and of a finished segment four empty files were left."""
        said, fsync, unlink = [], os.fsync, Path.unlink
        monkeypatch.setattr(
            os, "fsync", lambda n: (said.append(Path(os.readlink(f"/proc/self/fd/{n}")).name), fsync(n))
        )
        monkeypatch.setattr(Path, "unlink", lambda path: (said.append(f"no {path.suffix}"), unlink(path)))
        pieces.join(parts)
        before = said[: said.index("no .xtc")]
        assert {"md.xtc.tmp", "md.edr.tmp", "md.log.tmp"} < {*before} and before[-1] == parts.name

    def test_one_part_is_taken_as_it_is(self, parts):
        data = (parts / "md.part0001.xtc").read_bytes()
        for path in parts.glob("md.part000[234].*"):
            path.unlink()
        pieces.join(parts)
        assert (parts / "md.xtc").read_bytes() == data

    def test_a_last_part_without_frames(self, parts):
        for suffix in ("xtc", "edr", "log"):
            (parts / f"md.part0005.{suffix}").write_bytes(b"")
        pieces.join(parts)
        assert len([*read_xtc(parts / "md.xtc")][0]) == STEPS // INTERVAL + 1


def test_energy_frames_are_found_by_their_step(whole):
    found = pieces._edr_frames(whole / "md.edr")
    assert [step for _, step in found] == list(range(0, STEPS + 1, INTERVAL))
    data = (whole / "md.edr").read_bytes()
    times = [struct.unpack(">d", data[start + 12 : start + 20])[0] for start, _ in found]
    assert times == pytest.approx(pyedr.edr_to_dict(str(whole / "md.edr"))["Time"])
