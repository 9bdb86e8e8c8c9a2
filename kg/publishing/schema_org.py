"""The description of a thing in schema.org terms, embedded in pages for search engines."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

import pyoxigraph as ox

from kg.language.labels import labels, preferred_label
from kg.store.reader import Reader, node
from ontology.namespaces import KEL, PREFIXES, RDF_TYPE

_MAX_ROWS: Final = 500
_CONTEXT: Final = "https://schema.org"

_TYPES: Final[Mapping[str, str]] = {
    KEL.State: "Country",
    KEL.Event: "Event",
    KEL.EventSeries: "EventSeries",
    KEL.Article: "NewsArticle",
    KEL.Claim: "Claim",
    KEL.Statement: "Statement",
    KEL.Observation: "Observation",
    KEL.Project: "Project",
    KEL.Instrument: "CreativeWork",
    KEL.Tenure: "OrganizationRole",
    KEL.Office: "Occupation",
    KEL.Facility: "Place",
    KEL.Place: "Place",
    PREFIXES["foaf"] + "Person": "Person",
    PREFIXES["org"] + "Organization": "Organization",
    PREFIXES["skos"] + "ConceptScheme": "DefinedTermSet",
    PREFIXES["skos"] + "Concept": "DefinedTerm",
}
"""Classes, and the nearest types of schema.org; the first match is used, else Thing."""

_ANY: Final = {
    PREFIXES["skos"] + "altLabel": "alternateName",
    PREFIXES["skos"] + "exactMatch": "sameAs",
    KEL.isoAlpha2: "identifier",
}
_PROPERTIES: Final[Mapping[str, Mapping[str, str]]] = {
    "Event": {
        KEL.earliest: "startDate",
        KEL.latest: "endDate",
        KEL.plannedEarliest: "startDate",
        KEL.plannedLatest: "endDate",
        KEL.place: "location",
        KEL.organiser: "organizer",
        KEL.participant: "attendee",
        KEL.partOf: "superEvent",
        KEL.inSeries: "superEvent",
    },
    "NewsArticle": {
        KEL.earliest: "datePublished",
        PREFIXES["dcterms"] + "publisher": "publisher",
        PREFIXES["dcterms"] + "language": "inLanguage",
    },
    "Claim": {KEL.speaker: "author", KEL.passage: "isBasedOn"},
    "Statement": {KEL.saidBy: "author", KEL.topic: "about", KEL.earliest: "dateCreated"},
    "Observation": {
        KEL.value: "value",
        KEL.unit: "unitCode",
        KEL.measure: "variableMeasured",
        KEL.party: "observationAbout",
    },
    "CreativeWork": {KEL.topic: "about"},
    "Person": {KEL.hasHeldOffice: "hasOccupation"},
    "Place": {KEL.locatedIn: "containedInPlace", KEL.inState: "containedInPlace"},
    "DefinedTerm": {PREFIXES["skos"] + "inScheme": "inDefinedTermSet"},
}
"""By type: properties, and the nearest properties of schema.org."""

_URL_PROPERTIES: Final = frozenset({"sameAs", "unitCode"})
"""Properties whose values are plain URLs, not nodes."""

_NAME_PROPERTY: Final = PREFIXES["rdfs"] + "label"
_DESCRIPTION_PROPERTIES: Final = (str(KEL.gloss), PREFIXES["skos"] + "definition", PREFIXES["dcterms"] + "description")
_GEO: Final = PREFIXES["geo"]


def schema_org(reader: Reader, iri: str, language: str) -> dict[str, Any]:
    """The thing as JSON-LD, with texts preferably in the language; from the default graph only.

    Empty if the thing is not in the default graph.
    """
    rows = reader.rows(f"SELECT ?p ?o WHERE {{ {node(iri)} ?p ?o }} LIMIT {_MAX_ROWS}")
    values: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        if "o" in row:
            values[str(row["p"].value)].append(row["o"])
    if not values:
        return {}
    classes = {term.value for term in values[RDF_TYPE]}
    kind = next((t for c, t in _TYPES.items() if str(c) in classes), "Thing")
    found: dict[str, Any] = {"@context": _CONTEXT, "@type": kind, "@id": iri}
    name = _text(values[_NAME_PROPERTY], language)
    about = next((text for p in _DESCRIPTION_PROPERTIES if (text := _text(values[p], language))), "")
    found |= {key: text for key, text in (("name", name or about), ("description", about)) if text}
    latitude, longitude = values[_GEO + "lat"], values[_GEO + "long"]
    if latitude and longitude:
        found["geo"] = {"@type": "GeoCoordinates", "latitude": latitude[0].value, "longitude": longitude[0].value}
    if values[str(KEL.plannedEarliest)] and kind == "Event":
        found["eventStatus"] = f"{_CONTEXT}/EventScheduled"
    return found | _values(reader, values, {**_ANY, **_PROPERTIES.get(kind, {})}, language)


def _values(
    reader: Reader, values: Mapping[str, list[Any]], names: Mapping[str, str], language: str
) -> dict[str, str | list[Any]]:
    pairs = [(key, term) for p, key in names.items() for term in values.get(str(p), [])]
    things = {term.value for key, term in pairs if isinstance(term, ox.NamedNode) and key not in _URL_PROPERTIES}
    names_of = labels(reader, things, language)
    found: dict[str, list[Any]] = defaultdict(list)
    for key, term in pairs:
        plain = key in _URL_PROPERTIES or term.value not in things
        value = term.value if plain else {"@id": term.value, "name": names_of[term.value].text}
        if value not in found[key]:
            found[key].append(value)
    return {key: values[0] if len(values) == 1 else values for key, values in sorted(found.items())}


def _text(terms: list[Any], language: str) -> str:
    return preferred_label((term for term in terms if isinstance(term, ox.Literal)), language).text
