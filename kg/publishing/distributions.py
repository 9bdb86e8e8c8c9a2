"""The files in the catalogue as distributions (DCAT-AP 3.0): the dumps of the dataset, and what explains it."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import pyoxigraph as ox

from kg.publishing.dumps import MEDIA_TYPES
from kg.publishing.files import PublishedFile
from kg.publishing.schemas import MEDIA_TYPES as SCHEMAS
from kg.publishing.triples import literal, triple
from ontology import PREFIXES
from ontology.namespaces import RDF_TYPE

_DCAT: Final = PREFIXES["dcat"]
_DCTERMS: Final = PREFIXES["dcterms"]
_SPDX: Final = "http://spdx.org/rdf/terms#"
_MEDIA: Final = "https://www.iana.org/assignments/media-types/"
_W3C: Final = "http://www.w3.org/ns/formats/"
_EU: Final = "http://publications.europa.eu/resource/authority/"
_GZIP: Final = ".gz"
_ZIP: Final = ".zip"


class Form(NamedTuple):
    """A format: its IRI in the EU's list of file types, and in ``http://www.w3.org/ns/formats/``, empty without one."""

    eu: str
    w3c: str = ""


FORMATS: Final[Mapping[str, Form]] = MappingProxyType(
    {
        "ttl": Form(_EU + "file-type/RDF_TURTLE", _W3C + "Turtle"),
        "nt": Form(_EU + "file-type/RDF_N_TRIPLES", _W3C + "N-Triples"),
        "rdf": Form(_EU + "file-type/RDF_XML", _W3C + "RDF_XML"),
        "jsonld": Form(_EU + "file-type/JSON_LD", _W3C + "JSON-LD"),
        "trig": Form(_EU + "file-type/RDF_TRIG", _W3C + "TriG"),
        "nq": Form(_EU + "file-type/RDF_N_QUADS", _W3C + "N-Quads"),
        "csv": Form(_EU + "file-type/CSV"),
    }
)
"""The formats of the dumps, by file ending without ``.gz`` and ``.zip``."""

_EVERYTHING: Final = {
    "en": "Everything, with its named graphs.",
    "ru": "Всё, с именованными графами.",
    "kk": "Барлығы, атаулы графтарымен.",
}
_DEFAULT_GRAPH: Final = {
    "en": "The default graph, and the triples of named graphs, each with its graph.",
    "ru": "Граф по умолчанию и триплеты именованных графов, каждый со своим графом.",
    "kk": "Әдепкі граф және атаулы графтардың триплеттері, әрқайсысы өз графымен.",
}
_TABLES: Final = {
    "en": "Tidy tables with a description of their columns (CSVW).",
    "ru": "Таблицы с описанием столбцов (CSVW).",
    "kk": "Бағандары сипатталған кестелер (CSVW).",
}
_HOLDS: Final = {"nq": _EVERYTHING, "trig": _EVERYTHING, "jsonld": _EVERYTHING, "csv": _TABLES}


def distributions(dataset: str, host: str, files: Mapping[str, PublishedFile | None]) -> Iterator[ox.Triple]:
    """The files of the server at the URL `host`, by name; those that are made already with size and checksum.

    The dumps are distributions of the dataset; ``explanations.ttl`` says what the others are of.
    """
    for name, file in files.items():
        url = f"{host}data/{name}"
        yield triple(url, RDF_TYPE, _DCAT + "Distribution")
        yield triple(url, _DCTERMS + "title", ox.Literal(name))
        yield triple(url, _DCAT + "accessURL", host + "downloads")
        yield triple(url, _DCAT + "downloadURL", url)
        yield triple(url, "http://data.europa.eu/r5r/availability", _EU + "planned-availability/AVAILABLE")
        if name in SCHEMAS:
            yield triple(url, _DCAT + "mediaType", _MEDIA + SCHEMAS[name])
        else:
            yield triple(dataset, _DCAT + "distribution", url)
            yield from _dump(url, name.removeprefix("dump."))
        if file:
            yield from _measured(url, file)


def _dump(url: str, extension: str) -> Iterator[ox.Triple]:
    inner = extension.removesuffix(_GZIP).removesuffix(_ZIP)
    yield triple(url, _DCAT + "mediaType", _MEDIA + ("text/csv" if inner == "csv" else MEDIA_TYPES[inner]))
    yield triple(url, _DCTERMS + "format", FORMATS[inner].eu)
    for language, words in _HOLDS.get(inner, _DEFAULT_GRAPH).items():
        yield triple(url, _DCTERMS + "description", ox.Literal(words, language=language))
    if extension.endswith(_GZIP):
        yield triple(url, _DCAT + "compressFormat", _MEDIA + "application/gzip")
    if extension.endswith(_ZIP):
        yield triple(url, _DCAT + "packageFormat", _MEDIA + "application/zip")


def _measured(url: str, file: PublishedFile) -> Iterator[ox.Triple]:
    checksum = url + "#sha256"
    yield triple(url, _DCAT + "byteSize", literal(str(file.size), "nonNegativeInteger"))
    yield triple(url, _SPDX + "checksum", checksum)
    yield triple(checksum, _SPDX + "algorithm", _SPDX + "checksumAlgorithm_sha256")
    yield triple(checksum, _SPDX + "checksumValue", literal(file.sha256, "hexBinary"))
