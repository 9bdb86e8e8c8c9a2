"""Keeps what is inferred up to date with a change, in time that depends on what the change touches.

What a claim tells surely goes into the default graph (*published*), what Kelisim's definitions derive is worked out
anew for the things that the change touches, and the OWL rules are maintained by delete and rederive: what may have
followed from what left is taken away, what still follows is put back, then what is new is run forward (Gupta, Mumick
and Subrahmanian, Maintaining Views Incrementally, SIGMOD 1993). The graph of a claim is small, and is closed anew. A
change of the axioms touches everything.
"""

from collections.abc import Iterable
from itertools import chain, islice
from typing import Final

import pyoxigraph as ox

from kg.inference.affected import Result, by_facts, everything, redated
from kg.inference.before import Before, results_of
from kg.inference.definitions import STRONGEST, Definitions
from kg.inference.forward import Forward, is_axiom
from kg.inference.matching import DEFAULT
from kg.inference.recording import Recorder
from kg.inference.told import (
    DEFINED,
    INFERRED,
    MAX_GRAPHS,
    PUBLISHED,
    RANKS,
    TYPE,
    entailments,
    in_graph,
    is_claim,
    is_reasoned,
    is_thing,
    modality,
)
from kg.rdf.patches import Patch
from ontology.namespaces import KEL, PREFIXES

_SOURCE: Final = ox.NamedNode(PREFIXES["dcterms"] + "source")
_REFERENCE: Final = frozenset(
    {
        TYPE,
        ox.NamedNode(str(KEL.locatedIn)),
        ox.NamedNode(PREFIXES["org"] + "subOrganizationOf"),
        ox.NamedNode(PREFIXES["org"] + "classification"),
    }
)
"""The properties that reference data and claims both give."""


def maintain(store: ox.Store, patch: Patch) -> Patch:
    """The patch with what is inferred from it, after which all inferred triples of the store follow from what is told.

    The patch was applied to the store already; the rest is applied too. It is returned as it is where the ontology is
    not in the default graph. Triples that are inferred already stay so if they are added, and those that still follow
    stay if they are deleted.
    """
    if patch.is_empty or not is_reasoned(store):
        return patch
    new_axioms = any(is_axiom(store, q.triple) for q in patch.adds)
    patch.inverse().apply(store)
    if is_reasoned(store):
        before = Before(store, patch, whole=new_axioms)
        patch.apply(store)
    else:  # what is here was perhaps inferred elsewhere
        patch.apply(store)
        before = Before(store, Patch(), whole=True)
    change = _Maintenance(store, patch, before)
    change.run()
    return change.recorder.patch()


