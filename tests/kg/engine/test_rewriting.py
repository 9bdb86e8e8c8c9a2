"""Queries that pyoxigraph would not evaluate as SPARQL 1.1 says: rewritten, or refused with a fix."""

import itertools
import json
from collections import Counter

import pyoxigraph as ox
import pytest

from kg.engine.engine import Engine
from kg.engine.errors import QuerySyntaxError
from kg.rdf.formats import RESULT_FORMATS

JSON = RESULT_FORMATS[0]
DATA = [
    ("a", "s1", "p", "x"), ("a", "s2", "p", "y"), ("a", "s2", "q", "x"),
    ("b", "s1", "p", "x"), ("b", "s3", "q", "z"), ("c", "s4", "q", "a"), ("", "s5", "p", "x"),
]  # fmt: skip


def quad(graph: str, *terms: str) -> ox.Quad:
    s, p, o = (ox.NamedNode(f"urn:{t}") for t in terms)
    return ox.Quad(s, p, o, ox.NamedNode(f"urn:{graph}") if graph else ox.DefaultGraph())


ENGINE = Engine([quad(*each) for each in DATA])
GRAPHS = {g: Engine([quad("", *rest) for h, *rest in DATA if h == g]) for g in "abc"}


def rows(engine: Engine, query: str) -> tuple[list[str], Counter[frozenset[tuple[str, str]]]]:
    found = json.loads(engine.query("PREFIX : <urn:> " + query).serialize(JSON))
    bindings = [frozenset((n, t["value"]) for n, t in row.items()) for row in found["results"]["bindings"]]
    return found["head"]["vars"], Counter(bindings)


@pytest.mark.parametrize(
    "pattern",
    [
        "VALUES ?x { :x :y }",
        "VALUES ?x { :x :y } BIND(1 AS ?one)",
        "VALUES (?x ?y) { (:x :y) (UNDEF :z) } FILTER(?y != :z)",
        "VALUES ?x { :x :y } ?s :p ?x",
        "?s :p ?x VALUES ?x { :x :y }",
        "SELECT ?s { ?s :p ?x }",
        "SELECT ?s { ?s :p ?hidden }",
        "SELECT DISTINCT ?x { ?s ?p ?x }",
        "SELECT * { ?s :p ?x }",
        "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?x } GROUP BY ?p",
        "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?x } GROUP BY ?p HAVING(?n > 1)",
        "{ SELECT ?s { ?s :p ?x } } ?s :q ?y",
        "?s :q ?y . { SELECT ?s (MAX(?x) AS ?m) { ?s :p ?x } GROUP BY ?s }",
        "?s :p ?x MINUS { ?s :q ?y }",
        "?s :p ?x MINUS { ?other :q ?y }",
        "?s :p ?x MINUS { ?other :q ?x }",
        "?s :p ?x MINUS { SELECT ?other { ?other :q ?hidden } }",
        "?s :p ?x MINUS { ?other :q ?y MINUS { ?another :p ?z } }",
        "?s :p ?x MINUS { ?other :q ?y } MINUS { ?s :q ?z }",
        "?s :p ?x OPTIONAL { ?s :q ?y }",
        "OPTIONAL { ?s :q :a }",
        "{ ?s :p ?x } UNION { ?s :q ?x }",
        "?s :p ?x FILTER(?x = :x)",
        "?s :p ?x FILTER NOT EXISTS { ?s :q ?y }",
        "BIND(1 AS ?one)",
        "",
        "?s :p* ?x",
    ],
)
def test_each_graph_is_looked_at_by_itself(pattern: str) -> None:
    """Compared with the pattern over each graph alone, joined with its name (SPARQL 1.1 Query, section 18.6)."""
    expected: Counter[frozenset[tuple[str, str]]] = Counter()
    for name, graph in GRAPHS.items():
        inner = f"{{ {pattern} }}" if pattern.startswith("SELECT") else pattern
        for row, count in rows(graph, f"SELECT * {{ {inner} }}")[1].items():
            expected[row | {("g", f"urn:{name}")}] += count
    assert rows(ENGINE, f"SELECT * {{ GRAPH ?g {{ {pattern} }} }}")[1] == expected
    outer = rows(ENGINE, f"SELECT * {{ VALUES ?g {{ :a :b }} GRAPH ?g {{ {pattern} }} }}")[1]
    assert outer == Counter({row: n for row, n in expected.items() if ("g", "urn:c") not in row})


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("SELECT (COUNT(*) AS ?c) { ?s :p ?x }", "around the GRAPH"),
        ("SELECT ?s { ?s :p ?x } LIMIT 1", "around the GRAPH"),
        ("{ SELECT (SUM(?x) AS ?c) { ?s :p ?x } }", "around the GRAPH"),
        ("?s :p ?x FILTER(BOUND(?g))", "no value inside its own GRAPH"),
        ("?s :p ?x FILTER(?x = ?g)", "no value inside its own GRAPH"),
        ("?s :p ?x BIND(?g AS ?h)", "no value inside its own GRAPH"),
        ("?s :p ?x OPTIONAL { ?g :q ?y }", "no value inside its own GRAPH"),
        ("?s :p ?x MINUS { ?g :q ?y }", "no value inside its own GRAPH"),
    ],
)
def test_what_cannot_be_rewritten_is_refused_with_a_fix(pattern: str, message: str) -> None:
    with pytest.raises(QuerySyntaxError, match=message) as raised:
        ENGINE.query(f"PREFIX : <urn:>\nSELECT * {{ GRAPH ?g {{ {pattern} }} }}")
    assert raised.value.line == 2


