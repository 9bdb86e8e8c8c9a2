"""Counts over joins: a pattern whose subject is only counted becomes VALUES of how often each of its objects occurs.

The engine then joins a row for each object in place of one for each triple. It is the eager aggregation of Yan and
Larson, "Eager Aggregation and Lazy Aggregation" (VLDB 1995), with the counts at hand. In
``SELECT ?state (COUNT(*) AS ?n) { ?claim kel:speaker ?who . ?who kel:represents ?state } GROUP BY ?state``
that is the first pattern.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pyoxigraph as ox

from kg.citations.algebra import (
    OWN,
    Bind,
    Element,
    Filter,
    Link,
    Minus,
    Optional,
    Select,
    Subquery,
    Triple,
    Values,
    mentions,
)
from kg.citations.support import Term
from kg.optimisation.costs import Pattern, Rows, loops, pattern_of
from kg.optimisation.counts import UnknownError, with_sums
from kg.optimisation.joins import Joiner
from kg.optimisation.statistics import Statistics
from kg.optimisation.texts import group_of, has_chance, places

_WORTHWHILE: Final = 4
"""So many triples have to be counted for each row of VALUES."""


@dataclass(frozen=True)
class _Leaf:
    """A triple pattern whose subject is only counted: the frequencies of its objects, and their variable's name."""

    triple: Triple
    frequencies: dict[str, int]
    number: str

    def values(self) -> Values:
        variables = (self.triple.object, self.number)
        rows = " ".join(f"({term} {number})" for term, number in self.frequencies.items())
        return Values(f"VALUES ({' '.join(variables)}) {{ {rows} }}", variables)

    @property
    def rows(self) -> Rows:
        """What the engine begins with."""
        many = float(len(self.frequencies))
        values = {self.triple.object: max(1.0, many)}
        return Rows(many, values, {}, many)


def weighed(select: Select, joiner: Joiner) -> tuple[Select, str] | None:
    """A SELECT of counts with one pattern as VALUES, and why, in words; None if that is not worth it.

    Its pattern is matched against the whole default graph.
    """
    if select.star or not select.grouped or select.values or select.distinct:
        return None
    if has_chance(select):
        return None
    return _Weigher(select, joiner).weighed()


class _Weigher:
    def __init__(self, select: Select, joiner: Joiner) -> None:
        self._select = select
        self._joiner = joiner
        self._statistics: Statistics = joiner.statistics
        self._term: Callable[[str], Term] = joiner.term
        self._mentioned: Counter[str] = joiner.mentioned
        texts = [*(e for e, _ in select.projection), select.having, select.order]
        self._in_counts: Counter[str] = Counter()
        for text in texts:
            self._count_in(text)

    def _count_in(self, text: str) -> None:
        def number(variable: str) -> str:
            self._in_counts[variable] += 1
            return ""

        try:
            with_sums(text, number)
        except UnknownError:
            self._in_counts.clear()

    def weighed(self) -> tuple[Select, str] | None:
        elements = [*self._select.where.elements]
        if not all(isinstance(e, Triple | Filter | Optional | Minus | Bind) for e in elements):
            return None
        triples = [e for e in elements if isinstance(e, Triple)]
        patterns = self._patterns(triples)
        if patterns is None:
            return None
        end = next((n for n, e in enumerate(elements) if not isinstance(e, Triple | Filter)), len(elements))
        for at, element in enumerate(elements):
            if isinstance(element, Triple) and at < end and (leaf := self._leaf(element)):  # others see what is before
                rest = [p for p in patterns if p.triple is not element]
                if self._is_better(loops(patterns).read, loops(rest, first=leaf.rows).read):
                    return self._with(leaf, [leaf.values(), *elements[:at], *elements[at + 1 :]], optional=False)
            if isinstance(element, Optional) and (found := self._optional(element, patterns)):
                leaf, inner = found
                return self._with(leaf, [*elements[:at], inner, *elements[at + 1 :]], optional=True)
        return None

    def _optional(self, element: Optional, left: Sequence[Pattern]) -> tuple[_Leaf, Optional] | None:
        """OPTIONAL with such a pattern, whose other patterns are evaluated once and joined by hashing."""
        inner = element.group.elements
        triples = [e for e in inner if isinstance(e, Triple)]
        filters = [e for e in inner if isinstance(e, Filter)]
        patterns = self._patterns(triples)
        if patterns is None or len(triples) + len(filters) < len(inner) or len(triples) < 2 or not left:
            return None
        outer, whole = loops(left), loops(patterns)
        before = outer.joined(whole).number
        for triple in triples:
            if not (leaf := self._leaf(triple)):
                continue
            rest = [p for p in patterns if p.triple is not triple]
            after = loops(rest, first=leaf.rows)
            if self._is_better(before, after.read + outer.number):
                others = [p.triple for p in rest]
                columns = dict.fromkeys([*leaf.values().variables, *(v for t in others for v in places(t))])
                select = Select(
                    tuple(("", v) for v in columns),
                    star=False,
                    distinct=False,
                    where=group_of((leaf.values(), *others)),
                )
                return leaf, Optional(group_of((Subquery(select), *filters)))
        return None

    def _patterns(self, triples: Sequence[Triple]) -> list[Pattern] | None:
        found = [pattern_of(t, self._statistics, self._term) for t in triples]
        return None if None in found else [p for p in found if p]

    def _leaf(self, triple: Triple) -> _Leaf | None:
        subject, value = triple.subject, triple.object
        if subject[0] != "?" or value[0] != "?" or subject == value or not isinstance(triple.path, Link):
            return None
        if triple.path.term[0] == "?" or self._mentioned[subject] != 1 + self._in_counts[subject]:
            return None
        iri = self._term(triple.path.term)
        found = self._statistics.predicates.get(iri.value) if isinstance(iri, ox.NamedNode) else None
        if not found or found.frequencies is None or self._mentioned[value] < 2:
            return None
        if self._joiner.times and found.triples < _WORTHWHILE * len(found.frequencies):
            return None
        return _Leaf(triple, found.frequencies, f"{OWN}weight")

    def _is_better(self, before: float, after: float) -> bool:
        return before >= self._joiner.least and after * self._joiner.times <= before

    def _with(self, leaf: _Leaf, elements: Sequence[Element], *, optional: bool) -> tuple[Select, str] | None:
        select, own = self._select, leaf.triple.subject

        def number(variable: str) -> str:
            if variable == own:
                return f"COALESCE({leaf.number}, 0)" if optional else leaf.number
            weight = f"COALESCE({leaf.number}, 1)" if optional else leaf.number
            return weight if variable == "*" else f"IF(BOUND({variable}), {weight}, 0)"

        try:
            projection = tuple((with_sums(e, number), v) for e, v in select.projection)
            having, order = with_sums(select.having, number), with_sums(select.order, number)
        except UnknownError:
            return None
        texts = [*(e or v for e, v in projection), *(k.text for k in select.keys), having, order]
        if own in {v for text in texts for v in mentions(text)}:  # such as COUNT(DISTINCT ?own)
            return None
        found = replace(select, projection=projection, having=having, order=order, where=group_of(elements))
        return found, f"counted by {leaf.triple.object} before: {len(leaf.frequencies)} rows"
