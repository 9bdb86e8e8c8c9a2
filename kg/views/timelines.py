"""The dates of things, as the claims give them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.views.facts import Fact
from ontology.iris import CODE, KEL

_KINDS: Final = {
    "held": ("earliest", "latest", "edtf"),
    "planned": ("plannedEarliest", "plannedLatest", "plannedEdtf"),
    "period": ("periodStart", "periodEnd", "periodEdtf"),
    "attested": ("attestedOn", "attestedOn", ""),
}
"""The kinds of date, and the properties of each: first day, last day, and EDTF."""

DATE_PROPERTIES: Final = frozenset(str(KEL[n]) for names in _KINDS.values() for n in names if n) | {str(KEL.dateBasis)}
"""The properties that `moments` reads."""


@dataclass(frozen=True)
class Moment:
    """A date with its claims.

    kind: ``held`` (actual), ``planned``, ``period`` (of a figure, document or tenure) or ``attested`` (the day of a
    source that shows it). first, last: ISO 8601 days, inclusive. edtf: the date in EDTF (ISO 8601-2), or empty.
    inferred: not stated in full by the source.
    """

    kind: str
    first: str
    last: str
    edtf: str
    inferred: bool
    claims: tuple[str, ...]

    def is_disjoint_from(self, other: "Moment") -> bool:
        """Whether both are of the same kind and have no day in common."""
        return self.kind == other.kind and (self.last < other.first or other.last < self.first)


def moments(facts: Iterable[Fact]) -> list[Moment]:
    """The dates in the facts of one thing, in order; claims that give the same date are merged."""
    by_claim: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for fact in facts:
        if fact.predicate in DATE_PROPERTIES and isinstance(fact.value, ox.Literal | ox.NamedNode):
            for claim in fact.claims or ("",):
                by_claim[claim][fact.predicate].add(fact.value.value)
    found: dict[tuple[str, str, str, str, bool], list[str]] = defaultdict(list)
    for claim, values in sorted(by_claim.items()):
        inferred = str(CODE["date-inferred"]) in values[str(KEL.dateBasis)]
        for kind, (first, last, edtf) in _KINDS.items():
            firsts, lasts = values[str(KEL[first])], values[str(KEL[last])]
            if firsts or lasts:
                exact = min(values[str(KEL[edtf])], default="") if edtf else ""
                key = kind, min(firsts or lasts), max(lasts or firsts), exact, inferred
                found[key].append(claim)
    return sorted(
        (Moment(*key, tuple(claim for claim in claims if claim)) for key, claims in found.items()),
        key=lambda m: (m.first, m.last, m.kind),
    )
