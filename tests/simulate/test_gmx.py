"""Which GROMACS is taken, which is refused, and what its failures look like from here."""

import numpy as np
import pytest
from janus_pore.errors import GromacsError
from janus_pore.simulate import gmx


def program(path, version, exit_code=0, mpi="thread_mpi", precision="mixed"):
    """A stand-in for gmx that answers --version."""
    said = f"GROMACS version:    {version}\\nMPI library:        {mpi}\\nSIMD instructions:  AVX2_256\\n"
    said += f"Precision:          {precision}\\n"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\nprintf '{said}'\nexit {exit_code}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """An empty PATH and no GMX; the folder that PATH names."""
    monkeypatch.delenv("GMX", raising=False)
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/local/nowhere")
    return folder


class TestFind:
    def test_the_real_one(self, gromacs):
        assert int(gromacs.version[:4]) >= gmx.OLDEST
        assert gromacs.simd != "?"

    def test_none(self, bare):
        with pytest.raises(GromacsError, match=r"no gmx on PATH.*Install GROMACS 2021"):
            gmx.find()

    def test_gmx_comes_before_gmx_mpi(self, bare):
        program(bare / "gmx_mpi", "2024.1", mpi="MPI")
        found = gmx.find()
        assert (found.path, found.version, found.mpi) == (str(bare / "gmx_mpi"), "2024.1", True)
        program(bare / "gmx", "2023.3-conda_forge")
        found = gmx.find()
        assert (found.path, found.version, found.mpi) == (str(bare / "gmx"), "2023.3-conda_forge", False)

    @pytest.mark.parametrize(
        ("said", "mpi"),
        [("MPI (CUDA-aware)", True), ("MPI (GPU-aware: HIP)", True), ("thread_mpi", False), ("none", False)],
    )
    def test_what_is_said_of_mpi(self, bare, said, mpi):
        """Once wrong: an MPI library that knows GPUs was taken for none, and mdrun refuses -ntmpi there."""
        program(bare / "gmx", "2024.1", mpi=said)
        assert gmx.find().mpi is mpi

    def test_the_variable_wins(self, bare, monkeypatch, tmp_path):
        program(bare / "gmx", "2023.3")
        other = program(tmp_path / "other" / "my_gmx", "2025.2")
        monkeypatch.setenv("GMX", str(other))
        assert gmx.find().version == "2025.2"

    @pytest.mark.parametrize("named", ["GMX", "PATH"])
    def test_a_relative_path(self, bare, monkeypatch, named):
        """Once wrong: it passed every check and was not there for mdrun, which is started in the run's directory."""
        program(bare / "gmx", "2023.3")
        monkeypatch.chdir(bare.parent)
        monkeypatch.setenv("PATH", "bin" if named == "PATH" else "/usr/local/nowhere")
        if named == "GMX":
            monkeypatch.setenv("GMX", "bin/gmx")
        assert gmx.find().path == str(bare / "gmx")

    def test_a_link_keeps_its_name(self, bare):
        """Wrappers and MPI builds may go by the name they are called by."""
        program(bare / "gmx_real", "2023.3")
        (bare / "gmx").symlink_to(bare / "gmx_real")
        assert gmx.find().path == str(bare / "gmx")

    def test_the_variable_names_nothing(self, bare, monkeypatch):
        program(bare / "gmx", "2023.3")
        monkeypatch.setenv("GMX", "/nowhere/gmx")
        with pytest.raises(GromacsError, match=r"GMX is set to '/nowhere/gmx', which cannot be run"):
            gmx.find()

    @pytest.mark.parametrize("version", ["2020.4", "2019.6-conda_forge", "2018"])
    def test_too_old(self, bare, version):
        program(bare / "gmx", version)
        with pytest.raises(GromacsError, match=f"GROMACS {version}; this needs 2021 or newer"):
            gmx.find()

    def test_double_precision(self, bare):
        """Once taken: its energy files could not be joined after a restart, and were lost."""
        program(bare / "gmx", "2024.1", precision="double")
        with pytest.raises(GromacsError, match="in double precision.*use a build in mixed precision"):
            gmx.find()

    @pytest.mark.parametrize(("version", "code"), [("VERSION 5.1.4", 0), ("", 0), ("2024.1", 1)])
    def test_no_usable_answer(self, bare, version, code):
        program(bare / "gmx", version, code)
        with pytest.raises(GromacsError, match="does not name a version"):
            gmx.find()

    def test_not_a_program(self, bare):
        path = program(bare / "gmx", "2024")
        path.write_bytes(b"\x00not a program")
        with pytest.raises(GromacsError, match="does not run"):
            gmx.find()


class TestCall:
    def test_a_failure_says_what_gromacs_said(self, gromacs, tmp_path):
        with pytest.raises(GromacsError, match=r"(?s)gmx grompp failed .*absent\.mdp"):
            gromacs.call("grompp", f=tmp_path / "absent.mdp", c=tmp_path / "absent.gro")

    def test_a_success_returns_what_it_printed(self, lab):
        said = lab.gmx.call("dump", s=lab.campaign.equilibration("mosse") / "tpr" / "nvt.tpr")
        assert "nsteps                         = 1000" in said

    def test_what_grompp_only_counts_is_told(self):
        """Once broke: a warning ended as "Too many warnings (1)", without the warning."""
        box = "-" * 55 + "\nProgram:     gmx grompp\n\nFatal error:\nToo many warnings (1).\n\n" + "-" * 55
        text = f"NOTE 1 [file a.mdp]:\n  harmless\n\nWARNING 1 [file a.mdp]:\n  Unknown entry\n  for you\n\n\n{box}"
        assert gmx.reason(text).endswith("WARNING 1 [file a.mdp]:\n  Unknown entry\n  for you")
        assert "harmless" not in gmx.reason(text)

    def test_reason_is_the_box_in_the_output(self):
        box = "-" * 55 + "\nProgram:     gmx mdrun, version 2022.5\n\nFatal error:\nThe box is too small\n"
        text = "noise\n" * 30 + box + "\nFor more information see http\n" + "-" * 55 + "\nmore noise"
        assert gmx.reason(text).endswith("The box is too small")
        assert gmx.reason(text).startswith("Program:")

    def test_reason_without_a_box_is_the_end(self):
        lines = [f"line {i}" for i in range(50)]
        assert gmx.reason("\n".join(lines)).splitlines() == lines[38:]


def test_mdp_as_written(tmp_path):
    path = gmx.write_mdp(tmp_path / "new" / "a.mdp", {"integrator": "md", "dt": 0.002, "tc-grps": "Mobile Sheet"})
    rows = [line.split("=") for line in path.read_text().splitlines() if "=" in line]
    assert {key.strip().replace("_", "-"): value.strip() for key, value in rows} == {
        "integrator": "md", "dt": "0.002", "tc-grps": "Mobile Sheet",
    }  # fmt: skip


def test_xvg_as_read(tmp_path):
    path = tmp_path / "a.xvg"
    path.write_text('# comment\n@ title "field"\n@ s0 legend "x"\n0 1.5\n0.1 -2.5e-3\n0.2 0\n')
    assert gmx.read_xvg(path) == pytest.approx(np.array([[0, 0.1, 0.2], [1.5, -0.0025, 0]]))
