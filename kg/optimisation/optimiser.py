"""Rewrites queries over a whole store by its statistics: each into one that has the same solutions."""

import re
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, cast

import pyoxigraph as ox

from kg.citations.algebra import OWN, Bind, Element, Filter, Group, Minus, Optional, Query, Select, Subquery, Triple
from kg.citations.algebra import Union as Alternatives
from kg.citations.constants import Constants
from kg.citations.parsing import parse
from kg.citations.plan import select_text
from kg.citations.support import Term
from kg.engine.lexer import lex
from kg.engine.optimising import Rewritten
from kg.optimisation.counts import LEAST_TRIPLES, counted
from kg.optimisation.filters import Given
from kg.optimisation.joins import LEAST_ROWS, TIMES, Joiner
from kg.optimisation.statistics import Statistics, changes
from kg.optimisation.texts import group_of, mentioned, shows_all
from kg.optimisation.weights import weighed
from kg.rdf.patches import Patch
from ontology import BASE, KelisimError

_COUNTS: Final = re.compile(r"COUNT\s*\(|DISTINCT\b")
_NEXT_SUBJECT: Final = re.compile(r"\.\s*[?$_\[]")
_CONSTANT: Final = re.compile(r"""\s(?:<[^<>\s]*>|[\w-]*:[\w-]+|"[^"]*"\S*)\s*[;.}]""")
"""A constant for the object of a pattern, but for the last of a group."""
_DECLINED: Final = re.compile(r"(?<![:?$\w-])(?:SERVICE|REDUCED|BASE|DESCRIBE)\b", re.IGNORECASE)
_DIGITS: Final = re.compile(r"\d+")
_LONGEST: Final = 20_000
"""Of longer texts none is read: that would take long itself."""

_SHAPES: Final = 2_000
_UNCHANGED: Final = 2
"""Of so many queries of a shape none was rewritten: then none is read any more that differs in numbers alone."""

_FEW: Final = 10_000
"""A query for so many rows, or fewer, may be done before much is read."""


class Optimiser:
    """Rewrites the queries of one store, and follows its patches."""

    def __init__(
        self,
        statistics: Statistics,
        *,
        least_rows: float = LEAST_ROWS,
        least_triples: int = LEAST_TRIPLES,
        times: float = TIMES,
    ) -> None:
        """`least_rows`, `least_triples`: what the engine reads, or counts, for queries that are worth it.

        `times`: how many times as good another plan has to be, as estimated.
        """
        self.statistics = statistics
        self.least_triples = least_triples
        self._least_rows, self._times = least_rows, times
        self._shapes: OrderedDict[str, int] = OrderedDict()

    def follow(self, patch: Patch, store: ox.Store) -> None:
        """Takes a patch into account that is about to be applied to the store."""
        self.statistics.follow(changes(patch, store))

    def rewritten(self, query: str) -> Rewritten:
        """The query as it is to be evaluated over the whole store; it may be no SPARQL, and is then left as it is."""
        if len(query) > _LONGEST or not _may_gain(query):
            return Rewritten(query)
        shape = _DIGITS.sub("0", query)
        if (seen := self._shapes.get(shape, 0)) >= _UNCHANGED or _DECLINED.search(query):
            return Rewritten(query)
        found = self._read(query)
        if found.reasons:
            self._shapes.pop(shape, None)
        else:
            self._shapes[shape] = seen + 1
            if len(self._shapes) > _SHAPES:
                self._shapes.popitem(last=False)
        return found

    def _read(self, query: str) -> Rewritten:
        try:
            tree = parse(query)
            if tree.dataset or OWN[1:] in query or _counts_solutions_once(query):
                return Rewritten(query)
            solve = partial(_solved, tree.prologue)
            rewriter = _Rewriter(tree, self.statistics, Constants(tree.prologue, solve), self)
            found = rewriter.rewritten(query)
            if found.reasons:
                _solved("", query)  # as written it may be none: then the engine is to tell why
        except (KelisimError, SyntaxError, ValueError, RuntimeError, AssertionError):
            return Rewritten(query)
        else:
            return found

    def joiner(self, query: Query, term: Callable[[str], Term]) -> Joiner:
        """What plans the joins of a query; `term` gives the terms of its constants."""
        counted = Counter(mentioned(query))
        return Joiner(self.statistics, term, counted, shows_all(query), self._least_rows, self._times)


def _counts_solutions_once(query: str) -> bool:
    """Whether it has COUNT(DISTINCT *), which depends on variables that are mentioned nowhere else."""
    kinds = [token.type for token in lex(query)] if "DISTINCT" in query.upper() else []
    return any(kinds[n : n + 3] == ["LPAR", "DISTINCT", "STAR"] for n in range(len(kinds)))


