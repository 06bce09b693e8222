"""What workflow/setup.sh decides before it installs anything; neither apt nor pip runs here."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "workflow" / "setup.sh"
BASH = shutil.which("bash")


@pytest.fixture
def path(tmp_path):
    """A PATH of one folder that has what the script itself needs, and no GROMACS."""
    folder = tmp_path / "bin with a space"
    folder.mkdir()
    for tool in ("bash", "dirname", "timeout"):
        (folder / tool).symlink_to(shutil.which(tool))
    return folder


def program(file, body):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return file


def gromacs(file, version):
    banner = f"echo '          :-) GROMACS - gmx, {version} (-:' >&2"
    return program(file, f"{banner}\necho 'GROMACS version:    {version}'\necho 'Precision:          mixed'")


def setup(path, *arguments, **variables):
    environment = {"PATH": str(path), "HOME": os.environ.get("HOME", "/"), **variables}
    return subprocess.run([BASH, str(SCRIPT), *arguments], env=environment, capture_output=True, text=True, timeout=120)


def check_gromacs(path, **variables):
    return setup(path, "--check-gromacs", **variables)


@pytest.mark.parametrize(
    "version", ["2021", "2022.5-Debian_2022.5_2", "2024.5-conda_forge", "2025-dev-20250101-abcdef"]
)
def test_a_recent_gmx_is_used(path, version):
    gmx = gromacs(path / "gmx", version)
    result = check_gromacs(path)
    assert (result.returncode, result.stdout.strip()) == (0, f"setup: GROMACS {version} ({gmx})")


@pytest.mark.parametrize("version", ["2020.4", "2019.6-conda_forge", "VERSION 5.1.4"])
def test_an_old_gmx_is_refused(path, version):
    gromacs(path / "gmx", version)
    gromacs(path / "gmx_mpi", "2023.1")  # gmx comes first, and what comes first counts
    result = check_gromacs(path)
    assert result.returncode == 1
    assert f"GROMACS {version.split()[-1]} ({path}/gmx) is too old" in result.stderr
    assert "2021 or newer" in result.stderr and "Set GMX to a newer gmx" in result.stderr


def test_gmx_mpi_is_found_and_gmx_preferred(path):
    gromacs(path / "gmx_mpi", "2023.1")
    assert f"GROMACS 2023.1 ({path}/gmx_mpi)" in check_gromacs(path).stdout
    gromacs(path / "gmx", "2022.5")
    assert f"GROMACS 2022.5 ({path}/gmx)" in check_gromacs(path).stdout


def test_without_gromacs_debians_would_be_installed(path):
    result = check_gromacs(path)
    assert result.returncode == 3
    assert "Debian package gromacs would be installed" in result.stdout


def test_the_variable_gmx_wins(path, tmp_path):
    gromacs(path / "gmx", "2020.4")
    other = gromacs(tmp_path / "my gromacs" / "gmx", "2024.2")
    assert f"GROMACS 2024.2 ({other})" in check_gromacs(path, GMX=str(other)).stdout


def test_the_variable_gmx_must_name_a_program(path, tmp_path):
    gromacs(path / "gmx", "2022.5")  # no silent fallback to this one
    result = check_gromacs(path, GMX=str(tmp_path / "nothing"))
    assert result.returncode == 1
    assert f"GMX={tmp_path}/nothing cannot be run" in result.stderr
    assert "2022.5" not in result.stdout + result.stderr


@pytest.mark.parametrize("body", ["echo 'error while loading shared libraries' >&2; exit 127", "echo hello"])
def test_a_broken_gmx_is_refused(path, body):
    program(path / "gmx", body)
    result = check_gromacs(path)
    assert result.returncode == 1
    assert "set GMX to a GROMACS that runs" in result.stderr


def check_python(path, prefix, name):
    return setup(path, "--check-python", CONDA_PREFIX=str(prefix), CONDA_DEFAULT_ENV=name)


def test_without_conda_the_environment_is_a_virtual_one(path):
    assert setup(path, "--check-python").stdout.strip() == "setup: virtual environment .venv"


def test_a_complete_conda_environment_is_used_unless_it_is_base(path, tmp_path):
    prefix = tmp_path / "conda env"
    program(prefix / "bin" / "python", f'exec "{sys.executable}" "$@"')
    assert check_python(path, prefix, "any").stdout.strip() == f"setup: conda environment {prefix}"
    assert check_python(path, prefix, "base").stdout.strip() == "setup: virtual environment .venv"


def test_a_conda_environment_without_the_packages(path, tmp_path):
    program(tmp_path / "bin" / "python", "exit 1")
    assert check_python(path, tmp_path, "other").stdout.strip() == "setup: virtual environment .venv"
    own = check_python(path, tmp_path, "janus-pore")
    assert own.returncode == 1
    assert "conda env update -f environment.yml" in own.stderr


def ask_for_slurm(path, tmp_path, **variables):
    """Run a copy of the script that does not look into this machine's /usr/sbin."""
    copy = tmp_path / "workflow" / "setup.sh"
    copy.parent.mkdir()
    copy.write_text(SCRIPT.read_text().replace("PATH=$PATH:/usr/sbin", "PATH=$PATH"))
    environment = {"PATH": str(path), **variables}
    return subprocess.run([BASH, str(copy), "--slurm"], env=environment, capture_output=True, text=True, timeout=120)


def test_slurm_where_it_is(path, tmp_path):
    for name in ("munged", "slurmctld", "slurmd", "sbatch"):
        program(path / name, "exit 1")
    result = ask_for_slurm(path, tmp_path, CI="true")
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_slurm_where_it_cannot_be_had(path, tmp_path):
    program(path / "slurmctld", "exit 1")  # a part of it is not enough
    result = ask_for_slurm(path, tmp_path)
    assert (result.returncode, result.stderr) == (3, "")
    assert len(result.stdout.splitlines()) == 1 and "the cluster tests are left out" in result.stdout


def test_slurm_that_cannot_be_had_is_an_error_in_ci(path, tmp_path):
    result = ask_for_slurm(path, tmp_path, CI="true")
    assert result.returncode == 1
    assert "in CI the cluster tests must run" in result.stderr


def test_an_unknown_option_is_refused(path):
    result = setup(path, "--frobnicate")
    assert result.returncode == 1
    assert "unknown option --frobnicate" in result.stderr


@pytest.mark.skipif(not shutil.which("make"), reason="make is not here")
class TestShippedOfMake:
    """What `make plan SHIPPED=...` would run."""

    @pytest.fixture
    def plan(self):
        def run(value):
            argv = ["make", "--dry-run", "plan", f"SHIPPED={value}"]
            done = subprocess.run(argv, capture_output=True, text=True, cwd=SCRIPT.parents[1])
            return done.returncode, done.stdout + done.stderr

        return run

    @pytest.mark.parametrize("value", ["no", "No", "NO", "false", "0"])
    def test_no(self, plan, value):
        """Once broke: all but "no" counted as yes."""
        code, said = plan(value)
        assert code == 0 and "--shelf none" in said

    @pytest.mark.parametrize("value", ["", "yes", "true", "1"])
    def test_yes(self, plan, value):
        code, said = plan(value)
        assert code == 0 and "janus-pore plan" in said and "--shelf" not in said

    @pytest.mark.parametrize("value", ["nein", "no way"])
    def test_neither(self, plan, value):
        code, said = plan(value)
        assert code != 0 and f"SHIPPED={value} is neither yes nor no" in said and "janus-pore" not in said
