"""Writes changes into an engine: staged and switched at once, or in place.

Staged, each triple to add or to remove is described in one graph (in the manner of reification: its graph, subject,
predicate and object), which no pattern of a fact matches. One update operation then makes all descriptions true;
engines that do not make a request of several operations one transaction, such as Virtuoso, do so with one operation.

Each request says in the engine how far the run has come, in the same operation as its triples, so that a run that was
killed goes on after the last request that counted.

Descriptions are named after their run: of two runs at a time, which there should not be, none makes triples of halves.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Final, NamedTuple

import pyoxigraph as ox

from kg.upload.connection import Connection
from kg.upload.names import STAGED_GRAPH, within

_TRIPLES: Final = 1800
"""Triples of one update: Virtuoso's parser takes under 5000."""
_QUADS: Final = 40_000
"""Quads of one request to a graph store that takes them."""
_DESCRIBED: Final = 4
"""Triples that describe one."""
_RUN: Final = f"<{STAGED_GRAPH}#run>"
_SENT: Final = f"<{STAGED_GRAPH}#sent>"
_TIME: Final = f"<{STAGED_GRAPH}#time>"

Located = tuple[str, str]
"""A graph of the engine, empty for its default graph, and a triple's text."""


class Progress(NamedTuple):
    """How far a run of this name had come, and when it began (xsd:dateTime)."""

    run: str
    sent: int
    time: str


@dataclass(frozen=True)
class Change:
    """What is to be written, in a fixed order."""

    adds: Sequence[Located]
    removes: Sequence[Located]

    def __len__(self) -> int:
        return len(self.adds) + len(self.removes)

    def name(self, way: str) -> str:
        """The name of a run that writes this change in some way: the same change has the same."""
        found = hashlib.sha256(way.encode())
        for kind, items in ((b"+", self.adds), (b"-", self.removes)):
            for graph, triple in items:
                found.update(kind + f"{triple} <{graph}>\n".encode())
        return found.hexdigest()


