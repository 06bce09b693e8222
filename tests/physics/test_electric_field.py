"""What GROMACS itself makes of `electric-field-x`, on one frozen unit charge: forces, and what `mdrun -field` prints.

The reference numbers are those of GROMACS' own unit test of its electric field.
"""

import subprocess

import numpy as np
import pytest
from janus_pore.simulate.field import Protocol, Segment
from janus_pore.simulate.gmx import read_xvg
from janus_pore.units import KJ_MOL_NM_PER_E_V_NM
from MDAnalysis.lib.formats.libmdaxdr import TRRFile

TOPOLOGY = """
[ defaults ]
1 2 no 1.0 1.0
[ atomtypes ]
Q 10.0 0.0 A 0.0 0.0
[ moleculetype ]
Q 0
[ atoms ]
1 Q 1 Q Q 1 1.0 10.0
[ system ]
one charge
[ molecules ]
Q 1
"""
COORDINATES = "one charge\n    1\n    1Q        Q    1   1.500   1.500   1.500\n   3.00000   3.00000   3.00000\n"
OPTIONS = {
    "integrator": "md", "cutoff-scheme": "Verlet", "verlet-buffer-tolerance": -1, "rlist": 1.0, "rcoulomb": 1.0,
    "rvdw": 1.0, "coulombtype": "Cut-off", "comm-mode": "None", "freezegrps": "System", "freezedim": "Y Y Y",
    "nstfout": 1, "nstxout-compressed": 1,
}  # fmt: skip


