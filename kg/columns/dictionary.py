"""The terms of one version by their numbers, and their numbers by the terms: a file that is mapped into memory.

The file is lines of N-Triples terms, then the offsets of their beginnings (64 bits, of this machine), then a trailer.
Terms lie in runs: blank nodes, IRIs, strings, strings of each language, literals of each datatype, each in the order of
the codepoints of what they say, so that a term is found by bisection and ranges of numbers tell kinds of terms.
"""

import mmap
import re
import struct
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import BinaryIO, Final, NamedTuple

_TRAILER: Final = struct.Struct("=QQ8s")
_MARK: Final = b"kelisimD"
_ESCAPE: Final = re.compile(rb'\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([tbnrf"\'\\]))')
_ESCAPED: Final = {b"t": b"\t", b"b": b"\b", b"n": b"\n", b"r": b"\r", b"f": b"\f"}
_BLANK, _IRI, _STRING, _LANGUAGE, _OTHER = range(5)


class Run(NamedTuple):
    """Terms of a kind: the numbers of the first and the last; `suffix` is what follows the literal's last quote."""

    rank: int
    suffix: str
    first: int
    last: int


class DamagedError(Exception):
    """The file is none of this kind, or not whole."""


class Dictionary:
    """The terms; numbers begin with 1."""

    def __init__(self, file: BinaryIO, runs: Sequence[Run]) -> None:
        """Maps the open file; raises DamagedError or OSError."""
        try:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            count, offsets, mark = _TRAILER.unpack_from(self._map, len(self._map) - _TRAILER.size)
        except (ValueError, struct.error) as error:
            raise DamagedError from error
        if mark != _MARK or offsets + 8 * (count + 1) + _TRAILER.size != len(self._map):
            raise DamagedError
        self._view = memoryview(self._map)
        self._starts = self._view[offsets : offsets + 8 * (count + 1)].cast("Q")
        self.runs = tuple(runs)
        self.count: int = count

    def text(self, number: int) -> str:
        """A term as N-Triples."""
        return str(self._bytes(number), "utf-8")

    def _bytes(self, number: int) -> memoryview:
        return self._view[self._starts[number - 1] : self._starts[number] - 1]

    def find(self, text: str) -> int | None:
        """The number of a term, of canonical N-Triples."""
        rank, suffix, words = parts(text.encode())
        for run in self.runs:
            if run.rank == rank and run.suffix == suffix.decode():
                at = bisect_left(range(run.first, run.last + 1), words, key=lambda n: parts(bytes(self._bytes(n)))[2])
                number = run.first + at
                return number if number <= run.last and self.text(number) == text else None
        return None

    @staticmethod
    def words(text: str) -> str:
        """What a term says, of N-Triples."""
        return parts(text.encode())[2].decode()

    def span(self, *ranks: int) -> tuple[int, int]:
        """The first and the last number of terms of these ranks, which follow each other; an empty span without any."""
        found = [run for run in self.runs if run.rank in ranks]
        return (found[0].first, found[-1].last) if found else (1, 0)

    @property
    def blanks(self) -> tuple[int, int]:
        """The numbers of blank nodes."""
        return self.span(_BLANK)

    @property
    def iris(self) -> tuple[int, int]:
        """The numbers of IRIs."""
        return self.span(_IRI)

    @property
    def strings(self) -> tuple[int, int]:
        """The numbers of strings, with a language or without."""
        return self.span(_STRING, _LANGUAGE)

    def languages(self) -> list[tuple[str, int, int]]:
        """The languages with the spans of their strings."""
        return [(run.suffix[1:], run.first, run.last) for run in self.runs if run.rank == _LANGUAGE]


def parts(term: bytes) -> tuple[int, bytes, bytes]:
    """The rank of a term, what follows a literal's last quote, and what it says."""
    if term[:1] == b"<":
        return _IRI, b"", term[1:-1]
    if term[:1] != b'"':
        return _BLANK, b"", term
    end = term.rindex(b'"')
    words, suffix = term[1:end], term[end + 1 :]
    if b"\\" in words:
        words = _ESCAPE.sub(_plain, words)
    return (_OTHER if suffix[:1] == b"^" else _LANGUAGE if suffix else _STRING), suffix, words


def _plain(match: re.Match[bytes]) -> bytes:
    if code := match[1] or match[2]:
        return chr(int(code, 16)).encode()
    return _ESCAPED.get(match[3], match[3])


def write(file: BinaryIO, terms: Iterable[str]) -> None:
    """Writes the terms, which come in the order of their numbers."""
    starts, at = array("Q"), 0
    for term in terms:
        line = term.encode() + b"\n"
        starts.append(at)
        at += len(line)
        file.write(line)
    starts.append(at)
    file.write(bytes(-at % 8))
    offsets = at + -at % 8
    starts.tofile(file)
    file.write(_TRAILER.pack(len(starts) - 1, offsets, _MARK))
