"""The parts of queries that columns may answer (SPARQL 1.1 Query, section 18.2), as `kg.columns.reading` finds them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias


class DeclinedError(Exception):
    """The row engine is to answer."""


@dataclass(frozen=True)
class Variable:
    """A variable, without its question mark; names with a point are those of blank nodes and paths."""

    name: str

    @property
    def hidden(self) -> bool:
        """Whether no query can name it."""
        return "." in self.name


@dataclass(frozen=True)
class Term:
    """An IRI or a literal, as N-Triples."""

    text: str


@dataclass(frozen=True)
class Call:
    """An operator or function in capitals, of expressions."""

    name: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True)
class Aggregate:
    """COUNT, SUM, AVG, MIN, MAX or SAMPLE of an expression, or COUNT of all (None); perhaps of distinct values."""

    function: str
    operand: Expression | None
    distinct: bool


@dataclass(frozen=True)
class Exists:
    """EXISTS or NOT EXISTS of a group."""

    group: Group
    negated: bool


Node: TypeAlias = Variable | Term
Expression: TypeAlias = Variable | Term | Call | Aggregate | Exists


@dataclass(frozen=True)
class Triple:
    """A triple pattern."""

    subject: Node
    predicate: Node
    object: Node


@dataclass(frozen=True)
class Filter:
    """FILTER, which concerns the whole of its group."""

    condition: Expression


@dataclass(frozen=True)
class Bind:
    """BIND."""

    expression: Expression
    name: str


@dataclass(frozen=True)
class Optional:
    """OPTIONAL."""

    group: Group


@dataclass(frozen=True)
class Minus:
    """MINUS."""

    group: Group


@dataclass(frozen=True)
class Union:
    """Groups side by side; one alone is a group in braces."""

    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Values:
    """VALUES, without UNDEF."""

    names: tuple[str, ...]
    rows: tuple[tuple[Term, ...], ...]


@dataclass(frozen=True)
class Group:
    """The elements between braces, in their order; a subquery is its only element."""

    elements: tuple[Element, ...]


@dataclass
class Select:
    """SELECT; `columns` are names with their expressions (None for a variable itself), none for ``*``.

    mentioned: of the whole query, its variables in the order in which it first names them: that of ``*``.
    """

    columns: list[tuple[str, Expression | None]] = field(default_factory=list)
    distinct: bool = False
    where: Group = field(default_factory=lambda: Group(()))
    keys: list[tuple[Expression, str | None]] = field(default_factory=list)
    having: list[Expression] = field(default_factory=list)
    order: list[tuple[Expression, bool]] = field(default_factory=list)
    limit: int | None = None
    offset: int = 0
    values: Values | None = None
    mentioned: tuple[str, ...] = ()

    @property
    def aggregated(self) -> bool:
        """Whether its rows are groups."""
        told = [e for _, e in self.columns if e is not None] + self.having + [e for e, _ in self.order]
        return bool(self.keys) or any(has_aggregate(e) for e in told)


Element: TypeAlias = Triple | Filter | Bind | Optional | Minus | Union | Values | Select


def has_aggregate(expression: Expression) -> bool:
    """Whether there is an aggregate in it."""
    if isinstance(expression, Call):
        return any(has_aggregate(o) for o in expression.operands)
    return isinstance(expression, Aggregate)


def has_exists(expression: Expression) -> bool:
    """Whether there is EXISTS in it."""
    if isinstance(expression, Call):
        return any(has_exists(o) for o in expression.operands)
    return isinstance(expression, Exists)


def mentioned(expression: Expression) -> set[str]:
    """The names of the variables in an expression, without those in EXISTS."""
    if isinstance(expression, Variable):
        return {expression.name}
    if isinstance(expression, Call):
        return set[str]().union(*(mentioned(o) for o in expression.operands))
    if isinstance(expression, Aggregate) and expression.operand is not None:
        return mentioned(expression.operand)
    return set()
