"""Visits and other events: participants, level, dates and status."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from kg.store.reader import Reader, node, nodes
from kg.views.facts import Fact
from kg.views.finding import Search, find
from kg.views.offices import of_state
from kg.views.records import Record, records
from kg.views.timelines import Moment
from ontology.namespaces import KEL

_MAX_HOLDERS: Final = 1_000

ROLES: Final = ("visitor", "host", "delegate", "organiser", "participant")
"""The properties for the roles of participants, the most specific first."""


@dataclass(frozen=True)
class Event:
    """An event with its facts; `visited` and `levels` are empty unless it is a visit."""

    iri: str
    kinds: tuple[Fact, ...]
    statuses: tuple[Fact, ...]
    levels: tuple[Fact, ...]
    visitors: tuple[Fact, ...]
    visited: tuple[Fact, ...]
    places: tuple[Fact, ...]
    dates: tuple[Moment, ...]


@dataclass(frozen=True)
class Attendance:
    """The attendance of an agent at an event: attended, announced, or absence announced, with the claims."""

    event: str
    agent: str
    attendance: tuple[Fact, ...]
    capacity: tuple[Fact, ...]


@dataclass(frozen=True)
class EventParticipation:
    """The participation of somebody in an event: roles (local names of properties, with facts) and attendances."""

    event: Event
    roles: tuple[tuple[str, Fact], ...]
    attendances: tuple[Attendance, ...]


def to_state(state: str, limit: int) -> Search:
    """The visits to a state."""
    return Search(f"GRAPH ?claim {{ ?thing <{KEL.visited}> {node(state)} }}", limit)


def from_state(state: str, limit: int) -> Search:
    """The visits abroad of the state itself and of its office holders."""
    holders = (
        f"{of_state(state)} GRAPH ?c {{ ?tenure <{KEL.office}> ?office }} GRAPH ?d {{ ?tenure <{KEL.holder}> ?who }}"
    )
    abroad = (
        f"GRAPH ?c {{ ?thing <{KEL.visitor}> ?who }} GRAPH ?d {{ ?thing a <{KEL.Visit}> }} "
        f"FILTER NOT EXISTS {{ GRAPH ?e {{ ?thing <{KEL.visited}> {node(state)} }} }}"
    )
    return Search(
        f"{{ SELECT DISTINCT ?who WHERE {{ {{ BIND({node(state)} AS ?who) }} UNION {{ {holders} }} }} "
        f"LIMIT {_MAX_HOLDERS} }} {abroad}",
        limit,
    )


def with_participation(who: str, limit: int) -> Search:
    """The events with somebody's participation, announcement or absence."""
    roles = nodes(str(KEL[name]) for name in ROLES)
    return Search(
        f"{{ VALUES ?part {{ {roles} }} GRAPH ?c {{ ?thing ?part {node(who)} }} ?c <{KEL.modality}> ?how }} UNION "
        f"{{ GRAPH ?c {{ ?taking <{KEL.agent}> {node(who)} }} GRAPH ?d {{ ?taking <{KEL.inEvent}> ?thing }} }}",
        limit,
    )


def event_participations(reader: Reader, who: str, limit: int) -> list[EventParticipation]:
    """The events of `with_participation`, the latest first, with what somebody is in them."""
    found = _described(reader, with_participation(who, limit))
    of_event = defaultdict(list)
    for attendance in attendances(reader, [who], limit * 4):
        of_event[attendance.event].append(attendance)
    return [
        EventParticipation(
            event,
            tuple((name, fact) for name in ROLES for fact in each[name] if fact.iri == who),
            tuple(of_event[event.iri]),
        )
        for event, each in found
    ]


def attending(agents: list[str], limit: int) -> Search:
    """The participations of agents."""
    return Search(f"VALUES ?agent {{ {nodes(agents)} }} GRAPH ?c {{ ?thing <{KEL.agent}> ?agent }}", limit)


def attendances(reader: Reader, agents: list[str], limit: int) -> list[Attendance]:
    """The attendances of agents (states, people, organisations), with announced absences; at most `limit`."""
    every = records(reader, find(reader, attending(agents, limit)))
    return [
        Attendance(event.iri, agent.iri, each["attendance"], each["capacity"])
        for each in every.values()
        for event in each["inEvent"]
        for agent in each["agent"]
    ]


def latest_first(dates: tuple[Moment, ...]) -> tuple[bool, int]:
    """The sort key by the last date, the latest first; without a date, last."""
    return (False, -int(dates[-1].first.replace("-", ""))) if dates else (True, 0)


def visits(reader: Reader, search: Search) -> list[Event]:
    """The events that a search finds, the latest first."""
    return [event for event, _ in _described(reader, search)]


def _described(reader: Reader, search: Search) -> list[tuple[Event, Record]]:
    found = [(_event(each), each) for each in records(reader, find(reader, search)).values()]
    return sorted(found, key=lambda pair: (latest_first(pair[0].dates), pair[0].iri))


def _event(each: Record) -> Event:
    return Event(
        each.thing,
        each["kind"],
        each["status"],
        each["visitLevel"],
        each["visitor"],
        each["visited"],
        each["place"],
        each.dates("held", "planned"),
    )
