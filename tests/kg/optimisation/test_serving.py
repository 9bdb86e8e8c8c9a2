"""Workers rewrite queries by statistics that were gathered beside them, and follow changes."""

import json
from collections.abc import Iterator

import pyoxigraph as ox
import pytest

from kg.changes.staging import Change
from kg.engine.engine import Engine
from kg.engine.limits import Limits
from kg.history.history import History
from kg.optimisation.gathering import Remembering, use_statistics
from kg.store.store import Store
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


@pytest.mark.parametrize("written", [b"", b'{"predicates":{"', b"[]"])
def test_statistics_that_did_not_come_whole_are_none(written: bytes) -> None:
    engine = Engine(())
    engine.optimiser = Remembering()
    use_statistics(engine, written)
    assert engine.optimiser is None
