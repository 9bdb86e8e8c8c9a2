"""Reads expressions, terms and names of queries."""

import re
from typing import Final

import pyoxigraph as ox

from kg.columns.syntax import Aggregate, Call, DeclinedError, Exists, Expression, Group, Term, Variable
from kg.engine.lexer import words

_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_INTEGER: Final = re.compile(r"\d{1,18}")
_DECIMAL: Final = re.compile(r"\d{0,9}\.\d{1,9}")
_CANONICAL: Final = {
    f"{_XSD}integer": re.compile(r"0|-?[1-9]\d{0,17}"),
    f"{_XSD}date": re.compile(r"[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])"),
    f"{_XSD}dateTime": re.compile(
        r"[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
    ),
    f"{_XSD}boolean": re.compile("true|false"),
}
"""Literals that the engine stores as they are written, by datatype; of dates, those that are in every month."""

_ESCAPES: Final = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_COMPARISONS: Final = frozenset(("EQUAL", "UNEQUAL", "LESS", "GREATER", "AT_MOST", "AT_LEAST"))
_FUNCTIONS: Final = frozenset(
    "STR LANG LANGMATCHES BOUND CONTAINS STRSTARTS STRENDS STRLEN LCASE UCASE REGEX YEAR MONTH DAY ABS IF "  # noqa: SIM905
    "COALESCE ISIRI ISURI ISBLANK ISLITERAL SUBSTR".split()
)