class Writer:
    """Sends changes; `told` is called with how many triples have been sent after each request."""

    def __init__(self, connection: Connection, *, quads: bool, told: Callable[[int], None]) -> None:
        """`quads`: the graph store takes quads."""
        self._connection = connection
        self._quads = quads
        self._told = told

    def progress(self) -> Progress | None:
        """How far the last run came that did not end; None if there is none."""
        rows = self._connection.select(
            f"SELECT ?run ?time (MAX(?n) AS ?sent) WHERE {{ GRAPH <{STAGED_GRAPH}> {{ <{STAGED_GRAPH}> {_RUN} ?run ; "
            f"{_TIME} ?time ; {_SENT} ?n }} }} GROUP BY ?run ?time"
        )
        if len(rows) != 1:
            return None
        run, time, sent = rows[0]["run"], rows[0]["time"], rows[0]["sent"]
        assert isinstance(run, ox.Literal)
        assert isinstance(time, ox.Literal)
        assert isinstance(sent, ox.Literal)
        return Progress(run.value, int(sent.value), time.value)

    def clear(self) -> None:
        """Removes what is staged, and how far it had come."""
        self._connection.update(f"DROP SILENT GRAPH <{STAGED_GRAPH}>")

    def stage(self, change: Change, run: Progress) -> None:
        """Describes the change in the engine, from the request after `run.sent` on."""
        rows = _descriptions(change, run)
        self._send(rows, (_QUADS if self._quads else _TRIPLES) // _DESCRIBED, run)

    def add(self, adds: Sequence[Located], run: Progress) -> None:
        """Adds triples in place, from the request after `run.sent` on."""
        self._send(([item] for item in adds), _QUADS if self._quads else _TRIPLES, run)

    def remove(self, removes: Sequence[Located]) -> None:
        """Removes triples in place."""
        for start in range(0, len(removes), _TRIPLES):
            self._connection.update(f"DELETE DATA {{ {_grouped(removes[start : start + _TRIPLES])} }}")
            self._told(min(start + _TRIPLES, len(removes)))

    def switch(self, run: Progress, *, default: bool, guard: str = "") -> None:
        """Makes what the run staged true, in one operation, if the pattern `guard` matches.

        `default`: it changes the engine's own default graph too.
        """
        branches = [_branch(run, "removes", "?dg", "d"), _branch(run, "adds", "?ag", "a")]
        deleted, added = "GRAPH ?dg { ?ds ?dp ?do }", "GRAPH ?ag { ?as ?ap ?ao }"
        if default:
            branches += [_branch(run, "removesDefault", f"<{STAGED_GRAPH}>", "e")]
            branches += [_branch(run, "addsDefault", f"<{STAGED_GRAPH}>", "b")]
            deleted, added = f"{deleted} ?es ?ep ?eo .", f"{added} ?bs ?bp ?bo ."
        where = " UNION ".join(f"{{ {branch[1:-1]} {guard} }}" for branch in branches)
        self._connection.update(f"DELETE {{ {deleted} }} INSERT {{ {added} }} WHERE {{ {where} }}")

    def _send(self, rows: Iterator[list[Located]], size: int, run: Progress) -> None:
        """Sends rows, each of some triples, so many a request."""
        done = 0
        for number, batch in enumerate(iter(lambda: [*islice(rows, size)], []), start=1):
            done += len(batch)
            if number > run.sent:
                marks = [f'{_RUN} "{run.run}"', f'{_TIME} "{run.time}"', f"{_SENT} {_number(number)}"]
                items = [item for row in batch for item in row]
                self._insert([*items, *((STAGED_GRAPH, f"<{STAGED_GRAPH}> {mark}") for mark in marks)])
            self._told(done)

    def _insert(self, items: Sequence[Located]) -> None:
        if self._quads:
            lines = (f"{triple} <{graph}> .\n" if graph else f"{triple} .\n" for graph, triple in items)
            self._connection.post_quads("".join(lines).encode())
        else:
            self._connection.update(f"INSERT DATA {{ {_grouped(items)} }}")


def replace(connection: Connection, graph: str, removes: Sequence[str], adds: Sequence[str]) -> None:
    """Replaces triples of a graph, in requests of no more than an engine takes; the adds first."""
    for word, triples in (("INSERT", adds), ("DELETE", removes)):
        for start in range(0, len(triples), _TRIPLES):
            listed = " .\n".join(triples[start : start + _TRIPLES])
            connection.update(f"{word} DATA {{ {within(graph, listed)} }}")


def _descriptions(change: Change, run: Progress) -> Iterator[list[Located]]:
    number, own = 0, f"{STAGED_GRAPH}#{_short(run)}"
    for kind, items in (("removes", change.removes), ("adds", change.adds)):
        for graph, triple in items:
            number += 1
            node = f"<{own}-{number}>"
            subject, predicate, found = triple.split(" ", 2)
            place = f"-{kind}> <{graph}>" if graph else f"-{kind}Default> <{STAGED_GRAPH}>"
            parts = (("s", subject), ("p", predicate), ("o", found))
            yield [
                (STAGED_GRAPH, f"{node} <{own}{place}"),
                *((STAGED_GRAPH, f"{node} <{STAGED_GRAPH}#{name}> {term}") for name, term in parts),
            ]


def _branch(run: Progress, kind: str, graph: str, letter: str) -> str:
    inside = (
        f"?{letter} <{STAGED_GRAPH}#{_short(run)}-{kind}> {graph} ; "
        f"<{STAGED_GRAPH}#s> ?{letter}s ; <{STAGED_GRAPH}#p> ?{letter}p ; <{STAGED_GRAPH}#o> ?{letter}o"
    )
    return f"{{ {within(STAGED_GRAPH, inside)} }}"


def _short(run: Progress) -> str:
    return run.run[:16]


def _grouped(items: Sequence[Located]) -> str:
    """Quads as SPARQL has them (QuadData); those of a graph beside each other stand in one block."""
    groups = ((graph, [triple for _, triple in found]) for graph, found in groupby(items, key=lambda item: item[0]))
    return " ".join(within(graph, " .\n".join(triples) + (" ." if not graph else "")) for graph, triples in groups)


def _number(value: int) -> str:
    return f'"{value}"^^<http://www.w3.org/2001/XMLSchema#integer>'
