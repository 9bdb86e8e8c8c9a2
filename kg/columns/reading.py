"""Recognises the queries that columns may answer: one basic graph pattern, filters of numbers, groups, order, limit.

Whoever uses the result has the engine's own parser check the text first: this one knows the meaning of some queries,
and not which texts are no SPARQL.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from lark import Token

from kg.engine.lexer import lex

_SURELY_NOT: Final = re.compile(
    r"\b(?:OPTIONAL|UNION|GRAPH|MINUS|SERVICE|VALUES|EXISTS|CONSTRUCT|ASK|DESCRIBE|FROM|BASE|HAVING|BIND|OFFSET"
    r"|REDUCED|SAMPLE|GROUP_CONCAT)\b",
    re.IGNORECASE,
)
_AGGREGATE: Final = re.compile(r"\b(?:COUNT|SUM|AVG|MIN|MAX)\s*\(", re.IGNORECASE)
_COMPARISONS: Final = {"EQUAL": "=", "UNEQUAL": "<>", "LESS": "<", "GREATER": ">", "AT_MOST": "<=", "AT_LEAST": ">="}
_INTEGER: Final = re.compile(r"\d{1,18}")
_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


class DeclinedError(Exception):
    """The row engine is to answer."""


@dataclass(frozen=True)
class Pattern:
    """A triple pattern: the name of a variable, the IRI of a predicate, and a variable (``?name``) or IRI (``<…>``)."""

    subject: str
    predicate: str
    object: str


@dataclass(frozen=True)
class Aggregate:
    """An aggregate: COUNT, SUM, AVG, MIN or MAX of a variable, of none (``*``), perhaps of distinct values."""

    function: str
    variable: str
    distinct: bool


@dataclass(frozen=True)
class Comparison:
    """A filter: a variable, an operator of SQL, an integer."""

    variable: str
    operator: str
    number: int


@dataclass
class Scan:
    """A query. `columns` are variables (None) and aggregates by name, `order` has names and whether they descend."""

    columns: dict[str, Aggregate | None] = field(default_factory=dict)
    patterns: list[Pattern] = field(default_factory=list)
    filters: list[Comparison] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    order: list[tuple[str, bool]] = field(default_factory=list)
    limit: int | None = None


def may_be_scan(query: str) -> bool:
    """A quick look, of some microseconds: False for what `read` would surely decline."""
    return _AGGREGATE.search(query) is not None and _SURELY_NOT.search(query) is None


def read(query: str) -> Scan:
    """The query; raises DeclinedError for all that is not surely understood."""
    return _Reader(query).scan()


class _Reader:
    def __init__(self, query: str) -> None:
        self._tokens: Iterator[Token] = lex(query)
        self._prefixes: dict[str, str] = {}
        self._next = next(self._tokens, None)

    @property
    def _kind(self) -> str:
        return self._next.type if self._next is not None else ""

    def _take(self, *kinds: str) -> Token:
        token = self._next
        if token is None or token.type not in kinds:
            raise DeclinedError
        self._next = next(self._tokens, None)
        return token

    def _takes(self, *kinds: str) -> bool:
        if self._kind in kinds:
            self._take(*kinds)
            return True
        return False

    def scan(self) -> Scan:
        scan = Scan()
        while self._takes("PREFIX"):
            name, iri = self._take("PREFIXED"), self._take("IRI")
            self._prefixes[name[:-1]] = _absolute(iri[1:-1])
        self._take("SELECT")
        while self._kind != "LBRACE" and not self._takes("WHERE"):
            self._column(scan)
        self._take("LBRACE")
        self._group(scan)
        if self._takes("GROUP"):
            self._take("BY")
            while self._kind == "VARIABLE":
                scan.keys.append(self._variable())
        if self._takes("ORDER"):
            self._take("BY")
            while self._kind in ("ASC", "DESC", "VARIABLE"):
                scan.order.append(self._ordering())
        if self._takes("LIMIT"):
            scan.limit = self._number()
        if self._next is not None:
            raise DeclinedError
        return scan

    def _variable(self) -> str:
        return self._take("VARIABLE")[1:]

    def _number(self) -> int:
        number = self._take("NUMBER")
        if not _INTEGER.fullmatch(number):
            raise DeclinedError
        return int(number)

    def _column(self, scan: Scan) -> None:
        if self._kind == "VARIABLE":
            name, aggregate = self._variable(), None
        else:
            self._take("LPAR")
            function = str(self._take("COUNT", "AGGREGATE")).upper()
            self._take("LPAR")
            distinct = self._takes("DISTINCT")
            variable = "" if self._kind == "STAR" else self._variable()
            if not variable:
                self._take("STAR")
                if distinct or function != "COUNT":
                    raise DeclinedError
            self._take("RPAR")
            self._take("AS")
            name, aggregate = self._variable(), Aggregate(function, variable, distinct)
            self._take("RPAR")
        if name in scan.columns:
            raise DeclinedError
        scan.columns[name] = aggregate

    def _ordering(self) -> tuple[str, bool]:
        if self._kind == "VARIABLE":
            return self._variable(), False
        descending = self._take("ASC", "DESC").type == "DESC"
        self._take("LPAR")
        name = self._variable()
        self._take("RPAR")
        return name, descending

    def _group(self, scan: Scan) -> None:
        while not self._takes("RBRACE"):
            if self._takes("FILTER"):
                self._filter(scan)
                self._takes("DOT")
                continue
            self._subject(scan)
            if not self._takes("DOT") and self._kind not in ("FILTER", "RBRACE"):
                raise DeclinedError

    def _subject(self, scan: Scan) -> None:
        subject = self._variable()
        while True:
            predicate = _TYPE if self._takes("A") else self._iri()
            while True:
                value = f"?{self._variable()}" if self._kind == "VARIABLE" else f"<{self._iri()}>"
                scan.patterns.append(Pattern(subject, predicate, value))
                if not self._takes("COMMA"):
                    break
            if not self._takes("SEMICOLON"):
                return

    def _filter(self, scan: Scan) -> None:
        self._take("LPAR")
        while True:
            variable = self._variable()
            operator = _COMPARISONS[self._take(*_COMPARISONS).type]
            sign = -1 if self._takes("MINUS") else 1
            scan.filters.append(Comparison(variable, operator, sign * self._number()))
            if not self._takes("DOUBLE_AMPERSAND"):
                break
        self._take("RPAR")

    def _iri(self) -> str:
        token = self._take("IRI", "PREFIXED")
        if token.type == "IRI":
            return _absolute(token[1:-1])
        prefix, _, local = token.partition(":")
        if prefix not in self._prefixes or "\\" in local:
            raise DeclinedError
        return self._prefixes[prefix] + local


def _absolute(iri: str) -> str:
    """An IRI that resolving leaves as it is; others are declined."""
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://[^/]", iri) or "\\" in iri or "/." in iri:
        raise DeclinedError
    return iri
