"""Chooses the one class to show of a thing that has several."""

from collections.abc import Collection
from typing import Final

from ontology.namespaces import KEL, PREFIXES

STATE: Final = str(KEL.State)
PERSON: Final = PREFIXES["foaf"] + "Person"
ORGANISATION: Final = PREFIXES["org"] + "Organization"
PLACE: Final = str(KEL.Place)
INSTRUMENT: Final = str(KEL.Instrument)

RECONCILED: Final = (STATE, PERSON, ORGANISATION, PLACE, INSTRUMENT)
"""The classes of things that reconciliation matches names with."""

_OWL: Final = "http://www.w3.org/2002/07/owl#"
_BY_PRECEDENCE: Final = (
    STATE,
    PERSON,
    *(str(KEL[n]) for n in ("StateGroup", "Instrument", "DocumentPackage", "Visit", "Event", "EventSeries")),
    *(str(KEL[n]) for n in ("Place", "Office", "Project", "Facility", "Route", "Policy", "Relation")),
    *(str(KEL[n]) for n in ("TradeObservation", "Observation", "Statement", "StageEvent", "Tenure", "Participation")),
    ORGANISATION,
    *(str(KEL[n]) for n in ("Claim", "Article", "Passage")),
    PREFIXES["foaf"] + "Image",
    PREFIXES["skos"] + "Concept",
    PREFIXES["skos"] + "ConceptScheme",
    *(_OWL + n for n in ("Class", "ObjectProperty", "DatatypeProperty", "Ontology")),
)
_PRECEDENCE: Final = {iri: rank for rank, iri in enumerate(_BY_PRECEDENCE)}


def most_specific_class(classes: Collection[str]) -> str:
    """The most specific of a thing's classes, such as Visit of Visit and Event; empty for a thing without a class."""
    return min(classes, key=lambda iri: (_PRECEDENCE.get(iri, len(_PRECEDENCE)), iri), default="")
