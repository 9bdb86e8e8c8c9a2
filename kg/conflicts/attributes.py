"""One thing told differently: another date, number of documents, kind, level or place of the same."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from kg.conflicts.evidence import Evidence, Told
from kg.conflicts.model import Conflict, Side, code, side, sides
from kg.conflicts.moments import dated_sides, disagreeing, infers_dates, moments, property_of
from kg.engine.reading import Term
from ontology.namespaces import KEL

SINGLE_VALUED: Final = frozenset(
    str(KEL[name])
    for name in (
        "documentCount", "force", "holder", "inState", "isoAlpha2", "isoAlpha3", "kind", "measure", "office",
        "ordinal", "outOf", "stage", "stageOf", "unit", "value", "visitLevel", "visited",
    )
)  # fmt: skip
"""Properties of which a thing has one value; without `kel:status`, which changes over time."""

_COMPARED: Final = ("documentCount", "force", "kind", "ordinal", "stage", "visitLevel", "visited")
"""Those that make a conflict of their own here; figures, offices and reference data have other rules."""


def attribute_conflicts(evidence: Evidence) -> Iterator[Conflict]:
    """The conflicts of single-valued properties and of dates; a plan that came out otherwise is a `plan`."""
    for name in _COMPARED:
        for thing, told in evidence.told(name):
            if differing := _differing(told):
                plan = _is_plan(evidence, thing, told)
                kind, caveats = ("plan", frozenset({"changed-plan"})) if plan else ("attribute", frozenset[str]())
                yield Conflict(kind, (thing, name), str(KEL[name]), (thing,), _sides(thing, differing), caveats)
    for thing in sorted({t for name in ("plannedLatest", "latest") for t, _ in evidence.told(name)}):
        yield from _dates(evidence, thing)


def _differing(told: list[Told]) -> dict[Term, list[str]]:
    """The values by claims, if two of them are told by different claims alone: a claim may give several at once."""
    claims: dict[Term, set[str]] = defaultdict(set)
    for each in told:
        claims[each.value].add(each.claim)
    given = list(claims.values())
    apart = len(given) > 1 and any(given[0].isdisjoint(other) for other in given[1:])
    return {value: sorted(of) for value, of in claims.items()} if apart else {}


def _sides(thing: str, values: dict[Term, list[str]]) -> tuple[Side, ...]:
    return sides((side([value], [thing], claims) for value, claims in values.items()), lambda s: str(s.values))


def _is_plan(evidence: Evidence, thing: str, told: list[Told]) -> bool:
    """Whether some claims tell a plan, and others of a later article what came of it."""
    statuses = {t.value.value for t in evidence.of(thing, "status")}
    modalities = {evidence.record(t.claim).modality == "planned" for t in told}
    planned = code("status-planned") in statuses or True in modalities
    return planned and evidence.articles_differ(t.claim for t in told)


def _dates(evidence: Evidence, thing: str) -> Iterator[Conflict]:
    for phase in ("held", "planned"):
        given = moments(evidence, thing, [phase])
        found = disagreeing(given, given) if len(given) > 1 else []
        moved = phase == "planned" and evidence.articles_differ(m.claim for m in found)
        if found and not moved:
            caveats = frozenset({"inferred-date"} if infers_dates(evidence, thing) else ())
            sides_ = dated_sides(thing, found)
            yield Conflict("attribute", (thing, phase), property_of(phase), (thing,), sides_, caveats)
