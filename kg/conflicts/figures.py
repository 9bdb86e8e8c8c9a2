"""Figures that claims give: the value with its bounds, and what it is of."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Final

from kg.conflicts.evidence import Evidence, Told
from kg.conflicts.intervals import Interval, meant, number, strict
from kg.engine.reading import Term
from ontology.namespaces import CODE

SYMMETRIC: Final = frozenset(
    str(CODE[f"measure-{name}"])
    for name in ("trade-turnover", "trade-growth", "meetings", "border-rank", "project-count", "project-value")
)
"""Measures of two parties that are the same whichever comes first."""

Period = tuple[str, str]
"""The first and the last day (ISO 8601)."""

NO_PERIOD: Final = ("", "")
"""The period of a figure whose source gives none."""

_NONE: Final = frozenset[str]()


@dataclass(frozen=True)
class Figure:
    """A value that claims give of one observation; `bounds` are local names such as ``over``."""

    iri: str
    value: Decimal
    term: Term
    measure: str
    parties: tuple[frozenset[str], frozenset[str]]
    rest: tuple[frozenset[str], ...]
    period: Period
    bounds: frozenset[str]
    as_written: str
    claims: frozenset[str]

    @property
    def key(self) -> tuple[object, ...]:
        """What comparable figures have in common, but for the period."""
        return self.measure, self.key_parties(), self.rest

    def key_parties(self, *, ranked: bool = False) -> tuple[frozenset[str], frozenset[str]]:
        """The parties, as one set where their order means nothing, and without the one that is ranked."""
        first, second = self.parties
        return (first | second, _NONE) if self.measure in SYMMETRIC else (first, _NONE if ranked else second)

    @cached_property
    def meant(self) -> Interval:
        """The values that it is meant to allow."""
        return meant(self.value, self.bounds, self.as_written)

    @cached_property
    def strict(self) -> Interval:
        """The values that it allows in some reading."""
        return strict(self.value, self.bounds, self.as_written)

    def disagrees(self, other: "Figure") -> bool:
        """Whether their values exclude each other, and different claims give them; periods are not compared."""
        return self.meant.is_disjoint_from(other.meant) and self.claims.isdisjoint(other.claims)


def read_figures(evidence: Evidence) -> list[Figure]:
    """The figures in the evidence, without those that are denied."""
    return [figure for iri, values in evidence.told("value") for figure in _figures(evidence, iri, values)]


def _figures(evidence: Evidence, iri: str, values: Sequence[Told]) -> Iterator[Figure]:
    """One figure for each value; where its claims do not tell the rest, those of other values do."""
    by_value: dict[Term, set[str]] = defaultdict(set)
    for told in values:
        by_value[told.value].add(told.claim)
    for term, claims in by_value.items():
        value = number(term.value)
        if value is None:
            continue

        def every(name: str, claims: set[str] = claims) -> frozenset[str]:
            given = evidence.of(iri, name)
            own = frozenset(t.value.value for t in given if t.claim in claims)
            return own or frozenset(t.value.value for t in given)

        start, end = (min(every(name), default="") for name in ("periodStart", "periodEnd"))
        yield Figure(
            iri,
            value,
            term,
            min(every("measure"), default=""),
            (every("refArea"), every("counterpartArea")),
            tuple(every(name) for name in ("unit", "figureKind", "group", "commodity", "observed")),
            (start, end) if _is_period(start, end) else NO_PERIOD,
            frozenset(bound.rpartition("bound-")[2] for bound in every("bound")),
            min(every("asWritten"), default=""),
            frozenset(claims),
        )


def _is_period(start: str, end: str) -> bool:
    try:
        return date.fromisoformat(start) <= date.fromisoformat(end) < date.max
    except ValueError:
        return False
