"""The description of a thing in schema.org terms, embedded in pages for search engines."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

import pyoxigraph as ox

from kg.language.labels import best, labels
from kg.store.reader import Reader, node
from ontology.namespaces import KEL, PREFIXES, RDF_TYPE

_MOST_ROWS: Final = 500
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
    "Statement": {KEL.speaker: "author", KEL.topic: "about", KEL.earliest: "dateCreated"},
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

_ADDRESSES: Final = frozenset({"sameAs", "unitCode"})
"""Properties whose values are plain URLs, not nodes."""

_NAME: Final = PREFIXES["rdfs"] + "label"
_SAID: Final = (str(KEL.gloss), PREFIXES["skos"] + "definition", PREFIXES["dcterms"] + "description")
_GEO: Final = PREFIXES["geo"]


def schema_org(reader: Reader, iri: str, language: str) -> dict[str, Any]:
    """The thing as JSON-LD, with texts preferably in the language; from the default graph only.

    Empty if the thing is not in the default graph.
    """
    rows = reader.rows(f"SELECT ?p ?o WHERE {{ {node(iri)} ?p ?o }} LIMIT {_MOST_ROWS}")
    said: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        if "o" in row:
            said[str(row["p"].value)].append(row["o"])
    if not said:
        return {}
    classes = {term.value for term in said[RDF_TYPE]}
    kind = next((t for c, t in _TYPES.items() if str(c) in classes), "Thing")
    found: dict[str, Any] = {"@context": _CONTEXT, "@type": kind, "@id": iri}
    name = _text(said[_NAME], language)
    about = next((text for p in _SAID if (text := _text(said[p], language))), "")
    found |= {key: text for key, text in (("name", name or about), ("description", about)) if text}
    latitude, longitude = said[_GEO + "lat"], said[_GEO + "long"]
    if latitude and longitude:
        found["geo"] = {"@type": "GeoCoordinates", "latitude": latitude[0].value, "longitude": longitude[0].value}
    if said[str(KEL.plannedEarliest)] and kind == "Event":
        found["eventStatus"] = f"{_CONTEXT}/EventScheduled"
    return found | _values(reader, said, {**_ANY, **_PROPERTIES.get(kind, {})}, language)


def _values(
    reader: Reader, said: Mapping[str, list[Any]], names: Mapping[str, str], language: str
) -> dict[str, str | list[Any]]:
    told = [(key, term) for p, key in names.items() for term in said.get(str(p), [])]
    things = {term.value for key, term in told if isinstance(term, ox.NamedNode) and key not in _ADDRESSES}
    called = labels(reader, things, language)
    found: dict[str, list[Any]] = defaultdict(list)
    for key, term in told:
        plain = key in _ADDRESSES or term.value not in things
        value = term.value if plain else {"@id": term.value, "name": called[term.value].text}
        if value not in found[key]:
            found[key].append(value)
    return {key: values[0] if len(values) == 1 else values for key, values in sorted(found.items())}


def _text(terms: list[Any], language: str) -> str:
    return best((term for term in terms if isinstance(term, ox.Literal)), language).text
