"""Every figure of the compact model and of the circuit can be drawn from what the library gives."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from janus_pore.analyse import compact
from janus_pore.analyse.memristor import areas, sweep
from janus_pore.analyse.spiking import Circuit, Element, regime_map
from janus_pore.analyse.static import Ladder
from janus_pore.show import circuit as draw
from janus_pore.testsystems import MemristivePore, PublishedOnsets


@pytest.fixture
def parts():
    field = np.array([-1.2, -0.6, -0.3, 0.3, 0.6, 1.2])
    rng = np.random.default_rng(0)
    rows = [
        value + rng.normal(0, 0.02, (6, 6)) for value in (MemristivePore().order(field), MemristivePore().static(field))
    ]
    ladder = Ladder(field, *rows, np.full(6, 20), np.full(6, 20))
    pore = compact.model(ladder, *[compact.assumed(4, 16, field, draws=5)] * 2, nodes=13)
    element = Element(field * 10, PublishedOnsets().current(field))
    yield ladder, pore, Circuit(element, 10.0, 1.0, 300.0, 8.0)
    plt.close("all")


def test_figures_of_the_memristor(parts):
    ladder, pore, _ = parts
    figure, axes = plt.subplots(1, 3)
    draw.law(compact.Case(ladder, [], pore), axes, "synthetic")
    draw.law(compact.Case(None, [], None, failed="too little"), plt.subplots(1, 3)[1], "none")
    loop = sweep(pore, 1.2, 60.0, 40)
    draw.loops({"60 ps": loop}, axes[2])
    ghz = np.array([1.0, 10.0])
    draw.areas(ghz, areas(pore, 1.2, ghz), 5.0, axes[2], "synthetic")
    figure.canvas.draw()
    assert len(axes[2].lines) == 4 and axes[2].get_xscale() == "log"


def test_figures_of_the_circuit(parts):
    *_, one = parts
    figure, axes = plt.subplots(1, 4)
    draw.phase_plane(one, axes[0], "synthetic")
    draw.trace(one, axes[1])
    bias, load = np.linspace(0, 20, 9), np.geomspace(0.1, 10, 5)
    found = regime_map(one.element, 10.0, 300.0, bias, load)
    draw.regimes(bias, load, found, axes[2], "map")
    draw.share(bias, load, found / 3, figure, axes[3], "share")
    figure.canvas.draw()
    assert axes[1].get_title() == one.regime() and "synthetic" in axes[0].get_title()


def test_what_sliders_call(parts, monkeypatch):
    monkeypatch.setattr(plt, "show", lambda: None)
    ladder, pore, one = parts
    draw.loop_explorer(pore, 1.2, "synthetic")(5.0, 20.0, 10.0)
    draw.circuit_explorer(one.element, "synthetic")(8.0, 1.0, 10.0, 300.0)
    assert len(plt.get_fignums()) == 2
