"""Writes tables as CSV (RFC 4180), CSV for Excel, JSON and Excel workbooks (Office Open XML, ISO/IEC 29500).

Cells of a workbook bear their types, so that a text that begins like a formula stays one: it is written as a string,
and marked with the apostrophe (``quotePrefix``) that keeps it one when somebody edits the cell. Numbers with more
digits than Excel holds (15) and days that it has no number for (before 1900) are texts.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import msgspec

from kg.rdf.excel import for_excel
from kg.tabular.table import Column, Kind, Table

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_CELL: Final = 32_767
"""The most characters of a cell in Excel."""

_DIGITS: Final = 15
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_FIRST_DAY: Final = date(1900, 3, 1)
"""Before it, Excel's numbers of days are one off, for it takes 1900 for a leap year."""

_NO_XML: Final = re.compile("[\ufffe\uffff]")
"""What XML cannot hold, and XlsxWriter does not escape."""

_INTEGER: Final = re.compile("0|-?[1-9][0-9]*")
"""The canonical integers (XSD 1.1, section 3.4.13), which are numbers in JSON too."""

_LONGEST: Final = 4000
"""The most characters of a number in JSON; of more than 4300 digits some programs, such as Python, read none."""

_WIDEST: Final = 60
_CREATED: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - XlsxWriter wants naive times; files of one table are the same


def as_csv(table: Table) -> bytes:
    """The table as CSV in UTF-8, headed by the names of the columns."""
    output = io.StringIO()
    writer = csv.writer(output)
    writer.writerow([column.name for column in table.columns])
    writer.writerows(table.rows)
    return output.getvalue().encode()


def as_json(table: Table) -> bytes:
    """The table as a JSON object: its title, what is said of it, its columns, and its rows as objects.

    A cell without a value is missing; numbers are numbers.
    """
    rows = [
        {column.name: _plain(cell, column) for column, cell in zip(table.columns, row, strict=True) if cell}
        for row in table.rows
    ]
    document = {
        "name": table.name,
        "title": table.title,
        "about": dict(table.about),
        "columns": [{"name": c.name, "title": c.title, "type": c.kind} for c in table.columns],
        "rows": rows,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1)


def as_xlsx(table: Table) -> bytes:
    """The table as a workbook: a sheet of the rows, headed by the titles of the columns, and one of what is said."""
    from xlsxwriter import Workbook

    output = io.BytesIO()
    book = Workbook(output, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": table.title, "created": _CREATED})
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    styles = _Styles(book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"quote_prefix": True}))
    sheet = book.add_worksheet("Data")
    sheet.freeze_panes(1, 1)
    for at, column in enumerate(table.columns):
        sheet.write_string(0, at, f"{column.title} (IRI)" if column.kind == "iri" else column.title, head)
        widest = max((len(row[at]) for row in table.rows[:200]), default=0)
        sheet.set_column(at, at, min(max(widest, len(column.title), 8), _WIDEST) + 1)
        for number, row in enumerate(table.rows, 1):
            if cell := row[at]:
                _write(sheet, (number, at), cell, column.kind, styles)
    if table.rows:
        sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)
    told = book.add_worksheet("About")
    told.set_column(0, 0, 28)
    told.set_column(1, 2, _WIDEST)
    lines = [("title", table.title), *table.about, *((c.name, f"{c.title} ({c.kind})") for c in table.columns)]
    for number, (name, words) in enumerate(lines):
        told.write_string(number, 0, name, head if number <= len(table.about) else None)
        told.write_string(number, 1, words[:_CELL], styles.text(words))
    book.close()
    return output.getvalue()


WRITERS: Final[Mapping[str, tuple[str, Callable[[Table], bytes]]]] = MappingProxyType(
    {
        "csv": ("text/csv; charset=utf-8", as_csv),
        "csv-excel": ("text/csv; charset=utf-8", lambda table: for_excel(as_csv(table))),
        "json": ("application/json", as_json),
        "xlsx": (XLSX, as_xlsx),
    }
)
"""By the name of a format its content type, and what writes a table in it."""


def _plain(cell: str, column: Column) -> Any:
    """What a cell is in JSON: a number only if it is one that programs can read, else a text."""
    if len(cell) > _LONGEST:
        return cell
    if column.kind == "integer":
        return msgspec.Raw(cell.encode()) if _INTEGER.fullmatch(cell) else cell
    if column.kind == "decimal" and (number := _number(cell)) is not None:
        return msgspec.Raw(f"{number:f}".encode())
    return cell


class _Styles(NamedTuple):
    """The formats of days, and of texts that begin like a formula."""

    day: Any
    quoted: Any

    def text(self, words: str) -> Any:
        """The format of a text, None for the usual one."""
        return self.quoted if words.startswith(_FORMULA) else None


def _write(sheet: Any, place: tuple[int, int], cell: str, kind: Kind, styles: _Styles) -> None:
    if kind in {"integer", "decimal"} and (number := _number(cell)) is not None:
        if len(number.as_tuple().digits) <= _DIGITS:
            sheet.write_number(*place, float(number))
            return
    elif kind == "date" and (when := _day(cell)) is not None and when >= _FIRST_DAY:
        sheet.write_datetime(*place, when, styles.day)
        return
    words = _NO_XML.sub("�", cell if len(cell) <= _CELL else f"{cell[: _CELL - 1]}…")
    sheet.write_string(*place, words, styles.text(words))


def _number(cell: str) -> Decimal | None:
    try:
        number = Decimal(cell)
    except InvalidOperation:
        return None
    exponent = number.as_tuple().exponent
    return number if isinstance(exponent, int) and abs(exponent) <= 100 else None


def _day(cell: str) -> date | None:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        return None
