"""The sections of a scale file as typed models: units in the names, bounds checked, nothing else allowed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from .units import is_multiple

Positive = Annotated[float, Field(gt=0)]
FieldVnm = Annotated[float, Field(ge=-5.0, le=5.0)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Resolution = Annotated[float, Field(ge=1e-6, le=0.01, description="of stored positions; 1e-6 is all that mdrun has")]
#: Forces recomputed from positions stored to this many nm are off by 2 kJ/mol/nm, at random, of a spread of 300.
RERUN_RESOLUTION_NM = 1e-4
#: A held ion is where it was put to within this many nm: positions of a .gro file are rounded.
HELD_WITHIN_NM = 2e-3


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
    held_cl_nm: float | None = Field(
        default=None, ge=-1.2, le=1.2, description="of a Cl- held on the pore's axis, from the Mo plane, toward S"
    )

    @model_serializer(mode="wrap")
    def as_written(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not asked for: a system stays the same one when a new version knows more to ask."""
        return {key: value for key, value in dump(self).items() if value is not None}


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
    trajectory_resolution_nm: Resolution
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
    seed: int = Field(ge=1, le=2**31 - 1, description="0 would mean any to grompp")


class Ensemble(Model):
    replicas: int = Field(ge=1, le=10_000)
    spacing_ps: Positive
    randomise_ps: Positive
    cores_per_run: int = Field(ge=1, le=256)
    replicas_per_job: int = Field(default=1, ge=1, le=64, description="side by side, on cores of their own")
    batch_minutes: float = Field(default=20.0, ge=0.0, description="replicas in turn in a job, until it is this long")


class EngineChecks(Model):
    """Runs of a cube of bulk electrolyte that check the engine: thermostats, energy conservation, Ohm's law."""

    edge_nm: float = Field(ge=1.8, le=20.0)
    settle_ps: Positive
    nvt_ps: Positive
    nve_ps: Positive
    nve_timesteps_fs: list[Annotated[float, Field(ge=0.1, le=2.0)]] = Field(min_length=2)
    nve_buffer_nm: float = Field(gt=0, le=0.5, description="of the pair list beyond the cutoff")
    fields_v_nm: list[FieldVnm] = Field(min_length=2)
    field_ps: Positive
    discard_ps: float = Field(ge=0.0, description="at the start of runs with a thermostat")
    trajectory_interval_ps: Positive
    energy_interval_ps: Positive

    @model_validator(mode="after")
    def check(self) -> EngineChecks:
        for key in ("settle_ps", "nvt_ps", "nve_ps", "field_ps"):
            if not is_multiple(getattr(self, key), self.trajectory_interval_ps):
                raise ValueError(f"{key} must be a whole number of trajectory_interval_ps")
        for key in ("trajectory_interval_ps", "energy_interval_ps"):
            if not all(is_multiple(getattr(self, key), fs / 1000) for fs in self.nve_timesteps_fs):
                raise ValueError(f"{key} must be a whole number of each of nve_timesteps_fs")
        longest = max(self.nve_timesteps_fs)
        if not all(is_multiple(longest, fs) for fs in self.nve_timesteps_fs):
            raise ValueError("the longest of nve_timesteps_fs must be a whole number of each of them")
        for key in ("nve_timesteps_fs", "fields_v_nm"):
            if sorted(set(getattr(self, key))) != getattr(self, key):
                raise ValueError(f"{key} must rise, without repeats")
        if 0 in self.fields_v_nm or not self.discard_ps < min(self.nvt_ps, self.field_ps):
            raise ValueError("discard_ps must be shorter than nvt_ps and field_ps, and no field 0")
        return self


class Analysis(Model):
    pore_radius_nm: Annotated[float, Field(gt=0, le=2.0)]
    pore_half_depth_nm: Annotated[float, Field(gt=0, le=1.0)]
    current_window_ps: Positive
    phase_bins: int = Field(ge=8, le=2000, multiple_of=4, description="each quarter of a period is a branch")
    angle_bins: int = Field(ge=12, le=720)
    bootstrap_draws: int = Field(ge=100, le=100_000)
    confidence: float = Field(gt=0, lt=1)
    discard_ps: float = Field(ge=0.0, description="after switching a constant field on")


class Barrier(Model):
    """The force on Cl- along the pore: which runs and frames, and how it is binned (Table 1)."""

    protocols: list[Name] = Field(description="sweeps and constant fields; empty for none")
    fields_v_nm: list[FieldVnm] = Field(min_length=1)
    half_window_v_nm: float = Field(gt=0, le=0.5, description="frames this near to a field count for it")
    both_branches: bool = Field(default=False, description="of a sweep the frames where |E| falls, too")
    every_frames: int = Field(ge=1, le=10_000, description="of the frames in a window, every n-th")
    half_range_nm: float = Field(gt=0, le=5.0, description="from the Mo plane, either way")
    bin_width_nm: float = Field(gt=0, le=0.5)
    radius_nm: float = Field(gt=0, le=5.0, description="of the column about the pore's axis in which ions count")
    waiting_depth_nm: float = Field(gt=0, description="from the Mo plane; nearer ions of the column wait in the pore")
    axis_radius_nm: float = Field(gt=0, description="of the waiting ions, those whose forces tell what holds them")
    arrival_ps: float = Field(gt=0, le=1000.0, description="without an ion there before one comes; looked at around it")
    placed_alike: list[Name] = Field(
        default=[], description="placements of the ions that began nearly as the first, and count as one with it"
    )

    @model_validator(mode="after")
    def check(self) -> Barrier:
        fields, gap = self.fields_v_nm, 2 * self.half_window_v_nm - 1e-9
        if 0 in fields or any(b - a < gap for a, b in zip(fields, fields[1:], strict=False)):
            raise ValueError("fields_v_nm must rise by at least 2 half_window_v_nm, and not hold 0")
        if not is_multiple(2 * self.half_range_nm, self.bin_width_nm):
            raise ValueError("2 half_range_nm must be a whole number of bin_width_nm")
        for inner, outer in (("waiting_depth_nm", "half_range_nm"), ("axis_radius_nm", "radius_nm")):
            if getattr(self, inner) > getattr(self, outer):
                raise ValueError(f"{inner} must not exceed {outer}: farther ions do not count")
        return self
