"""Filters that let a variable have some constants only: written as VALUES, where the engine begins with them."""

from collections.abc import Callable, Iterator, Sequence

from lark import Token

from kg.citations.algebra import Filter, Triple, Values, path_terms
from kg.citations.support import Term
from kg.engine.lexer import lex
from kg.optimisation.texts import is_plain

_CONSTANTS = ("IRI", "PREFIXED", "STRING")


class Given:
    """The constants that variables of triple patterns can have only, by filters of their group.

    A filter holds for IRIs and plain strings just where the terms are the same (SPARQL 1.1 Query, section 17.4.1.7), so
    that a join with VALUES leaves the same solutions, if the patterns beside it bind the variable.
    """

    def __init__(self, filters: Sequence[Filter], triples: Sequence[Triple], term: Callable[[str], Term]) -> None:
        bound = {v for t in triples for v in (t.subject, *path_terms(t.path), t.object) if v[0] == "?"}
        self.texts: dict[str, tuple[str, ...]] = {}
        """The constants as written, by variable."""
        self.done: list[Filter] = []
        """The filters of which nothing is left to be checked."""
        for each in filters:
            parts = _parts(each) if is_plain(each) else ()
            known = [part for part in parts if part and part[0] in bound and part[0] not in self.texts]
            names = [part[0] for part in known]
            if len({*names}) < len(names):
                continue
            for name, constants in known:
                self.texts[name] = tuple({term(c): c for c in constants}.values())
            if parts and len(known) == len(parts):
                self.done.append(each)
        self.terms = {name: [term(c) for c in constants] for name, constants in self.texts.items()}
        """The constants as terms, by variable."""

    def values(self, variables: Sequence[str]) -> Iterator[Values]:
        """VALUES for those of the variables that have constants."""
        for name in dict.fromkeys(variables):
            if name in self.texts:
                yield Values(f"VALUES {name} {{ {' '.join(self.texts[name])} }}", (name,))


def _parts(each: Filter) -> Sequence[tuple[str, tuple[str, ...]] | None]:
    """The parts of a conjunction: a variable and the constants that it may be, or None for another condition."""
    tokens = [*lex(each.text)][1:]
    if len(tokens) < 2 or tokens[0].type != "LPAR" or tokens[-1].type != "RPAR":
        return ()
    found, part, depth = list[tuple[str, tuple[str, ...]] | None](), list[Token](), 0
    for token in (*tokens[1:-1], Token("DOUBLE_AMPERSAND", "&&")):
        if token.type == "DOUBLE_AMPERSAND" and not depth:
            found.append(_equality(part))
            part = []
            continue
        depth += {"LPAR": 1, "RPAR": -1}.get(token.type, 0)
        # Such as (?a = ?b) && (?c = ?d), whose outer brackets are none of the whole; or a disjunction of conjunctions
        if depth < 0 or (token.type == "DOUBLE_BAR" and not depth):
            return ()
        part.append(token)
    return found


def _equality(part: Sequence[Token]) -> tuple[str, tuple[str, ...]] | None:
    kinds = [token.type for token in part]
    if kinds[1:2] == ["EQUAL"] and len(part) == 3:
        one, other = (part[0], part[2]) if kinds[0] == "VARIABLE" else (part[2], part[0])
        if one.type == "VARIABLE" and other.type in _CONSTANTS:
            return _name(one), (str(other),)
    if kinds[:3] == ["VARIABLE", "IN", "LPAR"] and kinds[-1] == "RPAR" and len(part) > 4:
        inner = part[3:-1]
        if all(t.type == "COMMA" if n % 2 else t.type in _CONSTANTS for n, t in enumerate(inner)) and len(inner) % 2:
            return _name(part[0]), tuple(str(t) for t in inner[::2])
    return None


def _name(token: Token) -> str:
    return f"?{token[1:]}"
