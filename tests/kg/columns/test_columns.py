"""Columns give the answer of the row engine or none, whatever the data and the query."""

from collections import Counter
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.columns.answering import Columns, average
from kg.columns.building import build
from kg.columns.reading import may_be_scan
from kg.engine.engine import Engine
from kg.rdf.normalization import normalized_lines
from tests.kg.rdf.test_patches import untimed

E = "http://e.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"


def iri(name: object) -> ox.NamedNode:
    return ox.NamedNode(f"{E}{name}")


def integer(number: int) -> ox.Literal:
    return ox.Literal(str(number), datatype=ox.NamedNode(f"{XSD}integer"))


NODES: list[ox.NamedNode | ox.BlankNode | ox.Literal] = [
    *(iri(n) for n in ("a", "a/b", "a-b", "é", "\U0001f600", "z")),
    ox.BlankNode("b1"),
]
SMALL = [integer(n) for n in (-7, -1, 0, 1, 2, 3, 10)]
VALUES: dict[str, list[ox.NamedNode | ox.BlankNode | ox.Literal]] = {
    "link": NODES,
    "back": NODES[:6],
    "size": [*SMALL],
    "large": [integer(10**18 - n) for n in range(4)],
    "huge": [integer(1), integer(10**25)],
    "mixed": [*SMALL, iri("a"), ox.Literal("1"), ox.Literal("1", language="en"), ox.Literal("x", datatype=iri("t"))],
    "text": [ox.Literal('tab\t "quote" \\ line\n <x> .'), ox.Literal("a"), ox.Literal("a", language="en")],
    "kinds": [ox.Literal(t, datatype=ox.NamedNode(XSD + d)) for t, d in
              (("01", "integer"), ("1.0", "decimal"), ("1", "double"), ("x", "integer"), ("1", "int"))],
}  # fmt: skip
QUADS = st.lists(
    st.sampled_from([*VALUES]).flatmap(
        lambda name: st.builds(
            lambda s, o, g: ox.Quad(s, iri(name), o, g),
            st.sampled_from(NODES),
            st.sampled_from(VALUES[name]),
            st.sampled_from([ox.DefaultGraph()] * 5 + [iri("g")]),
        )
    ),
    min_size=10,
    max_size=60,
)
VARIABLES = st.sampled_from(["?x", "?y", "?z"])
SPECIAL = st.sampled_from(["?v", "?w"])


@st.composite
def queries(draw: st.DrawFn) -> str:
    """A query of the kinds that columns may answer, and of some that they must not."""
    body = list[str]()
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from([*VALUES]))
        plain = VARIABLES if name in ("link", "back") else SPECIAL
        value = draw(st.one_of(plain, plain, st.just(f"<{E}a>"), st.just("?never" if name == "x" else "?v")))
        body.append(f"{draw(VARIABLES)} <{E}{name}> {value} .")
    text = " ".join(body)
    named = sorted({word for word in text.split() if word.startswith("?")})
    some = st.sampled_from(named)
    if draw(st.booleans()):
        operator = draw(st.sampled_from(["=", "!=", "<", ">", "<=", ">="]))
        text += f" FILTER({draw(some)} {operator} {draw(st.integers(-3, 3))})"
    keys = draw(st.lists(some, max_size=2, unique=True))
    columns = [key for key in keys if draw(st.booleans())]
    for number in range(draw(st.integers(1, 2))):
        function = draw(st.sampled_from(["COUNT", "COUNT", "SUM", "AVG", "MIN", "MAX"]))
        inner = draw(st.sampled_from(["*", "", "DISTINCT "]))
        inner = "*" if inner == "*" and function == "COUNT" else inner.strip("*") + draw(some)
        columns.append(f"({function}({inner}) AS ?n{number})")
    tail = f" GROUP BY {' '.join(keys)}" if keys else ""
    ordered = [c for c in (*columns, "?n0") if c.startswith("?")]
    if draw(st.booleans()):
        way = draw(st.sampled_from(["{}", "DESC({})", "ASC({})"]))
        tail += f" ORDER BY {way.format(draw(st.sampled_from(ordered)))}"
    if draw(st.booleans()):
        tail += f" LIMIT {draw(st.integers(0, 4))}"
    return f"SELECT {' '.join(columns)} WHERE {{ {text} }}{tail}"


ANSWERED = Counter[bool]()


