"""A checkpoint lost, cut short or with a bit flipped: the one before is taken, or the run is refused."""

import shutil
import subprocess

import pytest
from janus_pore.errors import RunError
from janus_pore.paths import Campaign
from janus_pore.simulate import checkpoint, ensemble


def harm(path, how):
    data = bytearray(path.read_bytes())
    if how == "lost":
        path.unlink()
    elif how == "cut short":
        path.write_bytes(data[:1000])
    else:
        data[len(data) // 2] ^= 4
        path.write_bytes(data)


def test_gromacs_itself_takes_a_flipped_bit(lab, stopped, work_of):
    """Why we keep checksums."""
    path = work_of(stopped) / "state.cpt"
    before = checkpoint.read(lab.gmx, path)
    harm(path, "a bit flipped")
    assert checkpoint.read(lab.gmx, path) == before


def test_a_gromacs_that_lists_no_outputs_vouches_for_nothing(lab, stopped, work_of, monkeypatch):
    """Once nothing was checked or cut then: what was written after the checkpoint would have been counted twice."""
    said = checkpoint.subprocess.run

    def renamed(*args, **how):
        done = said(*args, **how)
        done.stdout = done.stdout.replace(b"output filename", b"output file")
        return done

    monkeypatch.setattr(checkpoint.subprocess, "run", renamed)
    with pytest.raises(RunError, match="does not list the outputs"):
        checkpoint.read(lab.gmx, work_of(stopped) / "state.cpt")


@pytest.mark.parametrize("how", ["lost", "a bit flipped"])
def test_the_one_before_is_taken(lab, stopped, work_of, run, check, how):
    """Restarting from it loses nothing: the same bytes again."""
    harm(work_of(stopped) / "state.cpt", how)
    run(stopped)
    check(stopped)


@pytest.mark.parametrize("how", ["cut short", "a bit flipped"])
def test_both_harmed_is_refused(stopped, work_of, run, check, contents, how):
    work = work_of(stopped)
    kept = contents(work)
    for name in checkpoint.CHECKPOINTS:
        harm(work / name, how)
    harmed = contents(work)
    with pytest.raises(RunError, match=r"state\.cpt was changed(?s:.*)Restore it, or delete .*seg\.partial"):
        run(stopped)
    assert contents(work) == harmed
    for name in checkpoint.CHECKPOINTS:
        (work / name).write_bytes(kept[name])
    run(stopped)
    check(stopped)


def test_cut_short_when_the_runner_died_too(stopped, work_of, run, check):
    """Then nobody kept a checksum of it, but GROMACS sees what is cut short."""
    checkpoint.unseal(work_of(stopped))
    harm(work_of(stopped) / "state.cpt", "cut short")
    run(stopped)
    check(stopped)


def test_the_first_checkpoint_was_never_written(stopped, work_of, run, check):
    """Nothing to go on from: the segment begins again, and its half output is not mixed into the new."""
    for name in checkpoint.CHECKPOINTS:
        (work_of(stopped) / name).unlink()
    checkpoint.seal(work_of(stopped))  # as it is when an mdrun ends before it writes one, and its log says none
    for path in work_of(stopped).glob("md.part*.log"):
        path.write_text(path.read_text().replace("Writing checkpoint", "Nothing"))
    run(stopped)
    check(stopped)


def test_both_lost_is_refused(stopped, work_of, run, check, contents, no_launch, monkeypatch):
    """Once the segment began again from 0, and what had been computed was deleted without a word."""
    work = work_of(stopped)
    kept = contents(work)
    for name in checkpoint.CHECKPOINTS:
        (work / name).unlink()
    with pytest.raises(
        RunError, match=r"state\.cpt and state_prev\.cpt vanished(?s:.*)Restore one, or delete .*seg\.par"
    ):
        run(stopped)
    assert contents(work) == {name: data for name, data in kept.items() if name not in checkpoint.CHECKPOINTS}
    monkeypatch.undo()
    (work / "state_prev.cpt").write_bytes(kept["state_prev.cpt"])
    run(stopped)
    check(stopped)


def test_both_lost_while_no_seal_says_so_is_refused(stopped, work_of, run, contents, no_launch):
    """As after a runner was killed. Once what had been computed was deleted without a word: the logs tell of it."""
    work = work_of(stopped)
    for name in ("sealed.json", *checkpoint.CHECKPOINTS):
        (work / name).unlink()
    kept = contents(work)
    with pytest.raises(RunError, match=r"state\.cpt vanished(?s:.*)Restore one, or delete .*seg\.partial"):
        run(stopped)
    assert contents(work) == kept


def test_that_of_a_newer_gromacs_is_not_called_damaged(lab, stopped, work_of, run, contents, no_launch):
    """Once the remedy was to delete it: what a module that was not loaded would have cost."""
    work = work_of(stopped)
    data = (work / "state.cpt").read_bytes()
    numbers = [at for at in range(0, 400, 4) if 18 <= int.from_bytes(data[at : at + 4]) < 40]  # one is the version
    for at in numbers:
        changed = data[:at] + (100).to_bytes(4) + data[at + 4 :]
        for name in checkpoint.CHECKPOINTS:
            (work / name).write_bytes(changed)
        dump = [lab.gmx.path, "dump", "-cp", str(work / "state.cpt")]
        if "of version 100" in subprocess.run(dump, capture_output=True, text=True, errors="replace").stderr:
            break
    checkpoint.seal(work)
    kept = contents(work)
    with pytest.raises(RunError, match=r"is of a newer GROMACS than .*: set GMX to that which wrote it"):
        run(stopped)
    assert contents(work) == kept


@pytest.mark.parametrize("how", ["lost", "cut short", "a bit flipped"])
def test_that_of_an_earlier_segment(lab, chain, replicas, tmp_path, no_launch, contents, how):
    """The next segment does not start from it."""
    shutil.copytree(lab.campaign.root, tmp_path / lab.campaign.root.name)
    campaign = Campaign.of(lab.scale.scale, tmp_path)
    replica = campaign.replica("mosse", chain.name, 0)
    shutil.rmtree(replica / "seg02")
    earlier = replica / "seg01"
    kept = contents(earlier)
    harm(earlier / "state.cpt", how)
    with pytest.raises(RunError, match=r"seg01: state\.cpt changed or vanished(?s:.*)Restore them, or delete"):
        ensemble.run_replica(lab.scale, campaign, "mosse", chain, 0, lab.gmx, threads=1)
    assert not list(replica.glob("seg02*"))
    assert contents(earlier).keys() >= kept.keys() - {"state.cpt"}
