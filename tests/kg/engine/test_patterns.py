"""Triple patterns that are read by a short cut are those that the engine reads."""

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.engine.names import names, names_by_tokens
from kg.engine.patterns import TYPE, triple_patterns

E = "http://e.org/"
PROLOGUE = f"PREFIX e: <{E}> prefix : <{E}>\n"


@pytest.mark.parametrize(
    ("query", "patterns"),
    [
        ("SELECT ?p ?o WHERE { <http://e.org/s> ?p ?o } LIMIT 3", [(f"{E}s", None, None)]),
        ("select * { ?s a e:T ; e:p 'x'@en , \"y\"^^e:t . e:s :p.q e:o. }", [
            (None, TYPE, f"{E}T"), (None, f"{E}p", None), (None, f"{E}p", None), (f"{E}s", f"{E}p.q", f"{E}o")]),
        ("ASK{?s?p 5 . ?s ?p -1.5,true}", [(None, None, None)] * 3),
        ("SELECT DISTINCT ?a$b{?a :p ?b}ORDER BY DESC(?a) ?b OFFSET 1 LIMIT 2", [(None, f"{E}p", None)]),
        ("SELECT ?s {}", []),
    ],
)  # fmt: skip
def test_plain_patterns_are_read(query: str, patterns: list[tuple[str | None, ...]]) -> None:
    assert [*map(tuple, triple_patterns(PROLOGUE + query) or ())] == patterns
    assert triple_patterns(PROLOGUE + query) is not None


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?s e:p/e:q ?o }",
        "SELECT * { ?s ^e:p ?o }",
        "SELECT * { ?s e:p* ?o }",
        "SELECT * { ?s e:p ?o FILTER(?o = e:x) }",
        "SELECT * { ?s e:p ?o OPTIONAL { ?o e:q ?r } }",
        "SELECT * { GRAPH ?g { ?s ?p ?o } }",
        "SELECT * { ?s e:p [ e:q ?o ] }",
        "SELECT * { ?s e:p _:b }",
        "SELECT * { ?s e:p ?o # ; e:q e:r\n}",
        'SELECT * { ?s e:p """a . e:s e:p e:o""" }',
        "SELECT * { ?s e:p e:a\\-b }",
        "SELECT * { ?s e:p e:a%20b }",
        "SELECT * { ?s e:p e:a:b }",
        "SELECT * { ?s e:p <relative> }",
        "SELECT * { ?s other:p ?o }",
        "SELECT * { ?s e:p 1.5e3 }",
        "SELECT * FROM e:g { ?s ?p ?o }",
        "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
        "SELECT * { ?s ?p ?o } GROUP BY ?s",
        "SELECT * { ?s ?p ?o } VALUES ?s { e:a }",
        "BASE <http://b.org/> SELECT * { ?s ?p ?o }",
        "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }",
        "DESCRIBE e:s",
        "SELECT * { ?s ?p ?o ; }",
        "SELECT * { ?s ?p }",
        "",
    ],
)
def test_of_anything_else_no_patterns_are_read(query: str) -> None:
    assert triple_patterns(PROLOGUE + query) is None


THINGS = ["?s", "$t", "e:a", ":b", "e:", "e:x.y", "<http://e.org/c>", "<http://e.org/#d>", "_:b", "e:a:b", "e:a%20b"]
PREDICATES = [*(t for t in THINGS if t != "_:b"), "a", "^e:a", "e:a/:b", "e:a*", "!e:b", "a|e:p"]
OBJECTS = [*THINGS, "'l'", "'<http://e.org/no>'", '"e:no"@en', "'m'^^e:type", "7", "-1.5", "true", "()", "[e:p e:a]"]
SPACES = st.sampled_from([" ", "\n", " # e:no\n"])
TRIPLES = st.tuples(*map(st.sampled_from, (THINGS, PREDICATES, OBJECTS)), st.sampled_from(".;,"), SPACES)
ENDS = st.sampled_from(["", " LIMIT 3", " ORDER BY ?s", " VALUES ?s {e:v}", " OFFSET 1"])


@given(st.lists(TRIPLES, min_size=1, max_size=5), ENDS)
def test_the_names_are_those_of_the_tokens(triples: list[tuple[str, str, str, str, str]], end: str) -> None:
    text, before = "", "."
    for number, (*terms, sign, space) in enumerate(triples, 1):
        last, before = before, sign if number < len(triples) else "."
        text += f"{space.join(terms['.;,'.index(last) :])}{space}{before}{space}"
    query = f"{PROLOGUE}SELECT * WHERE {{ {text}\n}}{end}"
    ox.Store().query(query)  # it is well-formed
    assert [*dict.fromkeys(names(query))] == [n for n in dict.fromkeys(names_by_tokens(query)) if n != TYPE]
