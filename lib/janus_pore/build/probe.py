"""What does the sheet alone do to an ion? Exact, without a simulation, because the sheet is rigid.

The sheet's part of every force, and so two columns of Table 1, depend on nothing but the ion's place:

    U(r) = q sum_a q_a E(r - r_a) + sum_a 4 eps_a [(sigma_a / d)^12 - (sigma_a / d)^6] - (the same at the cutoff)

E is the Ewald potential of a unit charge and its images with a conducting boundary, as in the runs (there on a mesh).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from scipy.special import erfc

from ..errors import MembraneError
from ..units import EPSILON_0_E_V_NM, KJ_MOL_NM_PER_E2, KJ_MOL_NM_PER_E_V_NM
from .forcefield import MOBILE_CHARGES, AtomType
from .membrane import Sheet

#: Width of the Ewald charges (1/nm); both sums are then exact to about 1e-6 of a charge's potential at 1 nm.
_ALPHA = 4.5
_HIGHEST_WAVE = 8 * _ALPHA


def energy(
    sheet: Sheet,
    charges: Sequence[float],
    types: Mapping[str, AtomType],
    ion: str,
    points_nm: np.ndarray,
    length_x_nm: float,
    cutoff_nm: float = 1.2,
) -> tuple[np.ndarray, np.ndarray]:
    """Energy of one ion at some points, by the sheet and its images and by nothing else.

    Parameters
    ----------
    sheet, charges : the sheet and its charges (e), one an atom, together neutral
    types : Lennard-Jones types by name (`forcefield.atom_types`)
    ion : "K" or "CL"
    points_nm : array (n, 3), x from the Mo plane
    length_x_nm : the box along x
    cutoff_nm : of the Lennard-Jones potential, which is shifted to zero there

    Returns
    -------
    electrostatic, vdw : arrays (n,) in kJ/mol. The electrostatic one is zero on average over the box.

    Raises
    ------
    MembraneError
        if the sheet is charged, or the box is narrower than 1.9 nm.
    """
    q, box = np.asarray(charges, dtype=float), np.array([length_x_nm, *sheet.box_nm])
    if abs(q.sum()) > 1e-6:
        raise MembraneError(f"the sheet has a net charge of {q.sum():+.2f} e: its potential has no zero; neutralise it")
    if box.min() < 1.9:
        raise MembraneError(f"the box is {box.min():.2f} nm wide; the sums need 1.9 nm: take more cells")
    both = [types[ion], *(types[name] for name in sheet.names)]
    sigma = np.array([0.5 * (both[0].sigma_nm + one.sigma_nm) for one in both[1:]])
    depth = np.sqrt([both[0].epsilon_kj_mol * one.epsilon_kj_mol for one in both[1:]])
    near, vdw = np.empty(len(points_nm)), np.empty(len(points_nm))
    for k, point in enumerate(points_nm):
        d = point - sheet.positions_nm
        r = np.linalg.norm(d - box * np.round(d / box), axis=1)
        near[k] = (q * erfc(_ALPHA * r) / r).sum()
        six, edge = (sigma / r) ** 6, (sigma / cutoff_nm) ** 6
        vdw[k] = (4 * depth * (six**2 - six - edge**2 + edge))[r < cutoff_nm].sum()
    electrostatic = MOBILE_CHARGES[ion] * KJ_MOL_NM_PER_E2 * (near + _waves(sheet.positions_nm, q, box, points_nm))
    return electrostatic, vdw


def on_axis(
    sheet: Sheet,
    charges: Sequence[float],
    types: Mapping[str, AtomType],
    ion: str,
    length_x_nm: float,
    cutoff_nm: float = 1.2,
    half_range_nm: float = 0.8,
    step_nm: float = 0.01,
) -> xr.Dataset:
    """`energy` along the pore's axis.

    Returns
    -------
    Dataset over `x` (nm): `electrostatic` and `vdw` in kJ/mol, the first against its value at the right end, in front
    of the S side, and the forces along x, `electrostatic_force` and `vdw_force`, in kJ/mol/nm. Attribute
    `periodic_v_nm`: the uniform field (V/nm, toward +x) that is in these because the box is periodic,
    M / (epsilon_0 V) with the sheet's dipole moment M: no voltage falls across a box without an applied field.
    """
    steps = round(half_range_nm / step_nm)
    x = np.arange(-steps, steps + 1) * step_nm
    points = np.column_stack([x, np.tile(sheet.centre_nm, (len(x), 1))])
    electrostatic, vdw = energy(sheet, charges, types, ion, points, length_x_nm, cutoff_nm)
    found = {"electrostatic": electrostatic - electrostatic[-1], "vdw": vdw}
    table = {name: ("x", one, {"units": "kJ/mol"}) for name, one in found.items()}
    table |= {f"{name}_force": ("x", -np.gradient(one, x), {"units": "kJ/mol/nm"}) for name, one in found.items()}
    volume = length_x_nm * float(np.prod(sheet.box_nm))
    uniform = float(np.asarray(charges) @ sheet.positions_nm[:, 0]) / (EPSILON_0_E_V_NM * volume)
    return xr.Dataset(table, coords={"x": ("x", x, {"units": "nm"})}, attrs={"periodic_v_nm": uniform})


def built_in_v(profile: xr.Dataset, ion: str) -> float:
    """Voltage of the sheet's own field over a profile of `on_axis`: the potential at its -x end less that at +x.

    Positive where the field points toward +x, as a positive applied field does. The sheet alone: no water, no ions, and
    no images of it, so that the box does not matter.

    Parameters
    ----------
    ion : the one the profile is of
    """
    ends = profile.electrostatic.values[[0, -1]] / (MOBILE_CHARGES[ion] * KJ_MOL_NM_PER_E_V_NM)
    return float(ends[0] - ends[1] - profile.attrs["periodic_v_nm"] * (profile.x[-1] - profile.x[0]))


def over(profile: xr.Dataset, distance_nm: float) -> xr.Dataset:
    """What the energies of `on_axis` change by when the ion goes `distance_nm` toward +x (negative: toward -x).

    Returns
    -------
    Dataset over `x`, where it starts: `electrostatic` and `vdw` in kJ/mol; NaN where it would leave the profile
    """
    ends = profile[["electrostatic", "vdw"]].interp(x=profile.x + distance_nm)
    return ends.assign_coords(x=profile.x) - profile[["electrostatic", "vdw"]]


def places(change: xr.Dataset, electrostatic_kj_mol: float) -> list[tuple[float, float]]:
    """Where on the axis a step of `over` changes the electrostatic energy by so much, and the other energy meanwhile.

    Returns
    -------
    list of (x where the step starts in nm, change of the van der Waals energy in kJ/mol), in the order of x; empty if
    there is no such place
    """
    above = change.electrostatic.values - electrostatic_kj_mol
    found = []
    known = np.isfinite(above[:-1]) & np.isfinite(above[1:])
    for k in np.flatnonzero(known & ((above[:-1] > 0) != (above[1:] > 0))):
        share = above[k] / (above[k] - above[k + 1])
        x, vdw = (one.values[k] + share * (one.values[k + 1] - one.values[k]) for one in (change.x, change.vdw))
        found.append((float(x), float(vdw)))
    return found


def _waves(atoms_nm: np.ndarray, q: np.ndarray, box: np.ndarray, points_nm: np.ndarray) -> np.ndarray:
    """The Ewald sum over waves at some points (n,), in e/nm; one axis at a time, since the box is rectangular."""
    numbers = [np.arange(-most, most + 1) for most in np.floor(_HIGHEST_WAVE * box / (2 * np.pi)).astype(int)]
    k = [2 * np.pi * n / length for n, length in zip(numbers, box, strict=True)]
    k2 = k[0][:, None, None] ** 2 + k[1][:, None] ** 2 + k[2] ** 2
    with np.errstate(divide="ignore"):
        weight = np.where((k2 > 0) & (k2 < _HIGHEST_WAVE**2), np.exp(-k2 / (4 * _ALPHA**2)) / k2, 0.0)
    x, y, z = (np.exp(-1j * np.outer(one, atoms_nm[:, axis])) for axis, one in enumerate(k))
    structure = np.einsum("ia,ja,ka->ijk", x * q, y, z, optimize=True)
    x, y, z = (np.exp(1j * np.outer(one, points_nm[:, axis])) for axis, one in enumerate(k))
    total = np.einsum("ijk,ip,jp,kp->p", weight * structure, x, y, z, optimize=True)
    return 4 * np.pi / box.prod() * total.real
