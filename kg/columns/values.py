"""Values of SPARQL as SQL over columns: NULL is an error or no value, as in the logic of three values.

What is not surely the same in both (SPARQL 1.1 Query, section 17) is declined; what only the data can tell raises an
error while the SQL runs, by ``error()``, and is declined then.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from kg.columns.statistics import ANY, Statistics
from kg.columns.syntax import Aggregate, DeclinedError, Exists, Expression

NUMBERS: Final = ("integer", "decimal")
POINTS: Final = ("date", "dateTime")

_DIGITS: Final = 18
"""Digits after the point that a decimal of the row engine has."""


@dataclass(frozen=True)
class Value:
    """An expression in SQL.

    kind: ``term`` (its number), ``integer``, ``decimal`` (times 10**scale), ``date``, ``dateTime`` (the digits),
    ``string``, ``tagged`` (what a string with a language says) or ``boolean``. id: the number of the term, if there is
    one. first, last: between which numbers. form: `kg.columns.statistics.Statistics.form`. nullable: whether it
    may have no value.
    """

    kind: str
    sql: str
    id: str = ""
    scale: int = 0
    nullable: bool = False
    first: int = -ANY
    last: int = ANY
    form: str = ""


class Scope(Protocol):
    """Where an expression stands."""

    @property
    def statistics(self) -> Statistics:
        """Of the data."""

    def lookup(self, name: str) -> Value:
        """The value of a variable; raises DeclinedError for one without."""

    def constant(self, text: str) -> int:
        """The number of a term, negative where the data do not have it."""

    def words(self, value: Value) -> str:
        """What the term of a value says, as SQL; raises DeclinedError where that cannot be asked."""

    def aggregate(self, aggregate: Aggregate) -> Value:
        """An aggregate of the group; raises DeclinedError where there are no groups."""

    def exists(self, exists: Exists) -> Value:
        """Whether a group has solutions."""

    def known(self, expression: Expression) -> Value | None:
        """The value of an expression by which is grouped."""


def quoted(text: str) -> str:
    """A string in SQL."""
    if "\0" in text:
        raise DeclinedError
    return "'" + text.replace("'", "''") + "'"


def scaled(value: Value, scale: int) -> str:
    """A number times 10**scale, as SQL."""
    return value.sql if value.scale == scale else f"({value.sql}::HUGEINT * {10 ** (scale - value.scale)})"


def quotient(a: Value, b: Value) -> Value:
    """The quotient of integers as a decimal of 18 digits after the point, cut off, as the row engine has it."""
    if a.kind != "integer" or b.kind != "integer":
        raise DeclinedError
    sql = f"(CASE WHEN {b.sql} <> 0 THEN {a.sql}::HUGEINT * {10**_DIGITS}::HUGEINT // {b.sql}::HUGEINT END)"
    return Value("decimal", sql, scale=_DIGITS, nullable=True)
