"""Trajectories and energies cut short, with holes, or edited, while a run is stopped or when it has ended."""

import multiprocessing
import os
import shutil
import signal
from multiprocessing.util import Finalize

import numpy as np
import pytest
from janus_pore.errors import RunError
from janus_pore.simulate import checkpoint, pieces, process, verify
from MDAnalysis.lib.formats.libmdaxdr import XTCFile


def overwrite(path, start, data):
    with open(path, "r+b") as file:
        file.seek(start)
        file.write(data)


@pytest.mark.parametrize("suffix", ["xtc", "edr", "log"])
def test_edited_before_resuming_is_refused(stopped, work_of, run, check, contents, no_launch, monkeypatch, suffix):
    work = work_of(stopped)
    path = work / f"md.part0001.{suffix}"
    kept = path.read_bytes()
    overwrite(path, 300, b"edit")
    before = contents(work)
    with pytest.raises(RunError, match=rf"md\.part0001\.{suffix} was changed since(?s:.*)Restore it, or delete"):
        run(stopped)
    assert contents(work) == before
    if suffix == "xtc":
        monkeypatch.undo()
        path.write_bytes(kept)
        run(stopped)
        check(stopped)


def test_written_on_after_the_checkpoint(stopped, work_of, run, check):
    """As the mdrun of a killed job does: what the checkpoint does not know of is cut off."""
    for suffix in ("xtc", "edr", "log"):
        with open(work_of(stopped) / f"md.part0001.{suffix}", "ab") as file:
            file.write(b"half a frame")
    run(stopped)
    check(stopped)


def test_cut_short_behind_the_checkpoint_before(lab, stopped, work_of, run, check):
    """As a crash of the machine may leave it: the checkpoint before still matches and is taken."""
    work = work_of(stopped)
    lengths = [
        {o.name: o.length for o in checkpoint.read(lab.gmx, work / name).outputs}["md.part0001.xtc"]
        for name in checkpoint.CHECKPOINTS
    ]
    assert lengths[1] < lengths[0]
    os.truncate(work / "md.part0001.xtc", lengths[0] - 1)
    run(stopped)
    check(stopped)


def test_cut_short_before_both_checkpoints_is_refused(stopped, work_of, run, contents, no_launch):
    work = work_of(stopped)
    os.truncate(work / "md.part0001.xtc", 1000)
    before = contents(work)
    with pytest.raises(RunError, match=r"output was lost(?s:.*)delete .*seg\.partial to run this segment again"):
        run(stopped)
    assert contents(work) == before


def test_edited_before_joining_is_refused(make_task, run, work_of, tmp_path, monkeypatch):
    """The steps are all done; the last checkpoint vouches for the end of each output."""
    task = make_task(tmp_path, 100)
    launch = process.launch

    def edited(argv, work, *rest):
        launch(argv, work, *rest)
        overwrite(work / "md.part0001.xtc", 1000, b"\0" * 500)

    monkeypatch.setattr(process, "launch", edited)
    with pytest.raises(RunError, match=r"md\.part0001\.xtc was changed since"):
        run(task)
    assert not task.directory.exists()
    assert (work_of(task) / "md.part0001.edr").exists()


