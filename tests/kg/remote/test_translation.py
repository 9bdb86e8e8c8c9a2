"""Each query means the same as the SELECT that is sent, whatever the engine takes for its default graph."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pyoxigraph as ox
import pytest

from kg.engine.engine import Engine
from kg.engine.errors import EngineRefusedError
from kg.engine.remote import query_form
from kg.remote.breaker import Breaker
from kg.remote.engine import RemoteEngine
from kg.remote.probing import Traits
from kg.remote.store import RemoteStore
from kg.remote.translation import Dataset, Reading, translate
from kg.remote.transport import Transport
from kg.upload.names import DEFAULT_GRAPH, PUBLISHED_GRAPH, RESERVED
from ontology import KelisimError

DATA = """
@prefix : <urn:> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:a :p :b ; :n 1 ; :l "a"@en . :b :p :c ; :n 2 . :c :p :a ; :n 5 ; :q [ :n 7 ] .
:g { :a :p :c . :c :p :d . :d :n 3 } :h { :a :p :b . :b :n 9 }
"""
QUERIES = (
    "SELECT * { ?s ?p ?o }",
    "SELECT * { }",
    "SELECT $s { $s <urn:p> ?o FILTER(?o != <urn:a>) }",
    "SELECT * { GRAPH ?g { ?s <urn:p> ?o } }",
    "SELECT * { GRAPH ?g { GRAPH <urn:g> { ?s ?p ?o } } }",
    "SELECT * FROM NAMED <urn:g> { GRAPH ?g { GRAPH <urn:g> { ?s ?p ?o } } }",
    "SELECT * { GRAPH ?g { } }",
    "SELECT ?келісім { ?келісім <urn:p> ?o } ORDER BY ?келісім",
    "SELECT (COUNT(*) AS ?саны) { GRAPH ?граф { ?s ?p ?o } }",
    "SELECT * { ?s <urn:p>+ ?o }",
    "SELECT * { <urn:a> <urn:p>* ?o }",
    "SELECT ?s { ?s ?p ?o } ORDER BY ?s OFFSET 3",
    "SELECT (COUNT(*) AS ?n) { { SELECT ?s { ?s ?p ?o } ORDER BY ?s OFFSET 2 } }",
    "CONSTRUCT { ?s <urn:r> ?o } WHERE { ?s <urn:p> ?o } ORDER BY ?s OFFSET 1",
    "ASK { ?s <urn:p> ?o } OFFSET 100",
    "SELECT * { ?s <urn:p> ?o . GRAPH <urn:g> { ?o <urn:p> ?x } }",
    "SELECT * { ?s <urn:p> ?o OPTIONAL { GRAPH ?g { ?o <urn:n> ?n } } MINUS { ?s <urn:n> 2 } }",
    "SELECT * { ?s <urn:p> ?o FILTER NOT EXISTS { ?o <urn:n> 2 } }",
    "SELECT * { ?s <urn:p> ?o FILTER EXISTS { GRAPH ?g { ?s <urn:p> ?o } } }",
    "SELECT ?s (COUNT(?o) AS ?n) { { SELECT ?s ?o { ?s <urn:p> ?o } } } GROUP BY ?s HAVING (COUNT(?o) > 0)",
    "SELECT * { ?s <urn:p> _:x . FILTER(?s != <urn:b>) _:x <urn:n> ?n }",
    "SELECT * { ?s <urn:q> [ <urn:n> ?n ] }",
    "SELECT (<urn:unknown>(?n) AS ?x) ?n { ?s <urn:n> ?n }",
    "SELECT (EXISTS { ?s <urn:p> <urn:b> } AS ?x) ?s { ?s <urn:n> ?n }",
    "SELECT ?s { ?s <urn:n> ?n FILTER(?n >= 2 && ?n < 5) }",
    "SELECT ?s ?x { ?s <urn:n> ?n BIND(?n > 1 || false AS ?x) }",
    "SELECT ?s FROM <urn:g> { ?s ?p ?o }",
    "SELECT ?s FROM <urn:g> FROM <urn:h> { ?s <urn:p> ?o }",
    "SELECT ?g ?s FROM NAMED <urn:h> { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }",
    "SELECT ?g ?s FROM <urn:g> FROM NAMED <urn:h> { ?s <urn:p> ?o GRAPH ?g { ?x ?y ?o } }",
    "SELECT ?s FROM <urn:g> { GRAPH <urn:h> { ?s ?p ?o } }",
    "PREFIX u: <urn:> SELECT * { VALUES ?s { u:a u:b } ?s u:p ?o } VALUES ?o { u:b UNDEF }",
    "BASE <urn:x> SELECT * { ?s <urn:p> ?o } LIMIT 0",
    "# SELECT { GRAPH \n ASK { ?s <urn:p> <urn:d> }",
    "ASK { ?s <urn:p> ?o FILTER(?o = <urn:c>) }",
    "ASK { GRAPH ?g { ?s <urn:p> <urn:d> } } LIMIT 0",
    "CONSTRUCT { ?o <urn:r> ?s . ?s a <urn:T> } WHERE { ?s <urn:p> ?o }",
    "CONSTRUCT WHERE { ?s <urn:p> ?o . ?o <urn:n> ?n }",
    "CONSTRUCT { <urn:x> <urn:y> 1 } WHERE { GRAPH ?g { ?s <urn:p> <urn:d> } }",
    "CONSTRUCT { ?s <urn:v> ?x } WHERE { ?s <urn:n> ?n OPTIONAL { ?s <urn:l> ?x } }",
    "DESCRIBE <urn:a> <urn:none>",
    "DESCRIBE ?s { ?s <urn:n> ?n FILTER(?n < 3) }",
    "DESCRIBE *  WHERE { <urn:a> <urn:p> ?o }",
)


class Local(Transport):
    """Sends nothing: a store in this process evaluates what is sent."""

    def __init__(self, store: ox.Store, *, union: bool) -> None:
        super().__init__("http://127.0.0.1:1/", Breaker("none"))
        self._store = store
        self._union = union

    def select(self, query: str) -> bytes:
        found = self._store.query(query, use_default_graph_as_union=self._union)
        assert isinstance(found, ox.QuerySolutions)
        written = found.serialize(format=ox.QueryResultsFormat.JSON)
        assert written
        return written


def engines() -> dict[str, tuple[Engine, RemoteEngine]]:
    quads = [*ox.parse(input=DATA, format=ox.RdfFormat.TRIG)]
    apart, placed = ox.Store(), ox.Store()
    apart.extend(quads)
    place = ox.NamedNode(DEFAULT_GRAPH)
    placed.extend(
        ox.Quad(q.subject, q.predicate, q.object, place if q.graph_name == ox.DefaultGraph() else q.graph_name)
        for q in quads
    )
    for store in (apart, placed):
        mark = ox.NamedNode(PUBLISHED_GRAPH)
        store.add(ox.Quad(mark, ox.NamedNode("urn:p"), mark, mark))
    local = Engine(quads)
    odd = Traits(placed=True, union=True, hidden=RESERVED, numeric_booleans=True)
    return {
        "apart": (local, RemoteEngine(RemoteStore(Local(apart, union=False), Traits()))),
        "placed": (local, RemoteEngine(RemoteStore(Local(placed, union=True), odd))),
    }


ENGINES = engines()


def seen(engine: Engine, query: str) -> object:
    """The answer, blind to the labels of blank nodes and the order of rows."""
    answer = engine.query(query)
    if answer.is_graph:
        return Counter(_blind(t) for t in dict.fromkeys(answer.triples))
    if query_form(query) == "ASK":
        return answer.boolean
    solutions = answer.solutions
    return [v.value for v in solutions.variables], Counter(_blind(row) for row in solutions)


def _blind(terms: Iterable[Any]) -> str:
    return json.dumps(["_:" if isinstance(t, ox.BlankNode) else str(t) for t in terms])


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.parametrize("query", QUERIES)
def test_it_means_the_same(kind: str, query: str) -> None:
    local, remote = ENGINES[kind]
    assert seen(remote, query) == seen(local, query)


@pytest.mark.parametrize("query", ["SELECT * {", "SELECT ?x FROM <urn:none> {}", 'DEFINE input:same-as "yes" ASK {}'])
def test_errors_are_the_same(query: str) -> None:
    local, remote = ENGINES["placed"]
    told = []
    for engine in (local, remote):
        with pytest.raises(KelisimError) as error:
            engine.query(query)
        told.append((type(error.value), str(error.value)))
    assert told[0] == told[1]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?s <urn:p> ?o LATERAL { SELECT ?s ?x { ?s <urn:n> ?x } LIMIT 1 } }",
        "SELECT * { << ?s ?p ?o >> ?x ?y }",
    ],
)
def test_what_is_beyond_sparql_1_1_the_copy_answers(query: str) -> None:
    local, remote = engines()["placed"]
    with pytest.raises(EngineRefusedError, match=r"asked in SPARQL 1\.1"):
        remote.query(query)
    remote.remote.copied()
    assert seen(remote, query) == seen(local, query)


def test_values_are_given_within_groups_but_not_within_subqueries() -> None:
    query = "SELECT ?s ?o { ?s <urn:p> ?o OPTIONAL { ?x <urn:n> ?n FILTER(?x = ?s) } }"
    for _, remote in ENGINES.values():
        given = {ox.Variable("s"): ox.NamedNode("urn:a")}
        found = [tuple(row) for row in remote.query(query, substitutions=given).solutions]
        assert found == [(ox.NamedNode("urn:a"), ox.NamedNode("urn:b"))]


@pytest.mark.parametrize("modifiers", ["OFFSET 3", "ORDER BY ?s OFFSET 3", "GROUP BY ?s ORDER BY ?s OFFSET 3"])
@pytest.mark.parametrize("query", ["SELECT ?s { ?s ?p ?o } %s", "SELECT ?s { { SELECT ?s { ?s ?p ?o } %s } }"])
def test_an_offset_has_a_limit_where_engines_leave_rows_out_without(query: str, modifiers: str) -> None:
    reading = Reading(Dataset(), ["s"], doubted=True)
    assert f"{modifiers} LIMIT 2000000000" in translate(query % modifiers, reading).text
    limited = f"{modifiers} LIMIT 7"
    assert translate(query % limited, reading).text.count("LIMIT") == 1


@pytest.mark.parametrize("kind", ENGINES)
def test_the_store_is_read_as_one_in_memory(kind: str) -> None:
    local, remote = ENGINES[kind]
    nodes = [None, *(ox.NamedNode(f"urn:{n}") for n in "abcgnp")]
    graphs = [None, ox.DefaultGraph(), ox.NamedNode("urn:g")]
    assert len(remote) == len(local)
    assert {*remote.graphs()} == {*local.graphs()}
    for subject in nodes:
        for predicate in nodes:
            for value in nodes[:4]:
                for graph in graphs:
                    pattern = (subject, predicate, value, graph)
                    found, expected = ([*e.store.quads_for_pattern(*pattern)] for e in (remote, local))
                    assert Counter(map(_quad, found)) == Counter(map(_quad, expected)), pattern


def _quad(quad: ox.Quad) -> str:
    return _blind((*quad.triple, quad.graph_name))