class ExpressionReader:
    """Reads the tokens of a query one after another; raises DeclinedError for what it does not know."""

    def __init__(self, query: str) -> None:
        """Of a query's text."""
        self._tokens = words(query)
        self._tokens.append(("", ""))
        self._at = 0
        self._kind = self._tokens[0][0]
        self._prefixes: dict[str, str] = {}
        self._hidden = 0

    def _take(self, *kinds: str) -> str:
        kind, text = self._tokens[self._at]
        if not kind or kind not in kinds:
            raise DeclinedError
        self._at += 1
        self._kind = self._tokens[self._at][0]
        return text

    def _takes(self, *kinds: str) -> bool:
        if self._kind in kinds:
            self._take(self._kind)
            return True
        return False

    def _variable(self) -> str:
        return self._take("VARIABLE")[1:]

    def _count(self) -> int:
        number = self._take("NUMBER")
        if not _INTEGER.fullmatch(number):
            raise DeclinedError
        return int(number)

    def _group(self) -> Group:
        raise NotImplementedError

    def _iri(self) -> str:
        if self._kind == "IRI":
            return absolute(self._take("IRI")[1:-1])
        prefix, _, local = self._take("PREFIXED").partition(":")
        if prefix not in self._prefixes or "\\" in local:
            raise DeclinedError
        return self._prefixes[prefix] + local

    def _term(self) -> Term:
        """An IRI or a literal that is stored as it is written, or else declined."""
        match self._kind:
            case "IRI" | "PREFIXED":
                return Term(f"<{self._iri()}>")
            case "STRING":
                return self._literal()
            case "BOOLEAN":
                return _typed(self._take("BOOLEAN").lower(), f"{_XSD}boolean")
            case "MINUS":
                self._take("MINUS")
                return self._numeral("-")
        return self._numeral("")

    def _numeral(self, sign: str) -> Term:
        text = self._take("NUMBER")
        if _INTEGER.fullmatch(text):
            return _typed(str(int(sign + text)), f"{_XSD}integer")
        if not _DECIMAL.fullmatch(text):
            raise DeclinedError
        whole, _, digits = text.partition(".")
        value = f"{int(whole or '0')}" + (f".{digits.rstrip('0')}" if digits.strip("0") else "")
        return _typed(("" if value == "0" else sign) + value, f"{_XSD}decimal")

    def _literal(self) -> Term:
        text = self._take("STRING")
        inner = text[3:-3] if text[:3] in ('"""', "'''") and len(text) >= 6 else text[1:-1]
        if "\r" in inner:
            raise DeclinedError
        value = re.sub(r"\\(.)", lambda m: _ESCAPES[m[1]], inner) if "\\" in inner else inner
        if self._kind == "LANGUAGE":
            return Term(str(ox.Literal(value, language=self._take("LANGUAGE")[1:].lower())))
        if self._takes("CARETS"):
            datatype = self._iri()
            if datatype not in _CANONICAL or not _CANONICAL[datatype].fullmatch(value):
                raise DeclinedError
            return _typed(value, datatype)
        return Term(str(ox.Literal(value)))

    def _constraint(self) -> Expression:
        if self._kind not in ("LPAR", "BUILTIN", "NOT", "EXISTS"):
            raise DeclinedError
        return self._primary()

    def _expression(self) -> Expression:
        found = self._conjunction()
        while self._takes("DOUBLE_BAR"):
            found = Call("||", (found, self._conjunction()))
        return found

    def _conjunction(self) -> Expression:
        found = self._relation()
        while self._takes("DOUBLE_AMPERSAND"):
            found = Call("&&", (found, self._relation()))
        return found

    def _relation(self) -> Expression:
        found = self._sum()
        if self._kind in _COMPARISONS:
            return Call(self._take(*_COMPARISONS), (found, self._sum()))
        negated = self._kind == "NOT"
        if negated:
            self._take("NOT")
        if self._kind == "IN" or negated:
            self._take("IN")
            self._take("LPAR")
            listed = [self._expression()]
            while self._takes("COMMA"):
                listed.append(self._expression())
            self._take("RPAR")
            found = Call("IN", (found, *listed))
            return Call("!", (found,)) if negated else found
        return found

    def _sum(self) -> Expression:
        found = self._product()
        while self._kind in ("PLUS", "MINUS"):
            found = Call("+" if self._take("PLUS", "MINUS") == "+" else "-", (found, self._product()))
        return found

    def _product(self) -> Expression:
        found = self._unary()
        while self._kind in ("STAR", "SLASH"):
            found = Call(self._take("STAR", "SLASH"), (found, self._unary()))
        return found

    def _unary(self) -> Expression:
        if self._takes("BANG"):
            return Call("!", (self._unary(),))
        return self._primary()

    def _primary(self) -> Expression:
        match self._kind:
            case "LPAR":
                self._take("LPAR")
                found = self._expression()
                self._take("RPAR")
                return found
            case "VARIABLE":
                return Variable(self._variable())
            case "COUNT" | "AGGREGATE":
                return self._aggregate()
            case "NOT" | "EXISTS":
                negated = self._takes("NOT")
                self._take("EXISTS")
                return Exists(self._group(), negated)
            case "BUILTIN":
                return self._function()
        return self._term()

    def _function(self) -> Expression:
        name = self._take("BUILTIN").upper()
        if name not in _FUNCTIONS:
            raise DeclinedError
        self._take("LPAR")
        operands = [self._expression()]
        while self._takes("COMMA"):
            operands.append(self._expression())
        self._take("RPAR")
        return Call(name, tuple(operands))

    def _aggregate(self) -> Aggregate:
        function = self._take("COUNT", "AGGREGATE").upper()
        self._take("LPAR")
        distinct = self._takes("DISTINCT")
        if self._takes("STAR"):
            if distinct or function != "COUNT":
                raise DeclinedError
            operand = None
        else:
            operand = self._expression()
        self._take("RPAR")
        return Aggregate(function, operand, distinct)


def _typed(value: str, datatype: str) -> Term:
    return Term(f'"{value}"^^<{datatype}>')


def absolute(iri: str) -> str:
    """An IRI that resolving leaves as it is; others are declined."""
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://[^/]", iri) or "\\" in iri or "/." in iri:
        raise DeclinedError
    return iri
