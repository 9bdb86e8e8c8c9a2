"""A lexer for SPARQL (SPARQL 1.1 Query, section 19.8) whose tokens have positions, for error messages and rewriting.

`kg.engine.guard` has a lexer of its own, which errs on the side of refusing; this one follows the grammar.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lark import Token

_LOCAL: Final = r"(?:[\w:·‿⁀-]|%[0-9A-Fa-f]{2}|\\.)"
_LOCAL_INNER: Final = r"(?:[\w.:·‿⁀-]|%[0-9A-Fa-f]{2}|\\.)"
_TOKENS: Final = re.compile(
    rf"""
      (?P<SKIP> \s+ | \#[^\n\r]* )
    | (?P<STRING> \"\"\"(?:\"{{0,2}}(?:[^"\\]|\\.))*\"\"\" | '''(?:'{{0,2}}(?:[^'\\]|\\.))*'''
        | "(?!"")(?:[^"\\\n\r]|\\.)*" | '(?!'')(?:[^'\\\n\r]|\\.)*' | "" | '' )
    | (?P<IRI> <[^<>"{{}}|^`\x00-\x20]*> )
    | (?P<VARIABLE> [?$][\w·‿⁀]+ )
    | (?P<LANGUAGE> @[A-Za-z]+(?:-[A-Za-z0-9]+)* )
    | (?P<BLANK> _:[\w·‿⁀](?:[\w.·‿⁀-]*[\w·‿⁀-])? )
    | (?P<NUMBER> (?:\d+\.?\d*|\.\d+)[eE][+-]?\d+ | \d*\.\d+ | \d+ )
    | (?P<PREFIXED> (?:[^\W\d_](?:[\w.·‿⁀-]*[\w·‿⁀-])?)?: (?:{_LOCAL}(?:{_LOCAL_INNER}*{_LOCAL})?)? )
    | (?P<WORD> [^\W\d][\w-]* )
    | (?P<SIGN> \^\^ | && | \|\| | != | <= | >= | [{{}}()\[\].;,|/^?*+\-!=<>] )
    | (?P<UNKNOWN> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_SIGNS: Final = {
    "{": "LBRACE", "}": "RBRACE", "(": "LPAR", ")": "RPAR", "[": "LSQB", "]": "RSQB", ".": "DOT", ";": "SEMICOLON",
    ",": "COMMA", "|": "PIPE", "/": "SLASH", "^": "CARET", "^^": "CARETS", "?": "QUESTION", "*": "STAR", "+": "PLUS",
    "-": "MINUS", "!": "BANG", "=": "EQUAL", "!=": "UNEQUAL", "<": "LESS", ">": "GREATER", "<=": "AT_MOST",
    ">=": "AT_LEAST", "&&": "DOUBLE_AMPERSAND", "||": "DOUBLE_BAR",
}  # fmt: skip
_MISREADABLE: Final = re.compile(
    r"""<(?=[^<>"{}|^`\x00-\x20]*+>)[^<>&,()'#]*+(?:&(?!&)[^<>&,()'#]*+)*+(?:&&|[,()'#])"""
)
"""What may be an IRI or comparisons: ``&&``, a comma, a bracket, a string or a comment comes before the next ``>``."""

_OPERANDS: Final = frozenset(
    ("VARIABLE", "NUMBER", "STRING", "LANGUAGE", "BOOLEAN", "IRI", "PREFIXED", "RPAR", "RBRACE")
)
"""After these no IRI stands in an expression."""

_CALLED: Final = frozenset(("FILTER", "BIND", "IN", "BUILTIN", "AGGREGATE", "COUNT", "GROUP_CONCAT"))
"""A bracket behind these has expressions."""

_WHOLE: Final = frozenset(
    "LBRACE BASE PREFIX SELECT CONSTRUCT DESCRIBE ASK FROM WHERE VALUES LOAD CLEAR DROP CREATE ADD MOVE COPY INSERT "  # noqa: SIM905
    "DELETE WITH USING".split()
)
"""What begins with these is no part of an expression."""

_SPELLINGS: Final = {kind: sign for sign, kind in _SIGNS.items()}

KEYWORDS: Final = frozenset(
    "BASE PREFIX SELECT DISTINCT REDUCED AS CONSTRUCT WHERE DESCRIBE ASK FROM NAMED GROUP BY HAVING ORDER ASC DESC "  # noqa: SIM905
    "LIMIT OFFSET VALUES LOAD SILENT INTO GRAPH CLEAR DROP CREATE ADD MOVE COPY TO INSERT DELETE DATA WITH USING "
    "DEFAULT ALL OPTIONAL UNION SERVICE FILTER BIND UNDEF NOT IN EXISTS SEPARATOR COUNT GROUP_CONCAT".split()
)
AGGREGATES: Final = frozenset(("SUM", "MIN", "MAX", "AVG", "SAMPLE"))
BUILTINS: Final = frozenset(
    "STR LANG LANGMATCHES DATATYPE BOUND IRI URI BNODE RAND ABS CEIL FLOOR ROUND CONCAT STRLEN UCASE LCASE CONTAINS "  # noqa: SIM905
    "ENCODE_FOR_URI STRSTARTS STRENDS STRBEFORE STRAFTER YEAR MONTH DAY HOURS MINUTES SECONDS TIMEZONE TZ NOW UUID "
    "STRUUID MD5 SHA1 SHA256 SHA384 SHA512 COALESCE IF STRLANG STRDT SAMETERM ISIRI ISURI ISBLANK ISLITERAL ISNUMERIC "
    "REGEX SUBSTR REPLACE".split()
)


def lex(text: str) -> Iterator[Token]:
    """The tokens, without white space and comments; any other character has type ``UNKNOWN``.

    Where the grammar has a comparison and the longest token would be an IRI, as in ``?a<1&&?b>2``, it is a comparison,
    as for pyoxigraph. The text may be a part of a query: an expression, a pattern, a clause.
    """
    from lark import Token  # its package takes as long to load as the engine

    line, start = 1, 0
    for kind, value, place in _tokens(text):
        if kind != "SKIP":
            yield Token(kind, value, place, line, place - start + 1, end_pos=place + len(value))
        if breaks := value.count("\n"):
            line += breaks
            start = place + value.rfind("\n") + 1


def words(text: str) -> list[tuple[str, str]]:
    """The types and texts of the tokens, without positions: in half the time."""
    return [(kind, value) for kind, value, _ in _tokens(text) if kind != "SKIP"]


def spaced(text: str) -> str:
    """The text with a space behind each ``<`` that compares and might be taken for the beginning of an IRI."""
    if not _MISREADABLE.search(text):
        return text
    parts, end = list[str](), 0
    for kind, value, place in _in_context(text):
        if kind in ("LESS", "AT_MOST"):
            end, done = place + len(value), end
            parts += text[done:end], " "
    return "".join((*parts, text[end:]))


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """The type, text and place of each token, ``SKIP`` included."""
    if _MISREADABLE.search(text):
        yield from _in_context(text)
        return
    for match in _TOKENS.finditer(text):
        kind, value = match.lastgroup or "", match[0]
        yield _kind(kind, value), value, match.start()


def _in_context(text: str) -> Iterator[tuple[str, str, int]]:
    """The same, where what an IRI is depends on whether one may stand there."""
    context, end = _Context(), 0
    while match := _TOKENS.match(text, end):
        value, place = match[0], end
        kind = _kind(match.lastgroup or "", value)
        if kind == "IRI" and context.compares(adjacent=place > 0 and not text[place - 1].isspace()):
            value = text[place : place + 1 + (text[place + 1] == "=")]
            kind = _SIGNS[value]
        end = place + len(value)
        if kind != "SKIP":
            context.follow(kind)
        yield kind, value, place


class _Context:
    """Where in a query a token stands: in an expression, in a pattern, or in a part of a query that may be either."""

    def __init__(self) -> None:
        self._opened: list[str] = []
        self._inside = ""
        """``expression``, ``pattern`` or ``part``; empty before the first token."""
        self._clauses: list[bool] = [False]
        """For each brace that is open, and around all, whether brackets there have expressions."""
        self._before = ("", "")

    def compares(self, *, adjacent: bool) -> bool:
        """Whether ``<`` compares here; `adjacent`: it follows without white space."""
        within = self._inside == "expression" or (self._inside == "part" and adjacent)
        return within and self._before[1] in _OPERANDS

    def follow(self, kind: str) -> None:
        """Goes on behind a token of that type."""
        self._inside = self._inside or ("pattern" if kind in _WHOLE else "part")
        if kind in ("LPAR", "LSQB"):
            self._opened.append(self._inside)
            if kind == "LPAR" and (self._clauses[-1] or self._before[1] in _CALLED or self._before[0] == "FILTER"):
                self._inside = "expression"
        elif kind == "LBRACE":
            if self._before[1] != "EXISTS":  # whose pattern ends no clause of expressions
                self._clauses[-1] = False
            self._clauses.append(False)
            self._opened.append(self._inside)
            self._inside = "pattern"
        elif kind in ("RPAR", "RSQB", "RBRACE") and self._opened:
            self._inside = self._opened.pop()
            if kind == "RBRACE" and len(self._clauses) > 1:
                self._clauses.pop()
        elif kind in ("SELECT", "GROUP", "HAVING", "ORDER"):
            self._clauses[-1] = True
        elif kind in ("FROM", "WHERE", "LIMIT", "OFFSET", "VALUES"):
            self._clauses[-1] = False
        self._before = (self._before[1], kind)


def _kind(kind: str, value: str) -> str:
    return _SIGNS[value] if kind == "SIGN" else _kind_of_word(value) if kind == "WORD" else kind


def _kind_of_word(value: str) -> str:
    upper = value.upper()
    if value == "a" or upper in {"TRUE", "FALSE"}:
        return "A" if value == "a" else "BOOLEAN"
    if upper == "MINUS":
        return "MINUS_PATTERN"
    if upper in KEYWORDS:
        return upper
    return "AGGREGATE" if upper in AGGREGATES else "BUILTIN" if upper in BUILTINS else "WORD"


def spelling(kind: str) -> str:
    """The text of a sign or keyword of that type."""
    return _SPELLINGS.get(kind, kind.removesuffix("_PATTERN"))


def excerpt(token: Token) -> str:
    """The token for messages, truncated to 40 characters."""
    return str(token) if len(token) <= 40 else f"{token[:39]}…"
