"""Locates the error in a malformed query or update, and explains how to fix it.

pyoxigraph reports how far it parsed, which is seldom where the mistake is. So a text that it rejects is parsed again,
token by token, with the grammar of SPARQL 1.1 (``sparql.lark``). The first token that the grammar does not accept is
the error, and `kg.engine.mistakes` infers from its context what was intended.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Final

from lark import Lark, Token, UnexpectedInput
from lark.lexer import Lexer, LexerState

from kg.engine.errors import QuerySyntaxError
from kg.engine.faults import PROLOGUE, Fault, open_brackets, syntax_error, unclosed
from kg.engine.lexer import excerpt, lex
from kg.engine.mistakes import explain
from ontology import PREFIXES

_WELL_KNOWN_PREFIXES: Final = {"schema": "https://schema.org/", "dc": "http://purl.org/dc/elements/1.1/"}
_AGGREGATING: Final = frozenset(("COUNT", "AGGREGATE", "GROUP_CONCAT"))
_POSITION: Final = re.compile(r"error at (\d+):(\d+)")
_IRI: Final = re.compile(r"<(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?:[^\s%]|%[0-9A-Fa-f]{2})*>")


class _NoLexer(Lexer):
    """A placeholder for Lark's lexer: tokens are fed one by one from `lex`."""

    def __init__(self, _: object) -> None:
        super().__init__()

    def lex(self, lexer_state: LexerState, parser_state: Any) -> Iterator[Token]:
        raise NotImplementedError


def diagnose(
    text: str, *, update: bool = False, engine_message: str = "", prefixes: Mapping[str, str] = PREFIXES
) -> QuerySyntaxError:
    """The error for a text that pyoxigraph does not accept as a query, or as an update.

    `engine_message` is pyoxigraph's error message, for texts that the grammar accepts and pyoxigraph rejects.
    `prefixes` are the namespaces to propose for a prefix that is not declared.
    """
    tokens = list(lex(text))
    fault, number = _first_fault(tokens, update=update)
    undeclared = _undeclared_prefix(tokens)
    if undeclared is not None and undeclared <= number:
        return _prefix_error(tokens[undeclared], prefixes)
    if fault is not None:
        return explain(fault) if fault.token.type != "$END" else _unexpected_end(fault)
    return _beyond_grammar(tokens, engine_message)


def prepare() -> None:
    """Loads the grammar before forking: workers may not open files."""
    parser()


