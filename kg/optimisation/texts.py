"""The texts of patterns that were rewritten; those that were not stay as they are written."""

from collections.abc import Iterable, Iterator
from typing import Final

from kg.citations.algebra import (
    Bind,
    Element,
    Filter,
    Graph,
    Group,
    Minus,
    Optional,
    Query,
    Select,
    Service,
    Subquery,
    Triple,
    Union,
    Values,
    mentions,
    path_terms,
)
from kg.citations.plan import select_text
from kg.engine.lexer import lex

CHANCE: Final = frozenset(("RAND", "UUID", "STRUUID", "BNODE"))
"""Functions that give another value each time."""


def group_of(elements: Iterable[Element]) -> Group:
    """A group of these elements, with its text."""
    parts = tuple(elements)
    return Group(parts, f"{{ {' '.join(map(_text, parts))} }}")


def _text(element: Element) -> str:  # noqa: PLR0911 - one for each kind
    match element:
        case Triple():
            return f"{element.subject} {element.text} {element.object} ."
        case Optional():
            return f"OPTIONAL {element.group.text}"
        case Union():
            return " UNION ".join(branch.text for branch in element.branches)
        case Minus():
            return f"MINUS {element.group.text}"
        case Graph():
            return f"GRAPH {element.name} {element.group.text}"
        case Subquery():
            return f"{{ {select_text(element.select)} }}"
        case Filter() | Bind() | Values() | Service():
            return element.text


def is_plain(element: Filter) -> bool:
    """Whether a filter has no EXISTS."""
    return element.condition is None


def has_chance(select: Select) -> bool:
    """Whether the solutions of a SELECT, or its groups, depend on functions that give another value for each."""
    texts = (select.where.text, *(key.text for key in select.keys))
    return any(str(token).upper() in CHANCE for text in texts for token in lex(text))


def places(triple: Triple) -> list[str]:
    """The variables of a triple pattern, as often as they stand in it."""
    return [t for t in (triple.subject, *path_terms(triple.path), triple.object) if t[0] == "?"]


def mentioned(query: Query) -> Iterator[str]:
    """The variables of a query, as often as they stand in its patterns and in all else."""
    for terms in query.template:
        yield from (t for t in terms if t[0] == "?")
    yield from _of_select(query.select)


def _of_select(select: Select) -> Iterator[str]:
    for expression, variable in select.projection:
        yield from (*mentions(expression), variable)
    for key in select.keys:
        yield from mentions(f"{key.text} {key.variable}")
    yield from mentions(f"{select.having} {select.order} {select.values}")
    yield from _of_group(select.where)


def _of_group(group: Group) -> Iterator[str]:
    for element in group.elements:
        match element:
            case Triple():
                yield from places(element)
            case Optional() | Minus():
                yield from _of_group(element.group)
            case Graph():
                yield from mentions(element.name)
                yield from _of_group(element.group)
            case Union():
                for branch in element.branches:
                    yield from _of_group(branch)
            case Subquery():
                yield from _of_select(element.select)
            case Filter() | Bind() | Values() | Service():
                yield from mentions(element.text)


def shows_all(query: Query) -> bool:
    """Whether a SELECT * in it shows any variable of a pattern."""
    return query.select.star or any(
        element.select.star
        for group in _groups(query.select.where)
        for element in group.elements
        if isinstance(element, Subquery)
    )


def _groups(group: Group) -> Iterator[Group]:
    yield group
    for element in group.elements:
        match element:
            case Optional() | Minus() | Graph():
                yield from _groups(element.group)
            case Union():
                for branch in element.branches:
                    yield from _groups(branch)
            case Subquery():
                yield from _groups(element.select.where)
            case _:
                pass
