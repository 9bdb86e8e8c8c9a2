"""Stages a change: computes its patch, with what follows from it, on a copy of the store."""

import codecs
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Final

import pyoxigraph as ox

from kg.changes.updates import run
from kg.conflicts.following import follow
from kg.engine.engine import Engine, OperationError
from kg.engine.guard import tokens_with_iris
from kg.inference.maintenance import maintain
from kg.lenses.names import is_lens
from kg.rdf.formats import GRAPH_FORMATS
from kg.rdf.patches import Patch, diff
from ontology import KelisimError

_SYNTAXES: Final = {f.name: f.engine for f in GRAPH_FORMATS}


@dataclass(frozen=True)
class Change:
    """A requested change.

    kind: ``update`` (SPARQL 1.1 Update in `text`), or of one graph ``replace``, ``add`` and ``drop`` (PUT, POST and
    DELETE of the SPARQL 1.1 Graph Store HTTP Protocol, section 5).
    graph: the graph's IRI, empty for the default graph.
    syntaxes: the format of each document in `documents`, by name, in order.
    base: the IRI against which relative ones in documents are resolved.
    dataset: whether a change of a graph is one of all graphs, and documents name the graphs of their quads.
    """

    kind: str
    text: str = ""
    graph: str = ""
    syntaxes: tuple[str, ...] = ()
    base: str = ""
    dataset: bool = False


class DocumentError(KelisimError):
    """A request document cannot be parsed or stored."""


def stage(engine: Engine, change: Change, documents: Iterable[bytes] = ()) -> Patch:
    """Applies the change to the engine's store, which must be a copy, and returns its patch, with what follows from it.

    Raises QuerySyntaxError, OutboundRefusedError, DocumentError, or OperationError if an operation fails.
    """
    if change.kind == "update":
        if lens := next((iri for _, iri in tokens_with_iris(change.text) if is_lens(iri)), ""):
            raise OperationError(f"<{lens}> is a dataset for queries and no graph: updates cannot name it.")
        return _followed(engine, _storable(run(engine, change.text)))
    graph = None if change.dataset else ox.NamedNode(change.graph) if change.graph else ox.DefaultGraph()
    read = chain.from_iterable(_read(d, s, graph, change.base) for s, d in zip(change.syntaxes, documents, strict=True))
    new = set(Engine(read).quads())  # with literals as the store normalises them
    old = {q for q in new if engine.contains(q)} if change.kind == "add" else set(engine.quads(graph))
    patch = _storable(diff(old, new))
    engine.apply(patch)
    return _followed(engine, patch)


def _followed(engine: Engine, patch: Patch) -> Patch:
    """The patch, which was applied, with what is inferred from it and the conflicts that are there then."""
    return follow(engine, maintain(engine.store, patch))


def _storable(patch: Patch) -> Patch:
    """The patch; raises DocumentError where it would add a term of RDF 1.2, which not all of our formats have.

    And where it would add to a graph of the name of a dataset, which queries would not see.
    """
    for quad in patch.adds:
        if isinstance(quad.graph_name, ox.NamedNode) and is_lens(quad.graph_name.value):
            raise DocumentError(f"{quad.graph_name} is a dataset for queries; no graph can have its name.")
        of = f"{quad.subject} {quad.predicate}"
        if isinstance(quad.object, ox.Triple):
            raise DocumentError(f"Triple terms (RDF 1.2) are not stored here: {of} <<( … )>>.")
        if isinstance(quad.object, ox.Literal) and quad.object.direction is not None:
            raise DocumentError(f"Texts with a base direction (RDF 1.2) are not stored here: {of} {quad.object}.")
    return patch


def _read(document: bytes, syntax: str, graph: ox.NamedNode | ox.DefaultGraph | None, base: str) -> Iterable[ox.Quad]:
    """The document's triples in the given graph, or its quads where that is None; its blank nodes get new labels."""
    document = document.removeprefix(codecs.BOM_UTF8)
    try:
        for quad in ox.parse(input=document, format=_SYNTAXES[syntax], base_iri=base or None, rename_blank_nodes=True):
            if graph is None:
                yield quad
                continue
            if not isinstance(quad.graph_name, ox.DefaultGraph):
                raise DocumentError(
                    f"The document holds the named graph {quad.graph_name}; send one graph, or several by an update."
                )
            yield ox.Quad(quad.subject, quad.predicate, quad.object, graph)
    except SyntaxError as error:
        raise DocumentError(f"The {syntax} document is malformed: {error.msg}.") from error
    except ValueError as error:
        raise DocumentError(f"The {syntax} document cannot be read: {error}.") from error
