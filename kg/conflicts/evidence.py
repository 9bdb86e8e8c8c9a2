"""What the detection reads of a graph: the facts of claims by property, and the records of the claims."""

from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import pyoxigraph as ox

from kg.engine.reading import Row, Rows, Term, node, nodes
from ontology.iris import CODE, KEL
from ontology.namespaces import INFERRED_GRAPH, PREFIXES

_BATCH: Final = 50_000
"""Rows of one query; a large graph is read in several."""

_TOGETHER: Final = 500
"""How many IRIs are asked for in one query."""

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


def _order(told: Told) -> tuple[str, str]:
    return str(told.value), told.claim


class Evidence:
    """The facts of all claims by property and thing, denied ones too, and the records of the claims.

    The same facts and records give the same answers, in whichever order they came.
    """

    def __init__(self, facts: Iterable[tuple[str, str, Term, str]], records: dict[str, Record]) -> None:
        """`facts`: subject, property, value, claim."""
        self._facts: dict[str, dict[str, list[Told]]] = defaultdict(lambda: defaultdict(list))
        self.records = records
        self.reads = set[str]()
        """The properties (IRIs) that were asked for; who wants to know empties it before."""
        self._names: dict[str, Counter[str]] = defaultdict(Counter)
        """How often each claim tells each property."""
        for subject, name, value, claim in facts:
            self._facts[name][subject].append(Told(value, claim))
            self._names[claim][name] += 1
        for of in self._facts.values():
            for told in of.values():
                told.sort(key=_order)

    def add(self, subject: str, name: str, told: Told) -> None:
        """Adds a fact, unless it is there; `name` is an IRI."""
        given = self._facts[name][subject]
        if told not in given:
            insort(given, told, key=_order)
            self._names[told.claim][name] += 1

    def remove(self, subject: str, name: str, told: Told) -> None:
        """Takes a fact away, if it is there."""
        given = self._facts[name][subject]
        if told in given:
            given.remove(told)
            self._names[told.claim][name] -= 1
        if not given:
            del self._facts[name][subject]

    def names(self, claim: str) -> set[str]:
        """The properties (IRIs) of which a claim tells facts."""
        return {name for name, number in self._names.get(claim, {}).items() if number}

    def record(self, claim: str) -> Record:
        """The record of a claim."""
        return self.records.get(claim, _UNRECORDED)

    def told(self, name: str, *, denied: bool = False) -> Iterator[tuple[str, list[Told]]]:
        """The things with ``kel:<name>`` (or a full IRI), in order, each with the values that are (not) denied."""
        self.reads.add(_iri(name))
        of = self._facts.get(_iri(name), {})
        for subject in sorted(of):
            if kept := [told for told in of[subject] if self.record(told.claim).denied == denied]:
                yield subject, kept

    def of(self, subject: str, *names: str) -> list[Told]:
        """The values of a thing that are not denied, of one or more properties."""
        self.reads.update(map(_iri, names))
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
        if is_fact(row["s"], row["claim"])
    )
    return Evidence(facts, read_records(reader))


def is_fact(subject: object, graph: object) -> bool:
    """Whether what a graph tells of something is a fact of a claim: neither is a blank node, and it is not inferred."""
    return isinstance(subject, ox.NamedNode) and isinstance(graph, ox.NamedNode) and graph.value != INFERRED_GRAPH


def pairs(reader: Rows, pattern: str) -> dict[str, set[str]]:
    """The values of ``?y`` for each ``?x`` in the solutions of a pattern."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in _rows(reader, f"SELECT DISTINCT ?x ?y WHERE {{ {pattern} }}"):
        found[str(row["x"].value)].add(str(row["y"].value))
    return found


def denied_and_said(reader: Rows) -> Iterator[Row]:
    """The facts that one claim (?denied) holds as denied and another (?said) does not: ?s, ?p, ?o."""
    return _rows(reader, _DENIED)


def denied_facts_of(reader: Rows) -> Iterator[Row]:
    """The facts that claims (?denied) hold as denied: ?s, ?p, ?o."""
    return _rows(reader, f"SELECT ?denied ?s ?p ?o WHERE {{ {_DENYING} }}")


_DENYING: Final = f"?denied <{KEL.modality}> <{CODE.denied}> . GRAPH ?denied {{ ?s ?p ?o }}"

_DENIED: Final = f"""
SELECT ?denied ?said ?s ?p ?o WHERE {{
  {_DENYING}
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


def read_records(reader: Rows, claims: Collection[str] | None = None) -> dict[str, Record]:
    """The records of all claims, or of those of some IRIs; where a claim tells two things, the least counts."""
    given: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in _of_each(reader, _RECORDS, "claim", claims):
        if not isinstance(row["claim"], ox.NamedNode):
            continue
        of = given[row["claim"].value]
        for name in row.keys() - {"claim"}:
            if name != "article" or isinstance(row[name], ox.NamedNode):
                of[name].add(str(row[name].value))
    articles = None if claims is None else {a for of in given.values() for a in of.get("article", ())}
    days: dict[str, tuple[str, str]] = {}
    for row in _of_each(reader, _ARTICLES, "article", articles):
        article = str(row["article"].value)
        told = str(row["first"].value) if "first" in row else "", str(row["last"].value)
        days[article] = min(told, days.get(article, told))
    return {claim: _record(of, days) for claim, of in given.items()}


def claims_by(reader: Rows, passages: Iterable[str], articles: Iterable[str]) -> set[str]:
    """The claims of passages, and of the passages of articles, by IRI."""
    of_passages = _of_each(reader, f"SELECT ?claim WHERE {{ ?claim <{KEL.passage}> ?passage }}", "passage", {*passages})
    pattern = f"SELECT ?claim WHERE {{ ?claim <{KEL.passage}> ?passage . ?passage <{KEL.article}> ?article }}"
    of_articles = _of_each(reader, pattern, "article", {*articles})
    return {
        str(row["claim"].value)
        for rows in (of_passages, of_articles)
        for row in rows
        if isinstance(row["claim"], ox.NamedNode)
    }


def _of_each(reader: Rows, query: str, variable: str, iris: Collection[str] | None) -> Iterator[Row]:
    """The solutions of a query, or those where a variable has one of some values."""
    if iris is None:
        yield from _rows(reader, query)
        return
    wanted = sorted(iris)
    for start in range(0, len(wanted), _TOGETHER):
        given = nodes(wanted[start : start + _TOGETHER])
        yield from _rows(reader, query.replace("WHERE {", f"WHERE {{ VALUES ?{variable} {{ {given} }}", 1))


def _record(of: Mapping[str, set[str]], days: Mapping[str, tuple[str, str]]) -> Record:
    def least(name: str) -> str:
        return min(of.get(name, ()), default="")

    article = least("article")
    return Record(
        least("modality").removeprefix(str(CODE)),
        least("speaker"),
        article,
        days.get(article, ("", "")),
        implied=least("basis") == str(CODE["basis-implied"]),
        doubtful=bool(of.get("confidence")),
    )


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
