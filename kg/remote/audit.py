"""Notices writes into an engine that went past ``kelisim publish`` and servers, and so left the mark as it was.

What was published is divided into parts, whose digests `kg.upload.manifest` keeps in the engine. One batch of parts
is read and compared with each step, round after round, and once a round all quads are counted. A part that a server
changed has no digest there, but its size: it is compared with what was read first.

Not noticed is what was undone before its part had its turn, and what keeps the number of quads in graphs that were
not published.
"""

import hashlib
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from itertools import groupby
from typing import Any, Final

import pyoxigraph as ox

from kg.upload.connection import Connection
from kg.upload.content import Part, Signature
from kg.upload.manifest import Manifest, read_manifest
from kg.upload.names import DEFAULT_GRAPH
from kg.upload.reading import ROWS, Reader
from ontology import KelisimError

_PARTS: Final = 200
_SHOWN: Final = 5


class Audit:
    """Compares the data of an engine with what was published, a batch with each step."""

    def __init__(
        self, connection: Connection, hidden: Collection[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`hidden` are the engine's graphs that are none of the dataset."""
        self._connection = connection
        self._hidden = [graph for graph in hidden if graph != DEFAULT_GRAPH]
        self._clock = clock
        self._state = ""
        self._expected: dict[Part, Signature] = {}
        self._findings: dict[Part, tuple[str, str]] = {}
        """By the part: words, and the digest of what is there."""
        self._last, self._error = Part(""), ""
        self._read, self._rounds, self._seconds, self._began = 0, 0, 0.0, 0.0
        self._begin(Manifest())

    @property
    def suffix(self) -> str:
        """What tells a state with these findings from the state as it was published; empty without any."""
        if not self._findings:
            return ""
        return "+" + hashlib.sha256(repr(sorted(self._findings.items())).encode()).hexdigest()[:12]

    @property
    def findings(self) -> list[str]:
        """Where the engine has something else than was published, a line each."""
        return [f"{name or 'the default graph'}: {words}" for (name, _), (words, _) in sorted(self._findings.items())]

    def status(self) -> dict[str, Any]:
        """As JSON values: the parts that there are and were read in this round, and how long the last round took."""
        return {
            "parts": len(self._expected.keys() - {_ALL}),
            "read": self._read,
            "rounds": self._rounds,
            "roundSeconds": self._seconds,
            "differences": len(self._findings),
            "examples": self.findings[:_SHOWN],
            "error": self._error,
        }

    def step(self, state: str) -> None:
        """Reads the next batch of the data in that state. If the engine has another state by now, nothing is compared.

        Raises KelisimError if the engine does not answer; the batch is read again by the next step.
        """
        try:
            self._step(state)
        except KelisimError as error:
            self._error = str(error)
            raise
        self._error = ""

    def _step(self, state: str) -> None:
        if state != self._state:
            manifest = read_manifest(self._connection)
            if not manifest or manifest.state != state:
                return
            self._begin(manifest)
            self._state = state
        if not self._expected:
            return
        batch = self._batches[0] if self._batches else None
        found = self._read_parts(batch) if batch else self._counted()
        if any(self._differs(*item) for item in found.items()) and self._changed():
            self._state = ""
            return
        for part, signature in found.items():
            self._note(part, signature)
        if batch:
            self._read, self._last = self._read + len(batch), batch[-1]
            self._batches.popleft()
        else:
            self._rounds, self._seconds = self._rounds + 1, round(self._clock() - self._began, 1)
            self._next_round()

    def _begin(self, manifest: Manifest) -> None:
        """Of another state: what was found of parts of which the same is told still holds."""
        same = {part for part, told in manifest.parts.items() if self._expected.get(part) == told}
        self._findings = {part: found for part, found in self._findings.items() if part in same}
        self._reader = Reader(self._connection, manifest.default)
        self._expected = dict(manifest.parts)
        self._rounds, self._seconds = 0, 0.0
        self._next_round()

    def _next_round(self) -> None:
        self._batches, self._read = _batches(self._expected, self._last), 0
        self._began = self._clock()

    def _read_parts(self, batch: list[Part]) -> dict[Part, Signature]:
        sizes = {part: self._expected[part].size for part in batch}
        return {part: Signature.of(triples) for part, triples in self._reader.parts(sizes)}

    def _counted(self) -> dict[Part, Signature]:
        """The number of all quads, as if it were a part."""
        listed = ", ".join(f"<{graph}>" for graph in self._hidden)
        patterns = [f"GRAPH ?g {{ ?s ?p ?o }} FILTER(?g NOT IN ({listed}))"]
        if not self._reader.default:
            patterns.append("?s ?p ?o")
        total = 0
        for pattern in patterns:
            value = self._connection.select(f"SELECT (COUNT(*) AS ?n) WHERE {{ {pattern} }}")[0]["n"]
            assert isinstance(value, ox.Literal)
            total += int(value.value)
        return {_ALL: Signature(total, "")}

    def _differs(self, part: Part, found: Signature) -> bool:
        expected = self._expected.get(part, found)
        return found.size != expected.size or expected.digest not in ("", found.digest)

    def _note(self, part: Part, found: Signature) -> None:
        expected = self._expected.get(part, found)
        if not self._differs(part, found):
            self._findings.pop(part, None)
            self._expected[part] = found  # the digest of a part that had none
            return
        number = f"{found.size} triples, not {expected.size}" if found.size != expected.size else "other triples"
        beginning = f", of subjects whose MD5 begins with {part.prefix}" if part.prefix and part != _ALL else ""
        self._findings[part] = number + beginning, found.digest

    def _changed(self) -> bool:
        manifest = read_manifest(self._connection)
        return not manifest or manifest.state != self._state


_ALL: Final = Part("all graphs", "*")


def _batches(expected: Mapping[Part, Signature], last: Part) -> deque[list[Part]]:
    """Parts that one query reads: whole graphs, or divisions of one graph; first those after `last`."""
    order = sorted(expected.keys() - {_ALL}, key=lambda part: (part <= last, part))
    found = deque[list[Part]]()
    for _, parts in groupby(order, key=lambda part: (part.graph if part.prefix else None, part <= last)):
        rows = ROWS
        for part in parts:
            if rows + expected[part].size > ROWS or len(found[-1]) == _PARTS:
                found.append([])
                rows = 0
            found[-1].append(part)
            rows += expected[part].size
    return found
