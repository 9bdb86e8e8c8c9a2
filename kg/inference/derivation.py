"""Why a triple is inferred: the ways in which it follows from others by one rule.

A chase of a triple's lineage goes from conclusions to premises, one rule at a time; whoever goes on from the premises
guards against cycles, since `a part of b` may follow from its inverse and that from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.inference.definitions import Definitions
from kg.inference.matching import DEFAULT
from kg.inference.told import DEFINED, INFERRED, Told, entailments, in_graph, is_reasoned
from ontology.namespaces import shorten

HOLDS: Final = "inferred"
"""The name of the rule by which what is inferred in a graph is in the graph of the inferred triples too."""


@dataclass(frozen=True)
class Derivation:
    """One step of a rule: the premises, quads of the store, and what had to be absent, in words.

    `rule` is the name of an OWL 2 RL rule (OWL 2 Profiles, section 4.3), such as ``prp-spo1``, the property that one of
    Kelisim's own definitions derives, such as ``kel:latestStatus``, or `HOLDS`. Axioms of the ontology are premises in
    the default graph.
    """

    rule: str
    premises: tuple[ox.Quad, ...]
    absent: tuple[str, ...] = ()


def derivations(store: ox.Store, triple: ox.Triple, graph: ox.NamedNode | ox.DefaultGraph) -> Iterator[Derivation]:
    """The ways in which a triple of the graph follows directly by one rule from other quads, told or inferred.

    Of a triple that is told too, the ways in which it would follow; nothing in a store without the ontology. In the
    graph of the inferred triples a triple follows from itself where it is inferred, in the default graph or in a claim.
    """
    if not is_reasoned(store):
        return
    if graph == INFERRED:
        for quad in store.quads_for_pattern(triple.subject, triple.predicate, triple.object, None):
            if quad.graph_name != INFERRED and in_graph(triple, INFERRED) in store:
                yield Derivation(HOLDS, (quad,))
        return
    for rule, premises in entailments(store, triple, graph):
        yield Derivation(rule, tuple(premises))
    if graph == DEFAULT and triple.predicate in DEFINED and isinstance(triple.subject, ox.NamedNode):
        for found in Definitions(store, Told(store), every_way=True).of(triple.subject, triple.predicate):
            if found.triple == triple:
                yield Derivation(shorten(triple.predicate.value), found.premises, found.absent)
