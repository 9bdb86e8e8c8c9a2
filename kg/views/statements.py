"""Statements (speech acts): speaker, addressee, kind and gloss, with the claims."""

import re
from dataclasses import dataclass
from typing import Final

from kg.store.reader import Reader, node, nodes
from kg.views.facts import Fact, claims_of
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


def statements_by(reader: Reader, speaker: str, limit: int) -> list[Statement]:
    """The statements of a speaker, in the order of the articles; at most `limit`."""
    return _statements(reader, f"GRAPH ?claim {{ ?thing <{KEL.saidBy}> {node(speaker)} }}", limit)


def statements_about(reader: Reader, thing: str, limit: int) -> list[Statement]:
    """The statements about a thing or addressed to it, in the order of the articles; at most `limit`."""
    about = nodes(str(KEL[name]) for name in ("concerns", "addressee"))
    return _statements(reader, f"VALUES ?about {{ {about} }} GRAPH ?claim {{ ?thing ?about {node(thing)} }}", limit)


def _statements(reader: Reader, pattern: str, limit: int) -> list[Statement]:
    rows = reader.rows(
        f"SELECT DISTINCT ?thing WHERE {{ {pattern} GRAPH ?any {{ ?thing a <{KEL.Statement}> }} }} "
        f"ORDER BY ?thing LIMIT {limit}"
    )
    found = [_statement(each) for each in records(reader, (str(r["thing"].value) for r in rows)).values()]
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
