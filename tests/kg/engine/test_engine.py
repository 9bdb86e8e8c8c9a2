"""The engine: results, and errors with position and fix."""

import json
from collections.abc import Sequence

import pyoxigraph as ox
import pytest

from kg.engine.engine import Engine, with_prefixes
from kg.engine.errors import QuerySyntaxError
from kg.engine.guard import OutboundRefusedError
from kg.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS
from ontology import PREFIXES, KelisimError

JSON, XML, CSV, _, TSV = RESULT_FORMATS
TURTLE = GRAPH_FORMATS[0]


@pytest.fixture
def small() -> Engine:
    def node(name: str) -> ox.NamedNode:
        return ox.NamedNode(f"http://example.org/{name}")

    default = [ox.Quad(node("a"), node("p"), ox.Literal(0))]
    named = [ox.Quad(node("b"), node("p"), ox.Literal(False), node("g"))]
    return Engine(default + named)


def test_falsy_values_are_written(small: Engine) -> None:
    """Zero and false are values (rdflib's own XML writer leaves them out)."""
    body = small.query("SELECT ?o { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }").serialize(XML).decode()
    assert ">0<" in body
    assert ">false<" in body


@pytest.mark.parametrize(("form", "expected"), [(CSV, b"true"), (TSV, b"true"), (JSON, b'{"head":{},"boolean":true}')])
def test_ask(small: Engine, form: object, expected: bytes) -> None:
    assert small.query("ASK { ?s ?p 0 }").serialize(form).strip() == expected  # type: ignore[arg-type]


def test_given_graphs_are_the_dataset(small: Engine) -> None:
    query = "SELECT ?s { ?s ?p ?o }"

    def subjects(default_graphs: Sequence[str] = (), named_graphs: Sequence[str] = ()) -> list[str]:
        answer = small.query(query, default_graphs=default_graphs, named_graphs=named_graphs)
        rows = json.loads(answer.serialize(JSON))["results"]["bindings"]
        return [row["s"]["value"] for row in rows]

    assert subjects() == ["http://example.org/a"]
    assert subjects(default_graphs=["http://example.org/g"]) == ["http://example.org/b"]
    assert subjects(named_graphs=["http://example.org/g"]) == []


@pytest.mark.parametrize(
    ("query", "line", "column", "message"),
    [
        ("SELECT ?x { ?x a ", 1, 17, "the { at line 1, column 11 is not closed"),
        ("SELECT *\nWHERE { ?s ?p ?o }}", 2, 19, "This } closes nothing"),
        ("SELECT ?x { ?x no:such 1 }", 1, 16, "no PREFIX line declares"),
        ("", 1, 1, "There is no query here"),
    ],
)
def test_malformed_queries_are_located(small: Engine, query: str, line: int, column: int, message: str) -> None:
    with pytest.raises(QuerySyntaxError, match=message) as raised:
        small.query(query)
    assert (raised.value.line, raised.value.column) == (line, column)
    assert f"line {line}, column {column}" in str(raised.value)
    assert len(str(raised.value)) < 500


def test_malformed_graph_iris_are_refused(small: Engine) -> None:
    with pytest.raises(QuerySyntaxError, match="graph IRI"):
        small.query("ASK {}", default_graphs=["no iri"])


def test_a_format_that_does_not_fit_is_refused(small: Engine) -> None:
    with pytest.raises(KelisimError, match="no answer in turtle; choose one of: json, xml, csv, csv-excel, tsv"):
        small.query("ASK {}").serialize(TURTLE)


def test_service_is_refused_before_it_is_run(small: Engine) -> None:
    with pytest.raises(OutboundRefusedError, match="SERVICE at line 2, column 13"):
        small.query("ASK {\n  OPTIONAL{ SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } } }")


def test_prefixes_are_added_where_used_and_missing() -> None:
    query = "PREFIX id: <http://example.org/>\nASK { id:a kel:kind ?x }"
    assert with_prefixes(query) == f"PREFIX kel: <{PREFIXES['kel']}> {query}"
