"""Sliders where a reader can move them; a sentence where nobody can, as in the static book."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ipywidgets
import numpy as np
from IPython.display import Markdown

#: Set (to anything) for notebooks that are executed for the book: sliders need a kernel, a page has none.
STATIC = "JANUS_PORE_STATIC"
NOTE = (
    "*Sliders stand here when this notebook runs in Jupyter (`jupyter lab notebooks`); a printed page shows the "
    "panels above instead.*"
)


@dataclass(frozen=True)
class Slider:
    """The range of one argument, with its name and unit as `text`; `log` for a logarithmic scale."""

    low: float
    high: float
    start: float
    text: str
    log: bool = False

    def widget(self) -> ipywidgets.Widget:
        """An ipywidgets slider that reports when it is let go."""
        look = {
            "description": self.text, "continuous_update": False, "readout_format": ".3g",
            "style": {"description_width": "initial"}, "layout": {"width": "28em"},
        }  # fmt: skip
        if self.log:
            low, high = np.log10([self.low, self.high])
            return ipywidgets.FloatLogSlider(self.start, min=low, max=high, step=(high - low) / 100, **look)
        return ipywidgets.FloatSlider(
            self.start, min=self.low, max=self.high, step=(self.high - self.low) / 1000, **look
        )


def sliders(draw: Callable[..., None], **ranges: Slider) -> Any:
    """A figure with one slider for each argument of `draw`, or a note where the variable `STATIC` is set.

    Parameters
    ----------
    draw : draws and shows a figure, from numbers given by name
    ranges : a `Slider` for each of its arguments
    """
    if os.environ.get(STATIC):
        return Markdown(NOTE)
    return ipywidgets.interactive(draw, **{name: one.widget() for name, one in ranges.items()})
