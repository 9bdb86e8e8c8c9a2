"""How often figures have each measure and party, counted once and then by what changes tell."""

import re
from collections import Counter
from typing import Final

import pyoxigraph as ox

from kg.history.changes import NetChange
from kg.store.reader import Reader, node
from ontology.namespaces import KEL

MEASURES: Final = (str(KEL.measure),)
PARTIES: Final = (str(KEL.refArea), str(KEL.counterpartArea))

_COUNTED: Final = (*MEASURES, *PARTIES)
_MOST_VALUES: Final = 100_000
_LINE: Final = re.compile(rb"(?:<[^>]*>|_:[^ ]*) <(%b)> " % b"|".join(re.escape(iri.encode()) for iri in _COUNTED))

Uses = dict[str, Counter[str]]
"""By property, how many quads of named graphs have each value."""


def count_uses(reader: Reader) -> Uses:
    """The uses in the store, by one query, so that they are of one version."""
    properties = " ".join(map(node, _COUNTED))
    rows = reader.rows(
        f"SELECT ?p ?v (COUNT(*) AS ?n) WHERE {{ VALUES ?p {{ {properties} }} GRAPH ?c {{ ?o ?p ?v }} }} "
        f"GROUP BY ?p ?v LIMIT {_MOST_VALUES:d}"
    )
    uses: Uses = {iri: Counter() for iri in _COUNTED}
    for row in rows:
        uses[str(row["p"].value)][str(row["v"].value)] += int(row["n"].value)
    return uses


def follow_uses(uses: Uses, change: NetChange) -> Uses:
    """The uses after a change; the given ones, which other threads may be reading, stay as they are."""
    uses = {iri: counter.copy() for iri, counter in uses.items()} if _is_counted(change) else uses
    for lines, step in ((change.deletes, -1), (change.adds, 1)):
        read = b"".join(line for line in lines if _LINE.match(line))
        for quad in ox.parse(read, format=ox.RdfFormat.N_QUADS, lenient=True):
            if quad.graph_name != ox.DefaultGraph() and not isinstance(quad.object, ox.Triple):
                uses[quad.predicate.value][quad.object.value] += step
    return uses


def _is_counted(change: NetChange) -> bool:
    return any(map(_LINE.match, (*change.deletes, *change.adds)))


def used(uses: Uses, properties: tuple[str, ...], most: int) -> list[str]:
    """The values of the properties, sorted; at most so many."""
    return sorted({value for iri in properties for value, n in uses[iri].items() if n > 0})[:most]
