"""How many rows or triples a serialised answer holds, counted in its bytes: the engine does not tell."""

import mmap
import re
from typing import Final

_MARKS: Final = {
    "xml": re.compile(rb"<result>"),  # a literal holds &lt;
    "tsv": re.compile(rb"\n"),  # a literal holds \n
    "csv": re.compile(rb'\n|(?:"[^"]*")+'),
    # In a string, the same would be followed by what follows a closing quote.
    "json": re.compile(rb'(?:"bindings":\[|\}\},)\{"(?![,}])'),
    "ntriples": re.compile(rb"\n"),
    "nquads": re.compile(rb"\n"),
}
_HEADED: Final = ("csv", "tsv")


def count_rows(form: str, data: bytes | mmap.mmap) -> int:
    """The rows of an answer in the format of that name, or the triples of a graph; -1 where the bytes do not tell.

    In JSON, rows without any value are not counted. Truth values have no rows, but in CSV and TSV look like a header.
    """
    mark = _MARKS.get(form)
    if mark is None:
        return -1
    found = sum(not match[0].startswith(b'"') or form == "json" for match in mark.finditer(data))
    return max(0, found - (form in _HEADED))
