"""Counts the rows or triples of a serialised result in its bytes, since pyoxigraph does not report the number."""

import mmap
import re
from typing import Final

_ROW_PATTERNS: Final = {
    "xml": re.compile(rb"<result>"),  # literals contain &lt; instead
    "tsv": re.compile(rb"\n"),  # literals contain \n instead
    "csv": re.compile(rb'\n|(?:"[^"]*")+'),
    # Inside a string, the same bytes would be followed by what follows a closing quote.
    "json": re.compile(rb'(?:"bindings":\[|\}\},)\{"(?![,}])'),
    "ntriples": re.compile(rb"\n"),
    "nquads": re.compile(rb"\n"),
}
_ROW_PATTERNS["csv-excel"] = _ROW_PATTERNS["csv"]
_WITH_HEADER: Final = ("csv", "csv-excel", "tsv")


def count_rows(form: str, data: bytes | mmap.mmap) -> int:
    """The number of rows, or of triples of a graph, in the format of that name; -1 if it cannot be counted.

    In JSON, rows without any value are not counted. Boolean results have no rows; CSV and TSV have only the header.
    """
    pattern = _ROW_PATTERNS.get(form)
    if pattern is None:
        return -1
    found = sum(not match[0].startswith(b'"') or form == "json" for match in pattern.finditer(data))
    return max(0, found - (form in _WITH_HEADER))
