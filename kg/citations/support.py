"""What a triple rests on: the claims that hold it, the claim that it is the record of, or what it follows from."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final, TypeAlias, cast

import pyoxigraph as ox

from kg.citations.annotations import ONE, ZERO, Annotation, alternatives, incomplete, product, single, total
from kg.inference.derivation import derivations
from ontology.iris import CODE, CONFLICT, KEL
from ontology.namespaces import INFERRED_GRAPH, PREFIXES, PUBLISHED_MODALITIES, RDF_TYPE

Node: TypeAlias = ox.NamedNode | ox.BlankNode
Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal
Spo: TypeAlias = tuple[Term, ox.NamedNode, Term]
GraphName: TypeAlias = ox.NamedNode | ox.BlankNode | ox.DefaultGraph

_REMEMBERED: Final = 200_000
"""The most annotations that are kept, about 100 MB."""

_MODALITY: Final = ox.NamedNode(str(KEL.modality))
_HAS_SIDE, _TOLD_IN = ox.NamedNode(str(KEL.hasSide)), ox.NamedNode(str(KEL.toldIn))
_INFERRED: Final = ox.NamedNode(INFERRED_GRAPH)
_TYPE: Final = ox.NamedNode(RDF_TYPE)
_SOURCE: Final = ox.NamedNode(PREFIXES["dcterms"] + "source")
_DEFAULT: Final = ox.DefaultGraph()
_SEVERAL_PREMISES: Final = """
PREFIX owl: <http://www.w3.org/2002/07/owl#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT DISTINCT ?head {
  { ?first owl:propertyChainAxiom ?chain } UNION { ?first a owl:TransitiveProperty }
  ?first (rdfs:subPropertyOf|owl:inverseOf|^owl:inverseOf)* ?head
} LIMIT 10000"""


def spo(triple: ox.Quad | ox.Triple) -> Spo:
    """Subject, predicate and object; there are no triple terms here, since the store refuses them."""
    return cast("Spo", (triple.subject, triple.predicate, triple.object))


class Supports:
    """The annotations of triples of one store at one version. Not for several threads."""

    def __init__(
        self,
        store: ox.Store,
        default: frozenset[str] | None = None,
        *,
        holds: Callable[[str], bool] | None = None,
    ) -> None:
        """`default`: the graphs that make the default graph of the query, None for that of the store.

        `holds` says of a claim whether its facts are in the default graph, by default by its modality.
        """
        self._store = store
        self._default = default
        self._holds = holds or self.is_published
        self._modalities: dict[str, str] = {}
        self._found: dict[tuple[object, ...], Annotation] = {}
        self._open: set[tuple[object, ...]] = set()
        self._heads: frozenset[str] | None = None
        self._cut = False

    def modality(self, claim: str) -> str:
        """The code of a claim's modality; empty if this is no claim."""
        known = self._modalities.get(claim)
        if known is None:
            quads = self._store.quads_for_pattern(ox.NamedNode(claim), _MODALITY, None, _DEFAULT)
            quad = next(iter(quads), None)
            value = quad.object.value if quad and isinstance(quad.object, ox.NamedNode) else ""
            known = self._modalities[claim] = value.removeprefix(str(CODE))
        return known

    def is_published(self, claim: str) -> bool:
        """Whether the claim's facts stand in the default graph of the store."""
        return self.modality(claim) in PUBLISHED_MODALITIES

    def states(self, graph: str, triple: tuple[Term | None, ...]) -> bool:
        """Whether a named graph holds a triple."""
        subject, predicate, value = triple
        if isinstance(subject, ox.Literal | None) or not isinstance(predicate, ox.NamedNode) or value is None:
            return False
        return ox.Quad(subject, predicate, value, ox.NamedNode(graph)) in self._store

    def predicates(self, subject: Term, value: Term, graph: GraphName | None) -> Iterator[ox.NamedNode]:
        """The predicates between two nodes in a graph, None for the default graph of the query."""
        return iter(dict.fromkeys(q.predicate for q in self._quads(subject, None, value, graph)))

    def values(self, node: Term, predicate: ox.NamedNode | None, graph: GraphName | None) -> Iterator[ox.Quad]:
        """The quads from a node in a graph, None for the default graph of the query."""
        return self._quads(node, predicate, None, graph)

    def sources(self, node: Term, predicate: ox.NamedNode | None, graph: GraphName | None) -> Iterator[ox.Quad]:
        """The quads to a node."""
        return self._quads(None, predicate, node, graph)

    def node(self, node: Term, graph: GraphName | None) -> Annotation:
        """What it rests on that a node occurs in a graph at all; one if it does not."""
        key = (node, graph)
        if key not in self._found:
            found = ZERO
            for quad in chain(self._quads(node, None, None, graph), self._quads(None, None, node, graph)):
                found = found + self.triple(*spo(quad), graph)
                if found.sets == ONE.sets:
                    break
            self._found[key] = ONE if found.is_zero else found
        return self._found[key]

    def _quads(
        self, subject: Term | None, predicate: ox.NamedNode | None, value: Term | None, graph: GraphName | None
    ) -> Iterator[ox.Quad]:
        if isinstance(subject, ox.Literal):
            return
        if graph is None and self._default is not None:
            for name in self._default:
                yield from self._store.quads_for_pattern(subject, predicate, value, ox.NamedNode(name))
            return
        yield from self._store.quads_for_pattern(subject, predicate, value, _DEFAULT if graph is None else graph)

    def triple(self, subject: Term, predicate: Term, value: Term, graph: GraphName | None) -> Annotation:
        """What a triple rests on in a graph, None for the default graph of the query; zero if it is not there."""
        if isinstance(subject, ox.Literal) or not isinstance(predicate, ox.NamedNode):
            return ZERO
        key = (subject, predicate, value, graph)
        known = self._found.get(key)
        if known is None:
            if key in self._open:  # a derivation from itself adds nothing to the others
                self._cut = True
                return ZERO
            self._open.add(key)
            known = self._triple(subject, predicate, value, graph)
            self._open.discard(key)
            if not self._cut or not self._open:
                if len(self._found) >= _REMEMBERED:
                    self._found.clear()
                self._found[key] = known
                self._cut = False
        return known

    def _triple(self, subject: Node, predicate: ox.NamedNode, value: Term, graph: GraphName | None) -> Annotation:
        if graph is not None and graph != _DEFAULT:
            if ox.Quad(subject, predicate, value, graph) not in self._store:
                return ZERO
            if graph != _INFERRED:
                return single(str(getattr(graph, "value", graph)))
            return self._of_graphs(subject, predicate, value, lambda _: True)
        if self._default is not None:
            return total(self.triple(subject, predicate, value, ox.NamedNode(g)) for g in self._default)
        return self._of_graphs(subject, predicate, value, self._holds)

    def _of_graphs(
        self, subject: Node, predicate: ox.NamedNode, value: Term, holds: Callable[[str], bool]
    ) -> Annotation:
        """What a triple of the default graph rests on, or one of the graph of what is inferred."""
        if predicate == _TYPE and self._is_reference(subject):
            return ONE
        if isinstance(subject, ox.NamedNode) and self.modality(subject.value):
            return single(subject.value)
        graphs = [q.graph_name for q in self._store.quads_for_pattern(subject, predicate, value, None)]
        names = [g.value for g in graphs if isinstance(g, ox.NamedNode)]
        if isinstance(subject, ox.NamedNode) and subject.value.startswith(str(CONFLICT)):
            return self._of_conflict(subject, predicate, value)
        found = alternatives(n for n in names if n != INFERRED_GRAPH and self.modality(n) and holds(n))
        inferred = INFERRED_GRAPH in names
        if (inferred and found.is_zero) or predicate.value in self._several_premises():
            derived = self._derived(ox.Triple(subject, predicate, value))
            if inferred and found.is_zero and derived.is_zero:
                return incomplete(ONE)
            found = total((found, derived))
        if found.is_zero and any(isinstance(g, ox.DefaultGraph) for g in graphs):
            return ONE  # the ontology, or the default graph of other people's data
        return found

    def _of_conflict(self, subject: ox.NamedNode, predicate: ox.NamedNode, value: Term) -> Annotation:
        """A side of a conflict rests on any claim that tells it, a conflict on all of its sides."""
        if predicate == _TOLD_IN and isinstance(value, ox.NamedNode):
            return single(value.value)
        sides = [q.object for q in self._store.quads_for_pattern(subject, _HAS_SIDE, None, _DEFAULT)] or [subject]
        return product(
            alternatives(
                q.object.value
                for q in self._store.quads_for_pattern(side, _TOLD_IN, None, _DEFAULT)
                if isinstance(q.object, ox.NamedNode)
            )
            for side in sides
            if isinstance(side, ox.NamedNode)
        )

    def _is_reference(self, subject: Node) -> bool:
        """Whether the reference data have a thing, and so its class, which claims state beside their facts."""
        return next(iter(self._store.quads_for_pattern(subject, _SOURCE, None, _DEFAULT)), None) is not None

    def _derived(self, triple: ox.Triple) -> Annotation:
        return total(
            product(self.triple(*spo(q), q.graph_name) for q in derivation.premises)
            for derivation in derivations(self._store, triple, _DEFAULT)
        )

    def _several_premises(self) -> frozenset[str]:
        """The predicates of triples that may follow from several claims together, though one claim states them."""
        if self._heads is None:
            found = self._store.query(_SEVERAL_PREMISES)
            assert isinstance(found, ox.QuerySolutions)
            self._heads = frozenset(row[0].value for row in found if isinstance(row[0], ox.NamedNode))
        return self._heads
