"""A profile of unknown data: its classes, properties and named graphs with counts, and examples of its things."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import pyoxigraph as ox

from kg.history.changes import NetChange
from kg.store.reader import Reader, Row, node
from ontology import KelisimError
from ontology.namespaces import RDF_TYPE

MAX_COUNTED: Final = 1_000_000
"""Of default graph and named graphs so many statements each are counted, so that the time is bounded."""

SHOWN: Final = 50
"""How many classes, properties and graphs are listed."""

EXAMPLES: Final = 3
"""How many things are listed of a class."""

_MAX_ROWS: Final = 20_000
_ILLUSTRATED: Final = 12
_SAMPLE: Final = 1_000

_PLACES: Final = {"default": "?s ?p ?o", "named": "GRAPH ?g { ?s ?p ?o }"}


@dataclass(frozen=True)
class Profile:
    """Counts of statements by property and named graph, and of things by class, the most frequent first.

    triples: statements in the default graph; quads: those in named graphs. more_properties, more_classes, more_graphs:
    how many are not listed. capped: whether there are more than `MAX_COUNTED`, so that all counts are of a part.
    incomplete: whether something could not be counted in time. examples: some things by class; those without a class
    are under the empty string, and only where there are no classes. changed: how many statements changed since, of one
    item.
    """

    triples: int = 0
    quads: int = 0
    properties: tuple[tuple[str, int], ...] = ()
    more_properties: int = 0
    classes: tuple[tuple[str, int], ...] = ()
    more_classes: int = 0
    graphs: tuple[tuple[str, int], ...] = ()
    more_graphs: int = 0
    capped: bool = False
    incomplete: bool = False
    examples: dict[str, tuple[str, ...]] = field(default_factory=dict)
    changed: list[int] = field(default_factory=lambda: [0], compare=False)

    @property
    def iris(self) -> set[str]:
        """All that it names."""
        listed = {iri for part in (self.properties, self.classes, self.graphs) for iri, _ in part}
        return listed.union(*self.examples.values())


def profile(reader: Reader) -> Profile:
    """The profile of a store; where a query ends in an error, such as a timeout, that part is empty."""
    counter = _Counter(reader)
    by_place = {place: counter.count("p", f"SELECT ?p WHERE {{ {pattern} }}") for place, pattern in _PLACES.items()}
    properties = by_place["default"] + by_place["named"]
    graphs = counter.count("g", f"SELECT ?g WHERE {{ {_PLACES['named']} }}")
    typed = f"{{ ?s <{RDF_TYPE}> ?c }} UNION {{ GRAPH ?g {{ ?s <{RDF_TYPE}> ?c }} }}"
    classes = counter.count("c", f"SELECT DISTINCT ?s ?c WHERE {{ {typed} }}")
    totals = {place: counts.total() for place, counts in by_place.items()}
    common = classes.most_common(SHOWN)
    return Profile(
        totals["default"],
        totals["named"],
        tuple(properties.most_common(SHOWN)),
        max(0, len(properties) - SHOWN),
        tuple(common),
        max(0, len(classes) - SHOWN),
        tuple(graphs.most_common(SHOWN)),
        max(0, len(graphs) - SHOWN),
        max(totals.values()) >= MAX_COUNTED,
        counter.failed,
        _examples(reader, [iri for iri, _ in common[:_ILLUSTRATED]]),
    )


def follow_profile(found: Profile, change: NetChange) -> Profile | None:
    """The profile after a change; None where it has to be made anew, unless it is of a part that is as good as before.

    To count a part, up to `MAX_COUNTED` statements, takes seconds; a hundredth of them may change before that is done.
    """
    found.changed[0] += len(change.deletes) + len(change.adds)
    return found if found.capped and found.changed[0] <= MAX_COUNTED // 100 else None


class _Counter:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.failed = False

    def count(self, name: str, rows: str) -> Counter[str]:
        """How often each IRI stands in a column of at most `MAX_COUNTED` rows of a query."""
        query = f"SELECT ?{name} (COUNT(*) AS ?n) WHERE {{ {{ {rows} LIMIT {MAX_COUNTED} }} }} GROUP BY ?{name}"
        try:
            found = self._reader.rows(f"{query} ORDER BY DESC(?n) LIMIT {_MAX_ROWS}")
        except KelisimError:
            self.failed = True
            return Counter()
        counted = ((_iri(row, name), int(str(row["n"].value))) for row in found)
        return Counter({iri: number for iri, number in counted if iri})


def _examples(reader: Reader, classes: list[str]) -> dict[str, tuple[str, ...]]:
    typed = "{{ ?s <{0}> {1} }} UNION {{ GRAPH ?g {{ ?s <{0}> {1} }} }}"
    parts = [
        f"{{ SELECT DISTINCT ?s ({node(c)} AS ?c) WHERE {{ {typed.format(RDF_TYPE, node(c))} FILTER isIRI(?s) }} "
        f"LIMIT {EXAMPLES} }}"
        for c in classes
    ]
    if not parts:
        anything = " UNION ".join(f"{{ {pattern} }}" for pattern in _PLACES.values())
        some = f"SELECT ?s WHERE {{ {anything} }} LIMIT {_SAMPLE}"
        parts = [f"{{ SELECT DISTINCT ?s WHERE {{ {{ {some} }} FILTER isIRI(?s) }} LIMIT {EXAMPLES * EXAMPLES} }}"]
    try:
        rows = reader.rows(f"SELECT ?s ?c WHERE {{ {' UNION '.join(parts)} }} LIMIT {_MAX_ROWS}")
    except KelisimError:
        return {}
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(_iri(row, "c"), []).append(_iri(row, "s"))
    return {iri: tuple(things) for iri, things in found.items()}


def _iri(row: Row, name: str) -> str:
    term = row.get(name)
    return term.value if isinstance(term, ox.NamedNode) else ""
