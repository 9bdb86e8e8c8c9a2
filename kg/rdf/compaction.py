"""JSON-LD compaction with the project's context."""

import json
from collections.abc import Sequence
from typing import Any

import pyoxigraph as ox
from pyld import jsonld

from ontology import read_text
from ontology.namespaces import RDF_TYPE


def compact(quads: Sequence[ox.Quad]) -> bytes:
    """Quads as compacted JSON-LD 1.1 in UTF-8, with the context inlined; quads of one graph must be adjacent."""
    expanded = json.loads(ox.serialize(quads, format=ox.RdfFormat.JSON_LD) or b"[]")
    context = json.loads(read_text("context.jsonld"))
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
