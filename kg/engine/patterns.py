"""The triple patterns of a query that has nothing else, read in a small part of the time that its evaluation takes.

Most queries of programs are so: one group of triple patterns, with prefixes before and LIMIT, OFFSET or ORDER BY after.
Of a query that the engine has accepted the patterns are read as the engine does; of any other text, and where it has
more than that (paths, filters, blank nodes, long strings, BASE, FROM), none are.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

_IRI: Final = r'<[A-Za-z][A-Za-z0-9+.-]*+:[^<>"{}|^`\\\x00-\x20]*+>'
_NAME: Final = r"(?:[A-Za-z][\w-]*+)?:(?:[\w-]++(?:\.[\w-]++)*+)?+(?![:%\\])"
_VARIABLE: Final = r"[?$]\w++"
_QUERY: Final = re.compile(
    rf"""\s*+ (?P<prefixes> (?:PREFIX \s++ (?:[A-Za-z][\w-]*+)?: \s*+ {_IRI} \s*+)*+)
    (?: SELECT \b \s*+ (?:(?:DISTINCT|REDUCED) \b \s*+)? (?: \* | (?:\s*+ {_VARIABLE})++ ) | ASK \b ) \s*+
    (?:WHERE \s*+)? \{{ (?P<group> [^{{}}]*+ ) \}}
    (?: \s*+ ORDER \s++ BY (?: \s*+ (?:(?:ASC|DESC) \s*+ \( \s*+ {_VARIABLE} \s*+ \) | {_VARIABLE}) )++ )?
    (?: \s*+ (?:LIMIT|OFFSET) \s*+ \d++ )*+ \s*+""",
    re.VERBOSE | re.IGNORECASE,
)
_PREFIX: Final = re.compile(r"PREFIX\s+([\w-]*):\s*<([^>]*)>", re.IGNORECASE)
_PIECES: Final = re.compile(
    rf"""(?P<variable> {_VARIABLE} ) | (?P<iri> {_IRI} ) | (?P<name> {_NAME} ) | (?P<type> a\b )
    | (?P<literal> (?: "[^"\\\n\r]*+"(?!") | '[^'\\\n\r]*+'(?!') ) (?: @[A-Za-z0-9-]++ | \^\^(?: {_IRI} | {_NAME} ) )?+
      | [+-]?[0-9]++(?:\.[0-9]++)?+(?![\w.]*[eE]) | true\b | false\b )
    | (?P<sign> [.;,] ) | (?P<other> \S )""",
    re.VERBOSE,
)
TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
"""What ``a`` stands for."""


class TriplePattern(NamedTuple):
    """A triple pattern: the IRI in each place, None for a variable or a literal."""

    subject: str | None
    predicate: str | None
    object: str | None


@lru_cache(maxsize=8)
def triple_patterns(query: str) -> tuple[TriplePattern, ...] | None:
    """The triple patterns of a query that has nothing else; None for any other query."""
    found = _QUERY.fullmatch(query)
    if not found:
        return None
    prefixes = dict(_PREFIX.findall(found["prefixes"])) if found["prefixes"] else {}
    patterns, terms = list[TriplePattern](), list[str | None]()
    for piece in _PIECES.finditer(found["group"]):
        kind = piece.lastgroup
        if kind == "sign":
            if len(terms) != 3:
                return None
            patterns.append(TriplePattern(*terms))
            del terms[{".": 0, ";": 1, ",": 2}[piece[0]] :]
        elif kind == "other" or len(terms) == 3:
            return None
        elif kind == "iri":
            terms.append(piece[0][1:-1])
        elif kind == "name":
            prefix, _, local = piece[0].partition(":")
            if prefix not in prefixes:
                return None
            terms.append(prefixes[prefix] + local)
        else:
            terms.append(TYPE if kind == "type" else None)
    if len(terms) == 3:
        patterns.append(TriplePattern(*terms))
    elif terms:
        return None
    return tuple(patterns)