@cache
def parser() -> Lark:
    grammar = resources.files("kg.engine").joinpath("sparql.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer=_NoLexer, start=["query", "update"])


def _first_fault(tokens: Sequence[Token], *, update: bool) -> tuple[Fault | None, int]:
    """The first token that the grammar does not accept, and its index; the end counts as a token."""
    parsing: Any = parser().parse_interactive(start="update" if update else "query")
    last = tokens[-1] if tokens else Token("START", "", 0, 1, 1)
    end = Token("$END", "", last.end_pos, last.line, (last.column or 1) + len(last))
    for number, token in enumerate((*tokens, end)):
        accepts = frozenset(parsing.accepts()) if token.type in {"WORD", "UNKNOWN"} else None
        try:
            if accepts is None:
                parsing.feed_token(token)
                continue
        except UnexpectedInput:
            accepts = frozenset(parsing.accepts())
        following = tokens[number + 1] if number + 1 < len(tokens) else None
        return Fault(token, accepts, tokens[:number], following, update), number
    return None, len(tokens)


def _unexpected_end(fault: Fault) -> QuerySyntaxError:
    """The error for a text that ends too early."""
    if set(fault.kinds) <= PROLOGUE:
        return syntax_error("There is no query here. It begins with SELECT, ASK, CONSTRUCT or DESCRIBE.", fault.token)
    if fault.opened:
        return unclosed(fault.opened[-1], fault.token)
    if {"WHERE", "LBRACE"} & fault.accepts:
        found = excerpt(fault.before)
        return syntax_error("A pattern is missing: after “%(found)s” comes WHERE { … }.", fault.token, found=found)
    return syntax_error(
        "The text ends after “%(found)s”, where more must come.", fault.token, found=excerpt(fault.before)
    )


def _undeclared_prefix(tokens: Sequence[Token]) -> int | None:
    """The index of the first token whose prefix is not declared before it."""
    declared = set()
    for number, token in enumerate(tokens):
        if token.type != "PREFIXED":
            continue
        prefix = token.partition(":")[0]
        if number and tokens[number - 1].type == "PREFIX":
            declared.add(prefix)
        elif prefix not in declared and token.lower() not in {"http:", "https:"}:
            return number
    return None


def _prefix_error(token: Token, prefixes: Mapping[str, str]) -> QuerySyntaxError:
    prefix = token.partition(":")[0]
    return syntax_error(
        "The prefix %(prefix)s: is used here, and no PREFIX line declares it. Put this at the top: "
        "PREFIX %(prefix)s: <%(namespace)s>",
        token,
        prefix=prefix,
        namespace=prefixes.get(prefix) or _WELL_KNOWN_PREFIXES.get(prefix, "…"),
    )


def _beyond_grammar(tokens: Sequence[Token], engine_message: str) -> QuerySyntaxError:
    """The error for a text that the grammar accepts."""
    error = next(_semantic_errors(tokens, engine_message), None)
    if error:
        return error
    place = _POSITION.match(engine_message)
    line, column = (int(place[1]), int(place[2])) if place else (0, 0)
    found = next((t for t in reversed(tokens) if (t.line or 0, t.column or 0) <= (line, column)), None)
    if found is not None:
        return syntax_error("The engine cannot read on at “%(found)s”.", found, found=excerpt(found))
    return syntax_error("The engine cannot read this text.")


def _semantic_errors(tokens: Sequence[Token], engine_message: str) -> Iterator[QuerySyntaxError]:
    """Errors beyond the grammar, by its notes (SPARQL 1.1 Query, section 19.8)."""
    if "not allowed in" in engine_message:
        for found in (t for t in tokens if t.type in {"VARIABLE", "BLANK"}):
            yield syntax_error(
                "Data stand without variables, and what is deleted without blank nodes: %(found)s. To change what a "
                "pattern finds, write INSERT { … } WHERE { … } or DELETE { … } WHERE { … }.",
                found,
                found=found,
            )
    for found in (t for t in tokens if t.type == "IRI" and not _IRI.fullmatch(t)):
        yield syntax_error("%(found)s is no IRI.", found, found=excerpt(found))
    for found in _not_grouped(tokens):
        yield syntax_error(
            "%(variable)s is neither in GROUP BY nor in an aggregate, so a group may have many values of it. Add it to "
            "GROUP BY, or take SAMPLE(%(variable)s).",
            found,
            variable=found,
        )
    for found in _already_bound(tokens):
        yield syntax_error(
            "%(variable)s has a value here already. Give the new value another name.", found, variable=found
        )


def _not_grouped(tokens: Sequence[Token]) -> Iterator[Token]:
    """The variables that a grouped SELECT projects without grouping by them."""
    for start in (n for n, t in enumerate(tokens) if t.type == "SELECT"):
        end, close = _pattern(tokens, start)
        modifiers = [t.type for t in tokens[close : close + 2]]
        grouped = _grouped(tokens, close) if "GROUP" in modifiers else set()
        if not grouped and not _AGGREGATING & {t.type for t in tokens[start:end]}:
            continue
        for number in range(start, end):
            token = tokens[number]
            if token.type == "VARIABLE" and tokens[number - 1].type != "AS" and token not in grouped:
                calls = {tokens[tokens.index(t) - 1].type for t in open_brackets(tokens[start:number])}
                if not calls & _AGGREGATING:
                    yield token


def _already_bound(tokens: Sequence[Token]) -> Iterator[Token]:
    """The variables after AS that occur before it, or in the pattern of its SELECT."""
    for number, token in enumerate(tokens):
        if token.type != "VARIABLE" or not number or tokens[number - 1].type != "AS":
            continue
        earlier = {str(t) for t in tokens[:number]}
        clause = [t.type for t in tokens[:number]]
        in_select = "SELECT" in clause and "LBRACE" not in clause[len(clause) - 1 - clause[::-1].index("SELECT") :]
        start, close = _pattern(tokens, number) if in_select else (number, number)
        if token in earlier | {str(t) for t in tokens[start:close]}:
            yield token


def _pattern(tokens: Sequence[Token], start: int) -> tuple[int, int]:
    """The start and end of the first pattern in braces after a token, as indexes."""
    begin = next((n for n in range(start, len(tokens)) if tokens[n].type == "LBRACE"), len(tokens))
    for end in range(begin + 1, len(tokens) + 1):
        if not open_brackets(tokens[begin:end]):
            return begin, end
    return begin, len(tokens)


def _grouped(tokens: Sequence[Token], start: int) -> set[str]:
    """The variables of the GROUP BY that starts at a token."""
    found = set()
    for token in tokens[start:]:
        if token.type in {"HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES", "RBRACE"}:
            break
        found.add(str(token))
    return found
