"""Statistics of a store: how often predicates and values occur, which follow patches without a scan."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
import pyoxigraph as ox

from kg.rdf.patches import Patch

MOST_PREDICATES: Final = 5_000
"""A store with more predicates has no statistics."""

MOST_VALUES: Final = 1_000
"""A predicate with more values, or with one that is no IRI, has no exact frequencies of them."""

_SAMPLE: Final = 20_000
"""The triples by which distinct subjects and objects are estimated."""


class Predicate(msgspec.Struct):
    """A predicate. `triples` of the default graph and `named`, quads of named graphs, are exact; the rest is of it.

    subjects, objects: about how many triples of the default graph have the same one. frequencies: the exact number of
    its triples of the default graph by object, in N-Triples syntax, where all are IRIs and few; else None.
    """

    triples: int = 0
    named: int = 0
    subjects: float = 1.0
    objects: float = 1.0
    frequencies: dict[str, int] | None = None


class Statistics(msgspec.Struct):
    """Statistics of one state of a store, by the IRIs of predicates."""

    predicates: dict[str, Predicate] = {}

    @property
    def triples(self) -> int:
        """The triples of the default graph."""
        return sum(p.triples for p in self.predicates.values())

    def follow(self, changes: Iterable["Change"]) -> None:
        """Takes changes into account, all of which have an effect."""
        for quad, by in changes:
            iri = quad.predicate.value
            found = self.predicates.get(iri)
            if found is None:
                found = self.predicates[iri] = Predicate(frequencies={})
            if quad.graph_name != ox.DefaultGraph():
                found.named += by
            else:
                found.triples += by
                _count(found, quad.object, by)
            if not found.triples and not found.named:
                del self.predicates[iri]


Change = tuple[ox.Quad, int]
"""A quad, and 1 if it came or -1 if it went."""


def changes(patch: Patch, store: ox.Store) -> list[Change]:
    """What a patch changes in a store to which it is not yet applied: it may tell what has no effect."""
    found = [(quad, -1) for quad in patch.deletes if quad in store]
    return found + [(quad, 1) for quad in patch.adds if quad not in store]


def _count(predicate: Predicate, value: object, by: int) -> None:
    counted = predicate.frequencies
    if counted is None:
        return
    if not isinstance(value, ox.NamedNode):
        predicate.frequencies = None
        return
    counted[str(value)] = counted.get(str(value), 0) + by
    if not counted[str(value)]:
        del counted[str(value)]
    if len(counted) > MOST_VALUES:
        predicate.frequencies = None


def gather(store: ox.Store) -> Statistics | None:
    """The statistics of a store; None for one with too many predicates.

    It takes about a second for a million quads, mostly without the interpreter's lock.
    """
    found = dict[str, Predicate]()
    for predicate, number in _rows(store, "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p"):
        found[_iri(predicate)] = Predicate(triples=_int(number))
        if len(found) > MOST_PREDICATES:
            return None
    for predicate, number in _rows(store, "SELECT ?p (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?p"):
        found.setdefault(_iri(predicate), Predicate(frequencies={})).named = _int(number)
        if len(found) > MOST_PREDICATES:
            return None
    for iri, each in found.items():
        if each.triples:
            _look_at_values(store, iri, each)
    return Statistics(found)


def _look_at_values(store: ox.Store, iri: str, predicate: Predicate) -> None:
    sample = min(predicate.triples, _SAMPLE)
    inner = f"SELECT ?s ?o {{ ?s <{iri}> ?o }} LIMIT {sample}"
    ((subjects, objects),) = _rows(
        store, f"SELECT (COUNT(DISTINCT ?s) AS ?a) (COUNT(DISTINCT ?o) AS ?b) {{ {{ {inner} }} }}"
    )
    predicate.subjects = predicate.triples / _distinct(_int(subjects), sample, predicate.triples)
    predicate.objects = predicate.triples / _distinct(_int(objects), sample, predicate.triples)
    if _int(objects) > MOST_VALUES:
        return
    counted = dict[str, int]()
    limited = f"SELECT ?o (COUNT(*) AS ?n) {{ ?s <{iri}> ?o }} GROUP BY ?o LIMIT {MOST_VALUES + 1}"
    for value, number in _rows(store, limited):
        if not isinstance(value, ox.NamedNode):
            return
        counted[str(value)] = _int(number)
    if len(counted) <= MOST_VALUES:
        predicate.frequencies = counted
        predicate.objects = predicate.triples / max(1, len(counted))


def _distinct(found: int, sample: int, triples: int) -> float:
    """About how many distinct values so many triples have, of which a sample has some: few are all, many grow on."""
    return max(1.0, found if found < sample / 2 else found * triples / sample)


def _rows(store: ox.Store, query: str) -> Iterator[tuple[object, ...]]:
    found = store.query(query)
    assert isinstance(found, ox.QuerySolutions)
    return (tuple(row) for row in found)


def _iri(term: object) -> str:
    assert isinstance(term, ox.NamedNode)
    return term.value


def _int(term: object) -> int:
    assert isinstance(term, ox.Literal)
    return int(term.value)
