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


def lex(text: str, position: int = 0) -> Iterator[Token]:
    """The tokens from a position on, without white space and comments; any other character has type ``UNKNOWN``."""
    from lark import Token  # its package takes as long to load as the engine

    line, start = text.count("\n", 0, position) + 1, text.rfind("\n", 0, position) + 1
    for match in _TOKENS.finditer(text, position):
        kind, value, place = match.lastgroup or "", match[0], match.start()
        if kind != "SKIP":
            kind = _SIGNS[value] if kind == "SIGN" else _kind_of_word(value) if kind == "WORD" else kind
            yield Token(kind, value, place, line, place - start + 1, end_pos=match.end())
        if breaks := value.count("\n"):
            line += breaks
            start = place + value.rfind("\n") + 1


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


def words(text: str) -> list[tuple[str, str]]:
    """The types and texts of the tokens, without positions: in half the time."""
    found = []
    for match in _TOKENS.finditer(text):
        kind, value = match.lastgroup or "", match[0]
        if kind != "SKIP":
            kind = _SIGNS[value] if kind == "SIGN" else _kind_of_word(value) if kind == "WORD" else kind
            found.append((kind, value))
    return found
