"""One person in two places: events on a common day, in places of which neither lies in the other."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import pyoxigraph as ox

from kg.conflicts.evidence import Evidence
from kg.conflicts.model import Conflict, side
from kg.conflicts.moments import moments
from kg.conflicts.participation import PRESENT
from ontology.namespaces import KEL

_MOST_DAYS: Final = 3
"""An event with a longer span is not dated to the day, so that two of them need not be on one day."""


@dataclass(frozen=True)
class _Appearance:
    """An event with somebody, its days and places, and the claims that tell this."""

    event: str
    first: str
    last: str
    places: frozenset[str]
    around: frozenset[str]
    claims: frozenset[str]


def whereabouts_conflicts(
    evidence: Evidence, people: Mapping[str, set[str]], within: Mapping[str, set[str]]
) -> Iterator[Conflict]:
    """The pairs of events with the same people in two places. `within`: the places that each place lies in.

    An event without a date or a place has that of the event it is part of. All people of a pair make one conflict.
    """
    settings: dict[str, _Appearance | None] = {}
    by_person: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for name in PRESENT:
        for event, told in evidence.told(name):
            for t in told:
                if t.value.value in people:
                    by_person[t.value.value][event].add(t.claim)
    found: dict[tuple[str, str], dict[str, tuple[set[str], set[str]]]] = defaultdict(dict)
    for person, events in sorted(by_person.items()):
        for event in events:
            if event not in settings:
                settings[event] = _setting(evidence, event)
        dated = sorted((s for event in events if (s := settings[event])), key=lambda s: (s.first, s.last, s.event))
        open_events: list[_Appearance] = []
        for each in dated:
            open_events = [other for other in open_events if other.last >= each.first]
            for other in open_events:
                if _are_apart(each, other, within):
                    pair = min(each.event, other.event), max(each.event, other.event)
                    found[pair][person] = events[pair[0]], events[pair[1]]
            open_events.append(each)
    for (first, second), persons in sorted(found.items()):
        one, two = settings[first], settings[second]
        if one and two:
            yield _conflict(one, two, persons)


def _conflict(one: _Appearance, two: _Appearance, persons: dict[str, tuple[set[str], set[str]]]) -> Conflict:
    sides = tuple(
        side(
            [ox.NamedNode(place) for place in each.places],
            [each.event],
            each.claims.union(*(claims[index] for claims in persons.values())),
        )
        for index, each in enumerate((one, two))
    )
    caveats = frozenset({"remote"})
    return Conflict("whereabouts", (one.event, two.event), str(KEL.place), tuple(sorted(persons)), sides, caveats)


def _are_apart(one: _Appearance, other: _Appearance, within: Mapping[str, set[str]]) -> bool:
    if one.event in other.around or other.event in one.around or one.claims & other.claims:
        return False
    ours, theirs = (s.places.union(*(within.get(place, ()) for place in s.places)) for s in (one, other))
    return not (ours & other.places or theirs & one.places)


def _setting(evidence: Evidence, event: str) -> _Appearance | None:
    """The days and places of an event, from the events that it is part of if it has none; None if not known."""
    around, days, places = [event], list(moments(evidence, event)), evidence.of(event, "place")
    for each in around:
        days = days or moments(evidence, each)
        places = places or evidence.of(each, "place")
        above = {t.value.value for t in evidence.of(each, "partOf", "during")}
        around += sorted(above - set(around))
    if not days or not places:
        return None
    first, last = max(m.first for m in days), min(m.last for m in days)
    if not _is_short(first, last):
        return None
    return _Appearance(
        event,
        first,
        last,
        frozenset(t.value.value for t in places),
        frozenset(around),
        frozenset([*(m.claim for m in days), *(t.claim for t in places)]),
    )


def _is_short(first: str, last: str) -> bool:
    try:
        return 0 <= (date.fromisoformat(last) - date.fromisoformat(first)).days < _MOST_DAYS
    except ValueError:
        return False
