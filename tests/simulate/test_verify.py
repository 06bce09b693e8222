"""A trajectory is what it says only if every frame was read; made here frame by frame, without GROMACS."""

from pathlib import Path

import numpy as np
import pytest
from janus_pore.errors import RunError
from janus_pore.simulate import ensemble, verify
from MDAnalysis.lib.formats.libmdaxdr import XTCFile


@pytest.fixture
def xtc(tmp_path):
    """A function: times (ps) -> an XTC file with a frame at each; `bad` frames hold what is not a number."""

    def write(times, atoms=30, bad=()):
        rng = np.random.default_rng(1)
        path = tmp_path / "md.xtc"
        with XTCFile(str(path), "w") as out:
            for k, time in enumerate(times):
                x = rng.random((atoms, 3), dtype=np.float32)
                if k in bad:
                    x[0, 1] = np.nan
                out.write(x, np.eye(3, dtype=np.float32), k, time, 1000)
        return path

    return write


def frames(first, last, interval):
    return np.arange(round((last - first) / interval) + 1) * interval + first


class TestTrajectory:
    """Once broke: frames every 0.1 ps after 50 ns, whose times XTC rounds by more than a hundredth of that."""

    @pytest.mark.parametrize(
        ("first", "last", "interval"), [(0.0, 1.0, 0.1), (2.0, 2.5, 0.02), (5000.0, 5001.0, 0.1), (5e4, 5e4 + 1, 0.1)]
    )
    def test_a_whole_one(self, xtc, first, last, interval):
        path = xtc(frames(first, last, interval))
        assert verify.trajectory(path, first, last, interval) == round((last - first) / interval) + 1

    @pytest.mark.parametrize("lost", [1, 20, 200])
    def test_truncated(self, xtc, lost):
        path = xtc(frames(0, 1, 0.1))
        path.write_bytes(path.read_bytes()[:-lost])
        with pytest.raises(RunError, match="run the segment again"):
            verify.trajectory(path, 0.0, 1.0, 0.1)

    @pytest.mark.parametrize(
        "times",
        [
            frames(0, 0.9, 0.1),  # the last frame is missing
            frames(0.1, 1.0, 0.1),  # the first
            np.delete(frames(0, 1, 0.1), 4),  # one in the middle
            np.insert(frames(0, 1, 0.1), 4, 0.3),  # one twice
            frames(0, 1, 0.1) + 0.05,  # another run's
            [*frames(0, 0.9, 0.1), 1.05],
            frames(0, 1, 0.1)[::-1],
        ],
    )
    def test_frames_missing_doubled_or_elsewhere(self, xtc, times):
        with pytest.raises(RunError, match="expected 11 frames from 0 to 1 ps, found"):
            verify.trajectory(xtc(times), 0.0, 1.0, 0.1)

    def test_not_a_number(self, xtc):
        # of up to nine atoms XTC stores plain floats, which can be NaN; of more it stores integers
        with pytest.raises(RunError, match=r"not finite at 0\.3 ps"):
            verify.trajectory(xtc(frames(0, 1, 0.1), atoms=9, bad=[3]), 0.0, 1.0, 0.1)

    def test_empty_or_missing(self, tmp_path):
        (tmp_path / "empty.xtc").write_bytes(b"")
        for name in ("empty.xtc", "absent.xtc"):
            with pytest.raises(RunError, match=name):
                verify.trajectory(tmp_path / name, 0.0, 1.0, 0.1)


