"""The place where a text stops being SPARQL, and the errors made at it."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Final

from kg.engine.errors import QuerySyntaxError
from kg.engine.lexer import spelling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lark import Token

CLOSING: Final = {"LBRACE": "RBRACE", "LPAR": "RPAR", "LSQB": "RSQB"}
PROLOGUE: Final = frozenset(("PREFIX", "BASE", "PREFIXED", "IRI"))


def syntax_error(template: str, token: Token | None = None, **values: str) -> QuerySyntaxError:
    """The error at a token; `template` is an English message with ``%(name)s`` for each value, to be translated."""
    line, column = (token.line or 0, token.column or 0) if token is not None else (0, 0)
    return QuerySyntaxError(template, line, column, {name: str(value) for name, value in values.items()})


@dataclass(frozen=True)
class Fault:
    """The first token that the grammar does not accept.

    accepts: the token types that it accepts there. earlier: the tokens before it. following: the one after it.
    """

    token: Token
    accepts: frozenset[str]
    earlier: Sequence[Token]
    following: Token | None
    update: bool

    @property
    def word(self) -> str:
        """The token in capital letters."""
        return self.token.upper()

    @property
    def before(self) -> Token:
        """The previous token; an empty one at the start."""
        from lark import Token

        return self.earlier[-1] if self.earlier else Token("START", "")

    @cached_property
    def kinds(self) -> list[str]:
        """The types of the tokens before it."""
        return [t.type for t in self.earlier]

    @property
    def in_select_clause(self) -> bool:
        """Whether it is between SELECT and its pattern."""
        start = max((n for n, kind in enumerate(self.kinds) if kind == "SELECT"), default=-1)
        return start >= 0 and not {"LBRACE", "WHERE", "FROM"} & set(self.kinds[start:])

    @property
    def in_brackets(self) -> bool:
        """Whether a round bracket is open."""
        return self.kinds.count("LPAR") > self.kinds.count("RPAR")

    @cached_property
    def opened(self) -> list[Token]:
        """The brackets and braces that are open, the outermost first."""
        return open_brackets(self.earlier)

    @property
    def call(self) -> str:
        """The innermost function call that is open, in capital letters; empty if none."""
        stack: list[str] = []
        previous = ""
        for token in self.earlier:
            if token.type == "LPAR":
                stack.append(previous)
            elif token.type == "RPAR" and stack:
                stack.pop()
            previous = token.upper()
        return stack[-1] if stack else ""

    def closest(self, words: frozenset[str]) -> str:
        """The word most similar to the token; empty if none is similar enough."""
        return next(iter(get_close_matches(self.word, sorted(words), 1, 0.7)), "")


def unclosed(opened: Token, token: Token) -> QuerySyntaxError:
    """The error for a bracket that is not closed before a token."""
    return syntax_error(
        "A %(closing)s is missing: the %(opening)s at line %(line)s, column %(column)s is not closed.",
        token,
        closing=spelling(CLOSING[opened.type]),
        opening=str(opened),
        line=str(opened.line),
        column=str(opened.column),
    )


def open_brackets(tokens: Sequence[Token]) -> list[Token]:
    """The brackets and braces that are open after some tokens, the outermost first."""
    stack: list[Token] = []
    for token in tokens:
        if token.type in CLOSING:
            stack.append(token)
        elif token.type in CLOSING.values() and stack:
            stack.pop()
    return stack
