"""Names in a query that are not in the data, and those that are like them."""

import pyoxigraph as ox
import pytest

from kg.engine.engine import Engine
from kg.engine.names import MOST_UNKNOWN, names
from kg.rdf.patches import Patch
from ontology import BASE

PROLOGUE = "PREFIX : <http://e.org/a#> PREFIX b: <http://e.org/b/> "
LABEL = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
GRAPH = ox.NamedNode("http://e.org/graph")


def thing(name: str, label: str, graph: ox.NamedNode | ox.DefaultGraph | None = None) -> ox.Quad:
    return ox.Quad(ox.NamedNode(f"http://e.org/b/{name}"), LABEL, ox.Literal(label, language="en"), graph)


@pytest.fixture
def engine() -> Engine:
    return Engine([
        thing("usa", "United States of America"),
        thing("kazakhstan", "Kazakhstan"),
        thing("luxembourg-city", "Luxembourg (city)"),
        thing("rt", "RT"),
        thing("seen-in-a-graph", "Seen", GRAPH),
        ox.Quad(ox.NamedNode("http://e.org/a#s"), ox.NamedNode("http://e.org/a#p"), ox.NamedNode("http://e.org/a#o")),
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("SELECT * { b:x :p <http://e.org/c> }", ["http://e.org/b/x", "http://e.org/a#p", "http://e.org/c"]),
        ("SELECT * FROM <http://e.org/g> FROM NAMED b:g { ?s a b:T }", ["http://e.org/b/T"]),
        ("SELECT * { GRAPH b:g { ?s ^:p|!b:q ?o } }", ["http://e.org/b/g", "http://e.org/a#p", "http://e.org/b/q"]),
        ("SELECT (b:cast(?x) AS ?y) { ?s :p '1'^^b:type, \"b:text\" FILTER(b:fn (?s) = b:y) } # b:no", None),
        ("DESCRIBE <x> b:y", [f"{BASE}x", "http://e.org/b/y"]),
        ("BASE <http://e.org/> ASK { <z#> ?p undeclared:name, _:b, true, 1.0, 'a'@en }", ["http://e.org/z#"]),
        ("PREFIX b: <http://e.org/other#> ASK { b:x\\-y ?p ?o } VALUES ?o { b:o }",
         ["http://e.org/other#x-y", "http://e.org/other#o"]),
        ("SELECT ?x { ?x a b:T. ?x :p b:y.} # .", ["http://e.org/b/T", "http://e.org/a#p", "http://e.org/b/y"]),
        ("CONSTRUCT { ?x b:of ?y } WHERE { ?y :p ?x }", ["http://e.org/a#p"]),
        ("CONSTRUCT WHERE { ?y :p ?x }", ["http://e.org/a#p"]),
        ("SELECT * { SERVICE SILENT <http://e.org/> { ?x b:there ?y { ?y b:too ?z } } ?y :p ?x }", ["http://e.org/a#p"]),
        ("SELECT * { ?x :p '2'^^ b:type }", ["http://e.org/a#p"]),
        ("ASK {", []),
    ],
)  # fmt: skip
def test_the_names_of_the_patterns_are_found(query: str, found: list[str] | None) -> None:
    assert [*names(PROLOGUE + query)] == (["http://e.org/a#p", "http://e.org/b/y"] if found is None else found)


@pytest.mark.parametrize(
    ("name", "similar"),
    [
        ("united-states", ["usa"]),
        ("Kazahstan", ["kazakhstan"]),
        ("kazakhstan-", ["kazakhstan"]),
        ("luxembourg", ["luxembourg-city"]),
        ("north-korea", []),
        ("art", []),
    ],
)
def test_an_unknown_name_is_told_with_similar_ones(engine: Engine, name: str, similar: list[str]) -> None:
    told = engine.hints.unknown_names(f"{PROLOGUE} SELECT * {{ b:usa :p b:{name} }}")
    assert told == {f"http://e.org/b/{name}": [f"http://e.org/b/{s}" for s in similar]}


@pytest.mark.parametrize(
    "iri",
    [
        "http://e.org:99999/x",
        f"http://{'a' * 70}.org/",
        "http://a..\u00e9/x",
        "http://a\u2100b/",
        "//a\u2100b/x",
        "//[x",
    ],
)
def test_odd_iris_make_no_error(engine: Engine, iri: str) -> None:
    for query in (f"SELECT * {{ <{iri}> ?p ?o }}", f"BASE <{iri}> SELECT * {{ <x> ?p ?o }}"):
        assert isinstance(engine.hints.unknown_names(query), dict)


def test_many_and_long_names_cost_little(engine: Engine) -> None:
    many = " ".join(f"b:n-{n}" for n in range(20_000))
    told = engine.hints.unknown_names(f"{PROLOGUE} SELECT * {{ VALUES ?s {{ {many} }} ?s :p ?o }}")
    assert [*told] == [f"http://e.org/b/n-{n}" for n in range(MOST_UNKNOWN)]
    assert engine.hints.unknown_names(f"{PROLOGUE} ASK {{ b:{'long' * 1000} :p ?o }}") == {}


def test_a_name_is_known_wherever_it_stands(engine: Engine) -> None:
    query = f"{PROLOGUE} SELECT * {{ GRAPH <http://e.org/graph> {{ :s :p :o . b:seen-in-a-graph a <{LABEL.value}> }} }}"
    assert engine.hints.unknown_names(query) == {}


def test_names_follow_changes(engine: Engine) -> None:
    query = f"{PROLOGUE} ASK {{ b:germany ?p ?o }}"
    engine.hints.prepare()
    assert engine.hints.unknown_names(query) == {"http://e.org/b/germany": []}
    added = thing("federal-republic", "Germany")
    engine.apply(Patch(adds=(added,)))
    assert engine.hints.unknown_names(query) == {"http://e.org/b/germany": ["http://e.org/b/federal-republic"]}
    engine.apply(Patch(adds=(thing("germany", "Germany"),), deletes=(added,)))
    assert engine.hints.unknown_names(query) == {}
