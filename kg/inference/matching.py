"""Matches the bodies of rules with a store: joins by index look-ups, the most selective pattern first."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import pyoxigraph as ox

from kg.inference.rules import Atom, Pattern, Rule, Term

GraphName: TypeAlias = ox.NamedNode | ox.BlankNode | ox.DefaultGraph
Binding: TypeAlias = dict[str, Term]

DEFAULT = ox.DefaultGraph()


def unify(atom: Atom, triple: ox.Triple) -> Binding | None:
    """The binding that makes the atom the triple; None if there is none."""
    binding: Binding = {}
    for pattern, term in zip(atom[:3], (triple.subject, triple.predicate, triple.object), strict=True):
        if isinstance(pattern, str):
            if binding.setdefault(pattern, term) != term:
                return None
        elif pattern != term:
            return None
    return binding


def solve(
    store: ox.Store, rule: Rule, atoms: Sequence[Atom], graph: GraphName, binding: Binding
) -> Iterator[tuple[Binding, list[ox.Quad]]]:
    """The bindings that make all the atoms quads of the store, with these quads; what the rule excludes is left out.

    `atoms` are those of the rule's body that are still to be matched.
    """
    if not atoms:
        if not _is_excluded(store, rule, graph, binding):
            yield binding, []
        return
    atom = max(atoms, key=lambda a: (sum(_is_bound(p, binding) for p in a[:3]), not a.fact))
    rest = [a for a in atoms if a is not atom]
    for quad in _quads(store, atom, graph, binding):
        extended = unify(atom, quad.triple)
        if extended is not None:
            for solution, quads in solve(store, rule, rest, graph, binding | extended):
                yield solution, [quad, *quads]


def instance(atom: Atom, binding: Binding) -> ox.Triple | None:
    """The triple that a bound atom stands for; None if it would not be one, as its subject is a literal."""
    subject, predicate, object_ = (binding[p] if isinstance(p, str) else p for p in atom[:3])
    if isinstance(subject, ox.Literal | ox.Triple) or not isinstance(predicate, ox.NamedNode):
        return None
    return ox.Triple(subject, predicate, object_)


def _is_bound(pattern: Pattern, binding: Binding) -> bool:
    return not isinstance(pattern, str) or pattern in binding


def _quads(store: ox.Store, atom: Atom, graph: GraphName, binding: Binding) -> Iterator[ox.Quad]:
    subject, predicate, object_ = (binding.get(p) if isinstance(p, str) else p for p in atom[:3])
    if isinstance(subject, ox.Literal | ox.Triple) or not (predicate is None or isinstance(predicate, ox.NamedNode)):
        return iter(())
    return store.quads_for_pattern(subject, predicate, object_, graph if atom.fact else DEFAULT)


def _is_excluded(store: ox.Store, rule: Rule, graph: GraphName, binding: Binding) -> bool:
    if any(isinstance(binding.get(name), ox.Literal) for name in rule.resources):
        return True
    return any(True for atom in rule.excluded for _ in _quads(store, atom, graph, binding))
