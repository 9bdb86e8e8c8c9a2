# ruff: noqa: S608 - the numbers of tables and the expressions are our own; terms are numbers or quoted
"""Groups of patterns as SQL: what is joined, under which conditions, and where the variables have their values.

As SPARQL 1.1 Query, section 18.2.2, says of groups, but for what is declined: joins of variables that may be unbound.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from kg.columns.expressions import compiled, condition
from kg.columns.relations import Relation, columns, equality, union
from kg.columns.statistics import ANY, Predicate, Statistics
from kg.columns.syntax import (
    Aggregate,
    Bind,
    DeclinedError,
    Exists,
    Expression,
    Filter,
    Group,
    Minus,
    Node,
    Optional,
    Select,
    Term,
    Triple,
    Union,
    Values,
    Variable,
    has_exists,
    mentioned,
)
from kg.columns.values import Value

TYPE: Final = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_MOST_TABLES: Final = 300
"""Patterns with a variable for a predicate read so many predicates at most."""


class Selects(Protocol):
    """Who makes SQL of subqueries."""

    def subquery(self, select: Select) -> "Relation":
        """The rows of a subquery."""


@dataclass
class Asked:
    """What the parts of a query share: names of tables, terms that the data do not have, predicates that are read."""

    statistics: Statistics
    selects: Selects | None = None
    unknown: dict[str, int] = field(default_factory=dict)
    predicates: set[str] = field(default_factory=set)
    all_predicates: bool = False
    _names: int = 0

    def name(self) -> str:
        """A name that no other table has."""
        self._names += 1
        return f"t{self._names}"

    def constant(self, text: str) -> int:
        """The number of a term."""
        found = self.statistics.dictionary.find(text)
        return found if found is not None else self.unknown.setdefault(text, -1 - len(self.unknown))


class Patterns:
    """A group under way. It is the scope of its expressions (`kg.columns.values.Scope`)."""

    def __init__(self, asked: Asked) -> None:
        """Of a query."""
        self.asked = asked
        self.statistics = asked.statistics
        self.places: dict[str, Value] = {}
        self.tables: list[str] = []
        self.conditions: list[str] = []
        self._shared: dict[tuple[int, Node], str] = {}
        self._words: dict[str, str] = {}
        self._closed = False

    # The scope of expressions

    def lookup(self, name: str) -> Value:
        """The value of a variable."""
        if name not in self.places:
            raise DeclinedError
        return self.places[name]

    def constant(self, text: str) -> int:
        """The number of a term."""
        return self.asked.constant(text)

    def words(self, value: Value) -> str:
        """What a term says, from the table of terms."""
        if value.first < 1 or self._closed:
            raise DeclinedError
        if value.id not in self._words:
            name = self._words[value.id] = self.asked.name()
            self.tables.append(f"LEFT JOIN terms {name} ON {name}.id = {value.id}")
        return f"{self._words[value.id]}.words"

    def aggregate(self, aggregate: Aggregate) -> Value:
        """There are none here."""
        raise DeclinedError

    def exists(self, exists: Exists) -> Value:
        """Whether a group of triple patterns and filters, which use its own variables, has solutions."""
        for element in exists.group.elements:
            if not isinstance(element, Triple | Filter):
                raise DeclinedError
            if isinstance(element, Filter) and has_exists(element.condition):  # which would see the variables of both
                raise DeclinedError
        inner = Patterns(self.asked)
        inner.add(exists.group)
        equal = self._equalities(inner.places)
        sql = f"EXISTS (SELECT 1 FROM {inner.source(equal)})"
        return Value("boolean", f"(NOT {sql})" if exists.negated else f"({sql})")

    def known(self, expression: Expression) -> Value | None:
        """None: nothing is grouped."""

    # The patterns

    def source(self, further: Sequence[str] = ()) -> str:
        """What follows FROM."""
        conditions = [*self.conditions, *further]
        return " ".join(self.tables or ["(SELECT 1)"]) + (f" WHERE {' AND '.join(conditions)}" if conditions else "")

    def add(self, group: Group) -> None:
        """Joins a group, with its filters."""
        for expression in self._join_all(group):
            self.conditions.append(condition(expression, self))

    def _join_all(self, group: Group) -> list[Expression]:
        """Joins a group but for its filters, which are returned."""
        filters, triples = list[Expression](), list[Triple]()
        for element in group.elements:
            if isinstance(element, Triple):
                triples.append(element)
                continue
            if isinstance(element, Filter):
                filters.append(element.condition)
                continue
            self._join_triples(triples)
            triples.clear()
            match element:
                case Bind(expression, name):
                    self._bind_expression(expression, name)
                case Optional(inner):
                    self._join_optional(inner)
                case Minus(inner):
                    self._subtract(inner)
                case Union(groups):
                    self.join(union([self._relation(inner) for inner in groups]))
                case Values():
                    self.join(self.values(element))
                case Select():
                    assert self.asked.selects
                    self.join(self.asked.selects.subquery(element))
        self._join_triples(triples)
        return filters

    def _relation(self, group: Group) -> Relation:
        if len(group.elements) == 1 and isinstance(group.elements[0], Select):
            assert self.asked.selects
            return self.asked.selects.subquery(group.elements[0])
        inner = Patterns(self.asked)
        inner.add(group)
        return inner.relation()

    def relation(self) -> Relation:
        """The solutions, of all variables."""
        return Relation(f"SELECT {columns(self.places.values()) or '1'} FROM {self.source()}", dict(self.places))

    def values(self, values: Values) -> Relation:
        """VALUES."""
        rows = ", ".join(f"({', '.join(str(self.constant(t.text)) for t in row)})" for row in values.rows)
        names = ", ".join(f"c{n}i" for n in range(len(values.names)))
        return Relation(
            f"SELECT * FROM (VALUES {rows}) {self.asked.name()}({names})",
            {name: Value("term", "", "there") for name in values.names},
        )

    def join(self, relation: Relation) -> None:
        """Joins the rows of a relation."""
        name = self.asked.name()
        self._table(f"({relation.sql}) {name}")
        for variable, value in relation.under(name).items():
            self._bind(Variable(variable), value)

    def _table(self, table: str) -> None:
        self.tables.append(f"CROSS JOIN {table}" if self.tables else table)

    def _equalities(self, others: dict[str, Value]) -> list[str]:
        """The conditions under which solutions of others agree with those here in all variables that both have."""
        shared = [name for name in others if name in self.places]
        return [equality(self.places[name], others[name]) for name in shared]

    def _bind_expression(self, expression: Expression, name: str) -> None:
        value = compiled(expression, self)
        if name in self.places or value.kind == "tagged":
            raise DeclinedError
        self.places[name] = value

    def _join_optional(self, group: Group) -> None:
        inner = Patterns(self.asked)
        late = list[Expression]()
        for expression in inner._join_all(group):
            if has_exists(expression):  # which would see the variables outside
                raise DeclinedError
            if mentioned(expression) <= {*inner.places}:
                inner.conditions.append(condition(expression, inner))
            else:
                late.append(expression)
        name, relation = self.asked.name(), inner.relation()
        others = relation.under(name)
        agreeing = self._equalities(others)
        if late:
            both = Patterns(self.asked)
            both.places, both._closed = {**others, **self.places}, True
            agreeing += [condition(expression, both) for expression in late]
        if not self.tables:
            self.tables.append("(SELECT 1)")
        self.tables.append(f"LEFT JOIN ({relation.sql}) {name} ON {' AND '.join(agreeing) or 'true'}")
        for variable, value in others.items():
            self.places.setdefault(variable, replace(value, nullable=True))

    def _subtract(self, group: Group) -> None:
        inner = Patterns(self.asked)
        inner.add(group)
        if equal := self._equalities(inner.places):
            self.conditions.append(f"NOT EXISTS (SELECT 1 FROM {inner.source(equal)})")

    def _join_triples(self, triples: Sequence[Triple]) -> None:
        tables = {
            (found.table, t.subject)
            for t in triples
            if t.object != t.subject and (found := self._predicate(t.predicate)) is not None
        }
        for triple in triples:
            if triple.predicate == Term(TYPE) and isinstance(triple.object, Term):
                number = self.constant(triple.object.text)
                own = self._predicate(triple.predicate)
                if any(
                    (table, number) in self.statistics.implied and own is not None and table != own.table
                    for table, subject in tables
                    if subject == triple.subject
                ):
                    self.asked.predicates.add(TYPE[1:-1])
                    continue
            self._join_triple(triple)

    def _predicate(self, node: Node) -> Predicate | None:
        return self.statistics.predicates.get(node.text[1:-1]) if isinstance(node, Term) else None

    def _join_triple(self, triple: Triple) -> None:
        if isinstance(triple.predicate, Variable):
            self._join_any(triple)
            return
        self.asked.predicates.add(triple.predicate.text[1:-1])
        found = self._predicate(triple.predicate)
        if found is None:
            name = self.asked.name()
            self._table(f"(SELECT 0 AS s, 0 AS o WHERE false) {name}")
            self._bind(triple.subject, Value("term", f"{name}.s", f"{name}.s"))
            self._bind(triple.object, Value("term", f"{name}.o", f"{name}.o"))
            return
        known = self._shared.get((found.table, triple.subject)) if found.functional else None
        name = known or self.asked.name()
        if known is None:
            self._table(f"g_{found.table} {name}")
            if found.functional:
                self._shared[found.table, triple.subject] = name
            self._bind(triple.subject, self._term(f"{name}.s", found.first_subject, found.last_subject))
        value = self._term(f"{name}.o_{found.number}", found.first, found.last)
        if found.kind != "term":
            value = replace(value, kind=found.kind, sql=f"{name}.v_{found.number}", scale=found.scale)
        self._bind(triple.object, value)

    def _term(self, sql: str, first: int, last: int) -> Value:
        return Value("term", sql, sql, first=first, last=last, form=self.statistics.form(first, last))

    def _join_any(self, triple: Triple) -> None:
        predicates = self.statistics.predicates.values()
        if len(predicates) > _MOST_TABLES:
            raise DeclinedError
        self.asked.all_predicates = True
        name = self.asked.name()
        parts = (f"SELECT s, {p.id} AS p, o_{p.number} AS o FROM g_{p.table}" for p in predicates)
        self._table(f"({' UNION ALL '.join(parts)}) {name}")
        ids = [p.id for p in predicates]
        subjects = min(p.first_subject for p in predicates), max(p.last_subject for p in predicates)
        self._bind(triple.subject, self._term(f"{name}.s", *subjects))
        self._bind(triple.predicate, self._term(f"{name}.p", min(ids), max(ids)))
        objects = min(p.first for p in predicates), max(p.last for p in predicates)
        self._bind(triple.object, self._term(f"{name}.o", *objects))

    def _bind(self, node: Node, value: Value) -> None:
        if isinstance(node, Term):
            self.conditions.append(f"{value.id} = {self.constant(node.text)}")
            return
        known = self.places.get(node.name)
        if known is None:
            self.places[node.name] = value
            return
        self.conditions.append(equality(known, value))
        first, last = max(known.first, value.first), min(known.last, value.last)
        best = value if known.kind == "term" and value.kind != "term" else known
        self.places[node.name] = replace(
            best, first=first, last=last, form=self.statistics.form(first, last) if first > -ANY else ""
        )
