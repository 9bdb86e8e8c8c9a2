"""Queries in all kinds of spelling: the rows of a cited answer are the plain ones, and each set gives its row."""

from collections import Counter

import msgspec
import pyoxigraph as ox
import pytest

from kg.citations.answers import cited_answer
from kg.citations.cited import Asked, Cited
from kg.citations.evaluation import cite
from kg.engine.engine import Engine
from kg.engine.errors import QuerySyntaxError
from kg.views.citations import CitedAnswer
from ontology import KelisimError
from tests.kg.citations.test_brute_force import PREFIX, Claims, answer, engine


def fact(text: str) -> ox.Triple:
    subject, predicate, value = text.split(maxsplit=2)
    term = ox.NamedNode(f"urn:{value}") if value[0] == "n" else ox.Literal(value)
    return ox.Triple(ox.NamedNode(f"urn:{subject}"), ox.NamedNode(f"urn:{predicate}"), term)


FACTS = frozenset(map(fact, ["n3 p0 n0", "n0 p1 n3"]))
TOLD: Claims = {
    "urn:claim0": ("asserted", frozenset(map(fact, ["n0 p0 n1", "n0 name Xi"]))),
    "urn:claim1": ("reported", frozenset(map(fact, ["n0 p0 n1", "n1 p1 n2"]))),
    "urn:claim2": ("planned", frozenset(map(fact, ["n1 p1 n3", "n2 p2 n0", "n0 p2 n2"]))),
    "urn:claim3": ("asserted", frozenset(map(fact, ["n2 p0 n3", "n3 p2 n3"]))),
}
WHOLE = engine(TOLD, FACTS)

PATHS = ["^(:p0/:p1)", "^(:p0/^:p1)", "^(^(:p0/:p1)/:p2)", "^(:p0?/:p1)", "^((:p0/:p1)+)", "(^(:p0/:p1)|:p2)"]
ODD = [
    "SELECT ?a (COUNT(?b) AS ?n) (COUNT(?p) AS ?m) { ?a ?p ?b } GROUP BY ?a HAVING(COUNT(?b)<9)(?n>0)(?m<9&&?n>0)",
    "SELECT ?a (IF(?a<:n9,?b>:n0,STR(?a)<STR(?b)) AS ?x) { ?a :p0 ?b FILTER((STR(?a)<=STR(?b))=(2>=1)&&1<2) }",
    "SELECT * { ?a :p0 ?b FILTER(?a<:n9&&?b>:n0||STR(?a)<STR(?b)&&?b>?a||1<2) ?b<urn:p1>?c }",
    "SELECT * { # Xi's visit\n ?a :p0 ?b . # Putin's\n ?b :p1 ?c }",
    "SELECT * { ?a :p0 ?b FILTER EXISTS { # don't\n ?b :p1 ?c } # can't\n }",
    'SELECT * { ?a :name ?n FILTER(?n != """a "quoted" ?z\'""") ?a :p0 ?b }',
    'SELECT * { ?a :name ?n FILTER(?n != "\\" ?z") ?a :p0 ?b }',
    "SELECT (CONCAT(?n, ' WHERE ') AS ?t) { ?a :name ?n } LIMIT 2",
    "SELECT * { $a $p $b . FILTER($p = :p0) GRAPH $g { $a $p $b } }",
    "SELECT ?_node0 { ?_node0 :p0 [ :p1 ?_node1 ] }",
    "SELECT ?_here0 ?_row0 { ?_here0 :p0 ?x { SELECT ?_row0 { ?_row0 :p1 ?z } } OPTIONAL { :n0 :p0 :n1 } }",
    "SELECT ?a ?x { ?a :p0|:p1 ?b OPTIONAL { ?b :p2 ?x } FILTER(BOUND(?x)) } LIMIT 50",
    "SELECT ?x ?y { ?x :p0 ?y OPTIONAL { ?y :p1 ?z } }",
    "SELECT DISTINCT ?x { ?x :p0 ?y OPTIONAL { ?y :p1 ?z OPTIONAL { ?z :p2 ?w } } } LIMIT 10",
    "SELECT ?x { ?x :p1 ?y FILTER EXISTS { ?x :p0 ?z OPTIONAL { ?z :p2 ?w } } }",
]


def check(query: str) -> Cited:
    """Checks rows against the plain answer, and sets against answers without other claims."""
    query = query if query.startswith("#") else PREFIX + query
    cited = cite(WHOLE, Asked(query))
    assert Counter(cited.rows) == answer(WHOLE, query)
    assert cited.rows
    for row, citation in zip(cited.rows, cited.citations, strict=True):
        assert citation.annotation.sets
        assert citation.annotation.complete
        for claims_of_set in citation.annotation.sets:
            assert row in answer(engine({c: TOLD[c] for c in claims_of_set}, FACTS), query)
        if frozenset() not in citation.annotation.sets:
            rest = {c: TOLD[c] for c in TOLD.keys() - citation.annotation.every}
            assert row not in answer(engine(rest, FACTS), query)
    return cited


@pytest.mark.parametrize("path", PATHS)
def test_inverse_paths(path: str) -> None:
    check(f"SELECT ?x ?y {{ ?x {path} ?y }}")


