"""The conflicts of a store that changes: found again only by the rules that asked for something that has changed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

import pyoxigraph as ox

from kg.conflicts.detection import DENIED, PERSON, RELATIONS, RULES, in_order, read_grounds
from kg.conflicts.evidence import (
    PROPERTIES,
    Told,
    claims_by,
    denied_and_said,
    denied_facts_of,
    is_fact,
    pairs,
    read_records,
)
from kg.conflicts.model import Conflict, named
from kg.engine.reading import Rows
from kg.rdf.patches import Patch
from ontology.namespaces import CODE, CONFLICT, KEL, PREFIXES, RDF_TYPE

_RELATED: Final[dict[str, set[str]]] = defaultdict(set)
"""The names of `RELATIONS` in which a property stands."""
for _name, (_, _properties) in RELATIONS.items():
    for _property in _properties:
        _RELATED[_property].add(_name)

_OF_CLAIM: Final = {str(KEL[n]) for n in ("modality", "speaker", "passage", "basis", "curatorConfidence")} | {RDF_TYPE}
_OF_ARTICLE: Final = {str(KEL.earliest), str(KEL.latest), RDF_TYPE}
_MODALITY, _ARTICLE = str(KEL.modality), str(KEL.article)
_LABEL: Final = PREFIXES["rdfs"] + "label"
_TYPES: Final = {str(KEL.Claim), str(KEL.Article)}


class TrackedConflicts:
    """The conflicts of a store, by what was read of it once and by its patches since.

    A patch may be told of twice, and may tell what has no effect. What the rules find is kept with what they asked for
    (`kg.conflicts.detection.Grounds`), and is found anew where that has changed.
    """

    def __init__(self, reader: Rows) -> None:
        """Reads all of a store that there is to read."""
        self._grounds = read_grounds(reader)
        self._found: dict[int, tuple[set[str], list[Conflict]]] = {}
        """By the number of the rule: the names that it asked for, and its conflicts."""
        self._changed = set[str]()
        """The names of what has changed since: properties, relations."""
        self._claims, self._passages, self._articles = set[str](), set[str](), set[str]()
        """Those whose records may have changed since."""
        self._labelled = set[str]()
        """Things whose labels have changed since."""
        self._doubtful = set[str]()
        """Conflicts (IRIs) of which the default graph may tell something else by now."""
        self._told: dict[str, Conflict] | None = None
        """Those that the default graph tells of, but for the doubtful ones; None until it is known."""
        self._read_denied(reader)

    def apply(self, patch: Patch) -> None:
        """Follows a patch that was, or is, applied to the store."""
        for quad in patch.deletes:
            self._follow(quad, comes=False)
        for quad in patch.adds:
            self._follow(quad, comes=True)

    def untold(self, conflicts: Iterable[Conflict]) -> tuple[set[str] | None, list[Conflict]]:
        """Of conflicts that are to be told: the IRIs of which something else may be told, and what is to be told there.

        None for all. From then on they count as told.
        """
        wanted = {each.iri: each for each in conflicts}
        before, self._told = self._told, wanted
        if before is None:
            differing = None
        else:
            differing = self._doubtful | (before.keys() - wanted.keys())
            differing |= {iri for iri, each in wanted.items() if before.get(iri) != each}
            if self._labelled:
                differing |= {iri for iri, each in wanted.items() if not self._labelled.isdisjoint(named(each))}
        self._doubtful, self._labelled = set(), set()
        return differing, [each for iri, each in wanted.items() if differing is None or iri in differing]

    def conflicts(self, reader: Rows) -> list[Conflict]:
        """The conflicts of the state to which the latest patch led, of which `reader` reads; as `detect` gives them."""
        grounds = self._grounds
        self._read_records(reader)
        for name in self._changed & RELATIONS.keys():
            grounds.relations[name] = pairs(reader, RELATIONS[name][0])
        if DENIED in self._changed:
            grounds.denied = [*denied_and_said(reader)]
            self._read_denied(reader)
        for number, rule in enumerate(RULES):
            if number not in self._found or self._found[number][0] & self._changed:
                grounds.evidence.reads = set()
                found = list(rule(grounds))
                self._found[number] = grounds.evidence.reads, found
        self._changed.clear()
        return in_order(grounds.evidence, self._all())

    def _all(self) -> Iterator[Conflict]:
        for number in range(len(RULES)):
            yield from self._found[number][1]

    def _read_denied(self, reader: Rows) -> None:
        """Reads what is denied, whose facts matter in any claim."""
        denying = f"SELECT ?denied WHERE {{ ?denied <{KEL.modality}> <{CODE.denied}> }}"
        self._denying = {row["denied"] for row in reader.stream(denying)}  # those too whose facts may come later
        denied = [*denied_facts_of(reader)]
        self._denied: set[tuple[object, ...]] = {(row["s"], row["p"], row["o"]) for row in denied}

    def _read_records(self, reader: Rows) -> None:
        """Reads the records again that may have changed; with them changes what their claims tell."""
        claims = self._claims | claims_by(reader, self._passages, self._articles)
        records, evidence = read_records(reader, claims), self._grounds.evidence
        for claim in claims:
            if records.get(claim) != evidence.records.get(claim):
                self._changed |= evidence.names(claim)
                evidence.records.pop(claim, None)
                if claim in records:
                    evidence.records[claim] = records[claim]
        for each in (self._claims, self._passages, self._articles):
            each.clear()

    def _follow(self, quad: ox.Quad, *, comes: bool) -> None:
        name = quad.predicate.value
        graph = quad.graph_name
        if name != RDF_TYPE or getattr(quad.object, "value", "") == PERSON:
            self._changed |= _RELATED.get(name, set())
        if name == _LABEL and isinstance(quad.subject, ox.NamedNode):
            self._labelled.add(quad.subject.value)
        if isinstance(graph, ox.DefaultGraph):
            self._follow_record(quad, name)
            return
        if graph in self._denying or (quad.subject, quad.predicate, quad.object) in self._denied:
            self._changed.add(DENIED)
        subject, value = quad.subject, quad.object
        if name in PROPERTIES and isinstance(subject, ox.NamedNode) and is_fact(subject, graph):
            assert not isinstance(value, ox.Triple), "none are stored"
            evidence, told = self._grounds.evidence, Told(value, str(graph.value))
            (evidence.add if comes else evidence.remove)(subject.value, name, told)
            self._changed.add(name)

    def _follow_record(self, quad: ox.Quad, name: str) -> None:
        """Notes what a quad of the default graph says of a claim, a passage or an article."""
        if name == _MODALITY:
            self._changed.add(DENIED)
        if not isinstance(quad.subject, ox.NamedNode):
            return
        iri = quad.subject.value
        if iri.startswith(CONFLICT):
            self._doubtful.add(CONFLICT + iri[len(CONFLICT) :].partition("/")[0])
        if name == RDF_TYPE and getattr(quad.object, "value", "") not in _TYPES:
            return
        if name in _OF_CLAIM:
            self._claims.add(iri)
        if name in _OF_ARTICLE:
            self._articles.add(iri)
        if name == _ARTICLE:
            self._passages.add(iri)
