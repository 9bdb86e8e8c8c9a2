"""Reads the records of all claims of a store, and follows what changes of them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

import pyoxigraph as ox

from kg.claims.facets import Claim, ClaimTable
from kg.claims.kinds import CLASSES, OTHER, RECORDS, kind_of
from kg.engine.errors import TooLargeError
from kg.history.changes import NetChange
from kg.store.reader import Reader, node, nodes, text
from ontology import INFERRED_GRAPH
from ontology.namespaces import KEL, PREFIXES, RDF_TYPE

MOST_CLAIMS: Final = 300_000
"""Of a store with more claims no table is made: it would take some 300 MB."""

_OF_CLAIMS: Final = tuple(str(KEL[name]) for name in ("passage", "speaker", "modality", "about"))
_OF_PASSAGES: Final = tuple(str(KEL[name]) for name in ("article", "paragraph"))
_OF_ARTICLES: Final = (str(KEL.earliest), str(KEL.latest))
_PASSAGE, _SPEAKER, _MODALITY, _ABOUT = _OF_CLAIMS
_ARTICLE, _PARAGRAPH = _OF_PASSAGES
_EARLIEST, _LATEST = _OF_ARTICLES
_CONCEPT: Final = PREFIXES["skos"] + "Concept"

_FOLLOWED: Final = (*_OF_CLAIMS, *_OF_PASSAGES, *_OF_ARTICLES, RDF_TYPE)
_LINE: Final = re.compile(rb"(?:<[^>]*>|_:[^ ]*) <(?:%b)> " % b"|".join(re.escape(iri.encode()) for iri in _FOLLOWED))

_MOST_ROWS: Final = 20 * MOST_CLAIMS

Triple = tuple[str, str, str]


class Records:
    """What a store tells of its claims, their passages and articles, and of the classes in their graphs.

    `table` is made of it, and made again after changes: what has been given out stays as it is.
    """

    def __init__(self) -> None:
        self._values: dict[str, dict[str, tuple[str, ...]]] = {name: {} for name in _FOLLOWED[:-1]}
        self._described: dict[str, tuple[tuple[str, str], ...]] = {}
        """By claim, the things that its graph describes, each with a class of `CLASSES`."""
        self._concepts = set[str]()
        self._names = dict[str, str]()
        self.table = ClaimTable(())

    def add(self, triples: Iterable[Triple]) -> None:
        """Notes triples of the default graph."""
        known = self._names.setdefault
        for subject, predicate, value in triples:
            if predicate == RDF_TYPE:
                if value == _CONCEPT:
                    self._concepts.add(subject)
                continue
            of, subject, value = self._values[predicate], known(subject, subject), known(value, value)  # noqa: PLW2901
            if value not in (had := of.get(subject, ())):
                of[subject] = (*had, value)

    def remove(self, triples: Iterable[Triple]) -> None:
        """Forgets triples of the default graph."""
        for subject, predicate, value in triples:
            if predicate == RDF_TYPE:
                if value == _CONCEPT:
                    self._concepts.discard(subject)
                continue
            of = self._values[predicate]
            of[subject] = tuple(v for v in of.get(subject, ()) if v != value)
            if not of[subject]:
                del of[subject]

    def describe(self, claim: str, thing: str, sort: str, *, gone: bool = False) -> None:
        """Notes that a claim's graph gives a thing a class, or no longer does."""
        known = self._names.setdefault
        pair = known(thing, thing), known(sort, sort)
        rest = tuple(p for p in self._described.get(claim, ()) if p != pair)
        self._described[known(claim, claim)] = rest if gone else (*rest, pair)

    def make(self) -> "Records":
        """Makes `table` of what is known; returns the records themselves."""
        classes: dict[str, set[str]] = defaultdict(set)
        for pairs in self._described.values():
            for thing, sort in pairs:
                classes[thing].add(sort)
        claims = (self._claim(claim, classes) for claim in self._values[_PASSAGE])
        self.table = ClaimTable(sorted(claims, key=_in_text_order))
        return self

    def _claim(self, iri: str, classes: Mapping[str, set[str]]) -> Claim:
        of = self._values
        passage = of[_PASSAGE][iri][0]
        article = next(iter(of[_ARTICLE].get(passage, ())), "")
        number = next(iter(of[_PARAGRAPH].get(passage, ())), "")
        about = of[_ABOUT].get(iri, ())
        records = {thing for thing in about if not RECORDS.isdisjoint(classes.get(thing, ()))}
        kind = kind_of(sort for _, sort in self._described.get(iri, ()))
        if kind == OTHER:  # it tells more of what other claims describe
            kind = kind_of(sort for thing in about for sort in classes.get(thing, ()))
        return Claim(
            iri=iri,
            speakers=of[_SPEAKER].get(iri, ()),
            modalities=of[_MODALITY].get(iri, ()),
            article=article,
            paragraph=int(number) if number.isdecimal() else 0,
            earliest=min(of[_EARLIEST].get(article, ()), default=""),
            latest=max(of[_LATEST].get(article, ()), default=""),
            kind=kind,
            topics=tuple(thing for thing in about if thing in self._concepts),
            things=tuple(thing for thing in about if thing not in self._concepts and thing not in records),
            records=tuple(thing for thing in about if thing in records),
        )


