"""Workers rewrite queries by statistics that were gathered beside them, and follow changes."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyoxigraph as ox
import pytest

from kg.changes.staging import Change
from kg.engine.engine import Engine
from kg.engine.limits import Limits
from kg.history.history import History
from kg.optimisation import gathering
from kg.optimisation.gathering import Remembering, use_statistics, write_statistics
from kg.optimisation.statistics import gather
from kg.rdf.patches import Patch
from kg.store.store import Store
from kg.workers import aids, worker
from kg.workers.messages import Task
from kg.workers.pool import WorkerPool
from tests.kg.optimisation.test_equality import TYPE, E, iri
from tests.kg.store.running import running
from tests.waiting import becomes

COUNTS = "SELECT ?class (COUNT(*) AS ?n) WHERE { ?s a ?class } GROUP BY ?class ORDER BY ?class"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    quads = [ox.Quad(iri(n), TYPE, iri(f"Class{n % 3}")) for n in range(3000)]
    with History.create(tmp_path_factory.mktemp("store") / "history", quads) as history:
        held = ox.Store()
        history.load_into(held)
        pool = WorkerPool(lambda: Engine(held), Limits(workers=1))
        pool.optimises_from = 1000
        store = Store(pool, "test", history)
        with running(store):
            yield store


def counts(store: Store, mark: str, at: int = -1, **task: object) -> list[int]:
    """The answer to a query that is like no other, at a version."""
    found = store.query(Task(f"{COUNTS} # {mark}", bindings="json", at=at, **task))  # type: ignore[arg-type]
    return [int(row["n"]["value"]) for row in json.loads(found.content)["results"]["bindings"]]


def rewritten(store: Store, mark: str, expected: list[int]) -> bool:
    """Whether a query was rewritten; its answer is right in any case."""
    before = store.pool.optimised
    assert counts(store, f"{mark}{before}") == expected
    return store.pool.optimised > before


def test_counts_are_rewritten_and_follow_changes(store: Store) -> None:
    assert becomes(lambda: rewritten(store, "first", [1000, 1000, 1000]), 60)
    store.change(Change("update", f"INSERT DATA {{ <{E}new> a <{E}Class0> . <{E}1> a <{E}Class1> }}"))
    assert counts(store, "one is there already") == [1001, 1000, 1000]
    store.change(Change("update", f"DELETE WHERE {{ ?s a <{E}Class2> }}"))
    assert rewritten(store, "without", [1001, 1000])
    assert counts(store, "past", at=0) == [1000, 1000, 1000]
    assert counts(store, "between", at=1) == [1001, 1000, 1000]


def test_a_dataset_of_named_graphs_is_not_rewritten(store: Store) -> None:
    before = store.pool.optimised
    assert counts(store, "graph", default_graphs=(f"{E}none",), new_graphs=True) == []
    assert store.pool.optimised == before


def test_what_changed_meanwhile_is_remembered_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    def patch(first: int, end: int) -> Patch:
        return Patch(adds=tuple(ox.Quad(iri(n), TYPE, iri("Class")) for n in range(first, end)))

    monkeypatch.setattr(gathering, "MOST_CHANGES", 10)
    engine = Engine(())
    statistics = msgspec.json.encode(gather(engine.store))
    remembering = engine.optimiser = Remembering()
    for _ in range(30):
        engine.apply(patch(0, 9))
        engine.apply(patch(0, 9).inverse())
    assert remembering.changes == []
    engine.apply(patch(0, 10))
    assert len(remembering.changes or ()) == 10
    use_statistics(engine, statistics)
    assert engine.optimiser
    engine.optimiser = remembering
    engine.apply(patch(10, 11))
    engine.apply(patch(10, 11).inverse())
    assert remembering.changes is None, "what was forgotten stays unknown"
    use_statistics(engine, statistics)
    assert engine.optimiser is None


def test_statistics_are_gathered_again_after_too_many_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, begun = tmp_path / "gate", tmp_path / "begun"

    def wait(engine: Engine, file: int, least: int) -> None:
        begun.touch()
        becomes(gate.exists, 60)
        write_statistics(engine, file, least)

    monkeypatch.setattr(gathering, "MOST_CHANGES", 10)  # before the fork
    monkeypatch.setattr(worker, "write_statistics", wait)
    monkeypatch.setattr(aids, "_GATHERING_SECONDS", 0.05)
    with History.create(tmp_path / "history", [ox.Quad(iri(n), TYPE, iri("Class")) for n in range(2000)]) as history:
        held = ox.Store()
        history.load_into(held)
        workers = WorkerPool(lambda: Engine(held), Limits(workers=1))
        workers.optimises_from = 1000
        own = Store(workers, "test", history)
        with running(own):
            assert becomes(begun.exists, 60)
            added = " . ".join(f"<{E}new{n}> a <{E}Class>" for n in range(20))
            own.change(Change("update", f"INSERT DATA {{ {added} }}"))
            gate.touch()
            assert becomes(lambda: rewritten(own, "again", [2020]), 60)


@pytest.mark.parametrize("written", [b"", b'{"predicates":{"', b"[]"])
def test_statistics_that_did_not_come_whole_are_none(written: bytes) -> None:
    engine = Engine(())
    engine.optimiser = Remembering()
    use_statistics(engine, written)
    assert engine.optimiser is None