def test_the_suggested_fixes_work() -> None:
    names, found = rows(ENGINE, "SELECT ?g (COUNT(*) AS ?c) { GRAPH ?g { ?s :p ?x } } GROUP BY ?g")
    assert (names, found.total()) == (["g", "c"], 2)
    assert rows(ENGINE, "SELECT * { GRAPH ?g { ?s :p ?x } FILTER(?g = :a) }")[1].total() == 2


@pytest.mark.parametrize("word", ["true", "TRUE", "True", "tRuE"])
def test_booleans_are_written_in_any_case(word: str) -> None:
    assert rows(ENGINE, f"SELECT (({word} && !FALSE) AS ?x) (STR('TRUE False') AS ?y) {{}}")[1] == Counter(
        [frozenset({("x", "true"), ("y", "TRUE False")})]
    )


def test_a_subquery_may_keep_a_variable_of_the_name_of_the_graph_to_itself() -> None:
    found = rows(ENGINE, "SELECT ?g ?s { GRAPH ?g { SELECT ?s { ?s :q ?g } } }")[1]
    assert found == rows(ENGINE, "SELECT ?g ?s { GRAPH ?g { ?s :q ?other } }")[1]


def test_other_graphs_inside_are_their_own() -> None:
    inside = "GRAPH ?h { SELECT ?t { ?t :q ?y } }"
    found = rows(ENGINE, f"SELECT ?g ?h ?t {{ GRAPH ?g {{ ?s :p ?x {inside} }} }}")[1]
    expected = rows(ENGINE, f"SELECT ?g ?h ?t {{ GRAPH ?g {{ ?s :p ?x }} {inside} }}")[1]
    assert found == expected
    assert all(dict(row).keys() == {"g", "h", "t"} for row in found)


@pytest.mark.parametrize("names", [*itertools.permutations(("zeta", "alpha", "mid"))])
@pytest.mark.parametrize("distinct", ["", "DISTINCT "])
def test_columns_stand_in_the_order_of_their_first_mention(names: tuple[str, ...], distinct: str) -> None:
    s, p, o = names
    query = f"SELECT {distinct}* {{ FILTER(BOUND(?{o})) ?{s} ?{p} ?{o} . # ?nothing\n ?{s} ?{p} ?{o} }} ORDER BY ?{s}"
    found, answers = rows(ENGINE, query)
    assert found == [o, s, p]
    assert answers.total() == 1
    for star in (f"{distinct.strip()}*", f"{distinct}# all *\n*"):
        assert rows(ENGINE, query.replace(f"{distinct}*", star))[0] == found
    assert rows(ENGINE, f"SELECT ?{p} ?{s} {{ ?{s} ?{p} ?{o} }}")[0] == [p, s]
    assert rows(ENGINE, f"SELECT * {{ {{ SELECT * {{ ?{s} :p ?{o} }} }} }}")[0] == [s, o]


@pytest.mark.parametrize(
    ("having", "expected"),
    [
        ("?n > 1", {"p", "q"}),
        ("?n > 3 && ?p = :q", set()),
        ("(?n = 4)", set()),
        ("?n<9&&?twice>5", {"p", "q"}),
        ("COUNT(*)<9&&?n>1", {"p", "q"}),
        ("?twice >= 6", {"p", "q"}),
    ],
)
def test_having_may_use_what_select_computes(having: str, expected: set[str]) -> None:
    query = (
        "SELECT ?p (COUNT(*) AS ?n) (COUNT(*) * 2 AS ?twice) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?p "
        f"HAVING({having}) ORDER BY ?n"
    )
    assert {dict(row)["p"].removeprefix("urn:") for row in rows(ENGINE, query)[1]} == expected
