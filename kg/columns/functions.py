"""Operators and functions of SPARQL in SQL (SPARQL 1.1 Query, section 17): those that are surely the same in both."""

import re
from collections.abc import Callable
from dataclasses import replace
from string import ascii_lowercase, ascii_uppercase
from typing import Final

from kg.columns.syntax import DeclinedError
from kg.columns.values import NUMBERS, POINTS, Scope, Value, quoted, quotient, scaled

_TEXTS: Final = ("string", "tagged")
_PATTERN: Final = re.compile(
    r"\^?(?:[A-Za-z0-9 _:,;/\u0400-\u04FF-]|\.[*+?]?)+(?:\|(?:[A-Za-z0-9 _:,;/\u0400-\u04FF-]|\.[*+?]?)+)*\$?"
)
_CASED: Final = "[\\x00-\\x7F\\x{0400}-\\x{04FF}]*"
"""Texts whose letters have one small and one capital form each, the same for all libraries."""


def _booleans(sign: str) -> Callable[..., Value]:
    def function(_: Scope, a: Value, b: Value) -> Value:
        if {a.kind, b.kind} != {"boolean"}:
            raise DeclinedError
        return Value("boolean", f"({a.sql} {sign} {b.sql})", nullable=a.nullable or b.nullable)

    return function


def _negated(_: Scope, a: Value) -> Value:
    if a.kind != "boolean":
        raise DeclinedError
    return Value("boolean", f"(NOT {a.sql})", nullable=a.nullable)


def _calculated(sign: str) -> Callable[..., Value]:
    def function(_: Scope, a: Value, b: Value) -> Value:
        nullable = a.nullable or b.nullable
        if a.kind == b.kind == "integer" and sign != "/":
            return Value("integer", f"({a.sql}::BIGINT {sign} {b.sql}::BIGINT)", nullable=nullable)  # errors: overflow
        if {a.kind, b.kind} - {*NUMBERS} or sign == "*":
            raise DeclinedError
        if sign == "/":
            return quotient(a, b)
        scale = max(a.scale, b.scale)
        sql = f"({scaled(a, scale)}::HUGEINT {sign} {scaled(b, scale)})"
        return Value("decimal", sql, scale=scale, nullable=nullable)

    return function


def _text(scope: Scope, value: Value) -> tuple[str, bool]:
    """What a string says, NULL for what is none, and whether it may have a language."""
    if value.kind in _TEXTS:
        return value.sql, value.kind == "tagged"
    if value.kind != "term":
        raise DeclinedError  # always an error
    words = scope.words(value)
    if value.form == "plain" or value.form.startswith("@"):
        return words, value.form != "plain"
    first, last = scope.statistics.dictionary.strings
    return f"(CASE WHEN {value.id} BETWEEN {first} AND {last} THEN {words} END)", True


def _searched(function: str) -> Callable[..., Value]:
    def search(scope: Scope, text: Value, part: Value) -> Value:
        if part.kind != "string":
            raise DeclinedError
        return Value("boolean", f"{function}({_text(scope, text)[0]}, {part.sql})", nullable=True)

    return search


def _cased(function: str) -> Callable[..., Value]:
    def change(scope: Scope, text: Value) -> Value:
        words, tagged = _text(scope, text)
        return Value("tagged" if tagged else "string", f"{function}({_checked(words)})", nullable=True)

    return change


def _checked(words: str) -> str:
    return (
        f"(CASE WHEN {words} IS NULL OR regexp_full_match({words}, '{_CASED}') THEN {words} ELSE error('letters') END)"
    )


def _matched(scope: Scope, text: Value, pattern: Value, flags: Value | None = None) -> Value:
    if pattern.kind != "string" or not pattern.id or not _PATTERN.fullmatch(pattern.sql[1:-1]):
        raise DeclinedError
    options = flags.sql if flags is not None and flags.kind == "string" and flags.id else "''"
    if options not in ("''", "'i'") or (flags is not None and options == "''" and flags.sql != "''"):
        raise DeclinedError
    words = _text(scope, text)[0]
    subject = _checked(words) if options == "'i'" else words
    option = "i" if options == "'i'" else "c"
    return Value("boolean", f"regexp_matches({subject}, {pattern.sql}, '{option}')", nullable=True)


def _str(scope: Scope, value: Value) -> Value:
    if value.kind in _TEXTS:
        return Value("string", value.sql, nullable=value.nullable)
    if not value.id:
        raise DeclinedError
    words, (first, last) = scope.words(value), scope.statistics.dictionary.blanks
    if value.form in ("", "resource") and last >= first:
        words = f"(CASE WHEN {value.id} NOT BETWEEN {first} AND {last} THEN {words} END)"
    return Value("string", words, nullable=True)


def _lang(scope: Scope, value: Value) -> Value:
    if value.kind != "term":
        raise DeclinedError
    dictionary, number = scope.statistics.dictionary, value.id
    first, last = dictionary.span(0, 1)
    cases = [f"WHEN {number} BETWEEN {first} AND {last} THEN NULL"] if last >= first else []
    cases += [f"WHEN {number} BETWEEN {a} AND {b} THEN {quoted(tag)}" for tag, a, b in dictionary.languages()]
    cases.append(f"WHEN {number} > 0 THEN ''")
    return (
        Value("string", f"(CASE {' '.join(cases)} ELSE error('no language known') END)", nullable=True)
        if not (value.nullable)
        else Value(
            "string", f"(CASE WHEN {number} IS NULL THEN NULL {' '.join(cases)} ELSE error('none') END)", nullable=True
        )
    )


