"""The SHACL shapes over what claims speak of, with the line of what breaks a rule."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

import pyoxigraph as ox
from rdflib import OWL, SH, Graph, URIRef

from kg.checks.collection import Collection, CuratedClaim, local
from kg.checks.findings import Finding, Severity
from kg.checks.reading import Statement
from ontology import read_graph
from ontology.namespaces import CLAIM, KEL, RDF_TYPE, shorten
from shapes import Result, background, validate


def broken(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """The rules of the shapes that the claims, the things they tell of and their passages break."""
    focus = {iri for c in claims for iri in (str(CLAIM) + c.name, *c.subjects)}
    focus |= {s.value for c in claims for s in (*c.facts, *c.record) if s.value in collection.described}
    graph = _graph(collection, focus)
    # Not with focus nodes: pySHACL then takes sh:node for kept wherever the value is no focus node itself.
    report = validate(graph + background())
    places = _Places(collection, claims)
    for result in report.results:
        if str(result.focus) in focus:
            yield places.finding(result)


def _graph(collection: Collection, focus: set[str]) -> Graph:
    """What is told of the things in focus, and the classes of all that they are related to."""
    statements = [s for iri in focus for _, s in collection.facts_of.get(iri, ())]
    statements += [s for iri in focus for s in collection.described.get(iri, ())]
    statements += [s for c in collection.claims if str(CLAIM) + c.name in focus for s in c.record]
    classes = {s.value for s in statements if isinstance(s.object, ox.NamedNode)} - focus
    statements += [s for iri in classes for s in collection.described.get(iri, ()) if s.predicate == RDF_TYPE]
    statements += [s for iri in classes for _, s in collection.facts_of.get(iri, ()) if s.predicate == RDF_TYPE]
    triples = {ox.Triple(ox.NamedNode(s.subject), ox.NamedNode(s.predicate), s.object) for s in statements}
    return Graph().parse(data=ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES), format="nt")


class _Places:
    """Finds the statement that a result is about."""

    def __init__(self, collection: Collection, claims: Sequence[CuratedClaim]) -> None:
        self._collection = collection
        self._claims = {str(CLAIM) + c.name: c for c in claims}
        self._first: dict[str, list[tuple[str, Statement]]] = {}
        for claim in claims:
            for s in claim.facts:
                self._first.setdefault(s.subject, []).append((claim.name, s))

    def finding(self, result: Result) -> Finding:
        """The result as a finding."""
        focus, shape = str(result.focus), f"shape:{local(str(result.shape))}"
        claim = self._claims.get(focus)
        if claim:
            candidates = [(claim.name, s) for s in claim.record]
        else:
            candidates = [
                *self._first.get(focus, ()),
                *(("", s) for s in self._collection.described.get(focus, ())),
                *((c.name, s) for c, s in self._collection.facts_of.get(focus, ())),
            ]
        paths = set(re.findall(r"[^<>|^/()*+?\s]+://[^<>|()*+?\s]+", result.path or ""))
        told = [(name, s) for name, s in candidates if s.predicate in paths]
        exact = [(name, s) for name, s in told if result.value is not None and s.value == str(result.value)]
        severity = Severity.WARNING if result.severity == SH.Warning else Severity.ERROR
        if not told and not any(path.startswith(str(KEL)) for path in paths):
            # what is missing of names, sources and posts belongs to the entity, not to a claim that speaks of it
            candidates = [*(("", s) for s in self._collection.described.get(focus, ())), *candidates]
        name, statement = (exact or told or candidates)[0]
        line = statement.line if exact or told else statement.subject_line
        wrong = f"{shorten(focus)}" + (f", {shorten(result.path)}" if paths == {result.path} and result.path else "")
        return Finding(statement.file, line, name, shape, severity, f"{wrong}:", result.message)


def disjoint(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Things that claims give a class which the ontology sets apart from another class of theirs."""
    apart = _apart()
    for claim in claims:
        for s in claim.facts:
            if s.predicate == RDF_TYPE:
                classes = collection.types.get(s.subject, frozenset())
                clash = next(((a, b) for a, b in apart if {a, b} <= classes), None)
                if clash:
                    wrong = f"{shorten(s.subject)} is a {clash[0]} and a {clash[1]}, which nothing can be at once."
                    yield claim.error(s.line, "disjoint-classes", wrong, "Take another name for one of the two.")


@cache
def _apart() -> tuple[tuple[str, str], ...]:
    pairs = read_graph().subject_objects(OWL.disjointWith)
    return tuple(sorted((local(str(a)), local(str(b))) for a, b in pairs if isinstance(b, URIRef)))
