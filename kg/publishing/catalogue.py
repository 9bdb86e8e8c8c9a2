"""The description of the dataset in DCAT 3 and VoID: content, statistics and distributions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

import pyoxigraph as ox

from kg.publishing.descriptions import Description
from kg.publishing.dumps import MEDIA_TYPES, Dump
from kg.publishing.examples import QUESTION
from kg.publishing.questions import read_questions
from kg.store.reader import Reader
from ontology import BASE, PREFIXES, KelisimError
from ontology.namespaces import ID, KEL, RDF_TYPE, shorten

CATALOGUE: Final = BASE + "catalogue"
SERVICE: Final = BASE + "service"
LICENSE: Final = "https://creativecommons.org/licenses/by/4.0/"
FORMAT_IRIS: Final = {
    "ttl": "Turtle",
    "nt": "N-Triples",
    "rdf": "RDF_XML",
    "jsonld": "JSON-LD",
    "trig": "TriG",
    "nq": "N-Quads",
}
"""The names of formats in ``http://www.w3.org/ns/formats/``, by file endings."""

_DCAT: Final = PREFIXES["dcat"]
_DCTERMS: Final = PREFIXES["dcterms"]
_VOID: Final = PREFIXES["void"]
_XSD: Final = PREFIXES["xsd"]
_FOAF: Final = PREFIXES["foaf"]
_SPDX: Final = "http://spdx.org/rdf/terms#"
_FORMATS: Final = "http://www.w3.org/ns/formats/"
_MEDIA: Final = "https://www.iana.org/assignments/media-types/"
_MOST_ROWS: Final = 1_000


@dataclass(frozen=True)
class Counts:
    """The number of triples in the default graph, and of things by class; 0 and empty if not known."""

    triples: int = 0
    classes: Mapping[str, int] = field(default_factory=dict)


def count(reader: Reader) -> Counts:
    """Counts the triples and things of the store, which takes time in a large one; empty if it exceeds the limits."""
    try:
        (total,) = reader.rows("SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }")
        rows = reader.rows(
            f"SELECT ?class (COUNT(*) AS ?n) WHERE {{ ?s a ?class }} GROUP BY ?class ORDER BY ?class LIMIT {_MOST_ROWS}"
        )
    except KelisimError:
        return Counts()
    named = {str(r["class"].value): int(str(r["n"].value)) for r in rows if isinstance(r.get("class"), ox.NamedNode)}
    return Counts(int(str(total["n"].value)), named)


def catalogue(reader: Reader, host: str, version: str, counts: Counts, made: Mapping[str, Dump]) -> Description:
    """The catalogue of the server at the URL `host`, which ends in a slash, over data of that version.

    made: the dumps that exist already, by file extension; of these it gives size and checksum.
    """
    said = reader.triples(f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ VALUES ?s {{ <{BASE}> }} ?s ?p ?o }} LIMIT {_MOST_ROWS}")
    listed = reader.rows(
        f"SELECT DISTINCT ?root WHERE {{ {{ ?root a <{KEL.Article}> }} "
        f"UNION {{ ?root a <{PREFIXES['skos']}ConceptScheme> }} }} LIMIT {_MOST_ROWS}"
    )
    roots = [QUESTION + question.name for question in read_questions()]
    roots += [str(row["root"].value) for row in listed if isinstance(row["root"], ox.NamedNode)]
    triples = {
        *said,
        *_catalogue(),
        *_dataset(host, version, counts, roots),
        *_service(host),
        *(t for extension in MEDIA_TYPES for t in _distribution(host, extension, made.get(extension))),
    }
    return Description(BASE, tuple(ox.Quad(t.subject, t.predicate, t.object) for t in sorted(triples, key=str)))


def _catalogue() -> Iterator[ox.Triple]:
    yield _say(CATALOGUE, RDF_TYPE, _DCAT + "Catalog")
    yield _say(CATALOGUE, RDF_TYPE, _VOID + "DatasetDescription")
    yield _say(CATALOGUE, _DCTERMS + "title", ox.Literal("What this server offers", language="en"))
    about = "The dataset Kelisim with all that it can be had as: files, an endpoint for queries, linked data."
    yield _say(CATALOGUE, _DCTERMS + "description", ox.Literal(about, language="en"))
    yield _say(CATALOGUE, _DCTERMS + "publisher", str(ID.kelisim))
    yield _say(CATALOGUE, _DCTERMS + "license", LICENSE)
    yield _say(CATALOGUE, _DCAT + "dataset", BASE)
    yield _say(CATALOGUE, _DCAT + "service", SERVICE)
    yield _say(CATALOGUE, _FOAF + "primaryTopic", BASE)


