"""What a run leaves in the engine, in a graph of its own: which version is there, and the digests of its parts.

The next run compares with them what it would send. A server on the engine sees by them that the data has changed: the
graph is about itself, in terms of Dublin Core, VoID and OWL:

    <…/graph/published> dcterms:identifier "DIGEST" ; owl:versionInfo "0.4.0" ; void:triples 40089 ;
        dcterms:modified "2024-11-27T10:00:00Z"^^xsd:dateTime ; <…/graph/published#version> 7 ; <…#part> "…" .

While a first publication is under way the identifier is missing, and the digests are empty.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import pyoxigraph as ox

from kg.upload.connection import Connection, EngineRefusalError
from kg.upload.content import Content, Part, Signature
from kg.upload.names import PUBLISHED_GRAPH, within
from ontology.namespaces import PREFIXES

_XSD: Final = PREFIXES["xsd"]
_ABOUT: Final = f"<{PUBLISHED_GRAPH}>"
DIGEST: Final = PREFIXES["dcterms"] + "identifier"
MODIFIED: Final = PREFIXES["dcterms"] + "modified"
_ONTOLOGY: Final = PREFIXES["owl"] + "versionInfo"
TRIPLES: Final = PREFIXES["void"] + "triples"
_STORE_VERSION: Final = PUBLISHED_GRAPH + "#version"
DEFAULT: Final = PUBLISHED_GRAPH + "#defaultGraph"
PART: Final = PUBLISHED_GRAPH + "#part"
STATE: Final = PUBLISHED_GRAPH + "#state"
"""In place of the digest, once the dataset was changed through a server: another name after each change."""
CHANGES: Final = PUBLISHED_GRAPH + "#changes"
"""How many changes were made through servers since the dataset was published."""
_PART: Final = re.compile(r"([0-9a-f]*) (-?[0-9]+) ([^ ]*)")
UNKNOWN: Final = Signature(0, "")
"""The signature of a part that a run began to write."""


@dataclass(frozen=True)
class Manifest:
    """What an engine holds of ours."""

    digest: str = ""
    """That of the dataset; empty before the first run has ended."""
    version: str = ""
    modified: str = ""
    """When the version was published (xsd:dateTime)."""
    store_version: int | None = None
    default: str = ""
    """The engine's graph for the triples of the dataset's default graph; empty for the engine's own default graph."""
    changes: int = 0
    """How many changes were made through servers since then."""
    parts: Mapping[Part, Signature] = field(default_factory=dict)
    triples: frozenset[str] = frozenset()
    """As they stand in the graph, to be replaced."""

    @property
    def lengths(self) -> dict[str, int]:
        """The length of the prefixes of each graph's parts."""
        return {part.graph: len(part.prefix) for part in self.parts}

    @property
    def state(self) -> str:
        """The name of the state, as `kg.remote.mark` has it; empty while a publication is under way."""
        if self.digest:
            return self.digest
        start = f'{_ABOUT} <{STATE}> "'
        found = next((t for t in self.triples if t.startswith(start)), "")
        return found.removeprefix(start).rstrip('"')

    @property
    def count(self) -> int:
        """How many quads were published."""
        return sum(signature.size for signature in self.parts.values())


def of_content(content: Content, default: str, modified: str) -> frozenset[str]:
    """The triples of the graph for a version that is published."""
    found = {
        f'{_ABOUT} <{DIGEST}> "{content.digest}"',
        f'{_ABOUT} <{_ONTOLOGY}> "{content.version}"',
        f'{_ABOUT} <{TRIPLES}> "{content.count}"^^<{_XSD}integer>',
        f'{_ABOUT} <{MODIFIED}> "{modified}"^^<{_XSD}dateTime>',
        f"{_ABOUT} <{DEFAULT}> {_name(default)}",
    }
    if content.store_version is not None:
        found.add(f'{_ABOUT} <{_STORE_VERSION}> "{content.store_version}"^^<{_XSD}integer>')
    return of_parts(content.signatures) | found


def of_beginning(parts: Iterable[Part], default: str) -> frozenset[str]:
    """The triples of the graph before the first version is written."""
    return of_parts(dict.fromkeys(parts, UNKNOWN)) | {f"{_ABOUT} <{DEFAULT}> {_name(default)}"}


def of_parts(signatures: Mapping[Part, Signature]) -> frozenset[str]:
    """The triples of parts: a text of the digits, the count and the digest, about the graph."""
    return frozenset(
        f'{_name(part.graph)} <{PART}> "{part.prefix} {signature.size} {signature.digest}"'
        for part, signature in signatures.items()
    )


def read_manifest(connection: Connection) -> Manifest | None:
    """What the engine tells of itself; None if nothing was ever published there.

    Raises EngineRefusalError if the graph is not whole, or holds what others have put there.
    """
    inside = within(PUBLISHED_GRAPH, "?s ?p ?o")
    rows = connection.select(f"SELECT ?s ?p ?o WHERE {{ {inside} }}")
    expected = int(str(connection.select(f"SELECT (COUNT(*) AS ?n) WHERE {{ {inside} }}")[0]["n"].value))
    if len(rows) != expected:
        raise EngineRefusalError(
            f"{connection.addresses.names[0]} gave {len(rows)} of {expected} rows. Raise the limit of rows that it "
            "gives."
        )
    if not rows:
        return None
    about: dict[str, str] = {}
    parts: dict[Part, Signature] = {}
    lines = set[str]()
    for row in rows:
        subject, predicate, found = row["s"], row["p"], row["o"]
        told = _PART.fullmatch(found.value) if isinstance(found, ox.Literal) else None
        known = isinstance(subject, ox.NamedNode) and isinstance(predicate, ox.NamedNode)
        if not known or not isinstance(found, ox.NamedNode | ox.Literal) or (predicate.value == PART and not told):
            raise EngineRefusalError(
                f"{connection.addresses.names[0]} has in <{PUBLISHED_GRAPH}> what kelisim publish did not write there: "
                f"{subject} {predicate} {found}. Remove it, or drop that graph and publish again with --overwrite."
            )
        lines.add(str(ox.Triple(subject, predicate, found)))
        if predicate.value == PART and told:
            parts[Part(_graph(subject.value), told[1])] = Signature(int(told[2]), told[3])
        else:
            about[predicate.value] = found.value
    number = about.get(_STORE_VERSION)
    return Manifest(
        about.get(DIGEST, ""),
        about.get(_ONTOLOGY, ""),
        about.get(MODIFIED, ""),
        int(number) if number else None,
        _graph(about.get(DEFAULT, PUBLISHED_GRAPH)),
        int(about.get(CHANGES, "0")),
        parts,
        frozenset(lines),
    )


def _name(graph: str) -> str:
    """The graph as a term; the engine's own default graph, which has no name, as the manifest itself."""
    return f"<{graph or PUBLISHED_GRAPH}>"


def _graph(name: str) -> str:
    return "" if name == PUBLISHED_GRAPH else name
