"""Brings the conflicts that a default graph tells up to date with a change."""

from itertools import islice
from typing import Final

import pyoxigraph as ox

from kg.conflicts.evidence import ORG
from kg.conflicts.terms import triples
from kg.conflicts.tracking import TrackedConflicts
from kg.engine.engine import Engine
from kg.engine.reading import rows_of
from kg.inference.recording import Recorder
from kg.rdf.patches import Patch
from ontology.namespaces import CONFLICT, INFERRED_GRAPH, KEL, PREFIXES, RDF_TYPE

MOST_CLAIMS: Final = 10_000
"""In a store of more claims, where finding conflicts would take seconds for each change, they stay as they are."""

_DEFAULT: Final = ox.DefaultGraph()
_INFERRED: Final = ox.NamedNode(INFERRED_GRAPH)
_KIND, _MODALITY = ox.NamedNode(str(KEL.conflictKind)), ox.NamedNode(str(KEL.modality))
_SIDE: Final = ox.NamedNode(str(KEL.hasSide))
_CLASS: Final = ox.Quad(
    ox.NamedNode(str(KEL.Conflict)), ox.NamedNode(RDF_TYPE), ox.NamedNode(PREFIXES["owl"] + "Class")
)
_READ: Final = frozenset(
    ox.NamedNode(iri)
    for iri in (
        *(
            str(KEL[n])
            for n in ("modality", "speaker", "passage", "article", "basis", "curatorConfidence", "locatedIn")
        ),
        *(str(KEL[n]) for n in ("earliest", "latest", "holder", "office", "hasSide", "conflictKind")),
        *(ORG + name for name in ("role", "postIn", "memberOf")),
        RDF_TYPE,
        PREFIXES["rdfs"] + "label",
    )
)
"""The properties that the detection reads of the default graph; what it tells there of conflicts is kept as it is."""


def follow(engine: Engine, patch: Patch) -> Patch:
    """The patch with what it changes of conflicts; the engine's store has the patch, and gets the rest.

    What they are found by is read of the store once, and then follows its patches (`TrackedConflicts`). The patch stays
    as it is where the ontology does not know conflicts, where nothing is changed that they are found by, and in a store
    of more than `MOST_CLAIMS` claims.
    """
    store = engine.store
    if _CLASS not in store or not any(map(_is_read, (*patch.deletes, *patch.adds))):
        return patch
    if _has_more_claims(engine, patch):
        engine.lasting.pop(TrackedConflicts, None)
        return patch
    reader = rows_of(engine)
    tracked = engine.lasting.pop(TrackedConflicts, None)
    if isinstance(tracked, TrackedConflicts):
        tracked.apply(patch)
    else:
        tracked = TrackedConflicts(reader)
    differing, conflicts = tracked.untold(tracked.conflicts(reader))
    engine.lasting[TrackedConflicts] = tracked
    wanted = {ox.Quad(t.subject, t.predicate, t.object) for t in triples(reader, conflicts)}
    told, recorder = _told(store, differing), Recorder(store, patch)
    for quad in told - wanted:
        recorder.remove(quad)
    for quad in wanted - told:
        recorder.add(quad)
    return recorder.patch()


class _LeastClaims:
    """How many claims a store has at least."""

    def __init__(self, number: int) -> None:
        self.number = number

    def apply(self, patch: Patch) -> None:
        """See `kg.engine.engine.Lasting`."""
        self.number -= _records(patch.deletes)


def _has_more_claims(engine: Engine, patch: Patch) -> bool:
    """Whether there are more than `MOST_CLAIMS` claims after a patch; counted seldom where there are many more."""
    known = engine.lasting.get(_LeastClaims)
    if isinstance(known, _LeastClaims) and known.number - _records(patch.deletes) > MOST_CLAIMS:
        return True
    claims = engine.store.quads_for_pattern(None, _MODALITY, None, _DEFAULT)
    found = sum(1 for _ in islice(claims, 2 * MOST_CLAIMS))
    engine.lasting[_LeastClaims] = _LeastClaims(found - _records(patch.adds))  # as many as before the patch
    return found > MOST_CLAIMS


def _records(quads: tuple[ox.Quad, ...]) -> int:
    return sum(quad.predicate == _MODALITY and quad.graph_name == _DEFAULT for quad in quads)


def _is_read(quad: ox.Quad) -> bool:
    if quad.graph_name != _DEFAULT:
        return quad.graph_name != _INFERRED
    return quad.predicate in _READ or str(getattr(quad.subject, "value", "")).startswith(CONFLICT)


def _told(store: ox.Store, iris: set[str] | None) -> set[ox.Quad]:
    """What the default graph tells of some conflicts, or of all, and their sides."""
    each = (None,) if iris is None else map(ox.NamedNode, iris)
    conflicts = {q.subject for c in each for q in store.quads_for_pattern(c, _KIND, None, _DEFAULT)}
    sides = {q.object for c in conflicts for q in store.quads_for_pattern(c, _SIDE, None, _DEFAULT)}
    named = (n for n in conflicts | sides if isinstance(n, ox.NamedNode) and n.value.startswith(str(CONFLICT)))
    return {quad for node in named for quad in store.quads_for_pattern(node, None, None, _DEFAULT)}
