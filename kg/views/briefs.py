"""What stands on top of the page of a thing: what it is, where, when, who leads it, its latest figures and events."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from kg.views.facts import Fact
from kg.views.leaders import Tenure
from kg.views.things import Thing
from kg.views.timelines import Moment
from ontology.namespaces import KEL, PREFIXES

MOST: Final = 3
"""The most offices, figures or events that a brief has."""

_KINDS: Final = (
    str(KEL.kind),
    PREFIXES["org"] + "classification",
    PREFIXES["org"] + "role",
    str(KEL.visitLevel),
)
_STATUS: Final = (str(KEL.status),)
_PLACES: Final = (
    *(str(KEL[name]) for name in ("place", "inState", "locatedIn")),
    PREFIXES["dcterms"] + "spatial",
    PREFIXES["org"] + "postIn",
    PREFIXES["org"] + "subOrganizationOf",
)
_PARTIES: Final = tuple(str(KEL[name]) for name in ("party", "refArea", "counterpartArea", "visitor", "visited"))


@dataclass(frozen=True)
class Brief:
    """A thing in brief; what is not told is empty.

    kinds: what it is, more precisely than by its class. leaders: who leads it, the highest first. offices: those of a
    person. Its latest figures and newest events are those of the thing (`Thing.latest_figures`, `Thing.newest_events`).
    """

    thing: Thing
    kinds: tuple[Fact, ...]
    statuses: tuple[Fact, ...]
    places: tuple[Fact, ...]
    parties: tuple[Fact, ...]
    moments: tuple[Moment, ...]
    leaders: tuple[Tenure, ...]
    offices: tuple[Tenure, ...]

    @property
    def lines(self) -> int:
        """How many of its parts are told; with less than two it says no more than the title."""
        return sum(map(bool, (self.kinds, self.statuses, self.places, self.parties, self.moments, *self._from_others)))

    @property
    def gathers(self) -> bool:
        """Whether it tells what does not stand among the facts of the thing, right below."""
        return any(self._from_others)

    @property
    def _from_others(self) -> tuple[tuple[object, ...], ...]:
        return self.leaders, self.offices, self.thing.latest_figures, self.thing.newest_events


def brief(thing: Thing, leaders: Iterable[Tenure] = (), offices: Iterable[Tenure] = ()) -> Brief:
    """The brief of a thing. leaders, offices: tenures, the highest first."""
    return Brief(
        thing,
        _values(thing, _KINDS),
        _values(thing, _STATUS),
        _values(thing, _PLACES),
        _values(thing, _PARTIES),
        tuple(moment for moment in thing.moments if moment.kind in {"held", "planned", "period"}),
        tuple(leaders)[:MOST],
        tuple(offices)[:MOST],
    )


def _values(thing: Thing, names: Iterable[str]) -> tuple[Fact, ...]:
    rows = {row.predicate: row.facts for _, group in thing.groups for row in group}
    return tuple(fact for name in names for fact in rows.get(name, ()) if fact.iri)
