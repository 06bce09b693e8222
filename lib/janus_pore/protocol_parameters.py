"""The section `protocols` of a scale file as typed models: what is applied along x, to which systems, how often."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from .parameters import FieldVnm, Model, Name, Positive, Resolution


class OwnMD(Model):
    """What a protocol may run with in place of the campaign's `md`, to see how a result depends on it."""

    timestep_fs: float | None = Field(default=None, ge=0.1, le=2.0)
    thermostat: Literal["nose-hoover", "v-rescale"] | None = None
    thermostat_time_ps: float | None = Field(default=None, ge=0.01, le=10.0)
    thermostat_every_steps: int | None = Field(default=None, ge=1, le=100)


class Run(Model):
    """What every protocol has; without replicas, interval, resolution or md of its own it takes the campaign's."""

    systems: list[Name] = Field(min_length=1)
    replicas: int | None = Field(default=None, ge=1, le=10_000)
    md: OwnMD | None = None
    trajectory_interval_ps: Positive | None = None
    trajectory_resolution_nm: Resolution | None = None


class SineSweep(Run):
    kind: Literal["sine"]
    amplitude_v_nm: float = Field(gt=0, le=5.0)
    frequency_ghz: float = Field(gt=0, le=1000.0)
    periods: int = Field(ge=1, le=1000)


class ConstantFields(Run):
    kind: Literal["constant"]
    fields_v_nm: list[FieldVnm] = Field(min_length=1)
    duration_ps: Positive


class FieldSteps(Run):
    """Prepare at one field, then step to each of several: from there in one jump, or each from the one before."""

    kind: Literal["steps"]
    path: Literal["jump", "staircase"] = "jump"
    from_v_nm: FieldVnm
    prepare_ps: Positive
    to_v_nm: list[FieldVnm] = Field(min_length=1)
    duration_ps: Positive


class Pulses(Run):
    """What pulse pairs and trains share; prime_ps 0: no prime."""

    prime_v_nm: FieldVnm
    prime_ps: float = Field(ge=0.0)
    pulse_v_nm: FieldVnm
    pulse_ps: Positive
    gap_v_nm: FieldVnm


class PulsePair(Pulses):
    kind: Literal["pair"]
    delays_ps: list[Positive] = Field(min_length=1)

    @model_validator(mode="after")
    def check(self) -> PulsePair:
        if sorted(set(self.delays_ps)) != self.delays_ps:
            raise ValueError("delays_ps must rise, without repeats")
        return self


class PulseTrain(Pulses):
    kind: Literal["train"]
    gap_ps: Positive
    pulses: int = Field(ge=2, le=1000)


AnyProtocol = Annotated[SineSweep | ConstantFields | FieldSteps | PulsePair | PulseTrain, Field(discriminator="kind")]