@pytest.fixture
def charge(gromacs, tmp_path):
    """A function that runs the charge and returns (times, force_x, applied field).

    Takes the field's mdp value, the time step, the number of steps, the start time, and a checkpoint to go on from.
    """

    def command(*argv):
        done = subprocess.run(
            [gromacs.path, "-quiet", *[str(a) for a in argv]], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr

    def run(field, dt, steps, start=0.0, name="run", after=None):
        options = {**OPTIONS, "dt": dt, "nsteps": steps, "tinit": start, "electric-field-x": field}
        (tmp_path / "a.mdp").write_text("".join(f"{key} = {value}\n" for key, value in options.items()))
        (tmp_path / "a.top").write_text(TOPOLOGY)
        (tmp_path / "a.gro").write_text(COORDINATES)
        # two warnings: of the pair list without a buffer and of the motion that is not removed; nothing moves here
        command("grompp", "-f", "a.mdp", "-c", "a.gro", "-p", "a.top", "-o", f"{name}.tpr", "-maxwarn", 2)
        going_on = ["-cpi", f"{after}.cpt", "-noappend"] if after else []
        threads = ["-ntomp", 1] if gromacs.mpi else ["-ntmpi", 1, "-ntomp", 1]
        command("mdrun", "-s", f"{name}.tpr", "-deffnm", name, "-field", f"{name}.xvg", *threads, *going_on)
        trr = next(iter(tmp_path.glob(f"{name}*.trr")))
        with TRRFile(str(trr)) as frames:
            time, force = np.array([(frame.time, frame.f[0, 0]) for frame in frames]).T
        xvg = next(iter(tmp_path.glob(f"{name}*.xvg")), None)
        return time, force, read_xvg(xvg)[:2] if xvg else None

    return run


class TestReferenceNumbers:
    """Once broke: nothing yet; with another GROMACS these are the first to look at."""

    def test_constant(self, charge):
        _, force, applied = charge("1 0 0 0", 0.01, 5)
        assert force == pytest.approx(np.full(6, 96.4853363), rel=1e-6)
        assert applied[1] == pytest.approx(np.ones(6))

    def test_pulse_at_its_start(self, charge):
        """E0 = 1 V/nm, omega = 5 rad/ps, t0 = 0.5 ps, sigma = 1 ps."""
        time, force, _ = charge("1 5 0.5 1", 0.01, 5)
        assert time[0] == 0
        assert force[0] == pytest.approx(-68.215782, rel=1e-6)

    def test_pulse_over_its_length(self, charge):
        time, force, _ = charge("1 5 0.5 1", 0.05, 100)
        expected = np.cos(5 * (time - 0.5)) * np.exp(-((time - 0.5) ** 2) / 2)
        assert force == pytest.approx(KJ_MOL_NM_PER_E_V_NM * expected, abs=1e-3)

    def test_our_conversion_is_gromacs_own(self, charge):
        _, force, _ = charge("-2.5 0 0 0", 0.01, 1)
        assert force == pytest.approx(-2.5 * KJ_MOL_NM_PER_E_V_NM, rel=1e-6)


class TestTheTrap:
    @pytest.mark.parametrize("t0", [0.3, 4.1])
    def test_without_a_width_the_shift_is_ignored(self, charge, t0):
        """With sigma = 0 GROMACS applies E0 cos(omega t), whatever t0 is: a sine asked for so starts at full field.

        Should this ever fail, GROMACS has changed, and the sine of Segment.mdp can be written without its huge sigma.
        """
        time, force, _ = charge(f"1.2 5 {t0} 0", 0.02, 100)
        assert force == pytest.approx(1.2 * KJ_MOL_NM_PER_E_V_NM * np.cos(5 * time), abs=1e-3)
        shifted = 1.2 * KJ_MOL_NM_PER_E_V_NM * np.cos(5 * (time - t0))
        assert np.abs(force - shifted).max() > 50

    def test_a_huge_width_does_what_was_meant(self, charge):
        time, force, _ = charge("1.2 5 0.3 1e9", 0.02, 100)
        assert force == pytest.approx(1.2 * KJ_MOL_NM_PER_E_V_NM * np.cos(5 * (time - 0.3)), abs=1e-3)


class TestSegments:
    @pytest.mark.parametrize("start", [0.0, 2.0, 1000.0])
    @pytest.mark.parametrize(
        "segment", [Segment(1.2, 25.0, 40.0), Segment(-0.8, 2000.0, 1.0), Segment(0.4, 10.0), Segment(-5.0, 1.0)]
    )
    def test_the_field_applied_is_the_waveform(self, charge, segment, start):
        """Over two whole periods (or the segment), also when it begins late in the run."""
        steps = 400
        mdp = segment.mdp(start)["electric-field-x"]
        time, force, (printed, applied) = charge(mdp, segment.duration_ps / steps, steps, start)
        asked = Protocol("p", "sine", (segment,), ("mosse",)).waveform(np.linspace(0, segment.duration_ps, steps + 1))
        scale = abs(segment.amplitude_v_nm)
        assert time == pytest.approx(start + np.linspace(0, segment.duration_ps, steps + 1), rel=1e-6)
        assert printed == pytest.approx(time, rel=1e-5)
        assert applied == pytest.approx(asked, abs=1e-5 * scale)
        assert force / KJ_MOL_NM_PER_E_V_NM == pytest.approx(asked, abs=1e-5 * scale)

    def test_the_papers_sine_at_its_quarters(self, charge):
        """1.2 V/nm at 200 MHz: zero, up, zero, down, zero over 5 ns."""
        time, force, _ = charge(Segment(1.2, 5000.0, 0.2).mdp(0.0)["electric-field-x"], 12.5, 400)
        assert time[::100] == pytest.approx([0, 1250, 2500, 3750, 5000])
        assert force[::100] / KJ_MOL_NM_PER_E_V_NM == pytest.approx([0, 1.2, 0, -1.2, 0], abs=1e-5)

    def test_the_next_segment_acts_from_its_first_step(self, charge):
        """A second run input that continues the first's checkpoint, its steps counted from the beginning of both."""
        first, second = Segment(1.0, 1.0), Segment(-0.5, 2.0, 500.0)
        charge(first.mdp(0.0)["electric-field-x"], 0.01, 100, name="one")
        mdp = second.mdp(1.0)["electric-field-x"]
        time, force, (printed, applied) = charge(mdp, 0.01, 300, name="two", after="one")
        assert time == pytest.approx(np.linspace(1, 3, 201), abs=1e-5)
        assert printed == pytest.approx(time, abs=1e-4)
        asked = Protocol("p", "chain", (first, second), ("mosse",)).waveform(time.astype(float))
        assert force / KJ_MOL_NM_PER_E_V_NM == pytest.approx(asked, abs=1e-5)
        assert applied == pytest.approx(asked, abs=1e-5)
        assert np.abs(asked).max() == pytest.approx(0.5)
