"""Checks changes to a store against the shapes."""

from functools import cache
from typing import Final

import pyoxigraph as ox
from rdflib import RDF, RDFS, SKOS, Graph

from kg.engine.engine import Engine
from kg.rdf.patches import Patch
from ontology import BASE, read_graph
from shapes import Report, validate

POINTING_NODES: Final = 1000
"""Of the nodes that point to a changed node, at most so many are validated with it."""


def validate_change(engine: Engine, patch: Patch) -> Report | None:
    """The SHACL report on what a patch touches, in the state after it; None where that is no business of the shapes.

    Validated are the nodes of the patch, and those that point to its subjects, with what is said of them and of their
    neighbours; all graphs count as one. A whole store would take seconds at each write, and so would all that points
    to an object: our shapes look at what is said of a node and of those that it names, not at what names it.
    """
    changed = {t for q in (*patch.adds, *patch.deletes) for t in (q.subject, q.object) if isinstance(t, ox.NamedNode)}
    touched = {t for t in changed if any(True for _ in engine.about(t))}
    subjects = {q.subject for q in (*patch.adds, *patch.deletes) if isinstance(q.subject, ox.NamedNode)}
    pointing = (q.subject for t in subjects for q in engine.pointing_to(t))
    focus = touched | {s for s, _ in zip(pointing, range(POINTING_NODES), strict=False) if isinstance(s, ox.NamedNode)}
    about = {n: list(engine.about(n)) for n in focus}
    if not any(_ours(q) for quads in about.values() for q in quads):
        return None
    neighbours = {q.object for quads in about.values() for q in quads if isinstance(q.object, ox.NamedNode)} - focus
    triples = {q.triple for quads in about.values() for q in quads}
    triples |= {q.triple for n in neighbours for q in engine.about(n)}
    graph = background() + Graph().parse(data=ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES), format="nt")
    return validate(graph, focus=sorted(n.value for n in focus))


def prepare() -> None:
    """Reads what a check needs, so that processes forked later, one for each change, need not."""
    validate(background())


def _ours(quad: ox.Quad) -> bool:
    return quad.predicate.value.startswith(BASE) or getattr(quad.object, "value", "").startswith(BASE + "ns#")


@cache
def background() -> Graph:
    """What the shapes look up in the ontology: which class lies below which, which code is in which list."""
    ontology, graph = read_graph(), Graph()
    for predicate in (RDFS.subClassOf, SKOS.inScheme):
        for triple in ontology.triples((None, predicate, None)):
            graph.add(triple)
    for scheme in ontology.subjects(RDF.type, SKOS.ConceptScheme):
        graph.add((scheme, RDF.type, SKOS.ConceptScheme))
    return graph
