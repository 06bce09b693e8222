"""pyproject.toml, requirements.lock and environment.yml describe one and the same environment."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]

# conda's name -> PyPI's name, where they differ
PYPI_NAMES = {"matplotlib-base": "matplotlib", "snakemake-minimal": "snakemake"}
# in environment.yml but not in the lock, which holds what pip installs
CONDA_ONLY = {"python", "pip", "gromacs"}

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DIRECT = {
    canonicalize_name(requirement.name): requirement
    for requirement in map(Requirement, PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"])
}


def read_lock(text):
    """Name -> version of each package, and the names of those that carry no hash."""
    pins, bare = {}, set()
    entries = re.sub(r"#.*", "", text).replace("\\\n", " ")
    for entry in filter(None, map(str.strip, entries.splitlines())):
        words = entry.split()
        requirement = Requirement(" ".join(word for word in words if not word.startswith("--hash=")))
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", f"{entry} is not pinned"
        name = canonicalize_name(requirement.name)
        assert name not in pins, f"{name} is in the lock twice"
        pins[name] = specifier.version
        if not any(word.startswith("--hash=sha256:") for word in words):
            bare.add(name)
    return pins, bare


def read_conda(environment):
    """(PyPI name -> version, conda-only name -> version) of an environment.yml."""
    pins, conda_only = {}, {}
    for item in environment["dependencies"]:
        if isinstance(item, dict):
            for line in item["pip"]:
                requirement = Requirement(line)
                (specifier,) = requirement.specifier
                assert specifier.operator == "==", f"{line} is not pinned"
                pins[canonicalize_name(requirement.name)] = specifier.version
            continue
        name, _, version = item.partition("=")
        if name in CONDA_ONLY:
            conda_only[name] = version.split("=")[0]
            continue
        assert version.startswith("="), f"{item} is not pinned to one version (name==version)"
        pins[canonicalize_name(PYPI_NAMES.get(name, name))] = version[1:]
    return pins, conda_only


LOCK, UNHASHED = read_lock((ROOT / "requirements.lock").read_text())
CONDA, CONDA_ONLY_PINS = read_conda(yaml.safe_load((ROOT / "environment.yml").read_text()))


@pytest.mark.parametrize("name", DIRECT)
def test_direct_dependency_is_locked_within_its_range(name):
    assert name in LOCK, f"{name} is in pyproject.toml but not in requirements.lock; run: make lock"
    assert DIRECT[name].specifier.contains(LOCK[name], prereleases=True), "run: make lock"


@pytest.mark.parametrize("name", DIRECT)
def test_direct_dependency_is_in_the_conda_environment(name):
    assert name in CONDA, f"{name} is in pyproject.toml but not in environment.yml"


@pytest.mark.parametrize("name", CONDA)
def test_conda_pin_is_the_locked_version(name):
    assert CONDA[name] == LOCK.get(name)


def test_conda_environment_has_nothing_superfluous():
    assert set(CONDA) - set(DIRECT) == {"setuptools"}, "in environment.yml but not in pyproject.toml"


def test_conda_brings_python_and_a_gromacs_that_is_new_enough():
    assert CONDA_ONLY_PINS.keys() == CONDA_ONLY
    assert SpecifierSet(PROJECT["requires-python"]).contains(CONDA_ONLY_PINS["python"])
    setup = (ROOT / "workflow" / "setup.sh").read_text()
    (oldest,) = re.findall(r"^readonly min_gromacs=(\d+)$", setup, re.MULTILINE)
    assert Version(CONDA_ONLY_PINS["gromacs"]) >= Version(oldest)


def test_every_locked_package_carries_a_hash():
    assert len(LOCK) > len(DIRECT)
    assert not UNHASHED


def test_the_build_backend_is_locked():
    # the checkout is installed without build isolation
    assert "setuptools" in LOCK
    requires = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    for requirement in map(Requirement, requires):
        assert requirement.specifier.contains(LOCK[canonicalize_name(requirement.name)])


def test_a_wrong_lock_is_noticed():
    with pytest.raises(AssertionError, match="not pinned"):
        read_lock("numpy>=2\n")
    assert read_lock("numpy==2.0.0 \\\n    --hash=sha256:00\n    # via x\nscipy==1.0\n") == (
        {"numpy": "2.0.0", "scipy": "1.0"},
        {"scipy"},
    )


def test_a_loose_conda_pin_is_noticed():
    with pytest.raises(AssertionError, match="not pinned"):
        read_conda({"dependencies": ["numpy=2.0"]})
    dependencies = ["gromacs=2024.5=nompi*", "matplotlib-base==3.0", {"pip": ["PyYAML==6.0"]}]
    pins, conda_only = read_conda({"dependencies": dependencies})
    assert pins == {"matplotlib": "3.0", "pyyaml": "6.0"}
    assert conda_only == {"gromacs": "2024.5"}
