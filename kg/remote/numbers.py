"""Which expressions of a query are numbers, or have no value, by their form: whatever the data are.

Engines that take text for 0 in sums, or join it, are not trusted with others (`kg.remote.distrust`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from lark import Token, Tree

from kg.engine.syntax import Node, tokens
from ontology.namespaces import PREFIXES

_XSD: Final = PREFIXES["xsd"]
_CASTS: Final = frozenset(_XSD + name for name in ("decimal", "double", "float", "integer"))
_NUMERIC: Final = frozenset(
    ("STRLEN", "ABS", "ROUND", "CEIL", "FLOOR", "RAND", "YEAR", "MONTH", "DAY", "HOURS", "MINUTES", "SECONDS")
)
_COUNTING: Final = frozenset(("COUNT", "SUM", "AVG"))
_CHOOSING: Final = frozenset(("MIN", "MAX", "SAMPLE"))
_APART: Final = frozenset(("UNION", "OPTIONAL", "MINUS_PATTERN", "EXISTS"))
_OPERATORS: Final = frozenset(("PLUS", "MINUS", "STAR", "SLASH"))


class Numbers:
    """Tells of the expressions of one query; `iri` tells that of a name."""

    def __init__(self, tree: Tree[Token], iri: Callable[[Token], str]) -> None:
        self._iri = iri
        placed = [*_placed(tree)]
        bound: dict[str, list[_Place]] = defaultdict(list)
        for node, place in placed:
            for name in _bound(node):
                bound[name].append(place)

        def told(name: str, place: _Place) -> bool:
            return all(_covers(place, each, name) for each in bound[name])

        self._variables = {str(v) for node, place in placed for v in _said_to_be(node) if told(str(v), place)}
        for node, place in placed:
            match node.children:
                case [*_, Tree() as value, Token(type="AS"), Token(type="VARIABLE") as name, _] if self.is_number(
                    value
                ) and told(str(name), place):
                    self._variables.add(str(name))

    def is_doubtful(self, node: Tree[Token]) -> bool:
        """Whether it is an operator of arithmetic with an operand that may be no number."""
        if node.data not in ("sum", "product", "unary"):
            return False
        signs = {child.type for child in node.children if isinstance(child, Token)}
        return bool(signs & _OPERATORS) and not all(self.is_number(c) for c in node.children if isinstance(c, Tree))

    def is_computed(self, node: Node) -> bool:
        """Whether there is an operator of arithmetic in it."""
        if isinstance(node, Token):
            return False
        signs = {child.type for child in node.children if isinstance(child, Token)}
        own = node.data in ("sum", "product", "unary") and bool(signs & _OPERATORS)
        return own or any(map(self.is_computed, node.children))

    def is_number(self, node: Node) -> bool:
        """Whether an expression is a number by its form, or an error."""
        if isinstance(node, Token):
            return node.type == "NUMBER" or (node.type == "VARIABLE" and str(node) in self._variables)
        kind, parts = str(node.data), node.children
        if kind in ("sum", "product", "unary") and len(parts) > 1:
            return str(parts[0]) != "!"  # the operands are asked for where they stand
        if kind == "bracketted":
            return self.is_number(parts[1])
        if kind == "builtin_call":
            return self._is_numeric_call(node)
        if kind == "iri_or_function" and len(parts) > 1:
            (name,) = parts[0].children if isinstance(parts[0], Tree) else (parts[0],)
            return isinstance(name, Token) and self._iri(name) in _CASTS
        return len(parts) == 1 and self.is_number(parts[0])

    def _is_numeric_call(self, call: Tree[Token]) -> bool:
        name = str(call.children[0]).upper()
        if name in _CHOOSING:
            return all(self.is_number(c) for c in call.children if isinstance(c, Tree))
        given = [c for e in call.children if isinstance(e, Tree) for c in e.children if isinstance(c, Tree)]
        if name in ("IF", "COALESCE"):
            return all(map(self.is_number, given[1:] if name == "IF" else given))
        return name in _NUMERIC or name in _COUNTING


def subtrees(tree: Tree[Token]) -> Iterator[Tree[Token]]:
    """The tree and those below it, in the order of the text."""
    waiting = [tree]
    while waiting:
        each = waiting.pop()
        yield each
        waiting += (child for child in reversed(each.children) if isinstance(child, Tree))


_Place: TypeAlias = tuple[tuple[int, frozenset[str] | None], ...]
"""The parts of a query around a node whose solutions need not be those of all: branches of UNION, OPTIONAL, MINUS,
EXISTS, and subselects, with the variables that are the same outside (None: all)."""


def _placed(tree: Tree[Token]) -> Iterator[tuple[Tree[Token], _Place]]:
    """The tree and those below it, in the order of the text, with where they stand."""
    waiting: list[tuple[Tree[Token], _Place]] = [(tree, ())]
    while waiting:
        node, place = waiting.pop()
        yield node, place
        signs = {child.type for child in node.children if isinstance(child, Token)}
        is_subselect = node.data == "subselect"
        apart = node.data in ("pattern", "builtin_call") and bool(signs & _APART)
        for child in reversed(node.children):
            if not isinstance(child, Tree):
                continue
            if is_subselect and child.data != "select_clause":
                waiting.append((child, (*place, (id(node), _shown(node)))))
            elif apart and child.data == "group":
                waiting.append((child, (*place, (id(child), None))))
            else:
                waiting.append((child, place))


def _shown(subselect: Tree[Token]) -> frozenset[str] | None:
    clause = next(c for c in subselect.children if isinstance(c, Tree) and c.data == "select_clause")
    if any(isinstance(c, Token) and c.type == "STAR" for c in clause.children):
        return None
    return frozenset(
        str(c.children[0] if len(c.children) == 1 else c.children[-2]) for c in clause.children if isinstance(c, Tree)
    )


def _bound(node: Tree[Token]) -> Iterator[str]:
    """The variables to which the node itself gives values: by triples, VALUES, GRAPH or AS."""
    children, before = node.children, ""
    if node.data == "subject_triples":
        yield from (str(t) for t in tokens(node) if t.type == "VARIABLE")
    elif node.data == "pattern" and isinstance(children[0], Token) and children[0].type in ("GRAPH", "SERVICE"):
        yield from (
            str(t)
            for c in children
            if isinstance(c, Tree) and c.data == "var_or_iri"
            for t in tokens(c)
            if t.type == "VARIABLE"
        )
    for child in children:
        kind = child.type if isinstance(child, Token) else ""
        if kind == "VARIABLE" and (node.data == "data_block" or before == "AS"):
            yield str(child)
        before = kind


def _covers(place: _Place, other: _Place, name: str) -> bool:
    """Whether a variable in the other place is one of this, and has no solution that this has not."""
    inner = other[len(place) :]
    return other[: len(place)] == place and all(shown is None or name in shown for _, shown in inner)


def _said_to_be(node: Tree[Token]) -> Iterator[Token]:
    """The variables ?x with FILTER(ISNUMERIC(?x)) here, also beside other conditions that must hold."""
    for before, child in zip(node.children, node.children[1:], strict=False):
        if isinstance(before, Token) and before.type == "FILTER":
            for call in _conditions(child):
                match call:
                    case [Token() as name, Tree() as given] if name.upper() == "ISNUMERIC":
                        yield from (t for t in tokens(given) if t.type == "VARIABLE")


def _conditions(node: Node) -> Iterator[list[Node]]:
    """The calls that must all be true for a constraint to be."""
    if isinstance(node, Token):
        return
    if node.data == "builtin_call":
        yield [*node.children]
    elif node.data == "bracketted":
        yield from _conditions(node.children[1])
    elif node.data == "conjunction" or len(node.children) == 1:
        for child in node.children:
            yield from _conditions(child)
