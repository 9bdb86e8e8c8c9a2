"""Converts SHACL property paths to SPARQL syntax."""

from rdflib import RDF, SH, BNode, Graph
from rdflib.collection import Collection
from rdflib.term import Node


def path_text(graph: Graph, path: Node) -> str:
    """A SHACL property path (SHACL 2.3.1) as text: the IRI of a predicate path, else a SPARQL 1.1 property path.

    Alternative, sequence, inverse and repeated paths use ``|``, ``/``, ``^``, ``*``, ``+`` and ``?``.
    """
    return _text(graph, path) if isinstance(path, BNode) else str(path)


def _text(graph: Graph, path: Node) -> str:
    if not isinstance(path, BNode):
        return f"<{path}>"
    if (alternatives := graph.value(path, SH.alternativePath)) is not None:
        return f"({'|'.join(_text(graph, step) for step in Collection(graph, alternatives))})"
    if (inverse := graph.value(path, SH.inversePath)) is not None:
        return f"^{_text(graph, inverse)}"
    for predicate, mark in ((SH.zeroOrMorePath, "*"), (SH.oneOrMorePath, "+"), (SH.zeroOrOnePath, "?")):
        if (repeated := graph.value(path, predicate)) is not None:
            return f"({_text(graph, repeated)}){mark}"
    if graph.value(path, RDF.first) is not None:
        return "/".join(_text(graph, step) for step in Collection(graph, path))
    return "?"
