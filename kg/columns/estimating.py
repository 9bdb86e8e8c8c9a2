"""Estimates what the row engine would read for a query: below some thousands of rows it is faster than columns."""

from collections.abc import Iterable
from math import inf, prod
from typing import Final

from kg.columns.statistics import Statistics
from kg.columns.syntax import (
    Element,
    Exists,
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
)

LEAST_ROWS: Final = 2000
"""Queries for which the row engine reads fewer rows, as estimated, are declined."""

_MOST_ROWS: Final = 200_000
_SURELY_MUCH: Final = 1_000_000
"""So much takes the row engine so long that columns are tried, whatever is told."""

_PER_ROW: Final = 3
"""So many rows must be read for each that is told, where rows are told as they are found: telling costs more here."""


def worthwhile(select: Select, statistics: Statistics, least: int = LEAST_ROWS) -> bool:
    """Whether columns are probably faster."""
    read, found = _cost(select.where, statistics)
    filtered = 4 ** sum(isinstance(e, Filter) for e in select.where.elements)
    if select.values is not None:
        return read >= least
    if select.aggregated or select.distinct:
        return read >= least
    if select.order and select.limit is not None:
        return read >= least
    if select.limit is not None and found > select.limit:  # the row engine stops there
        read *= (select.limit + select.offset) / found
        return read >= 10 * least
    if read >= _SURELY_MUCH or least == 0:
        return True
    told = found / filtered
    return read >= least and told <= _MOST_ROWS and (read >= _PER_ROW * told or bool(select.order))


def _cost(group: Group, statistics: Statistics) -> tuple[float, float]:
    """About how many rows are read, and how many solutions there are."""
    triples, known = list[Triple](), dict[str, float]()
    read, parts = 0.0, list[float]()
    for element in _flat(group.elements):
        match element:
            case Triple():
                triples.append(element)
            case Values(names, rows):
                known.update(dict.fromkeys(names, 1.0))
                parts.append(len(rows))
            case Union(groups):
                costs = [_cost(inner, statistics) for inner in groups]
                read += sum(cost for cost, _ in costs)
                if not triples:
                    parts.append(sum(found for _, found in costs))
            case Select():
                cost, found = _cost(element.where, statistics)
                read += cost
                parts.append(found if not element.aggregated else found**0.5)
            case Minus(inner) | Filter(Exists(inner, _)):
                read += _cost(inner, statistics)[0]
    if not triples:
        return read, prod(parts)
    joined, found = _joined(triples, {*known}, prod(parts), statistics)
    return read + joined, found


def _flat(elements: Iterable[Element]) -> Iterable[Element]:
    """The elements, with those of OPTIONAL and of groups alone."""
    for element in elements:
        match element:
            case Optional(inner):
                yield from _flat(inner.elements)
            case Union((inner,)):
                yield from _flat(inner.elements)
            case _:
                yield element


def _joined(waiting: list[Triple], bound: set[str], rows: float, statistics: Statistics) -> tuple[float, float]:
    """The rows that nested loops read that take, one after another, the pattern with the fewest."""
    total = 0.0

    def given(node: Node) -> bool:
        return isinstance(node, Term) or node.name in bound

    def fan_out(triple: Triple) -> float:
        if isinstance(triple.predicate, Variable):
            every = statistics.predicates.values()
            triples, subjects = sum(p.triples for p in every), max(p.subjects for p in every)
            objects = max(p.objects for p in every)
        else:
            found = statistics.predicates.get(triple.predicate.text[1:-1])
            if found is None:
                return 1.0 if given(triple.subject) or given(triple.object) else 0.0
            triples, subjects, objects = found.triples, found.subjects, found.objects
        return triples / (subjects if given(triple.subject) else 1) / (objects if given(triple.object) else 1)

    while waiting:
        best = min(waiting, key=lambda triple: fan_out(triple) or inf)
        rows *= fan_out(best)
        total += rows
        waiting.remove(best)
        bound |= {n.name for n in (best.subject, best.predicate, best.object) if isinstance(n, Variable)}
    return total, rows