def read_records(reader: Reader) -> Records:
    """The records of all claims, by four queries; raises TooLargeError if there are more than `MOST_CLAIMS`."""
    found = Records()
    of_claims = _rows(reader, f"VALUES ?p {{ {nodes(_OF_CLAIMS)} }} ?s ?p ?o")
    if sum(predicate == _PASSAGE for _, predicate, _ in of_claims) > MOST_CLAIMS:
        raise TooLargeError(
            f"There are more than {MOST_CLAIMS:,} claims, too many to browse. Ask for those that you need at /query."
        )
    found.add(of_claims)
    found.add(
        _rows(
            reader,
            f"{{ VALUES ?p {{ {nodes(_OF_PASSAGES)} }} ?s ?p ?o }} UNION "
            f"{{ ?s a {node(str(KEL.Article))} VALUES ?p {{ {nodes(_OF_ARTICLES)} }} ?s ?p ?o }}",
        )
    )
    found.add(_rows(reader, f"?s a {node(_CONCEPT)} BIND({node(RDF_TYPE)} AS ?p) BIND({node(_CONCEPT)} AS ?o)"))
    described = reader.rows(
        f"SELECT ?claim ?s ?o WHERE {{ GRAPH ?claim {{ ?s a ?o }} FILTER(?claim != <{INFERRED_GRAPH}>) "
        f"FILTER(?o IN ({', '.join(map(node, CLASSES))})) }} LIMIT {_MOST_ROWS:d}"
    )
    for row in described:
        found.describe(str(row["claim"].value), str(row["s"].value), str(row["o"].value))
    return found.make()


def follow_records(found: Records, change: NetChange) -> Records:
    """The records after a change; the tables that were given out before stay as they are."""
    touched = False
    for lines, gone in ((change.deletes, True), (change.adds, False)):
        body = b"".join(line for line in lines if _LINE.match(line))
        default = list[Triple]()
        for quad in ox.parse(body, format=ox.RdfFormat.N_QUADS, lenient=True):
            touched = True
            if not isinstance(quad.subject, ox.NamedNode) or isinstance(quad.object, ox.Triple):
                continue
            triple = quad.subject.value, quad.predicate.value, quad.object.value
            if isinstance(quad.graph_name, ox.DefaultGraph):
                default.append(triple)
            elif triple[1] == RDF_TYPE and triple[2] in CLASSES and quad.graph_name.value != INFERRED_GRAPH:
                found.describe(quad.graph_name.value, triple[0], triple[2], gone=gone)
        (found.remove if gone else found.add)(default)
    return found.make() if touched else found


def claims_with_words(reader: Reader, words: str) -> frozenset[str]:
    """The claims whose gloss, in whatever language, has each of the words, in capitals or not."""
    found = " && ".join(f"CONTAINS(LCASE(?gloss), LCASE({text(word)}))" for word in words.split())
    rows = reader.rows(
        f"SELECT DISTINCT ?claim WHERE {{ ?claim {node(_PASSAGE)} ?passage ; {node(str(KEL.gloss))} ?gloss "
        f"FILTER({found}) }} LIMIT {MOST_CLAIMS:d}"
    )
    return frozenset(str(row["claim"].value) for row in rows)


def count_by_facet(reader: Reader, iri: str) -> dict[str, int]:
    """How many claims have a thing as the value of a facet, by its name; without the facets of which it is none."""
    thing = node(iri)
    patterns = {
        "speaker": f"?claim {node(_SPEAKER)} {thing}",
        "certainty": f"?claim {node(_MODALITY)} {thing}",
        "article": f"?passage {node(_ARTICLE)} {thing} . ?claim {node(_PASSAGE)} ?passage",
        "topic": f"{thing} a {node(_CONCEPT)} . ?claim {node(_ABOUT)} {thing}",
        "thing": f"?claim {node(_ABOUT)} {thing} FILTER NOT EXISTS {{ {thing} a {node(_CONCEPT)} }}",
    }
    parts = (
        f'{{ SELECT ("{name}" AS ?facet) (COUNT(DISTINCT ?claim) AS ?n) WHERE {{ {pattern} }} }}'
        for name, pattern in patterns.items()
    )
    rows = reader.rows(f"SELECT ?facet ?n WHERE {{ {' UNION '.join(parts)} }} LIMIT {len(patterns):d}")
    found = {str(row["facet"].value): int(row["n"].value) for row in rows}
    return {name: found[name] for name in patterns if found.get(name)}


def _rows(reader: Reader, pattern: str) -> list[Triple]:
    rows = reader.rows(f"SELECT ?s ?p ?o WHERE {{ {pattern} }} LIMIT {_MOST_ROWS:d}")
    return [(str(row["s"].value), str(row["p"].value), str(row["o"].value)) for row in rows]


def _in_text_order(claim: Claim) -> tuple[object, ...]:
    """The newest article first, each from its beginning; within a paragraph the shorter IRI has the lower number."""
    newest = tuple(-ord(c) for c in claim.latest) or (0,)
    return not claim.latest, newest, claim.article, claim.paragraph, len(claim.iri), claim.iri