@pytest.mark.parametrize("query", ODD)
def test_odd_spellings(query: str) -> None:
    check(query)


def test_prefixes_in_comments_and_declared_again() -> None:
    check(
        "# PREFIX : <urn:one:>\nPREFIX : <urn:two:>\nPREFIX : <urn:>\n# PREFIX : <urn:three:>\nSELECT * { :n0 :p0 ?b }"
    )


def test_a_value_from_after_the_pattern_is_no_match_of_an_optional() -> None:
    """VALUES gives ?x a value where the OPTIONAL found none."""
    query = f"{PREFIX}SELECT ?a ?b ?x {{ ?a :p0 ?b OPTIONAL {{ ?b :p2 ?x }} }} VALUES ?x {{ :n9 }}"
    cited = cite(WHOLE, Asked(query))
    assert Counter(cited.rows) == answer(WHOLE, query)
    assert cited.rows
    for citation in cited.citations:
        assert citation.annotation.sets
        assert citation.annotation.complete
        assert [m.kind for m in citation.missing] == ["optional"]


def test_with_a_limit_no_value_is_put_where_the_pattern_has_none() -> None:
    query = f"{PREFIX}SELECT ?x {{ ?a :p0|:p1 ?b OPTIONAL {{ ?b :p2 ?x }} }}"
    limited, whole = cite(WHOLE, Asked(f"{query} LIMIT 50")), cite(WHOLE, Asked(query))
    found = [dict(zip(c.rows, (k.annotation for k in c.citations), strict=True)) for c in (limited, whole)]
    assert found[0] == found[1]


def test_a_count_of_nothing_rests_on_nothing_being_told() -> None:
    body = cited_answer(WHOLE, Asked(f"{PREFIX}SELECT (COUNT(*) AS ?n) {{ ?x :none ?y }}"))
    row = CitedAnswer(body, str).rows[0]
    assert row["absent"] == [{"kind": "group", "pattern": "{ ?x :none ?y }"}]
    assert row["citation"] == "It rests on nothing being told of { ?x :none ?y }."


@pytest.mark.parametrize("modifier", ["LIMIT 0", "OFFSET 100"])
def test_a_boolean_is_that_of_the_plain_answer(modifier: str) -> None:
    query = f"{PREFIX}ASK {{ ?x :p0 ?y }} {modifier}"
    assert msgspec.json.decode(cited_answer(WHOLE, Asked(query)))["boolean"] is WHOLE.query(query).boolean


def test_a_large_group_is_as_sure_as_its_weakest_member_listed_or_not() -> None:
    told: Claims = {f"urn:claim{n}": ("asserted", frozenset([fact(f"n0 p0 n{n}")])) for n in range(1_200)}
    told["urn:claim1200"] = ("planned", frozenset([fact("n0 p0 n1200")]))
    body = cited_answer(engine(told, ()), Asked(f"{PREFIX}SELECT (COUNT(*) AS ?n) {{ ?x :p0 ?y }}"))
    row = msgspec.json.decode(body)["citations"]["rows"][0]
    assert (row["of"], len(row["members"]), len(row["claims"])) == (1_201, 1_000, 1_201)
    assert (row["certainty"], row["sources"]) == ("planned", 1)


def test_an_aggregate_in_the_order_makes_a_group() -> None:
    query = f"{PREFIX}SELECT (1 AS ?one) {{ ?a :p0 ?b }} ORDER BY COUNT(*)"
    cited = cite(WHOLE, Asked(query))
    assert Counter(cited.rows) == answer(WHOLE, query)
    assert [c.of for c in cited.citations] == [3]


@pytest.mark.parametrize(
    "query",
    [
        "ASK { ?x :p0 ?y } GROUP BY ?x HAVING (COUNT(*) > 100)",
        "CONSTRUCT { ?x :q ?x } WHERE { ?x :p0 ?y } GROUP BY ?x HAVING (COUNT(*) > 100)",
    ],
)
def test_what_the_engine_refuses_is_refused(query: str) -> None:
    for run in (WHOLE.query, lambda text: cite(WHOLE, Asked(text))):
        with pytest.raises(QuerySyntaxError):
            run(PREFIX + query)


def test_blank_nodes_of_a_template_stay_apart() -> None:
    query = PREFIX + "CONSTRUCT { _:a_b :q ?x . _:ab :q ?x . _:1a :q ?x . _:11a :q ?x . [] :q ?x } WHERE { ?x :p0 ?y }"
    nodes = {t.subject for t in Engine(WHOLE.store.quads_for_pattern(None, None, None)).query(query).triples}
    assert len({row[0] for row in cite(WHOLE, Asked(query)).rows}) == len(nodes)


@pytest.mark.parametrize("query", ["SELECT ?x { ?x nope:p ?y }", "ASK { SERVICE <http://x.example/> { ?a ?b ?c } }"])
def test_errors_tell_the_place_in_the_query(query: str) -> None:
    told = []
    for run in (WHOLE.query, lambda text: cite(WHOLE, Asked(text))):
        with pytest.raises(KelisimError) as error:
            run(query)
        told.append(str(error.value))
    assert told[0] == told[1]
    assert "line 1" in told[0]
