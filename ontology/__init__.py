"""The Kelisim ontology: its terms, code lists, namespaces and the reasoning over them."""

from typing import TYPE_CHECKING, Any

from ontology.errors import KelisimError
from ontology.namespaces import BASE, INFERRED_GRAPH, ONTOLOGY_IRI, PREFIXES

if TYPE_CHECKING:
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


def __getattr__(name: str) -> Any:
    """Imports what needs an RDF library when it is first used (PEP 562), so that the command line starts fast."""
    if name in __all__:
        from ontology import terms

        return getattr(terms, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
