"""What was gathered from a replica's frames as a dataset with units: times, fields, parts of the protocol."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..errors import TrajectoryError
from ..simulate.field import Protocol
from . import density
from .region import Region
from .store import rounded

_BY_SPECIES = ("interval", "species")
#: name, dimensions, unit, what it is; in the order in which they are stored.
_FRAMES = (
    ("pore_water", ("time",), "1", "waters in the pore region", np.int16),
    ("current", _BY_SPECIES, "nA", "whole-box current", np.float32),
    ("crossings", _BY_SPECIES, "1", "net crossings toward +x", np.int16),
    ("theta", ("sample",), "rad", "dipole angle in the x-y plane", np.float32),
    ("theta_frame", ("sample",), "1", "position along time", np.int32),
)


def period_ps(protocol: Protocol) -> float:
    """Period of a sine sweep; 0 for other protocols."""
    frequency = protocol.segments[0].frequency_ghz
    return 1000 / frequency if frequency else 0.0


def parts(protocol: Protocol) -> list[str]:
    """Names of the parts of a protocol whose profiles are kept apart: sixteenths of a sine's period, or segments.

    The first period, which starts with an uncharged sheet, is apart from all later ones. Long segments of field steps
    are divided (`density.pieces`).
    """
    if period_ps(protocol):
        which = ("the first period", "later periods")[: 1 + _goes_on(protocol)]
        return [f"{k + 1}/{density.PHASES} of {one}" for one in which for k in range(density.PHASES)]
    return [
        label + (f", {k + 1}/{number}" if number > 1 else "")
        for label, number in zip(protocol.labels, _pieces(protocol), strict=True)
        for k in range(number)
    ]


def part_of(protocol: Protocol, segment: int, since_ps: float, discard_ps: float) -> int:
    """Which part a frame belongs to, by its time since its segment's start; -1 for none (a field just switched on)."""
    if period := period_ps(protocol):
        turns = since_ps / period + 1e-9
        return density.PHASES * min(int(turns), _goes_on(protocol)) + int(turns % 1 * density.PHASES)
    if protocol.kind == "constant" and since_ps < discard_ps - 1e-6:
        return -1
    number = _pieces(protocol)
    piece = int(density.piece(since_ps, protocol.segments[segment].duration_ps)) if number[segment] > 1 else 0
    return sum(number[:segment]) + piece


def _goes_on(protocol: Protocol) -> int:
    """1 for a sine of more than one period, else 0."""
    return int(round(protocol.segments[0].duration_ps / period_ps(protocol)) > 1)


def _pieces(protocol: Protocol) -> list[int]:
    steps = protocol.kind == "steps"
    return [density.pieces(one.duration_ps) if steps else 1 for one in protocol.segments]


def made(protocol: Protocol, start_ps: float, rows: dict, batches: dict, attrs: dict) -> xr.Dataset:
    """Times (counted from the protocol's start, along each segment's own path), fields, currents and angles.

    Raises
    ------
    TrajectoryError
        if a segment does not have the intervals that were asked for.
    """
    joined = {name: np.concatenate(parts) if parts else np.empty(0) for name, parts in batches.items()}
    time, middle = np.array(rows["time"]) - start_ps, joined["interval_time"] - start_ps
    segment, between = np.array(rows["segment"], dtype=np.int32), joined["interval_segment"].astype(np.int32)
    for k, (begin, asked) in enumerate(zip(protocol.starts_ps(), protocol.segments, strict=True)):
        expected = begin + (np.arange(round(asked.duration_ps / attrs["interval_ps"])) + 0.5) * attrs["interval_ps"]
        found = middle[between == k]
        if len(found) != len(expected) or np.abs(found - expected).max() > 0.01 * attrs["interval_ps"]:
            raise TrajectoryError(f"{protocol.name}: segment {k + 1} has {len(found)} intervals; run it again")
    field = _field(protocol, time, segment)
    data = xr.Dataset(
        {
            "field": ("time", field, {"units": "V/nm", "long_name": "applied field along x"}),
            "segment": ("time", segment, {"units": "1", "long_name": "position in the protocol"}),
            "interval_field": ("interval", _field(protocol, middle, between), {"units": "V/nm"}),
            "interval_segment": ("interval", between, {"units": "1", "long_name": "position in the protocol"}),
        },
        coords={
            "time": ("time", time, {"units": "ps"}),
            "interval_time": ("interval", middle, {"units": "ps"}),
            "species": ["K", "CL"],
        },
        attrs=attrs,
    )
    gathered = {**rows, **joined, "theta": rounded("theta", joined["theta"])}
    gathered["theta_frame"] = np.repeat(np.arange(len(time)), rows["pore_water"])
    for name, dims, unit, text, kind in _FRAMES:
        data[name] = (dims, np.array(gathered[name]).astype(kind), {"units": unit, "long_name": text})
    return data


