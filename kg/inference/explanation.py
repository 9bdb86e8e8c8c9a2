"""Why a triple is in a store: who tells it, and the tree of its derivation down to what is told."""

from itertools import islice
from typing import Final

import msgspec
import pyoxigraph as ox

from kg.inference.derivation import Derivation, derivations
from kg.inference.matching import DEFAULT, GraphName
from kg.inference.told import INFERRED, MAX_GRAPHS, PUBLISHED, Told, in_graph, modality

MAX_WAYS: Final = 3
"""How many ways of a step are told; that there are more is told too."""
MAX_STEPS: Final = 200
_MAX_TRIED: Final = 50
_MAX_CLAIMS: Final = 20


class Way(msgspec.Struct, frozen=True):
    """One way in which a step follows: by a rule, from premises, and from what is absent, in words."""

    rule: str
    premises: list["Step"]
    absent: list[str]


class Step(msgspec.Struct, frozen=True):
    """A triple, its terms in N-Triples, of the default graph or of a claim's `graph`.

    claims: the claims that tell it, at most 20. stated: no claim tells it, and it is not inferred: the ontology,
    reference data or somebody's own. ways: how it follows, if it is inferred; `more` if there are others.
    """

    subject: str
    predicate: str
    object: str
    graph: str
    claims: list[str]
    stated: bool
    ways: list[Way]
    more: bool = False


class Explanation(msgspec.Struct, frozen=True):
    """Why a triple is in a store; `held` where it is in the default graph.

    steps: one for the default graph, or for each claim (at most 20) that holds it where the default graph does not.
    claims: all claims that tell it, of any modality, at most 20. entailed: those from whose facts alone it follows.
    """

    held: bool
    steps: list[Step]
    claims: list[str]
    entailed: list[str]


def explain(store: ox.Store, triple: ox.Triple) -> Explanation:
    """The explanation of a triple; without steps if it is not in the store."""
    told = Told(store)
    quads = islice(store.quads_for_pattern(triple.subject, triple.predicate, triple.object, None), MAX_GRAPHS)
    graphs = sorted((q.graph_name for q in quads if q.graph_name not in (DEFAULT, INFERRED)), key=str)
    claims = [g for g in graphs if told.is_told(in_graph(triple, g))]
    entailed = [g for g in graphs if g not in claims]
    held = in_graph(triple, DEFAULT) in store
    tree = _Tree(store, told)
    found = [tree.step(in_graph(triple, g), ()) for g in ([DEFAULT] if held else graphs[:_MAX_CLAIMS])]
    return Explanation(held, [s for s in found if s], _names(claims), _names(entailed))


class _Tree:
    """Builds trees of derivations: no step rests on itself, and there are at most `MAX_STEPS`."""

    def __init__(self, store: ox.Store, told: Told) -> None:
        self._store = store
        self._told = told
        self._left = MAX_STEPS

    def step(self, quad: ox.Quad, path: tuple[ox.Quad, ...]) -> Step | None:
        """The step of a quad below others; None if it follows from these alone, or there is too much."""
        self._left -= 1
        claims, is_told = self._tellers(quad), self._told.is_told(quad)
        ways: list[Way] = []
        more = False
        if not is_told:
            assert not isinstance(quad.graph_name, ox.BlankNode)
            for found in islice(derivations(self._store, quad.triple, quad.graph_name), _MAX_TRIED):
                if len(ways) == MAX_WAYS or self._left <= 0:
                    more = True
                    break
                if way := self._way(found, (*path, quad)):
                    ways.append(way)
            if not ways and path:
                return None
        stated = not claims and not ways
        graph = "" if quad.graph_name == DEFAULT else quad.graph_name.value  # type: ignore[union-attr]
        subject, predicate, value = (str(t) for t in quad.triple)
        return Step(subject, predicate, value, graph, claims, stated, ways, more)

    def _way(self, found: Derivation, path: tuple[ox.Quad, ...]) -> Way | None:
        if any(premise in path for premise in found.premises):
            return None
        premises = [self.step(premise, path) for premise in found.premises]
        told = [p for p in premises if p]
        return Way(found.rule, told, list(found.absent)) if len(told) == len(premises) else None

    def _tellers(self, quad: ox.Quad) -> list[str]:
        """The claim that tells a quad, or those from which it is in the default graph."""
        if quad.graph_name != DEFAULT:
            return _names([quad.graph_name] if self._told.is_told(quad) else [])
        found = self._store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None)
        published = (q for q in found if modality(self._store, q.graph_name) in PUBLISHED)
        graphs = (q.graph_name for q in published if self._told.is_told(q))
        return _names(sorted(islice(graphs, _MAX_CLAIMS), key=str))


def _names(graphs: list[GraphName]) -> list[str]:
    return [graph.value for graph in graphs[:_MAX_CLAIMS] if isinstance(graph, ox.NamedNode)]
