"""Validates a graph against the shapes (SHACL, W3C Recommendation of 20 July 2017)."""

from functools import cache
from importlib import resources
from typing import Final

import pyshacl
from pyshacl.errors import ReportableRuntimeError
from rdflib import RDF, RDFS, SKOS, Dataset, Graph

from ontology.errors import KelisimError
from ontology.namespaces import SHAPE
from ontology.terms import read_graph
from shapes.report import Report

FILES: Final = (
    "names.ttl",
    "dates.ttl",
    "agents.ttl",
    "events.ttl",
    "documents.ttl",
    "works.ttl",
    "figures.ttl",
    "words.ttl",
    "claims.ttl",
    "conflicts.ttl",
    "codes.ttl",
)
"""The shapes for data: SHACL Core only, fast enough to run on every write."""

STYLE_FILE: Final = "style.ttl"
"""The shapes for the ontology itself, with SPARQL-based constraints (SHACL 5); used offline only."""


class ValidationError(KelisimError):
    """The graph could not be validated, as opposed to one that does not conform."""


def read_text(name: str) -> str:
    """The text of one of this package's files, such as ``dates.ttl``."""
    return resources.files("shapes").joinpath(name).read_text(encoding="utf-8")


def read_shapes(*, ontology_style: bool = False) -> Graph:
    """The shapes graph (SHACL 1.5): the shapes for data and, with `ontology_style`, those for the ontology."""
    graph = Graph()
    for name in (*FILES, STYLE_FILE) if ontology_style else FILES:
        graph.parse(data=read_text(name), format="turtle")
    graph.bind("shape", SHAPE)
    return graph


@cache
def parsed_shapes(*, ontology_style: bool = False) -> Graph:
    """The same, parsed once per process: the files do not change at run time, and pySHACL does not change the graph."""
    return read_shapes(ontology_style=ontology_style)


@cache
def background() -> Graph:
    """The part of the ontology that the shapes need: subclass relations and the codes of each concept scheme."""
    ontology, graph = read_graph(), Graph()
    for predicate in (RDFS.subClassOf, SKOS.inScheme):
        for triple in ontology.triples((None, predicate, None)):
            graph.add(triple)
    for scheme in ontology.subjects(RDF.type, SKOS.ConceptScheme):
        graph.add((scheme, RDF.type, SKOS.ConceptScheme))
    return graph


def validate(graph: Graph, *, ontology_style: bool = False) -> Report:
    """Validates one merged graph: ontology, entities, claim records, and the facts of all claims (SHACL 3.4).

    The ontology has to be in the graph: ``sh:class`` and ``sh:targetClass`` follow its ``rdfs:subClassOf``, and codes
    are looked up in its lists (SHACL 3.2). Of a dataset, the union of its graphs is validated. The graph is not
    changed, nothing is inferred (SHACL 1.5), and nothing is fetched.

    See `shapes.focused` for the validation of a few nodes.

    With `ontology_style`, the ontology's own terms are checked too, which takes SPARQL and therefore seconds.

    Raises `ValidationError` if the graph holds what cannot be processed (SHACL 3.4.2), such as a blank node for a date.
    """
    try:
        conforms, report, text = pyshacl.validate(
            _merged(graph),
            shacl_graph=parsed_shapes(ontology_style=ontology_style),
            inference="none",
            meta_shacl=False,
            advanced=ontology_style,
            abort_on_first=False,
            do_owl_imports=False,
        )
    except ReportableRuntimeError as error:
        raise ValidationError(f"The data cannot be validated: {error.message}") from error
    if not isinstance(report, Graph):
        raise ValidationError(f"The data cannot be validated: {text}")
    return Report.from_graph(conforms=conforms, graph=report)


def _merged(graph: Graph) -> Graph:
    # pySHACL would set default_union on the caller's dataset permanently.
    if not isinstance(graph, Dataset):
        return graph
    merged = Graph(namespace_manager=graph.namespace_manager)
    for subject, predicate, value, _ in graph.quads():
        merged.add((subject, predicate, value))
    return merged
