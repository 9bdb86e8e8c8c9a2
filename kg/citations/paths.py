"""What the path between two nodes rests on: the minimal sets of claims along which it can be gone (SPARQL 1.1, 9.3)."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

import pyoxigraph as ox

from kg.citations.algebra import Chain, Choice, Inverse, Link, Negated, Path, Repeated
from kg.citations.annotations import ONE, ZERO, Annotation, incomplete, total
from kg.citations.support import GraphName, Supports, Term, spo

NODES: Final = 20_000
"""The most nodes that are visited for one path; beyond that the annotation is not complete."""


class Paths:
    """Annotations of paths over the triples of a store. `term` gives the term for a predicate as written."""

    def __init__(self, supports: Supports, term: Callable[[str], Term]) -> None:
        self._supports = supports
        self._term = term

    def between(self, start: Term, path: Path, end: Term, graph: GraphName | None) -> Annotation:  # noqa: PLR0911
        """What the path from `start` to `end` rests on; zero if there is none."""
        match path:
            case Link(term):
                return self._supports.triple(start, self._term(term), end, graph)
            case Inverse(inner):
                return self.between(end, inner, start, graph)
            case Choice(parts):
                return total(self.between(start, p, end, graph) for p in parts)
            case Negated(terms):
                excluded = {self._term(t) for t in terms}
                predicates = self._supports.predicates(start, end, graph)
                return total(self._supports.triple(start, p, end, graph) for p in predicates if p not in excluded)
            case Chain((first, *rest)):
                if not rest:
                    return self.between(start, first, end, graph)
                return total(
                    self.between(start, first, middle, graph) * self.between(middle, Chain(tuple(rest)), end, graph)
                    for middle in self._steps(start, first, graph)
                )
            case Repeated(inner, sign):
                if sign != "+" and start == end:
                    return ONE
                return (
                    self.between(start, inner, end, graph) if sign == "?" else self._closure(start, inner, end, graph)
                )
        return ZERO

    def _steps(self, node: Term, path: Path, graph: GraphName | None) -> dict[Term, None]:
        """The nodes that a path leads to from a node."""
        return dict.fromkeys(self._reached(node, path, graph, forward=True))

    def _reached(self, node: Term, path: Path, graph: GraphName | None, *, forward: bool) -> Iterator[Term]:
        match path:
            case Link(term):
                predicate = self._term(term)
                if isinstance(predicate, ox.NamedNode):
                    yield from self._neighbours(node, predicate, graph, forward)
            case Inverse(inner):
                yield from self._reached(node, inner, graph, forward=not forward)
            case Choice(parts):
                for part in parts:
                    yield from self._reached(node, part, graph, forward=forward)
            case Negated(terms):
                excluded = {self._term(t) for t in terms}
                quads = (
                    self._supports.values(node, None, graph) if forward else self._supports.sources(node, None, graph)
                )
                yield from (spo(q)[2 if forward else 0] for q in quads if q.predicate not in excluded)
            case Chain(parts):
                reached = {node: None}
                for part in parts if forward else reversed(parts):
                    reached = dict.fromkeys(n for m in reached for n in self._reached(m, part, graph, forward=forward))
                yield from reached
            case Repeated(inner, sign):
                yield from () if sign == "+" else (node,)
                seen, waiting = {node} if sign != "+" else set[Term](), deque([node])
                while waiting:
                    for found in self._reached(waiting.popleft(), inner, graph, forward=forward):
                        if found not in seen and len(seen) < NODES:
                            seen.add(found)
                            yield found
                            waiting.extend([found] if sign != "?" else [])

    def _neighbours(
        self, node: Term, predicate: ox.NamedNode, graph: GraphName | None, forward: bool
    ) -> Iterator[Term]:
        if forward:
            yield from (spo(q)[2] for q in self._supports.values(node, predicate, graph))
        else:
            yield from (spo(q)[0] for q in self._supports.sources(node, predicate, graph))

    def _closure(self, start: Term, step: Path, end: Term, graph: GraphName | None) -> Annotation:
        """What one step or more from `start` to `end` rest on: the least fixed point over the steps between them.

        It exists, since in this semiring to go round a cycle adds nothing (Green et al. 2007, section 8).
        """
        edges: dict[Term, dict[Term, None]] = {}
        waiting, full = deque([start]), False
        while waiting:
            node = waiting.popleft()
            if node in edges:
                continue
            if len(edges) >= NODES:
                full = True
                break
            edges[node] = self._steps(node, step, graph)
            waiting.extend(edges[node])
        useful = _leading_to(end, edges)
        found: dict[Term, Annotation] = {}
        changed = deque([start])
        while changed:
            node = changed.popleft()
            here = found.get(node, ZERO) + (ONE if node == start else ZERO)
            for following in edges.get(node, ()):
                if following not in useful:
                    continue
                old = found.get(following, ZERO)
                new = old + here * self.between(node, step, following, graph)
                if (new.sets, new.every) != (old.sets, old.every):
                    found[following] = new
                    if following not in changed:
                        changed.append(following)
        result = found.get(end, ZERO)
        return incomplete(result) if full else result


def _leading_to(end: Term, edges: dict[Term, dict[Term, None]]) -> set[Term]:
    """The nodes from which `end` can be reached, and itself."""
    before: dict[Term, list[Term]] = {}
    for node, following in edges.items():
        for other in following:
            before.setdefault(other, []).append(node)
    found, waiting = {end}, deque([end])
    while waiting:
        for node in before.get(waiting.popleft(), ()):
            if node not in found:
                found.add(node)
                waiting.append(node)
    return found
