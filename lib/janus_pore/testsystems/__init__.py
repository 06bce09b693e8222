"""Synthetic pores with known answers, for tests and for the course. Nothing here comes from a simulation.

Each object has two faces: `.sample(seed)` gives data in the form that `reduce.replica.collect` gives them, and the
attributes and `analytical_*` methods say what an analysis of them must find.
"""

from .barrier import PoreIons
from .cell import ChargedCell, SteppedCell
from .charging import ChargingSheet
from .drift import DriftingIons
from .hysteresis import MemristiveConductor
from .ladder import Ladder
from .memristive import MemristivePore, PublishedOnsets
from .pulses import PulsedPore
from .relaxing import RelaxingWater
from .sweep import OrientedWater, SineConductor
from .waiting import WaitingIons

__all__ = [
    "ChargedCell",
    "ChargingSheet",
    "DriftingIons",
    "Ladder",
    "MemristiveConductor",
    "MemristivePore",
    "OrientedWater",
    "PoreIons",
    "PublishedOnsets",
    "PulsedPore",
    "RelaxingWater",
    "SineConductor",
    "SteppedCell",
    "WaitingIons",
]
