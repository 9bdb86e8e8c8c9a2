"""Which expressions of a query are numbers, or have no value, by their form: whatever the data are.

Engines that take text for 0 in sums, or join it, are not trusted with others (`kg.remote.distrust`).
"""

from collections.abc import Callable, Iterator
from typing import Final

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
_OPERATORS: Final = frozenset(("PLUS", "MINUS", "STAR", "SLASH"))


class Numbers:
    """Tells of the expressions of one query; `iri` tells that of a name."""

    def __init__(self, tree: Tree[Token], iri: Callable[[Token], str]) -> None:
        self._iri = iri
        self._variables = {str(v) for v in _said_to_be(tree)}
        for node in subtrees(tree):
            match node.children:
                case [*_, Tree() as value, Token(type="AS"), Token(type="VARIABLE") as name, _] if self.is_number(
                    value
                ):
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


def _said_to_be(tree: Tree[Token]) -> Iterator[Token]:
    """The variables ?x with FILTER(ISNUMERIC(?x)), also beside other conditions that must hold."""
    for node in subtrees(tree):
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
