"""Reads back what was sent: the same triples, and no other, are in the engine."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from kg.upload.content import Content, Part, Signature
from kg.upload.reading import Reader

_SHOWN: Final = 3


@dataclass(frozen=True)
class Findings:
    """What is in the engine otherwise than it should be."""

    parts: Mapping[Part, str]
    """Parts that differ, and how, with examples."""
    counts: Mapping[str, str]
    """Graphs with another number of triples."""

    @property
    def words(self) -> str:
        """All findings on a few lines; empty without any."""
        told = [f"{part.graph or 'the default graph'}: {what}" for part, what in self.parts.items()]
        told += [f"{graph or 'the default graph'}: {what}" for graph, what in self.counts.items()]
        more = len(told) - _SHOWN
        return "\n".join(told[:_SHOWN]) + (f"\nand {more} more" if more > 0 else "")


def check(reader: Reader, content: Content, changed: Iterable[Part], *, only_changed: bool = False) -> Findings:
    """Compares the digests of the changed parts, and the number of triples of all graphs that have or had any.

    With `only_changed` the triples of other graphs are not counted.
    """
    touched = {*changed}
    parts: dict[Part, str] = {}
    expected = {part: content.parts[part] for part in touched if part in content.parts}
    found: dict[Part, set[str]] = {part: set() for part in expected}
    for part, triples in reader.subjects(expected):
        if part in found:
            found[part] |= triples
    for part, triples in found.items():
        if Signature.of(triples) != content.signatures[part]:
            parts[part] = _difference(expected[part], triples)
    should = {part.graph: 0 for part in touched} | content.counts()
    if only_changed:
        graphs = {part.graph for part in touched}
        should = {graph: number for graph, number in should.items() if graph in graphs}
    counts = reader.counts(should)
    wrong = {
        graph: f"{counts[graph]} triples, not {number}" for graph, number in should.items() if counts[graph] != number
    }
    return Findings(parts, wrong)


def _difference(sent: set[str], found: set[str]) -> str:
    told = []
    if missing := sorted(sent - found):
        told.append(f"{len(missing)} triples are missing, such as {missing[0]}")
    if other := sorted(found - sent):
        told.append(f"{len(other)} were not sent, such as {other[0]}")
    return " and ".join(told)
