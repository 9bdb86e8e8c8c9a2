"""Reconciles external records with things, by name, class and other properties."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pyoxigraph as ox
from rapidfuzz import fuzz

from kg.language.classes import RECONCILED
from kg.language.labels import Label, labels
from kg.language.transliteration import phonetic_key
from kg.search.index import Index
from kg.search.matching import MAX_CANDIDATES, Candidate, candidates, is_match, matchable
from kg.store.reader import Reader
from kg.views.properties import Value, Values, things_with, values_of
from ontology.namespaces import ID

_NAME_WEIGHT: Final = 0.6
"""The weight of the name in a score if other properties are given; they have the rest."""

_OTHER_CLASS_WEIGHT: Final = 0.8
_MIN_SIMILARITY: Final = 90.0
_PREFERRED: Final = "should"


@dataclass(frozen=True)
class Record:
    """An external record to reconcile: a name, classes (IRIs), other properties, or some of these.

    strict: ``any`` or ``all`` to exclude other classes, ``should`` to lower their score. properties: pairs of a
    property's IRI and its possible values, IRIs or texts.
    """

    name: str = ""
    classes: tuple[str, ...] = ()
    strict: str = "any"
    properties: tuple[tuple[str, tuple[str, ...]], ...] = ()
    limit: int = 10


@dataclass(frozen=True)
class Match:
    """A candidate for a record, its label, and the components of its score.

    certain: whether it is a match without review. name_score: 0 to 100, None if no name was given. right_class: whether
    it is of a requested class. property_score: 0 to 1, the share of the given properties that agree, None if none was
    given.
    """

    candidate: Candidate
    label: Label
    certain: bool
    name_score: float | None
    right_class: bool
    property_score: float | None


def reconcile(index: Index, reader: Reader, records: Sequence[Record], language: str) -> list[list[Match]]:
    """The matches for each record, the best first, with labels in the language.

    In addition to the lookup of the names, it takes a few SPARQL queries for all records together, and one for each
    value of the first property of a record without a name.
    """
    found = [_candidates(index, reader, record) for record in records]
    things = {c.thing for record, many in zip(records, found, strict=True) if record.properties for c in many}
    values = values_of(reader, things, {p for record in records for p, _ in record.properties})
    objects = {v.value for of_thing in values.values() for vs in of_thing.values() for v in vs if _is_node(v)}
    named = labels(reader, objects, language) if objects else {}
    matches = [_scored(record, many, values, named) for record, many in zip(records, found, strict=True)]
    shown = labels(reader, {m.candidate.thing for many in matches for m in many}, language)
    return [[replace(m, label=shown[m.candidate.thing]) for m in many] for many in matches]


def _candidates(index: Index, reader: Reader, record: Record) -> list[Candidate]:
    strict = record.classes if record.strict != _PREFERRED else ()
    if record.name:
        return candidates(index, record.name, strict)
    found = {
        thing
        for wanted, values in record.properties[:1]
        for value in values
        for thing in things_with(reader, wanted, value, strict or RECONCILED, MAX_CANDIDATES)
    }
    return [c for c in matchable(index, found) if not strict or c.class_iri in strict]


def _scored(record: Record, many: Iterable[Candidate], values: Values, named: Mapping[str, Label]) -> list[Match]:
    matches = []
    for candidate in many:
        right = not record.classes or candidate.class_iri in record.classes
        name_score = candidate.score if record.name else None
        property_score = None
        score = candidate.score
        if record.properties:
            of_thing = values.get(candidate.thing, {})
            shares = [_agreement(of_thing.get(p, ()), wanted, named) for p, wanted in record.properties]
            property_score = sum(shares) / len(shares)
            score = (
                100 * property_score
                if name_score is None
                else _NAME_WEIGHT * name_score + (1 - _NAME_WEIGHT) * 100 * property_score
            )
        scored = replace(candidate, score=round(score if right else score * _OTHER_CLASS_WEIGHT, 1))
        matches.append(Match(scored, Label(candidate.name), False, name_score, right, property_score))
    matches.sort(key=lambda m: (-m.candidate.score, m.candidate.thing))
    if matches:
        first = matches[0]
        certain = is_match([m.candidate for m in matches]) and first.right_class and first.property_score in {None, 1.0}
        matches[0] = replace(first, certain=certain)
    return matches[: record.limit]


def _agreement(values: Sequence[Value], wanted: Sequence[str], named: Mapping[str, Label]) -> float:
    """1 if one of the requested values is among the values, else 0; names match if their phonetic keys are similar."""
    for value in values:
        texts = {value.value, named[value.value].text} if _is_node(value) and value.value in named else {value.value}
        for want in wanted:
            if want in texts or (_is_node(value) and value.value == str(ID) + want):
                return 1.0
            keys = (phonetic_key(text) for text in texts)
            if isinstance(value, ox.Literal) and not value.language:
                continue  # codes, numbers and dates must be equal
            if any(fuzz.ratio(phonetic_key(want), key) >= _MIN_SIMILARITY for key in keys):
                return 1.0
    return 0.0


def _is_node(value: Value) -> bool:
    return isinstance(value, ox.NamedNode)
