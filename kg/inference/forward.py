"""Runs the rules forward: what follows from a triple that is new to a graph (semi-naive evaluation)."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pyoxigraph as ox

from kg.inference.matching import DEFAULT, Binding, GraphName, instance, solve, unify
from kg.inference.recording import Recorder
from kg.inference.rules import Atom, Rule, rules
from kg.inference.told import TYPE, in_graph, is_kept


class _Plan(NamedTuple):
    """A rule whose axioms are matched, for a triple that is to match `atom`; the facts in `rest` are to be found."""

    rule: Rule
    atom: Atom
    rest: tuple[Atom, ...]
    binding: Binding


class Forward:
    """Finds what follows in a store while its axioms stay the same."""

    def __init__(self, store: ox.Store) -> None:
        self._store = store
        self._plans: dict[tuple[object, object], list[_Plan]] = {}

    def consequences(self, triple: ox.Triple, graph: GraphName) -> Iterator[ox.Triple]:
        """What follows in a graph by one rule from a triple of it and others, without those that hold it already."""
        key = (triple.predicate, triple.object if triple.predicate == TYPE else None)
        if key not in self._plans:
            self._plans[key] = list(self._plan(triple))
        for rule, atom, rest, bound in self._plans[key]:
            binding = unify(atom, triple)
            if binding is None:
                continue
            for solution, _ in solve(self._store, rule, rest, graph, bound | binding):
                conclusion = instance(rule.head, solution)
                if conclusion is not None and is_kept(conclusion, graph):
                    yield conclusion

    def extend(self, recorder: Recorder, graph: GraphName, triples: Iterable[ox.Triple]) -> set[ox.Triple]:
        """Adds to a graph what follows from triples that are new to it, until nothing more does; returns that."""
        agenda, added = list(triples), set[ox.Triple]()
        while agenda:
            for conclusion in [*self.consequences(agenda.pop(), graph)]:
                quad = in_graph(conclusion, graph)
                if quad not in self._store:
                    recorder.add(quad)
                    added.add(conclusion)
                    agenda.append(conclusion)
        return added

    def _plan(self, triple: ox.Triple) -> Iterator[_Plan]:
        """The rules that a triple with that property, and of that class if it is of one, may take part in."""
        for rule in rules():
            axioms = [atom for atom in rule.body if not atom.fact]
            facts = [atom for atom in rule.body if atom.fact]
            for atom in facts:
                binding = unify(atom, triple)
                if binding is None:
                    continue
                kept = {atom.predicate, atom.object} if triple.predicate == TYPE else {atom.predicate}
                known = {name: term for name, term in binding.items() if name in kept}
                for solution, _ in solve(self._store, rule, axioms, DEFAULT, known):
                    yield _Plan(rule, atom, tuple(f for f in facts if f is not atom), solution)


def is_axiom(store: ox.Store, triple: ox.Triple) -> bool:
    """Whether a triple of the default graph is an axiom by which a rule applies, or does not apply."""
    for rule in rules():
        axioms = [atom for atom in rule.body if not atom.fact]
        for atom in axioms:
            binding = unify(atom, triple)
            if binding is not None:
                others = [a for a in axioms if a is not atom]
                if any(True for _ in solve(store, rule, others, DEFAULT, binding)):
                    return True
        if any(unify(atom, triple) is not None for atom in rule.excluded):
            return True
    return False
