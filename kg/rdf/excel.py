"""CSV as Excel opens it by a double click: UTF-8 with a byte order mark, and no cell that it takes for a formula.

Without the mark Excel reads the bytes in the code page of the machine, and Cyrillic letters are lost. A cell whose text
begins with ``=``, ``+``, ``-``, ``@`` or a control character is evaluated as a formula: ``-0044-03-15`` is shown as a
number, and text from elsewhere may call up other files or addresses. Such cells get an apostrophe before them, as OWASP
advises against CSV injection; plain numbers such as ``-5.2`` do not. Plain CSV is never altered.
"""

import io
import re
from typing import Final

from kg.rdf.xml import SupportsWrite

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
"""U+FEFF in UTF-8 (RFC 3629, section 6)."""

_NUMBER: Final = rb"(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,4})?(?:[,\r\n]|\Z)"
_BEFORE_FORMULA: Final = re.compile(rb'[,\n](?:"(?=[=@+\-\t\r\n])|(?=[=@\t]|[+-](?!' + _NUMBER + rb")))")
"""What stands before a cell that begins like a formula: a separator, and the quotation mark that numbers never have."""

_TAIL_BYTES: Final = 128
"""More than a match with what it looks ahead at: so many bytes wait for the next chunk."""


class ExcelOutput:
    """Forwards CSV (RFC 4180) in UTF-8, with a header, as Excel needs it. `close` it after the last chunk.

    No names in the header may begin like a formula. Time is linear in the bytes, whatever the chunks.
    """

    def __init__(self, output: SupportsWrite) -> None:
        self._output = output
        self._tail = b""
        self._inside = False  # within quotation marks, where the tail begins
        output.write(BYTE_ORDER_MARK)

    def write(self, data: bytes, /) -> int:
        """Forwards all but the end of the chunks so far."""
        seen = self._tail + bytes(data)
        self._tail = seen[self._forward(seen, len(seen) - _TAIL_BYTES) :]
        return len(data)

    def flush(self) -> None:
        """Does nothing: the end is written by `close`."""

    def close(self) -> None:
        """Forwards the rest."""
        self._forward(self._tail, len(self._tail))
        self._tail = b""

    def _forward(self, seen: bytes, end: int) -> int:
        """Forwards the bytes before `end`, or a little more where a match goes beyond it; returns how many."""
        done, counted = 0, 0
        for match in _BEFORE_FORMULA.finditer(seen):
            if match.start() >= end:
                break
            self._inside ^= bool(seen.count(b'"', counted, match.start()) % 2)
            counted = match.start()
            if not self._inside:  # inside, it is a part of a cell's text
                self._output.write(seen[done : match.end()] + b"'")
                done = match.end()
        end = max(done, end)
        self._inside ^= bool(seen.count(b'"', counted, end) % 2)
        if end > done:
            self._output.write(seen[done:end])
        return end


def for_excel(csv: bytes) -> bytes:
    """CSV as Excel needs it; see `ExcelOutput`."""
    buffer = io.BytesIO()
    output = ExcelOutput(buffer)
    output.write(csv)
    output.close()
    return buffer.getvalue()
