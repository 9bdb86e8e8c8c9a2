"""The digest of a query's answer: the same however its rows are ordered and its blank nodes are labelled."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyoxigraph as ox

from kg.engine.guard import tokens

VARYING: Final = ("NOW", "RAND", "UUID", "STRUUID")
"""Functions that differ each time."""

_ROUNDS: Final = 3
_BLANK: Final = "_:"


@dataclass(frozen=True)
class CanonicalAnswer:
    """An answer as lines: its rows, sorted unless the query orders them; a boolean; or the triples of its graph.

    Blank nodes are named by what the answer says of them: by the colours of three rounds of refinement (B. Weisfeiler,
    A. Leman, 1968), so that two graphs of which those do not tell the difference count as the same.
    """

    lines: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The SHA-256 of the lines, in hexadecimal."""
        return hashlib.sha256("".join(f"{line}\n" for line in self.lines).encode()).hexdigest()

    def compared(self, later: "CanonicalAnswer") -> tuple[list[str], list[str]]:
        """The lines that a later answer lacks, and those that it has more; each as often as that is so."""
        mine, its = Counter(self.lines), Counter(later.lines)
        return sorted((mine - its).elements()), sorted((its - mine).elements())


def of_results(body: bytes, *, ordered: bool) -> CanonicalAnswer:
    """Of SPARQL 1.1 Query Results JSON; `ordered`: whether the order of the rows counts."""
    results = json.loads(body)
    if "boolean" in results:
        return CanonicalAnswer((str(results["boolean"]).lower(),))
    rows = [
        [part for name in sorted(row) for part in (f"?{name}", _term(row[name]))]
        for row in results["results"]["bindings"]
    ]
    return _canonical(rows, ordered=ordered)


def of_graph(body: bytes) -> CanonicalAnswer:
    """Of N-Triples."""
    quads = ox.parse(body, format=ox.RdfFormat.N_TRIPLES)
    return _canonical(sorted({(str(q.subject), str(q.predicate), str(q.object)) for q in quads}), ordered=False)


def is_ordered(query: str) -> bool:
    """Whether the query has an ORDER BY of its own, outside subqueries."""
    depth = 0
    for token in tokens(query):
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        if depth == 0 and token["word"] and token["word"].upper() == "ORDER":
            return True
    return False


def varying(query: str) -> list[str]:
    """What may make the query's answers differ on the same data: functions, and LIMIT without ORDER BY."""
    words = {token["word"].upper() for token in tokens(query) if token["word"]}
    found = [name for name in VARYING if name in words]
    return [*found, *(["LIMIT"] if "LIMIT" in words and "ORDER" not in words else [])]


def _canonical(rows: Sequence[Sequence[str]], *, ordered: bool) -> CanonicalAnswer:
    colours = dict.fromkeys((part for row in rows for part in row if part.startswith(_BLANK)), "")
    for _ in range(_ROUNDS if colours else 0):
        seen: dict[str, list[str]] = {node: [] for node in colours}
        for row in rows:
            for node in {part for part in row if part.startswith(_BLANK)}:
                seen[node].append(" ".join("*" if part == node else colours.get(part, part) for part in row))
        colours = {node: _BLANK + _hash(sorted(lines)) for node, lines in seen.items()}
    lines = [" ".join(colours.get(part, part) for part in row) for row in rows]
    return CanonicalAnswer(tuple(lines if ordered else sorted(lines)))


def _hash(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _term(term: dict[str, Any]) -> str:
    """A term of results in JSON in the syntax of N-Triples."""
    kind, value = term["type"], term["value"]
    if kind == "uri":
        return f"<{value}>"
    if kind == "bnode":
        return f"{_BLANK}{value}"
    if kind in ("literal", "typed-literal"):
        datatype = term.get("datatype")
        return str(
            ox.Literal(value, language=term.get("xml:lang"), datatype=ox.NamedNode(datatype) if datatype else None)
        )
    return json.dumps(value, sort_keys=True)  # a triple term
