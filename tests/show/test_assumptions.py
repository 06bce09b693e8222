"""Every parameter of every scale is on the assumptions page, and nothing else is."""

import pytest
from janus_pore import config
from janus_pore.paths import repository
from janus_pore.protocol_parameters import Run
from janus_pore.show import assumptions, origins

FILES = sorted((repository() / "config").glob("*.yml"))


@pytest.fixture(scope="module")
def scales():
    return {scale.scale: scale for scale in map(config.load, FILES)}


def test_every_parameter_has_a_note_and_every_note_a_parameter(scales):
    for scale in scales.values():
        assert set(assumptions.parameters(scale)) == set(origins.NOTES)


def test_every_key_of_every_kind_of_protocol_has_a_note_and_nothing_else_has(scales):
    kinds = {protocol.kind: type(protocol) for protocol in scales["paper"].protocols.values()}
    asked = {f"{kind}.{key}" for kind, one in kinds.items() for key in one.model_fields}
    common = {f"{kind}.{key}" for kind in kinds for key in ("kind", *Run.model_fields)}
    assert set(origins.PROTOCOLS) == asked - common
    page = assumptions.page(scales, "tiny")
    assert all(f"| {kind} | `{key}` |" in page for kind, key in (one.split(".") for one in origins.PROTOCOLS))


def test_the_page_marks_the_books_own_scale_and_shows_its_values(scales):
    page = assumptions.page(scales, "tiny")
    assert "| parameter | tiny (this book) | course | held | paper |" in page
    row = next(line for line in page.splitlines() if line.startswith("| `timestep_fs`"))
    assert row.split("|")[2].strip() == "2.0"
    assert "| paper | sweep | sine |" in page


def test_what_the_paper_prints_is_what_the_paper_scale_says(scales):
    values = assumptions.parameters(scales["paper"])
    asked = {
        "system.membrane": "mosse", "system.cells_y": 16, "system.cells_z": 9, "system.salt_mol_l": 1.0,
        "md.timestep_fs": 1.0, "md.temperature_k": 300.0, "md.thermostat": "nose-hoover",
        "md.thermostat_time_ps": 0.1, "md.cutoff_nm": 1.2, "equilibration.duration_ps": 10_000.0,
        "ensemble.replicas": 10,
    }  # fmt: skip
    assert {key: values[key] for key in asked} == asked
    sweep = scales["paper"].protocols["sweep"]
    assert (sweep.amplitude_v_nm, sweep.frequency_ghz, sweep.periods) == (1.2, 0.2, 10)
