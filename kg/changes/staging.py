"""Changes to a store, worked out on a copy of it: what would change, and whether the result may stand."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Final

import pyoxigraph as ox

from kg.changes.updates import run
from kg.engine.engine import Engine
from kg.rdf.formats import GRAPH_FORMATS
from kg.rdf.patches import Patch, diff
from ontology import KelisimError

_SYNTAXES: Final = {f.name: f.engine for f in GRAPH_FORMATS}


@dataclass(frozen=True)
class Change:
    """One change asked for.

    kind: ``update`` (SPARQL 1.1 Update in `text`), or of one graph ``replace``, ``add`` and ``drop`` (PUT, POST and
    DELETE of the SPARQL 1.1 Graph Store HTTP Protocol, section 5).
    graph: the graph's IRI, empty for the default graph.
    syntaxes: the format of each document in `documents`, by name, in order.
    base: the IRI against which relative ones in documents are resolved.
    """

    kind: str
    text: str = ""
    graph: str = ""
    syntaxes: tuple[str, ...] = ()
    base: str = ""


class DocumentError(KelisimError):
    """A document that was sent cannot be read."""


def stage(engine: Engine, change: Change, documents: Iterable[bytes] = ()) -> Patch:
    """Works the change out on the engine's store, which it alters, and returns what it comes to.

    Raises QuerySyntaxError, OutboundRefusedError, DocumentError, or KelisimError where an operation fails.
    """
    if change.kind == "update":
        return run(engine, change.text)
    graph = ox.NamedNode(change.graph) if change.graph else ox.DefaultGraph()
    read = chain.from_iterable(_read(d, s, graph, change.base) for s, d in zip(change.syntaxes, documents, strict=True))
    new = set(Engine(read).quads())  # literals as a store holds them
    old = {q for q in new if engine.holds(q)} if change.kind == "add" else set(engine.quads(graph))
    patch = diff(old, new)
    engine.apply(patch)
    return patch


def _read(document: bytes, syntax: str, graph: ox.NamedNode | ox.DefaultGraph, base: str) -> Iterable[ox.Quad]:
    """The document's triples in the given graph, its blank nodes renamed so that they are nobody else's."""
    try:
        for quad in ox.parse(input=document, format=_SYNTAXES[syntax], base_iri=base or None, rename_blank_nodes=True):
            if not isinstance(quad.graph_name, ox.DefaultGraph):
                raise DocumentError(
                    f"The document holds the named graph {quad.graph_name}; send one graph, or several by an update."
                )
            yield ox.Quad(quad.subject, quad.predicate, quad.object, graph)
    except SyntaxError as error:
        raise DocumentError(f"The {syntax} document is malformed: {error.msg}.") from error
    except ValueError as error:
        raise DocumentError(f"The {syntax} document cannot be read: {error}.") from error
