"""What to do about data that are not there: the end of an error message, with the command to give in the checkout."""

from __future__ import annotations

import shlex
from collections.abc import Collection
from pathlib import Path

from .config import Scale, load
from .paths import repository

#: Where notebooks read the shipped replicas, put together.
TOGETHER = Path("runs/reference")


def shelf() -> Path:
    """The shipped data."""
    return repository() / "data" / "reference"


def shown(path: Path) -> str:
    """A path as one types it in the checkout."""
    path = Path(path)
    return shlex.quote(str(path.relative_to(repository()) if path.is_relative_to(repository()) else path))


def build(place: Path) -> str:
    """For a system (`Campaign.system`) that is not built."""
    place = Path(place).resolve()
    root = place.parents[1]
    if place.parent != root / "systems":
        return "build the system first"
    where = f"config/{root.name}.yml --runs {shown(root.parent)} --system {place.name}"
    return f"build the system first: janus-pore build {where}"


def run(path: Path) -> str:
    """For a file of reduced data: the workflow up to it, which for shipped data is another campaign's file."""
    path = Path(path).resolve()
    root = _campaigns()
    if not path.is_relative_to(root):
        return "run the workflow up to it first (make book)"
    inside = path.relative_to(root)
    together = inside.parts[0] == TOGETHER.name
    if together:
        inside = inside.relative_to(TOGETHER.name)
    scale = inside.parts[0]
    if not (repository() / "config" / f"{scale}.yml").exists():
        return f"there is no scale file config/{scale}.yml, so no campaign lies there: set `runs` to where it does"
    if together and (shelf() / inside.with_suffix("")).is_dir():
        return put_together(scale, path.parents[len(inside.parts) - 1])
    command = f"snakemake {Path('runs') / inside} --cores 2 --configfile config/{scale}.yml"
    if together:
        return f'it is none of the data that ship: run the workflow up to it ({command}) and read it with runs = "runs"'
    return f"run the workflow up to it first: {command}"


def put_together(scale: str, runs: Path) -> str:
    """For collected data of a scale that ship."""
    own = Path(runs).resolve() == _campaigns()  # where collected data would hide those of a campaign
    command = f"janus-pore reference config/{scale}.yml --runs {TOGETHER if own else shown(runs)}"
    return f"put the shipped data together: {command}" + (f' (and set runs = "{TOGETHER}")' if own else "")


def shipped(kind: str) -> dict[str, list[str]]:
    """The systems of which replicas of a kind of protocol ship, by scale."""
    found: dict[str, list[str]] = {}
    for file in sorted(shelf().glob("*/scale.yml")):
        entries = {name for name, asked in load(file).protocols.items() if asked.kind == kind}
        replicas = file.parent.glob("*/*/r*.nc")
        there = {path.parts[-3] for path in replicas if {(name := path.parts[-2]), name.rpartition("_")[0]} & entries}
        if there:
            found[file.parent.name] = [system for system in load(file).systems if system in there]
    return found


def data(scale: Scale, runs: Path, kind: str, systems: Collection[str]) -> str:
    """For collected data of a kind of protocol, of one or any of `systems`."""
    found = shipped(kind)
    if not any(protocol.kind == kind and {*protocol.systems} & {*systems} for protocol in scale.protocols.values()):
        choices = [
            f'scale_file = "config/{name}.yml", runs = "{TOGETHER}", system = "{there[0]}", '
            f"after janus-pore reference config/{name}.yml --runs {TOGETHER}"
            for name, there in found.items()
        ]
        said = f"choose a scale that has one (such data ship: {'; '.join(choices)})" if choices else "none ships"
        return f"{said}, or add one to `protocols` of a scale of your own"
    campaign = f"make {scale.scale}" if scale.scale in ("scout", "held") else f"make book SCALE={scale.scale}"
    if {*found.get(scale.scale, [])} & {*systems}:
        return f"{put_together(scale.scale, runs)}. To run them yourself: {campaign}"
    return f"run the workflow up to it first ({campaign})"


def _campaigns() -> Path:
    """Where the checkout's campaigns really lie: on a cluster `runs` is often a link to another disk."""
    return (repository() / "runs").resolve()
