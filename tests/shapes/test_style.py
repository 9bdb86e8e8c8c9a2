"""The style of the ontology: it conforms to every rule, and faulty copies do not."""

from collections.abc import Callable

import pytest
from rdflib import OWL, RDF, RDFS, SH, SKOS, Graph, Literal, URIRef

from ontology import read_graph
from ontology.namespaces import KEL, SHAPE
from shapes import Report, read_shapes, validate

TERM_STATUS = URIRef("http://www.w3.org/2003/06/sw-vocab-status/ns#term_status")
Change = Callable[[Graph], None]


@pytest.fixture(scope="module")
def ontology() -> Graph:
    return read_graph()


def local_names(report: Report) -> set[str]:
    return {str(result.shape).removeprefix(str(SHAPE)) for result in report.results}


def test_the_ontology_keeps_to_its_style(ontology: Graph) -> None:
    assert validate(ontology, ontology_style=True).results == ()


def rename(old: URIRef, new: URIRef) -> Change:
    def change(graph: Graph) -> None:
        for _, predicate, value in list(graph.triples((old, None, None))):
            graph.remove((old, predicate, value))
            graph.add((new, predicate, value))

    return change


def remove(subject: URIRef, predicate: URIRef, language: str | None = None) -> Change:
    def change(graph: Graph) -> None:
        for value in list(graph.objects(subject, predicate)):
            if language is None or (isinstance(value, Literal) and value.language == language):
                graph.remove((subject, predicate, value))

    return change


def add(subject: URIRef, predicate: URIRef, value: URIRef | Literal) -> Change:
    def change(graph: Graph) -> None:
        graph.add((subject, predicate, value))

    return change


def relabel(subject: URIRef, label: str) -> Change:
    def change(graph: Graph) -> None:
        remove(subject, RDFS.label, "en")(graph)
        graph.add((subject, RDFS.label, Literal(label, lang="en")))

    return change


STYLE_BREAKS: dict[str, Change] = {
    "Term-en": remove(KEL.note, RDFS.label, "en"),
    "Term-ru": remove(KEL.note, RDFS.label, "ru"),
    "Term-kk": remove(KEL.note, RDFS.label, "kk"),
    "Term-definition": add(KEL.note, SKOS.definition, Literal("A second definition.", lang="en")),
    "Term-example": remove(KEL.note, SKOS.example),
    "Term-status": remove(KEL.note, TERM_STATUS),
    "TermDeclared": add(KEL.gloss, RDFS.range, KEL.Sentence),
    "TermDistinct": relabel(KEL.gloss, "note"),
    "ClassName": rename(KEL.DocumentPackage, KEL.document_package),
    "PropertyName": rename(KEL.note, KEL.Note),
}


@pytest.mark.parametrize("name", STYLE_BREAKS)
def test_a_broken_copy_of_the_ontology_breaks_one_rule_of_style(name: str, ontology: Graph) -> None:
    copy = Graph()
    for term in (KEL.note, KEL.gloss, KEL.DocumentPackage):  # three terms, since the whole takes seconds
        for triple in ontology.triples((term, None, None)):
            copy.add(triple)
    for event in ontology.objects(KEL.DocumentPackage, OWL.disjointWith):
        copy.add((event, RDF.type, RDFS.Class))
    assert local_names(validate(copy, ontology_style=True)) == set()
    STYLE_BREAKS[name](copy)
    assert local_names(validate(copy, ontology_style=True)) == {name}


def test_every_rule_of_style_has_its_broken_ontology() -> None:
    data = set(read_shapes().subjects(SH.message, None))
    graph = read_shapes(ontology_style=True)
    rules = {graph.value(predicate=SH.sparql, object=rule) or rule for rule in graph.subjects(SH.message, None)}
    assert set(STYLE_BREAKS) == {str(rule).removeprefix(str(SHAPE)) for rule in rules - data}
