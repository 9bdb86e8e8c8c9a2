"""What a graph tells itself, and what is in it only because it follows.

The graph of the inferred triples (`INFERRED_GRAPH`) holds what is inferred in the default graph or in some claim, but
not what another claim tells. So a triple of a graph counts as inferred where it follows from the rest of the graph and
is in the graph of the inferred, or, in a claim, is told by another; all others are told.
"""

from collections.abc import Iterator, Mapping
from itertools import islice

import pyoxigraph as ox

from kg.inference.matching import DEFAULT, GraphName, solve, unify
from kg.inference.rules import rules
from ontology import INFERRED_GRAPH, ONTOLOGY_IRI
from ontology.namespaces import CODE, ID, KEL, MODALITIES, PREFIXES, PUBLISHED_MODALITIES, RDF_TYPE
from ontology.rules import is_informative

INFERRED = ox.NamedNode(INFERRED_GRAPH)
TYPE = ox.NamedNode(RDF_TYPE)
MODALITY = ox.NamedNode(str(KEL.modality))

RANKS = {ox.NamedNode(str(CODE[name])): rank for rank, name in enumerate(MODALITIES, start=1)}
"""The modalities, the strongest first."""

PUBLISHED = frozenset(ox.NamedNode(str(CODE[name])) for name in PUBLISHED_MODALITIES)
"""The modalities of claims whose facts are in the default graph too: asserted, reported, planned."""

DEFINED = frozenset(
    ox.NamedNode(str(KEL[name])) for name in ("about", "strongestModality", "latestStatus", "documentOf")
)
"""The properties that Kelisim's own definitions derive (``ontology/rules/derived.ru``)."""

MAX_GRAPHS = 1000
"""How many claims with the same triple are searched for one that tells it; then it is taken to be told."""

_ONTOLOGY = ox.Quad(ox.NamedNode(ONTOLOGY_IRI), TYPE, ox.NamedNode(PREFIXES["owl"] + "Ontology"))


def is_reasoned(store: ox.Store) -> bool:
    """Whether anything is inferred in the store: the ontology stands in its default graph."""
    return _ONTOLOGY in store


def is_thing(term: object) -> bool:
    """Whether the term is a thing of the project (``id:``)."""
    return isinstance(term, ox.NamedNode) and term.value.startswith(str(ID))


def is_claim(store: ox.Store, graph: GraphName) -> bool:
    """Whether the graph is that of a claim: the claim's record, in the default graph, gives it a modality."""
    if not isinstance(graph, ox.NamedNode):
        return False
    return next(iter(store.quads_for_pattern(graph, MODALITY, None, DEFAULT)), None) is not None


def in_graph(triple: ox.Triple, graph: GraphName) -> ox.Quad:
    """The triple as a quad of the graph."""
    return ox.Quad(triple.subject, triple.predicate, triple.object, graph)


def is_kept(triple: ox.Triple, graph: GraphName) -> bool:
    """Whether a conclusion is kept: in the default graph about all that is the project's, in claims about things."""
    return is_informative(triple) and (graph == DEFAULT or is_thing(triple.subject))


def entailments(store: ox.Store, triple: ox.Triple, graph: GraphName) -> Iterator[tuple[str, list[ox.Quad]]]:
    """The ways in which a triple follows by one OWL rule from others of its graph: the rule, and its premises."""
    if not is_kept(triple, graph):
        return
    conclusion = in_graph(triple, graph)
    for rule in rules():
        binding = unify(rule.head, triple)
        if binding is not None:
            for _, premises in solve(store, rule, rule.body, graph, binding):
                if conclusion not in premises:
                    yield rule.name, premises


def modality(store: ox.Store, claim: GraphName) -> ox.NamedNode | None:
    """The modality of a claim, the strongest if there are several; None if the graph is no claim with one."""
    if not isinstance(claim, ox.NamedNode):
        return None
    found = {q.object for q in store.quads_for_pattern(claim, MODALITY, None, DEFAULT)}
    return next((code for code in RANKS if code in found), None)


class Told:
    """What the graphs of a store tell. What was found out is kept: make a new one after a change."""

    def __init__(self, store: ox.Store) -> None:
        self._store = store
        self._claims: dict[GraphName, frozenset[ox.Triple]] = {}

    def is_told(self, quad: ox.Quad) -> bool:
        """Whether a quad of the store is told by its graph, and not only inferred in it."""
        if quad.graph_name == DEFAULT:
            if in_graph(quad.triple, INFERRED) not in self._store:
                return True
            return quad.predicate not in DEFINED and not any(entailments(self._store, quad.triple, DEFAULT))
        if quad.graph_name not in self._claims:
            if in_graph(quad.triple, INFERRED) in self._store:
                return not any(entailments(self._store, quad.triple, quad.graph_name))
            if not self._may_follow(quad.triple, quad.graph_name):
                return True
        return quad.triple in self.by(quad.graph_name)

    def assume(self, facts: Mapping[ox.NamedNode, frozenset[ox.Triple]]) -> None:
        """Has the claims tell these triples, as is known otherwise."""
        for claim, triples in facts.items():
            self._claims[claim] = triples

    def by(self, graph: GraphName) -> frozenset[ox.Triple]:
        """The triples that a claim tells."""
        if graph not in self._claims:
            self._claims[graph] = frozenset(self._told(graph))
        return self._claims[graph]

    def _told(self, graph: GraphName) -> set[ox.Triple]:
        triples = {q.triple for q in self._store.quads_for_pattern(None, None, None, graph)}
        if not is_claim(self._store, graph):
            return triples
        ways: dict[ox.Triple, list[set[ox.Triple]]] = {}
        marked = {t for t in triples if in_graph(t, INFERRED) in self._store}
        for triple in triples:
            if self._may_follow(triple, graph) and (triple in marked or self._is_elsewhere(triple, graph)):
                found = entailments(self._store, triple, graph)
                ways[triple] = [{p.triple for p in premises if p.graph_name == graph} for _, premises in found]
        told = triples - ways.keys()
        known = set(told)
        left = sorted(ways, key=lambda t: (t in marked, str(t)))
        while left:
            follow = [t for t in left if any(premises <= known for premises in ways[t])]
            if not follow:  # they follow from each other only
                told.add(left[0])
            known.update(follow or left[:1])
            left = [t for t in left if t not in known]
        return told

    def _may_follow(self, triple: ox.Triple, graph: GraphName) -> bool:
        """Whether a triple follows in a graph, and is marked as inferred or in another claim too."""
        if in_graph(triple, INFERRED) not in self._store and not any(self._others(triple, graph)):
            return False
        return any(entailments(self._store, triple, graph))

    def _others(self, triple: ox.Triple, graph: GraphName) -> Iterator[GraphName]:
        """The other claims with the triple."""
        found = self._store.quads_for_pattern(triple.subject, triple.predicate, triple.object, None)
        return (q.graph_name for q in found if q.graph_name != graph and is_claim(self._store, q.graph_name))

    def _is_elsewhere(self, triple: ox.Triple, graph: GraphName) -> bool:
        """Whether another claim tells a triple that is not marked as inferred.

        One in which it does not follow does; if it follows in all of them, the first by name is taken to tell it.
        """
        is_first = True
        for other in islice(self._others(triple, graph), MAX_GRAPHS):
            if not any(entailments(self._store, triple, other)):
                return True
            is_first = is_first and str(graph) < str(other)
        return not is_first
