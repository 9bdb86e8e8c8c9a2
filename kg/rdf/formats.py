"""The formats of results and graphs, with their names, media types and file endings.

Who adds one looks also at `kg.engine.engine` (``Answer.write``, where pyoxigraph lacks it), `kg.rdf.rows` (counting),
`server.endpoint.description` (its IRI), and the choices in ``server/templates/endpoint/form.html``. Of formats with the
same media type, the first is negotiated; the others are had by their names alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import pyoxigraph as ox

from ontology import KelisimError


class NotAcceptableError(KelisimError):
    """The result or the data cannot be represented in any format that the client accepts."""


@dataclass(frozen=True)
class ResultFormat:
    """A format for the results of SELECT and ASK (SPARQL 1.1 Query Results JSON, XML, CSV and TSV).

    CSV and TSV answer ASK with the bare word true or false, as other engines do. ``csv-excel`` is CSV that has passed
    `kg.rdf.excel.ExcelOutput`.
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
    ResultFormat("csv-excel", "text/csv", "csv", ox.QueryResultsFormat.CSV),
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

GRAPH_ALIASES: Final = {
    **ALIASES,
    "application/json": "jsonld",
    "application/xml": "rdfxml",
    "text/xml": "rdfxml",
    "xml": "rdfxml",
    "json": "jsonld",
}
"""The same where the answer is a graph: who asks for XML or JSON gets the graph's own form of it."""

OTHER_NAMES: Final = {"rdf+xml": "rdfxml", "json-ld": "jsonld", "n-triples": "ntriples", "n3": "turtle"}
"""Other names that clients send as ``format=``, SPARQLWrapper among them, and the format each means."""


def content_type(media_type: str) -> str:
    """The value of Content-Type for text of ours, which is UTF-8; JSON has no such parameter (RFC 8259, section 11).

    Some clients (R, requests) read text as Latin-1 where no charset is given.
    """
    return media_type if media_type.endswith(("json", "zip")) else f"{media_type}; charset=utf-8"


def by_name(name: str, formats: Sequence[_Format]) -> _Format:
    """The format with that name; raises KelisimError, listing all names, if there is none."""
    for form in formats:
        if form.name == name:
            return form
    raise KelisimError(f"There is no format {name!r}; choose one of: {', '.join(f.name for f in formats)}.")
