"""Labels of the classes, properties and units of other vocabularies, which the graph does not contain."""

from typing import Final

from kg.language.messages import gettext_noop
from ontology.namespaces import PREFIXES

_CLASSES: Final = {
    "dcat:Dataset": gettext_noop("dataset"),
    "dcterms:BibliographicResource": gettext_noop("publication"),
    "foaf:Agent": gettext_noop("agent"),
    "foaf:Document": gettext_noop("document"),
    "foaf:Group": gettext_noop("group"),
    "foaf:Image": gettext_noop("picture"),
    "foaf:Person": gettext_noop("person"),
    "oa:SpecificResource": gettext_noop("part of a text"),
    "oa:TextPositionSelector": gettext_noop("position in a text"),
    "org:FormalOrganization": gettext_noop("formal organisation"),
    "org:Membership": gettext_noop("membership"),
    "org:Organization": gettext_noop("organisation"),
    "org:Post": gettext_noop("post"),
    "org:Role": gettext_noop("role"),
    "owl:Class": gettext_noop("class"),
    "owl:DatatypeProperty": gettext_noop("property of values"),
    "owl:ObjectProperty": gettext_noop("property"),
    "owl:Ontology": gettext_noop("ontology"),
    "prov:Activity": gettext_noop("activity"),
    "prov:Entity": gettext_noop("thing with an origin"),
    "prov:InstantaneousEvent": gettext_noop("momentary event"),
    "qb:Observation": gettext_noop("observation"),
    "skos:Concept": gettext_noop("code"),
    "skos:ConceptScheme": gettext_noop("list of codes"),
    "void:Dataset": gettext_noop("dataset"),
}

_PROPERTIES: Final = {
    "dcterms:creator": gettext_noop("made by"),
    "dcterms:description": gettext_noop("description"),
    "dcterms:isPartOf": gettext_noop("part of"),
    "dcterms:isReplacedBy": gettext_noop("replaced by"),
    "dcterms:language": gettext_noop("language"),
    "dcterms:license": gettext_noop("licence"),
    "dcterms:publisher": gettext_noop("publisher"),
    "dcterms:source": gettext_noop("source of its names and codes"),
    "dcterms:spatial": gettext_noop("place"),
    "dcterms:subject": gettext_noop("subject"),
    "dcterms:title": gettext_noop("title"),
    "foaf:name": gettext_noop("name"),
    "geo:lat": gettext_noop("latitude"),
    "geo:long": gettext_noop("longitude"),
    "oa:end": gettext_noop("up to character"),
    "oa:hasSelector": gettext_noop("position in the text"),
    "oa:start": gettext_noop("from character"),
    "org:classification": gettext_noop("sort"),
    "org:member": gettext_noop("member"),
    "org:memberOf": gettext_noop("member of"),
    "org:organization": gettext_noop("organisation of the membership"),
    "org:postIn": gettext_noop("post in"),
    "org:role": gettext_noop("role"),
    "org:subOrganizationOf": gettext_noop("body of"),
    "prov:wasDerivedFrom": gettext_noop("drawn from"),
    "rdf:type": gettext_noop("is a"),
    "rdfs:label": gettext_noop("name"),
    "skos:altLabel": gettext_noop("also called"),
    "skos:broader": gettext_noop("broader"),
    "skos:definition": gettext_noop("meaning"),
    "skos:exactMatch": gettext_noop("the same elsewhere"),
    "skos:inScheme": gettext_noop("in the list"),
    "skos:prefLabel": gettext_noop("name"),
    "skos:topConceptOf": gettext_noop("in the list"),
}

_UNITS: Final = {
    "unit:CCY_USD": gettext_noop("US dollar"),
    "unit:DAY": gettext_noop("day"),
    "unit:M3": gettext_noop("cubic metre"),
    "unit:M3-PER-YR": gettext_noop("cubic metre a year"),
    "unit:NUM": gettext_noop("a count"),
    "unit:PERCENT": gettext_noop("per cent"),
    "unit:YR": gettext_noop("year"),
}


def _expand(name: str) -> str:
    prefix, _, local = name.partition(":")
    return PREFIXES[prefix] + local


_DIMENSIONS: Final = {"http://purl.org/linked-data/sdmx/2009/dimension#refArea": gettext_noop("state or area")}
"""What follows by alignment from the project's own properties."""

NAMES: Final = {_expand(name): words for name, words in (_CLASSES | _PROPERTIES | _UNITS).items()} | _DIMENSIONS
"""English labels by IRI, in the form used within a sentence; `server.http.languages` translates them."""
