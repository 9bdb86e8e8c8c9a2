"""Reification, for formats without named graphs."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

import pyoxigraph as ox

from ontology import BASE, PREFIXES
from ontology.namespaces import KEL, RDF_TYPE

_RDF: Final = PREFIXES["rdf"]
_BATCH: Final = 10_000


def reified(quads: Iterable[ox.Quad]) -> Iterator[ox.Triple]:
    """For each quad of a named graph an ``rdf:Statement`` (RDF Schema 1.1, section 5.3) with its graph
    as ``kel:inGraph``; quads of the default graph are skipped.
    """
    named = (quad for quad in quads if not isinstance(quad.graph_name, ox.DefaultGraph))
    while batch := list(islice(named, _BATCH)):
        lines = (ox.serialize(batch, format=ox.RdfFormat.N_QUADS) or b"").splitlines()
        for quad, line in zip(batch, lines, strict=True):
            graph = quad.graph_name
            assert not isinstance(graph, ox.DefaultGraph)
            statement = ox.NamedNode(_name(graph, hashlib.sha256(line).hexdigest()[:32]))
            yield ox.Triple(statement, ox.NamedNode(RDF_TYPE), ox.NamedNode(_RDF + "Statement"))
            yield ox.Triple(statement, ox.NamedNode(_RDF + "subject"), quad.subject)
            yield ox.Triple(statement, ox.NamedNode(_RDF + "predicate"), quad.predicate)
            yield ox.Triple(statement, ox.NamedNode(_RDF + "object"), quad.object)
            yield ox.Triple(statement, ox.NamedNode(str(KEL.inGraph)), graph)


def _name(graph: ox.NamedNode | ox.BlankNode, digest: str) -> str:
    """The statement's IRI: a fragment of the graph's IRI if that is ours, so that it dereferences to the claim."""
    if graph.value.startswith(BASE) and "#" not in graph.value:
        return f"{graph.value}#{digest}"
    return f"{BASE}statement/{digest}"
