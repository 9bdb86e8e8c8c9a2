"""Reads the files of the ontology."""

from collections.abc import Iterator
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import pyoxigraph as ox

from ontology.namespaces import ONTOLOGY_IRI, SKOLEM

if TYPE_CHECKING:
    from rdflib import Graph

FILES: Final = ("core.ttl", "codes.ttl", "alignments.ttl")
"""The files of the ontology: terms, code lists, alignments with other vocabularies."""


def read_text(name: str) -> str:
    """The text of one of this package's data files, such as ``core.ttl`` or ``context.jsonld``."""
    return resources.files("ontology").joinpath(name).read_text(encoding="utf-8")


def read_graph(*names: str) -> "Graph":
    """The given files of the ontology (by default all of `FILES`) as one rdflib graph, including blank nodes."""
    from rdflib import Graph

    graph = Graph()
    for name in names or FILES:
        graph.parse(data=read_text(name), format="turtle")
    return graph


def version() -> str:
    """The version of the ontology (``owl:versionInfo``), which is also the version of the package."""
    query = ox.Store()
    query.bulk_load(input=read_text("core.ttl"), format=ox.RdfFormat.TURTLE)
    predicate = ox.NamedNode("http://www.w3.org/2002/07/owl#versionInfo")
    (quad,) = query.quads_for_pattern(ox.NamedNode(ONTOLOGY_IRI), predicate, None)
    assert isinstance(quad.object, ox.Literal)
    return quad.object.value


def published_triples() -> Iterator[ox.Triple]:
    """The triples of the ontology without blank nodes.

    OWL 2 requires blank nodes for property chains and restrictions (OWL 2 Mapping to RDF Graphs, table 1). They are
    labelled canonically (RDFC-1.0) and replaced by Skolem IRIs, so that the result is deterministic.
    """
    for name in FILES:
        dataset = ox.Dataset(ox.parse(input=read_text(name), format=ox.RdfFormat.TURTLE))
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        for quad in dataset:
            yield ox.Triple(_skolem(quad.subject, name), quad.predicate, _skolem(quad.object, name))


def _skolem(term: Any, file: str) -> Any:
    if isinstance(term, ox.BlankNode):
        return ox.NamedNode(f"{SKOLEM}{file.removesuffix('.ttl')}-{term.value}")
    return term
