"""The equilibrated small cell in numbers, against what is known to be in it."""

import MDAnalysis as mda
import numpy as np
import pytest
from janus_pore.errors import TrajectoryError
from janus_pore.reduce import profile
from janus_pore.simulate import ensemble


@pytest.fixture(scope="module")
def data(lab):
    return profile.reduce_equilibration(lab.scale, lab.campaign, "mosse", bin_width_nm=0.1)


def test_the_profile_holds_every_molecule(lab, data):
    """The densities integrate to the counts, exactly: no atom is lost at the box's edges."""
    box = np.array(data.attrs["box_nm"])
    numbers = (data.density * box[1] * box[2] * (box[0] / data.sizes["x"])).sum("x")
    assert numbers.sel(species="OW").item() == pytest.approx(data.attrs["waters"])
    assert numbers.sel(species="K").item() == pytest.approx(data.attrs["pairs"])
    assert numbers.sel(species="CL").item() == pytest.approx(data.attrs["pairs"])
    assert data.attrs["waters"] == len(mda.Universe(str(lab.built / "conf.gro")).select_atoms("name OW"))


def test_ions_move(data):
    assert data.ion_msd.sizes == {"block": 4, "ion_lag": 13} and (data.ion_msd[:, 0] == 0).all()
    assert 0 < data.ion_msd[:, -1].mean() < 0.1  # nm^2 in a quarter of a picosecond


def test_bins_are_about_the_mo_plane(data):
    assert data.sizes["x"] == 30
    assert data.x.values == pytest.approx(np.linspace(-1.45, 1.45, 30))
    water = data.density.sel(species="OW")
    # the sheet's place: only the pore's few waters; the reservoirs: near bulk
    assert water.sel(x=slice(-0.1, 0.1)).mean() < 8
    assert water.where(abs(data.x) > 0.8, drop=True).mean().item() == pytest.approx(33, abs=5)


def test_against_a_count_with_mdanalysis(lab, data):
    """Every frame from 1 ps on, the oxygens within 0.5 to 0.9 nm on the +x side."""
    place = lab.campaign.equilibration("mosse") / "nvt" / "md.xtc"
    u = mda.Universe(str(lab.built / "conf.gro"), str(place))
    oxygens, counts = u.select_atoms("name OW"), []
    for ts in u.trajectory:
        if ts.time >= 1.0 - 1e-6:
            x = np.mod(oxygens.positions[:, 0] / 10 - 1.5, 3.0)
            counts.append(((x >= 0.5) & (x < 0.9)).sum())
    box = np.array(data.attrs["box_nm"])
    found = data.density.sel(species="OW", x=slice(0.5, 0.9)).sum().item() * box[1] * box[2] * 0.1
    assert data.attrs["frames"] == len(counts) == 51
    # positions on a grid of 0.001 nm can fall on either side of an edge
    assert found == pytest.approx(np.mean(counts), abs=0.5)


def test_nothing_is_inside_the_sheet(data):
    assert data.sizes["frame"] == 51
    assert (data.inside == 0).all()


def test_temperature_and_energy(lab, data):
    assert data.energy_time.values == pytest.approx(np.arange(101) * 0.02, abs=1e-4)
    assert data.late.values.sum() == 51
    assert data.temperature.values[data.late.values].mean() == pytest.approx(300, abs=30)
    assert (data.potential < 0).all()
    assert data.attrs["degrees_of_freedom"] == ensemble.degrees_of_freedom(lab.built)


def test_an_atom_in_the_sheet_is_counted(lab, data, tmp_path, monkeypatch):
    """The same frames with one K put onto the Mo plane, beside the pore."""
    place = lab.campaign.equilibration("mosse") / "nvt" / "md.xtc"
    index = mda.Universe(str(lab.built / "conf.gro")).select_atoms("name K").indices[0]
    real = profile.XTCFile

    class Moved:
        def __init__(self, path):
            self.frames = real(path)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.frames.close()

        def __iter__(self):
            for frame in self.frames:
                frame.x[index] = [1.6, 0.1, 0.1]
                yield frame

    assert place.exists()
    monkeypatch.setattr(profile, "XTCFile", Moved)
    moved = profile.reduce_equilibration(lab.scale, lab.campaign, "mosse")
    assert (moved.inside == 1).all()


def test_not_run_yet_is_refused(synthetic):
    with pytest.raises(TrajectoryError, match="is not finished: run the equilibration first"):
        profile.reduce_equilibration(synthetic.scale, synthetic.campaign, "mosse")
