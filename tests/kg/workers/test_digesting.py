"""The digest of a large snapshot is worked out by a process beside, once."""

from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.history import digests
from kg.history.history import History
from kg.rdf.patches import Patch
from kg.workers import digesting
from kg.workers.digesting import digest_beside

QUADS = [ox.Quad(ox.NamedNode(f"x:{n}"), ox.NamedNode("x:p"), ox.Literal("a" * 20)) for n in range(50_000)]


def test_it_is_the_same_as_the_one_made_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with History.create(tmp_path / "small", QUADS) as history:
        expected = history.digests.get(0)
    monkeypatch.setattr(digests, "QUICK_BYTES", 0)
    monkeypatch.setattr(digesting, "QUICK_BYTES", 0)
    with History.create(tmp_path / "large", QUADS) as history:
        history.append(Patch(deletes=(QUADS[0],)))
        history.append(Patch(adds=(QUADS[0],)))
        assert history.digests.get(0) is None
        assert history.digests.find(expected or "", 2) is None
        digest_beside(history)
        assert history.digests.get(0) == history.digests.get(2) == expected
        assert history.digests.get(1) != expected
    with History.open(tmp_path / "large", read_only=True) as history:
        assert history.digests.get(2) == expected, "it is kept"
