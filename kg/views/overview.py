"""Counts of the main kinds of things, for the first page."""

import re
from typing import Final

from kg.history.changes import NetChange
from kg.store.reader import Reader
from ontology import BASE
from ontology.namespaces import RDF_TYPE

MAX_COUNT: Final = 100_000
"""Counting stops here, so that the first page is fast with large graphs."""

_PREFIX: Final = "PREFIX kel: <https://w3id.org/kelisim/ns#>"
_PATTERNS: Final = {
    "states": "?x a kel:State",
    "leaders": "?tenure a kel:Tenure ; kel:holder ?x",
    "documents": "{ ?x a kel:Instrument } UNION { ?x a kel:DocumentPackage }",
    "trade": "VALUES ?class { kel:Observation kel:TradeObservation } GRAPH ?claim { ?x a ?class }",
    "events": "?x a kel:Event",
    "sources": "?x a kel:Article",
    "claims": "?x a kel:Claim",
}

KINDS: Final = tuple(_PATTERNS)
"""The kinds that are counted."""


def kinds_present(reader: Reader) -> frozenset[str]:
    """The kinds of which there is at least one thing."""
    parts = (f'{{ SELECT ("{kind}" AS ?kind) WHERE {{ {pattern} }} LIMIT 1 }}' for kind, pattern in _PATTERNS.items())
    rows = reader.rows(f"{_PREFIX} SELECT ?kind WHERE {{ {' UNION '.join(parts)} }} LIMIT {len(_PATTERNS):d}")
    return frozenset(str(row["kind"].value) for row in rows)


def counts(reader: Reader) -> dict[str, int]:
    """The number of states, leaders (people with an office), documents, figures (``trade``, in every modality), events,
    articles (``sources``) and claims, at most `MAX_COUNT` each; kinds without things are missing.
    """
    parts = (
        f'{{ SELECT DISTINCT ?x ("{kind}" AS ?kind) WHERE {{ {pattern} }} LIMIT {MAX_COUNT:d} }}'
        for kind, pattern in _PATTERNS.items()
    )
    rows = reader.rows(
        f"{_PREFIX} SELECT ?kind (COUNT(?x) AS ?n) "
        f"WHERE {{ {' UNION '.join(parts)} }} GROUP BY ?kind LIMIT {len(_PATTERNS):d}"
    )
    return {str(row["kind"].value): int(row["n"].value) for row in rows if "kind" in row}


_COUNTED: Final = re.compile(
    rb"(?:<[^>]*>|_:[^ ]*) (?:<%b> <%bns#|<%bns#holder> )"
    % tuple(re.escape(iri.encode()) for iri in (RDF_TYPE, BASE, BASE))
)
"""Lines of N-Quads that tell of what is counted: classes of the ontology, and who holds an office."""


def follow_counts(found: dict[str, int], change: NetChange) -> dict[str, int] | None:
    """The counts after a change; None where they have to be counted anew, which takes at most `MAX_COUNT` each."""
    return None if any(map(_COUNTED.match, (*change.deletes, *change.adds))) else found


def newest_source(reader: Reader) -> str:
    """The last day (xsd:date) on which the newest article can have appeared; empty if there is none."""
    rows = reader.rows(
        f"{_PREFIX} SELECT (MAX(?day) AS ?last) WHERE {{ ?article a kel:Article ; kel:latest ?day }} LIMIT 1"
    )
    return str(rows[0]["last"].value) if rows and "last" in rows[0] else ""
