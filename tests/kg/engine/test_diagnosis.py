"""Malformed queries: the position, explanation and fix of each common mistake."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.engine.diagnosis import diagnose
from kg.engine.engine import Engine
from kg.engine.errors import QuerySyntaxError
from kg.publishing.questions import read_questions

EX = "PREFIX ex: <http://example.org/>\n"
PATTERN = "{ ?a ?p ?b }"

# ⇒ marks the expected error position; it is removed before parsing.
QUERIES = [
    (EX + "SELECT * {\n ?town ex:in ?land\n ⇒?land ex:name ?name .\n}", "dot is missing before “[?]land”"),
    (EX + "SELECT * { ?town ex:in ?land ⇒ex:oblast ?b }", "dot is missing before “ex:oblast”"),
    (EX + 'SELECT * { ?a ex:name "x"@kk ⇒?b ex:name "y" }', "dot is missing"),
    (f"SELECT ?a⇒, ?b WHERE {PATTERN}", "without commas"),
    (f"SELECT *⇒, ?b WHERE {PATTERN}", "without commas"),
    (f"SELECT DISTINCT ?a ⇒, ?b {PATTERN}", "without commas"),
    (f"SELECT ⇒COUNT(*) WHERE {PATTERN}", r"\(COUNT\(…\) AS [?]name\)"),
    (f"SELECT ?a ⇒count(?b) AS ?n {PATTERN}", r"\(COUNT\(…\) AS"),
    (f"SELECT ?a ⇒STR(?b) {PATTERN}", r"\(STR\(…\) AS"),
    (f"SELECT (COUNT(*)⇒) WHERE {PATTERN}", "needs a name"),
    (f"SELECT (?a⇒) WHERE {PATTERN}", "without brackets"),
    (f"SELECT ⇒WHERE {PATTERN}", "what to select"),
    (f"SELECT ⇒name {PATTERN}", "write [?]name"),
    (f"SELECT ⇒TOP 5 ?a {PATTERN}", "Use LIMIT"),
    ("SELECT * WHERE { ?a ?p ?b⇒", "the { at line 1, column 16 is not closed"),
    ("SELECT * {\n { ?a ?p ?b }\n OPTIONAL { ?b ?q ?c }⇒", "the { at line 1, column 10 is not closed"),
    ("SELECT * WHERE ⇒?a ?p ?b }", "A { is missing before “[?]a”"),
    ("SELECT * { ?a ?p ?b OPTIONAL ⇒?b ?q ?c }", "A { is missing"),
    (f"SELECT * {PATTERN} ⇒}}", "closes nothing"),
    ("SELECT * { ?a ?p ?b FILTER(?b > (1 + 2)⇒ }", r"the \( at line 1, column 27 is not closed"),
    ("⇒SELCT * { ?a ?p ?b }", "Did you mean SELECT"),
    (f"⇒CONSTRUKT {PATTERN} WHERE {PATTERN}", "Did you mean CONSTRUCT"),
    (f"SELECT * ⇒WHER {PATTERN}", "Did you mean WHERE"),
    ("SELECT * { ?a ?p ?b ⇒FLITER(?b > 1) }", "Did you mean FILTER"),
    ("SELECT * { ?a ?p ?b FILTER(⇒CONTIANS(?b, 'x')) }", "Did you mean CONTAINS"),
    (f"SELECT * {PATTERN} ⇒LIMTI 5", "Did you mean LIMIT"),
    (f"⇒EXPLAIN SELECT * {PATTERN}", "no part of SPARQL"),
    ("⇒MATCH (n) RETURN n", "begins no query"),
    ("⇒INSERT DATA { <a:a> <a:b> 1 }", "begins an update"),
    (EX + "⇒DELETE WHERE { ?a ex:b ?c }", "begins an update"),
    ("SELECT * { ⇒foo:a ?p ?b }", "PREFIX foo: <…>"),
    ("SELECT * { ?a ⇒foo:p/foo:q ?b }", "prefix foo: is used"),
    ("SELECT * { ?a ?p ⇒foo:b }", "prefix foo: is used"),
    ("SELECT * { ?a ?p ?b FILTER(⇒foo:f(?b)) }", "prefix foo: is used"),
    ("SELECT * { ?a ?p ?b FILTER(?b NOT IN (1, ⇒foo:x)) }", "prefix foo: is used"),
    ('SELECT * { ?a ?p "1"^^⇒xsd:integer }', "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>"),
    ("SELECT * { ?a a ⇒kel:State }", "PREFIX kel: <https://w3id.org/kelisim/ns#>"),
    ("SELECT * { ?a ?p ⇒:b }", "The prefix : is used"),
    (f"SELECT ⇒?a (COUNT(?b) AS ?n) {PATTERN}", "neither in GROUP BY nor in an aggregate"),
    (f"SELECT ?a ⇒?p (SUM(?b) AS ?n) {PATTERN} GROUP BY ?a", "[?]p is neither"),
    (f"SELECT ?a (STR(⇒?p) AS ?n) (SUM(?b) AS ?m) {PATTERN} GROUP BY ?a", "[?]p is neither"),
    ("SELECT * { { SELECT ⇒?x (MAX(?y) AS ?n) { ?x ?p ?y } GROUP BY ?p } ?s ?q ?x }", "[?]x is neither"),
    ("SELECT * { ?a ?p ?b FILTER(?b ⇒== 1) }", "single ="),
    ("SELECT * { ?a ?p ?b FILTER(?b ⇒<> 1) }", "written !="),
    ("SELECT * { ?a ?p ?b BIND(?c = 1⇒) }", "AS [?]name"),
    ("SELECT * { ?a ?p ?b FILTER(?b > 1 ⇒AND ?b < 2) }", "Use &&"),
    ("SELECT * { ?a ?p ?b FILTER(?b > 1 ⇒& ?b < 2) }", "&&"),
    ("SELECT * { ?a ?p ?b FILTER(?b > 1 ⇒| ?b < 2) }", r"\|\|"),
    ("SELECT * { ?a ?p ?b FILTER(?b ⇒LIKE 'x') }", "CONTAINS"),
    ("SELECT * { ?a ?p ?b FILTER(?b ⇒IS NULL) }", "BOUND"),
    ("SELECT * { ?a ?p ?b FILTER ⇒?b > 1 }", "stands in brackets"),
    (f"SELECT ?a {PATTERN} GROUP BY ?a HAVING ⇒?a > 1", "stands in brackets"),
    ('SELECT * { ?a ?p ⇒"abc }', "not closed on its line"),
    ("SELECT * { ?a ?p ⇒“abc” }", "typographic"),
    ("SELECT * { ?a ?p 'x'⇒@en_US }", "write @en-US"),
    ("SELECT * { ⇒<http://a b> ?p ?o }", "in angle brackets"),
    ("SELECT * { ⇒http://example.org/a ?p ?o }", "in angle brackets"),
    (f"SELECT * {PATTERN} LIMIT 5 ⇒ORDER BY ?a", "too late"),
    (f"SELECT ?a {PATTERN} ORDER BY ?a ⇒GROUP BY ?a", "too late"),
    (f"SELECT * {PATTERN} ORDER ⇒?a", "write ORDER BY"),
    (f"PREFIX a: <b:> ⇒.\nSELECT * {PATTERN}", "no dot"),
    (f"⇒@prefix a: <b:> .\nSELECT * {PATTERN}", "no @ before PREFIX"),
    (f"PREFIX ⇒a <b:>\nSELECT * {PATTERN}", "write PREFIX a:"),
    ("SELECT * { ?a ?p⇒ }", "not complete"),
    ('SELECT * { ?a ⇒"p" ?b }', "literal"),
    (f"SELECT * {PATTERN} ⇒;", "no semicolon"),
    (f"SELECT (COUNT(DISTINCT ?a⇒, ?b) AS ?n) {PATTERN}", "one expression"),
    (f"SELECT (GROUP_CONCAT(?b⇒, ',') AS ?n) {PATTERN}", "SEPARATOR="),
    ("SELECT * { VALUES ?a { 1⇒, 2 } ?a ?p ?b }", "comma"),
    (f"SELECT (?b AS ⇒?a) {PATTERN}", "has a value here already"),
    ("SELECT * { ?a ?p ?b BIND(1 AS ⇒?b) }", "has a value here already"),
    ("⇒", "no query here"),
    ("SELECT *⇒", "pattern is missing"),
]
UPDATES = [
    (f"⇒SELECT * {PATTERN}", "begins a query"),
    ("INSERT DATA { <a:a> <a:b> 1 } ⇒INSERT DATA { <a:a> <a:b> 2 }", "write ; before INSERT"),
    ("INSERT DATA { ⇒?a <a:b> 1 }", "without variables"),
    ("DELETE DATA { ⇒_:a <a:b> 1 }", "without blank nodes"),
    ("DELETE { ?a <a:b> 1 }⇒", "WHERE { … }"),
    ("INSERT DATA { <a:a> <a:b> ⇒ex:c }", "prefix ex: is used"),
    ("INSRT DATA { <a:a> <a:b> 1 }".replace("INSRT", "⇒INSRT"), "Did you mean INSERT"),
]


def place(marked: str) -> tuple[str, int, int]:
    before = marked.partition("⇒")[0].split("\n")
    return marked.replace("⇒", ""), len(before), len(before[-1])


@pytest.mark.parametrize(("marked", "message"), QUERIES)
def test_queries(marked: str, message: str) -> None:
    query, line, column = place(marked)
    with pytest.raises(QuerySyntaxError, match=message) as raised:
        Engine(()).query(query)
    assert raised.value.line == line
    wanted = len(query.split("\n")[line - 1][:column]) + 1
    skipped = len(query.split("\n")[line - 1][column:]) - len(query.split("\n")[line - 1][column:].lstrip())
    assert raised.value.column in {wanted, wanted + skipped}
    assert "expected" not in str(raised.value)


@pytest.mark.parametrize(("marked", "message"), UPDATES)
def test_updates(marked: str, message: str) -> None:
    update, line, column = place(marked)
    with pytest.raises(QuerySyntaxError, match=message) as raised:
        Engine(()).update(update)
    assert (raised.value.line, raised.value.column) == (line, column + 1)


@given(st.data())
def test_a_query_with_any_part_removed_has_a_clear_error(data: st.DataObject) -> None:
    """Any part of a query removed: if it is malformed, the error has a position inside the text and a short message."""
    question = data.draw(st.sampled_from(QUESTIONS))
    start = data.draw(st.integers(0, len(question) - 1))
    end = data.draw(st.integers(start, min(len(question), start + 40)))
    cut = question[:start] + question[end:]
    error = error_of(cut)
    if error:
        lines = cut.split("\n")
        assert 0 <= error.line <= len(lines)
        assert error.line == 0 or 1 <= error.column <= len(lines[error.line - 1]) + 1
        assert len(str(error)) < 500


QUESTIONS = [question.query for question in read_questions()]


def error_of(query: str) -> QuerySyntaxError | None:
    try:
        Engine(()).query(query)
    except QuerySyntaxError as error:
        return error
    return None


@given(st.text(max_size=60), st.booleans())
def test_any_text_has_a_clear_error(text: str, update: bool) -> None:
    assert len(str(diagnose(text, update=update))) < 500
