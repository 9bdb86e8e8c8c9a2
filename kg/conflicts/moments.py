"""The dates that claims give of things: when they were held, and for when they were planned."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.conflicts.evidence import Evidence
from kg.conflicts.model import Side, side, sides
from kg.engine.reading import Term
from ontology.namespaces import CODE, KEL, PREFIXES

PHASES: Final = {"held": ("earliest", "latest"), "planned": ("plannedEarliest", "plannedLatest")}
"""The properties of the first and the last day, by phase."""

_DAY: Final = ox.NamedNode(PREFIXES["xsd"] + "date")


@dataclass(frozen=True)
class Moment:
    """The days (ISO 8601) between which something was held or is planned, and the claim that says so."""

    phase: str
    first: str
    last: str
    claim: str

    def is_disjoint_from(self, other: "Moment") -> bool:
        """Whether they have no day in common."""
        return self.last < other.first or other.last < self.first

    @property
    def days(self) -> tuple[Term, ...]:
        """Its first and last day as terms."""
        return tuple(day_term(day) for day in (self.first, self.last) if day)


def day_term(day: str) -> Term:
    """A day as an ``xsd:date``."""
    return ox.Literal(day, datatype=_DAY)


def moments(evidence: Evidence, thing: str, phases: Iterable[str] = PHASES) -> list[Moment]:
    """The dates of a thing, by claim; one with the last day alone is not later than that, and has no first day."""
    found = []
    for phase in phases:
        first, last = PHASES[phase]
        lasts = {told.claim: told.value.value for told in evidence.of(thing, last)}
        firsts = {told.claim: told.value.value for told in evidence.of(thing, first)}
        found += [Moment(phase, firsts.get(claim, ""), day, claim) for claim, day in sorted(lasts.items())]
    return found


def disagreeing(given: Iterable[Moment], others: Iterable[Moment]) -> list[Moment]:
    """The moments, of both, that have no day in common with one of the other, told by another claim."""
    one, other = list(given), list(others)
    if not one or not other:
        return []
    return sorted({*_apart(one, other), *_apart(other, one)}, key=lambda m: (m.phase, m.first, m.last, m.claim))


def _apart(given: Sequence[Moment], others: Sequence[Moment]) -> list[Moment]:
    first_end, last_start = min(m.last for m in others), max(m.first for m in others)
    return [
        m
        for m in given
        if (m.first > first_end or m.last < last_start)
        and any(m.is_disjoint_from(other) and m.claim != other.claim for other in others)
    ]


def dated_sides(thing: str, found: Iterable[Moment]) -> tuple[Side, ...]:
    """One side for each date that is told."""
    grouped: dict[tuple[str, str, str], list[Moment]] = defaultdict(list)
    for moment in found:
        grouped[moment.first, moment.last, moment.phase].append(moment)
    return sides(
        (side([day for m in same for day in m.days], [thing], [m.claim for m in same]) for same in grouped.values()),
        lambda each: (str(each.values[0]), each.claims),
    )


def infers_dates(evidence: Evidence, thing: str) -> bool:
    """Whether a date of the thing does not stand in its source in full."""
    return any(told.value.value == str(CODE["date-inferred"]) for told in evidence.of(thing, "dateBasis"))


def property_of(phase: str) -> str:
    """The IRI of the property of the first day."""
    return str(KEL[PHASES[phase][0]])
