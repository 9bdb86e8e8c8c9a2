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
_MAX_ROWS: Final = 1_000


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
            f"SELECT ?class (COUNT(*) AS ?n) WHERE {{ ?s a ?class }} GROUP BY ?class ORDER BY ?class LIMIT {_MAX_ROWS}"
        )
    except KelisimError:
        return Counts()
    named = {str(r["class"].value): int(str(r["n"].value)) for r in rows if isinstance(r.get("class"), ox.NamedNode)}
    return Counts(int(str(total["n"].value)), named)


def catalogue(reader: Reader, host: str, version: str, counts: Counts, made: Mapping[str, Dump]) -> Description:
    """The catalogue of the server at the URL `host`, which ends in a slash, over data of that version.

    made: the dumps that exist already, by file extension; of these it gives size and checksum.
    """
    stated = reader.triples(f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ VALUES ?s {{ <{BASE}> }} ?s ?p ?o }} LIMIT {_MAX_ROWS}")
    listed = reader.rows(
        f"SELECT DISTINCT ?root WHERE {{ {{ ?root a <{KEL.Article}> }} "
        f"UNION {{ ?root a <{PREFIXES['skos']}ConceptScheme> }} }} LIMIT {_MAX_ROWS}"
    )
    roots = [QUESTION + question.name for question in read_questions()]
    roots += [str(row["root"].value) for row in listed if isinstance(row["root"], ox.NamedNode)]
    triples = {
        *stated,
        *_catalogue(),
        *_dataset(host, version, counts, roots),
        *_service(host),
        *(t for extension in MEDIA_TYPES for t in _distribution(host, extension, made.get(extension))),
    }
    return Description(BASE, tuple(ox.Quad(t.subject, t.predicate, t.object) for t in sorted(triples, key=str)))


def _catalogue() -> Iterator[ox.Triple]:
    yield _triple(CATALOGUE, RDF_TYPE, _DCAT + "Catalog")
    yield _triple(CATALOGUE, RDF_TYPE, _VOID + "DatasetDescription")
    yield _triple(CATALOGUE, _DCTERMS + "title", ox.Literal("What this server offers", language="en"))
    about = "The dataset Kelisim with all that it can be had as: files, an endpoint for queries, linked data."
    yield _triple(CATALOGUE, _DCTERMS + "description", ox.Literal(about, language="en"))
    yield _triple(CATALOGUE, _DCTERMS + "publisher", str(ID.kelisim))
    yield _triple(CATALOGUE, _DCTERMS + "license", LICENSE)
    yield _triple(CATALOGUE, _DCAT + "dataset", BASE)
    yield _triple(CATALOGUE, _DCAT + "service", SERVICE)
    yield _triple(CATALOGUE, _FOAF + "primaryTopic", BASE)


def _dataset(host: str, version: str, counts: Counts, roots: list[str]) -> Iterator[ox.Triple]:
    yield _triple(BASE, RDF_TYPE, _DCAT + "Dataset")
    yield _triple(BASE, RDF_TYPE, _VOID + "Dataset")
    yield _triple(BASE, _DCTERMS + "license", LICENSE)
    yield _triple(BASE, _DCAT + "version", ox.Literal(version))
    yield _triple(BASE, _DCAT + "landingPage", host)
    yield _triple(BASE, _VOID + "sparqlEndpoint", host + "sparql")
    yield _triple(BASE, _VOID + "openSearchDescription", host + "opensearch.xml")
    yield _triple(BASE, _VOID + "uriSpace", ox.Literal(BASE))
    for extension, name in FORMAT_IRIS.items():
        yield _triple(BASE, _VOID + "feature", _FORMATS + name)
        yield _triple(BASE, _VOID + "dataDump", f"{host}data/dump.{extension}")
    for root in roots:
        yield _triple(BASE, _VOID + "rootResource", root)
    if counts.triples:
        yield _triple(BASE, _VOID + "triples", ox.Literal(counts.triples))
    for name, number in counts.classes.items():
        part = f"{CATALOGUE}#{quote(shorten(name), safe=':')}"
        yield _triple(BASE, _VOID + "classPartition", part)
        yield _triple(part, _VOID + "class", name)
        yield _triple(part, _VOID + "entities", ox.Literal(number))


def _service(host: str) -> Iterator[ox.Triple]:
    yield _triple(SERVICE, RDF_TYPE, _DCAT + "DataService")
    yield _triple(SERVICE, _DCTERMS + "title", ox.Literal("SPARQL 1.1 endpoint", language="en"))
    yield _triple(SERVICE, _DCAT + "endpointURL", host + "sparql")
    yield _triple(SERVICE, _DCAT + "endpointDescription", host + "openapi.json")
    yield _triple(SERVICE, _DCAT + "servesDataset", BASE)
    yield _triple(SERVICE, _DCTERMS + "conformsTo", "https://www.w3.org/TR/sparql11-protocol/")
    yield _triple(SERVICE, _DCTERMS + "license", LICENSE)


def _distribution(host: str, extension: str, dump: Dump | None) -> Iterator[ox.Triple]:
    url = f"{host}data/dump.{extension}"
    inner = extension.removesuffix(".gz")
    media_type = "text/csv" if inner == "csv.zip" else MEDIA_TYPES[inner]
    yield _triple(BASE, _DCAT + "distribution", url)
    yield _triple(url, RDF_TYPE, _DCAT + "Distribution")
    yield _triple(url, _DCTERMS + "title", ox.Literal(f"dump.{extension}"))
    yield _triple(url, _DCTERMS + "license", LICENSE)
    yield _triple(url, _DCAT + "accessURL", host + "downloads")
    yield _triple(url, _DCAT + "downloadURL", url)
    yield _triple(url, _DCAT + "mediaType", _MEDIA + media_type)
    if extension.endswith(".gz"):
        yield _triple(url, _DCAT + "compressFormat", _MEDIA + "application/gzip")
    if extension.endswith(".zip"):
        yield _triple(url, _DCAT + "packageFormat", _MEDIA + "application/zip")
    if dump:
        checksum = url + "#sha256"
        yield _triple(
            url, _DCAT + "byteSize", ox.Literal(str(dump.size), datatype=ox.NamedNode(_XSD + "nonNegativeInteger"))
        )
        yield _triple(url, _SPDX + "checksum", checksum)
        yield _triple(checksum, RDF_TYPE, _SPDX + "Checksum")
        yield _triple(checksum, _SPDX + "algorithm", _SPDX + "checksumAlgorithm_sha256")
        value = ox.Literal(dump.sha256, datatype=ox.NamedNode(_XSD + "hexBinary"))
        yield _triple(checksum, _SPDX + "checksumValue", value)


def _triple(subject: str, predicate: str, value: str | ox.Literal) -> ox.Triple:
    """A triple; a string is an IRI."""
    term = ox.NamedNode(value) if isinstance(value, str) else value
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), term)
