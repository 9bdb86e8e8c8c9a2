"""Validates changes against the SHACL shapes."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain, islice
from typing import Final

import pyoxigraph as ox
from rdflib import XSD, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from kg.engine.engine import Engine
from kg.inference.rules import rules
from kg.rdf.patches import Patch
from ontology import BASE, INFERRED_GRAPH
from shapes import Report, background, conformance

MAX_REFERRING_NODES: Final = 1000
"""The maximum number of nodes referring to changed nodes that are validated too."""

_INFERRED: Final = ox.NamedNode(INFERRED_GRAPH)


def validate_change(engine: Engine, patch: Patch) -> Report | None:
    """The SHACL report on the nodes that a patch touches, in the state after it; None if no shape can apply to them.

    Validates the subjects of the patch, with their properties and what shapes read of their neighbours, in the union of
    all graphs without what is inferred, as the curated files are validated. The nodes that refer to a subject are
    validated too where a property of it changed that shapes read of values, such as its class, and an object where a
    shape targets it (`shapes.focused`). The shapes need no others: they constrain a node by its own properties and
    those of the nodes it refers to, not by the nodes that refer to it.
    """
    changed = [*_told(patch.adds), *_told(patch.deletes)]
    focus = _focus(engine, changed)
    about = {n: [*_about(engine, n)] for n in focus}
    near = (q for n in _near(engine, changed) for q in _about(engine, n))
    if not any(map(_uses_ontology, chain(chain.from_iterable(about.values()), near))):
        return None
    neighbours = {q.object for quads in about.values() for q in quads if isinstance(q.object, ox.NamedNode)} - focus
    triples = {q.triple for quads in about.values() for q in quads}
    read = [ox.NamedNode(str(p)) for p in conformance().read_of_values]
    triples |= {q.triple for n in neighbours for p in read for q in _about(engine, n, p)}
    triples |= {q.triple for n in focus for q in _targeting(engine, n)}
    names = sorted(n.value for n in focus)
    with _on_background(triples) as graph:
        return conformance().report(graph, names)


def _focus(engine: Engine, quads: list[ox.Quad]) -> set[ox.NamedNode]:
    """The nodes to validate after the change of quads."""
    shapes = conformance()
    changed = {q.subject for q in quads} | {q.object for q in quads if URIRef(q.predicate.value) in shapes.of_objects}
    touched = {t for t in changed if isinstance(t, ox.NamedNode) and any(True for _ in engine.with_subject(t))}
    read = (q for q in quads if URIRef(q.predicate.value) in shapes.read_of_values)
    return touched | {*_referring(engine, {q.subject for q in read})}


def _referring(engine: Engine, nodes: Iterable[ox.NamedNode | ox.BlankNode | ox.Triple]) -> Iterator[ox.NamedNode]:
    """What refers to nodes, perhaps several times, up to a limit."""
    referring = (q.subject for n in nodes if isinstance(n, ox.NamedNode) for q in engine.with_object(n))
    return (s for s in islice(referring, MAX_REFERRING_NODES) if isinstance(s, ox.NamedNode))


def _near(engine: Engine, quads: list[ox.Quad]) -> Iterator[ox.NamedNode]:
    """What quads refer to, and what refers to their subjects: if that uses the ontology, the subjects are a part."""
    yield from {q.object for q in quads if isinstance(q.object, ox.NamedNode)}
    yield from _referring(engine, {q.subject for q in quads})


def _targeting(engine: Engine, node: ox.NamedNode) -> Iterator[ox.Quad]:
    """For each property whose objects are targets of shapes, one quad that makes the node a target."""
    for each in conformance().of_objects:
        quads = engine.store.quads_for_pattern(None, ox.NamedNode(str(each)), node, None)
        yield from islice(filter(partial(_is_told, engine), quads), 1)


def _told(quads: tuple[ox.Quad, ...]) -> list[ox.Quad]:
    """The quads of a patch but for those that come or go together with the mark that they are inferred."""
    marked = {q.triple for q in quads if q.graph_name == _INFERRED}
    alone = marked - {q.triple for q in quads if q.graph_name != _INFERRED}  # told before, and now only inferred
    return [q for q in quads if q.triple not in marked or q.triple in alone]


def _about(engine: Engine, node: ox.NamedNode, predicate: ox.NamedNode | None = None) -> Iterator[ox.Quad]:
    """What is told of a node, by one property or by all."""
    return filter(partial(_is_told, engine), engine.with_subject(node, predicate))


def _is_told(engine: Engine, quad: ox.Quad) -> bool:
    """Whether a quad of the store is told, and not only inferred."""
    mark = ox.Quad(quad.subject, quad.predicate, quad.object, _INFERRED)
    return quad.graph_name != _INFERRED and not engine.contains(mark)


@contextmanager
def _on_background(triples: Iterable[ox.Triple]) -> Iterator[Graph]:
    """The triples together with `background`, in the same graph, from which they are taken away afterwards."""
    graph = background()
    added = [each for each in map(_in_rdflib, triples) if each not in graph]
    try:
        for triple in added:
            graph.add(triple)
        yield graph
    finally:
        for triple in added:
            graph.remove(triple)


def _in_rdflib(triple: ox.Triple) -> tuple[Node, Node, Node]:
    return _term(triple.subject), _term(triple.predicate), _term(triple.object)


def _term(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> Node:
    if isinstance(term, ox.NamedNode):
        return URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return BNode(term.value)
    if isinstance(term, ox.Literal):
        datatype = None if term.language else URIRef(term.datatype.value)
        return Literal(term.value, lang=term.language, datatype=None if datatype == XSD.string else datatype)
    raise TypeError(f"Triple terms are not stored: {term}")


def prepare() -> None:
    """Loads the shapes and the rules before forking: each change is inferred from and validated in its own process."""
    rules()
    conformance().report(background(), ())


def _uses_ontology(quad: ox.Quad) -> bool:
    return quad.predicate.value.startswith(BASE) or getattr(quad.object, "value", "").startswith(BASE + "ns#")
