"""The scale file: every parameter of a campaign, read through one strict typed model.

Unknown keys, wrong types, values out of range and non-finite numbers are refused with the file, the key
and the allowed range. Units are in the key names.
"""

from __future__ import annotations

import difflib
import math
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from .errors import ConfigError
from .files import read_yaml
from .parameters import (
    HELD_WITHIN_NM,
    MD,
    RERUN_RESOLUTION_NM,
    Analysis,
    Barrier,
    EngineChecks,
    Ensemble,
    Equilibration,
    Model,
    Name,
    System,
)
from .protocol_parameters import AnyProtocol
from .units import is_multiple

#: What a form looks like that pydantic names by a pattern.
_EXAMPLES = {"pore_cut": "6/6/6"}

#: Directories of every campaign, which no system or protocol may be named after.
RESERVED = {"engine", "equilibrate", "systems", "notebooks", "results", "book", "tpr"}


#: Directories beside the campaigns, which no scale may be named after.
NOT_SCALES = {"reference", "verify"}


class Scale(Model):
    """A whole campaign: what is built, how it is run, what is computed from it."""

    scale: Name
    notice: str = Field(max_length=400, description="shown under the titles of its notebooks' pages; empty for none")
    systems: dict[Name, System] = Field(min_length=1)
    md: MD
    equilibration: Equilibration
    ensemble: Ensemble
    protocols: dict[Name, AnyProtocol]
    engine: EngineChecks
    analysis: Analysis
    barrier: Barrier

    @model_validator(mode="after")
    def check(self) -> Scale:
        if self.scale in NOT_SCALES:
            raise ValueError(f"runs/{self.scale} is where other things lie; give the scale another name")
        for name in {*self.systems, *self.protocols} & RESERVED:
            raise ValueError(f"'{name}' is a directory of every campaign; give the system or protocol another name")
        for name, protocol in self.protocols.items():
            for system in protocol.systems:
                if system not in self.systems:
                    raise ValueError(f"protocols.{name}.systems names '{system}', which is not in systems")
        for name, system in self.systems.items():
            edges = (system.length_x_nm, system.cells_y * 0.325, system.cells_z * 0.325 * 3**0.5)
            if abs(system.held_cl_nm or 0.0) + HELD_WITHIN_NM > self.barrier.half_range_nm:
                raise ValueError(
                    f"systems.{name}.held_cl_nm must be less than barrier.half_range_nm "
                    f"({self.barrier.half_range_nm:g} nm), beyond which no force counts"
                )
            if min(edges) <= 2 * self.md.cutoff_nm:
                raise ValueError(f"systems.{name}: every box edge must exceed twice md.cutoff_nm")
            if 2 * self.analysis.pore_radius_nm > min(edges[1:]):
                raise ValueError(f"analysis.pore_radius_nm: the pore must fit into the sheet of systems.{name}")
        for name, system in self.systems.items():
            if twin := next((other for other in self.systems if other != name and self.systems[other] == system), None):
                raise ValueError(
                    f"systems: {twin} and {name} do not differ, so their runs would be the same and count twice: give "
                    "one another `seed`, which places its ions anew"
                )
        if len({system.held_cl_nm is None for system in self.systems.values()}) > 1:
            raise ValueError(
                "systems: some hold a Cl- (held_cl_nm) and some do not, and pages about the ions would count a held "
                "one as free: give those that hold one a scale of their own, as config/held.yml is"
            )
        if self.engine.edge_nm <= 2 * (self.md.cutoff_nm + self.engine.nve_buffer_nm):
            raise ValueError("engine.edge_nm must exceed twice md.cutoff_nm + engine.nve_buffer_nm")
        for key in ("equilibration.duration_ps", "ensemble.spacing_ps", "ensemble.randomise_ps"):
            section, name = key.split(".")
            if not is_multiple(getattr(getattr(self, section), name), self.md.trajectory_interval_ps):
                raise ValueError(f"{key} must be a whole number of md.trajectory_interval_ps")
        most = max([self.ensemble.replicas, *(p.replicas or 1 for p in self.protocols.values())])
        needed = self.ensemble.spacing_ps * (most - 1) + self.equilibration.discard_ps
        if needed > self.equilibration.duration_ps:
            raise ValueError(
                f"{most} replicas spaced by {self.ensemble.spacing_ps} ps need an "
                f"equilibration.duration_ps of at least {needed} ps. (One that was run stays as it is: ask for fewer "
                "then, and add a system that differs by `seed`)"
            )
        self._check_barrier()
        if not self.equilibration.duration_ps > self.equilibration.discard_ps:
            raise ValueError("equilibration.discard_ps must be shorter than equilibration.duration_ps")
        return self

    def _check_barrier(self) -> None:
        for name in self.barrier.placed_alike:
            if not any(name in others for _, *others in self.placements.values()):
                raise ValueError(
                    f"barrier.placed_alike names '{name}', which is no system that differs from an earlier one by "
                    "`seed` alone"
                )
        for name in self.barrier.protocols:
            protocol = self.protocols.get(name)
            if protocol is None or protocol.kind not in ("sine", "constant"):
                raise ValueError(f"barrier.protocols names '{name}', which is no sine or constant of protocols")
            if (protocol.trajectory_resolution_nm or self.md.trajectory_resolution_nm) > RERUN_RESOLUTION_NM:
                raise ValueError(
                    f"barrier.protocols names '{name}', whose trajectory_resolution_nm must be at most "
                    f"{RERUN_RESOLUTION_NM:g}: forces are recomputed from its frames"
                )
            largest = protocol.amplitude_v_nm if protocol.kind == "sine" else math.inf
            if min(map(abs, self.barrier.fields_v_nm), default=0) > largest + self.barrier.half_window_v_nm:
                raise ValueError(f"barrier.fields_v_nm: the sweep '{name}' reaches none of them")
            if 2 * self.barrier.half_range_nm > min(self.systems[s].length_x_nm for s in protocol.systems):
                raise ValueError("barrier.half_range_nm must not exceed half of any system's length_x_nm")

    @property
    def lacks(self) -> list[str]:
        """Kinds of protocol that the book has pages about and the scale none of: if any, it makes no book by itself."""
        asked = {protocol.kind for protocol in self.protocols.values()}
        return [kind for kind in ("sine", "constant", "steps", "pair", "train") if kind not in asked]

    @property
    def placements(self) -> dict[str, list[str]]:
        """The systems by what they are: each first one with those that differ by `seed` alone, itself included.

        The seed places the ions, so the others are the same system with its ions placed anew.
        """
        found: dict[str, list[str]] = {}
        for name, system in self.systems.items():
            same = [one for one in found if self.systems[one].model_copy(update={"seed": system.seed}) == system]
            found.setdefault(same[0] if same else name, []).append(name)
        return found

    def entry_of(self, name: str) -> str:
        """The entry of `protocols` that an expanded protocol is of (`hold_+0.40` is of `hold`)."""
        return name if name in self.protocols else name.rpartition("_")[0]


