"""Membership and presence told differently: attends or stays away."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.conflicts.evidence import ORG, Evidence, Told
from kg.conflicts.model import Conflict, code, side
from kg.engine.reading import Term
from ontology.namespaces import KEL

PRESENT: Final = ("visitor", "host", "delegate", "participant")
"""The properties of an event whose values are there; an organiser need not be."""

_ABSENT: Final = code("attendance-absence-announced")


@dataclass(frozen=True)
class _Attendance:
    """That somebody is, or is not, at an event: the event, the agent, the participation, and who tells it."""

    event: str
    agent: str
    part: str
    told: tuple[Told, ...]


def participation_conflicts(evidence: Evidence, members: Mapping[str, set[str]]) -> Iterator[Conflict]:
    """Absences that other claims contradict, of the same agent, or of all members of an organisation together.

    `members` are the organisations of each agent, however told. A group takes part on behalf of all members of an
    organisation if a claim says that the group concerns it.
    """
    whole: dict[str, set[str]] = defaultdict(set)
    for event in _above(evidence):
        whole[event] = {event, *_ancestors(evidence, event)}
    present: dict[str, dict[str, list[tuple[str, Told]]]] = defaultdict(lambda: defaultdict(list))
    for event, agent, thing, told in _presences(evidence):
        for each in whole.get(event) or {event}:
            present[each][agent].append((thing, told))
    organisations = {s: {t.value.value for t in told} for s, told in evidence.told("concerns")}
    for absence in _attendances(evidence, absent=True):
        agents, own = present.get(absence.event, {}), members.get(absence.agent, set())
        groups = [agent for agent in agents if agent != absence.agent and organisations.get(agent, set()) & own]
        yield from _conflict(absence, agents.get(absence.agent, ()))
        yield from _conflict(absence, [each for agent in groups for each in agents[agent]], "group")


def membership_conflicts(evidence: Evidence) -> Iterator[Conflict]:
    """Members by one claim and not by another."""
    name = ORG + "memberOf"
    denied = dict(evidence.told(name, denied=True))
    for agent, told in evidence.told(name):
        for denial in denied.get(agent, ()):
            said = [t for t in told if t.value == denial.value]
            if said:
                sides = (
                    side([denial.value], [agent], [t.claim for t in said]),
                    side([denial.value], [agent], [t.claim for t in denied[agent] if t.value == denial.value]),
                )
                about = (agent, denial.value.value)
                yield Conflict("participation", about, name, about, sides)


def _presences(evidence: Evidence) -> Iterator[tuple[str, str, str, Told]]:
    """Event, agent, the thing that tells it, and the claim."""
    for name in PRESENT:
        for event, told in evidence.told(name):
            yield from ((event, t.value.value, event, t) for t in told)
    for each in _attendances(evidence, absent=False):
        yield from ((each.event, each.agent, each.part, t) for t in each.told)
    for step, told in evidence.told("actor"):
        for event in {t.value.value for t in evidence.of(step, "atEvent")}:
            yield from ((event, t.value.value, step, t) for t in told)


def _attendances(evidence: Evidence, *, absent: bool) -> Iterator[_Attendance]:
    for part, told in evidence.told("attendance"):
        kept = [t for t in told if (t.value.value == _ABSENT) == absent]
        if kept:
            for event in {t.value.value for t in evidence.of(part, "inEvent")}:
                for agent in {t.value.value for t in evidence.of(part, "agent")}:
                    yield _Attendance(event, agent, part, tuple(kept))


def _above(evidence: Evidence) -> set[str]:
    return {event for name in ("partOf", "during") for event, _ in evidence.told(name)}


def _ancestors(evidence: Evidence, event: str) -> set[str]:
    """The events that an event is part of."""
    found: set[str] = set()
    ahead = [event]
    while ahead:
        above = {t.value.value for t in evidence.of(ahead.pop(), "partOf")} - found
        found |= above
        ahead += above
    return found


def _conflict(absence: _Attendance, presence: Iterable[tuple[str, Told]], *caveats: str) -> Iterator[Conflict]:
    away = {t.claim for t in absence.told}
    there = [(thing, t) for thing, t in presence if t.claim not in away]
    if there:
        values: set[Term] = {t.value for _, t in there}
        sides = (
            side([ox.NamedNode(_ABSENT)], [absence.part], away),
            side(values, [thing for thing, _ in there], [t.claim for _, t in there]),
        )
        about = (absence.event, absence.agent)
        yield Conflict("participation", (*about, *caveats), str(KEL.attendance), about, sides, frozenset(caveats))
