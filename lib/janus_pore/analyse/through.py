"""How much can have gone through the pore in all pulses of a protocol together?

Of one pulse of a few picoseconds a handful of replicas says nearly nothing. All its pulses together say more, if they
are taken as alike: the ions that crossed in them, of either sign and in either direction, are Poisson counts, and each
carries one charge at the most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.stats import chi2

from ..units import NA_PER_E_PER_PS
from .plasticity import LEVEL
from .pulses import crossings, currents, pulse_ps
from .stats import Estimate


@dataclass(frozen=True)
class Through:
    """What crossed in all pulses of a protocol, and the most that can have.

    Attributes
    ----------
    pulses, time_ps, ions : pulses of all replicas, their length in all, and the ions that crossed (either way)
    current : net current of the crossings in nA; its interval ends where the rate of crossings does at 95 %
    box_na : mean magnitude of the pulses' whole-box currents, each averaged over the replicas
    """

    pulses: int
    time_ps: float
    ions: int
    current: Estimate
    box_na: float

    @property
    def share(self) -> float:
        """The most that crossings can have of the whole-box current, at 95 %."""
        return max(abs(self.current.low), abs(self.current.high)) / self.box_na

    @property
    def text(self) -> str:
        """In words."""
        most = max(abs(self.current.low), abs(self.current.high))
        return (
            f"{self.ions} ions crossed in {self.pulses} pulses, {self.time_ps / 1000:.3g} ns in all: at most "
            f"{most:.2g} nA (95 %), {100 * self.share:.0f} % of the {self.box_na:.3g} nA of the whole box"
        )


def through(data: xr.Dataset) -> Through:
    """Count over all pulses of a pair or train.

    With k ions in the time T the rate is below chi2(0.95; 2k + 2) / 2T at 95 %; the current is within +- e times that.

    Parameters
    ----------
    data : what `reduce.replica.collect` gives for a protocol of kind "pair" or "train"
    """
    counted, box = crossings(data), currents(data, "box").units
    time_ps = box.size * pulse_ps(data)
    per_e = NA_PER_E_PER_PS / time_ps
    most = float(chi2.ppf(LEVEL, 2 * counted["gross"] + 2)) / 2 * per_e
    current = Estimate(counted["net"] * per_e, -most, most, len(box))
    return Through(box.size, time_ps, counted["gross"], current, float(np.abs(box.mean(axis=0)).mean()))
