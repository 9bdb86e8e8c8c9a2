"""The joins of a basic graph pattern: the order of its patterns, and parts that are better evaluated by themselves.

The engine evaluates a basic graph pattern by nested loops. Where two parts of it share several variables, or the parts
make a cycle, these read far more rows than the parts have. A part is a star, the patterns of one subject, or several
that loops join well. As subqueries the parts are evaluated once each, and joined by hashing.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

from kg.citations.algebra import Element, Filter, Select, Subquery, Triple, mentions
from kg.citations.support import Term
from kg.engine.lexer import lex
from kg.optimisation.costs import Pattern, Rows, hashed, loops, ordered, pattern_of
from kg.optimisation.filters import Given
from kg.optimisation.statistics import Statistics
from kg.optimisation.texts import CHANCE, group_of, is_plain, places

LEAST_ROWS: Final = 2_000.0
"""Of which the engine reads fewer, as estimated, is left as it is."""

TIMES: Final = 3.0
"""Another plan has to be so many times as good, as estimated."""

_MOST_PATTERNS: Final = 24


@dataclass(frozen=True)
class Joined:
    """The elements in the place of triple patterns and filters, and why, in words; `used`: filters that are done."""

    elements: tuple[Element, ...]
    used: tuple[Filter, ...]
    reason: str


@dataclass
class Joiner:
    """Plans the joins of one query. `mentioned` counts its variables; `all_shown`: SELECT * shows any of them."""

    statistics: Statistics
    term: Callable[[str], Term]
    mentioned: Counter[str] = field(default_factory=Counter)
    all_shown: bool = True
    least: float = LEAST_ROWS
    times: float = TIMES

    def joined(
        self, triples: Sequence[Triple], filters: Sequence[Filter], given: Given, *, split: bool
    ) -> Joined | None:
        """A better plan of triple patterns that are joined with nothing else; None if there is none.

        `filters` are those of their group. `split`: whether parts may become subqueries, which give no row before all
        have been read.
        """
        found = [pattern_of(t, self.statistics, self.term, given.terms) for t in triples]
        patterns = [p for p in found if p]
        if len(patterns) < len(found) or not 1 < len(found) <= _MOST_PATTERNS:
            return None
        before = loops(patterns, given.terms.keys()).read
        if before < self.least:
            return None
        sorted_patterns = ordered(patterns)
        sorted_cost = loops(sorted_patterns, given.terms.keys()).read
        if split:
            parts, cost = self._parts(patterns, given)
            if len(parts) > 1 and cost * self.times <= min(before, sorted_cost):
                elements, used = self._subqueries(parts, filters, given)
                return Joined(elements, used, f"{len(parts)} parts by themselves: {_rows(cost)} for {_rows(before)}")
        if sorted_cost * self.times <= before:
            order = tuple(p.triple for p in sorted_patterns)
            return Joined(
                (*given.values(_variables(order)), *order), (), f"other order: {_rows(sorted_cost)} for {_rows(before)}"
            )
        return None

    def _parts(self, patterns: Sequence[Pattern], given: Given) -> tuple[list[list[Pattern]], float]:
        """The parts that cost least, in the order in which to join them: stars, of which pairs are merged greedily."""
        stars = dict[str, list[Pattern]]()
        for pattern in patterns:
            stars.setdefault(pattern.triple.subject, []).append(pattern)
        parts = [ordered(star) for star in stars.values()]
        cost, order = self._cost(parts, given)
        while self.times and len(parts) > 1:  # else whatever it costs
            merged = []
            for one, other in combinations(range(len(parts)), 2):
                rest = [p for n, p in enumerate(parts) if n not in (one, other)]
                candidate = [*rest, ordered([*parts[one], *parts[other]])]
                merged.append((*self._cost(candidate, given), candidate))
            best = min(merged, key=lambda m: m[0])
            if best[0] > cost:
                break
            cost, order, parts = best
        return [parts[n] for n in order], cost

    def _cost(self, parts: Sequence[Sequence[Pattern]], given: Given) -> tuple[float, list[int]]:
        rows: list[Rows] = [loops(part, given.terms.keys()) for part in parts]
        return hashed(rows)

    def _subqueries(
        self, parts: Sequence[Sequence[Pattern]], filters: Sequence[Filter], given: Given
    ) -> tuple[tuple[Element, ...], tuple[Filter, ...]]:
        elements, used = list[Element](), list[Filter]()
        for part in parts:
            triples = [p.triple for p in part]
            variables = _variables(triples)
            own = [
                f for f in filters if f not in used and f not in given.done and is_plain(f) and _is_of(f, {*variables})
            ]
            used += own
            inner = group_of((*given.values(variables), *triples, *own))
            inside = Counter(v for t in triples for v in places(t))
            inside.update(v for f in own for v in mentions(f.text))
            needed = [v for v in variables if self.all_shown or self.mentioned[v] > inside[v]]
            columns = needed or variables[:1]
            select = Select(tuple(("", v) for v in columns), star=False, distinct=False, where=inner)
            elements.append(Subquery(select))
        return tuple(elements), tuple(used)


def _is_of(element: Filter, variables: set[str]) -> bool:
    """Whether a filter has these variables alone, and the same value whenever it is evaluated."""
    words = {str(t).upper() for t in lex(element.text) if t.type == "BUILTIN"}
    return {*mentions(element.text)} <= variables and not words & CHANCE


def _variables(triples: Sequence[Triple]) -> list[str]:
    return [*dict.fromkeys(v for t in triples for v in places(t))]


def _rows(number: float) -> str:
    return f"{number:.2g} rows" if number < 1e6 else f"{number:.1e} rows"
