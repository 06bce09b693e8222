"""The figures of the synapse pages draw what is defined, say what is not, and put the paper beside both."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from janus_pore.analyse import memory, plasticity, pulses, train
from janus_pore.config import Analysis
from janus_pore.show import synapse
from janus_pore.testsystems import PulsedPore

PAIR = PulsedPore(noise_na=20.0, replicas=60)
TRAIN = replace(PAIR, delays_ps=(), near=1.0, far=4.0, pulses=4)
SETTINGS = Analysis(
    pore_radius_nm=0.4, pore_half_depth_nm=0.25, current_window_ps=10.0, phase_bins=40, angle_bins=72,
    bootstrap_draws=100, confidence=0.68, discard_ps=0.0,
)  # fmt: skip


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def of(data, estimator):
    one = pulses.currents(data, estimator)
    return plasticity.ratios(one, SETTINGS), plasticity.decay(one, SETTINGS)


def test_waveforms_show_every_branch_and_shade_the_pulses_of_the_longest():
    figure, below = synapse.panels([PAIR.protocol, TRAIN.protocol])
    top = figure.axes[0]
    assert len(top.lines) == 6 and len(top.patches) == 2 and len(figure.axes[1].patches) == 4
    assert len(below) == 2 and top.lines[-1].get_xdata()[-1] == pytest.approx(PAIR.protocol.duration_ps)


def test_a_defined_ratio_is_drawn_with_its_fit_and_an_undefined_one_is_said():
    data = PAIR.sample(0)
    ratio, fit = of(data, "box")
    none, no_fit = of(data.isel(replica=slice(0, 3)), "pore")
    _, ax = plt.subplots()
    synapse.ratios({"box": ratio, "pore": none}, {"box": fit, "pore": no_fit}, ax)
    synapse.published_pair("PPF", ratio.after_ps, ax)
    assert "crossings: not defined: 3 replicas" in ax.get_xlabel().replace("\n", " ")
    labels = [text.get_text() for text in ax.figure.legends[0].get_texts()]
    assert len(labels) == 2 and set(labels) == {"whole box", "paper"}
    paper = next(line for line in ax.lines if line.get_label() == "paper").get_ydata()
    assert paper[0] == pytest.approx(3.1) and paper[-1] == pytest.approx(1.2, abs=0.02)


def test_windows_trains_widths_parts_and_charges_draw():
    data, chain = PAIR.sample(1), TRAIN.sample(1)
    few = data.isel(replica=slice(0, 2))
    tables = {name: plasticity.against_window(d, "box", SETTINGS, 2) for name, d in (("all", data), ("few", few))}
    for quantity in ("ratio", "tau"):
        _, ax = plt.subplots()
        synapse.windows(tables, quantity, ax, 8.0)
        assert "few: not defined" in ax.get_xlabel() and "all" in ax.get_legend_handles_labels()[1]
    figure, axes = synapse.grid(5)
    assert len(axes) == 5 and len(figure.axes) == 5
    synapse.train({"box": of(chain, "box")[0], "pore": of(few, "pore")[0]}, axes[0], 4.0)
    synapse.width(train.width_in_time(chain, SETTINGS), pulses.spans(chain), axes[1])
    assert len(axes[1].patches) == 4
    synapse.parts(memory.parts(data, SETTINGS), axes[2])
    synapse.parts(memory.parts(few, SETTINGS), axes[3])
    assert "not defined" in axes[3].get_xlabel() and not axes[3].containers
    moved = memory.charge_within(data, SETTINGS)
    synapse.charges(moved, 0.1 * moved["box"].time, axes[4])
    assert "reservoirs alone" in axes[4].get_legend_handles_labels()[1]
    synapse.reservoirs(np.array([1.0, 5.0]), np.array([2.0, 1.0, 3.0]), axes[2])
    assert axes[2].lines[-1].get_ydata() == pytest.approx([0.5, 1.5])
    _, ax = plt.subplots()
    means = {e: plasticity.means(pulses.currents(few, e), SETTINGS) for e in ("box", "pore")}
    synapse.currents(means, ["first", *"123456"], ax)
    figure.canvas.draw()


def test_claims_have_the_paper_beside_a_number_or_a_reason():
    rows = synapse.pair_claims("ppf", "PPF", *of(PAIR.sample(2), "box"))
    assert [row.paper for row in rows] == ["3.1", "1.2", "8 ps"] and all(row.here.n == 60 for row in rows)
    assert rows[0].quantity == "PPF (ppf), whole box: I1/I0 at 1 ps"
    few = synapse.train_claims("std", "STD", *of(TRAIN.sample(0).isel(replica=slice(0, 3)), "pore"))
    assert all(row.here is None and "3 replicas" in row.remark and row.paper == "0" for row in few)
    assert np.all([row.unit == "1" for row in few])
