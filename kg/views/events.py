"""The list of events, filtered by kind, state, year and status, the latest first."""

from dataclasses import dataclass
from typing import Final

from kg.store.reader import Reader, node
from kg.views.listings import Listing, distinct, listing, years_within
from kg.views.offices import of_state
from ontology.namespaces import KEL

PAGE_SIZE: Final = 25

_CLASSES: Final = f"VALUES ?class {{ <{KEL.Event}> <{KEL.Visit}> }}"
_ANY: Final = f"{_CLASSES} {{ ?thing a ?class }} UNION {{ GRAPH ?stating {{ ?thing a ?class }} }}"
_PARTS: Final = "|".join(
    f"<{KEL[name]}>" for name in ("visited", "visitor", "host", "organiser", "delegate", "participant", "party")
)
_SPAN: Final = (
    f"VALUES (?opening ?closing) {{ (<{KEL.earliest}> <{KEL.latest}>) "
    f"(<{KEL.plannedEarliest}> <{KEL.plannedLatest}>) }} "
    "GRAPH ?dating { ?thing ?opening ?from . ?thing ?closing ?until }"
)
"""Binds ``?from`` and ``?until`` to the first and last day of ``?thing``, held or planned."""


@dataclass(frozen=True)
class EventFilter:
    """A filter for events: IRIs and a year; an empty string or 0 filters nothing."""

    kind: str = ""
    state: str = ""
    status: str = ""
    year: int = 0
    told: str = ""
    """A further pattern that they fit."""

    @property
    def pattern(self) -> str:
        """The graph pattern that binds ``?thing`` to them, the most selective part first."""
        parts = []
        if self.state:
            parts.append(_of_state(self.state))
        if self.kind:
            parts.append(f"GRAPH ?k {{ ?thing <{KEL.kind}> {node(self.kind)} }}")
        if self.status:
            parts.append(f"GRAPH ?s {{ ?thing <{KEL.status}> {node(self.status)} }}")
        parts.append(_ANY)
        if self.year:
            parts.append(f"{_SPAN} FILTER(YEAR(?from) <= {self.year} && YEAR(?until) >= {self.year})")
        return " ".join(f"{{ {part} }}" for part in (*parts, self.told) if part)


def events(  # noqa: PLR0913 - what is listed, in which order, and which part of it
    reader: Reader,
    selected: EventFilter,
    language: str,
    *,
    number: int = 1,
    descending: bool = True,
    size: int = PAGE_SIZE,
) -> Listing:
    """One page of the events by date; those without a date last."""
    key = f"{_SPAN} BIND(?until AS ?key)"
    return listing(reader, selected.pattern, language, key=key, descending=descending, number=number, size=size)


def kinds(reader: Reader) -> list[str]:
    """The kinds that events have."""
    return distinct(reader, f"{_ANY} GRAPH ?c {{ ?thing <{KEL.kind}> ?kind }}", "kind")


def statuses(reader: Reader) -> list[str]:
    """The statuses that events have."""
    return distinct(reader, f"{_ANY} GRAPH ?c {{ ?thing <{KEL.status}> ?status }}", "status")


def states(reader: Reader) -> list[str]:
    """The states that take part in or host an event; not those represented by people only."""
    taking = f"GRAPH ?c {{ ?thing {_PARTS} ?state }} ?state a <{KEL.State}>"
    lying = f"GRAPH ?c {{ ?thing <{KEL.place}> ?place }} ?place <{KEL.inState}> ?state"
    return distinct(reader, f"{_ANY} {{ {taking} }} UNION {{ {lying} }}", "state")


def years(reader: Reader) -> list[int]:
    """The years in which events are dated, the latest first; see `kg.views.listings.years_within`."""
    return years_within(reader, f"{_ANY} {_SPAN}")


def _of_state(state: str) -> str:
    """The pattern of events with the state or an office holder of it as participant, or that take place in it."""
    own = f"GRAPH ?p {{ ?thing {_PARTS} {node(state)} }}"
    people = (
        f"{of_state(state)} GRAPH ?p {{ ?tenure <{KEL.office}> ?office }} GRAPH ?q {{ ?tenure <{KEL.holder}> ?who }} "
        f"GRAPH ?r {{ ?thing {_PARTS} ?who }}"
    )
    located = f"?place <{KEL.inState}> {node(state)} . GRAPH ?p {{ ?thing <{KEL.place}> ?place }}"
    return f"{{ {own} }} UNION {{ {people} }} UNION {{ {located} }}"
