"""Lenses are made when they are asked for, kept within a bound, and made again after changes."""

import pyoxigraph as ox
import pytest

from kg.curation.curated import Curation
from kg.curation.dataset import Dataset
from kg.engine.engine import Engine
from kg.engine.errors import BusyError, QuerySyntaxError, TooLargeError, UnknownGraphError
from kg.lenses import kept
from kg.lenses.kept import MissingLensError
from kg.lenses.names import LENSES, parse
from kg.rdf.formats import RESULT_FORMATS, by_name
from kg.rdf.patches import Patch
from ontology.namespaces import CLAIM, KEL

COUNT = f"SELECT (COUNT(DISTINCT ?c) AS ?n) {{}} WHERE {{{{ GRAPH ?c {{{{ ?s ?p ?o }}}} ?c <{KEL.modality}> ?m }}}}"


@pytest.fixture
def engine(dataset: Dataset) -> Engine:
    return Engine(dataset.quads)


def count(engine: Engine, *lenses: str) -> int:
    query = COUNT.format(" ".join(f"FROM <{LENSES}{lens}>" for lens in lenses))
    return int(engine.query(query).serialize(by_name("csv", RESULT_FORMATS)).split()[1])


def test_from_names_a_lens(engine: Engine, curation: Curation) -> None:
    assert count(engine) == len(curation.claims)
    assert count(engine, "as-of/2023-12-31") == count(engine, "source/mp23") == 311
    assert count(engine, "speaker/vladimir-putin/as-of/2024-12-31") == 17


def test_names_of_the_same_selection_share_a_store(engine: Engine) -> None:
    def store(path: str) -> ox.Store:
        return engine.lenses.get(parse(path))

    assert store("as-of/2023-12-31") is store("as-of/2024-01-01") is store("as-of/2023-11-30")
    assert store("as-of/2023-12-31/speaker/izvestia") is store("speaker/izvestia/as-of/2024-01-01")
    assert store("as-of/2023-12-31") is not store("as-of/2024-12-31")


def test_changes_are_seen(engine: Engine) -> None:
    claim = ox.NamedNode(f"{CLAIM}mp23-p24-1")
    gone = Patch(deletes=tuple(engine.quads(claim)) + tuple(engine.with_subject(claim)))
    assert len(gone.deletes) > 5
    before = count(engine, "as-of/2023-12-31")
    engine.apply(gone)
    assert count(engine, "as-of/2023-12-31") == before - 1
    engine.update(f"DELETE WHERE {{ ?c <{KEL.speaker}> <https://w3id.org/kelisim/id/vladimir-putin> }}")
    with pytest.raises(QuerySyntaxError, match="No claim is by the speaker “vladimir-putin”"):
        count(engine, "speaker/vladimir-putin")


def test_the_oldest_are_forgotten(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = [len(engine.lenses.get(parse(p))) for p in ("source/izv24", "source/mp23")]
    engine.lenses.clear()
    monkeypatch.setattr(kept, "KEPT_QUADS", 1)
    first = engine.lenses.get(parse("source/izv24"))
    engine.lenses.get(parse("source/mp23"))
    assert sum(sizes) > len(engine) * 3 // 2 or engine.lenses.get(parse("source/izv24")) is first
    engine.lenses.get(parse("everything"))
    engine.lenses.builds = False
    with pytest.raises(MissingLensError):
        engine.lenses.get(parse("source/izv24"))
    assert len(engine.lenses.get(parse("everything"))) >= len(engine)


def test_a_fork_that_makes_none_tells_what_it_lacks_and_what_is_wrong(engine: Engine) -> None:
    with pytest.raises(QuerySyntaxError):
        count(engine, "speaker/nobody")
    engine.lenses.builds = False
    with pytest.raises(MissingLensError) as error:
        count(engine, "speaker/izvestia/as-of/2024-12-31")
    assert error.value.path == "as-of/2024-12-31/speaker/izvestia"
    with pytest.raises(QuerySyntaxError, match="nobody"):
        count(engine, "speaker/nobody")


def test_too_large_and_still_loading(engine: Engine, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LENS_QUADS", 100)
    for _ in range(2):
        with pytest.raises(TooLargeError, match="narrower"):
            count(engine, "everything")
    store = ox.Store()
    store.bulk_extend(dataset.quads)
    with pytest.raises(BusyError):
        count(Engine(store, on_disk=True), "everything")


@pytest.mark.parametrize(
    "clauses",
    [
        f"FROM <{LENSES}as-of/2023-12-31> FROM <{LENSES}source/mp23>",
        f"FROM NAMED <{LENSES}as-of/2023-12-31>",
        f"FROM <{LENSES}source/mp23> FROM <{CLAIM}mp23-p24-1>",
    ],
)
def test_a_lens_stands_alone(engine: Engine, clauses: str) -> None:
    with pytest.raises(QuerySyntaxError, match="dataset and no graph"):
        engine.query(COUNT.format(clauses))


def test_claims_outside_a_lens_are_no_graphs_of_it(engine: Engine) -> None:
    both = "FROM <{}as-of/2023-12-31> FROM NAMED <{}{}>"
    engine.query(COUNT.format(both.format(LENSES, CLAIM, "mp23-p24-1")))
    with pytest.raises(UnknownGraphError, match="izv24-p32-4"):
        engine.query(COUNT.format(both.format(LENSES, CLAIM, "izv24-p32-4")))
