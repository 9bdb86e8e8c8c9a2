"""Makes the dataset of a lens: a store of its own, in which a query costs what it would cost in any store.

In the default graph are the ontology, the reference data, the records of the claims, the facts of those whose modality
is shown, and what follows from these; each claim is a named graph as in the whole. The reference data are what the
default graph has beside claims, their facts and what was inferred. A triple that both they and a claim state counts as
the claim's, since a store has it once; but what the reference data name keeps its types. Conflicts between
claims are those of the whole: a lens that selects some of the claims has none.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Final, NamedTuple

import pyoxigraph as ox

from kg.lenses.consequences import Rules, close
from kg.lenses.names import Lens
from kg.lenses.selection import Select, check, in_store, pattern
from ontology import INFERRED_GRAPH, KelisimError
from ontology.iris import CLAIM, CODE, CONFLICT, ID, KEL
from ontology.namespaces import MODALITIES, PREFIXES, PUBLISHED_MODALITIES, RDF_TYPE
from ontology.rules import SPOKEN_OF
from ontology.terms import read_text

_DEFAULT: Final = ox.DefaultGraph()
_INFERRED: Final = ox.NamedNode(INFERRED_GRAPH)
_TYPE: Final = ox.NamedNode(RDF_TYPE)
_CONCEPT: Final = ox.NamedNode(PREFIXES["skos"] + "Concept")
_LATEST_STATUS, _STRONGEST = ox.NamedNode(str(KEL.latestStatus)), ox.NamedNode(str(KEL.strongestModality))
_DOCUMENT_OF: Final = ox.NamedNode(str(KEL.documentOf))
_STATUS: Final = str(KEL.status)
_NO_SAYING: Final = frozenset((RDF_TYPE, PREFIXES["rdfs"] + "label"))
_ID: Final = str(ID)
_DOCUMENTS: Final = (ox.NamedNode(str(KEL.Instrument)), ox.NamedNode(str(KEL.DocumentPackage)))
_RANKS: Final = {str(CODE[name]): rank for rank, name in enumerate(MODALITIES)}
_DENIED: Final = MODALITIES.index("denied")
_UNSAID: Final = len(MODALITIES)
_Subject = ox.NamedNode | ox.BlankNode | ox.Triple
_SPOKEN_OF: Final = tuple(ox.NamedNode(str(KEL[name])) for name in SPOKEN_OF)

_REFERENCE: Final = f"""
SELECT ?s ?p ?o {{
  ?s ?p ?o FILTER(!STRSTARTS(STR(?s), "{CONFLICT}"))
  FILTER NOT EXISTS {{ ?s <{KEL.modality}> ?m }} FILTER NOT EXISTS {{ %s }}
}}"""
_IN_A_GRAPH: Final = "GRAPH ?g { ?s ?p ?o }"
_IN_A_CLAIM: Final = f"{{ {_IN_A_GRAPH} ?g <{KEL.modality}> ?n }} UNION {{ GRAPH {_INFERRED} {{ ?s ?p ?o }} }}"
_CLAIMS: Final = f"SELECT ?claim {{ ?claim <{KEL.modality}> ?m FILTER(isIRI(?claim)) }}"


class LensTooLargeError(KelisimError):
    """The lens would hold more quads than it may."""


class _Record(NamedTuple):
    rank: int
    """The place of the modality in `MODALITIES`; after all for any other."""
    latest: str
    """The day by which the article was published; empty if it is not told."""


def build_lens(store: ox.Store, lens: Lens, most_quads: int) -> ox.Store:
    """The dataset of a lens over the dataset of a store: that store itself where the lens hides nothing of it.

    Raises LensError if there is no such source, speaker or modality, and LensTooLargeError beyond `most_quads`.
    """
    records = _records(lens, in_store(store))
    return _Building(store, records, lens, most_quads).build()


def _records(lens: Lens, select: Select) -> dict[str, _Record]:
    """The claims that the lens selects."""
    found: dict[str, _Record] = {}
    date = f"OPTIONAL {{ ?claim <{KEL.passage}>/<{KEL.article}>/<{KEL.latest}> ?latest }}"
    told = f"?claim <{KEL.modality}> ?told FILTER(isIRI(?claim))"
    for claim, modality, latest in select(f"SELECT ?claim ?told ?latest {{ {pattern(lens)} {told} {date} }}"):
        before = found.get(claim, _Record(len(MODALITIES), ""))
        found[claim] = _Record(min(before.rank, _RANKS.get(modality, len(MODALITIES))), max(before.latest, latest))
    if not found:
        check(lens, select)
    return found


class _Building:
    """One build: what it has read so far. `left` is how many quads it may add still."""

    def __init__(self, whole: ox.Store, records: Mapping[str, _Record], lens: Lens, most_quads: int) -> None:
        self.whole = whole
        self.records = records
        self.shows_all = lens.shows_all
        all_records = {claim for (claim,) in in_store(whole)(_CLAIMS)} if lens.parts else records.keys()
        self.is_complete = len(records) == len(all_records)
        """Whether all claims are selected."""
        self.others = {g for g in whole.named_graphs() if g != _INFERRED and g.value not in all_records}
        """The named graphs that are no claims."""
        self.with_others = not lens.parts
        self.left = most_quads
        self.lens = ox.Store()
        self.rules = Rules(whole)
        self.described: set[_Subject] = set()
        """The subjects of reference data."""
        self.seeds: list[ox.Triple] = []
        """Triples of whose consequences some may not be there yet."""
        self.saying: dict[str, int] = {}
        """The surest rank of the claims that say something of a thing, by its IRI."""
        self.pointing: dict[str, int] = {}
        """The same of the claims that point at it."""
        self.statuses: dict[ox.NamedNode, list[tuple[str, ox.NamedNode]]] = defaultdict(list)
        """The statuses that a thing is told to have, each with the day by which the article was published."""

    def build(self) -> ox.Store:
        if self.is_complete and not self.shows_all and not self.others:
            return self.whole
        if self.is_complete and self.shows_all:
            self._extend(self._all_shown())
            derived = self._documents()
            derived += close(self.lens, self.rules, derived)
            self._extend(_inferred_quad(t) for t in derived)
            return self.lens
        self._extend(self._given())
        derived = [*self._latest_statuses(), *self._strongest_modalities()]
        self.lens.extend(_stated(t) for t in derived)
        derived += self._documents()
        derived += close(self.lens, self.rules, [*self.seeds, *derived])
        self._extend(self._inferred(derived))
        return self.lens

    def _extend(self, quads: Iterable[ox.Quad]) -> None:
        self.lens.bulk_extend(self._counted(quads))

    def _counted(self, quads: Iterable[ox.Quad]) -> Iterator[ox.Quad]:
        for quad in quads:
            self.left -= 1
            if self.left < 0:
                raise LensTooLargeError("The lens is too large.")
            yield quad

    def _all_shown(self) -> Iterator[ox.Quad]:
        """The whole, in whose default graph only the facts of some claims are missing, and these facts."""
        hidden = self.others if not self.with_others else frozenset[object]()
        yield from (q for q in self.whole if not hidden or q.graph_name not in hidden)
        for claim, record in self.records.items():
            if record.rank >= len(PUBLISHED_MODALITIES):
                yield from map(_stated, self.whole.quads_for_pattern(None, None, None, ox.NamedNode(claim)))

    def _given(self) -> Iterator[ox.Quad]:
        """All that is not derived from several claims: reference data, records and facts."""
        yield from self._reference()
        yield from self._types()
        for claim, record in self.records.items():
            yield from self._claim(ox.NamedNode(claim), record)
        for graph in self.others if self.with_others else ():
            yield from self.whole.quads_for_pattern(None, None, None, graph)

    def _reference(self) -> Iterator[ox.Quad]:
        found = self.whole.query(_REFERENCE % (_IN_A_CLAIM if self.others else _IN_A_GRAPH))
        assert isinstance(found, ox.QuerySolutions)
        for s, p, o in found:
            self.described.add(s)
            if p.value in self.rules.premises:
                self.seeds.append(ox.Triple(s, p, o))
            yield ox.Quad(s, p, o)

    def _types(self) -> Iterator[ox.Quad]:
        """The types of what the reference data describe."""
        for subject in self.described:
            yield from self.whole.quads_for_pattern(subject, _TYPE, None, _DEFAULT)

    def _claim(self, claim: ox.NamedNode, record: _Record) -> Iterator[ox.Quad]:
        """The record of a claim, and its facts; notes what they say of things."""
        for quad in self.whole.quads_for_pattern(claim, None, None, _DEFAULT):
            yield quad
            if quad.predicate.value in self.rules.ranges and quad.object not in self.described:
                self.seeds.append(quad.triple)
        shown = self.shows_all or record.rank < len(PUBLISHED_MODALITIES)
        for quad in self.whole.quads_for_pattern(None, None, None, claim):
            yield quad
            if shown:
                yield _stated(quad)
            self._note(quad, record)

    def _note(self, quad: ox.Quad, record: _Record) -> None:
        s, p, o = quad.subject, quad.predicate.value, quad.object
        if not isinstance(s, ox.NamedNode) or record.rank == len(MODALITIES):
            return
        if p not in _NO_SAYING:
            name = s.value
            if name.startswith(_ID) and record.rank < self.saying.get(name, _UNSAID) and self._is_stated(quad):
                self.saying[name] = record.rank
            if p == _STATUS and isinstance(o, ox.NamedNode) and record.latest and record.rank != _DENIED:
                self.statuses[s].append((record.latest, o))
        if isinstance(o, ox.NamedNode):
            name = o.value
            if name.startswith(_ID) and record.rank < self.pointing.get(name, _UNSAID):
                self.pointing[name] = record.rank

    def _is_stated(self, quad: ox.Quad) -> bool:
        return ox.Quad(quad.subject, quad.predicate, quad.object, _INFERRED) not in self.whole

    def _latest_statuses(self) -> Iterator[ox.Triple]:
        """`kel:latestStatus`: by the newest article of the lens that tells one."""
        for thing, told in self.statuses.items():
            newest = max(day for day, _ in told)
            yield from (ox.Triple(thing, _LATEST_STATUS, s) for s in {s for day, s in told if day == newest})

    def _strongest_modalities(self) -> Iterator[ox.Triple]:
        """`kel:strongestModality`: of the claims that say something of a thing; else of those that point at it."""
        things = ((ox.NamedNode(name), rank) for name, rank in self.saying.items())
        best = {thing: rank for thing, rank in things if ox.Quad(thing, _TYPE, _CONCEPT) not in self.lens}
        for name, rank in self.pointing.items():
            thing = ox.NamedNode(name)
            if thing not in best and self._is_told_to_be(thing, _SPOKEN_OF):
                best[thing] = rank
        yield from (ox.Triple(t, _STRONGEST, ox.NamedNode(str(CODE[MODALITIES[rank]]))) for t, rank in best.items())

    def _documents(self) -> list[ox.Triple]:
        """`kel:documentOf`, by its rule, of the facts that are shown."""
        before = {*self.lens.quads_for_pattern(None, _DOCUMENT_OF, None, _DEFAULT)}
        self.lens.update(_document_rules())
        found = {*self.lens.quads_for_pattern(None, _DOCUMENT_OF, None, _DEFAULT)} - before
        for quad in found:
            if not self._is_told_to_be(quad.subject, _DOCUMENTS):
                self.lens.remove(quad)
        return [quad.triple for quad in found if quad in self.lens]

    def _is_told_to_be(self, thing: _Subject, kinds: Iterable[ox.NamedNode]) -> bool:
        """Whether claims or reference data say that it belongs to one of the classes, so that this is not inferred."""
        types = [quad for kind in kinds if (quad := ox.Quad(thing, _TYPE, kind)) in self.lens]
        return any(self._is_stated(quad) for quad in types) or (bool(types) and self._is_described(thing))

    def _is_described(self, thing: _Subject) -> bool:
        """Whether the reference data have something of it."""
        of_it = self.whole.quads_for_pattern(thing, None, None, _DEFAULT)
        return any(
            sum(1 for _ in self.whole.quads_for_pattern(q.subject, q.predicate, q.object, None)) == 1 for q in of_it
        )

    def _inferred(self, derived: Iterable[ox.Triple]) -> Iterator[ox.Quad]:
        """The graph of inferred triples: those that the whole has and the lens too, and what was derived anew."""
        for triple in derived:
            yield _inferred_quad(triple)
        claims = str(CLAIM)
        for quad in self.whole.quads_for_pattern(None, None, None, _INFERRED):
            subject = quad.subject.value if isinstance(quad.subject, ox.NamedNode) else ""
            if subject in self.records or (not subject.startswith(claims) and self._has(quad)):
                yield quad

    def _has(self, quad: ox.Quad) -> bool:
        """Whether the lens has the triple in its default graph or, where facts are hidden, in a claim."""
        if _stated(quad) in self.lens:
            return True
        found = () if self.shows_all else self.lens.quads_for_pattern(quad.subject, quad.predicate, quad.object, None)
        return any(True for _ in found)


def _inferred_quad(triple: ox.Triple) -> ox.Quad:
    """The triple in the graph of inferred triples."""
    return ox.Quad(triple.subject, triple.predicate, triple.object, _INFERRED)


def _stated(quad: ox.Quad | ox.Triple) -> ox.Quad:
    """The triple in the default graph."""
    return ox.Quad(quad.subject, quad.predicate, quad.object)


@cache
def _document_rules() -> str:
    """The updates of ``derived.ru`` that derive `kel:documentOf`, which are its last, with the prefixes."""
    text = read_text("rules/derived.ru")
    prefixes = [line for line in text.splitlines() if line.startswith("PREFIX")]
    return "\n".join(prefixes) + "\n" + text[text.index("# kel:documentOf:") :]
