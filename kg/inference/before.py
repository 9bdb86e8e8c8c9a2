"""What has to be known of the state before a change, to tell afterwards what is told and what only followed."""

from collections.abc import Iterable

import pyoxigraph as ox

from kg.inference.affected import Result, by_default, redated
from kg.inference.forward import is_axiom
from kg.inference.matching import DEFAULT
from kg.inference.told import INFERRED, MAX_GRAPHS, MODALITY, PUBLISHED, Told, is_claim, modality
from kg.rdf.patches import Patch


class Before:
    """A store in the state before a patch.

    whole: whether the change touches everything, as it changes axioms.
    claims: the claims that it touches, sorted, with the `facts` that they tell before it and `facts_after`, and with
    their `modalities` before it. A claim here is a graph that is one before the change or after it.
    """

    def __init__(self, store: ox.Store, patch: Patch, *, whole: bool) -> None:
        self.told = Told(store)
        self.whole = whole or any(is_axiom(store, q.triple) for q in patch.deletes)
        recorded: set[object] = {q.subject for q in (*patch.deletes, *patch.adds) if _is_record(q)}
        self.claims = [*self._claims(store, patch, recorded)]
        self.modalities = {claim: modality(store, claim) for claim in self.claims}
        self.facts = {claim: self.told.by(claim) for claim in self.claims}
        self.facts_after = self._after(patch)
        self.left = {t for c in self.claims for t in self.facts[c] - self.facts_after[c]}
        """What a claim told and tells no longer, though others may."""
        self.told_elsewhere = {t for t in self.left if self._others(store, t, published=False)}
        deleted = {q.triple for q in patch.deletes if q.graph_name == DEFAULT}
        withdrawn = {t for c in self.claims if c in recorded for t in self.facts[c]} | self.left | deleted
        self.published_elsewhere = {t for t in withdrawn if self._others(store, t, published=True)}
        """What untouched claims publish, of what may leave the default graph."""
        self.results = set(results_of(store, patch.deletes))
        self.redated = {c for q in patch.deletes if q.graph_name == DEFAULT for c in redated(store, q.triple)}

    def _claims(self, store: ox.Store, patch: Patch, recorded: set[object]) -> Iterable[ox.NamedNode]:
        records = {q.subject for q in patch.adds if _is_record(q)}
        found: set[object] = {q.graph_name for q in (*patch.deletes, *patch.adds)} | recorded
        if self.whole:
            found |= {q.subject for q in store.quads_for_pattern(None, MODALITY, None, DEFAULT)}
        names = (name for name in found if isinstance(name, ox.NamedNode) and name != INFERRED)
        return sorted((name for name in names if name in records or is_claim(store, name)), key=str)

    def _after(self, patch: Patch) -> dict[ox.NamedNode, frozenset[ox.Triple]]:
        after = {claim: set(facts) for claim, facts in self.facts.items()}
        as_inferred = {q.triple for q in patch.adds if q.graph_name == INFERRED}
        for quad in patch.deletes:
            if isinstance(quad.graph_name, ox.NamedNode) and quad.graph_name in after:
                after[quad.graph_name].discard(quad.triple)
        for quad in patch.adds:
            if (
                isinstance(quad.graph_name, ox.NamedNode)
                and quad.graph_name in after
                and quad.triple not in as_inferred
            ):
                after[quad.graph_name].add(quad.triple)
        return {claim: frozenset(facts) for claim, facts in after.items()}

    def _others(self, store: ox.Store, triple: ox.Triple, *, published: bool) -> bool:
        """Whether a claim that is not touched tells the triple."""
        found = store.quads_for_pattern(triple.subject, triple.predicate, triple.object, None)
        others = (q for q in found if q.graph_name not in self.facts and is_claim(store, q.graph_name))
        for number, quad in enumerate(others):
            if number >= MAX_GRAPHS:
                return True
            if (not published or modality(store, quad.graph_name) in PUBLISHED) and self.told.is_told(quad):
                return True
        return False


def results_of(store: ox.Store, quads: Iterable[ox.Quad]) -> Iterable[Result]:
    """The results of definitions that quads of the default graph may alter, by the store's state."""
    return (result for q in quads if q.graph_name == DEFAULT for result in by_default(store, q.triple))


def _is_record(quad: ox.Quad) -> bool:
    return quad.graph_name == DEFAULT and quad.predicate == MODALITY
