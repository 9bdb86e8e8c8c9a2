"""Common mistakes in SPARQL: what is wrong at a token and how to fix it. One function for each part of a text."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from kg.engine.errors import QuerySyntaxError
from kg.engine.faults import CLOSING, PROLOGUE, Fault, syntax_error, unclosed
from kg.engine.lexer import AGGREGATES, BUILTINS, KEYWORDS, excerpt, spelling

_FUNCTIONS: Final = BUILTINS | AGGREGATES | {"COUNT", "GROUP_CONCAT"}
_QUERIES: Final = frozenset(("SELECT", "CONSTRUCT", "DESCRIBE", "ASK"))
_OPERATIONS: Final = frozenset(("INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH"))
_FOREIGN_KEYWORDS: Final = {
    "AND": "&&", "OR": "||", "TOP": "LIMIT", "LIKE": "CONTAINS(…) or REGEX(…)", "IS": "BOUND(?x) or !BOUND(?x)",
    "NULL": "BOUND(?x) or !BOUND(?x)", "LENGTH": "STRLEN(…)", "UPPER": "UCASE(…)", "LOWER": "LCASE(…)",
    "SUBSTRING": "SUBSTR(…)", "ISNULL": "!BOUND(?x)", "CASE": "IF(…, …, …)", "ELSE": "IF(…, …, …)",
    "UNIQUE": "DISTINCT", "EXCEPT": "MINUS { … }",
}  # fmt: skip
_TERMS: Final = frozenset(("IRI", "PREFIXED", "VARIABLE", "BLANK", "STRING", "NUMBER", "BOOLEAN", "LSQB", "A"))
_HTTP: Final = re.compile(r"https?:", re.IGNORECASE)


def explain(fault: Fault) -> QuerySyntaxError:
    """The error at the fault: that of a known mistake with its fix, else a general one."""
    for check in _CHECKS:
        for error in check(fault):
            return error
    wanted = fault.accepts - {"$END"}
    if len(wanted) == 1:
        (kind,) = wanted
        return syntax_error(
            "“%(found)s” cannot stand here; %(wanted)s must come first.",
            fault.token,
            found=excerpt(fault.token),
            wanted=spelling(kind),
        )
    return syntax_error("“%(found)s” cannot stand here.", fault.token, found=excerpt(fault.token))


def _in_request(at: Fault) -> Iterator[QuerySyntaxError]:
    """A query in place of an update or the reverse, and mistakes in the prologue."""
    if not set(at.kinds) <= PROLOGUE:
        return
    if not at.update and at.word in _OPERATIONS:
        yield syntax_error(
            "%(word)s begins an update, and this is where queries go. Send it as an update: POST with the parameter "
            "update= (or the type application/sparql-update) and a token.",
            at.token,
            word=at.word,
        )
    if at.update and at.word in _QUERIES:
        yield syntax_error(
            "%(word)s begins a query, and this is where updates go. Send it with the parameter query=.",
            at.token,
            word=at.word,
        )
    if at.word in {"EXPLAIN", "PROFILE", "ANALYZE", "DEFINE"}:
        yield syntax_error("%(word)s is no part of SPARQL. Leave it out.", at.token, word=at.word)
    if at.word in {"@PREFIX", "@BASE"}:
        yield syntax_error("SPARQL has no @ before PREFIX and BASE, and no dot at the end of their lines.", at.token)
    if at.token.type == "DOT" and at.earlier:
        yield syntax_error("SPARQL has no dot at the end of a PREFIX or BASE line. Leave it out.", at.token)
    if at.before.type == "PREFIX":
        yield syntax_error(
            "PREFIX needs a name with a colon: write PREFIX %(name)s: <…>.",
            at.token,
            name=excerpt(at.token).rstrip(":"),
        )
    if at.token.type == "WORD" and not at.closest(_OPERATIONS if at.update else _QUERIES | {"PREFIX", "BASE"}):
        yield syntax_error(
            "“%(found)s” begins no query. One begins with SELECT, ASK, CONSTRUCT or DESCRIBE.",
            at.token,
            found=excerpt(at.token),
        )


def _in_characters(at: Fault) -> Iterator[QuerySyntaxError]:
    """A character that starts no token, such as an unclosed quotation mark."""
    found = str(at.token)
    if at.before.type == "LANGUAGE" and found.startswith("_") and at.token.start_pos == at.before.end_pos:
        yield syntax_error(
            "A language tag has hyphens and no underscore: write %(tag)s.",
            at.before,
            tag=f"{at.before}{found}".replace("_", "-"),
        )
    if at.token.type == "LESS" and ({"IRI", "RBRACE"} & at.accepts) and "LESS" not in at.accepts:
        yield syntax_error("An IRI stands in angle brackets, without spaces.", at.token)
    if _HTTP.fullmatch(at.before) or _HTTP.match(found):
        token = at.before if _HTTP.fullmatch(at.before) else at.token
        yield syntax_error("An IRI stands in angle brackets: write <%(found)s…>.", token, found=excerpt(token))
    if at.token.type != "UNKNOWN":
        return
    if found in {'"', "'"}:
        yield syntax_error(
            "The string that begins here is not closed on its line. End it with %(quote)s.", at.token, quote=found
        )
    if found in "“”„«»‘’‚":
        yield syntax_error(
            "“%(found)s” is a typographic quotation mark. Strings stand in plain ones.", at.token, found=found
        )
    if found == "&":
        yield syntax_error("“and” is written &&.", at.token)
    yield syntax_error("The character “%(found)s” cannot stand here.", at.token, found=found)


def _in_select(at: Fault) -> Iterator[QuerySyntaxError]:
    """Mistakes between SELECT and its pattern."""
    if not at.in_select_clause:
        return
    kind = at.token.type
    if kind == "COMMA" and not at.in_brackets:
        yield syntax_error("The variables of SELECT stand side by side, without commas. Leave the comma out.", at.token)
    if at.word in _FUNCTIONS and at.before.type != "LPAR":
        yield syntax_error(
            "An expression in SELECT needs brackets and a name: write (%(call)s(…) AS ?name).", at.token, call=at.word
        )
    if kind == "RPAR" and at.kinds[-2:] == ["LPAR", "VARIABLE"]:
        yield syntax_error("A variable of SELECT stands without brackets: write %(name)s.", at.token, name=at.before)
    if kind == "RPAR" and "AS" in at.accepts:
        yield syntax_error("An expression in SELECT needs a name: write AS ?name before the bracket closes.", at.token)
    if kind in {"LBRACE", "WHERE", "FROM"} and at.before.type in {"SELECT", "DISTINCT", "REDUCED"}:
        yield syntax_error("SELECT needs to be told what to select: variables, or * for all.", at.token)
    candidates = frozenset(("WHERE", "FROM", "DISTINCT", "REDUCED", "AS"))
    if kind == "WORD" and at.word not in _FOREIGN_KEYWORDS and not (at.closest(candidates) or at.in_brackets):
        yield syntax_error(
            "“%(found)s” is no variable. The name of a variable begins with ?: write ?%(found)s.",
            at.token,
            found=excerpt(at.token),
        )


def _in_modifiers(at: Fault) -> Iterator[QuerySyntaxError]:
    """Solution modifiers in the wrong order."""
    order = ("GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET")
    if at.token.type in order[:3] and set(order[order.index(at.token.type) + 1 :]) & set(at.kinds):
        yield syntax_error(
            "%(word)s stands too late. The order is GROUP BY, HAVING, ORDER BY, LIMIT and OFFSET.",
            at.token,
            word=at.word,
        )
    if at.before.type in {"ORDER", "GROUP"} and at.accepts == {"BY"}:
        yield syntax_error("%(word)s needs BY: write %(word)s BY.", at.token, word=at.before.upper())


def _in_words(at: Fault) -> Iterator[QuerySyntaxError]:
    """Words that are not SPARQL."""
    found = excerpt(at.token)
    if at.word in _FOREIGN_KEYWORDS:
        yield syntax_error(
            "SPARQL has no %(word)s. Use %(mend)s.", at.token, word=at.word, mend=_FOREIGN_KEYWORDS[at.word]
        )
    if at.token.type != "WORD":
        return
    candidates = frozenset(kind.removesuffix("_PATTERN") for kind in at.accepts) & (KEYWORDS | {"MINUS"})
    candidates |= BUILTINS if "BUILTIN" in at.accepts else frozenset()
    candidates |= AGGREGATES if "AGGREGATE" in at.accepts else frozenset()
    closest = at.closest(candidates) or at.closest(KEYWORDS)
    if closest:
        yield syntax_error(
            "“%(found)s” is no word of SPARQL. Did you mean %(close)s?", at.token, found=found, close=closest
        )
    if at.following is not None and at.following.type == "LPAR":
        yield syntax_error(
            "There is no function %(found)s in SPARQL. Functions of others are called by their IRIs.",
            at.token,
            found=found,
        )
    yield syntax_error(
        "“%(found)s” is no word of SPARQL. Names have a prefix (ex:%(found)s), variables a question mark (?%(found)s), "
        "texts quotation marks.",
        at.token,
        found=found,
    )


def _in_expressions(at: Fault) -> Iterator[QuerySyntaxError]:
    """Mistakes in FILTER, BIND and other expressions."""
    kind, before = at.token.type, at.before.type
    if kind == "EQUAL" and before == "EQUAL":
        yield syntax_error("Equality is a single =.", at.before)
    if at.token == "<>" and "LESS" in at.accepts:  # noqa: S105 - a token of a query
        yield syntax_error("“not equal” is written !=.", at.token)
    if kind in {"EQUAL", "GREATER", "LESS"} and before in {"BANG", "LESS", "GREATER", "EQUAL"}:
        yield syntax_error("Comparisons are written without spaces inside: = != < > <= >=", at.before)
    if kind == "PIPE" and "DOUBLE_BAR" in at.accepts:
        yield syntax_error("“or” is written ||.", at.token)
    if before in {"FILTER", "HAVING", "BIND"} and "LPAR" in at.accepts:
        yield syntax_error(
            "The condition of %(word)s stands in brackets: write %(word)s(…).", at.token, word=at.before.upper()
        )
    if kind == "RPAR" and "AS" in at.accepts:
        yield syntax_error("BIND needs a name for its value: write BIND(… AS ?name).", at.token)
    if kind == "COMMA" and at.call == "GROUP_CONCAT":
        yield syntax_error('The separator of GROUP_CONCAT is written ; SEPARATOR="…".', at.token)
    if kind == "COMMA" and at.call in _FUNCTIONS:
        yield syntax_error("%(word)s takes one expression only.", at.token, word=at.call)


def _in_brackets(at: Fault) -> Iterator[QuerySyntaxError]:
    """Unmatched brackets and braces."""
    opening = next((o for o, c in CLOSING.items() if c == at.token.type), "")
    if opening and all(t.type != opening for t in at.opened):
        yield syntax_error(
            "This %(closing)s closes nothing. Leave it out, or open a %(opening)s before it.",
            at.token,
            closing=at.token,
            opening=spelling(opening),
        )
    if opening and at.opened and at.opened[-1].type != opening:
        yield unclosed(at.opened[-1], at.token)
    if "RPAR" in at.accepts and at.opened and at.opened[-1].type == "LPAR" and at.token.type in {"DOT", "SEMICOLON"}:
        yield unclosed(at.opened[-1], at.token)


def _in_patterns(at: Fault) -> Iterator[QuerySyntaxError]:
    """Mistakes in group graph patterns."""
    kind, accepts, found = at.token.type, at.accepts, excerpt(at.token)
    if "DOT" in accepts and kind in _TERMS:
        yield syntax_error(
            "A dot is missing before “%(found)s”: every triple but the last ends with one.", at.token, found=found
        )
    if kind in {"STRING", "NUMBER", "BOOLEAN"} and "PREFIXED" in accepts and "STRING" not in accepts:
        yield syntax_error(
            "%(found)s is a literal and cannot be a predicate. Write an IRI or a variable.", at.token, found=found
        )
    if kind in {"RBRACE", "DOT", "SEMICOLON"} and {"IRI", "VARIABLE"} <= accepts and "RBRACE" not in accepts:
        yield syntax_error(
            "A triple is not complete before “%(found)s”: it has subject, predicate and object.", at.token, found=found
        )
    if "LBRACE" in accepts and accepts <= {"LBRACE", "WHERE", "FROM", "NAMED", "$END"}:
        yield syntax_error("A { is missing before “%(found)s”.", at.token, found=found)
    if "WHERE" in accepts and at.update:
        yield syntax_error("WHERE { … } is missing before “%(found)s”.", at.token, found=found)
    if kind == "COMMA":
        yield syntax_error("A comma cannot stand here.", at.token)


def _at_the_end(at: Fault) -> Iterator[QuerySyntaxError]:
    """Text after a complete query or operation."""
    if "$END" not in at.accepts:
        return
    if at.token.type == "SEMICOLON":
        yield syntax_error("A query has no semicolon at its end. Leave it out.", at.token)
    if at.update and "SEMICOLON" in at.accepts:
        yield syntax_error(
            "Between two operations of an update stands a semicolon: write ; before %(found)s.",
            at.token,
            found=excerpt(at.token),
        )
    yield syntax_error(
        "The query is at its end before “%(found)s”. What follows is too much.", at.token, found=excerpt(at.token)
    )


_CHECKS: Final[Sequence[Callable[[Fault], Iterator[QuerySyntaxError]]]] = (
    _in_request,
    _in_characters,
    _in_select,
    _in_modifiers,
    _in_words,
    _in_expressions,
    _in_brackets,
    _in_patterns,
    _at_the_end,
)
