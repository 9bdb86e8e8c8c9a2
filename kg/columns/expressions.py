"""Expressions of SPARQL in SQL: variables, constants, comparisons; functions are in `kg.columns.functions`."""

import re
from dataclasses import replace
from typing import Final

from kg.columns.functions import FUNCTIONS
from kg.columns.syntax import Aggregate, Call, DeclinedError, Exists, Expression, Term, Variable
from kg.columns.values import NUMBERS, POINTS, Scope, Value, quoted, scaled

_COMPARISONS: Final = {"=": "=", "!=": "<>", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
_LITERAL: Final = re.compile(r'"(-?[^"]*)"\^\^<http://www\.w3\.org/2001/XMLSchema#(\w+)>')


def condition(expression: Expression, scope: Scope) -> str:
    """A filter in SQL."""
    value = compiled(expression, scope)
    if value.kind != "boolean":
        raise DeclinedError
    return value.sql


def compiled(expression: Expression, scope: Scope) -> Value:  # noqa: PLR0911 - one for each kind
    """An expression in SQL; raises DeclinedError."""
    if (known := scope.known(expression)) is not None:
        return known
    match expression:
        case Variable(name):
            return scope.lookup(name)
        case Term(text):
            return constant(text, scope)
        case Aggregate():
            return scope.aggregate(expression)
        case Exists():
            return scope.exists(expression)
        case Call("BOUND", (Variable(name),)):
            return Value("boolean", f"({scope.lookup(name).sql} IS NOT NULL)")
        case Call("IN", (first, *others)):
            found = [compiled(Call("=", (first, other)), scope) for other in others]
            return Value("boolean", f"({' OR '.join(v.sql for v in found)})", nullable=any(v.nullable for v in found))
        case Call(name, operands):
            values = [compiled(o, scope) for o in operands]
            if name in _COMPARISONS and len(values) == 2:
                return _compared(name, values[0], values[1], scope)
            function = FUNCTIONS.get((name, len(values)))
            if function is None:
                raise DeclinedError
            return function(scope, *values)
    raise DeclinedError


def constant(text: str, scope: Scope) -> Value:  # noqa: PLR0911 - one for each kind
    """An IRI or a literal."""
    number = scope.constant(text)
    term = Value("term", str(number), str(number), first=number, last=number)
    if text[0] == "<":
        return replace(term, form="iri")
    if text.endswith('"'):
        words = scope.statistics.dictionary.words(text)
        return replace(term, kind="string", sql=quoted(words), form="plain")
    if typed := _LITERAL.fullmatch(text):
        words, kind = typed[1], typed[2]
        if kind == "integer":
            return replace(term, kind=kind, sql=f"({words}::BIGINT)")
        if kind == "decimal":
            scale = len(words.partition(".")[2])
            return replace(term, kind=kind, sql=f"({words.replace('.', '')}::BIGINT)", scale=scale)
        if kind in POINTS:
            return replace(term, kind=kind, sql=re.sub("[-T:]", "", words))
        if kind == "boolean":
            return replace(term, kind=kind, sql=words)
        raise DeclinedError
    return replace(term, form=text[text.rindex('"') + 1 :])


def _compared(operator: str, a: Value, b: Value, scope: Scope) -> Value:
    nullable, sign = a.nullable or b.nullable, _COMPARISONS[operator]
    if a.kind in NUMBERS and b.kind in NUMBERS:
        scale = max(a.scale, b.scale)
        return Value("boolean", f"({scaled(a, scale)} {sign} {scaled(b, scale)})", nullable=nullable)
    if a.kind == b.kind and a.kind in POINTS:
        return Value("boolean", f"({a.sql} {sign} {b.sql})", nullable=nullable)
    forms = {a.form, b.form}
    if operator in ("=", "!=") and a.id and b.id and "" not in forms:
        if forms <= {"iri", "resource"} or len(forms) == 1:
            return Value("boolean", f"({a.id} {sign} {b.id})", nullable=nullable)
        raise DeclinedError
    texts = [v.sql if v.kind == "string" else scope.words(v) if v.form == "plain" else "" for v in (a, b)]
    if not all(texts):
        raise DeclinedError
    return Value("boolean", f"({texts[0]} {sign} {texts[1]})", nullable=nullable)
