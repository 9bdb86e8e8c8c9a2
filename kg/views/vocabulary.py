"""The terms of the ontology and the lists of its codes, for its documentation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import pyoxigraph as ox

from kg.language.labels import Label, preferred_label
from ontology import ONTOLOGY_IRI, published_triples
from ontology.namespaces import CODE, KEL, PREFIXES, RDF_TYPE, SKOLEM

_OWL: Final = PREFIXES["owl"]
_RDFS: Final = PREFIXES["rdfs"]
_SKOS: Final = PREFIXES["skos"]
_STATUS: Final = "http://www.w3.org/2003/06/sw-vocab-status/ns#term_status"
_KINDS: Final = {
    _OWL + "Class": "class",
    _OWL + "ObjectProperty": "property",
    _OWL + "DatatypeProperty": "property",
    _OWL + "AnnotationProperty": "property",
}


@dataclass(frozen=True)
class Term:
    """A class or property of the ontology, or the ontology itself, with its properties and values.

    kind: ``class``, ``property``, ``code`` or ``ontology``. name: the part of the IRI after ``#``.
    """

    iri: str
    kind: str
    values: tuple[tuple[str, ox.NamedNode | ox.Literal], ...]

    @property
    def name(self) -> str:
        """The local name, also its anchor on the page."""
        return self.iri.partition("#")[2]

    def text(self, name: str, language: str) -> Label:
        """The literal of a property in the language, else in English; empty if there is none."""
        return preferred_label(self._texts(name), language)

    def texts(self, name: str) -> list[str]:
        """All literals of a property, such as its change notes."""
        return [text.value for text in self._texts(name)]

    def changes(self, language: str) -> list[Label]:
        """What changed in each version (``skos:changeNote``), once, in the language if it is there."""
        versions: dict[str, list[ox.Literal]] = {}
        for note in self._texts("skos:changeNote"):
            versions.setdefault(note.value.partition(":")[0], []).append(note)
        return [preferred_label(notes, language) for notes in versions.values()]

    def iris(self, name: str) -> list[str]:
        """The IRIs of a property, without Skolem IRIs."""
        found = (v.value for p, v in self.values if p == _expand(name) and isinstance(v, ox.NamedNode))
        return [iri for iri in found if not iri.startswith(SKOLEM)]

    @property
    def deprecated(self) -> bool:
        """Whether it is deprecated (``owl:deprecated``)."""
        return any(p == _OWL + "deprecated" for p, _ in self.values)

    @property
    def status(self) -> str:
        """Its status, such as ``stable``."""
        return next((v.value for p, v in self.values if p == _STATUS), "")

    def _texts(self, name: str) -> list[ox.Literal]:
        return [v for p, v in self.values if p == _expand(name) and isinstance(v, ox.Literal)]


@cache
def _values() -> Mapping[str, list[tuple[str, ox.NamedNode | ox.Literal]]]:
    """The properties and values of all that the ontology describes."""
    values: dict[str, list[tuple[str, ox.NamedNode | ox.Literal]]] = {}
    for triple in published_triples():
        subject, value = triple.subject, triple.object
        if isinstance(subject, ox.NamedNode) and isinstance(value, ox.NamedNode | ox.Literal):
            values.setdefault(subject.value, []).append((triple.predicate.value, value))
    return values


@cache
def ontology_terms() -> Sequence[Term]:
    """The ontology itself, then its classes, then its properties, each by name."""
    found = []
    for iri, facts in _values().items():
        kinds = {_KINDS[v.value] for p, v in facts if p == RDF_TYPE and v.value in _KINDS}
        if iri == ONTOLOGY_IRI or (kinds and iri.startswith(str(KEL))):
            found.append(Term(iri, next(iter(kinds), "ontology"), tuple(sorted(facts, key=str))))
    order = ("ontology", "class", "property")
    return tuple(sorted(found, key=lambda term: (order.index(term.kind), term.name)))


@dataclass(frozen=True)
class CodeList:
    """A list of codes (``skos:ConceptScheme``) and its codes, in the order of their names."""

    scheme: Term
    codes: tuple[Term, ...]

    @property
    def name(self) -> str:
        """Its name within the codes, also its anchor on the page."""
        return self.scheme.iri.rpartition("/")[2]


@cache
def code_lists() -> Sequence[CodeList]:
    """The lists of codes, by name."""
    values = _values()
    of: dict[str, list[Term]] = {}
    schemes = []
    for iri, facts in values.items():
        if not iri.startswith(str(CODE)):
            continue
        term = Term(iri, "code", tuple(sorted(facts, key=str)))
        if any(p == RDF_TYPE and v.value == _SKOS + "ConceptScheme" for p, v in facts):
            schemes.append(term)
        for scheme in term.iris("skos:inScheme"):
            of.setdefault(scheme, []).append(term)
    schemes.sort(key=lambda term: term.iri)
    return tuple(CodeList(term, tuple(sorted(of.get(term.iri, ()), key=lambda each: each.iri))) for term in schemes)


def _expand(name: str) -> str:
    prefix, _, local = name.partition(":")
    return PREFIXES[prefix] + local
