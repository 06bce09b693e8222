"""Which commit the code is of."""

from janus_pore import checkout
from janus_pore.paths import repository


def test_outside_a_checkout_the_commit_is_unknown(monkeypatch, tmp_path):
    monkeypatch.setattr(checkout, "repository", lambda: tmp_path)
    assert checkout.commit() == "unknown"
    monkeypatch.undo()
    known = checkout.commit()
    assert known == "unknown" or (repository() / ".git").exists()
