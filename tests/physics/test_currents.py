"""Symmetries of the current in short real runs: none without a field, odd in the field for a sheet with equal faces.

Power: six replicas of 0.4 ps of the smallest cell. Without a field the mean current is known to about 10 nA, the noise
of so short a run; at 3 V/nm it is about 80 nA (the charging of the sheet: nothing crosses the pore in so short a
time). A bias of half of that would be seen, one of a hundredth would not.
"""

import MDAnalysis as mda
import numpy as np
import pytest
from janus_pore.analyse import charging, current
from janus_pore.build import system as cell
from janus_pore.paths import Campaign
from janus_pore.reduce import replica
from janus_pore.simulate import ensemble
from janus_pore.simulate.field import Protocol, Segment
from janus_pore.testsystems import SteppedCell
from janus_pore.units import NA_PER_E_PER_PS
from scipy.stats import t as student

REPLICAS, FIELD = 6, 3.0


@pytest.fixture(scope="module")
def data(make_scale, gromacs, tmp_path_factory):
    """A MoS2 pore (S on both faces) without a field, and from there at +3 and -3 V/nm: one collected tree."""
    changes = {
        "systems": {"mos2": {"membrane": "mos2"}}, "protocols": {}, "ensemble__replicas": REPLICAS,
        "equilibration__duration_ps": 6.0, "md__trajectory_interval_ps": 0.1,
    }  # fmt: skip
    scale = make_scale(**changes)
    campaign = Campaign.of(scale.scale, tmp_path_factory.mktemp("mirror"))
    cell.write(scale.systems["mos2"], campaign.system("mos2"))
    ensemble.equilibrate(scale, campaign, "mos2", gromacs, threads=1)
    segments = (Segment(0.0, 0.4), Segment(FIELD, 0.4), Segment(-FIELD, 0.4))
    tree = Protocol("mirror", "steps", segments, ("mos2",), (-1, 0, 0))
    paths = []
    for k in range(REPLICAS):
        ensemble.run_replica(scale, campaign, "mos2", tree, k, gromacs, threads=1)
        one = replica.reduce_replica(scale, campaign, "mos2", tree, k)
        paths.append(replica.write(one, campaign.reduced("mos2", tree.name, k)))
    return replica.collect(paths)


@pytest.fixture(scope="module")
def mean(data):
    """Mean total box current of each replica (replica,) in nA, by field."""
    total = current.per_interval(data, "box").sel(species="total").values
    return {f: total[:, data.interval_segment.values == k].mean(axis=1) for k, f in enumerate((0.0, FIELD, -FIELD))}


def within_three_sigma(values):
    """Whether the mean of independent values is zero, at the level of 3 sigma, by Student's t."""
    error = values.std(ddof=1) / np.sqrt(len(values))
    return abs(values.mean()) < student.ppf(1 - 0.00135, len(values) - 1) * error


def test_no_field_no_current(mean):
    assert within_three_sigma(mean[0.0])
    assert mean[0.0].std(ddof=1) / np.sqrt(REPLICAS) < 25  # nA: or the test could not fail


def test_a_field_gives_one_and_the_test_above_would_have_seen_it(mean):
    assert not within_three_sigma(mean[FIELD] - mean[-FIELD])
    assert mean[FIELD].mean() > 30 and mean[-FIELD].mean() < -30


def test_equal_faces_make_it_odd_in_the_field(mean):
    """Both branches of a replica leave from one state: their sum is one number a replica."""
    assert within_three_sigma(mean[FIELD] + mean[-FIELD])


def test_the_total_is_the_sum_of_the_species(data, lab):
    """By both estimators, in every interval and in what the book shows."""
    settings = lab.scale.analysis.model_copy(update={"current_window_ps": 0.2, "discard_ps": 0.0})
    for estimator in ("box", "pore"):
        each = current.per_interval(data, estimator)
        total = each.sel(species="K") + each.sel(species="CL")
        assert each.sel(species="total").values == pytest.approx(total.values, rel=1e-5, abs=1e-4)
        steady = current.ladder({"tree": data}, settings, estimator).current
        both = steady.sel(species="K") + steady.sel(species="CL")
        assert steady.sel(species="total").values == pytest.approx(both.values, rel=1e-5, abs=1e-4)


def test_box_minus_crossings_is_the_change_of_a_bounded_charge(lab, chain, replicas):
    """Exactly: with x counted from the pore's plane through the reservoir, sum of q x / Lx changes by the difference.

    It is bounded by the number of ions, so over a long run the two currents must agree.
    """
    ours = replica.reduce_replica(lab.scale, lab.campaign, "mosse", chain, 0)
    data = ours.expand_dims(replica=1)
    data["crossings"] = ours.crossings.expand_dims(replica=1)
    moved, _ = charging.transferred(data)
    place = lab.campaign.replica("mosse", chain.name, 0)
    universe = mda.Universe(
        str(lab.built / "conf.gro"), [str(place / s / "md.xtc") for s in ("seg01", "seg02")], continuous=True
    )
    ions, length = universe.select_atoms("name K CL"), universe.dimensions[0]
    charge = np.where(ions.names == "K", 1.0, -1.0)
    held = [float(charge @ (((ions.positions[:, 0] - length / 2) / length) % 1)) for _ in universe.trajectory]
    assert moved[0] == pytest.approx(np.array(held) - held[0], abs=0.02)
    assert np.abs(moved).max() < len(ions) and np.abs(moved).max() > 0.1


def test_over_a_long_constant_field_both_currents_agree():
    """Synthetic, 8 ns: no real run of this length exists in a test. Their difference shrinks as 1/t."""
    data = SteppedCell(fields_v_nm=(0.6,), duration_ps=8000.0, interval_ps=2.0, replicas=4).sample(5)["hold_+0.60"]
    parts = charging.split(data.isel(interval=data.interval_time.values > 200.0))
    difference = parts["charging"].mean(axis=1)
    assert parts["crossings"].mean() == pytest.approx(3.0, abs=0.3)
    assert within_three_sigma(difference)
    assert np.abs(difference).max() < 4 * 0.5 * NA_PER_E_PER_PS / 7800  # what the charge's own fluctuation allows