def load(path: Path | str) -> Scale:
    """Read and check a scale file.

    The section `system` holds what all systems share; each entry of `systems` says what differs.

    Parameters
    ----------
    path : path of a YAML file such as ``config/tiny.yml``

    Returns
    -------
    Scale

    Raises
    ------
    ConfigError
        naming the file, each offending key, what was found and what is allowed.
    """
    data = read_yaml(Path(path))
    shared, systems = data.pop("system", {}), data.get("systems")
    if not isinstance(shared, dict):
        raise ConfigError(f"{path}: system: expected a mapping (or nothing), found {shared!r}")
    if isinstance(systems, dict):
        data["systems"] = {
            name: {**shared, **own} if isinstance(own, dict) else (shared if own is None else own)
            for name, own in systems.items()
        }
    try:
        return Scale.model_validate(data)
    except ValidationError as error:
        lines = [f"{path}: {error.error_count()} value(s) cannot be used:"]
        for item in error.errors():
            loc = list(item["loc"])
            if loc[:1] == ["protocols"] and loc[2:]:
                del loc[2]  # the kind, by which pydantic tells protocols apart
            key = ".".join(map(str, loc)) + ": " if loc else ""
            found = "" if isinstance(item["input"], dict | Model) else f" (found: {item['input']!r})"
            lines.append(f"  {key}{item['msg'].removeprefix('Value error, ')}{_in_words(item)}{found}")
        raise ConfigError("\n".join(lines)) from None


def _in_words(fault: Any) -> str:
    """What pydantic does not say of a fault: an example of a form, and which key an unknown one may stand for."""
    key = str(fault["loc"][-1]) if fault["loc"] else ""
    if fault["type"] == "string_pattern_mismatch" and key in _EXAMPLES:
        return f", such as {_EXAMPLES[key]}"
    if fault["type"] == "extra_forbidden" and (near := difflib.get_close_matches(key, _keys(), n=1)):
        return f": there is no such key. Is {near[0]} meant?"
    return ""


@cache
def _keys() -> list[str]:
    """All keys of a scale file."""
    schema = Scale.model_json_schema()
    parts = [schema, *schema["$defs"].values()]
    return sorted({key for part in parts for key in part.get("properties", {})})


def misnamed(path: Path | str, scale: Scale) -> str:
    """What to say if a scale file's name is not that of its scale; empty if it is.

    `make book SCALE=<name>` goes by the file's name, and the runs lie under the scale's. A shipped file,
    ``<name>/scale.yml``, is called after its directory.
    """
    path = Path(path)
    name = path.resolve().parent.name if path.name == "scale.yml" else path.stem
    if name == scale.scale:
        return ""
    return (
        f"{path} is of scale '{scale.scale}': its runs are those of runs/{scale.scale}, shared with any other file of "
        f"that scale. For a campaign of its own set its key `scale` to {name}"
    )
