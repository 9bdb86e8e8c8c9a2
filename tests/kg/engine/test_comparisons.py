"""Comparisons without spaces, which the longest token would make IRIs of: read as the same with spaces.

Compared are the tokens, the variables that are mentioned, and the engine's answers, over generated conditions.
"""

import json

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.citations.algebra import mentions
from kg.citations.parsing import parse
from kg.engine.engine import Engine
from kg.engine.lexer import lex, spaced, words
from kg.engine.rewriting import rewrite
from kg.rdf.formats import RESULT_FORMATS

SUBJECTS, VALUES = "abcd", {"a": (1, 2, 7), "b": (1,), "c": (4, 9, 3, 3), "d": (2, 2, 5)}
ENGINE = Engine(
    [
        ox.Quad(ox.NamedNode(f"urn:{s}"), ox.NamedNode(f"urn:p{n}"), ox.Literal(value), ox.DefaultGraph())
        for s, values in VALUES.items()
        for n, value in enumerate(values)
    ]
)
SELECT = "SELECT ?s (COUNT(?o) AS ?n) (MAX(?o) AS ?most) (MIN(?o) AS ?least) { ?s ?p ?o } GROUP BY ?s"

Tokens = tuple[str, ...]


@st.composite
def operands(draw: st.DrawFn, depth: int) -> Tokens:
    """Something that is compared: a variable, a number, an aggregate, a function of conditions, a name."""
    plain = draw(
        st.sampled_from(
            [("?n",), ("?most",), ("?least",), ("3",), ("1.5",), ("COUNT", "(", "?o", ")"), ("SUM", "(", "?o", ")")]
        )
    )
    if depth and draw(st.integers(0, 3)) == 0:
        return ("IF", "(", *draw(conditions(depth - 1)), ",", *draw(operands(depth - 1)), ",", *plain, ")")
    return plain


@st.composite
def conditions(draw: st.DrawFn, depth: int) -> Tokens:
    """A condition, as tokens."""
    kind = draw(st.integers(0, 5)) if depth else 0
    if kind == 1:
        return ("(", *draw(conditions(depth - 1)), ")", "=", "(", *draw(conditions(depth - 1)), ")")
    if kind == 2:
        return ("!", "(", *draw(conditions(depth - 1)), ")")
    if kind == 3:
        return (*draw(conditions(depth - 1)), draw(st.sampled_from(["&&", "||"])), *draw(conditions(depth - 1)))
    if kind == 4:
        return ("?s", draw(st.sampled_from(["=", "!="])), draw(st.sampled_from(["<urn:a>", "<urn:x(1),&&>"])))
    if kind == 5:
        return (*draw(operands(depth - 1)), " IN ", "(", *draw(operands(depth - 1)), ",", "2", ")")
    sign = draw(st.sampled_from(["<", ">", "<=", ">=", "=", "!="]))
    return (*draw(operands(max(0, depth - 1))), sign, *draw(operands(max(0, depth - 1))))


HAVING = st.lists(conditions(3), min_size=1, max_size=4).map(
    lambda found: ("HAVING", *(token for each in found for token in ("(", *each, ")")))
)
FILTERS = st.lists(conditions(2), min_size=1, max_size=3).map(
    lambda found: tuple(token for each in found for token in ("FILTER", "(", *each, ")"))
)


def answers(query: str) -> list[str]:
    found = json.loads(ENGINE.query(query).serialize(RESULT_FORMATS[0]))
    return sorted(map(json.dumps, found["results"]["bindings"]))


def check(before: str, tokens: Tokens, after: str = "") -> None:
    narrow, wide = (f"{before} {sep.join(tokens)}{after}" for sep in ("", " "))
    assert words(narrow) == words(wide)
    assert answers(narrow) == answers(wide)
    assert words(rewrite(narrow)) == words(rewrite(wide))
    assert "".join(spaced(narrow).split()) == "".join(narrow.split())
    assert [*mentions(spaced(narrow))] == [*mentions(wide)]
    assert [narrow[t.start_pos : t.end_pos] for t in lex(narrow)] == [str(t) for t in lex(wide)]
    one, other = parse(narrow).select, parse(wide).select
    assert [*mentions(f"{one.having} {one.where.text}")] == [*mentions(f"{other.having} {other.where.text}")]
    assert words("".join(tokens)) == words(" ".join(tokens))  # a clause by itself


@settings(max_examples=150, deadline=None)
@given(HAVING)
def test_having(tokens: Tokens) -> None:
    check(SELECT, tokens)


@settings(max_examples=100, deadline=None)
@given(FILTERS)
def test_filters(tokens: Tokens) -> None:
    """With variables of an inner SELECT; aggregates become calls of functions of one argument."""
    plain = tuple({"COUNT": "ABS", "SUM": "ABS", "?o": "?least"}.get(token, token) for token in tokens)
    check(f"SELECT * {{ {{ {SELECT} }}", plain, " }")


@settings(max_examples=100, deadline=None)
@given(conditions(3))
def test_expressions_by_themselves(tokens: Tokens) -> None:
    assert words("".join(tokens)) == words(" ".join(tokens))
    projected = ("(", *tokens, " AS ", "?found", ")")
    check("SELECT ?s", projected, f"{{ {{ {SELECT} }} ?s ?p ?o }} GROUP BY ?s ?n ?most ?least")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?s <urn:a,b> ?o ; <urn:x(1)> ?p . ?p <urn:c&&d>/<urn:e,f> ?q }",
        "SELECT * { ?s (<urn:a,1>|<urn:b,1>)+ <urn:c,1> }",
        "SELECT * { ?s ?p (1 <urn:a,b> ?x <urn:c,d>) . [] <urn:a,b> 1 }",
        "SELECT * { VALUES (?x ?y) { (1 <urn:a,b>) (?x<urn:a,b>) } }",
        "SELECT * FROM <urn:a,b> FROM NAMED <urn:c,d> { GRAPH ?g { ?s ?p ?o } FILTER(?s IN (<urn:a,b>, <urn:c,d>)) }",
        "SELECT ?s { ?s ?p ?o } GROUP BY ?s HAVING(COUNT(?o) > 1)<urn:f,g>(?s)(?s = <urn:a,b>)",
        "SELECT ?s { ?s ?p ?o FILTER(EXISTS { ?s<urn:a,b>?o } && ?o = 1) ?o<urn:a,b>?q } ORDER BY ?s<urn:f,g>(?s)",
        "CONSTRUCT { ?s <urn:a,b> ?o } WHERE { ?s ?p ?o FILTER<urn:f,g>(?o) }",
        "INSERT DATA { <urn:a> <urn:a,b> 1 . 2 <urn:a,b> 3 }",
        '?s <urn:a,b> "x"^^<urn:c,d>',
    ],
)
def test_iris_with_commas_and_brackets_stay(text: str) -> None:
    expected = text.count("<urn:")
    assert sum(kind == "IRI" for kind, _ in words(text)) == expected
    assert spaced(text) == text
