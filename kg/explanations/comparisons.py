"""Comparisons of a variable with a constant in a filter: the constant typed as the values are; the nearest value."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
from lark import Token
from rapidfuzz import fuzz

from kg.store.reader import Term
from ontology.namespaces import PREFIXES

if TYPE_CHECKING:
    from kg.explanations.case import Case

_XSD: Final = PREFIXES["xsd"]
_SIGNS: Final = {"EQUAL": "=", "LESS": "<", "GREATER": ">", "AT_MOST": "<=", "AT_LEAST": ">="}
_TURNED: Final = {"LESS": "GREATER", "GREATER": "LESS", "AT_MOST": "AT_LEAST", "AT_LEAST": "AT_MOST", "EQUAL": "EQUAL"}
_NUMERIC: Final = {_XSD + n for n in ("integer", "decimal", "double", "float", "int", "long", "nonNegativeInteger")}
_DATE: Final = re.compile(r"-?\d{4,}(-\d\d(-\d\d)?)?")
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Comparison:
    """``?variable sign constant``, with the tokens of the constant; `sign` as if the variable stood first."""

    variable: str
    sign: str
    constant: ox.Literal | ox.NamedNode
    tokens: Sequence[Token]
    of_variable: Token
    of_sign: Token

    def edits(self, text: str) -> list[tuple[Token, str]]:
        """The edits that put another text in the place of the constant."""
        return [(self.tokens[0], text), *((t, "") for t in self.tokens[1:])]

    def with_equality(self) -> list[tuple[Token, str]]:
        """The edits that make ``<`` and ``>`` include the constant."""
        return [(self.of_sign, f"{self.of_sign}=")] if self.of_sign.type in ("LESS", "GREATER") else []


def comparisons(tokens: Sequence[Token], case: "Case") -> Iterator[Comparison]:
    """The comparisons in a filter of a variable alone with a constant."""
    for number, token in enumerate(tokens):
        if token.type not in _SIGNS:
            continue
        before, after = tokens[number - 1], tokens[number + 1] if number + 1 < len(tokens) else token
        sign = token.type
        if before.type == "VARIABLE":
            own, variable = _constant(tokens, number + 1), before
        elif after.type == "VARIABLE":
            own, variable, sign = _constant_before(tokens, number), after, _TURNED[token.type]
        else:
            continue
        text = "".join(own)
        constant = case.term(text) if own else None
        if isinstance(constant, ox.Literal | ox.NamedNode):
            yield Comparison(variable[1:], sign, constant, own, variable, token)


def _constant(tokens: Sequence[Token], start: int) -> list[Token]:
    kinds = [t.type for t in tokens[start : start + 3]]
    if kinds[:1] == ["STRING"]:
        more = 3 if kinds[1:2] == ["CARETS"] else 2 if kinds[1:2] == ["LANGUAGE"] else 1
        return [*tokens[start : start + more]]
    if kinds[:2] == ["MINUS", "NUMBER"]:
        return [*tokens[start : start + 2]]
    return [tokens[start]] if kinds and kinds[0] in ("NUMBER", "BOOLEAN", "IRI", "PREFIXED") else []


def _constant_before(tokens: Sequence[Token], end: int) -> list[Token]:
    for length in (3, 2, 1):
        own = _constant(tokens, end - length) if end >= length else []
        if len(own) == length:
            return own
    return []


def retyped(each: Comparison, value: Term, case: "Case") -> list[tuple[Token, str]]:
    """The edits that make a constant comparable with such a value; none where it is already, or cannot be."""
    constant = each.constant
    if not isinstance(value, ox.Literal) or not isinstance(constant, ox.Literal):
        return []
    kind, asked, text = value.datatype.value, constant.datatype.value, constant.value.strip()
    if kind == asked or {kind, asked} <= _NUMERIC:
        return []
    if kind in (_XSD + "date", _XSD + "dateTime") and _DATE.match(text):
        return _dated(each, text, value.datatype, case)
    if kind in _NUMERIC and _NUMBER.fullmatch(text):
        return each.edits(text)
    if kind == _XSD + "gYear" and re.fullmatch(r"\d{4}", text[:4]):
        return each.edits(f'"{text[:4]}"^^{case.spelt(value.datatype)}')
    return each.edits(str(ox.Literal(text))) if kind == _XSD + "string" and asked in _NUMERIC else []


def _dated(each: Comparison, text: str, kind: ox.NamedNode, case: "Case") -> list[tuple[Token, str]]:
    """The constant as a date; a year, or a month, is its first day, and after ``<=`` its last."""
    year = bool(_DATE.fullmatch(text)) and "-" not in text[1:]
    if year and each.sign == "EQUAL":
        return [(each.of_variable, f"YEAR({each.of_variable})"), *each.edits(text)]
    first = each.sign != "AT_MOST"
    ends = ("01-01", "01") if first else ("12-31", "28")
    day = text[:10] if len(text) >= 10 else f"{text}-{ends[0 if year else 1]}"
    if kind.value.endswith("Time"):
        day += "T00:00:00" if first else "T23:59:59"
    return each.edits(f'"{day}"^^{case.spelt(kind)}')


@dataclass(frozen=True)
class Nearest:
    """The value nearest to the range that a comparison leaves, and the least and the most of all."""

    value: ox.Literal
    least: ox.Literal
    most: ox.Literal


def nearest(each: Comparison, values: Sequence[Term]) -> Nearest | None:
    """The nearest value of the datatype of the constant."""
    if not isinstance(each.constant, ox.Literal):
        return None
    own = [v for v in values if isinstance(v, ox.Literal) and _is_alike(v, each.constant)]
    if not own:
        return None
    ordered = sorted(own, key=_key)
    least, most = ordered[0], ordered[-1]
    if each.sign in ("GREATER", "AT_LEAST"):
        return Nearest(most, least, most)
    if each.sign in ("LESS", "AT_MOST"):
        return Nearest(least, least, most)
    text = each.constant.value
    if each.constant.datatype.value in _NUMERIC:
        value = min(ordered, key=lambda v: abs(float(v.value) - float(text)))
    else:
        value = max(ordered, key=lambda v: fuzz.ratio(v.value.lower(), text.lower()))
    return Nearest(value, least, most)


def _is_alike(value: ox.Literal, constant: ox.Literal) -> bool:
    both = {value.datatype.value, constant.datatype.value}
    return len(both) == 1 or both <= _NUMERIC


def _key(value: ox.Literal) -> tuple[float, str]:
    return (float(value.value) if value.datatype.value in _NUMERIC else 0.0, value.value)
