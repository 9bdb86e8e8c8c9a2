"""Several default graphs are merged: each triple counts once, whichever way they are named."""

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.engine import merging
from kg.engine.engine import Engine
from kg.engine.errors import TooLargeError
from kg.rdf.patches import Patch

GRAPHS = [ox.DefaultGraph(), *(ox.NamedNode(f"http://e.org/{name}") for name in "ab")]
QUADS = st.sets(
    st.builds(
        ox.Quad,
        st.sampled_from([ox.NamedNode(f"http://e.org/s{n}") for n in range(3)]),
        st.just(ox.NamedNode("http://e.org/p")),
        st.sampled_from([ox.Literal(str(n)) for n in range(3)]),
        st.sampled_from(GRAPHS),
    ),
    max_size=12,
)
COUNT = "SELECT (COUNT(*) AS ?n) {0} {{ ?s ?p ?o }}"


def count(engine: Engine, query: str, *default: str) -> int:
    answer = engine.query(query, default_graphs=default, new_graphs=True)
    (form,) = (f for f in answer.formats if f.name == "csv")
    return int(answer.serialize(form).split()[1])


def distinct(quads: set[ox.Quad], graphs: set[str]) -> int:
    return len({q.triple for q in quads if isinstance(q.graph_name, ox.NamedNode) and q.graph_name.value in graphs})


@given(QUADS, QUADS, QUADS)
def test_a_merge_counts_each_triple_once_also_after_changes(
    quads: set[ox.Quad], added: set[ox.Quad], removed: set[ox.Quad]
) -> None:
    engine, both = Engine(quads), {"http://e.org/a", "http://e.org/b"}
    clauses = COUNT.format("FROM <http://e.org/a> FROM <http://e.org/b>")
    for change in (Patch(), Patch(adds=tuple(added)), Patch(deletes=tuple(removed))):
        engine.apply(change)
        quads = (quads | {*change.adds}) - {*change.deletes}
        assert count(engine, clauses) == distinct(quads, both)
        assert count(engine, COUNT.format(""), *both) == distinct(quads, both)
        assert count(engine, COUNT.format("FROM <http://e.org/a>")) == distinct(quads, {"http://e.org/a"})


def test_named_graphs_stay_beside_a_merge() -> None:
    s, p = ox.NamedNode("http://e.org/s"), ox.NamedNode("http://e.org/p")
    engine = Engine([ox.Quad(s, p, ox.Literal(name), ox.NamedNode(f"http://e.org/{name}")) for name in "abcd"])
    query = (
        "SELECT (GROUP_CONCAT(?o) AS ?all) FROM <http://e.org/a> FROM <http://e.org/b> FROM NAMED <http://e.org/c> "
        "{ { SELECT ?o { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } } ORDER BY ?o } }"
    )
    answer = engine.query(query)
    (form,) = (f for f in answer.formats if f.name == "csv")
    assert sorted(answer.serialize(form).split()[1:]) == [b"a", b"b", b"c"]


def test_a_merge_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "MERGED_QUADS", 2)
    s, p = ox.NamedNode("http://e.org/s"), ox.NamedNode("http://e.org/p")
    engine = Engine([ox.Quad(s, p, ox.Literal(str(n)), ox.NamedNode(f"http://e.org/{n % 2}")) for n in range(3)])
    with pytest.raises(TooLargeError, match="more than 2 quads"):
        engine.query(COUNT.format("FROM <http://e.org/0> FROM <http://e.org/1>"))
    assert count(engine, COUNT.format("FROM <http://e.org/0>")) == 2
