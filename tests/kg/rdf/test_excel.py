"""CSV for Excel: cell by cell against a model, however the bytes come."""

import csv
import io
import re

import pyoxigraph as ox
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kg.engine.engine import Engine
from kg.rdf.excel import BYTE_ORDER_MARK, ExcelOutput, for_excel
from kg.rdf.formats import RESULT_FORMATS, by_name
from kg.rdf.rows import count_rows

CELLS = st.one_of(
    st.text(alphabet=st.sampled_from("=+-@,\"'\r\n\t;x 0159.eE"), max_size=12),
    st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    st.decimals(allow_nan=False, allow_infinity=False).map(lambda d: f"{d:f}"[:40]),
    st.integers().map(str),
    st.just("Қазақстан — ұзақ мәтін, " * 30),
)
TABLES = st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=12))


def shown(cell: str) -> str:
    """What is to stand in a cell: text that Excel would run has an apostrophe before it, numbers have none."""
    if re.fullmatch(r"[+-](?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,4})?", cell):
        return cell
    return "'" + cell if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else cell


def written(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([[f"c{i}" for i in range(len(rows[0]))], *rows])
    return text.getvalue().encode()


def read(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))


@given(TABLES, st.lists(st.integers(0, 300), max_size=20))
@example([["=1+1", 'a","=2', "-5.20", "+7 727 250-00-00"]], [1, 1, 1, 1])
@example([['"\n=1', "-0044-03-15", "-1", "-1e400"]], [])
@example([[",=" * 200, "-1"]], [130, 131])
def test_only_cells_that_excel_would_run_are_changed(rows: list[list[str]], cuts: list[int]) -> None:
    body = written(rows)
    buffer = io.BytesIO()
    output = ExcelOutput(buffer)
    rest = body
    for cut in cuts:
        output.write(rest[:cut])
        rest = rest[cut:]
    output.write(rest)
    output.close()
    assert buffer.getvalue() == for_excel(body)
    assert buffer.getvalue().startswith(BYTE_ORDER_MARK)
    header, *found = read(buffer.getvalue())
    assert header == read(body)[0]
    # csv.reader gives an empty line for a row of one empty cell
    assert [[shown(cell) for cell in row] for row in read(body)[1:]] == found


@pytest.mark.parametrize("text", ["=SUM(A1)", "@x", "\tcmd", "\r=1", "-0044-03-15", "+x", "-INF"])
def test_the_engine_writes_it(text: str) -> None:
    form = by_name("csv-excel", RESULT_FORMATS)
    engine = Engine([ox.Quad(ox.NamedNode("urn:s"), ox.NamedNode("urn:p"), ox.Literal(text))])
    query = "SELECT ?o (-12.50 AS ?n) ('2024-01-31'^^<http://www.w3.org/2001/XMLSchema#date> AS ?d) { ?s ?p ?o }"
    body = engine.query(query).serialize(form)
    assert body.startswith(b"\xef\xbb\xbfo,n,d\r\n")
    assert body.endswith(b"\r\n")
    assert read(body)[1] == ["'" + text, "-12.5", "2024-01-31"]
    assert count_rows(form.name, body) == 1
    assert engine.query("ASK {}").serialize(form) == b"\xef\xbb\xbftrue"


def test_an_answer_of_many_chunks_keeps_every_row() -> None:
    digits = "VALUES ?{} {{ 0 1 2 3 4 5 6 7 8 9 }}"
    query = f"""SELECT ?x ?y {{ {" ".join(map(digits.format, "abcd"))}
    BIND(?a - 10 * ?b + 100 * ?c - 1000 * ?d AS ?x) BIND(CONCAT("=,\\"", STR(?x)) AS ?y) }}"""
    engine = Engine([])
    plain, excel = (read(engine.query(query).serialize(by_name(n, RESULT_FORMATS))) for n in ("csv", "csv-excel"))
    assert len(plain) == 10_001
    assert excel == [plain[0], *([x, "'" + y] for x, y in plain[1:])]
