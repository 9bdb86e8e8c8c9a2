"""What the detection reads of a graph: the facts of claims by property, and the records of the claims."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import pyoxigraph as ox

from kg.engine.reading import Row, Rows, Term, node
from ontology.namespaces import CODE, INFERRED_GRAPH, KEL, PREFIXES

_BATCH: Final = 50_000
"""Rows of one query; a large graph is read in several."""

ORG: Final = PREFIXES["org"]

PROPERTIES: Final = frozenset(
    str(KEL[name])
    for name in (
        "measure", "value", "unit", "bound", "asWritten", "figureKind", "group", "refArea", "counterpartArea",
        "observed", "commodity", "periodStart", "periodEnd", "dateBasis",
        "earliest", "latest", "plannedEarliest", "plannedLatest",
        "status", "kind", "visitLevel", "visited", "place", "partOf", "during", "ordinal", "documentCount", "force",
        "visitor", "host", "delegate", "participant", "inEvent", "agent", "attendance",
        "stageOf", "stage", "atEvent", "actor", "holder", "office", "attestedOn",
        "saidBy", "stance", "concerns", "concernsActor", "responseTo", "reason", "trend",
    )
) | {ORG + "memberOf"}  # fmt: skip
"""The properties whose facts are read, by IRI."""


@dataclass(frozen=True)
class Record:
    """What the record of a claim says, as local names and days (ISO 8601); a graph without a record has none.

    published: the first and the last day on which its article can have appeared.
    """

    modality: str = ""
    speaker: str = ""
    article: str = ""
    published: tuple[str, str] = ("", "")
    implied: bool = False
    doubtful: bool = False

    @property
    def denied(self) -> bool:
        """Whether the claim holds what its speaker denies."""
        return self.modality == "denied"

    @property
    def hedged(self) -> bool:
        """Whether its speaker only expects it or thinks it possible."""
        return self.modality in {"expected", "possible"}


@dataclass(frozen=True)
class Told:
    """A value and the claim that tells it."""

    value: Term
    claim: str


class Evidence:
    """The facts of all claims by property and thing, denied ones too, and the records of the claims."""

    def __init__(self, facts: Iterable[tuple[str, str, Term, str]], records: Mapping[str, Record]) -> None:
        """`facts`: subject, property, value, claim."""
        self._facts: dict[str, dict[str, list[Told]]] = defaultdict(lambda: defaultdict(list))
        self.records = records
        for subject, name, value, claim in facts:
            self._facts[name][subject].append(Told(value, claim))

    def record(self, claim: str) -> Record:
        """The record of a claim."""
        return self.records.get(claim, _UNRECORDED)

    def told(self, name: str, *, denied: bool = False) -> Iterator[tuple[str, list[Told]]]:
        """The things with ``kel:<name>`` (or a full IRI), in order, each with the values that are (not) denied."""
        of = self._facts.get(_iri(name), {})
        for subject in sorted(of):
            if kept := [told for told in of[subject] if self.record(told.claim).denied == denied]:
                yield subject, kept

    def of(self, subject: str, *names: str) -> list[Told]:
        """The values of a thing that are not denied, of one or more properties."""
        return [
            told
            for name in names
            for told in self._facts.get(_iri(name), {}).get(subject, ())
            if not self.record(told.claim).denied
        ]

    def value(self, subject: str, name: str) -> str:
        """The least value of a thing, empty if there is none."""
        return min((told.value.value for told in self.of(subject, name)), default="")

    def articles_differ(self, claims: Iterable[str]) -> bool:
        """Whether some of the claims come from articles of different times."""
        found = [self.record(claim) for claim in claims]
        first = min((r.published[1] for r in found if r.published[1]), default="")
        return bool(first) and any(r.published[0] > first for r in found)


_UNRECORDED: Final = Record()


@cache
def _iri(name: str) -> str:
    """The IRI of a property by local name; a full IRI stays."""
    return name if ":" in name else str(KEL[name])


def read_evidence(reader: Rows) -> Evidence:
    """Reads the evidence: time and memory grow with the number of facts."""
    facts = (
        (str(row["s"].value), name, row["o"], str(row["claim"].value))
        for name in sorted(PROPERTIES)
        for row in _rows(reader, f"SELECT ?s ?o ?claim WHERE {{ GRAPH ?claim {{ ?s {node(name)} ?o }} }}")
        if isinstance(row["s"], ox.NamedNode) and row["claim"].value != INFERRED_GRAPH
    )
    return Evidence(facts, _records(reader))


def pairs(reader: Rows, pattern: str) -> dict[str, set[str]]:
    """The values of ``?y`` for each ``?x`` in the solutions of a pattern."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in _rows(reader, f"SELECT DISTINCT ?x ?y WHERE {{ {pattern} }}"):
        found[str(row["x"].value)].add(str(row["y"].value))
    return found


def denied_and_said(reader: Rows) -> Iterator[Row]:
    """The facts that one claim (?denied) holds as denied and another (?said) does not: ?s, ?p, ?o."""
    return _rows(reader, _DENIED)


_DENIED: Final = f"""
SELECT ?denied ?said ?s ?p ?o WHERE {{
  ?denied <{KEL.modality}> <{CODE.denied}> .
  GRAPH ?denied {{ ?s ?p ?o }}
  FILTER(?p NOT IN (<{PREFIXES["rdf"]}type>, <{PREFIXES["rdfs"]}label>))
  GRAPH ?said {{ ?s ?p ?o }}
  ?said <{KEL.modality}> ?modality FILTER(?modality != <{CODE.denied}>)
}}"""


def _rows(reader: Rows, query: str) -> Iterator[Row]:
    """The solutions of a query in batches; the engine's order is stable within a version."""
    start = 0
    while True:
        count = 0
        for count, row in enumerate(reader.stream(f"{query} LIMIT {_BATCH} OFFSET {start}"), 1):  # noqa: B007
            yield row
        if count < _BATCH:
            return
        start += _BATCH


def _records(reader: Rows) -> dict[str, Record]:
    days = {
        str(row["article"].value): (str(row["first"].value) if "first" in row else "", str(row["last"].value))
        for row in _rows(reader, _ARTICLES)
    }
    return {
        str(row["claim"].value): Record(
            _local(row, "modality"),
            str(row["speaker"].value) if "speaker" in row else "",
            article := str(row["article"].value) if "article" in row else "",
            days.get(article, ("", "")),
            implied=_local(row, "basis") == "basis-implied",
            doubtful="confidence" in row,
        )
        for row in _rows(reader, _RECORDS)
    }


def _local(row: Row, name: str) -> str:
    return str(row[name].value).removeprefix(str(CODE)) if name in row else ""


_ARTICLES: Final = f"""
SELECT ?article ?first ?last WHERE {{
  ?article a <{KEL.Article}> ; <{KEL.latest}> ?last OPTIONAL {{ ?article <{KEL.earliest}> ?first }}
}}"""

_RECORDS: Final = f"""
SELECT ?claim ?modality ?speaker ?article ?basis ?confidence WHERE {{
  ?claim a <{KEL.Claim}> .
  OPTIONAL {{ ?claim <{KEL.modality}> ?modality }}
  OPTIONAL {{ ?claim <{KEL.speaker}> ?speaker }}
  OPTIONAL {{ ?claim <{KEL.passage}> ?passage OPTIONAL {{ ?passage <{KEL.article}> ?article }} }}
  OPTIONAL {{ ?claim <{KEL.basis}> ?basis }}
  OPTIONAL {{ ?claim <{KEL.curatorConfidence}> ?confidence }}
}}"""
