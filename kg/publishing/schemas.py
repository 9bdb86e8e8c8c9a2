"""The files that explain the data: the ontology, the SHACL shapes and the JSON-LD context, each as one file."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import IO, Final

import pyoxigraph as ox

import shapes
from kg.publishing.files import PublishedFile
from kg.rdf.compaction import compact
from kg.rdf.xml import write_rdf_xml
from ontology import PREFIXES, read_text, version
from ontology.terms import FILES

MEDIA_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ontology.ttl": "text/turtle",
        "ontology.owl": "application/rdf+xml",
        "ontology.jsonld": "application/ld+json",
        "shapes.ttl": "text/turtle",
        "context.jsonld": "application/ld+json",
    }
)
"""The media types of the files, by name."""

_PREFIX: Final = re.compile(r"^@prefix\s+(\S*:)\s+<([^>]*)>\s*\.\n", re.MULTILINE)
_HEAD: Final = "# {} of Kelisim {}, CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/).\n\n"


@cache
def schema(name: str) -> PublishedFile:
    """The file of that name, one of `MEDIA_TYPES`; the same bytes for the same version of the package."""
    return PublishedFile.written(name, MEDIA_TYPES[name], lambda file: _fill(file, name))


def _fill(file: IO[bytes], name: str) -> None:
    match name:
        case "context.jsonld":
            file.write(read_text(name).encode())
        case "shapes.ttl":
            file.write(_joined("The SHACL shapes", map(shapes.read_text, shapes.FILES)))
        case "ontology.ttl":
            file.write(_joined("The ontology", map(read_text, FILES)))
        case "ontology.owl":
            write_rdf_xml((quad.triple for quad in _ontology()), file, PREFIXES)
        case _:
            file.write(compact(_ontology()))


def _joined(title: str, texts: Iterable[str]) -> bytes:
    """Turtle files as one, with all prefixes at its head, and with the comments and the order that they have."""
    prefixes, parts = dict[str, str](), list[str]()
    for text in texts:
        for prefix, namespace in _PREFIX.findall(text):
            if prefixes.setdefault(prefix, namespace) != namespace:
                raise ValueError(
                    f"The prefix {prefix} means <{prefixes[prefix]}> in one file and <{namespace}> in another."
                )
        parts.append(_PREFIX.sub("", text).strip() + "\n")
    head = "".join(f"@prefix {prefix} <{namespace}> .\n" for prefix, namespace in sorted(prefixes.items()))
    return "\n".join([_HEAD.format(title, version()) + head, *parts]).encode()


def _ontology() -> list[ox.Quad]:
    """The triples of the ontology, with blank nodes, which OWL 2 tools need, labelled canonically (RDFC-1.0)."""
    dataset = ox.Dataset(ox.parse(input=_joined("", map(read_text, FILES)), format=ox.RdfFormat.TURTLE))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return sorted(dataset, key=str)
