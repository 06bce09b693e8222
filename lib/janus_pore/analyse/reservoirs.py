"""What do the reservoirs make of a protocol by themselves? A sheet in series with salt water, and no pore.

The sheet is a capacitor C_s between two layers of ions, d apart. The reservoirs, Lx - d long, are a resistor R (the
ions) and a capacitor C_w (the water's polarisation) side by side. With the voltage V = E Lx over both and Q the charge
of the layers,

    dQ/dt = (C_s V - Q) / tau,    tau = R (C_s + C_w) = (eps_0 eps_w / sigma) (1 + C_s / C_w).

R C_w = eps_0 eps_w / sigma, 54 ps in 1 M KCl, is the solution's own; C_w falls with the box's length, so tau grows with
it. The whole-box current counts Q (1 - d / Lx), as a circuit outside would (`analyse.layers`), and so do all charges
and currents here. Fields do not change in a segment, so each is an exponential, taken exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ..errors import AnalysisError
from ..units import AF_PER_E_V, AF_PER_NA_PS_V, EPSILON_0_AF_NM, MOHM_PER_PS_AF
from .engine import KCL_S_M
from .layers import LAYERS_NM, counted

#: Capacitance of the sheet per area in aF/nm^2, of the charge in the layers: constant fields of -7.5 to 7.5 V in 5 nm
#: (6/6/6, scale scout) give 0.090 aF over 7.3 nm^2 as an outer circuit counts it, 1 - d / Lx = 0.71 of the layers'. It
#: depends on the voltage: by a fifth less at 7.5 V than at 3 V.
SHEET_AF_NM2 = 0.0174
#: Relative permittivity of SPC/E water: 68 +- 6 (Hoechtl et al., J. Chem. Phys. 109, 4927, 1998); less with salt in it.
SPCE_PERMITTIVITY = 68.0


class Tree(Protocol):
    """What is asked of a field protocol here; `simulate.field.Protocol` has it."""

    name: str
    labels: tuple[str, ...]
    parents: tuple[int, ...]
    segments: tuple[Any, ...]


@dataclass(frozen=True)
class Series:
    """A sheet between two reservoirs.

    Attributes
    ----------
    sheet_af : C_s, of the charge in the layers
    tau_ps : the charging time
    length_x_nm : of the box, over which V = E Lx
    layers_nm : d, how far apart the layers are
    """

    sheet_af: float
    tau_ps: float
    length_x_nm: float
    layers_nm: float

    @classmethod
    def expected(
        cls, length_x_nm: float, area_nm2: float, *, sheet_af: float | None = None, layers_nm: float = LAYERS_NM.value,
        conductivity_s_m: float = KCL_S_M, permittivity: float = SPCE_PERMITTIVITY,
    ) -> Series:  # fmt: skip
        """With tau from the water's permittivity and the solution's conductivity (measured: 1 M KCl).

        Parameters
        ----------
        sheet_af : C_s; None takes `SHEET_AF_NM2` for the area
        layers_nm : d; what is left of the box is the liquid that conducts
        """
        sheet_af = SHEET_AF_NM2 * area_nm2 if sheet_af is None else sheet_af
        liquid_nm = length_x_nm - layers_nm
        water_af = EPSILON_0_AF_NM * permittivity * area_nm2 / liquid_nm
        resistance_mohm = 1e3 * liquid_nm / (conductivity_s_m * area_nm2)
        return cls(sheet_af, resistance_mohm * (sheet_af + water_af) / MOHM_PER_PS_AF, length_x_nm, layers_nm)

    @property
    def external_af(self) -> float:
        """Capacitance that an outer circuit finds, C_s (1 - d / Lx)."""
        return self.sheet_af * counted(self.length_x_nm, self.layers_nm)

    def charges(self, protocol: Tree) -> np.ndarray:
        """Charge Q (1 - d / Lx) (segment, 2) in 1e-18 C at the start and end of each segment, from none at the start.

        Raises
        ------
        AnalysisError
            if a segment is a sine.
        """
        found: list[tuple[float, float]] = []
        for parent, segment in zip(protocol.parents, protocol.segments, strict=True):
            if segment.frequency_ghz:
                raise AnalysisError(
                    f"{protocol.name} holds a sine: the series circuit is worked out for constant fields"
                )
            start = found[parent][1] if parent >= 0 else 0.0
            level = self.external_af * segment.amplitude_v_nm * self.length_x_nm
            found.append((start, level + (start - level) * float(np.exp(-segment.duration_ps / self.tau_ps))))
        return np.array(found)

    def currents(self, protocol: Tree) -> np.ndarray:
        """Mean current of the ions (segment,) in nA, as the whole box counts it: `charges` over the segment."""
        charge = self.charges(protocol)
        length = np.array([segment.duration_ps for segment in protocol.segments])
        return (charge[:, 1] - charge[:, 0]) / length / AF_PER_NA_PS_V

    def moved(self, protocol: Tree, label: str, time_ps: np.ndarray) -> np.ndarray:
        """Charge (t,) in e that the whole box counted since the start of the segment of this label.

        Raises
        ------
        AnalysisError
            if no segment has this label.
        """
        if label not in protocol.labels:
            raise AnalysisError(f"no segment is labelled {label!r}; there are {', '.join(protocol.labels)}")
        k = protocol.labels.index(label)
        level = self.external_af * protocol.segments[k].amplitude_v_nm * self.length_x_nm
        return (level - self.charges(protocol)[k, 0]) * -np.expm1(-np.asarray(time_ps) / self.tau_ps) / AF_PER_E_V

    def pulses(self, protocol: Tree) -> np.ndarray:
        """`currents` of the pulses alone (1 + k,): the first, then the later ones, in the order of `pulses.Pulses`."""
        return self.currents(protocol)[[label.startswith("pulse ") for label in protocol.labels]]
