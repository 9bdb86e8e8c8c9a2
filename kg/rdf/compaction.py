"""JSON-LD compaction with the project's context."""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pyoxigraph as ox
from pyld import jsonld

from ontology import read_text
from ontology.namespaces import RDF_TYPE


def compact(quads: Sequence[ox.Quad], prefixes: Mapping[str, str] = MappingProxyType({})) -> bytes:
    """Quads as compacted JSON-LD 1.1 in UTF-8, with the context inlined; quads of one graph must be adjacent.

    prefixes: further namespaces by prefix. They are a context of their own after the project's, so that its terms keep
    their meaning where a prefix of the project is declared anew (JSON-LD 1.1, section 4.1).
    """
    expanded = json.loads(ox.serialize(quads, format=ox.RdfFormat.JSON_LD) or b"[]")
    context: Any = json.loads(read_text("context.jsonld"))
    if prefixes:
        further = {p: {"@id": n, "@prefix": True} for p, n in prefixes.items() if p}
        context = {"@context": [context["@context"], further]}
    compacted: dict[str, Any] = jsonld.compact(_typed(expanded), context)
    return (json.dumps(compacted, ensure_ascii=False, indent=1) + "\n").encode()


def _typed(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Expanded nodes with ``@type`` in place of the property rdf:type, which pyoxigraph writes."""
    for node in nodes:
        _typed(node.get("@graph", []))
        types = node.pop(RDF_TYPE, None)
        if types:
            node["@type"] = [t["@id"] for t in types]
    return nodes
