#!/usr/bin/env bash
# All the set-up the book needs; `make book` and `make test` call it, and a second call costs nothing.
#
#   workflow/setup.sh                     Python environment and GROMACS, installed where missing
#   workflow/setup.sh --slurm             the Slurm that tests/cluster runs, installed if missing (exit 3: it cannot be)
#   workflow/setup.sh --check-gromacs     say which GROMACS would be used; install nothing (exit 3: none)
#   workflow/setup.sh --check-python      say which Python environment would be used; install nothing
#   workflow/setup.sh --exec COMMAND...   run a command in the Python environment
#
# Python:  an active conda environment made from environment.yml is used as it is; otherwise .venv is made
#          with Python 3.11 (or 3.12) and holds exactly what requirements.lock says.
# GROMACS: $GMX, else gmx, else gmx_mpi on the PATH; if there is none, Debian's package is installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly min_gromacs=2021
readonly conda_name=janus-pore # the name in environment.yml
apt_updated=no

say() { printf 'setup: %s\n' "$*"; }
die() {
    printf 'setup: error: %s\n' "$*" >&2
    exit 1
}

# ---------------------------------------------------------------- Debian packages

apt_install() { # WHAT-FOR PACKAGE...
    local what=$1 log
    local -a sudo=()
    shift
    command -v apt-get >/dev/null ||
        die "$what is missing and there is no apt-get here; install it with your package manager (Debian: $*)," \
            "or use conda: conda env create -f environment.yml && conda activate $conda_name"
    if ((EUID != 0)); then
        command -v sudo >/dev/null ||
            die "$what is missing and installing it needs root; as root, run: apt-get install $*"
        sudo=(sudo)
        [[ -t 0 ]] || sudo=(sudo -n) # nobody there to type a password
    fi
    say "installing $what: apt-get install $*"
    log=$(mktemp)
    if [[ $apt_updated == no ]]; then
        # a broken third-party source must not stop us: if it matters, the install below fails and says so
        "${sudo[@]}" apt-get update -q >"$log" 2>&1 </dev/null || true
        apt_updated=yes
    fi
    if ! "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
        install -q -y --no-install-recommends "$@" >>"$log" 2>&1 </dev/null; then
        tail -n 15 "$log" >&2
        rm -f "$log"
        die "could not install $what; see the lines above, then as root run: apt-get update && apt-get install $*"
    fi
    rm -f "$log"
    hash -r
}

# ---------------------------------------------------------------- GROMACS

