"""The same thing, office, relation, stage or figure under two names, in one file or across files."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from kg.checks.collection import LABEL, Collection, CuratedClaim, local
from kg.checks.findings import Finding, Severity
from kg.checks.reading import Statement
from ontology.namespaces import ID, KEL, PREFIXES, RDF_TYPE, SRC, shorten

_IDENTIFIERS: Final = {
    str(KEL.isoAlpha2): "the code",
    str(KEL.isoAlpha3): "the code",
    PREFIXES["skos"] + "exactMatch": "the Wikidata item",
}
Facts = dict[str, set[str]]
"""Values by the local names of properties; the articles that tell them by `_ARTICLE`."""
_ARTICLE: Final = "@article"


def entities(collection: Collection, _: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Things of the reference data with one country code, Wikidata item, or label and class."""
    seen: dict[tuple[str, str], Statement] = {}
    for s in collection.reference:
        if s.predicate in _IDENTIFIERS:
            first = seen.setdefault((s.predicate, s.value), s)
            if first.subject != s.subject:
                what = f"{_IDENTIFIERS[s.predicate]} {shorten(s.value)}"
                wrong = f"{shorten(s.subject)} has {what} of {shorten(first.subject)} ({first.file}:{first.line})."
                yield Finding(s.file, s.line, "", "duplicate-entity", Severity.ERROR, wrong, "Keep one of the two.")
        elif s.predicate == LABEL and s.subject.startswith(str(ID)):
            kinds = "+".join(sorted(collection.types.get(s.subject, ())))
            first = seen.setdefault((f"{kinds} {s.language}", s.value.casefold()), s)
            if first.subject != s.subject and s.language == "en":
                wrong = f"{shorten(s.subject)} has the label of {shorten(first.subject)} ({first.file}:{first.line})."
                yield Finding(
                    s.file, s.line, "", "duplicate-entity", Severity.ERROR, wrong, "Keep one, or tell them apart."
                )
    yield from _declared_twice(collection)


def _declared_twice(collection: Collection) -> Iterator[Finding]:
    """Things that have their class twice in the reference data, at two places."""
    seen: dict[tuple[str, str], Statement] = {}
    for s in collection.reference:
        if s.predicate == RDF_TYPE and s.subject.startswith((str(ID), str(SRC))):
            first = seen.setdefault((s.subject, s.value), s)
            if first is not s:
                wrong = f"{shorten(s.subject)} is declared in {first.file}:{first.line} too."
                yield Finding(s.file, s.line, "", "duplicate-entity", Severity.ERROR, wrong, "Keep one of the two.")


def _tenure(facts: Facts) -> tuple[object, ...]:
    return (_all(facts, "holder"), _all(facts, "office")) if "holder" in facts and "office" in facts else ()


def _relation(facts: Facts) -> tuple[object, ...]:
    sides = tuple(_all(facts, n) for n in ("party", "actor", "target"))
    about = tuple(_all(facts, n) for n in ("topic", "commodity", "concerns", "degree", "manner", "trend", "reason"))
    return ("relation", _all(facts, "kind"), *sides, *about) if any(sides) else ()


def _stage(facts: Facts) -> tuple[object, ...]:
    if "stageOf" not in facts or "stage" not in facts:
        return ()
    return tuple(_all(facts, n) for n in ("stageOf", "stage", "actor", "witness"))


_ENDS: Final = frozenset({"bound-over", "bound-up-to"})
"""The bounds that part the two figures of a range: at least the one, at most the other."""


def _figure(facts: Facts) -> tuple[object, ...]:
    names = (
        "measure",
        "refArea",
        "counterpartArea",
        "observed",
        "group",
        "commodity",
        "periodStart",
        "periodEnd",
        "figureKind",
        "unit",
    )
    if "measure" not in facts or "value" not in facts:
        return ()
    # Articles may differ on a figure, and tell one without a period at different times: these are no duplicates.
    source = _all(facts, "value") if "periodStart" in facts else _all(facts, _ARTICLE)
    ends = tuple(sorted(local(v) for v in facts.get("bound", ()) if local(v) in _ENDS))
    return (*(_all(facts, n) for n in names), ends, source)


def _statement(facts: Facts) -> tuple[object, ...]:
    names = (
        "kind",
        "saidBy",
        "addressee",
        "topic",
        "concerns",
        "concernsActor",
        "concernsTarget",
        "atEvent",
        "stance",
        "earliest",
    )
    return (
        tuple(_all(facts, n) for n in names) if "saidBy" in facts and ("topic" in facts or "concerns" in facts) else ()
    )


def _participation(facts: Facts) -> tuple[object, ...]:
    names = ("inEvent", "agent", "attendance", "capacity", "degree")
    return tuple(_all(facts, n) for n in names) if "inEvent" in facts else ()


_KEYS: Final[dict[str, tuple[Callable[[Facts], tuple[object, ...]], str]]] = {
    "Tenure": (_tenure, "the holder and the office"),
    "Relation": (_relation, "the kind, the sides and the subject"),
    "StageEvent": (_stage, "the thing and the stage"),
    "Observation": (_figure, "the measure, the areas and the period"),
    "Participation": (_participation, "the event and who takes part"),
    "Statement": (_statement, "the kind, who said it and the subject"),
}


def facts(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Tenures, relations, stages, figures, participations and statements with the same content under two names."""
    wanted = {c.name for c in claims}
    for kind, (key, what) in _KEYS.items():
        groups: dict[tuple[object, ...], list[str]] = defaultdict(list)
        for iri in collection.facts_of:
            if kind in collection.types.get(iri, ()):
                told: Facts = defaultdict(set)
                for claim, s in collection.facts_of[iri]:
                    told[_ARTICLE].add(claim.numbered[0])
                    told[local(s.predicate)].add(s.value)
                if found := key(told):
                    groups[found].append(iri)
        for names in groups.values():
            for other in names[1:] if len(names) > 1 else ():
                yield from _told(collection, wanted, names[0], other, what)


def _told(collection: Collection, wanted: set[str], first: str, second: str, what: str) -> Iterator[Finding]:
    """The finding at the later of two things that claims of this check introduce."""
    for iri, twin in ((second, first), (first, second)):
        claim, statement = collection.facts_of[iri][0]
        if claim.name in wanted:
            other, _ = collection.facts_of[twin][0]
            wrong = f"{shorten(iri)} has {what} of {shorten(twin)} (claim {other.name})."
            mend = f"Take the name {shorten(twin)} here too, or tell what differs."
            yield claim.error(statement.subject_line, "duplicate-fact", wrong, mend)
            return


def _all(facts: Facts, name: str) -> tuple[str, ...]:
    return tuple(sorted(facts.get(name, ())))
