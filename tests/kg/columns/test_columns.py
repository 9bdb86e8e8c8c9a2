"""Columns give the answer of the row engine or none, whatever the data and the query."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.columns.answering import Columns
from kg.columns.building import build
from kg.columns.dictionary import Dictionary, Run, parts, write
from kg.columns.reading import may_be_scan
from kg.engine.engine import Engine
from tests.kg.columns.generating import E, graphs, integer, iri, over, selects, typed
from tests.kg.rdf.test_patches import untimed

ANSWERED = Counter[bool]()


def rows(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    """The answer of the row engine."""
    return [tuple(row) for row in engine.query(query).solutions]


def told(columns: Columns, query: str) -> list[tuple[Any, ...]] | None:
    """The answer of columns, if they have it."""
    answer = columns.answer(query)
    return None if answer is None else [tuple(row) for row in answer.solutions]


@settings(untimed, max_examples=10)
@given(graphs(), st.lists(selects(), min_size=20, max_size=30))
def test_they_answer_as_the_row_engine_or_not_at_all(
    tmp_path_factory: pytest.TempPathFactory, quads: list[ox.Quad], asked: list[str]
) -> None:
    engine, columns = over(quads, tmp_path_factory.mktemp("columns"))
    for query in asked:
        own = told(columns, query)
        ANSWERED[own is not None] += 1
        if own is not None:
            assert Counter(own) == Counter(rows(engine, query)), query
    columns.close()


def test_many_were_answered() -> None:
    """Of the queries of the test above, if that has run in this process."""
    assert not ANSWERED or ANSWERED[True] * 5 > ANSWERED[False]


ORDERS = ["?v", "DESC(?v)", "?x DESC(?v)", "DESC(?x)", "?n ?x", "DESC(?w) ?v"]


@settings(untimed, max_examples=8)
@given(
    graphs(),
    st.lists(
        st.tuples(
            st.sampled_from(["size", "price", "day", "moment", "name", "label", "back", "large", "mixed", "type"]),
            st.sampled_from(ORDERS),
            st.sampled_from(["", "OPTIONAL { ?x <http://e.org/size> ?w }"]),
            st.integers(0, 6),
            st.integers(0, 3),
        ),
        min_size=10,
        max_size=20,
    ),
)
def test_order_and_limits_are_those_of_the_row_engine(
    tmp_path_factory: pytest.TempPathFactory, quads: list[ox.Quad], asked: list[tuple[str, str, str, int, int]]
) -> None:
    engine, columns = over(quads, tmp_path_factory.mktemp("columns"))
    for name, order, optional, limit, offset in asked:
        predicate = "a" if name == "type" else f"<{E}{name}>"
        where = f"WHERE {{ ?x {predicate} ?v {optional} }}"
        query = f"SELECT ?x ?v ?w {where} ORDER BY {order}"
        if "?n" in order:
            query = f"SELECT ?x (COUNT(?v) AS ?n) {where} GROUP BY ?x ORDER BY {order}"
        own, every = told(columns, query), rows(engine, query)
        keys = [word.removeprefix("DESC(").rstrip(")") for word in order.split()]
        if own is not None:
            assert Counter(own) == Counter(every)
            assert _sorted_by(keys, own, query) == _sorted_by(keys, every, query), query
        part = told(columns, f"{query} LIMIT {limit} OFFSET {offset}")
        if part is not None:
            expected = rows(engine, f"{query} LIMIT {limit} OFFSET {offset}")
            assert _sorted_by(keys, part, query) == _sorted_by(keys, expected, query), query
            assert not Counter(part) - Counter(every)  # which of equal rows are left out is free
    columns.close()


def _sorted_by(keys: Sequence[str], found: list[tuple[Any, ...]], query: str) -> list[tuple[Any, ...]]:
    names = ["?x", "?n"] if "COUNT" in query else ["?x", "?v", "?w"]
    return [tuple(row[names.index(key)] for key in keys) for row in found]


@pytest.fixture(scope="module")
def trade(tmp_path_factory: pytest.TempPathFactory) -> tuple[Engine, Columns]:
    quads = [ox.Quad(iri(n), iri("value"), integer(n)) for n in range(5000)]
    quads += [ox.Quad(iri(n), iri("area"), iri(f"s{n % 7}")) for n in range(5000)]
    engine, _ = over(quads, folder := tmp_path_factory.mktemp("trade"))
    return engine, Columns(folder / "columns")


SUMS = f"SELECT ?s (SUM(?v) AS ?n) WHERE {{ ?o <{E}area> ?s ; <{E}value> ?v }} GROUP BY ?s ORDER BY ?s"


def test_much_is_read_from_columns_and_little_is_not(trade: tuple[Engine, Columns]) -> None:
    engine, columns = trade
    answer = columns.answer(SUMS)
    assert answer is not None
    assert [*map(tuple, answer.solutions)] == [*map(tuple, engine.query(SUMS).solutions)]
    assert columns.answer(SUMS.replace("?s ;", f"<{E}s3> ;").replace("?s ", "?o ")) is None


@pytest.mark.parametrize(
    "query",
    [
        SUMS.replace("GROUP BY ?s", ""),
        SUMS.replace("?n)", "?v)"),
        SUMS + " ORDER",
        SUMS.replace("SUM", "GROUP_CONCAT"),
        SUMS.replace("WHERE {", f"FROM <{E}g> WHERE {{"),
        SUMS.replace("WHERE {", f"WHERE {{ GRAPH <{E}g> {{}}"),
        f"BASE <{E}> {SUMS}",
        SUMS.replace(f"<{E}area>", "<area>"),
        SUMS.replace(f"<{E}area>", f"(<{E}area>/<{E}area>)*"),
        SUMS.replace("?v }", "?v FILTER(?v > 1e0) }"),
        SUMS.replace("?v }", "?v FILTER(?s > 1) }"),
        SUMS.replace("?v }", "?v FILTER(RAND() < 2) }"),
        SUMS.replace("?v }", "?v FILTER(REGEX(STR(?s), '[0-9]')) }"),
        SUMS.replace("?v }", f"?v OPTIONAL {{ ?o <{E}b> ?w }} OPTIONAL {{ ?q <{E}value> ?w }} }}"),
        SUMS.replace("?v }", "?v {{ SELECT ?o WHERE {{ ?o ?p ?s }} LIMIT 3 }} }"),
        SUMS.replace("SUM(?v)", "SUM(?s)"),
        SUMS.replace("SUM(?v)", "SUM(?v * 1.5)"),
        "ASK { ?s ?p ?o }",
        "",
        "SELECT",
    ],
)
def test_what_they_do_not_know_is_declined(trade: tuple[Engine, Columns], query: str) -> None:
    assert trade[1].answer(query) is None


def test_all_variables_are_told_in_the_order_of_the_row_engine(trade: tuple[Engine, Columns]) -> None:
    engine, columns = trade
    query = f"SELECT * WHERE {{ FILTER(?v > 4900) ?o <{E}area> ?s ; <{E}value> ?v }}"
    answer = columns.answer(query)
    assert answer is not None
    assert [v.value for v in answer.solutions.variables] == [v.value for v in engine.query(query).solutions.variables]


@pytest.mark.parametrize("counted", ["?w + 1", "DISTINCT ?w + 1", "?v / 0", "STRLEN(STR(?w))", "?v + 1", "?w"])
def test_counts_of_errors_are_those_of_the_row_engine(tmp_path: Path, counted: str) -> None:
    quads = [*(ox.Quad(iri(n), iri("p"), integer(n)) for n in range(3)), ox.Quad(iri("0"), iri("q"), integer(1))]
    engine, columns = over(quads, tmp_path)
    query = f"SELECT (COUNT({counted}) AS ?n) WHERE {{ ?s <{E}p> ?v OPTIONAL {{ ?s <{E}q> ?w }} }}"
    assert told(columns, query) in (None, rows(engine, query))


@pytest.mark.parametrize("tag", ['"EN"', '"en-Latn"', '"E"', '""', "STR(?v)", "LANG(?v)"])
def test_languages_match_in_any_case(tmp_path: Path, tag: str) -> None:
    words = [ox.Literal("EN"), ox.Literal("En-gb"), ox.Literal("x", language="en-us"), ox.Literal("en")]
    engine, columns = over([ox.Quad(iri("a"), iri("p"), word) for word in words], tmp_path)
    query = f'SELECT ?v WHERE {{ ?s <{E}p> ?v FILTER(LANGMATCHES({tag}, "en")) }}'
    assert Counter(told(columns, query) or []) == Counter(rows(engine, query))


def test_what_has_changed_since_is_declined(trade: tuple[Engine, Columns]) -> None:
    columns = trade[1]
    assert columns.answer(SUMS, {f"{E}other"}) is not None
    assert columns.answer(SUMS, {f"{E}other", f"{E}area"}) is None


def test_triple_terms_have_no_columns(tmp_path: Path) -> None:
    plain = [f"<{E}a> <{E}p> <{E}b> .\n".encode()]
    assert build(plain, tmp_path / "plain")
    assert not build([*plain, f"<{E}a> <{E}p> <<( <{E}a> <{E}p> <{E}b> )>> .\n".encode()], tmp_path / "terms")


def test_damaged_or_missing_columns_are_passed_over(tmp_path: Path) -> None:
    for name in ("tables", "terms"):
        assert build([f"<{E}a> <{E}p> <{E}b> .\n".encode()], tmp_path / "damaged")
        (tmp_path / "damaged" / name).write_bytes(b"no database" * 1000)
        assert Columns(tmp_path / "damaged", least=0).answer(SUMS) is None
    assert Columns(tmp_path / "damaged").answer(SUMS) is None
    assert Columns(tmp_path / "missing").answer(SUMS) is None


@pytest.mark.parametrize(
    ("query", "values"),
    [
        (SUMS + " LIMIT 2 OFFSET 1", None),
        (f"SELECT DISTINCT ?s WHERE {{ ?o <{E}area> ?s ; <{E}value> ?v FILTER(?v / 2 >= 2499.5) }}", ["s1"]),
        (f"SELECT (COUNT(DISTINCT ?s) AS ?n) WHERE {{ ?o <{E}area> ?s }}", ["7"]),
        (f"SELECT ?p (COUNT(*) AS ?n) WHERE {{ ?o <{E}area> ?s ; ?p ?v }} GROUP BY ?p ORDER BY ?p", None),
        (f"SELECT (MIN(?s) AS ?n) WHERE {{ ?o <{E}area> ?s }}", ["s0"]),
        (
            f"SELECT ?s (SUM(?v) AS ?n) WHERE {{ ?o <{E}area> ?s ; <{E}value> ?v }} GROUP BY ?s HAVING(?n > 1785714)",
            None,
        ),
        (f"SELECT ?o WHERE {{ ?o <{E}value> ?v ; <{E}area> ?s FILTER(CONTAINS(STR(?o), '/499')) }} ORDER BY ?o", None),
        (f"SELECT ?s (COUNT(?w) AS ?n) WHERE {{ ?o <{E}area> ?s OPTIONAL {{ ?o <{E}none> ?w }} }} GROUP BY ?s", None),
    ],
)
def test_what_they_know_is_answered(trade: tuple[Engine, Columns], query: str, values: list[str] | None) -> None:
    engine, columns = trade
    own = told(columns, query)
    assert own
    assert Counter(own) == Counter(rows(engine, query))
    if values is not None:
        assert [row[0].value.removeprefix(E) for row in own] == values


@settings(untimed, max_examples=5)
@given(st.lists(st.tuples(st.integers(-(2**62), 2**62), st.integers(-(10**6), 10**6)), min_size=5, max_size=20))
def test_quotients_are_cut_off_as_by_the_row_engine(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[int, int]]
) -> None:
    quads = [
        ox.Quad(iri(n), iri(p), integer(v)) for n, pair in enumerate(pairs) for p, v in zip("ab", pair, strict=True)
    ]
    engine, columns = over([q for q in quads if len(str(q.object)) < 66], tmp_path_factory.mktemp("columns"))
    query = f"SELECT ?x (?a / ?b AS ?q) WHERE {{ ?x <{E}a> ?a ; <{E}b> ?b FILTER(?b != 0) }}"
    assert told(columns, query) is None or Counter(told(columns, query) or []) == Counter(rows(engine, query))


@given(st.sets(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5), max_size=30))
def test_terms_are_found_by_what_they_say(tmp_path_factory: pytest.TempPathFactory, texts: set[str]) -> None:
    terms = [str(t) for w in texts for t in (ox.Literal(w), ox.Literal(w, language="en"), typed(w, "token"))]
    terms = sorted({*terms, *(f"<{E}{n}>" for n in range(len(texts)))}, key=lambda t: parts(t.encode()))
    kinds = [parts(t.encode())[:2] for t in terms]
    runs = [
        Run(rank, suffix.decode(), kinds.index((rank, suffix)) + 1, len(kinds) - kinds[::-1].index((rank, suffix)))
        for rank, suffix in sorted({*kinds})
    ]
    path = tmp_path_factory.mktemp("dictionary") / "terms"
    with path.open("wb") as file:
        write(file, terms)
    with path.open("rb") as file:
        dictionary = Dictionary(file, runs)
    assert [dictionary.find(t) for t in terms] == [*range(1, len(terms) + 1)]
    assert [dictionary.text(n) for n in range(1, len(terms) + 1)] == terms
    assert dictionary.find(f"<{E}nothing>") is None
    assert dictionary.find('"nothing"@kk') is None


def test_the_quick_look_sees_what_words_say() -> None:
    assert may_be_scan(SUMS)
    assert not may_be_scan(f"SELECT ?p ?o WHERE {{ <{E}1> ?p ?o }} LIMIT 3")