# Sets gmx and gmx_version. Returns 1 if there is no GROMACS at all; one that cannot be used is an error.
find_gromacs() {
    local out
    if [[ -n ${GMX:-} ]]; then
        gmx=$(command -v -- "$GMX") || die "GMX=$GMX cannot be run: no such program." \
            "Set GMX to the path of a gmx executable, or unset it to use the one on the PATH."
    else
        gmx=$(command -v gmx || command -v gmx_mpi) || return 1
    fi
    out=$(timeout 60 "$gmx" --version 2>&1 </dev/null) ||
        die "$gmx --version failed; set GMX to a GROMACS that runs (>= $min_gromacs)." "It said: ${out:0:300}"
    [[ $out =~ GROMACS\ version:[^0-9$'\n']*(([0-9]+)[^[:space:]]*) ]] ||
        die "$gmx --version names no GROMACS version; set GMX to a GROMACS that runs (>= $min_gromacs)."
    gmx_version=${BASH_REMATCH[1]}
    ((10#${BASH_REMATCH[2]} >= min_gromacs)) ||
        die "GROMACS $gmx_version ($gmx) is too old: $min_gromacs or newer is needed. Set GMX to a newer gmx," \
            "or take this one off the PATH to have Debian's installed."
}

ensure_gromacs() {
    if ! find_gromacs; then
        if in_conda; then
            die "the conda environment $CONDA_PREFIX has no gmx; run: conda env update -f environment.yml"
        fi
        apt_install GROMACS gromacs
        find_gromacs || die "the Debian package gromacs is installed but gmx is not on the PATH; set GMX to its path."
    fi
    say "GROMACS $gmx_version ($gmx)"
}

# ---------------------------------------------------------------- Slurm, for tests/cluster only

have_slurm() {
    local program PATH=$PATH:/usr/sbin # Debian's place for daemons is not on everybody's PATH
    for program in munged slurmctld slurmd sbatch; do
        command -v "$program" >/dev/null || return 1
    done
}

# Nobody needs a Slurm of their own to use the book, so where it cannot be had its tests are left out; CI has no excuse.
ensure_slurm() {
    have_slurm && return
    if ! in_conda && command -v apt-get >/dev/null && { ((EUID == 0)) || command -v sudo >/dev/null; }; then
        (apt_install "Slurm" slurm-wlm munge) && have_slurm && return
    fi
    [[ ${CI:-} != true ]] || die "no Slurm here and it could not be installed; in CI the cluster tests must run."
    say "no Slurm here and no way to install it (Debian, root): the cluster tests are left out"
    exit 3
}

# ---------------------------------------------------------------- Python

# Does the environment of this Python hold every dependency that pyproject.toml names, in its range?
has_dependencies() {
    "$1" - 2>/dev/null <<'PY'
import sys
import tomllib
from importlib.metadata import version

from packaging.requirements import Requirement

with open("pyproject.toml", "rb") as file:
    project = tomllib.load(file)["project"]
for line in project["dependencies"] + project["optional-dependencies"]["dev"]:
    requirement = Requirement(line)
    if not requirement.specifier.contains(version(requirement.name), prereleases=True):
        sys.exit(1)
PY
}

# Is an active conda environment the one to use? Asked several times: answered once.
in_conda() {
    if [[ -z ${conda_answer:-} ]]; then
        conda_answer=no
        if [[ -n ${CONDA_PREFIX:-} && ${CONDA_DEFAULT_ENV:-} != base ]]; then
            if [[ -x $CONDA_PREFIX/bin/python ]] && has_dependencies "$CONDA_PREFIX/bin/python"; then
                conda_answer=yes
            elif [[ ${CONDA_DEFAULT_ENV:-} == "$conda_name" ]]; then
                die "the conda environment $conda_name lacks packages that pyproject.toml asks for;" \
                    "run: conda env update -f environment.yml --prune"
            fi
        fi
    fi
    [[ $conda_answer == yes ]]
}

right_version() { # PYTHON
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' >/dev/null 2>&1
}

can_make_venv() { # PYTHON; Debian's has no ensurepip before python3-venv is installed
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1
}

# Sets python to a Python that can make .venv.
ensure_python() {
    local candidate bare='' minor
    for candidate in python3.11 python3.12 python3 /usr/bin/python3; do
        right_version "$candidate" || continue
        if can_make_venv "$candidate"; then
            python=$candidate
            return
        fi
        bare=${bare:-$candidate}
    done
    if [[ -n $bare ]]; then
        minor=$("$bare" -c 'import sys; print("3.%d" % sys.version_info.minor)')
        apt_install "the venv module of Python $minor" "python$minor-venv"
        python=$bare
    else
        apt_install "Python 3.11" python3 python3-venv
        python=/usr/bin/python3
    fi
    right_version "$python" ||
        die "Python 3.11 or 3.12 is needed and this system's package is another one; install python3.11 with venv," \
            "or use conda: conda env create -f environment.yml && conda activate $conda_name"
    can_make_venv "$python" || die "$python cannot make a virtual environment; install its venv and ensurepip modules."
}

digest() { # STRING-OR-NOTHING FILE...
    { printf '%s\n' "$1" && cat -- "${@:2}"; } | sha256sum | cut -c1-16
}

# The stamps are written last, so that an interrupted install does not count; the checkout's own path is part
# of them because a virtual environment does not survive being moved.
ensure_venv() {
    local stamp
    stamp=.venv/.lock-$(digest "$PWD" requirements.lock)
    if [[ ! -e $stamp ]] || ! right_version .venv/bin/python; then
        ensure_python
        say "making .venv with $("$python" --version 2>&1) and the packages of requirements.lock (a few minutes)"
        "$python" -m venv --clear .venv || die "could not make .venv with $python; remove .venv and try again."
        .venv/bin/python -m pip install --quiet --progress-bar off --disable-pip-version-check \
            --require-hashes --no-deps --use-pep517 -r requirements.lock ||
            die "pip could not install requirements.lock; check that PyPI can be reached, then try again."
        touch "$stamp"
    fi
    ensure_project .venv/bin/python .venv
    say "Python environment .venv is ready"
}

ensure_project() { # PYTHON FOLDER-FOR-THE-STAMP
    local stamp
    stamp=$2/.janus-pore-$(digest "$PWD" pyproject.toml)
    if [[ ! -e $stamp ]]; then
        say "installing the package janus_pore (editable)"
        "$1" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ||
            die "pip could not install this checkout; see its message above."
        rm -f -- "$2"/.janus-pore-*
        touch "$stamp"
    fi
}

ensure_environment() {
    if in_conda; then
        ensure_project "$CONDA_PREFIX/bin/python" "$CONDA_PREFIX"
        say "Python environment is conda's: $CONDA_PREFIX"
    else
        if [[ -n ${CONDA_PREFIX:-} ]]; then
            say "the active conda environment is not this project's: .venv is used instead"
        fi
        ensure_venv
    fi
}

# ---------------------------------------------------------------- what was asked for

case ${1:-} in
    '')
        ensure_gromacs
        ensure_environment
        ;;
    --slurm)
        ensure_slurm
        ;;
    --check-gromacs)
        if find_gromacs; then
            say "GROMACS $gmx_version ($gmx)"
        else
            say "no GROMACS here: the Debian package gromacs would be installed"
            exit 3
        fi
        ;;
    --check-python)
        if in_conda; then
            say "conda environment $CONDA_PREFIX"
        else
            say "virtual environment .venv"
        fi
        ;;
    --exec)
        shift
        if in_conda; then
            PATH=$CONDA_PREFIX/bin:$PATH
        else
            [[ -x .venv/bin/python ]] || die "there is no .venv yet; run: make env"
            export VIRTUAL_ENV=$PWD/.venv
            PATH=$VIRTUAL_ENV/bin:$PATH
        fi
        export PATH PYTHONNOUSERSITE=1
        unset PYTHONHOME
        exec "$@"
        ;;
    *)
        die "unknown option $1; the options are --slurm, --check-gromacs, --check-python and --exec COMMAND..."
        ;;
esac
