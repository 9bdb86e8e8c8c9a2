"""What the classes, properties and units of other vocabularies are called: the graph holds no names of theirs."""

from typing import Final

from ontology.namespaces import PREFIXES


def message(english: str) -> str:
    """The same text: marks it for the catalogues where it is written, to be translated where it is shown."""
    return english


_CLASSES: Final = {
    "dcat:Dataset": message("dataset"),
    "dcterms:BibliographicResource": message("publication"),
    "foaf:Agent": message("agent"),
    "foaf:Document": message("document"),
    "foaf:Group": message("group"),
    "foaf:Image": message("picture"),
    "foaf:Person": message("person"),
    "oa:SpecificResource": message("part of a text"),
    "oa:TextPositionSelector": message("position in a text"),
    "org:FormalOrganization": message("formal organisation"),
    "org:Membership": message("membership"),
    "org:Organization": message("organisation"),
    "org:Post": message("post"),
    "org:Role": message("role"),
    "owl:Class": message("class"),
    "owl:DatatypeProperty": message("property of values"),
    "owl:ObjectProperty": message("property"),
    "owl:Ontology": message("ontology"),
    "prov:Activity": message("activity"),
    "prov:Entity": message("thing with an origin"),
    "prov:InstantaneousEvent": message("momentary event"),
    "qb:Observation": message("observation"),
    "skos:Concept": message("code"),
    "skos:ConceptScheme": message("list of codes"),
    "void:Dataset": message("dataset"),
}

_PROPERTIES: Final = {
    "dcterms:creator": message("made by"),
    "dcterms:description": message("description"),
    "dcterms:isPartOf": message("part of"),
    "dcterms:language": message("language"),
    "dcterms:license": message("licence"),
    "dcterms:publisher": message("publisher"),
    "dcterms:source": message("source of its names and codes"),
    "dcterms:spatial": message("place"),
    "dcterms:subject": message("subject"),
    "dcterms:title": message("title"),
    "foaf:name": message("name"),
    "geo:lat": message("latitude"),
    "geo:long": message("longitude"),
    "org:classification": message("sort"),
    "org:member": message("member"),
    "org:memberOf": message("member of"),
    "org:postIn": message("post in"),
    "org:role": message("role"),
    "org:subOrganizationOf": message("body of"),
    "prov:wasDerivedFrom": message("drawn from"),
    "rdf:type": message("is a"),
    "rdfs:label": message("name"),
    "skos:altLabel": message("also called"),
    "skos:broader": message("broader"),
    "skos:definition": message("meaning"),
    "skos:exactMatch": message("the same elsewhere"),
    "skos:inScheme": message("in the list"),
    "skos:prefLabel": message("name"),
    "skos:topConceptOf": message("in the list"),
}

_UNITS: Final = {
    "unit:CCY_USD": message("US dollar"),
    "unit:DAY": message("day"),
    "unit:M3": message("cubic metre"),
    "unit:M3-PER-YR": message("cubic metre a year"),
    "unit:NUM": message("a count"),
    "unit:PERCENT": message("per cent"),
    "unit:YR": message("year"),
}


def _expand(name: str) -> str:
    prefix, _, local = name.partition(":")
    return PREFIXES[prefix] + local


NAMES: Final = {_expand(name): words for name, words in (_CLASSES | _PROPERTIES | _UNITS).items()}
"""English names by IRI, as they stand within a sentence; `server.languages` has them in other languages."""
