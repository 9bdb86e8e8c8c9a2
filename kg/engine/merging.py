"""Merges of graphs: a default graph of several, in which each triple counts once (SPARQL 1.1 Query, section 13.2).

The engine, given several default graphs, finds a triple once for each graph that holds it, so that counts are wrong.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from kg.engine.errors import TooLargeError

if TYPE_CHECKING:
    from kg.rdf.patches import Patch

MERGED_QUADS: Final = 500_000
"""The most quads of a merge: it is a copy, made in about a second."""

_KEPT: Final = 4

Name = ox.NamedNode | ox.BlankNode | ox.DefaultGraph


class Merge:
    """A store whose default graph is the merge of some graphs of another, with some or all of its named graphs."""

    def __init__(
        self,
        store: ox.Store,
        default: Sequence[Name],
        named: Sequence[ox.NamedNode | ox.BlankNode] | None,
        copy: ox.Store | None = None,
    ) -> None:
        """`named` are the named graphs, None for all. `copy` is a copy of the store, or the store, to be changed.

        It is used where the default graph is one of `default`, and all named graphs are wanted. Raises TooLargeError if
        the default graph or the named graphs hold more than `MERGED_QUADS`.
        """
        self.default = frozenset(default)
        self.named = None if named is None else frozenset(named)
        if copy is not None and named is None and ox.DefaultGraph() in default:
            self.store = copy
            for graph in self.default - {ox.DefaultGraph()}:
                self.include(graph, store)
            return
        self.store = ox.Store()
        merged = _limited(store, default)
        self.store.bulk_extend(ox.Quad(q.subject, q.predicate, q.object) for q in merged)
        self.store.bulk_extend(_limited(store, [*store.named_graphs()] if named is None else named))

    def include(self, graph: Name, store: ox.Store) -> None:
        """Adds a graph of the other store to the default graph."""
        self.default |= {graph}
        quads = store.quads_for_pattern(None, None, None, graph)
        self.store.extend([ox.Quad(q.subject, q.predicate, q.object) for q in quads])  # of what may be the same store

    def exclude(self, graph: Name, store: ox.Store) -> None:
        """Takes a graph of the other store out of the default graph."""
        self.default -= {graph}
        for quad in store.quads_for_pattern(None, None, None, graph):
            self._forget(quad, store)

    def _forget(self, quad: ox.Quad, store: ox.Store) -> None:
        """Removes a triple from the default graph unless it is in another of its graphs."""
        same = store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None)
        if not any(other.graph_name in self.default for other in same):
            self.store.remove(ox.Quad(quad.subject, quad.predicate, quad.object))

    def _has(self, graph: Name) -> bool:
        return graph != ox.DefaultGraph() if self.named is None else graph in self.named

    def apply(self, patch: "Patch", store: ox.Store) -> None:
        """Follows a patch that was applied to the other store."""
        for quad in patch.deletes:
            if self._has(quad.graph_name):
                self.store.remove(quad)
            if quad.graph_name in self.default:
                self._forget(quad, store)
        for quad in patch.adds:
            if self._has(quad.graph_name):
                self.store.add(quad)
            if quad.graph_name in self.default:
                self.store.add(ox.Quad(quad.subject, quad.predicate, quad.object))


def _limited(store: ox.Store, graphs: Iterable[Name]) -> Iterator[ox.Quad]:
    """The quads of several graphs; raises TooLargeError beyond `MERGED_QUADS`."""
    quads = chain.from_iterable(store.quads_for_pattern(None, None, None, graph) for graph in graphs)
    for number, quad in enumerate(quads):
        if number == MERGED_QUADS:
            raise TooLargeError(
                f"The graphs that the query merges hold more than {MERGED_QUADS} quads. Name one graph as default "
                "graph, or ask them apart with GRAPH."
            )
        yield quad


class Merges:
    """The merges that were asked for last, each kept up to date."""

    def __init__(self) -> None:
        self._merges: OrderedDict[tuple[frozenset[Name], frozenset[Name]], Merge] = OrderedDict()

    def get(
        self, store: ox.Store, default: Sequence[Name], named: Sequence[ox.NamedNode | ox.BlankNode] = ()
    ) -> ox.Store:
        """The store of the merge; raises TooLargeError if it would be too large."""
        key = frozenset(default), frozenset[Name](named)
        merge = self._merges.get(key)
        if merge is None:
            merge = self._merges[key] = Merge(store, default, named)
            if len(self._merges) > _KEPT:
                self._merges.popitem(last=False)
        self._merges.move_to_end(key)
        return merge.store

    def apply(self, patch: "Patch", store: ox.Store) -> None:
        """Follows a patch that was applied to the store."""
        for merge in self._merges.values():
            merge.apply(patch, store)

    def clear(self) -> None:
        """Forgets all, after a change that no patch tells."""
        self._merges.clear()
