"""Two layers of ions at the sheet: their charge Q, how far apart they are, and how much of Q an outer circuit counts.

A field brings the charge Q to the sheet's -x side and -Q to the other, into layers a distance d apart, and through the
periodic reservoirs: over Lx - d. The whole-box current, (1/Lx) sum_i q_i dx_i/dt, is what a circuit outside would
carry. With x from the Mo plane, |x| < Lx/2, and M = sum_i q_i x_i = -Q d, its integral less what crossed the plane is

    Q_ext = sum_i q_i frac(x_i / Lx) = Q + M / Lx = Q (1 - d / Lx).

Q at a voltage V = E Lx is the sheet's own; Q_ext is not, it grows with the box.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..errors import AnalysisError
from ..parameters import Analysis
from . import potential
from .charging import LEAST_SIGMA, sigmas
from .independence import ENOUGH
from .stats import Estimate, of_mean
from .voltage import voltage_v

#: Distance of the layers in nm where the data do not give it: 6/6/6 in 5 nm at -7.5 to 7.5 V, the first 28 runs of the
#: scale scout (page "The mechanism in one figure"), 68 % interval.
LAYERS_NM = Estimate(1.46, 1.36, 1.60, 28)
_IONS = ("K", "CL")


@dataclass(frozen=True)
class Layers:
    """The layers of ions.

    Attributes
    ----------
    distance_nm : d, measured, or `LAYERS_NM`
    failed : why it is not measured; empty if it is
    """

    distance_nm: Estimate
    failed: str = ""

    def counted(self, length_x_nm: float) -> float:
        """Share 1 - d / Lx of the layers' charge that the whole-box current counts."""
        return counted(length_x_nm, self.distance_nm.value)

    def capacitance_af(self, external_af: Estimate, length_x_nm: float) -> Estimate:
        """Q / V from Q_ext / V in aF; relative errors added in quadrature, which takes them as independent."""
        share = self.counted(length_x_nm)
        value = external_af.value / share
        error = value * np.hypot(
            external_af.error / external_af.value, self.distance_nm.error / length_x_nm / share
        )  # fmt: skip
        return Estimate(value, value - error, value + error, external_af.n)


def counted(length_x_nm: float, distance_nm: float) -> float:
    """Share of the layers' charge that the whole-box current counts, Q_ext / Q = 1 - d / Lx.

    Raises
    ------
    AnalysisError
        if the layers are not within the box.
    """
    if not 0 <= distance_nm < length_x_nm:
        raise AnalysisError(f"layers {distance_nm:g} nm apart do not fit into a box of {length_x_nm:g} nm")
    return 1 - distance_nm / length_x_nm


def sides(data: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Mean charge (replica,) in e of the ions on the -x side of the Mo plane, and the dipole moment of all in e nm.

    Of one constant field, from the counts along x.

    Raises
    ------
    AnalysisError
        as `potential.mobile_charge`.
    """
    along, x = potential.mobile_charge(data, _IONS).isel(profile=0).values, data.x.values
    return along[:, x < 0].sum(axis=1), along @ x


def distance(datasets: Mapping[str, xr.Dataset], settings: Analysis) -> Layers:
    """d = -(dM/dV) / (dQ/dV), from constant fields of several voltages, all replicas together.

    Slopes, because a Janus sheet holds charge without a voltage too. Both are means of the same frames, so the sheet
    need not be charged to the end. Bootstrap over runs.

    Returns
    -------
    Layers, with `LAYERS_NM` and `failed` where there is one voltage only, or fewer than five runs, or d is not clearly
    above zero
    """
    rows, voltages = [], set()
    for data in datasets.values():
        voltage = voltage_v(data)
        voltages.add(voltage)
        for charge, dipole in zip(*sides(data), strict=True):
            rows.append([voltage, charge, dipole, voltage * charge, voltage * dipole])
    if len(voltages) < 2 or len(rows) < ENOUGH:
        return Layers(LAYERS_NM, f"{len(rows)} runs at {len(voltages)} voltages: {ENOUGH} at 2 are the least")
    found = of_mean(
        np.array(rows), _distance, groups=np.arange(len(rows)), draws=settings.bootstrap_draws,
        confidence=settings.confidence,
    )  # fmt: skip
    if not sigmas(found, settings) > LEAST_SIGMA:
        return Layers(LAYERS_NM, f"{found.value:.3g} +- {found.error:.2g} nm is below {LEAST_SIGMA:g} standard errors")
    return Layers(found)


def _distance(mean: np.ndarray) -> np.ndarray:
    """d (k,) from means (k, 5) of V, Q, M, VQ, VM."""
    voltage, charge, dipole, with_charge, with_dipole = mean.T
    with np.errstate(divide="ignore", invalid="ignore"):
        return -(with_dipole - voltage * dipole) / (with_charge - voltage * charge)
