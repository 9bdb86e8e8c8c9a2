"""Statements (speech acts): speaker, addressee, kind and gloss, with the claims."""

import re
from dataclasses import dataclass
from typing import Final

from kg.store.reader import Reader, node, nodes
from kg.views.facts import Fact, claims_of
from kg.views.finding import Search, find
from kg.views.records import Record, records
from kg.views.timelines import Moment
from ontology.namespaces import KEL

_NUMBER: Final = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Statement:
    """One speech act with its facts; that it was made does not mean that its content is true."""

    iri: str
    kinds: tuple[Fact, ...]
    speakers: tuple[Fact, ...]
    addressees: tuple[Fact, ...]
    glosses: tuple[Fact, ...]
    events: tuple[Fact, ...]
    dates: tuple[Moment, ...]

    @property
    def claims(self) -> tuple[str, ...]:
        """The claims of its gloss and its speaker."""
        return claims_of((*self.glosses, *self.speakers))


def by(speaker: str, limit: int) -> Search:
    """The statements of a speaker."""
    return _statements(f"GRAPH ?claim {{ ?thing <{KEL.saidBy}> {node(speaker)} }}", limit)


def about(thing: str, limit: int) -> Search:
    """The statements about a thing or addressed to it."""
    naming = nodes(str(KEL[name]) for name in ("concerns", "addressee"))
    return _statements(f"VALUES ?about {{ {naming} }} GRAPH ?claim {{ ?thing ?about {node(thing)} }}", limit)


def _statements(pattern: str, limit: int) -> Search:
    return Search(f"{pattern} GRAPH ?any {{ ?thing a <{KEL.Statement}> }}", limit)


def statements(reader: Reader, search: Search) -> list[Statement]:
    """The statements that a search finds, in the order of the articles."""
    found = [_statement(each) for each in records(reader, find(reader, search)).values()]
    return sorted(found, key=lambda statement: [_reading_order(claim) for claim in sorted(statement.claims)[:1]])


def _reading_order(claim: str) -> list[tuple[int, str]]:
    """A natural sort key: IRIs of claims contain article, paragraph and number, so it gives the order of the text."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in _NUMBER.split(claim)]


def _statement(each: Record) -> Statement:
    return Statement(
        each.thing,
        each["kind"],
        each["saidBy"],
        each["addressee"],
        each["gloss"],
        each["atEvent"],
        each.dates("held", "planned"),
    )
