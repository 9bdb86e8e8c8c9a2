"""The stores that commands read from the packaged dataset that is kept."""

from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.curation.built import packaged_dataset
from kg.curation.dataset import Dataset
from kg.curation.kept import KeptStore, kept_file
from kg.engine.engine import Engine
from kg.engine.hints import Hints
from kg.engine.merging import Merge

QUERIES = (
    "SELECT ?visit { ?visit kel:visited id:kazakhstan }",
    "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p",
    "CONSTRUCT { ?s kel:status ?o } { ?s kel:status ?o }",
    "ASK { ?s kel:noSuchThing ?o }",
    "SELECT ?g ?s { GRAPH ?g { ?s kel:status ?o } }",
)
PREFIXES = "PREFIX kel: <https://w3id.org/kelisim/ns#> PREFIX id: <https://w3id.org/kelisim/id/> "


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def whole(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """The dataset, kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    return packaged_dataset()


def test_the_store_is_the_dataset(whole: Dataset) -> None:
    store = KeptStore().store()
    assert store is not None
    assert {*store} == {*whole.quads}
    assert [*store] == [*Engine(whole.quads).store], "answers come in the same order"


@pytest.mark.parametrize("query", QUERIES)
def test_hints_are_the_same_by_the_store_itself(whole: Dataset, query: str) -> None:
    store = KeptStore().store()
    assert store is not None
    by_store, by_quads = Hints(store), Engine(whole.quads).hints
    by_store.copy = lambda: store
    assert by_store.unknown_names(PREFIXES + query) == by_quads.unknown_names(PREFIXES + query)
    assert by_store.hedged_rows(PREFIXES + query) == by_quads.hedged_rows(PREFIXES + query)


def test_some_queries_have_hedged_rows(whole: Dataset) -> None:
    found = [Engine(whole.quads).hints.hedged_rows(PREFIXES + query) for query in QUERIES[:3]]
    assert any(found), "else the test above compares nothing"


def test_a_merge_by_a_copy_is_the_same_as_one_by_quads(whole: Dataset) -> None:
    store, copy = Engine(whole.quads).store, Engine(whole.quads).store
    graphs = [ox.DefaultGraph(), *list(store.named_graphs())[:50]]
    assert {*Merge(store, graphs, None, copy).store} == {*Merge(store, graphs, None).store}
    unused = Engine(whole.quads).store
    some = Merge(store, graphs, [], unused)
    assert {*some.store} == {*Merge(store, graphs, []).store}
    assert some.store is not unused


@pytest.mark.parametrize("damage", [None, b"", b"no digest\n", b"0" * 64 + b" 1\n"])
def test_what_is_missing_or_damaged_is_not_read(
    damage: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if damage is not None:
        kept_file().parent.mkdir(parents=True)
        kept_file().write_bytes(damage)
    assert KeptStore().store() is None