def profiles(
    protocol: Protocol, counts: density.Counts, part: np.ndarray, sheet_charge_e: np.ndarray, data: xr.Dataset
) -> xr.Dataset:
    """Counts along x by part of the protocol, and the fixed sheet's charge in the same bins.

    Parameters
    ----------
    part : which part each frame was counted in, -1 for none, array (time,)
    """
    field = [data.field.values[part == k].mean() if (part == k).any() else np.nan for k in range(len(parts(protocol)))]
    number, column = (one.astype(np.int32) for one in counts.folded())
    text, place = "atoms in the bin, summed over profile_frames", {"units": "nm", "long_name": "from the Mo plane"}
    return xr.Dataset(
        {
            "profile_field": ("profile", field, {"units": "V/nm", "long_name": "mean field of these frames"}),
            "profile_frames": ("profile", counts.frames.astype(np.int32), {"units": "1"}),
            "number": (("profile", "kind", "x"), number, {"units": "1", "long_name": text}),
            "column": (("profile", "heavy", "x"), column, {"units": "1", "long_name": f"{text}, near the axis"}),
            "sheet_charge": ("x", sheet_charge_e, {"units": "e", "long_name": "charge of the fixed sheet"}),
        },
        coords={
            "profile": parts(protocol), "kind": list(density.KINDS), "heavy": list(density.HEAVY),
            "x": ("x", density.centres_nm(data.attrs["length_x_nm"]), place),
        },
    )  # fmt: skip


def water(wide: Region, data: xr.Dataset, sheet_names: np.ndarray, sheet_nm: np.ndarray) -> xr.Dataset:
    """Angles over the wider region, and the frame to draw."""
    seen = wide.values()
    place = {"units": "nm", "long_name": "from the pore's centre"}
    at = {"time_ps": float(data.time[wide.picture_frame]), "field_v_nm": float(data.field[wide.picture_frame])}
    what = {
        "theta": {"units": "rad", "long_name": "dipole angle in the x-y plane"},
        "radius": {"units": "nm", "long_name": "from the axis"},
        "depth": {"units": "nm", "long_name": "from the Mo plane"},
    }
    return xr.Dataset(
        {f"wide_{name}": ("wide", rounded(f"wide_{name}", seen[name]), note) for name, note in what.items()}
        | {
            "wide_frame": ("wide", seen["frame"].astype(np.int32), {"units": "1", "long_name": "position along time"}),
            "snapshot": (("molecule", "atom", "xyz"), wide.picture.astype(np.float32), place | at),
            "snapshot_sheet": (("sheet", "xyz"), sheet_nm.astype(np.float32), place),
        },
        coords={"atom": ["O", "H1", "H2"], "xyz": ["x", "y", "z"], "sheet": sheet_names.astype(str)},
    )


def _field(protocol: Protocol, time_ps: np.ndarray, segment: np.ndarray) -> np.ndarray:
    field, starts = np.zeros(len(time_ps)), protocol.starts_ps()
    for k, one in enumerate(protocol.segments):
        field[segment == k] = one.at(time_ps[segment == k] - starts[k])
    return field
