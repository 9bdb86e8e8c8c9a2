"""What kind of value each property takes, by the shapes, the ontology and how curated claims use it."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, cached_property
from typing import Final

import pyoxigraph as ox
from rdflib import OWL, RDF, RDFS, SH, SKOS, Graph, Literal, URIRef

from kg.checks.collection import CuratedClaim
from kg.checks.reading import Statement
from kg.checks.terms import terms
from kg.language.vocabulary_labels import NAMES
from ontology import PREFIXES, read_graph
from ontology.namespaces import CODE, RDF_TYPE, shorten
from server.http.languages import LANGUAGES, translator
from shapes import read_shapes


class Kind(StrEnum):
    """How a value is given in a form, and written in Turtle."""

    CODE = "code"
    THING = "thing"
    DATE = "date"
    EDTF = "edtf"
    NUMBER = "number"
    UNIT = "unit"
    TEXT = "text"
    WORDS = "words"
    """A text in each of the three languages."""
    NOTE = "note"
    """A text in English alone."""


DATATYPES: Final = {Kind.DATE: "xsd:date", Kind.EDTF: "edtf:edtf"}
_BY_DATATYPE: Final = {
    PREFIXES["xsd"] + "date": Kind.DATE,
    PREFIXES["edtf"] + "edtf": Kind.EDTF,
    PREFIXES["xsd"] + "integer": Kind.NUMBER,
    PREFIXES["xsd"] + "decimal": Kind.NUMBER,
}


@dataclass(frozen=True)
class Word:
    """The name and the meaning of a term, each by language."""

    name: str
    labels: dict[str, str] = field(hash=False)
    definitions: dict[str, str] = field(hash=False)

    def label(self, language: str) -> str:
        """The label in a language; in English, or the name itself, where there is none."""
        return self.labels.get(language) or self.labels.get("en") or self.name

    def definition(self, language: str) -> str:
        """The definition likewise, or empty."""
        return self.definitions.get(language) or self.definitions.get("en", "")


class Vocabulary:
    """The terms of the ontology with their words, and the kind of each property by the claims given as precedents."""

    def __init__(self, claims: Iterable[CuratedClaim], entities: Iterable[Statement] = ()) -> None:
        self._used: dict[str, Counter[Kind]] = defaultdict(Counter)
        self.languages: dict[str, set[str]] = defaultdict(set)
        """The languages in which the claims give the texts of each property."""
        self.units: Counter[str] = Counter()
        for claim in claims:
            for statement in (*claim.facts, *claim.record):
                self._see(statement)
        for statement in entities:
            self._see(statement)

    def _see(self, statement: Statement) -> None:
        name, value = shorten(statement.predicate), statement.object
        if isinstance(value, ox.NamedNode):
            kind = Kind.CODE if value.value in terms().schemes else Kind.THING
            if value.value.startswith(PREFIXES["unit"]):
                kind = Kind.UNIT
                self.units[shorten(value.value)] += 1
        elif value.language:
            self.languages[name].add(value.language)
            kind = Kind.WORDS
        else:
            kind = _BY_DATATYPE.get(value.datatype.value, Kind.TEXT)
        self._used[name][kind] += 1

    @cached_property
    def _kinds(self) -> dict[str, Kind]:
        found = {name: kinds.most_common(1)[0][0] for name, kinds in self._used.items()}
        for name, kind in found.items():
            if kind == Kind.WORDS and self.languages[name] == {"en"}:
                found[name] = Kind.NOTE
        return found

    def kind(self, name: str) -> Kind:
        """The kind of a property, given with its prefix: as claims use it, else by its range."""
        if name in self._kinds:
            return self._kinds[name]
        if self.schemes("", name):
            return Kind.CODE
        iri = full(name)
        if iri in terms().object_properties:
            return Kind.THING
        ranges = [str(r) for r in _ontology().objects(URIRef(iri), RDFS.range)]
        return next((_BY_DATATYPE[r] for r in ranges if r in _BY_DATATYPE), Kind.TEXT)

    def schemes(self, class_name: str, name: str) -> frozenset[str]:
        """The code lists of a property of things of a class, by the shapes; of any class if none is told of it."""
        told = _schemes()
        above = [class_name, *(shorten(c) for c in terms().parents.get(full(class_name), ()))] if class_name else []
        for candidate in above:
            if (candidate, name) in told:
                return told[candidate, name]
        return frozenset().union(*(s for (_, n), s in told.items() if n == name))

    def codes(self, class_name: str, name: str) -> list[str]:
        """The codes that a property of things of a class takes, in the order of the list."""
        schemes = {full(s) for s in self.schemes(class_name, name)}
        return [shorten(c) for c, scheme in terms().schemes.items() if scheme in schemes]


def full(name: str) -> str:
    """The IRI of a name with a prefix; of ``a`` too."""
    if name == "a":
        return RDF_TYPE
    prefix, colon, local = name.partition(":")
    return PREFIXES[prefix] + local if colon and prefix in PREFIXES else name.strip("<>")


@cache
def word(name: str) -> Word:
    """The words of a class, a property or a code, given with its prefix."""
    graph, term = _ontology(), URIRef(full(name))
    labels = {**_texts(graph, term, RDFS.label), **_texts(graph, term, SKOS.prefLabel)}
    if not labels and str(term) in NAMES:
        labels = {code: translator(code)(NAMES[str(term)]) for code in LANGUAGES}
    return Word(name, labels, _texts(graph, term, SKOS.definition))


@cache
def _ontology() -> Graph:
    return read_graph()


@cache
def _shapes() -> Graph:
    return read_shapes()


@cache
def required(class_name: str) -> frozenset[str]:
    """The properties that the shapes require of a thing of a class."""
    graph = _shapes()
    found = set()
    for parent in terms().parents.get(full(class_name), frozenset({full(class_name)})):
        for node in graph.subjects(SH.targetClass, URIRef(parent)):
            for shape in graph.objects(node, SH.property):
                path, least = graph.value(shape, SH.path), graph.value(shape, SH.minCount)
                if isinstance(path, URIRef) and least is not None and int(str(least)):
                    found.add(shorten(str(path)))
    return frozenset(found)


def is_property(name: str) -> bool:
    """Whether a name is that of a property of the vocabularies."""
    return full(name) in terms().properties


def is_class(name: str) -> bool:
    """Whether a name is that of a class of the vocabularies."""
    return full(name) in terms().classes


def _texts(graph: Graph, term: URIRef, predicate: URIRef) -> dict[str, str]:
    return {o.language: str(o) for o in graph.objects(term, predicate) if isinstance(o, Literal) and o.language}


@cache
def _schemes() -> dict[tuple[str, str], frozenset[str]]:
    """The code lists by class and property: of the property shapes whose ``sh:node`` tests for a list."""
    graph = _shapes()
    tests: dict[object, str] = {}
    for shape, scheme in graph.subject_objects(SH.hasValue):
        if graph.value(shape, SH.path) == SKOS.inScheme and str(scheme).startswith(str(CODE)):
            tests |= {node: shorten(str(scheme)) for node in graph.subjects(SH.property, shape)}
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for shape, test in graph.subject_objects(SH.node):
        path = graph.value(shape, SH.path)
        if test in tests and isinstance(path, URIRef):
            for node in graph.subjects(SH.property, shape):
                classes = [str(c) for c in graph.objects(node, SH.targetClass)]
                if (node, RDF.type, OWL.Class) in graph:
                    classes.append(str(node))
                for c in classes or [""]:
                    found[shorten(c) if c else "", shorten(str(path))].add(tests[test])
    return {key: frozenset(value) for key, value in found.items()}