def _may_gain(query: str) -> bool:
    """A first look of some microseconds: whether a query counts, or has joins or filters that may be rewritten."""
    upper = query.upper()
    if _COUNTS.search(upper):
        return True
    start = query.find("{")
    if upper.find("FILTER", start) >= 0 and (query.find("=", start) >= 0 or upper.find("IN", start) >= 0):
        return True
    if query.find(";", start) < 0 and query.find(".", start) < 0:
        return False
    return _NEXT_SUBJECT.search(query, start) is not None or len(_CONSTANT.findall(query, start)) > 1


def _solved(prologue: str, query: str) -> ox.QuerySolutions:
    found = ox.Store().query(f"{prologue} {query}", base_iri=BASE)
    return cast("ox.QuerySolutions", found)


class _Rewriter:
    def __init__(self, query: Query, statistics: Statistics, constants: Constants, optimiser: Optimiser) -> None:
        self._query = query
        self._statistics = statistics
        self._term = constants.__getitem__
        self._triples = optimiser.least_triples
        self._joiner = optimiser.joiner(query, self._term)
        self._reasons: list[str] = []

    def rewritten(self, text: str) -> Rewritten:
        """The whole query; `text` is how it is written."""
        query = self._query
        stops = query.form == "ASK"
        select = query.select if query.form != "SELECT" else self._counted(query.select)
        if select is query.select:
            select = self._select(select, stops=stops)
        if not self._reasons:
            return Rewritten(text)
        if query.form == "SELECT":
            return Rewritten(f"{query.prologue} {select_text(select, dataset=query.dataset)}", tuple(self._reasons))
        if text.count(query.select.where.text) != 1:
            return Rewritten(text)
        return Rewritten(text.replace(query.select.where.text, select.where.text), tuple(self._reasons))

    def _counted(self, select: Select) -> Select:
        found = counted(select, self._statistics, self._term, self._triples) or weighed(select, self._joiner)
        if not found:
            return select
        self._reasons.append(found[1])
        return found[0]

    def _select(self, select: Select, *, stops: bool) -> Select:
        """A SELECT with its pattern rewritten; `stops`: whoever reads its rows may stop at the first ones."""
        blocking = select.grouped or select.distinct or bool(select.order)
        few = select.limit is not None and select.limit + select.offset <= _FEW
        shown = tuple(("", v) for v in select.columns()) if select.star else select.projection
        if select.star and not shown:
            return select
        where = self._group(select.where, stops=(stops or few) and not blocking)
        if where is select.where:
            return select
        return replace(select, star=False, projection=shown, where=where)

    def _group(self, group: Group, *, stops: bool) -> Group:
        """A group that is joined with nothing outside it, and that is of the default graph."""
        inner = [self._element(e, alone=_is_alone(e, group), stops=stops) for e in group.elements]
        elements = self._with_joins(inner, stops=stops) or inner
        if all(one is other for one, other in zip(elements, group.elements, strict=False)) and len(elements) == len(
            group.elements
        ):
            return group
        if len(elements) == 1 and isinstance(elements[0], Subquery) and isinstance(group.elements[0], Subquery):
            return Group(tuple(elements), f"{{ {select_text(elements[0].select)} }}")
        return group_of(elements)

    def _element(self, element: Element, *, alone: bool, stops: bool) -> Element:
        if isinstance(element, Subquery):
            select = self._counted(element.select)
            if select is element.select:
                select = self._select(select, stops=stops)
            return Subquery(select) if select is not element.select else element
        if isinstance(element, Alternatives) and alone:
            branches = tuple(self._group(b, stops=stops) for b in element.branches)
            if any(one is not other for one, other in zip(branches, element.branches, strict=True)):
                return Alternatives(branches)
        return element

    def _with_joins(self, elements: Sequence[Element], *, stops: bool) -> list[Element] | None:
        """The elements with their filters and first triple patterns rewritten; None if nothing is better."""
        filters = [e for e in elements if isinstance(e, Filter)]
        end = next((n for n, e in enumerate(elements) if not isinstance(e, Triple | Filter)), len(elements))
        triples = [e for e in elements[:end] if isinstance(e, Triple)]
        if not triples:
            return None
        given = Given(filters, triples, self._term)
        rest = [e for e in elements[end:] if e not in filters]
        found = None
        if all(isinstance(e, Optional | Minus | Bind) for e in rest):
            found = self._joiner.joined(triples, filters, given, split=not stops)
        if found:
            self._reasons.append(found.reason)
            done = [*found.used, *given.done]
            return [*found.elements, *(f for f in filters if f not in done), *rest]
        if not given.texts:
            return None
        self._reasons.append(f"filters as values: {', '.join(given.texts)}")
        return [*given.values([*given.texts]), *triples, *(f for f in filters if f not in given.done), *rest]


def _is_alone(element: Element, group: Group) -> bool:
    """Whether an element is joined with no other of its group."""
    return all(other is element or isinstance(other, Filter) for other in group.elements)
