"""Synthetic pores with known answers, for tests and for the course. Nothing here comes from a simulation.

Each object has two faces: `.sample(seed)` gives data in the form that `reduce.replica.collect` gives them, and the
attributes and `analytical_*` methods say what an analysis of them must find.
"""

from .ladder import Ladder
from .memristive import MemristivePore, PublishedOnsets
from .pulses import PulsedPore
from .sweep import OrientedWater, SineConductor

__all__ = ["Ladder", "MemristivePore", "OrientedWater", "PublishedOnsets", "PulsedPore", "SineConductor"]
