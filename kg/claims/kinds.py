"""The kinds of facts that claims tell: by the most telling class of the things that a claim's graph describes."""

from collections.abc import Iterable, Mapping
from typing import Final

from kg.language.messages import gettext_noop
from ontology.namespaces import KEL, PREFIXES

OTHER: Final = "other"
"""The kind of a claim that describes nothing but people, states, places and the like."""

TITLES: Final[Mapping[str, str]] = {
    "figure": gettext_noop("figure"),
    "stage": gettext_noop("stage of a document or project"),
    "attendance": gettext_noop("who takes part"),
    "office": gettext_noop("office held"),
    "membership": gettext_noop("membership"),
    "statement": gettext_noop("statement"),
    "relation": gettext_noop("relation"),
    "policy": gettext_noop("policy"),
    "event": gettext_noop("event"),
    "document": gettext_noop("document"),
    "work": gettext_noop("project, route or facility"),
    OTHER: gettext_noop("person, organisation or place"),
}
"""The kinds in words, the most telling first: a claim has the first that fits."""

_OF_CLASSES: Final = {
    str(KEL.Observation): "figure",
    str(KEL.TradeObservation): "figure",
    str(KEL.StageEvent): "stage",
    str(KEL.Participation): "attendance",
    str(KEL.Tenure): "office",
    PREFIXES["org"] + "Membership": "membership",
    str(KEL.Statement): "statement",
    str(KEL.Relation): "relation",
    str(KEL.Policy): "policy",
    str(KEL.Event): "event",
    str(KEL.Visit): "event",
    str(KEL.Instrument): "document",
    str(KEL.DocumentPackage): "document",
    str(KEL.Project): "work",
    str(KEL.Route): "work",
    str(KEL.Facility): "work",
}

CLASSES: Final = tuple(_OF_CLASSES)
"""The classes (IRIs) that make a kind."""

RECORDS: Final = frozenset(
    iri
    for iri, kind in _OF_CLASSES.items()
    if kind in {"figure", "stage", "attendance", "office", "membership", "statement", "relation"}
)
"""Those of things without a name of their own, which nobody would look for."""

_ORDER: Final = {kind: place for place, kind in enumerate(TITLES)}


def kind_of(classes: Iterable[str]) -> str:
    """The kind of a claim whose graph describes things of these classes."""
    found = (_OF_CLASSES[iri] for iri in classes if iri in _OF_CLASSES)
    return min(found, key=_ORDER.__getitem__, default=OTHER)
