"""Rewrites queries that pyoxigraph would not evaluate as SPARQL 1.1 says, or rejects them if no rewriting is correct.

- ``SELECT *`` has its columns in the order of first occurrence, as users expect (pyoxigraph's is alphabetical).
- HAVING may use the variables that SELECT assigns with AS, as in Jena.
- ``GRAPH ?g { P }``: P is evaluated in each graph without a value for ?g (SPARQL 1.1 Query, section 18.6). pyoxigraph
  binds ?g in the triple patterns of P. So ?g is lost if a subquery does not project it or P has no triple pattern, and
  is visible where it must not be: in filters, OPTIONAL, and the variables that MINUS compares.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.engine.errors import QuerySyntaxError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lark import Token

_STAR: Final = re.compile(r"SELECT(?:\s++|#[^\n\r]*+|DISTINCT|REDUCED)*+\*", re.IGNORECASE)
_GRAPH: Final = re.compile(  # but for patterns of triples alone, in which there is nothing to rewrite
    r"""GRAPH\s*[?$](?!\w++\s*+\{(?:<[^<>]*+>|(?!FILTER|BIND)[^{}"'#<])*+\})""", re.IGNORECASE
)
_HAVING: Final = re.compile(r"\bHAVING\b", re.IGNORECASE)
_CAPITAL_BOOLEAN: Final = re.compile(r"\b(?!true\b|false\b)(?i:true|false)\b")
_AGGREGATES: Final = frozenset(("COUNT", "AGGREGATE", "GROUP_CONCAT"))
_MODIFIERS: Final = frozenset(("GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES"))


@dataclass(frozen=True)
class _Edit:
    """A replacement of the text from `start` up to `end`."""

    start: int
    end: int
    text: str


def rewrite(query: str) -> str:
    """The query to evaluate; unchanged if nothing has to be rewritten.

    Raises QuerySyntaxError, with position and fix, for a GRAPH pattern that cannot be rewritten.
    """
    query = with_plain_names(query)
    upper = query.upper()
    having = "HAVING" in upper and _HAVING.search(query)
    graph = "GRAPH" in upper and _GRAPH.search(query)
    if not having and not graph:
        return query
    from kg.engine.lexer import lex  # which few queries need

    tokens = list(lex(query))
    ends = _matching_brackets(tokens)
    selects = {select.start: select for select in _selects(tokens, ends)}
    edits = [
        *(_having(query, tokens, ends, selects.values()) if having else ()),
        *(_graphs(tokens, ends, selects) if graph else ()),
    ]
    return _edited(query, edits)


def with_plain_names(text: str) -> str:
    """A query or update with names and booleans as the engine reads them.

    Prefixed names with characters above U+FFFF become the IRIs that they stand for; ``TRUE`` becomes ``true``. Raises
    QuerySyntaxError for a variable with such a character, since results show its name. A byte order mark at the start
    is left out.
    """
    text = text.removeprefix("\ufeff")
    if not text or (_is_basic(text) and not _has_capital_boolean(text)):
        return text
    from kg.engine.faults import syntax_error
    from kg.engine.lexer import lex

    prefixes, edits, tokens = dict[str, str](), list[_Edit](), list(lex(text))
    for number, token in enumerate(tokens):
        long = max(token) > "\uffff"
        if token.type == "VARIABLE" and long:
            raise syntax_error(
                "The engine takes no variable with the character U+%(code)s in its name: %(found)s. Give it another.",
                token,
                code=f"{ord(max(token)):X}",
                found=token,
            )
        if token.type == "BOOLEAN":
            edits.append(_Edit(token.start_pos or 0, token.end_pos or 0, token.lower()))
        if token.type != "PREFIXED":
            continue
        prefix, _, local = token.partition(":")
        if tokens[number - 1].type == "PREFIX" and number + 1 < len(tokens):
            prefixes[prefix] = tokens[number + 1][1:-1]
            if long:  # the line is left out, since nothing refers to it any more
                edits.append(_Edit(tokens[number - 1].start_pos or 0, tokens[number + 1].end_pos or 0, ""))
        elif long and prefix in prefixes:
            iri = prefixes[prefix] + local.replace("\\", "")
            edits.append(_Edit(token.start_pos or 0, token.end_pos or 0, f"<{iri}>"))
    return _edited(text, edits)


def _is_basic(text: str) -> bool:
    return text.isascii() or max(text) <= "\uffff"


def _has_capital_boolean(text: str) -> bool:
    upper = text.upper()  # which is much faster than to search
    return ("TRUE" in upper or "FALSE" in upper) and bool(_CAPITAL_BOOLEAN.search(text))


def _edited(text: str, edits: Sequence[_Edit]) -> str:
    """The text with the edits; those inside a replaced part are left out with it."""
    parts, done = list[str](), 0
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        if edit.start >= done:
            parts += text[done : edit.start], edit.text
            done = edit.end
    return "".join((*parts, text[done:]))


def may_select_all(query: str) -> bool:
    """Whether a query may have ``SELECT *``, whose columns `order_columns` orders."""
    return "*" in query and bool(_STAR.search(query))


def order_columns(query: str, variables: Sequence[str]) -> str:
    """A ``SELECT *`` with its variables in the order of first occurrence; other queries unchanged."""
    if not may_select_all(query):
        return query
    from kg.engine.lexer import lex

    tokens = list(lex(query))
    star = next((n for n, t in enumerate(tokens) if t.type == "SELECT"), len(tokens))
    star += 1 if {t.type for t in tokens[star + 1 : star + 2]} & {"DISTINCT", "REDUCED"} else 0
    if star + 1 >= len(tokens) or tokens[star + 1].type != "STAR" or not variables:
        return query
    mentioned = [t[1:] for t in tokens if t.type == "VARIABLE" and t[1:] in variables]
    ordered = list(dict.fromkeys(mentioned))
    if len(ordered) < len(variables) or ordered == list(variables):
        return query
    place = tokens[star + 1].start_pos or 0
    return f"{query[:place]}{' '.join(f'?{name}' for name in ordered)} {query[place + 1 :]}"


def _matching_brackets(tokens: Sequence[Token]) -> dict[int, int]:
    """The index of the closing token for the index of each opening bracket or brace."""
    from kg.engine.faults import CLOSING

    found, stack = dict[int, int](), list[int]()
    for number, token in enumerate(tokens):
        if token.type in CLOSING:
            stack.append(number)
        elif token.type in CLOSING.values() and stack:
            found[stack.pop()] = number
    return found


@dataclass(frozen=True)
class _Select:
    """A SELECT by token indexes: the keyword, the braces of the pattern, the end of the modifiers."""

    start: int
    pattern: int
    close: int
    end: int


def _selects(tokens: Sequence[Token], ends: dict[int, int]) -> Iterator[_Select]:
    """All SELECTs, including subqueries, that have a complete pattern."""
    for number in (n for n, t in enumerate(tokens) if t.type == "SELECT"):
        pattern = next((n for n in range(number, len(tokens)) if tokens[n].type == "LBRACE"), None)
        if pattern is None or pattern not in ends:
            continue
        end = ends[pattern] + 1
        while end < len(tokens) and tokens[end].type != "RBRACE":
            end = ends.get(end, end) + 1
        yield _Select(number, pattern, ends[pattern], end)


def _having(query: str, tokens: Sequence[Token], ends: dict[int, int], selects: Iterable[_Select]) -> Iterator[_Edit]:
    """Replaces variables of SELECT in HAVING by their expressions."""
    for select in selects:
        named = {}
        for number in range(select.start, select.pattern):
            if tokens[number].type == "LPAR" and number in ends and tokens[ends[number] - 2].type == "AS":
                first, last = tokens[number], tokens[ends[number] - 2]
                named[str(tokens[ends[number] - 1])] = query[first.end_pos : last.start_pos].strip()
        inside = False
        for number in range(select.close + 1, select.end):
            token = tokens[number]
            inside = token.type == "HAVING" or (inside and token.type not in {"ORDER", "LIMIT", "OFFSET", "VALUES"})
            if not inside:
                continue
            if token.type == "VARIABLE" and token in named:
                yield _Edit(token.start_pos or 0, token.end_pos or 0, f"({named[token]})")


def _graphs(tokens: Sequence[Token], ends: dict[int, int], selects: dict[int, _Select]) -> Iterator[_Edit]:
    for number, token in enumerate(tokens):
        kinds = [t.type for t in tokens[number : number + 3]]
        if kinds == ["GRAPH", "VARIABLE", "LBRACE"] and number + 2 in ends:
            yield from _graph(tokens, ends, selects, number)
        elif token.type == "GRAPH" and kinds[1:2] == ["VARIABLE"]:
            return  # malformed: left to pyoxigraph


def _graph(tokens: Sequence[Token], ends: dict[int, int], selects: dict[int, _Select], number: int) -> Iterator[_Edit]:
    """The edits of one ``GRAPH ?g { … }``, without nested GRAPH patterns."""
    graph, opening = tokens[number + 1], number + 2
    inner = _outside_other_graphs(tokens, ends, opening)
    kinds = {tokens[n].type for n in inner}
    if not kinds & {"SELECT", "VALUES", "MINUS_PATTERN", "OPTIONAL", "FILTER", "BIND"}:
        return
    _refuse_use(tokens, ends, graph, inner)
    for select in (selects[n] for n in inner if n in selects):
        yield from _subquery(tokens, graph, select)
    left, read = set[str](), opening
    for at in (n for n in inner if tokens[n].type == "MINUS_PATTERN" and n + 1 in ends):
        left |= {str(t) for t in tokens[read:at] if t.type == "VARIABLE"}
        right, read = {str(t) for t in tokens[at : ends[at + 1]] if t.type == "VARIABLE"}, at
        if not (left & right) - {str(graph)}:  # no shared variable: MINUS removes nothing
            yield _Edit(tokens[at].start_pos or 0, tokens[ends[at + 1]].end_pos or 0, " ")
    if "VALUES" in kinds and not _has_triples(tokens, ends, inner):  # nothing else binds ?g
        yield _Edit(tokens[number].start_pos or 0, tokens[number].start_pos or 0, f"GRAPH {graph} {{}} ")


def _outside_other_graphs(tokens: Sequence[Token], ends: dict[int, int], opening: int) -> list[int]:
    """The indexes of the tokens in the braces that open at `opening`, without the patterns of nested GRAPHs."""
    found, number = list[int](), opening + 1
    while number < ends[opening]:
        found.append(number)
        nested = tokens[number].type == "LBRACE" and tokens[number - 2].type == "GRAPH"
        number = ends[number] if nested else number + 1
    return found


def _refuse_use(tokens: Sequence[Token], ends: dict[int, int], graph: Token, inner: Sequence[int]) -> None:
    """Raises QuerySyntaxError if the graph variable is used inside its own pattern, other than in its triples."""
    for number in inner:
        kind, begin = tokens[number].type, number + 1
        if kind not in {"FILTER", "BIND", "OPTIONAL", "MINUS_PATTERN"}:
            continue
        while begin < len(tokens) and tokens[begin].type not in {"LPAR", "LBRACE"}:
            begin += 1
        for used in tokens[begin : ends.get(begin, begin)]:
            if used == graph and used.type == "VARIABLE":
                raise _graph_variable_error(used, tokens[number].upper())


def _graph_variable_error(used: Token, word: str) -> QuerySyntaxError:
    from kg.engine.faults import syntax_error

    return syntax_error(
        "%(variable)s has no value inside its own GRAPH, where the graphs are looked at one by one. Put this %(word)s "
        "behind the closing brace of GRAPH %(variable)s { … }.",
        used,
        variable=used,
        word=word,
    )


def _has_triples(tokens: Sequence[Token], ends: dict[int, int], inner: Sequence[int]) -> bool:
    """Whether a pattern has triples, outside VALUES, FILTER and BIND."""
    until = -1
    for number in inner:
        kind = tokens[number].type
        if number <= until:
            continue
        if kind in {"VALUES", "FILTER", "BIND"}:
            opening = next((n for n in range(number, len(tokens)) if tokens[n].type in {"LBRACE", "LPAR"}), number)
            until = ends.get(opening, opening)
            if kind == "VALUES" and tokens[opening].type == "LPAR":
                until = ends.get(until + 1, until)
        elif kind in {"VARIABLE", "IRI", "PREFIXED", "BLANK", "LSQB"}:
            return True
    return False


def _subquery(tokens: Sequence[Token], graph: Token, select: _Select) -> Iterator[_Edit]:
    """Makes a subquery project the graph variable, and group by it."""
    clause = tokens[select.start + 1 : select.pattern]
    modifiers = [t.type for t in tokens[select.close + 1 : select.end]]
    grouped = "GROUP" in modifiers
    if {"LIMIT", "OFFSET"} & set(modifiers) or (_AGGREGATES & {t.type for t in clause} and not grouped):
        raise _subquery_error(tokens[select.start], graph)
    if graph not in clause and clause[0].type != "STAR":  # a variable of that name is local to the subquery
        for own in (t for t in tokens[select.start : select.end] if t == graph):
            yield _Edit(own.start_pos or 0, own.end_pos or 0, f"{graph}_inside")
    star = next((t for t in clause[:2] if t.type == "STAR"), None)
    if star is not None:
        named = dict.fromkeys(str(t) for t in tokens[select.pattern : select.close] if t.type == "VARIABLE")
        yield _Edit(star.start_pos or 0, star.end_pos or 0, " ".join(dict.fromkeys((str(graph), *named))))
        return
    first = next((t for t in clause if t.type not in {"DISTINCT", "REDUCED"}), None)
    if first is not None and graph not in clause:
        yield _Edit(first.start_pos or 0, first.start_pos or 0, f"{graph} ")
    if grouped:
        by = tokens[select.close + 1 + modifiers.index("GROUP") + 1]
        yield _Edit(by.end_pos or 0, by.end_pos or 0, f" {graph}")


def _subquery_error(token: Token, graph: Token) -> QuerySyntaxError:
    from kg.engine.faults import syntax_error

    return syntax_error(
        "A subquery in GRAPH %(variable)s { … } would be answered for all graphs together. Write it around the GRAPH: "
        "{ SELECT %(variable)s … { GRAPH %(variable)s { … } } GROUP BY %(variable)s }.",
        token,
        variable=graph,
    )
