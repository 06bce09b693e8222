"""The scale file: every parameter of a campaign, read through one strict typed model.

Unknown keys, wrong types, values out of range and non-finite numbers are refused with the file, the key
and the allowed range. Units are in the key names.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from .errors import ConfigError
from .files import read_yaml

Positive = Annotated[float, Field(gt=0)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
RESERVED = {"equilibrate", "systems", "notebooks", "results", "book", "tpr"}
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class System(Model):
    """One membrane in one electrolyte cell."""

    membrane: Literal["mosse", "mosse_even", "mosse_wide", "mosse_neutral", "mos2"]
    cells_y: int = Field(ge=6, le=64, description="rectangular cells (a) along y")
    cells_z: int = Field(ge=4, le=64, description="rectangular cells (sqrt(3) a) along z")
    pore_cut: str = Field(pattern=r"^\d+/\d+/\d+$", description="Mo/S/Se atoms removed")
    pore_centre: Literal["hollow", "bond", "widest"]
    charge_compensation: Literal["refuse", "spread"]
    se_type: Literal["charmm", "uff"]
    s_type: Literal["liang", "soft"]
    length_x_nm: float = Field(ge=3.0, le=40.0, description="box length along the pore axis")
    salt_mol_l: float = Field(ge=0.0, le=5.0)
    water_density_g_cm3: float = Field(ge=0.5, le=1.2)
    salt_molar_volume_cm3_mol: float = Field(ge=-20.0, le=60.0)
    excluded_thickness_nm: float = Field(ge=0.0, le=2.0)
    seed: int = Field(ge=0, le=2**31 - 1)


class MD(Model):
    """Integrator, thermostat, non-bonded settings and output."""

    timestep_fs: float = Field(ge=0.1, le=2.0)
    temperature_k: float = Field(ge=200.0, le=500.0)
    thermostat: Literal["nose-hoover", "v-rescale"]
    thermostat_time_ps: float = Field(ge=0.01, le=10.0)
    thermostat_every_steps: int = Field(ge=1, le=100)
    cutoff_nm: float = Field(ge=0.8, le=2.0)
    vdw_modifier: Literal["Potential-shift", "None"]
    pme_spacing_nm: float = Field(ge=0.05, le=0.2)
    pme_order: int = Field(ge=4, le=8)
    trajectory_interval_ps: Positive
    energy_interval_ps: Positive

    @model_validator(mode="after")
    def check(self) -> MD:
        if self.thermostat == "nose-hoover" and self.thermostat_every_steps * self.timestep_fs > 4:
            raise ValueError(
                "Nose-Hoover is not canonical here unless thermostat_every_steps * timestep_fs <= 4 fs; "
                "lower one of them or take thermostat: v-rescale"
            )
        for key in ("trajectory_interval_ps", "energy_interval_ps"):
            if not is_multiple(getattr(self, key), self.timestep_fs / 1000):
                raise ValueError(f"{key} must be a whole number of time steps ({self.timestep_fs} fs)")
        return self


class Equilibration(Model):
    minimise_steps: int = Field(ge=10, le=100_000)
    minimise_force_kj_mol_nm: Positive
    duration_ps: Positive
    discard_ps: float = Field(ge=0.0, description="not used in the checks of the equilibrated cell")
    seed: int = Field(ge=0, le=2**31 - 1)


class Ensemble(Model):
    replicas: int = Field(ge=1, le=10_000)
    spacing_ps: Positive
    randomise_ps: Positive
    cores_per_run: int = Field(ge=1, le=256)


class SineSweep(Model):
    kind: Literal["sine"]
    systems: list[Name] = Field(min_length=1)
    amplitude_v_nm: float = Field(gt=0, le=5.0)
    frequency_ghz: float = Field(gt=0, le=1000.0)
    periods: int = Field(ge=1, le=1000)


class ConstantFields(Model):
    kind: Literal["constant"]
    systems: list[Name] = Field(min_length=1)
    fields_v_nm: list[Annotated[float, Field(ge=-5.0, le=5.0)]] = Field(min_length=1)
    duration_ps: Positive


class Analysis(Model):
    pore_radius_nm: Annotated[float, Field(gt=0, le=2.0)]
    pore_half_depth_nm: Annotated[float, Field(gt=0, le=1.0)]
    current_window_ps: Positive
    phase_bins: int = Field(ge=8, le=2000)
    angle_bins: int = Field(ge=12, le=720)
    bootstrap_draws: int = Field(ge=100, le=100_000)
    confidence: Fraction
    discard_ps: float = Field(ge=0.0, description="after switching a constant field on")


class Scale(Model):
    """A whole campaign: what is built, how it is run, what is computed from it."""

    scale: Name
    notice: str = Field(max_length=400, description="shown on every page of the book; empty for none")
    systems: dict[Name, System]
    md: MD
    equilibration: Equilibration
    ensemble: Ensemble
    protocols: dict[Name, Annotated[SineSweep | ConstantFields, Field(discriminator="kind")]]
    analysis: Analysis

    @model_validator(mode="after")
    def check(self) -> Scale:
        for name in {*self.systems, *self.protocols} & RESERVED:
            raise ValueError(f"'{name}' is a directory of every campaign; give the system or protocol another name")
        for name, protocol in self.protocols.items():
            for system in protocol.systems:
                if system not in self.systems:
                    raise ValueError(f"protocols.{name}.systems names '{system}', which is not in systems")
        for name, system in self.systems.items():
            edges = (system.length_x_nm, system.cells_y * 0.325, system.cells_z * 0.325 * 3**0.5)
            if min(edges) <= 2 * self.md.cutoff_nm:
                raise ValueError(f"systems.{name}: every box edge must exceed twice md.cutoff_nm")
        for key in ("equilibration.duration_ps", "ensemble.spacing_ps", "ensemble.randomise_ps"):
            section, name = key.split(".")
            if not is_multiple(getattr(getattr(self, section), name), self.md.trajectory_interval_ps):
                raise ValueError(f"{key} must be a whole number of md.trajectory_interval_ps")
        needed = self.ensemble.spacing_ps * (self.ensemble.replicas - 1) + self.equilibration.discard_ps
        if needed > self.equilibration.duration_ps:
            raise ValueError(
                f"{self.ensemble.replicas} replicas spaced by {self.ensemble.spacing_ps} ps need an "
                f"equilibration.duration_ps of at least {needed} ps"
            )
        if not self.equilibration.duration_ps > self.equilibration.discard_ps:
            raise ValueError("equilibration.discard_ps must be shorter than equilibration.duration_ps")
        return self


def is_multiple(value: float, unit: float) -> bool:
    """Whether `value` is a whole number (at least one) of `unit`, to rounding."""
    ratio = value / unit
    return round(ratio) >= 1 and abs(ratio - round(ratio)) < 1e-6


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
            key = ".".join(str(part) for part in item["loc"]) or "(whole file)"
            found = "" if isinstance(item["input"], dict | Model) else f" (found: {item['input']!r})"
            lines.append(f"  {key}: {item['msg']}{found}")
        raise ConfigError("\n".join(lines)) from None
