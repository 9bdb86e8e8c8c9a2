"""What DCAT-AP wants to be said of the nodes that a catalogue points to: their classes, and the names of codes."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

import pyoxigraph as ox

from ontology.namespaces import PREFIXES, RDF_TYPE

_DCAT: Final = PREFIXES["dcat"]
_DCTERMS: Final = PREFIXES["dcterms"]
_FOAF: Final = PREFIXES["foaf"]
_SKOS: Final = PREFIXES["skos"]
_SPDX: Final = "http://spdx.org/rdf/terms#"
_RESOURCE: Final = PREFIXES["rdfs"] + "Resource"

RANGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        _DCTERMS + "accessRights": _DCTERMS + "RightsStatement",
        _DCTERMS + "accrualPeriodicity": _DCTERMS + "Frequency",
        _DCTERMS + "conformsTo": _DCTERMS + "Standard",
        _DCTERMS + "creator": _FOAF + "Agent",
        _DCTERMS + "format": _DCTERMS + "MediaTypeOrExtent",
        _DCTERMS + "language": _DCTERMS + "LinguisticSystem",
        _DCTERMS + "license": _DCTERMS + "LicenseDocument",
        _DCTERMS + "provenance": _DCTERMS + "ProvenanceStatement",
        _DCTERMS + "publisher": _FOAF + "Agent",
        _DCTERMS + "relation": _RESOURCE,
        _DCTERMS + "rights": _DCTERMS + "RightsStatement",
        _DCTERMS + "spatial": _DCTERMS + "Location",
        _DCTERMS + "temporal": _DCTERMS + "PeriodOfTime",
        _DCTERMS + "type": _SKOS + "Concept",
        _DCAT + "accessURL": _RESOURCE,
        _DCAT + "compressFormat": _DCTERMS + "MediaType",
        _DCAT + "contactPoint": "http://www.w3.org/2006/vcard/ns#Kind",
        _DCAT + "distribution": _DCAT + "Distribution",
        _DCAT + "downloadURL": _RESOURCE,
        _DCAT + "endpointDescription": _RESOURCE,
        _DCAT + "endpointURL": _RESOURCE,
        _DCAT + "landingPage": _FOAF + "Document",
        _DCAT + "mediaType": _DCTERMS + "MediaType",
        _DCAT + "packageFormat": _DCTERMS + "MediaType",
        _DCAT + "theme": _SKOS + "Concept",
        _DCAT + "themeTaxonomy": _SKOS + "ConceptScheme",
        _FOAF + "homepage": _FOAF + "Document",
        _FOAF + "page": _FOAF + "Document",
        _SPDX + "algorithm": _SPDX + "ChecksumAlgorithm",
        _SPDX + "checksum": _SPDX + "Checksum",
        "http://data.europa.eu/r5r/availability": _SKOS + "Concept",
    }
)
"""Properties, and the class of their values in DCAT-AP 3.0. Its shapes want the class to be said of each value."""


def explained(triples: Iterable[ox.Triple]) -> set[ox.Triple]:
    """The triples, with the class of each value by `RANGES` and what ``authorities.ttl`` tells of what they mention."""
    found: set[ox.Triple] = set()
    new = set(triples)
    while new:
        found |= new
        mentioned = {t.object for t in new if isinstance(t.object, ox.NamedNode)}
        told = {t for iri in mentioned for t in _authorities().get(iri.value, ())}
        new = (told | {*_classes(new)}) - found
    return found


def _classes(triples: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
    for triple in triples:
        name = RANGES.get(triple.predicate.value)
        if name and isinstance(triple.object, ox.NamedNode):
            yield ox.Triple(triple.object, ox.NamedNode(RDF_TYPE), ox.NamedNode(name))


@cache
def _authorities() -> Mapping[str, tuple[ox.Triple, ...]]:
    text = resources.files("kg.publishing").joinpath("authorities.ttl").read_bytes()
    found = dict[str, tuple[ox.Triple, ...]]()
    for quad in ox.parse(input=text, format=ox.RdfFormat.TURTLE):
        assert isinstance(quad.subject, ox.NamedNode)
        found[quad.subject.value] = (*found.get(quad.subject.value, ()), quad.triple)
    return found
