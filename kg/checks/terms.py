"""The closed vocabularies: the properties, classes, codes, datatypes and units that curated files may use."""

from dataclasses import dataclass
from functools import cache
from typing import Final

from babel.numbers import list_currencies
from rdflib import OWL, RDF, RDFS, SH, SKOS, URIRef

from ontology import PREFIXES, read_graph
from ontology.namespaces import CODE
from shapes import read_shapes

_OF_OTHERS: Final = {
    "rdf": {"type"},
    "rdfs": {"label", "comment", "seeAlso"},
    "skos": {"altLabel", "prefLabel", "exactMatch", "inScheme", "broader", "related", "definition"},
    "dcterms": {
        "creator", "description", "identifier", "isPartOf", "isReplacedBy", "issued", "language", "license", "modified",
        "publisher", "source", "spatial", "subject", "title", "type",
    },
    "geo": {"lat", "long"},
    "oa": {"start", "end", "hasSelector"},
}  # fmt: skip
"""The properties of other vocabularies that the files use and the ontology need not declare."""

_CLASSES_OF_OTHERS: Final = {
    "skos": {"Concept", "ConceptScheme"},
    "oa": {"TextPositionSelector"},
    "org": {"OrganizationalUnit"},
    "dcterms": {"BibliographicResource"},
}
_DATATYPES: Final = ("date", "decimal", "integer", "string", "boolean", "gYear", "anyURI")

_UNITS: Final = (
    "NUM", "PERCENT", "YR", "MO", "WK", "DAY", "HR", "MIN", "M", "KiloM", "M2", "KiloM2", "HA", "M3", "M3-PER-YR",
    "M3-PER-DAY", "L", "BBL", "BBL-PER-DAY", "KiloGM", "TONNE", "TON_Metric", "TONNE-PER-YR", "TON_Metric-PER-YR",
    "W", "KiloW", "MegaW", "GigaW", "W-HR", "KiloW-HR", "MegaW-HR", "GigaW-HR", "KiloM-PER-HR", "DEG_C",
)  # fmt: skip
"""Units of QUDT that news count in, beside the currencies of ISO 4217."""


@dataclass(frozen=True)
class Terms:
    """IRIs by what they are; `schemes` maps each code to its list, `parents` each class to itself and those above."""

    properties: frozenset[str]
    classes: frozenset[str]
    schemes: dict[str, str]
    parents: dict[str, frozenset[str]]
    units: frozenset[str]
    datatypes: frozenset[str]
    object_properties: frozenset[str]


@cache
def terms() -> Terms:
    """The closed vocabularies of the ontology and the shapes; read once."""
    graph, shapes = read_graph(), read_shapes()
    kinds = (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
    properties = {str(s) for kind in kinds for s in graph.subjects(RDF.type, kind)}
    properties |= {str(path) for path in shapes.objects(None, SH.path) if isinstance(path, URIRef)}
    properties |= {PREFIXES[p] + name for p, names in _OF_OTHERS.items() for name in names}
    classes = {str(s) for s in graph.subjects(RDF.type, OWL.Class) if isinstance(s, URIRef)}
    classes |= {PREFIXES[p] + name for p, names in _CLASSES_OF_OTHERS.items() for name in names}
    schemes = {str(s): str(o) for s, o in graph.subject_objects(SKOS.inScheme) if str(s).startswith(str(CODE))}
    parents = {
        c: frozenset(str(p) for p in graph.transitive_objects(URIRef(c), RDFS.subClassOf) if isinstance(p, URIRef))
        for c in classes
    }
    units = {PREFIXES["unit"] + name for name in (*_UNITS, *(f"CCY_{c}" for c in list_currencies()))}
    datatypes = {PREFIXES["xsd"] + name for name in _DATATYPES} | {
        PREFIXES["edtf"] + "edtf",
        PREFIXES["rdf"] + "langString",
    }
    objects = {str(s) for s in graph.subjects(RDF.type, OWL.ObjectProperty)}
    return Terms(
        frozenset(properties), frozenset(classes), schemes, parents, frozenset(units), frozenset(datatypes),
        frozenset(objects),
    )  # fmt: skip
