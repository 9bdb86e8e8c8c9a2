"""Counts over all triples, or all of a predicate: the pattern becomes VALUES of what the statistics have counted.

``SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p`` becomes ``SELECT ?p (SUM(?w) AS ?n) { VALUES (?p ?w) { … } }
GROUP BY ?p``; the engine does the rest, such as HAVING, ORDER BY and LIMIT.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

import pyoxigraph as ox

from kg.citations.algebra import OWN, Element, Filter, Graph, Group, Link, Select, Triple, Values, mentions
from kg.citations.support import Term
from kg.engine.lexer import lex
from kg.optimisation.statistics import Predicate, Statistics
from kg.optimisation.texts import group_of, has_chance, is_plain

_WEIGHT: Final = f"{OWN}number"

LEAST_TRIPLES: Final = 2_000
"""Of which there are fewer to count, is left to the engine."""

_WORTHWHILE: Final = 4
"""So many triples have to be counted for each row of VALUES."""


class UnknownError(Exception):
    """The statistics do not tell it."""


@dataclass(frozen=True)
class _Weighted:
    """Solutions with how often each occurs, as the texts of terms, and how many there are with all repetitions."""

    variables: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], int], ...]

    @property
    def total(self) -> int:
        return sum(number for _, number in self.rows)


def counted(
    select: Select, statistics: Statistics, term: Callable[[str], Term], least: int = LEAST_TRIPLES
) -> tuple[Select, str] | None:
    """The SELECT by what is counted already, and why, in words; None if the engine is to count.

    The pattern of the SELECT is matched against the whole default graph.
    """
    if select.values or select.star or not (select.grouped or select.distinct) or has_chance(select):
        return None
    triple, filters, graph = _only_triple(select.where)
    if triple is None:
        return None
    variables = [v for v in (triple.subject, triple.text, triple.object, graph) if v[:1] == "?"]
    bound = {*variables}
    if len(bound) < len(variables):
        return None

    def number(variable: str) -> str:
        if variable != "*" and variable not in bound:
            raise UnknownError
        return _WEIGHT

    try:
        projection = tuple((with_sums(e, number), v) for e, v in select.projection)
        having, order = with_sums(select.having, number), with_sums(select.order, number)
        texts = [*(e or v for e, v in projection), *(k.text for k in select.keys), having, order]
        texts += [f.text for f in filters]
        used = {v for text in texts for v in mentions(text)} & bound
        weighted = _weighted(triple, used, statistics, term, graph)
    except UnknownError:
        return None
    if weighted.total < (max(least, _WORTHWHILE * len(weighted.rows)) if least else 0):
        return None
    where = group_of((_values(weighted), *filters))
    found = replace(select, projection=projection, having=having, order=order, where=where)
    return found, f"counted before: {weighted.total} triples in {len(weighted.rows)} rows"


def _only_triple(group: Group) -> tuple[Triple | None, list[Filter], str]:
    """The triple pattern that is all of a group but for filters, these, and the variable of its graph, if it has one.

    None if there is more in the group. The pattern's text is its predicate.
    """
    elements: list[Element] = [*group.elements]
    graph = ""
    if len(elements) == 1 and isinstance(elements[0], Graph):
        graph, elements = elements[0].name, [*elements[0].group.elements]
        if graph[0] != "?" or len(elements) != 1:
            return None, [], ""
    filters = [e for e in elements if isinstance(e, Filter)]
    others = [e for e in elements if not isinstance(e, Filter)]
    if len(others) != 1 or not all(map(is_plain, filters)):
        return None, [], ""
    triple = others[0]
    if not isinstance(triple, Triple) or not isinstance(triple.path, Link):
        return None, [], ""
    return replace(triple, text=triple.path.term), filters, graph


def with_sums(text: str, number: Callable[[str], str]) -> str:
    """An expression with sums in the place of its counts; `number` gives what is summed up, for a variable or ``*``.

    Raises UnknownError for what depends in another way on how often a solution occurs, and what `number` raises.
    """
    tokens, edits = [*lex(text)], list[tuple[int, int, str]]()
    for at, token in enumerate(tokens):
        if token.type in ("AGGREGATE", "GROUP_CONCAT") or token.upper() == "EXISTS":
            raise UnknownError
        if token.type != "COUNT":
            continue
        following = tokens[at + 1 : at + 5]
        kinds = [t.type for t in following]
        if kinds[:3] in (["LPAR", "STAR", "RPAR"], ["LPAR", "VARIABLE", "RPAR"]):
            counted_one = "*" if kinds[1] == "STAR" else f"?{following[1][1:]}"
            edits.append((token.start_pos or 0, following[2].end_pos or 0, f"SUM({number(counted_one)})"))
        elif kinds != ["LPAR", "DISTINCT", "VARIABLE", "RPAR"]:
            raise UnknownError
    for start, end, new in reversed(edits):
        text = text[:start] + new + text[end:]
    return text


def _weighted(
    triple: Triple, used: set[str], statistics: Statistics, term: Callable[[str], Term], graph: str
) -> _Weighted:
    """The solutions of a triple pattern by the variables that are used; raises UnknownError."""
    subject, predicate, value, named = triple.subject, triple.text, triple.object, bool(graph)
    if subject[0] != "?" or {subject, graph} & used:
        raise UnknownError
    if predicate[0] == "?":
        if value[0] != "?" or value in used:
            raise UnknownError
        counts = {f"<{iri}>": p.named if named else p.triples for iri, p in statistics.predicates.items()}
        return _by(predicate, counts.items(), predicate in used)
    iri = term(predicate)
    if not isinstance(iri, ox.NamedNode):
        raise UnknownError
    found = statistics.predicates.get(iri.value, Predicate(frequencies={}))
    if value[0] == "?" and value not in used:
        return _Weighted((), (((), found.named if named else found.triples),))
    if named or found.frequencies is None:
        raise UnknownError
    if value[0] == "?":
        return _by(value, found.frequencies.items(), True)
    return _Weighted((), (((), found.frequencies.get(str(term(value)), 0)),))


def _by(variable: str, counts: Iterable[tuple[str, int]], told: bool) -> _Weighted:
    found = [(text, number) for text, number in counts if number]
    if told:
        return _Weighted((variable,), tuple(((text,), number) for text, number in found))
    return _Weighted((), (((), sum(number for _, number in found)),))


def _values(weighted: _Weighted) -> Values:
    variables = (*weighted.variables, _WEIGHT)
    rows = " ".join(f"({' '.join((*terms, str(number)))})" for terms, number in weighted.rows if number)
    return Values(f"VALUES ({' '.join(variables)}) {{ {rows} }}", variables)
