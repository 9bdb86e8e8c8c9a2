"""Visits and other events: participants, level, dates and status."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from kg.store.reader import Reader, node, nodes
from kg.views.facts import Fact
from kg.views.listings import distinct
from kg.views.offices import of_state
from kg.views.records import Record, records
from kg.views.timelines import Moment
from ontology.namespaces import KEL

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


def visits_to(reader: Reader, state: str, limit: int) -> list[Event]:
    """The visits to a state, the latest first; at most `limit`."""
    return _events(reader, f"GRAPH ?claim {{ ?thing <{KEL.visited}> {node(state)} }}", limit)


def visits_from(reader: Reader, state: str, limit: int) -> list[Event]:
    """The visits abroad of the state itself and of its office holders, the latest first; at most `limit`."""
    holders = distinct(
        reader,
        f"{of_state(state)} GRAPH ?c {{ ?tenure <{KEL.office}> ?office }} GRAPH ?d {{ ?tenure <{KEL.holder}> ?who }}",
        "who",
    )
    return _events(
        reader,
        f"VALUES ?who {{ {nodes([state, *holders])} }} GRAPH ?c {{ ?thing <{KEL.visitor}> ?who }} "
        f"GRAPH ?d {{ ?thing a <{KEL.Visit}> }} "
        f"FILTER NOT EXISTS {{ GRAPH ?e {{ ?thing <{KEL.visited}> {node(state)} }} }}",
        limit,
    )


def event_participations(reader: Reader, who: str, limit: int) -> list[EventParticipation]:
    """The events with somebody's participation, announcement or absence, the latest first; at most `limit`."""
    roles = nodes(str(KEL[name]) for name in ROLES)
    found = _described(
        reader,
        f"{{ VALUES ?part {{ {roles} }} GRAPH ?c {{ ?thing ?part {node(who)} }} ?c <{KEL.modality}> ?how }} UNION "
        f"{{ GRAPH ?c {{ ?taking <{KEL.agent}> {node(who)} }} GRAPH ?d {{ ?taking <{KEL.inEvent}> ?thing }} }}",
        limit,
    )
    attending = defaultdict(list)
    for attendance in attendances(reader, [who], limit * 4):
        attending[attendance.event].append(attendance)
    return [
        EventParticipation(
            event,
            tuple((name, fact) for name in ROLES for fact in each[name] if fact.iri == who),
            tuple(attending[event.iri]),
        )
        for event, each in found
    ]


def attendances(reader: Reader, agents: list[str], limit: int) -> list[Attendance]:
    """The attendances of agents (states, people, organisations), with announced absences; at most `limit`."""
    rows = reader.rows(
        f"SELECT DISTINCT ?taking WHERE {{ VALUES ?agent {{ {nodes(agents)} }} "
        f"GRAPH ?c {{ ?taking <{KEL.agent}> ?agent }} }} ORDER BY ?taking LIMIT {limit}"
    )
    every = records(reader, (str(row["taking"].value) for row in rows))
    return [
        Attendance(event.iri, agent.iri, each["attendance"], each["capacity"])
        for each in every.values()
        for event in each["inEvent"]
        for agent in each["agent"]
    ]


def latest_first(dates: tuple[Moment, ...]) -> tuple[bool, int]:
    """The sort key by the last date, the latest first; without a date, last."""
    return (False, -int(dates[-1].first.replace("-", ""))) if dates else (True, 0)


def _events(reader: Reader, pattern: str, limit: int) -> list[Event]:
    return [event for event, _ in _described(reader, pattern, limit)]


def _described(reader: Reader, pattern: str, limit: int) -> list[tuple[Event, Record]]:
    rows = reader.rows(f"SELECT DISTINCT ?thing WHERE {{ {pattern} }} ORDER BY ?thing LIMIT {limit}")
    found = [(_event(each), each) for each in records(reader, (str(row["thing"].value) for row in rows)).values()]
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