def _dataset(host: str, version: str, counts: Counts, roots: list[str]) -> Iterator[ox.Triple]:
    yield _say(BASE, RDF_TYPE, _DCAT + "Dataset")
    yield _say(BASE, RDF_TYPE, _VOID + "Dataset")
    yield _say(BASE, _DCTERMS + "license", LICENSE)
    yield _say(BASE, _DCAT + "version", ox.Literal(version))
    yield _say(BASE, _DCAT + "landingPage", host)
    yield _say(BASE, _VOID + "sparqlEndpoint", host + "sparql")
    yield _say(BASE, _VOID + "openSearchDescription", host + "opensearch.xml")
    yield _say(BASE, _VOID + "uriSpace", ox.Literal(BASE))
    for extension, name in FORMAT_IRIS.items():
        yield _say(BASE, _VOID + "feature", _FORMATS + name)
        yield _say(BASE, _VOID + "dataDump", f"{host}data/dump.{extension}")
    for root in roots:
        yield _say(BASE, _VOID + "rootResource", root)
    if counts.triples:
        yield _say(BASE, _VOID + "triples", ox.Literal(counts.triples))
    for name, number in counts.classes.items():
        part = f"{CATALOGUE}#{quote(shorten(name), safe=':')}"
        yield _say(BASE, _VOID + "classPartition", part)
        yield _say(part, _VOID + "class", name)
        yield _say(part, _VOID + "entities", ox.Literal(number))


def _service(host: str) -> Iterator[ox.Triple]:
    yield _say(SERVICE, RDF_TYPE, _DCAT + "DataService")
    yield _say(SERVICE, _DCTERMS + "title", ox.Literal("SPARQL 1.1 endpoint", language="en"))
    yield _say(SERVICE, _DCAT + "endpointURL", host + "sparql")
    yield _say(SERVICE, _DCAT + "endpointDescription", host + "openapi.json")
    yield _say(SERVICE, _DCAT + "servesDataset", BASE)
    yield _say(SERVICE, _DCTERMS + "conformsTo", "https://www.w3.org/TR/sparql11-protocol/")
    yield _say(SERVICE, _DCTERMS + "license", LICENSE)


def _distribution(host: str, extension: str, dump: Dump | None) -> Iterator[ox.Triple]:
    url = f"{host}data/dump.{extension}"
    inner = extension.removesuffix(".gz")
    media_type = "text/csv" if inner == "csv.zip" else MEDIA_TYPES[inner]
    yield _say(BASE, _DCAT + "distribution", url)
    yield _say(url, RDF_TYPE, _DCAT + "Distribution")
    yield _say(url, _DCTERMS + "title", ox.Literal(f"dump.{extension}"))
    yield _say(url, _DCTERMS + "license", LICENSE)
    yield _say(url, _DCAT + "accessURL", host + "downloads")
    yield _say(url, _DCAT + "downloadURL", url)
    yield _say(url, _DCAT + "mediaType", _MEDIA + media_type)
    if extension.endswith(".gz"):
        yield _say(url, _DCAT + "compressFormat", _MEDIA + "application/gzip")
    if extension.endswith(".zip"):
        yield _say(url, _DCAT + "packageFormat", _MEDIA + "application/zip")
    if dump:
        checksum = url + "#sha256"
        yield _say(
            url, _DCAT + "byteSize", ox.Literal(str(dump.size), datatype=ox.NamedNode(_XSD + "nonNegativeInteger"))
        )
        yield _say(url, _SPDX + "checksum", checksum)
        yield _say(checksum, RDF_TYPE, _SPDX + "Checksum")
        yield _say(checksum, _SPDX + "algorithm", _SPDX + "checksumAlgorithm_sha256")
        value = ox.Literal(dump.sha256, datatype=ox.NamedNode(_XSD + "hexBinary"))
        yield _say(checksum, _SPDX + "checksumValue", value)


def _say(subject: str, predicate: str, value: str | ox.Literal) -> ox.Triple:
    """A triple; a string is an IRI."""
    term = ox.NamedNode(value) if isinstance(value, str) else value
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), term)
