"""The terms that constants of a query stand for: prefixed names, IRIs and literals, as written."""

import re
from collections.abc import Callable
from typing import Final

import pyoxigraph as ox

from kg.citations.algebra import OWN
from kg.citations.support import Term
from kg.engine.syntax import declared_prefixes
from ontology.namespaces import RDF_TYPE

_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^<>\\]*")
_PLAIN_LOCAL: Final = re.compile(r"[\w-]*")


class Constants:
    """The terms of one query, each found out once."""

    def __init__(self, prologue: str, solve: Callable[[str], ox.QuerySolutions]) -> None:
        """`solve` evaluates a SELECT after the prologue: for all but plain prefixed names the engine is asked."""
        self._solve = solve
        self._known: dict[str, Term] = {}
        declared = declared_prefixes(prologue)
        self._namespaces = {prefix: iri for prefix, iri in declared.items() if _ABSOLUTE.fullmatch(iri)}

    def __getitem__(self, text: str) -> Term:
        """The term of a text."""
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._named(text) or self._evaluated(text)
        return known

    def name(self, term: Term) -> str:
        """A text that stands for a term from now on, whether or not SPARQL has one."""
        self._known[str(term)] = term
        return str(term)

    def _named(self, text: str) -> ox.NamedNode | None:
        prefix, colon, local = text.partition(":")
        if colon and prefix in self._namespaces and _PLAIN_LOCAL.fullmatch(local):
            return ox.NamedNode(self._namespaces[prefix] + local)
        return ox.NamedNode(RDF_TYPE) if text == "a" else None

    def _evaluated(self, text: str) -> Term:
        found = next(iter(self._solve(f"SELECT ({text} AS {OWN}term) {{}}")))[0]
        assert isinstance(found, ox.NamedNode | ox.BlankNode | ox.Literal)
        return found
