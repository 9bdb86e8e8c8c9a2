"""One failing part of a query, and what may be tried to mend it."""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from kg.engine.lexer import lex
from kg.explanations.editing import Changes
from kg.explanations.pattern import Leaf, rendered
from kg.explanations.probing import Prober
from kg.store.reader import Row, Term
from ontology import BASE
from ontology.namespaces import PREFIXES, shorten

_SIMPLE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_LONGEST: Final = 60
_XSD: Final = PREFIXES["xsd"]
_PLAIN: Final = {_XSD + name for name in ("integer", "decimal", "boolean")}


@dataclass(frozen=True)
class Candidate:
    """A mend to try: what is said if it gives rows, and how it changes the query.

    kind: names the finding. rank: less is more useful. template: an English message with ``%(name)s`` for each of
    `values`. at: the element that it is about. changes, dataset, added: see `kg.explanations.editing.edited`.
    """

    kind: str
    rank: int
    template: str
    values: Mapping[str, str]
    at: Leaf
    changes: Changes
    dataset: str | None = None
    added: str = ""


@dataclass
class Case:
    """A failing part of a query.

    leaves: all elements that are looked at, in order. part: those that fail together.
    """

    prober: Prober
    leaves: Sequence[Leaf]
    part: frozenset[Leaf]
    unknown: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def context(self, leaf: Leaf) -> frozenset[Leaf]:
        """The other elements where they have solutions, else those of the failing part."""
        others = frozenset(self.leaves) - {leaf}
        return others if self.prober.exists(others) else self.part - {leaf}

    def explore(
        self, leaf: Leaf, text: str, selected: str, limit: int = 20, context: Set[Leaf] | None = None
    ) -> list[Row]:
        """Solutions of the context with another text in the place of an element."""
        around = self.context(leaf) if context is None else context
        pattern = rendered(self.prober.reading.focus, around | {leaf}, {leaf: text}, opened=True)
        return self.prober.rows(selected, pattern, limit) or []

    def tally(self, leaf: Leaf, text: str, variables: str, limit: int = 6) -> list[Row]:
        """The most frequent values, most first, with their number as ``?_n``, in a sample of the solutions."""
        pattern = rendered(self.prober.reading.focus, self.context(leaf) | {leaf}, {leaf: text}, opened=True)
        inner = f"{{ SELECT {variables} WHERE {{ {pattern} }} LIMIT 3000 }}"
        grouped = f"SELECT {variables} (COUNT(*) AS ?_n) WHERE {{ {inner} }} GROUP BY {variables}"
        rows = self.prober.rows(f"{variables} ?_n", f"{{ {grouped} ORDER BY DESC(?_n) LIMIT {limit} }}", limit) or []
        return sorted(rows, key=lambda row: (-int(row["_n"].value), str(row)))

    def term(self, text: str) -> Term | None:
        """The RDF term that a name or literal in the query stands for; None for variables and paths."""
        if text[:1] in "?$":
            return None
        if text == "a":
            return ox.NamedNode(PREFIXES["rdf"] + "type")
        document = f"{self.prober.reading.prologue}\n<x:s> <x:p> {text} ."
        try:
            quads = [*ox.parse(document, format=ox.RdfFormat.TURTLE, base_iri=BASE)]
        except (SyntaxError, ValueError):
            return None
        found = quads[0].object if len(quads) == 1 else None
        return found if isinstance(found, ox.NamedNode | ox.Literal) else None

    @cached_property
    def _namespaces(self) -> list[tuple[str, str]]:
        declared = self.prober.reading.prefixes.items()
        return sorted(((namespace, prefix) for prefix, namespace in declared), key=lambda n: -len(n[0]))

    def spelt(self, term: Term) -> str:
        """A term as it stands in the query, with its prefixes."""
        if isinstance(term, ox.NamedNode):
            for namespace, prefix in self._namespaces:
                if term.value.startswith(namespace) and _SIMPLE.fullmatch(term.value.removeprefix(namespace)):
                    return f"{prefix}:{term.value.removeprefix(namespace)}"
            return str(term)
        if isinstance(term, ox.Literal):
            if term.datatype.value in _PLAIN:
                return term.value
            if not term.language and term.datatype.value != _XSD + "string":
                return f"{ox.Literal(term.value)}^^{self.spelt(term.datatype)}"
        return str(term)

    def free_variable(self, name: str) -> str:
        """A variable that the query does not use."""
        while re.search(rf"[?$]{name}\b", self.prober.reading.text):
            name += "_"
        return f"?{name}"

    def renamed(self, leaf: Leaf, old: str, new: str) -> Changes:
        """Another name in the place of one, in this element and all others of the query that have it."""
        everywhere = {leaf: "", **dict.fromkeys(self.leaves, "")}
        return {each: text for each in everywhere if (text := replaced(each.text, old, new)) != each.text}


def replaced(text: str, old: str, new: str) -> str:
    """A text of SPARQL with another token in the place of one."""
    parts, done = list[str](), 0
    for token in lex(text):
        if token == old:
            parts += text[done : token.start_pos], new
            done = token.end_pos or 0
    return "".join((*parts, text[done:]))


def names_in(text: str) -> Iterator[str]:
    """The names (IRIs and prefixed names) in a text of SPARQL."""
    return (str(token) for token in lex(text) if token.type in ("IRI", "PREFIXED"))


def told(term: Term) -> str:
    """A term for messages."""
    if isinstance(term, ox.NamedNode):
        return shorten(term.value)
    if isinstance(term, ox.Literal):
        value = term.value if len(term.value) <= _LONGEST else f"{term.value[: _LONGEST - 1]}…"
        if term.language:
            return f"“{value}”@{term.language}"
        return value if term.datatype.value != _XSD + "string" else f"“{value}”"
    return str(term)


def told_type(term: Term) -> str:
    """The datatype of a literal for messages."""
    return shorten(term.datatype.value) if isinstance(term, ox.Literal) else ""
