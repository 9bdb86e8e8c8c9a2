"""What a claim tells, in a form in which the claims of two curators can be compared."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from kg.agreement.sides import Side
from kg.checks.collection import CuratedClaim, local
from kg.checks.reading import Statement
from kg.checks.terms import terms
from ontology.namespaces import ID, KEL, RDF_TYPE

REIFIED: Final = frozenset(
    {"Observation", "Statement", "Relation", "StageEvent", "Participation", "Tenure", "Membership"}
)
"""The classes whose things are facts themselves: each curator names them, so that their names are no content."""

WORDS: Final = frozenset({"label", "altLabel", "prefLabel", "gloss", "note", "comment"})
"""Properties whose values are a curator's own words, in which no two are alike: they are not compared."""

DATES: Final = frozenset(
    {
        "earliest", "latest", "edtf", "plannedEarliest", "plannedLatest", "plannedEdtf", "periodStart", "periodEnd",
        "periodEdtf", "dateBasis", "attestedOn", "issued",
    }
)  # fmt: skip

QUALIFIERS: Final = DATES | {
    "asWritten", "bound", "share", "figureKind", "status", "trend", "degree", "manner", "visitLevel", "stance", "force",
    "topic", "subject", "concerns", "reason", "condition", "responseTo", "follows", "commodity", "capacity",
    "addressee", "atEvent", "relayedBy", "during", "witness",
}  # fmt: skip
"""Properties that tell more of a fact: when, how, why, about what. All others tell which fact it is."""

REIFIED_ROLE: Final = "·"
"""The subject of statements about a thing that is a fact itself."""

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")

_RECORD: Final = {name: str(KEL[name]) for name in ("speaker", "modality")}

Element = tuple[str, str, str]
"""A statement of a claim: its subject (or `REIFIED_ROLE`), the local name of the property, its value."""


@dataclass(frozen=True)
class Content:
    """What a claim tells: `kind` is the class of its main thing, empty where nothing tells it.

    subjects: the named things that it is about. elements: its statements without classes and words.
    core: those that tell which fact it is. mains: the things, by their own names, that it is about.
    """

    claim: CuratedClaim
    kind: str
    mains: tuple[str, ...]
    subjects: frozenset[str]
    elements: frozenset[Element]
    core: frozenset[Element]
    speaker: str
    modality: str

    @cached_property
    def fact(self) -> tuple[str, frozenset[str], frozenset[Element]]:
        """What two claims have in common that tell the same fact: kind, named things, core."""
        return self.kind, self.subjects, self.core

    @cached_property
    def by_property(self) -> Mapping[tuple[str, str], frozenset[str]]:
        """The values by subject and property."""
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for subject, name, value in self.elements:
            found[subject, name].add(value)
        return {key: frozenset(values) for key, values in found.items()}


Classes = Mapping[str, frozenset[str]]
"""The classes that things are told to have, as IRIs."""


def told_classes(*sides: Side) -> Classes:
    """The classes of things by what any side tells: one may not have the claim that tells what a thing is."""
    found: dict[str, set[str]] = defaultdict(set)
    for side in sides:
        for s in (*side.collection.reference, *(s for c in side.collection.claims for s in c.facts)):
            if s.predicate == RDF_TYPE:
                found[s.subject].add(s.value)
    return {iri: frozenset(classes) for iri, classes in found.items()}


def read_content(side: Side, claim: CuratedClaim, names: Mapping[str, str], classes: Classes) -> Content:
    """What a claim of a side tells; `names` maps identifiers of this side to those of the other for the same thing."""
    reified = [s for s in claim.subjects if any(_is_reified(c) for c in classes.get(s, ()))]
    telling = [s.subject for s in claim.facts if s.predicate != RDF_TYPE and local(s.predicate) not in WORDS]
    mains = tuple(reified or dict.fromkeys(telling) or claim.subjects)
    most = max(mains, key=telling.count, default="")
    # Links between the facts of one claim: the thing linked to is told by the statements about it.
    inner = set(reified)
    elements = {
        (_role(s.subject, inner, names), local(s.predicate), _value(s, names))
        for s in claim.facts
        if s.predicate != RDF_TYPE and local(s.predicate) not in WORDS
    }
    roles = {_role(m, inner, names) for m in mains}
    core = {e for e in elements if e[0] in roles and e[1] not in QUALIFIERS}
    return Content(
        claim=claim,
        kind=_class(side, claim, most, classes),
        mains=mains,
        subjects=frozenset(roles - {REIFIED_ROLE}),
        elements=frozenset(elements),
        core=frozenset(core or {e for e in elements if e[0] in roles}),
        speaker=_of_record(claim, "speaker", names),
        modality=_of_record(claim, "modality", names),
    )


def _role(iri: str, reified: set[str], names: Mapping[str, str]) -> str:
    return REIFIED_ROLE if iri in reified else names.get(iri, iri)


def _value(statement: Statement, names: Mapping[str, str]) -> str:
    """The value of a statement, such that equal values are equal strings: numbers by their value."""
    value = statement.object
    if isinstance(value, ox.NamedNode):
        return names.get(value.value, value.value)
    if value.language:
        return f"{value.value}@{value.language}"
    kind = local(value.datatype.value)
    number = value.value.strip()
    if kind in {"integer", "decimal", "double"} and _NUMBER.fullmatch(number):
        return f"{Decimal(number).normalize():f}"
    return value.value


def _of_record(claim: CuratedClaim, name: str, names: Mapping[str, str]) -> str:
    iri = _RECORD[name]
    found = sorted(s.value for s in claim.record if s.predicate == iri)
    return " ".join(names.get(v, v) for v in found)


def _is_reified(iri: str) -> bool:
    return any(local(c) in REIFIED for c in terms().parents.get(iri, {iri}))


def _class(side: Side, claim: CuratedClaim, iri: str, classes: Classes) -> str:
    """The most special class of a thing, by the claim and the reference data, else by any claim; several are joined."""
    parents = terms().parents
    told = {s.value for s in claim.facts if s.subject == iri and s.predicate == RDF_TYPE}
    told |= {s.value for s in side.collection.described.get(iri, ()) if s.predicate == RDF_TYPE}
    told = told or {*classes.get(iri, ())}
    above = {p for c in told for p in parents.get(c, ()) if p != c}
    return " ".join(sorted(local(c) for c in told - above))


def is_thing(value: str) -> bool:
    """Whether a value is a thing of ours."""
    return value.startswith(str(ID))
