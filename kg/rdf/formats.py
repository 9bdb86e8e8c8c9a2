"""The formats of results and graphs, with their names, media types and file endings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import pyoxigraph as ox

from ontology import KelisimError


class NotAcceptableError(KelisimError):
    """The answer, or the data, cannot be had in the formats that the client takes."""


@dataclass(frozen=True)
class ResultFormat:
    """A format for the answers of SELECT and ASK (SPARQL 1.1 Query Results JSON, XML, CSV and TSV).

    CSV and TSV answer ASK with the bare word true or false, as other engines do.
    """

    name: str
    media_type: str
    extension: str
    engine: ox.QueryResultsFormat


@dataclass(frozen=True)
class GraphFormat:
    """A format for graphs (CONSTRUCT, DESCRIBE) and, where ``quads`` is true, for whole datasets."""

    name: str
    media_type: str
    extension: str
    engine: ox.RdfFormat
    quads: bool = False


_Format = TypeVar("_Format", bound=ResultFormat | GraphFormat)

RESULT_FORMATS: Final = (
    ResultFormat("json", "application/sparql-results+json", "srj", ox.QueryResultsFormat.JSON),
    ResultFormat("xml", "application/sparql-results+xml", "srx", ox.QueryResultsFormat.XML),
    ResultFormat("csv", "text/csv", "csv", ox.QueryResultsFormat.CSV),
    ResultFormat("tsv", "text/tab-separated-values", "tsv", ox.QueryResultsFormat.TSV),
)

GRAPH_FORMATS: Final = (
    GraphFormat("turtle", "text/turtle", "ttl", ox.RdfFormat.TURTLE),
    GraphFormat("ntriples", "application/n-triples", "nt", ox.RdfFormat.N_TRIPLES),
    GraphFormat("rdfxml", "application/rdf+xml", "rdf", ox.RdfFormat.RDF_XML),
    GraphFormat("jsonld", "application/ld+json", "jsonld", ox.RdfFormat.JSON_LD, quads=True),
    GraphFormat("trig", "application/trig", "trig", ox.RdfFormat.TRIG, quads=True),
    GraphFormat("nquads", "application/n-quads", "nq", ox.RdfFormat.N_QUADS, quads=True),
)

ALIASES: Final = {
    "application/json": "json",
    "application/xml": "xml",
    "text/xml": "xml",
    "application/x-turtle": "turtle",
    "application/turtle": "turtle",
    "text/plain": "ntriples",
    "text/n3": "turtle",
}
"""Other media types that clients send, and the format each means."""

OTHER_NAMES: Final = {"rdf+xml": "rdfxml", "json-ld": "jsonld", "n-triples": "ntriples", "n3": "turtle"}
"""Other names that clients send as ``format=``, SPARQLWrapper among them, and the format each means."""


def by_name(name: str, formats: Sequence[_Format]) -> _Format:
    """The one of the given formats with that name; raises KelisimError, listing all, if there is none."""
    for form in formats:
        if form.name == name:
            return form
    raise KelisimError(f"There is no format {name!r}; choose one of: {', '.join(f.name for f in formats)}.")
