"""The Kelisim ontology: its terms, code lists, namespaces and the reasoning over them."""

from ontology.errors import KelisimError
from ontology.namespaces import BASE, INFERRED_GRAPH, ONTOLOGY_IRI, PREFIXES
from ontology.terms import published_triples, read_graph, read_text, version

__all__ = [
    "BASE",
    "INFERRED_GRAPH",
    "ONTOLOGY_IRI",
    "PREFIXES",
    "KelisimError",
    "published_triples",
    "read_graph",
    "read_text",
    "version",
]
