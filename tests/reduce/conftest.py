"""A shelf with one shipped replica of a short real run."""

import pytest
import yaml
from janus_pore.reduce import reference, replica
from janus_pore.simulate import ensemble
from janus_pore.simulate.protocols import protocols_of


@pytest.fixture(scope="session")
def hold():
    """The name of the protocol that is shipped."""
    return "hold_+0.40"


@pytest.fixture(scope="session")
def scale_file(lab, tmp_path_factory):
    path = tmp_path_factory.mktemp("scale") / "test.yml"
    path.write_text(yaml.safe_dump(lab.scale.model_dump(exclude_none=True)))
    return path


@pytest.fixture(scope="session")
def ran(lab, hold):
    """Replica 0 of a constant field, run and reduced (1 ps)."""
    protocol = protocols_of(lab.scale, "mosse")[hold]
    ensemble.run_replica(lab.scale, lab.campaign, "mosse", protocol, 0, lab.gmx, threads=1)
    data = replica.reduce_replica(lab.scale, lab.campaign, "mosse", protocol, 0)
    return replica.write(data, lab.campaign.reduced("mosse", hold, 0))


@pytest.fixture
def shelf(lab, scale_file, ran, tmp_path):
    count = reference.ship(lab.scale, scale_file, lab.campaign, tmp_path / "shelf", "abc1234")
    assert count["added"] == 1
    return tmp_path / "shelf"


@pytest.fixture
def shipped(lab, shelf, hold):
    """The file of the shipped replica."""
    return shelf / lab.scale.scale / "mosse" / hold / "r000.nc"
