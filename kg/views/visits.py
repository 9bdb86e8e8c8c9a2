"""Visits and other events: who goes to whom, at which level, when, and whether it was held or only planned."""

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

PARTS: Final = ("visitor", "host", "delegate", "organiser", "participant")
"""The properties by which somebody takes part in an event, the most telling first."""


@dataclass(frozen=True)
class Event:
    """An event as the claims tell it; `visited` and `levels` are empty for what is no visit."""

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
    """That an agent attended an event, is announced for it, or is announced to stay away: codes, with their claims."""

    event: str
    agent: str
    attendance: tuple[Fact, ...]
    capacity: tuple[Fact, ...]


@dataclass(frozen=True)
class Encounter:
    """An event in which somebody takes part: by which properties (local names, with claims), and announced how."""

    event: Event
    parts: tuple[tuple[str, Fact], ...]
    attendances: tuple[Attendance, ...]


def visits_to(reader: Reader, state: str, limit: int) -> list[Event]:
    """The visits to a state, the latest first, those without a date last; at most `limit`."""
    return _events(reader, f"GRAPH ?claim {{ ?thing <{KEL.visited}> {node(state)} }}", limit)


def visits_from(reader: Reader, state: str, limit: int) -> list[Event]:
    """The visits elsewhere of the state itself and of people attested in its offices; at most `limit`."""
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


def encounters(reader: Reader, who: str, limit: int) -> list[Encounter]:
    """The events in which somebody takes part, or is announced to or not to, the latest first; at most `limit`."""
    parts = nodes(str(KEL[name]) for name in PARTS)
    found = _described(
        reader,
        f"{{ VALUES ?part {{ {parts} }} GRAPH ?c {{ ?thing ?part {node(who)} }} ?c <{KEL.modality}> ?how }} UNION "
        f"{{ GRAPH ?c {{ ?taking <{KEL.agent}> {node(who)} }} GRAPH ?d {{ ?taking <{KEL.inEvent}> ?thing }} }}",
        limit,
    )
    attending = defaultdict(list)
    for attendance in attendances(reader, [who], limit * 4):
        attending[attendance.event].append(attendance)
    return [
        Encounter(
            event,
            tuple((name, fact) for name in PARTS for fact in each[name] if fact.iri == who),
            tuple(attending[event.iri]),
        )
        for event, each in found
    ]


def attendances(reader: Reader, agents: list[str], limit: int) -> list[Attendance]:
    """What is told of the attendance of agents (states, people, organisations), announced absences too."""
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
    """A key for sorting by the last date; what has none comes last."""
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
