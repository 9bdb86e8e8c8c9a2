# ruff: noqa: S608 - the numbers of tables and the expressions are our own; terms are numbers or quoted
"""SELECT as SQL over the columns, where that gives exactly what SPARQL says: groups, aggregates, order, limits."""

from dataclasses import dataclass, replace
from typing import Final

from kg.columns.expressions import compiled, condition
from kg.columns.patterns import Asked, Patterns
from kg.columns.relations import Relation, columns
from kg.columns.statistics import Statistics
from kg.columns.syntax import Aggregate, DeclinedError, Exists, Expression, Select, Variable, has_aggregate
from kg.columns.values import Value, quotient

MOST_ROWS: Final = 200_000
"""Longer answers are declined: the row engine tells them faster."""

_LARGEST: Final = (1 << 63) - 1
_LARGEST_DECIMAL: Final = (1 << 127) - 1
_ORDERED: Final = frozenset(("integer", "decimal", "date", "dateTime", "string"))
_PLAIN_ORDER: Final = frozenset(("iri", "plain"))


@dataclass(frozen=True)
class Column:
    """A column of an answer: what its values are (`kg.columns.values.Value`), decimals times 10**scale."""

    name: str
    kind: str
    scale: int


@dataclass(frozen=True)
class Plan:
    """SQL whose rows are the answer's.

    unknown: the terms that the data do not have, by their numbers. predicates: the IRIs of those that are read; None if
    it may be any.
    """

    sql: str
    columns: tuple[Column, ...]
    unknown: dict[int, str]
    predicates: frozenset[str] | None


def plan(select: Select, statistics: Statistics) -> Plan:
    """The plan of a query over columns; raises DeclinedError."""
    asked = Asked(statistics)
    asked.selects = planner = _Planner(asked)
    sql, values = planner.select(select)
    told = tuple(Column(name, v.kind, v.scale) for name, v in values.items())
    unknown = {number: text for text, number in asked.unknown.items()}
    return Plan(sql, told, unknown, None if asked.all_predicates else frozenset(asked.predicates))


class _Planner:
    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def subquery(self, select: Select) -> Relation:
        if select.limit is not None or select.offset:
            raise DeclinedError  # which rows are left is free
        select = replace(select, order=[])
        core, values, _ = self._core(select)
        return Relation(core, values)

    def select(self, select: Select) -> tuple[str, dict[str, Value]]:
        """SQL with one column for each of the answer, and what they are."""
        core, values, order = self._core(select)
        selected = [f"c{n}{'i' if v.kind == 'term' else 'v'}" for n, v in enumerate(values.values())]
        keys = [f"{key} {'DESC NULLS LAST' if descending else 'ASC NULLS FIRST'}" for key, descending in order]
        if keys or select.limit is not None or select.offset:
            keys += selected  # what SPARQL leaves free is put in some order, so that pages of an answer fit together
        sql = f"SELECT {', '.join(selected)} FROM ({core}) q"
        sql += f" ORDER BY {', '.join(keys)}" if keys else ""
        sql += f" LIMIT {select.limit if select.limit is not None else MOST_ROWS + 1}"
        return sql + (f" OFFSET {select.offset}" if select.offset else ""), values

    def _core(self, select: Select) -> tuple[str, dict[str, Value], list[tuple[str, bool]]]:
        """The rows before they are sorted, and the columns by which they are."""
        scope = Patterns(self._asked)
        scope.add(select.where)
        if select.values is not None:
            if select.aggregated:
                raise DeclinedError  # which are joined with the groups
            scope.join(scope.values(select.values))
        rows: Patterns | _Groups = _Groups(scope, select) if select.aggregated else scope
        values = dict[str, Value]()
        shown = dict.fromkeys(name for name in scope.places if not Variable(name).hidden)
        every = dict.fromkeys((*(name for name in select.mentioned if name in shown), *shown))
        names = select.columns or [(name, None) for name in every]
        if not names or (select.aggregated and not select.columns):
            raise DeclinedError
        for name, expression in names:
            if expression is None:
                values[name] = rows.lookup(name)
                continue
            if name in scope.places or (value := compiled(expression, rows)).kind == "tagged":
                raise DeclinedError
            values[name] = value
            rows.places[name] = value
        order, further = self._order(select, rows, values)
        having = [condition(expression, rows) for expression in select.having]
        if having and not isinstance(rows, _Groups):
            raise DeclinedError
        sql = f"SELECT {'DISTINCT ' if select.distinct else ''}{', '.join([columns(values.values()), *further])}"
        sql += f" FROM {scope.source()}"
        if isinstance(rows, _Groups) and rows.keys:
            sql += f" GROUP BY {', '.join(dict.fromkeys(rows.keys))}"
        return sql + (f" HAVING {' AND '.join(having)}" if having else ""), values, order

    def _order(
        self, select: Select, rows: "Patterns | _Groups", values: dict[str, Value]
    ) -> tuple[list[tuple[str, bool]], list[str]]:
        order, further = [], list[str]()
        for expression, descending in select.order:
            value = compiled(expression, rows)
            if not (value.kind in _ORDERED or value.form in _PLAIN_ORDER or value.form.startswith("@")):
                raise DeclinedError
            if value.kind == "term" and value.first < 1:
                raise DeclinedError
            names = [n for n, name in enumerate(values) if expression == Variable(name)]
            if names:
                order.append((f"c{names[0]}{'i' if value.kind == 'term' else 'v'}", descending))
            elif select.distinct:
                raise DeclinedError
            else:
                order.append((f"k{len(further)}", descending))
                further.append(f"{value.sql} AS k{len(further)}")
        return order, further


