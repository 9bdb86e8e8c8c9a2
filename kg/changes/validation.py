"""Validates changes against the SHACL shapes."""

from collections.abc import Iterator
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
    neighbours, in the union of all graphs without what is inferred, as the curated files are validated. Validating the
    whole store would take seconds for each write, and so would all nodes that refer to an object. The shapes need
    neither: they constrain a node by its own properties and those of the nodes it refers to, not by the nodes that
    refer to it.
    """
    quads = [*_told(patch.adds), *_told(patch.deletes)]
    changed = {t for q in quads for t in (q.subject, q.object) if isinstance(t, ox.NamedNode)}
    touched = {t for t in changed if any(True for _ in engine.with_subject(t))}
    subjects = {q.subject for q in quads if isinstance(q.subject, ox.NamedNode)}
    referring = (q.subject for t in subjects for q in engine.with_object(t))
    focus = touched | {
        s for s, _ in zip(referring, range(MAX_REFERRING_NODES), strict=False) if isinstance(s, ox.NamedNode)
    }
    about = {n: [*_about(engine, n)] for n in focus}
    if not any(_uses_ontology(q) for quads in about.values() for q in quads):
        return None
    neighbours = {q.object for quads in about.values() for q in quads if isinstance(q.object, ox.NamedNode)} - focus
    triples = {q.triple for quads in about.values() for q in quads}
    triples |= {q.triple for n in neighbours for q in _about(engine, n)}
    graph = background() + Graph().parse(data=ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES), format="nt")
    return validate(graph, focus=sorted(n.value for n in focus))


def _told(quads: tuple[ox.Quad, ...]) -> list[ox.Quad]:
    """The quads of a patch but for those that come or go together with the mark that they are inferred."""
    marked = {q.triple for q in quads if q.graph_name == _INFERRED}
    alone = marked - {q.triple for q in quads if q.graph_name != _INFERRED}  # told before, and now only inferred
    return [q for q in quads if q.triple not in marked or q.triple in alone]


def _about(engine: Engine, node: ox.NamedNode) -> Iterator[ox.Quad]:
    """What is told of a node."""
    for quad in engine.with_subject(node):
        mark = ox.Quad(quad.subject, quad.predicate, quad.object, _INFERRED)
        if quad.graph_name != _INFERRED and not engine.contains(mark):
            yield quad


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