def over(quads: list[ox.Quad], folder: Path) -> tuple[Engine, Columns]:
    lines = normalized_lines(quads)
    store = ox.Store()
    store.extend(ox.parse(b"".join(lines), format=ox.RdfFormat.N_QUADS))
    build(sorted({*lines}), folder / "columns")
    return Engine(store), Columns(folder / "columns", least=0)


@settings(untimed, max_examples=25)
@given(QUADS, st.lists(queries(), min_size=25, max_size=40))
def test_they_answer_as_the_row_engine_or_not_at_all(
    tmp_path_factory: pytest.TempPathFactory, quads: list[ox.Quad], asked: list[str]
) -> None:
    engine, columns = over(quads, tmp_path_factory.mktemp("columns"))
    for query in asked:
        answer = columns.answer(query)
        ANSWERED[answer is not None] += 1
        if answer is not None:
            expected = engine.query(query)
            assert [v.value for v in answer.solutions.variables] == [v.value for v in expected.solutions.variables]
            own, rows = [tuple(r) for r in answer.solutions], [tuple(r) for r in expected.solutions]
            assert Counter(own) == Counter(rows), query
            if "ORDER BY" in query:
                key = query.partition("ORDER BY ")[2].partition(" LIMIT")[0].strip("DEASC()").lstrip("?")
                at = [v.value for v in expected.solutions.variables].index(key)
                assert [r[at] for r in own] == [r[at] for r in rows], query
    columns.close()


def test_many_were_answered() -> None:
    """Of the queries of the test above, if that has run in this process."""
    assert not ANSWERED or ANSWERED[True] * 10 > ANSWERED[False]


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
        SUMS.replace(f"<{E}area>", f"<{E}area>/<{E}area>"),
        SUMS.replace(f"<{E}area>", f"^<{E}area>"),
        SUMS.replace("{ ?o", "{ ?o ?p ?q . ?o"),
        SUMS.replace(" }", f" OPTIONAL {{ ?o <{E}x> ?y }} }}"),
        f"BASE <{E}> {SUMS}",
        SUMS.replace(f"<{E}area>", "<area>"),
        SUMS.replace("?v }", "?v FILTER(?v > 1.5) }"),
        SUMS.replace("?v }", "?v FILTER(?v > 1 || ?v < 0) }"),
        SUMS.replace("ORDER BY ?s", "HAVING (SUM(?v) > 3)"),
        "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }",
        "ASK { ?s ?p ?o }",
        "",
        "SELECT",
    ],
)
def test_what_they_do_not_know_is_declined(trade: tuple[Engine, Columns], query: str) -> None:
    assert trade[1].answer(query) is None


def test_what_has_changed_since_is_declined(trade: tuple[Engine, Columns]) -> None:
    columns = trade[1]
    assert columns.answer(SUMS, {f"{E}other"}) is not None
    assert columns.answer(SUMS, {f"{E}other", f"{E}area"}) is None


def test_a_limit_that_cuts_between_equals_is_declined(trade: tuple[Engine, Columns]) -> None:
    counts = SUMS.replace("SUM(?v)", "COUNT(*)").replace("ORDER BY ?s", "ORDER BY ?n")
    assert trade[1].answer(f"{counts} LIMIT 1") is None
    assert trade[1].answer(f"{SUMS} LIMIT 1") is not None
    assert trade[1].answer(f"{counts} LIMIT 7") is not None


def test_triple_terms_have_no_columns(tmp_path: Path) -> None:
    plain = [f"<{E}a> <{E}p> <{E}b> .\n".encode()]
    assert build(plain, tmp_path / "plain")
    assert not build([*plain, f"<{E}a> <{E}p> <<( <{E}a> <{E}p> <{E}b> )>> .\n".encode()], tmp_path / "terms")


def test_damaged_or_missing_columns_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "damaged").write_bytes(b"no database" * 1000)
    assert Columns(tmp_path / "damaged").answer(SUMS) is None
    assert Columns(tmp_path / "missing").answer(SUMS) is None


@given(st.integers(-(2**62), 2**62), st.integers(1, 10**6))
def test_averages_are_cut_off_as_by_the_row_engine(total: int, count: int) -> None:
    (row,) = ox.Store().query(f"SELECT (({total}) / ({count}) AS ?x) {{}}")  # type: ignore[misc]
    assert row[0].value == average(total, count)


def test_the_quick_look_sees_what_words_say() -> None:
    assert may_be_scan(SUMS)
    assert not may_be_scan(f"SELECT ?p ?o WHERE {{ <{E}1> ?p ?o }} LIMIT 3")