class TestEnergies:
    def make(self, monkeypatch, temperature, potential=-1.0, length_ps=20.0):
        n = len(temperature)
        data = {
            "Time": np.linspace(0, length_ps, n),
            "T-Mobile": np.array(temperature, dtype=float),
            "Potential": np.full(n, potential),
        }
        monkeypatch.setattr(verify.pyedr, "edr_to_dict", lambda _path: data)

    @staticmethod
    def energies(last_ps=None):
        if last_ps is None:
            last_ps = verify.pyedr.edr_to_dict("md.edr")["Time"][-1]
        return verify.energies(Path("run/md.edr"), 300.0, 200, 0.0, last_ps)

    @pytest.mark.parametrize("last_ps", [20.0, 5.0])
    def test_energies_of_another_time_are_refused(self, monkeypatch, last_ps):
        self.make(monkeypatch, [300.0] * 11, length_ps=10.0)
        with pytest.raises(
            RunError, match=rf"from 0 to {last_ps:g} ps, found 0 to 10 ps: the file is truncated; delete"
        ):
            self.energies(last_ps)

    def test_a_hole_is_found(self, monkeypatch):
        monkeypatch.setattr(verify.pyedr, "edr_to_dict", lambda _path: {
            "Time": np.array([0.0, 1.0, 4.0, 5.0]), "T-Mobile": np.full(4, 300.0), "Potential": np.full(4, -1.0),
        })  # fmt: skip
        with pytest.raises(RunError, match="found 0 to 5 ps with a hole"):
            self.energies(5.0)

    @pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.95])
    def test_a_real_file_cut_short(self, lab, tmp_path, share):
        """Once passed with the samples that were left; of nothing at all the reader raised what was no message."""
        whole = (lab.campaign.equilibration("mosse") / "nvt" / "md.edr").read_bytes()
        (tmp_path / "md.edr").write_bytes(whole[: int(share * len(whole))])
        last_ps = lab.scale.equilibration.duration_ps
        with pytest.raises(RunError, match=r"md\.edr.*to run the segment again from its start"):
            verify.energies(tmp_path / "md.edr", 300.0, 200, 0.0, last_ps)

    def test_moments(self, monkeypatch):
        self.make(monkeypatch, [290, 310] * 10)
        found = self.energies()
        assert found == pytest.approx({
            "temperature_k": 300, "spread_k": 10, "canonical_spread_k": 30, "potential_kj_mol": -1, "samples": 20,
        })  # fmt: skip

    @pytest.mark.parametrize("temperature", [260.0, 340.0])
    def test_another_temperature(self, monkeypatch, temperature):
        self.make(monkeypatch, [temperature] * 10)
        with pytest.raises(RunError, match=f"mean temperature {temperature:.0f} K instead of 300 K"):
            self.energies()

    def test_a_short_run_may_be_heated_by_a_field_but_not_blow_up(self, monkeypatch):
        """Once broke: 0.2 ps after a switch from +4 to -2 V/nm, at 370 K, were refused."""
        self.make(monkeypatch, [370.0] * 10, length_ps=0.2)
        assert self.energies()["temperature_k"] == 370
        self.make(monkeypatch, [500.0] * 10, length_ps=0.2)
        with pytest.raises(RunError, match="500 K instead of 300 K"):
            self.energies()

    def test_a_few_samples_do_not_judge(self, monkeypatch):
        self.make(monkeypatch, [340.0] * 9)
        assert self.energies()["samples"] == 9

    @pytest.mark.parametrize(("temperature", "potential"), [(float("nan"), -1.0), (300.0, float("inf"))])
    def test_blown_up(self, monkeypatch, temperature, potential):
        self.make(monkeypatch, [temperature] * 10, potential)
        with pytest.raises(RunError, match="not finite"):
            self.energies()

    def test_of_a_real_run(self, lab):
        """The equilibration's own file: mean near 300 K, spread by the degrees of freedom counted from the topology."""
        freedom = ensemble.degrees_of_freedom(lab.built)
        path, last_ps = lab.campaign.equilibration("mosse") / "nvt" / "md.edr", lab.scale.equilibration.duration_ps
        found = verify.energies(path, 300.0, freedom, 0.0, last_ps)
        assert found["samples"] == 101
        assert found["temperature_k"] == pytest.approx(300, abs=25)
        assert found["canonical_spread_k"] == pytest.approx(300 * np.sqrt(2 / freedom))
        assert found["potential_kj_mol"] < -10_000