class _Groups:
    """The groups of solutions: the scope of what is selected of them."""

    def __init__(self, solutions: Patterns, select: Select) -> None:
        self._solutions = solutions
        self.statistics = solutions.statistics
        self.places: dict[str, Value] = {}
        self.keys: list[str] = []
        self._known: dict[Expression, Value] = {}
        for expression, name in select.keys:
            value = compiled(expression, solutions)
            if value.kind == "tagged" or has_aggregate(expression):
                raise DeclinedError
            self.keys.append(value.sql)
            if value.kind != "term" and value.id:
                value = replace(value, id=f"any_value({value.id})")
            if name is not None:
                if name in solutions.places:
                    raise DeclinedError
                solutions.places[name] = value
            own = expression.name if isinstance(expression, Variable) else name
            if own is not None:
                self.places[own] = value
            if not isinstance(expression, Variable):
                self._known[expression] = value

    def lookup(self, name: str) -> Value:
        if name not in self.places:
            raise DeclinedError
        return self.places[name]

    def constant(self, text: str) -> int:
        return self._solutions.constant(text)

    def words(self, value: Value) -> str:
        raise DeclinedError

    def exists(self, exists: Exists) -> Value:
        raise DeclinedError

    def known(self, expression: Expression) -> Value | None:
        return self._known.get(expression)

    def aggregate(self, aggregate: Aggregate) -> Value:
        if aggregate.operand is None:
            return Value("integer", "count(*)")
        if has_aggregate(aggregate.operand):
            raise DeclinedError
        value = compiled(aggregate.operand, self._solutions)
        distinct = "DISTINCT " if aggregate.distinct else ""
        if value.kind == "tagged":
            raise DeclinedError
        total = Value("integer", f"count({distinct}{value.sql})")
        if aggregate.function == "COUNT":
            if value.nullable and not isinstance(aggregate.operand, Variable):  # of errors the row engine counts none
                failed = f"count(*) <> count({value.sql})"
                return replace(total, sql=f"(CASE WHEN {failed} THEN error('no value') ELSE {total.sql} END)")
            return total
        match aggregate.function:
            case "SUM" | "AVG" if value.kind in ("integer", "decimal"):
                return self._sum(aggregate, value, distinct, total)
            case "MIN" | "MAX" if value.kind in _ORDERED or value.form in _PLAIN_ORDER:
                if value.kind == "term" and value.first < 1:
                    raise DeclinedError
                function = aggregate.function.lower()
            case "SAMPLE":
                function = "min"
            case _:
                raise DeclinedError
        sql = f"{function}({value.sql})"
        # Without values, or with errors among them, the answer is for the row engine to say.
        checked = f"(CASE WHEN {self._incomplete(value)} THEN error('no value') ELSE {sql} END)"
        number = checked if value.kind == "term" else ""
        return replace(value, sql=checked, id=number, nullable=False)

    def _incomplete(self, value: Value) -> str:
        if value.nullable:
            return f"count(*) <> count({value.sql}) OR count(*) = 0"
        return "false" if self.keys else "count(*) = 0"

    def _sum(self, aggregate: Aggregate, value: Value, distinct: str, total: Value) -> Value:
        # The row engine adds in an order of its own: no order may leave the range.
        largest = _LARGEST if value.kind == "integer" else _LARGEST_DECIMAL // 10 ** (18 - value.scale)
        checks = f"{self._incomplete(value)} OR sum(abs({value.sql}::HUGEINT)) > {largest}::HUGEINT"
        found = Value(value.kind, f"sum({distinct}{value.sql})", scale=value.scale)
        if aggregate.function == "AVG":
            found = quotient(found, total)
        return replace(found, sql=f"(CASE WHEN {checks} THEN error('no sum') ELSE {found.sql} END)", nullable=False)
