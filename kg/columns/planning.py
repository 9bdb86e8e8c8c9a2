# ruff: noqa: S608 - the numbers of tables and the expressions are our own, and what is asked for is bound
"""Makes SQL over the columns of a recognised query, where that gives exactly what SPARQL says, and is worth it."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from kg.columns.reading import Aggregate, DeclinedError, Scan

LEAST_ROWS: Final = 3000
"""Queries that the row engine answers by reading fewer rows, as estimated, are declined: it is as fast there."""

_MOST_PATTERNS: Final = 12


class Predicate(NamedTuple):
    """A predicate: the number of its table, its triples, distinct subjects and objects, and what these are.

    integers: all objects are xsd:integer, of at most 18 digits. iris: all objects are IRIs. named: all subjects are.
    """

    number: int
    triples: int
    subjects: int
    objects: int
    integers: bool
    iris: bool
    named: bool


class _Place(NamedTuple):
    """Where a variable has its value: a column of SQL, and whether that is an integer, and whether an IRI."""

    column: str
    integer: bool
    iri: bool


@dataclass(frozen=True)
class Column:
    """A column of an answer: how the rows of SQL tell it: ``term``, ``integer`` or ``average`` (sum and count)."""

    name: str
    kind: str

    @property
    def width(self) -> int:
        """How many values of a row of SQL tell it."""
        return 2 if self.kind == "average" else 1


@dataclass(frozen=True)
class Plan:
    """SQL with the IRIs that it asks for, the columns of the answer, and the number of sort keys behind these.

    Then come, for each sum, the sum of absolute values, which must fit into 64 bits: else the order of adding counts.
    """

    sql: str
    iris: tuple[str, ...]
    columns: tuple[Column, ...]
    keys: int
    limit: int | None


def plan(scan: Scan, predicates: dict[str, Predicate], least: int = LEAST_ROWS) -> Plan:
    """The plan of a query over columns; raises DeclinedError."""
    if not 0 < len(scan.patterns) <= _MOST_PATTERNS or any(p.predicate not in predicates for p in scan.patterns):
        raise DeclinedError
    if estimated_rows(scan, predicates) < least:
        raise DeclinedError
    return _Planner(scan, predicates).plan()


def estimated_rows(scan: Scan, predicates: dict[str, Predicate]) -> float:
    """How many rows nested loops would read that take, one after another, the pattern with the fewest."""
    waiting, bound, rows, total = [*scan.patterns], set[str](), 1.0, 0.0

    def fan_out(at: int) -> float:
        pattern = waiting[at]
        found = predicates[pattern.predicate]
        share = found.subjects if pattern.subject in bound else 1
        given = pattern.object[0] == "<" or pattern.object[1:] in bound
        return found.triples / share / (found.objects if given else 1)

    while waiting:
        at = min(range(len(waiting)), key=fan_out)
        rows *= fan_out(at)
        total += rows
        pattern = waiting.pop(at)
        bound |= {pattern.subject, *([pattern.object[1:]] if pattern.object[0] == "?" else [])}
    return total


class _Planner:
    def __init__(self, scan: Scan, predicates: dict[str, Predicate]) -> None:
        self._scan = scan
        self._places: dict[str, _Place] = {}
        self._tables: list[str] = []
        self._conditions: list[str] = []
        self._iris: list[str] = []
        for number, pattern in enumerate(scan.patterns):
            found = predicates[pattern.predicate]
            self._tables.append(f"p_{found.number} t{number}")
            self._bind(pattern.subject, _Place(f"t{number}.s", integer=False, iri=found.named))
            if pattern.object[0] == "?":
                self._bind(pattern.object[1:], _Place(f"t{number}.o", found.integers, found.iris))
            elif found.integers:
                raise DeclinedError  # no rows
            else:
                self._iris.append(pattern.object)
                self._conditions.append(f"t{number}.o = (SELECT id FROM terms WHERE term = ${len(self._iris)})")
        for comparison in scan.filters:
            place = self._place(comparison.variable)
            if not place.integer:
                raise DeclinedError
            self._conditions.append(f"{place.column} {comparison.operator} {comparison.number}")

    def _bind(self, name: str, place: _Place) -> None:
        known = self._places.get(name)
        if known is None:
            self._places[name] = place
            return
        if known.integer != place.integer:  # a term and a number are in different columns
            raise DeclinedError
        self._conditions.append(f"{known.column} = {place.column}")
        self._places[name] = known._replace(iri=known.iri or place.iri)

    def _place(self, name: str) -> _Place:
        if name not in self._places:
            raise DeclinedError
        return self._places[name]

    def plan(self) -> Plan:
        scan = self._scan
        columns, selected, checks = list[Column](), list[str](), list[str]()
        sortable: dict[str, str] = {}
        for name, aggregate in scan.columns.items():
            if aggregate is None:
                if name not in scan.keys:
                    raise DeclinedError
                place = self._place(name)
                selected.append(place.column)
                columns.append(Column(name, "integer" if place.integer else "term"))
                if place.integer or place.iri:
                    sortable[name] = place.column
                continue
            if name in self._places:  # SPARQL forbids to assign it
                raise DeclinedError
            kind, expression = self._aggregate(aggregate, checks)
            selected += expression
            columns.append(Column(name, kind))
            if aggregate.function in ("COUNT", "MIN", "MAX"):
                sortable[name] = expression[0]
        if not any(scan.columns.values()):
            raise DeclinedError
        keys = [self._place(name).column for name in scan.keys]
        order = []
        for name, descending in scan.order:
            if name not in sortable:
                raise DeclinedError
            order.append((sortable[name], " DESC" if descending else ""))
        # What SPARQL leaves free is put in some order, so that the same query has the same answer.
        ordering = [*(c + d for c, d in order), *keys]
        sql = (
            f"SELECT {', '.join([*selected, *(c for c, _ in order), *checks])} FROM {', '.join(self._tables)}"
            + (f" WHERE {' AND '.join(self._conditions)}" if self._conditions else "")
            + (f" GROUP BY {', '.join(dict.fromkeys(keys))}" if keys else "")
            + (f" ORDER BY {', '.join(ordering)}" if ordering else "")
            + (f" LIMIT {scan.limit + 1}" if scan.limit is not None else "")
        )
        return Plan(sql, tuple(self._iris), tuple(columns), len(order), scan.limit)

    def _aggregate(self, aggregate: Aggregate, checks: list[str]) -> tuple[str, list[str]]:
        """The kind of an aggregate's column, and the expressions that give it; all variables are bound."""
        if not aggregate.variable:
            return "integer", ["count(*)"]
        place = self._place(aggregate.variable)
        value = f"DISTINCT {place.column}" if aggregate.distinct else place.column
        if aggregate.function == "COUNT":
            return "integer", [f"count({value})"]
        if not place.integer or not self._scan.keys:  # without groups, no solutions still make a row
            raise DeclinedError
        match aggregate.function:
            case "SUM" | "AVG":
                of = f"DISTINCT abs({place.column})" if aggregate.distinct else f"abs({place.column})"
                if aggregate.distinct:  # -1 and 1 have the same absolute value
                    raise DeclinedError
                checks.append(f"sum({of})")
                if aggregate.function == "SUM":
                    return "integer", [f"sum({value})"]
                return "average", [f"sum({value})", f"count({value})"]
            case "MIN" | "MAX":
                return "integer", [f"{aggregate.function.lower()}({place.column})"]
        raise DeclinedError