def _language_matches(_: Scope, tag: Value, wanted: Value) -> Value:
    if tag.kind != "string" or wanted.kind != "string" or not re.fullmatch(r"'(?:\*|[A-Za-z]+)'", wanted.sql):
        raise DeclinedError
    if wanted.sql == "'*'":
        return Value("boolean", f"({tag.sql} <> '')", nullable=True)
    of, small = wanted.sql.lower(), f"translate({tag.sql}, '{ascii_uppercase}', '{ascii_lowercase}')"
    return Value("boolean", f"({small} = {of} OR starts_with({small}, {of[:-1]}-'))", nullable=True)


def _length(scope: Scope, text: Value) -> Value:
    return Value("integer", f"length({_text(scope, text)[0]})::BIGINT", nullable=True)


def _part(scope: Scope, text: Value, start: Value, length: Value | None = None) -> Value:
    numbers = [start.sql] + ([length.sql] if length else [])
    if not all(re.fullmatch(r"\([1-9]\d{0,5}::BIGINT\)", n) for n in numbers):
        raise DeclinedError
    words, tagged = _text(scope, text)
    return Value("tagged" if tagged else "string", f"substring({words}, {', '.join(numbers)})", nullable=True)


def _date_part(divisor: int, modulus: int) -> Callable[..., Value]:
    def part(_: Scope, value: Value) -> Value:
        if value.kind not in POINTS:
            raise DeclinedError
        by = divisor * (1_000_000 if value.kind == "dateTime" else 1)
        rest = f" % {modulus}" if modulus else ""
        return Value("integer", f"(({value.sql}::BIGINT // {by}){rest})", nullable=value.nullable)

    return part


def _absolute(_: Scope, value: Value) -> Value:
    if value.kind not in NUMBERS:
        raise DeclinedError
    return Value(value.kind, f"abs({value.sql})", scale=value.scale, nullable=value.nullable)


def _alike(values: tuple[Value, ...]) -> Value:
    """What some values have in common."""
    first, *others = values
    if any((v.kind, v.scale) != (first.kind, first.scale) for v in others) or first.kind == "tagged":
        raise DeclinedError
    return Value(first.kind, "", scale=first.scale, nullable=True)


def _chosen(_: Scope, test: Value, then: Value, otherwise: Value) -> Value:
    common = _alike((then, otherwise))
    if test.kind != "boolean":
        raise DeclinedError
    sql = f"(CASE WHEN {test.sql} THEN {then.sql} WHEN NOT {test.sql} THEN {otherwise.sql} END)"
    return replace(common, sql=sql, id=sql if common.kind == "term" else "")


def _first(_: Scope, *values: Value) -> Value:
    common = _alike(values)
    sql = f"coalesce({', '.join(v.sql for v in values)})"
    return replace(common, sql=sql, id=sql if common.kind == "term" else "")


def _is(*ranks: int) -> Callable[..., Value]:
    def test(scope: Scope, value: Value) -> Value:
        if value.kind != "term":
            raise DeclinedError
        first, last = scope.statistics.dictionary.span(*ranks)
        sql = f"(CASE WHEN {value.id} < 0 THEN error('unknown') ELSE {value.id} BETWEEN {first} AND {last} END)"
        return Value("boolean", sql, nullable=value.nullable)

    return test


FUNCTIONS: Final[dict[tuple[str, int], Callable[..., Value]]] = {
    ("&&", 2): _booleans("AND"),
    ("||", 2): _booleans("OR"),
    ("!", 1): _negated,
    **{(sign, 2): _calculated(sign) for sign in "+-*/"},
    ("CONTAINS", 2): _searched("contains"),
    ("STRSTARTS", 2): _searched("starts_with"),
    ("STRENDS", 2): _searched("ends_with"),
    ("LCASE", 1): _cased("lower"),
    ("UCASE", 1): _cased("upper"),
    ("REGEX", 2): _matched,
    ("REGEX", 3): _matched,
    ("STR", 1): _str,
    ("LANG", 1): _lang,
    ("LANGMATCHES", 2): _language_matches,
    ("STRLEN", 1): _length,
    ("SUBSTR", 2): _part,
    ("SUBSTR", 3): _part,
    ("YEAR", 1): _date_part(10_000, 0),
    ("MONTH", 1): _date_part(100, 100),
    ("DAY", 1): _date_part(1, 100),
    ("ABS", 1): _absolute,
    ("IF", 3): _chosen,
    ("COALESCE", 2): _first,
    ("COALESCE", 3): _first,
    ("ISIRI", 1): _is(1),
    ("ISURI", 1): _is(1),
    ("ISBLANK", 1): _is(0),
    ("ISLITERAL", 1): _is(2, 3, 4),
}
"""Functions by name and number of operands; each raises DeclinedError for what it does not surely know."""
