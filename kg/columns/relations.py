# ruff: noqa: S608 - the expressions are our own
"""Rows of solutions as SQL: what subqueries, unions and values give, and how their variables agree with others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from kg.columns.syntax import DeclinedError
from kg.columns.values import Value

_NULLS: Final = {"string": "VARCHAR", "boolean": "BOOLEAN"}


@dataclass(frozen=True)
class Relation:
    """SQL with columns ``c0i`` (number of the term) and ``c0v`` (value) for the first variable, and so on."""

    sql: str
    values: dict[str, Value]

    def under(self, name: str) -> dict[str, Value]:
        """The values as columns of a table of that name."""
        return {
            variable: replace(
                value,
                sql=f"{name}.c{n}{'i' if value.kind == 'term' else 'v'}",
                id=f"{name}.c{n}i" if value.id else "",
            )
            for n, (variable, value) in enumerate(self.values.items())
        }


def equality(a: Value, b: Value) -> str:
    """The condition that two values of a variable are the same term."""
    if a.nullable or b.nullable:
        raise DeclinedError
    if a.id and b.id:
        return f"{a.id} = {b.id}"
    if a.kind != b.kind or a.scale != b.scale:
        raise DeclinedError
    return f"{a.sql} = {b.sql}"


def columns(values: Iterable[Value]) -> str:
    """What follows SELECT in a relation of these values."""
    found = []
    for n, value in enumerate(values):
        if value.id:
            found.append(f"{value.id} AS c{n}i")
        if value.kind != "term":
            found.append(f"{value.sql} AS c{n}v")
    return ", ".join(found)


def union(relations: Sequence[Relation]) -> Relation:
    """The rows of all; a variable that only some have has no value in the others."""
    if len(relations) == 1:
        return relations[0]
    names = [*dict.fromkeys(name for relation in relations for name in relation.values)]
    values = {name: _common([r.values[name] for r in relations if name in r.values], len(relations)) for name in names}
    parts = []
    for number, relation in enumerate(relations):
        own, selected = relation.under(f"u{number}"), []
        for n, (name, value) in enumerate(values.items()):
            given = own.get(name)
            if value.id:
                selected.append(f"{given.id if given else 'NULL::INTEGER'} AS c{n}i")
            if value.kind != "term":
                selected.append(f"{given.sql if given else 'NULL::' + _NULLS.get(value.kind, 'HUGEINT')} AS c{n}v")
        parts.append(f"SELECT {', '.join(selected) or '1'} FROM ({relation.sql}) u{number}")
    return Relation(" UNION ALL ".join(parts), values)


def _common(values: list[Value], branches: int) -> Value:
    """What some values of a variable have in common."""
    kinds, ids = {(v.kind, v.scale) for v in values}, all(v.id for v in values)
    if len(kinds) > 1 and not ids:
        raise DeclinedError
    (kind, scale), *others = kinds
    nullable = len(values) < branches or any(v.nullable for v in values)
    number = "there" if ids else ""
    first, last = min(v.first for v in values), max(v.last for v in values)
    forms = {v.form for v in values}
    return Value(
        "term" if others else kind,
        "",
        number,
        0 if others else scale,
        nullable,
        first,
        last,
        forms.pop() if len(forms) == 1 else "",
    )
