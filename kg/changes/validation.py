"""Validates changes against the SHACL shapes."""

from functools import cache
from typing import Final

import pyoxigraph as ox
from rdflib import RDF, RDFS, SKOS, Graph

from kg.engine.engine import Engine
from kg.inference.rules import rules
from kg.rdf.patches import Patch
from ontology import BASE, INFERRED_GRAPH, read_graph
from shapes import Report, validate

MAX_REFERRING_NODES: Final = 1000
"""The maximum number of nodes referring to changed nodes that are validated too."""

_INFERRED: Final = ox.NamedNode(INFERRED_GRAPH)


def validate_change(engine: Engine, patch: Patch) -> Report | None:
    """The SHACL report on the nodes that a patch touches, in the state after it; None if no shape can apply to them.

    Validates the nodes of the patch and those that refer to its subjects, with their properties and those of their
    neighbours, in the union of all graphs. Validating the whole store would take seconds for each write, and so would
    all nodes that refer to an object. The shapes need neither: they constrain a node by its own properties and those of
    the nodes it refers to, not by the nodes that refer to it.
    """
    changed = {t for q in (*patch.adds, *patch.deletes) for t in (q.subject, q.object) if isinstance(t, ox.NamedNode)}
    touched = {t for t in changed if any(True for _ in engine.with_subject(t))}
    inferred = {q.triple for q in patch.adds if q.graph_name == _INFERRED}  # what follows breaks no node that refers
    stated = (q for q in patch.adds if q.triple not in inferred)
    subjects = {q.subject for q in (*stated, *patch.deletes) if isinstance(q.subject, ox.NamedNode)}
    referring = (q.subject for t in subjects for q in engine.with_object(t))
    focus = touched | {
        s for s, _ in zip(referring, range(MAX_REFERRING_NODES), strict=False) if isinstance(s, ox.NamedNode)
    }
    about = {n: list(engine.with_subject(n)) for n in focus}
    if not any(_uses_ontology(q) for quads in about.values() for q in quads):
        return None
    neighbours = {q.object for quads in about.values() for q in quads if isinstance(q.object, ox.NamedNode)} - focus
    triples = {q.triple for quads in about.values() for q in quads}
    triples |= {q.triple for n in neighbours for q in engine.with_subject(n)}
    graph = background() + Graph().parse(data=ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES), format="nt")
    return validate(graph, focus=sorted(n.value for n in focus))


def prepare() -> None:
    """Loads the shapes and the rules before forking: each change is inferred from and validated in its own process."""
    rules()
    validate(background())


def _uses_ontology(quad: ox.Quad) -> bool:
    return quad.predicate.value.startswith(BASE) or getattr(quad.object, "value", "").startswith(BASE + "ns#")


@cache
def background() -> Graph:
    """The part of the ontology that the shapes need: subclass relations and the codes of each concept scheme."""
    ontology, graph = read_graph(), Graph()
    for predicate in (RDFS.subClassOf, SKOS.inScheme):
        for triple in ontology.triples((None, predicate, None)):
            graph.add(triple)
    for scheme in ontology.subjects(RDF.type, SKOS.ConceptScheme):
        graph.add((scheme, RDF.type, SKOS.ConceptScheme))
    return graph