class TestHoles:
    """Holes in a whole trajectory of 121 frames."""

    @pytest.fixture
    def xtc(self, undisturbed, tmp_path):
        return shutil.copy(undisturbed(1200) / "md.xtc", tmp_path / "md.xtc")

    def test_the_interpreter_survives(self, xtc, monkeypatch):
        """Once broke: the reader overran its memory and took Python with it, on many of these holes.

        On one in two thousand of them it never ended.
        """
        monkeypatch.setattr(verify, "_PATIENCE_S", 10.0)
        whole, rng = xtc.read_bytes(), np.random.default_rng(1)
        refused = 0
        for length in (16, 512, 4096, 65536) * 5:
            xtc.write_bytes(whole)
            overwrite(xtc, int(rng.integers(0, len(whole) - length)), b"\0" * length)
            try:
                assert verify.trajectory(xtc, 0.0, 2.4, 0.02) == 121
            except RunError as error:
                assert f"delete {xtc.parent} to run the segment again" in str(error)
                refused += 1
        assert refused >= 5
        assert not multiprocessing.active_children()

    def test_a_reader_that_dies_is_told_as_damage(self, xtc, monkeypatch):
        monkeypatch.setattr(verify, "_reader", lambda: lambda _path: os._exit(134))
        with pytest.raises(RunError, match="damaged .killed the process that read it.*run the segment again"):
            verify.trajectory(xtc, 0.0, 2.4, 0.02)

    def test_a_reader_that_hangs_is_given_up(self, xtc, monkeypatch):
        """Once broke: all tests waited for one that did, until somebody stopped them."""

        class Hanging(XTCFile):
            def __next__(self):
                frame = super().__next__()
                if frame.step >= 50:
                    signal.pause()
                return frame

        monkeypatch.setattr(verify, "_reader", lambda: Hanging)
        monkeypatch.setattr(verify, "_PATIENCE_S", 0.5)
        with pytest.raises(RunError, match="no frame of it could be read for 0.5 s.*file system.*the segment again"):
            verify.trajectory(xtc, 0.0, 2.4, 0.02)
        assert not multiprocessing.active_children()

    def test_a_reader_that_hangs_on_its_way_out_has_said_all(self, xtc, monkeypatch):
        class Hanging(XTCFile):
            def __exit__(self, *error):
                Finalize(None, signal.pause, exitpriority=1)
                return super().__exit__(*error)

        monkeypatch.setattr(verify, "_reader", lambda: Hanging)
        assert verify.trajectory(xtc, 0.0, 2.4, 0.02) == 121
        assert not multiprocessing.active_children()

    def test_pages_that_were_never_written(self, xtc):
        """As a file system leaves them after a crash."""
        whole = xtc.read_bytes()
        with open(xtc, "wb") as file:
            file.write(whole[:8192])
            file.seek(8192 + 65536)
            file.write(whole[8192 + 65536 :])
        with pytest.raises(RunError, match="run the segment again"):
            verify.trajectory(xtc, 0.0, 2.4, 0.02)

    @pytest.mark.parametrize("lost", [1, 50, 20_000])
    def test_cut_short(self, xtc, lost):
        os.truncate(xtc, xtc.stat().st_size - lost)
        with pytest.raises(RunError, match="run the segment again"):
            verify.trajectory(xtc, 0.0, 2.4, 0.02)

    def test_while_joining(self, stopped, work_of):
        """Frames are found by their headers there; one that is not a header stops it, and the pieces stay.

        A single piece is only given its name, and read whole before it counts.
        """
        work = work_of(stopped)
        for suffix in ("xtc", "edr", "log"):
            shutil.copy(work / f"md.part0001.{suffix}", work / f"md.part0002.{suffix}")
        second = pieces._xtc_frames(work / "md.part0001.xtc")[1][0]
        overwrite(work / "md.part0001.xtc", second - 100, b"\0" * 200)
        with pytest.raises(RunError, match=rf"damaged at byte {second}\. Delete .* to run the segment again"):
            pieces.join(work)
        assert (work / "md.part0001.edr").exists()
        assert not (work / "md.xtc").exists()


@pytest.mark.parametrize("atoms", [1, 9, 10, 50])
def test_headers_are_those_that_the_reader_sees(tmp_path, atoms):
    """Of few atoms too, which XTC does not pack."""
    with XTCFile(str(tmp_path / "a.xtc"), "w") as out:
        for k in range(4):
            out.write(np.full((atoms, 3), k - 2.0, dtype=np.float32), np.eye(3, dtype=np.float32), 5 * k, k, 1000)
    found = pieces._xtc_frames(tmp_path / "a.xtc")
    with XTCFile(str(tmp_path / "a.xtc")) as xtc:
        assert [start for start, _ in found] == list(xtc.offsets)
    assert [step for _, step in found] == [0, 5, 10, 15]
