"""A store's history is published from a version on, patch by patch, and goes on from what the engine has."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kg.history.history import History
from kg.rdf.patches import Patch, new_header
from kg.upload.histories import publish_history
from kg.upload.manifest import read_manifest
from kg.upload.publication import Publisher, Report
from ontology import KelisimError
from tests.engines.server import EngineServer
from tests.kg.upload.samples import NAMELESS, canonical, connection, held, publish, quad, sample


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    """Versions 0 to 3: each moves a thing, the last adds a claim and takes one away."""
    quads = sample() - NAMELESS
    with History.create(tmp_path / "history", quads) as made:
        for n in (1, 2):
            old, new = quad(f"thing/{n}", "near", f"thing/{n + 1}"), quad(f"thing/{n}", "near", "thing/99")
            made.append(Patch((old,), (new,), new_header("tests", f"moves {n}")))
        gone = sorted((q for q in quads if str(q.graph_name).endswith("claim/9>")), key=str)
        made.append(Patch(tuple(gone), (quad("thing/1", "is", "told", "claim/new"),), new_header("tests", "third")))
        yield made


def published(server: EngineServer, history: History, first: int | None = None) -> list[Report]:
    return [*publish_history(Publisher(connection(server), lambda *_: None), history, first)]


def test_each_version_is_published_by_its_patch(server: EngineServer, history: History) -> None:
    reports = published(server, history, 1)
    assert [r.store_version for r in reports] == [1, 2, 3]
    assert [r.digest for r in reports] == [history.digests.get(n) for n in (1, 2, 3)]
    assert [(r.added, r.removed) for r in reports[1:]] == [(1, 1), (1, len(next(history.patches(2))[1].deletes))]
    assert held(server) == canonical(history.load())
    manifest = read_manifest(connection(server))
    assert manifest
    assert manifest.store_version == 3


def test_it_goes_on_from_what_the_engine_has(server: EngineServer, history: History) -> None:
    published(server, history, 0)
    assert [r.way for r in published(server, history, 0)] == ["nothing"]
    history.append(Patch(adds=(quad("thing/1", "is", "told-again", "claim/new"),), header=new_header("tests", "more")))
    reports = published(server, history, 0)
    assert [(r.store_version, r.added) for r in reports] == [(3, 0), (4, 1)]
    assert held(server) == canonical(history.load())


def test_another_dataset_is_replaced_by_the_difference(server: EngineServer, history: History) -> None:
    publish(server, history.load(1))
    (report,) = published(server, history)
    assert 0 < report.added + report.removed < 100
    assert held(server) == canonical(history.load())


def test_versions_that_are_not_there_are_told(server: EngineServer, history: History) -> None:
    with pytest.raises(KelisimError, match="versions 0 to 3, but not 7"):
        published(server, history, 7)
