"""What Kelisim's own definitions derive (``ontology/rules/derived.ru``), thing by thing, with premises.

The rules of that file are aggregates over all claims; here each is worked out for one thing, with the quads from which
its result follows. They see what graphs tell, not what is inferred in them. A test compares the two.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import chain, islice
from typing import NamedTuple

import pyoxigraph as ox

from kg.inference.matching import DEFAULT, GraphName
from kg.inference.told import DEFINED, INFERRED, MODALITY, RANKS, TYPE, Told, in_graph, is_thing
from ontology.namespaces import CODE, KEL, PREFIXES
from ontology.rules import SPOKEN_OF


def _kel(name: str) -> ox.NamedNode:
    return ox.NamedNode(str(KEL[name]))


ABOUT, STRONGEST, LATEST, DOCUMENT_OF = (
    _kel(name) for name in ("about", "strongestModality", "latestStatus", "documentOf")
)
PASSAGE, ARTICLE, DATE, STATUS = (_kel(name) for name in ("passage", "article", "latest", "status"))
OUTCOME_OF, STAGE_OF, AT_EVENT, PART_OF = (_kel(name) for name in ("outcomeOf", "stageOf", "atEvent", "partOf"))
IN_PACKAGE = _kel("inPackage")
DOCUMENTS = (_kel("Instrument"), _kel("DocumentPackage"))
POINTED_AT = frozenset(_kel(name) for name in SPOKEN_OF)
"""The classes whose things get a modality from claims that only point at them."""
CONCEPT = ox.NamedNode(PREFIXES["skos"] + "Concept")
DENIED = ox.NamedNode(str(CODE.denied))
_NAMING = (TYPE, ox.NamedNode(PREFIXES["rdfs"] + "label"))


class Conclusion(NamedTuple):
    """A triple of the default graph that follows by a definition, from quads and from the absence of others."""

    triple: ox.Triple
    premises: tuple[ox.Quad, ...]
    absent: tuple[str, ...] = ()


class Definitions:
    """Works out the definitions in a store. What was found out is kept: make a new one after a change."""

    def __init__(self, store: ox.Store, told: Told, *, every_way: bool = False) -> None:
        """With `every_way` all paths are followed, not a shortest one: there may be very many."""
        self._store = store
        self._told = told
        self._every_way = every_way

    def of(self, subject: ox.NamedNode, predicate: ox.NamedNode) -> Iterator[Conclusion]:
        """The conclusions with that subject and property, one for each way in which they follow."""
        ways = {ABOUT: self._about, STRONGEST: self._strongest, LATEST: self._latest, DOCUMENT_OF: self._document_of}
        return ways[predicate](subject)

    def strongest(self, thing: ox.NamedNode, floor: int = 1) -> ox.NamedNode | None:
        """The strongest modality of a thing; none is looked for that is stronger than the rank `floor`."""
        is_topic = not is_thing(thing) or any(self._default(thing, TYPE, CONCEPT))
        best = None if is_topic else self._best(self._published_first(thing), floor)
        if best is None and self._kinds(thing, POINTED_AT):
            best = self._best(self._store.quads_for_pattern(None, None, thing, None), floor)
        return best

    def _published_first(self, thing: ox.NamedNode) -> Iterator[ox.Quad]:
        """The quads that say something of a thing, some twice: among the published a strong one is soon found."""
        for fact in self._store.quads_for_pattern(thing, None, None, DEFAULT):
            if fact.predicate not in _NAMING and in_graph(fact.triple, INFERRED) not in self._store:
                yield from self._store.quads_for_pattern(thing, fact.predicate, fact.object, None)
        yield from self._saying(thing)

    def _best(self, quads: Iterable[ox.Quad], floor: int) -> ox.NamedNode | None:
        best, rank = None, len(RANKS) + 1
        for quad in quads:
            for record in self._records(quad.graph_name, MODALITY):
                mode = record.object
                if isinstance(mode, ox.NamedNode) and RANKS.get(mode, rank) < rank and self._told.is_told(quad):
                    best, rank = mode, RANKS[mode]
            if rank <= floor:
                break
        return best

    def _about(self, claim: ox.NamedNode) -> Iterator[Conclusion]:
        for record in islice(self._records(claim, MODALITY), None if self._every_way else 1):
            for triple in self._told.by(claim):
                for thing in {t for t in (triple.subject, triple.object) if is_thing(t)}:
                    yield Conclusion(_triple(claim, ABOUT, thing), (record, in_graph(triple, claim)))

    def _strongest(self, thing: ox.NamedNode) -> Iterator[Conclusion]:
        best = self.strongest(thing)
        for mode, premises in self._telling(thing):
            if mode == best:
                absent = [f"no claim says anything of {thing} itself"] if len(premises) > 2 else []
                absent += [f"no claim tells of {thing} more surely than {mode}"] if RANKS[mode] > 1 else []
                yield Conclusion(_triple(thing, STRONGEST, mode), premises, tuple(absent))

    def _telling(self, thing: ox.NamedNode) -> Iterator[tuple[ox.NamedNode, tuple[ox.Quad, ...]]]:
        """The modalities of the claims that say something of the thing, or that point at it if none does."""
        found = False
        for one in self._by_claims(self._saying(thing)):
            found = True
            yield one
        if found:
            return
        for kind in self._kinds(thing, POINTED_AT):
            for mode, premises in self._by_claims(self._store.quads_for_pattern(None, None, thing, None)):
                yield mode, (kind, *premises)

    def _saying(self, thing: ox.NamedNode) -> Iterable[ox.Quad]:
        """The quads that say something of a thing, if it is no topic, which is no more than a subject."""
        if not is_thing(thing) or any(self._default(thing, TYPE, CONCEPT)):
            return ()
        return (q for q in self._store.quads_for_pattern(thing, None, None, None) if q.predicate not in _NAMING)

    def _by_claims(self, quads: Iterable[ox.Quad]) -> Iterator[tuple[ox.NamedNode, tuple[ox.Quad, ...]]]:
        for quad in quads:
            for record in self._records(quad.graph_name, MODALITY):
                if record.object in RANKS and self._told.is_told(quad):
                    assert isinstance(record.object, ox.NamedNode)
                    yield record.object, (record, quad)

    def _latest(self, thing: ox.NamedNode) -> Iterator[Conclusion]:
        found = []
        for quad in self._store.quads_for_pattern(thing, STATUS, None, None):
            if quad.graph_name in (DEFAULT, INFERRED) or not self._told.is_told(quad):
                continue
            for mode in self._records(quad.graph_name, MODALITY):
                if mode.object != DENIED:
                    found += [((quad, mode, *dated), dated[-1].object) for dated in self._dates(quad.graph_name)]
        latest = max((str(date.value) for _, date in found if isinstance(date, ox.Literal)), default="")
        for premises, date in found:
            if isinstance(date, ox.Literal) and date.value == latest:
                absent = () if len(found) == 1 else (f"no article later than {latest} tells of {thing}'s status",)
                yield Conclusion(_triple(thing, LATEST, premises[0].object), premises, absent)

    def _dates(self, claim: GraphName) -> Iterator[tuple[ox.Quad, ...]]:
        """The ways from a claim by its passage and article to a date of publication."""
        for passage in self._records(claim, PASSAGE):
            for article in self._records(passage.object, ARTICLE):
                for date in self._records(article.object, DATE):
                    yield passage, article, date

    def _document_of(self, document: ox.NamedNode) -> Iterator[Conclusion]:
        seen: set[object] = set()
        for event, premises in self._events(document):
            seen.add(event)
            yield Conclusion(_triple(document, DOCUMENT_OF, event), premises)
        stated = (q for q in self._default(document, DOCUMENT_OF, None) if isinstance(q.object, ox.NamedNode))
        for quad in stated:
            if in_graph(quad.triple, INFERRED) not in self._store:
                seen.add(quad.object)
        for event in (e for e in seen if isinstance(e, ox.NamedNode)):
            for path in self._paths(event, (PART_OF,)):
                bigger = path[-1].object
                premises = (ox.Quad(document, DOCUMENT_OF, event), *path)
                if bigger != event:
                    yield Conclusion(_triple(document, DOCUMENT_OF, bigger), premises)

    def _events(self, document: ox.NamedNode) -> Iterator[tuple[ox.NamedNode, tuple[ox.Quad, ...]]]:
        kinds = self._kinds(document, DOCUMENTS)
        for path in chain([()], self._paths(document, (IN_PACKAGE, PART_OF))) if kinds else ():
            whole = path[-1].object if path else document
            steps: list[tuple[ox.Quad, ...]] = [(q,) for q in self._default(whole, OUTCOME_OF, None)]
            for stage in self._default(None, STAGE_OF, whole):
                steps += [(stage, q) for q in self._default(stage.subject, AT_EVENT, None)]
            for step in steps:
                if isinstance(step[-1].object, ox.NamedNode):
                    for kind in kinds:
                        yield step[-1].object, (kind, *path, *step)

    def _kinds(self, thing: ox.NamedNode, classes: Collection[object]) -> list[ox.Quad]:
        """The quads by which the thing is of one of the classes, or one of them."""
        found = (q for q in self._default(thing, TYPE, None) if q.object in classes)
        return list(found if self._every_way else islice(found, 1))

    def _paths(self, start: object, properties: tuple[ox.NamedNode, ...]) -> Iterator[tuple[ox.Quad, ...]]:
        """The paths along the properties without a thing twice; else a shortest one to each thing."""
        paths: list[tuple[ox.Quad, ...]] = [()]
        seen: set[object] = set()
        while paths:
            path = paths.pop(0)
            on_path = {q.object for q in path} if self._every_way else seen
            for name in properties:
                for quad in self._default(path[-1].object if path else start, name, None):
                    if quad.object not in on_path:
                        seen.add(quad.object)
                        paths.append((*path, quad))
                        yield paths[-1]

    def _default(self, subject: object, predicate: ox.NamedNode, object_: object) -> Iterator[ox.Quad]:
        """The quads of the default graph that the definitions see."""
        if isinstance(subject, ox.NamedNode | ox.BlankNode | None):
            for quad in self._store.quads_for_pattern(subject, predicate, object_, DEFAULT):  # type: ignore[arg-type]
                if quad.predicate in DEFINED or self._told.is_told(quad):
                    yield quad

    def _records(self, subject: object, predicate: ox.NamedNode) -> Iterable[ox.Quad]:
        if isinstance(subject, ox.NamedNode):
            return self._store.quads_for_pattern(subject, predicate, None, DEFAULT)
        return ()


def _triple(subject: ox.NamedNode, predicate: ox.NamedNode, value: object) -> ox.Triple:
    return ox.Triple(subject, predicate, value)  # type: ignore[arg-type]
