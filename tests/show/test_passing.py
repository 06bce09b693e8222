"""How many pass: what is drawn is what was counted."""

import pandas as pd
import pytest
from janus_pore.analyse.counts import rate
from janus_pore.show import passing


@pytest.fixture
def table(make_scale):
    settings = make_scale().analysis
    rows = [(2.0, 2.5, 6, 3), (4.0, 2.5, 0, 3), (7.5, 1.0, 2, 1)]
    table = pd.DataFrame(rows, columns=["volt", "ns", "cl", "replicas"])
    return table.assign(cl_rate=[rate(one.cl, one.ns, settings.confidence) for one in table.itertuples()])


def test_how_many_passed_of_how_many_runs(table):
    figure = passing.passed({"a": table, "b": table.iloc[:1], "c": table.assign(volt=-table.volt)}, {"a": "6/6/6"})
    shown = [ax for ax in figure.axes if ax.get_visible()]
    assert [ax.get_title() for ax in shown] == ["6/6/6"]  # the others have no two voltages toward +x
    assert [text.get_text() for text in shown[0].texts] == [
        f"{one.cl}/{one.replicas}" for one in table.itertuples()
    ] and table.cl.tolist()[1] == 0
    fills = [bars[0].get_markerfacecolor() for bars in shown[0].containers]
    assert [fill == "white" for fill in fills] == [n == 0 for n in table.cl]
    assert [float(bars[0].get_ydata()[0]) for bars in shown[0].containers] == pytest.approx(table.cl / table.ns)
    passing.passed({}, {})
