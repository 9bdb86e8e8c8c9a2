"""Lenses in RDF: each as a dataset of the whole (VoID, section 4.3), with its name, claims and endpoint."""

from collections.abc import Iterator, Mapping
from typing import Final

import pyoxigraph as ox

from kg.lenses.names import Lens
from kg.lenses.selection import NAMESPACES
from ontology import BASE
from ontology.namespaces import KEL, PREFIXES, RDF_TYPE

SD: Final = "http://www.w3.org/ns/sparql-service-description#"
_VOID: Final = PREFIXES["void"]
_DCTERMS: Final = PREFIXES["dcterms"]
_XSD: Final = PREFIXES["xsd"]

_TERMS: Final = {
    "source": _DCTERMS + "source",
    "speaker": _DCTERMS + "contributor",
    "modality": _DCTERMS + "type",
}
"""The properties of a dataset that say by what a lens selects; a day is `dcterms:available`."""


def named(lens: Lens, titles: Mapping[str, str]) -> Iterator[ox.Triple]:
    """That it is a dataset, and what it is called, by language."""
    yield _triple(lens.iri, RDF_TYPE, ox.NamedNode(SD + "Dataset"))
    for code, title in titles.items():
        yield _triple(lens.iri, PREFIXES["rdfs"] + "label", ox.Literal(title, language=code))


def described(
    lens: Lens, titles: Mapping[str, str], claims: int, endpoint: str, related: Mapping[Lens, Mapping[str, str]]
) -> Iterator[ox.Triple]:
    """All that is told of a lens; `related` are lenses that narrow it, with what they are called."""
    yield from named(lens, titles)
    yield _triple(lens.iri, RDF_TYPE, ox.NamedNode(_VOID + "Dataset"))
    yield _triple(lens.iri, _DCTERMS + "isPartOf", ox.NamedNode(BASE))
    yield _triple(BASE, _VOID + "subset", ox.NamedNode(lens.iri))
    yield _triple(lens.iri, _VOID + "sparqlEndpoint", ox.NamedNode(endpoint))
    yield _triple(lens.iri, _VOID + "classPartition", ox.NamedNode(lens.iri + "#claims"))
    yield _triple(lens.iri + "#claims", _VOID + "class", ox.NamedNode(str(KEL.Claim)))
    count = ox.Literal(str(claims), datatype=ox.NamedNode(_XSD + "integer"))
    yield _triple(lens.iri + "#claims", _VOID + "entities", count)
    for kind, value in lens.parts.items():
        if kind == "as-of":
            day = ox.Literal(value, datatype=ox.NamedNode(_XSD + "date"))
            yield _triple(lens.iri, _DCTERMS + "available", day)
        else:
            yield _triple(lens.iri, _TERMS[kind], ox.NamedNode(NAMESPACES[kind] + value))
    for other, called in related.items():
        yield _triple(lens.iri, _VOID + "subset", ox.NamedNode(other.iri))
        yield from named(other, called)


def _triple(subject: str, predicate: str, value: ox.NamedNode | ox.Literal) -> ox.Triple:
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), value)
