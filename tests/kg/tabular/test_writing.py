"""Tables as CSV, JSON and workbooks: types, labels beside IRIs, and cells that begin like formulas."""

import csv
import io
import json
from datetime import date
from typing import Any

import pytest
from openpyxl import load_workbook

from kg.rdf.excel import for_excel
from kg.tabular.table import Field, Kind, Table, Text, tabulate
from kg.tabular.writing import as_csv, as_json, as_xlsx

FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", '=HYPERLINK("http://x")']


@pytest.fixture
def table() -> Table:
    fields = [
        Field("thing", "Thing", "things"),
        Field("number", "Number", "integer"),
        Field("value", "Value", "decimal"),
        Field("day", "Day", "date"),
        Field("words", "Words"),
    ]
    records: list[dict[str, Any]] = [
        {"thing": ["x:a", "x:b"], "number": 3, "value": "28.40", "day": "2024-11-27", "words": ["one", "two"]},
        {"thing": "x:a", "value": "12345678901234567890.5", "day": "1413-01-01", "words": "Ұлы дала"},
        *({"words": formula} for formula in FORMULAS),
        {"value": "no number", "number": "none", "day": "soon", "words": "\ufffe\x01" + "y" * 40_000},
    ]
    return tabulate("x", "A title", fields, records, lambda iri: iri.upper(), [("licence", "=CC")])


def test_labels_stand_beside_iris(table: Table) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(table).decode(), newline="")))
    assert list(rows[0]) == ["thing", "thing_label", "number", "value", "day", "words"]
    assert rows[0]["thing"] == "x:a x:b"
    assert rows[0]["thing_label"] == "X:A; X:B"
    assert rows[0]["value"] == "28.40"
    assert [row["words"] for row in rows[2 : 2 + len(FORMULAS)]] == FORMULAS


def test_a_variable_may_be_called_like_a_label() -> None:
    fields = [Field("x", "X", "things"), Field("x_label", "L")]
    found = tabulate("t", "T", fields, [{"x": "a:b", "x_label": "mine"}], str)
    assert [column.name for column in found.columns] == ["x", "x_label_", "x_label"]
    assert found.rows == [["a:b", "a:b", "mine"]]


def test_json_has_numbers_and_leaves_out_what_is_not_told(table: Table) -> None:
    document = json.loads(as_json(table), parse_float=str, parse_int=str)
    assert document["title"] == "A title"
    assert document["about"] == {"licence": "=CC"}
    assert document["columns"][0] == {"name": "thing", "title": "Thing", "type": "iri"}
    first, second, *_ = document["rows"]
    assert first["value"] == "28.40"
    assert first["number"] == "3"
    assert "number" not in second
    assert second["value"] == "12345678901234567890.5"
    assert document["rows"][-1]["value"] == "no number"


@pytest.mark.parametrize("kind", ["integer", "decimal"])
@pytest.mark.parametrize("cell", ["--5", "-", "+-5", "٣", "1_0e", "9" * 5000, "NaN", "1e5000"])
def test_what_programs_can_read_as_no_number_is_a_text_in_json(kind: Kind, cell: str) -> None:
    found = tabulate("x", "X", [Field("n", "N", kind)], [{"n": "-28"}, {"n": cell}], str)
    first, second = json.loads(as_json(found))["rows"]
    assert first == {"n": -28}
    assert second == {"n": cell} or (kind, cell) == ("decimal", "٣")
    book = load_workbook(io.BytesIO(as_xlsx(found)))
    assert book["Data"].max_row == 3


@pytest.mark.parametrize("cell", ["007", "+5", "-0"])
def test_integers_that_are_not_canonical_are_texts_in_json(cell: str) -> None:
    found = tabulate("x", "X", [Field("n", "N", "integer")], [{"n": cell}], str)
    assert json.loads(as_json(found))["rows"] == [{"n": cell}]


def test_what_is_no_thing_has_no_label() -> None:
    records: list[dict[str, Any]] = [{"t": ["x:a", Text("x:b")]}, {"t": Text("x:a")}]
    found = tabulate("x", "X", [Field("t", "T", "things")], records, str.upper)
    assert found.rows == [["x:a x:b", "X:A"], ["x:a", ""]]


def test_a_workbook_has_types_and_no_formulas(table: Table) -> None:
    book = load_workbook(io.BytesIO(as_xlsx(table)))
    assert book.sheetnames == ["Data", "About"]
    head, first, second, *rest = list(book["Data"].iter_rows())
    assert [cell.value for cell in head] == ["Thing (IRI)", "Thing", "Number", "Value", "Day", "Words"]
    assert [cell.value for cell in first[:4]] == ["x:a x:b", "X:A; X:B", 3, 28.4]
    assert (first[4].value.date(), first[5].value) == (date(2024, 11, 27), "one; two")
    assert (first[4].is_date, first[3].data_type) == (True, "n")
    assert [cell.value for cell in second][3:] == ["12345678901234567890.5", "1413-01-01", "Ұлы дала"]
    for row, formula in zip(rest, FORMULAS, strict=False):
        cell = row[5]
        assert (cell.data_type, cell.quotePrefix) == ("s", True)
        assert cell.value.replace("_x0009_", "\t") == formula
    assert len(rest[-1][5].value.replace("_x0001_", "?")) == 32_767
    assert rest[-1][5].value.endswith("…")
    told = {row[0].value: row[1] for row in book["About"].iter_rows()}
    assert (told["licence"].value, told["licence"].data_type) == ("=CC", "s")
    assert "title" in told


def test_a_table_without_rows_can_be_written() -> None:
    empty = tabulate("x", "X", [Field("a", "A", "things")], [], str)
    assert as_csv(empty) == b"a,a_label\r\n"
    assert json.loads(as_json(empty))["rows"] == []
    assert load_workbook(io.BytesIO(as_xlsx(empty)))["Data"].max_row == 1


def test_the_same_table_gives_the_same_bytes(table: Table) -> None:
    assert as_xlsx(table) == as_xlsx(table)


def test_csv_for_excel_has_no_formulas(table: Table) -> None:
    body = for_excel(as_csv(table)).decode("utf-8-sig")
    cells = [row[-1] for row in csv.reader(io.StringIO(body, newline=""))]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]
