"""The IRIs with pages, in parts of the size that Sitemaps 0.9 allows."""

from typing import Final

import pyoxigraph as ox

from kg.store.reader import Reader
from ontology import BASE, PREFIXES
from ontology.namespaces import CODE, ID, KEL

PART_PAGES: Final = 50_000
"""The maximum number of URLs in a sitemap."""

_PATTERNS: Final = {
    "things": f'?s <{PREFIXES["rdfs"]}label> ?name FILTER(LANG(?name) = "en" && STRSTARTS(STR(?s), "{ID}"))',
    "codes": f'?s <{PREFIXES["skos"]}inScheme> ?scheme FILTER STRSTARTS(STR(?s), "{CODE}")',
    "sources": f"?s a <{KEL.Article}>",
    "claims": f"?s a <{KEL.Claim}>",
}
"""The kinds of pages and their patterns; each pattern uses one index of the store."""


def parts(reader: Reader) -> list[tuple[str, int]]:
    """All parts: the kind of pages, and the number of the part, from 1 on."""
    found = []
    for kind, pattern in _PATTERNS.items():
        (row,) = reader.rows(f"SELECT (COUNT(*) AS ?n) WHERE {{ {pattern} }}")
        found += [(kind, number) for number in range(1, -(-int(str(row["n"].value)) // PART_PAGES) + 1)]
    return found


def iris(reader: Reader, kind: str, number: int) -> list[str]:
    """The IRIs of one part, sorted; empty if there is no such part."""
    if kind not in _PATTERNS or number < 1:
        return []
    window = f"OFFSET {(number - 1) * PART_PAGES} LIMIT {PART_PAGES}"
    rows = reader.rows(f"SELECT ?s WHERE {{ {_PATTERNS[kind]} }} {window}")
    ours = {str(row["s"].value) for row in rows if isinstance(row["s"], ox.NamedNode)}
    return sorted(iri for iri in ours if iri.startswith(BASE))
