"""The description of the dataset in DCAT 3 and VoID: content, statistics and distributions."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

import pyoxigraph as ox

from kg.publishing.about import DCAT, DCTERMS, About
from kg.publishing.descriptions import Description
from kg.publishing.dumps import MEDIA_TYPES, Dump
from kg.publishing.examples import QUESTION
from kg.publishing.questions import read_questions
from kg.store.reader import Reader
from ontology import BASE, PREFIXES, KelisimError
from ontology.namespaces import ID, KEL, RDF_TYPE, shorten

FORMAT_IRIS: Final = {
    "ttl": "Turtle",
    "nt": "N-Triples",
    "rdf": "RDF_XML",
    "jsonld": "JSON-LD",
    "trig": "TriG",
    "nq": "N-Quads",
}
"""The names of formats in ``http://www.w3.org/ns/formats/``, by file endings."""

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


def catalogue(  # noqa: PLR0913, PLR0917 - what is described, and what is known of it
    reader: Reader,
    about: About,
    host: str,
    version: str,
    counts: Counts,
    files: Collection[str],
    made: Mapping[str, Dump],
) -> Description:
    """The catalogue of the server at the URL `host`, which ends in a slash, over data of that version.

    files: the dumps that are offered, by file extension. made: those that exist already; of these it gives size and
    checksum.
    """
    base, dataset = about.base(host), about.iri(host)
    triples = {
        *about.described_at(host),
        *_catalogue(about, base, dataset),
        *_dataset(dataset, base, host, version, counts),
        *_service(base, host, dataset),
        *(t for extension in files for t in _distribution(host, dataset, extension, made.get(extension))),
    }
    if about.ours:
        triples |= {_triple(dataset, _VOID + "rootResource", root) for root in _roots(reader)}
        triples.add(_triple(dataset, _VOID + "uriSpace", ox.Literal(BASE)))
    for licence in about.licences:
        described = {base + "catalogue", base + "service", dataset, *(f"{host}data/dump.{e}" for e in files)}
        triples |= {_triple(each, DCTERMS + "license", licence) for each in described}
    return Description(dataset, tuple(ox.Quad(t.subject, t.predicate, t.object) for t in sorted(triples, key=str)))


def _roots(reader: Reader) -> Iterator[str]:
    """The things from which links lead to all others: the articles, the lists of codes, the questions."""
    rows = reader.rows(
        f"SELECT DISTINCT ?root WHERE {{ {{ ?root a <{KEL.Article}> }} "
        f"UNION {{ ?root a <{PREFIXES['skos']}ConceptScheme> }} }} LIMIT {_MAX_ROWS}"
    )
    yield from (QUESTION + question.name for question in read_questions())
    yield from (str(row["root"].value) for row in rows if isinstance(row["root"], ox.NamedNode))


def _catalogue(about: About, base: str, dataset: str) -> Iterator[ox.Triple]:
    name = base + "catalogue"
    yield _triple(name, RDF_TYPE, DCAT + "Catalog")
    yield _triple(name, RDF_TYPE, _VOID + "DatasetDescription")
    yield _triple(name, DCTERMS + "title", ox.Literal("What this server offers", language="en"))
    told = (
        f"The dataset {about.name('en')} with all that it can be had as: files, an endpoint for queries, linked data."
    )
    yield _triple(name, DCTERMS + "description", ox.Literal(told, language="en"))
    if about.ours:
        yield _triple(name, DCTERMS + "publisher", str(ID.kelisim))
    yield _triple(name, DCAT + "dataset", dataset)
    yield _triple(name, DCAT + "service", base + "service")
    yield _triple(name, _FOAF + "primaryTopic", dataset)


def _dataset(dataset: str, base: str, host: str, version: str, counts: Counts) -> Iterator[ox.Triple]:
    yield _triple(dataset, RDF_TYPE, DCAT + "Dataset")
    yield _triple(dataset, RDF_TYPE, _VOID + "Dataset")
    yield _triple(dataset, DCAT + "version", ox.Literal(version))
    yield _triple(dataset, DCAT + "landingPage", host)
    yield _triple(dataset, _VOID + "sparqlEndpoint", host + "sparql")
    yield _triple(dataset, _VOID + "openSearchDescription", host + "opensearch.xml")
    for extension, name in FORMAT_IRIS.items():
        yield _triple(dataset, _VOID + "feature", _FORMATS + name)
        yield _triple(dataset, _VOID + "dataDump", f"{host}data/dump.{extension}")
    if counts.triples:
        yield _triple(dataset, _VOID + "triples", ox.Literal(counts.triples))
    for name, number in counts.classes.items():
        part = f"{base}catalogue#{quote(shorten(name), safe=':')}"
        yield _triple(dataset, _VOID + "classPartition", part)
        yield _triple(part, _VOID + "class", name)
        yield _triple(part, _VOID + "entities", ox.Literal(number))


def _service(base: str, host: str, dataset: str) -> Iterator[ox.Triple]:
    name = base + "service"
    yield _triple(name, RDF_TYPE, DCAT + "DataService")
    yield _triple(name, DCTERMS + "title", ox.Literal("SPARQL 1.1 endpoint", language="en"))
    yield _triple(name, DCAT + "endpointURL", host + "sparql")
    yield _triple(name, DCAT + "endpointDescription", host + "openapi.json")
    yield _triple(name, DCAT + "servesDataset", dataset)
    yield _triple(name, DCTERMS + "conformsTo", "https://www.w3.org/TR/sparql11-protocol/")


def _distribution(host: str, dataset: str, extension: str, dump: Dump | None) -> Iterator[ox.Triple]:
    url = f"{host}data/dump.{extension}"
    inner = extension.removesuffix(".gz")
    media_type = "text/csv" if inner == "csv.zip" else MEDIA_TYPES[inner]
    yield _triple(dataset, DCAT + "distribution", url)
    yield _triple(url, RDF_TYPE, DCAT + "Distribution")
    yield _triple(url, DCTERMS + "title", ox.Literal(f"dump.{extension}"))
    yield _triple(url, DCAT + "accessURL", host + "downloads")
    yield _triple(url, DCAT + "downloadURL", url)
    yield _triple(url, DCAT + "mediaType", _MEDIA + media_type)
    if extension.endswith(".gz"):
        yield _triple(url, DCAT + "compressFormat", _MEDIA + "application/gzip")
    if extension.endswith(".zip"):
        yield _triple(url, DCAT + "packageFormat", _MEDIA + "application/zip")
    if dump:
        checksum = url + "#sha256"
        yield _triple(
            url, DCAT + "byteSize", ox.Literal(str(dump.size), datatype=ox.NamedNode(_XSD + "nonNegativeInteger"))
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
