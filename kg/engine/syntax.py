"""The parse tree of a query, by the grammar ``sparql.lark``, and the places of its parts in the text."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from lark import Token, Tree, UnexpectedInput

from kg.engine.diagnosis import diagnose, parser
from kg.engine.lexer import lex

Node: TypeAlias = Tree[Token] | Token


def syntax_tree(query: str) -> Tree[Token]:
    """The parse tree of a query, whose tokens have positions.

    Raises the error of `diagnose` for a text that is none.
    """
    parsing: Any = parser().parse_interactive(start="query")
    try:
        for token in lex(query):
            parsing.feed_token(token)
        tree: Tree[Token] = parsing.feed_eof()
    except UnexpectedInput as error:
        raise diagnose(query) from error
    return tree


def tokens(node: Node) -> Iterator[Token]:
    """The tokens of a parse tree in order."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Token):
            yield each
        else:
            waiting += reversed(each.children)


def span(node: Node) -> tuple[int, int]:
    """The place of a parse tree that has tokens: its start, and the end behind it."""
    first, last = node, node
    while isinstance(first, Tree):
        first = next(c for c in first.children if isinstance(c, Token) or c.children)
    while isinstance(last, Tree):
        last = next(c for c in reversed(last.children) if isinstance(c, Token) or c.children)
    return first.start_pos or 0, last.end_pos or 0


def declared_prefixes(prologue: str) -> dict[str, str]:
    """The IRIs that PREFIX declares in a text, as written, by prefix; the last one counts."""
    own = [*lex(prologue)]
    declared = zip(own, own[1:], own[2:], strict=False)
    return {name[:-1]: iri[1:-1] for word, name, iri in declared if word.type == "PREFIX"}