class _Maintenance:
    """One change: the phases by which what is inferred follows it."""

    def __init__(self, store: ox.Store, patch: Patch, before: Before) -> None:
        self.recorder = Recorder(store, patch)
        self._store = store
        self._before = before
        self._told = before.told
        self._told.assume(before.facts_after)
        self._forward = Forward(store)
        self._added = {q.triple for q in patch.adds if q.graph_name == DEFAULT}
        as_inferred = {q.triple for q in patch.adds if q.graph_name == INFERRED}
        self._new = self._added - as_inferred
        """What the default graph is told, or derives by a definition, and did not hold or only inferred."""
        self._left = {q.triple for q in patch.deletes if q.graph_name == DEFAULT}
        """What left the default graph, but for what goes by the OWL rules."""
        self._derived: set[ox.Triple] = set()
        self._inferred: set[ox.Triple] = set()
        self._gone: set[ox.Triple] = set()
        self._entailed: set[ox.Triple] = set()
        """What touched claims entail and do not tell."""

    def run(self) -> None:
        """Brings everything up to date: the default graph, the claims, the graph of the inferred triples."""
        self._publish()
        self._define()
        self._close_default()
        for claim in self._before.claims:
            self._close_claim(claim)
        self._mark()

    def _publish(self) -> None:
        """What published claims tell is in the default graph, and leaves it with the last of them.

        What reference data may give too stays, since the two cannot be told apart: of a thing with a source its class,
        place, whole and classification.
        """
        before = self._before
        published = {t for c in before.claims if modality(self._store, c) in PUBLISHED for t in before.facts_after[c]}
        were = {t for c in before.claims if before.modalities[c] in PUBLISHED for t in before.facts[c]}
        for triple in sorted((were - published - before.published_elsewhere - self._new), key=str):
            quad = in_graph(triple, DEFAULT)
            if quad in self._store and not self._may_be_reference(triple):
                self.recorder.remove(quad)
                self._left.add(triple)
        for triple in published | (self._left & before.published_elsewhere):
            if in_graph(triple, DEFAULT) not in self._store or in_graph(triple, INFERRED) in self._store:
                self.recorder.add(in_graph(triple, DEFAULT))
                self.recorder.remove(in_graph(triple, INFERRED))
                self._new.add(triple)
                self._left.discard(triple)

    def _may_be_reference(self, triple: ox.Triple) -> bool:
        assert isinstance(triple.subject, ox.NamedNode | ox.BlankNode)
        described = self._store.quads_for_pattern(triple.subject, _SOURCE, None, DEFAULT)
        return not is_thing(triple.subject) or (triple.predicate in _REFERENCE and any(True for _ in described))

    def _define(self) -> None:
        """What the definitions derive is worked out anew for what the change touches."""
        definitions, retyped = Definitions(self._store, self._told), self._retyped()
        for subject, predicate in sorted(self._results(), key=str):
            held = {q.triple for q in self._store.quads_for_pattern(subject, predicate, None, DEFAULT)}
            old = {t for t in held | self._left if t.subject == subject and t.predicate == predicate}
            old = {t for t in old if in_graph(t, INFERRED) in self._store}
            if predicate == STRONGEST:
                known = [t.object for t in old] if subject not in retyped else []
                mode = definitions.strongest(subject, self._floor(known))
                new = {ox.Triple(subject, predicate, mode)} if mode else set()
            else:
                new = {c.triple for c in definitions.of(subject, predicate)}
            new -= held - old
            for triple in old - new:
                self.recorder.remove(in_graph(triple, DEFAULT))
                self._left.add(triple)
            for triple in new:
                self._derived.add(triple)
                if in_graph(triple, DEFAULT) not in self._store:
                    self.recorder.add(in_graph(triple, DEFAULT))
                    self._new.add(triple)
                self._left.discard(triple)

    def _retyped(self) -> set[object]:
        return {t.subject for t in self._new | self._left if t.predicate == TYPE}

    def _floor(self, known: list[ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple]) -> int:
        """The rank of the strongest modality that a thing can have, with that which it had."""
        if self._before.whole or not known:
            return 1
        modes = [*known, *(modality(self._store, claim) for claim in self._before.claims)]
        return min(RANKS[mode] for mode in modes if isinstance(mode, ox.NamedNode) and mode in RANKS)

    def _results(self) -> set[Result]:
        before, store = self._before, self._store
        quads = [in_graph(t, DEFAULT) for t in self._new | self._left]
        found = before.results | set(results_of(store, quads))
        if self._before.whole:
            found |= set(everything(store, before.claims))
        dated = before.redated | {c for t in self._new for c in redated(store, t)}
        for claim in before.claims:
            facts, after = before.facts[claim], before.facts_after[claim]
            if before.modalities[claim] != modality(store, claim) or self._before.whole:
                found |= set(by_facts(claim, facts | after))
            else:
                found |= set(by_facts(claim, facts ^ after))
        for claim in dated:
            found |= {(s, p) for s, p in by_facts(claim, self._told.by(claim)) if p != STRONGEST}
        return found

    def _close_default(self) -> None:
        """Delete and rederive in the default graph, by the OWL rules."""
        if self._before.whole:
            marked = (q.triple for q in self._store.quads_for_pattern(None, None, None, INFERRED))
            gone = {t for t in marked if self._is_inferred(t)} | self._left
        else:
            gone = self._overdelete()
        self._gone = gone
        for triple in gone:
            if triple not in self._new:
                self.recorder.remove(in_graph(triple, DEFAULT))
        back = set()
        for triple in gone:
            if in_graph(triple, DEFAULT) not in self._store and any(entailments(self._store, triple, DEFAULT)):
                back.add(triple)
        for triple in back:
            self.recorder.add(in_graph(triple, DEFAULT))
        begin: Iterable[ox.Triple] = back | self._new | self._added
        if self._before.whole:
            begin = [q.triple for q in self._store.quads_for_pattern(None, None, None, DEFAULT)]
        self._inferred = back | self._forward.extend(self.recorder, DEFAULT, begin)

    def _overdelete(self) -> set[ox.Triple]:
        """What left, and what of the inferred triples may have followed from it.

        Found in a state that holds what left too, as the rules may need several triples that left together.
        """
        self._store.extend(in_graph(t, DEFAULT) for t in self._left)
        gone, agenda = set(self._left), list(self._left)
        while agenda:
            for triple in [*self._forward.consequences(agenda.pop(), DEFAULT)]:
                if triple not in gone and triple not in self._derived and self._is_inferred(triple):
                    gone.add(triple)
                    agenda.append(triple)
        return gone

    def _is_inferred(self, triple: ox.Triple) -> bool:
        """Whether a triple of the default graph was there by the OWL rules."""
        if triple in self._new or triple.predicate in DEFINED or in_graph(triple, INFERRED) not in self._store:
            return False
        return in_graph(triple, DEFAULT) in self._store

    def _close_claim(self, claim: ox.NamedNode) -> None:
        """Has the graph of a claim hold what it tells and what follows from that; of what is no claim, only that."""
        facts = self._before.facts_after[claim]
        for quad in [*self._store.quads_for_pattern(None, None, None, claim)]:
            if quad.triple not in facts:
                self.recorder.remove(quad)
        if is_claim(self._store, claim):
            self._entailed |= self._forward.extend(self.recorder, claim, facts)

    def _mark(self) -> None:
        """Brings the graph of the inferred triples up to date, for all triples that were touched."""
        told = {t for c in self._before.claims if is_claim(self._store, c) for t in self._before.facts_after[c]}
        follow = self._derived | self._inferred | self._entailed
        for triple in self.recorder.touched:
            quad = in_graph(triple, INFERRED)
            marked = quad in self._store
            if triple in follow or marked or self.recorder.held(quad):
                if self._follows_in_default(triple) or (triple not in told and self._follows_in_claim(triple)):
                    self.recorder.add(quad)
                elif marked:
                    self.recorder.remove(quad)

    def _follows_in_default(self, triple: ox.Triple) -> bool:
        if in_graph(triple, DEFAULT) not in self._store:
            return False
        if triple in self._derived or triple in self._inferred:
            return True
        if triple in self._new or in_graph(triple, INFERRED) not in self._store:
            return False
        return triple.predicate in DEFINED or any(entailments(self._store, triple, DEFAULT))

    def _follows_in_claim(self, triple: ox.Triple) -> bool:
        """Whether a claim entails the triple, which no touched one tells, and no other claim tells it."""
        before = self._before
        found = self._store.quads_for_pattern(triple.subject, triple.predicate, triple.object, None)
        others = (q for q in found if q.graph_name not in before.facts and is_claim(self._store, q.graph_name))
        other = next(others, None)
        if other is None:
            return triple in self._entailed
        if self.recorder.held(in_graph(triple, INFERRED)):  # no claim told it, if it was not for the default graph
            return triple not in self._gone or not any(
                map(self._told.is_told, islice(chain([other], others), MAX_GRAPHS))
            )
        return triple in before.left and triple not in before.told_elsewhere
