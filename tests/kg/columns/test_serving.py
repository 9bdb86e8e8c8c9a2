"""Workers of a store answer from columns of its history, which follow changes."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.changes.staging import Change
from kg.columns.files import is_whole
from kg.engine.engine import Engine
from kg.engine.limits import Limits
from kg.history.history import History
from kg.rdf.patches import Patch
from kg.store import columnar
from kg.store.columnar import ColumnsKeeper
from kg.store.store import Store
from kg.workers.messages import Task
from kg.workers.pool import WorkerPool
from tests.kg.columns.generating import E, integer, iri
from tests.kg.columns.test_columns import SUMS
from tests.kg.store.running import running
from tests.waiting import becomes


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    quads = [ox.Quad(iri(n), iri("value"), integer(n)) for n in range(5000)]
    quads += [ox.Quad(iri(n), iri("area"), iri(f"s{n % 7}")) for n in range(5000)]
    with (
        pytest.MonkeyPatch.context() as patched,
        History.create(tmp_path_factory.mktemp("store") / "history", quads) as history,
    ):
        patched.setattr(columnar, "PAUSE_FACTOR", 0.1)
        held = ox.Store()
        history.load_into(held)
        store = Store(WorkerPool(lambda: Engine(held), Limits(workers=1)), "test", history)
        with running(store):
            store.keep_columns(0)
            yield store


def sums(store: Store, mark: object, at: int = -1, **task: object) -> list[int]:
    """The answer to a query that is like no other, at a version."""
    found = store.query(Task(f"{SUMS} # {mark}", bindings="json", at=at, **task))  # type: ignore[arg-type]
    return [int(row["n"]["value"]) for row in json.loads(found.content)["results"]["bindings"]]


def expected(*added: int) -> list[int]:
    """The sums of the seven areas, of which the first has further values."""
    return [sum(range(area, 5000, 7)) + (sum(added) if area == 0 else 0) for area in range(7)]


def scanned(store: Store, mark: str) -> bool:
    """Whether columns gave an answer, which must be right all the while."""
    before = store.pool.scanned
    assert sums(store, f"{mark}{store.pool.scanned}") == expected(*ADDED)
    return store.pool.scanned > before


ADDED: list[int] = []


def test_columns_answer_and_follow_changes(store: Store) -> None:
    assert becomes(lambda: scanned(store, "first"), 180)
    for number in (100_000, 200_000):
        text = f"INSERT DATA {{ <{E}new{number}> <{E}value> {number} ; <{E}area> <{E}s0> }}"
        store.change(Change("update", text))
        ADDED.append(number)
        assert sums(store, f"after {number}") == expected(*ADDED)
    assert becomes(lambda: scanned(store, "again"), 180)
    assert sums(store, "past", at=0) == expected()
    assert sums(store, "past", at=1) == expected(*ADDED[:1])


def test_a_dataset_of_named_graphs_is_for_the_row_engine(store: Store) -> None:
    before = store.pool.scanned
    assert sums(store, "graph", default_graphs=(f"{E}none",), new_graphs=True) == []
    assert store.pool.scanned == before


def test_columns_are_kept_for_the_next_start(tmp_path: Path) -> None:
    quads = [ox.Quad(iri(n), iri("value"), integer(n)) for n in range(50)]
    quads += [ox.Quad(iri(n), iri("area"), iri(f"s{n % 7}")) for n in range(50)]
    History.create(tmp_path / "history", quads).close()

    def used(version: int, until: Callable[[list[tuple[str, list[str]]]], bool]) -> list[tuple[str, list[str]]]:
        """What a keeper has columns used of, and what had changed since."""
        found: list[tuple[str, list[str]]] = []
        with History.open(tmp_path / "history") as history:
            use = lambda folder, touched: found.append((folder, [*touched]))  # noqa: E731
            keeper = ColumnsKeeper(history, lambda: version, use, lambda: version, 0)
            keeper.start()
            assert becomes(lambda: until(found), 180)
            keeper.stop()
        return found

    ((first, touched),) = used(0, lambda found: len(found) == 1)
    assert touched == []
    made = (Path(first) / "tables").stat().st_mtime_ns
    assert used(0, lambda found: len(found) == 1) == [(first, [])]
    assert (Path(first) / "tables").stat().st_mtime_ns == made
    with History.open(tmp_path / "history") as history:
        history.append(Patch(adds=(ox.Quad(iri(1), iri("value"), integer(7)),)))
    before, after = used(1, lambda found: len(found) == 2)
    assert before == (first, [f"{E}value"])
    assert after[0] != first
    assert not Path(first).exists()
    with (Path(after[0]) / "terms").open("r+b") as file:
        file.write(b"damaged")
    assert len(used(1, lambda found: len(found) == 1)) == 1
    assert is_whole(Path(after[0]))
