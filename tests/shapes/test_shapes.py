"""The shapes: each rule is broken by its fixture and by no other, and good data breaks none."""

import re
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import OWL, RDF, RDFS, SH, SKOS, BNode, Dataset, Graph, Literal, URIRef

import shapes
from ontology import KelisimError, read_graph
from ontology.namespaces import CODE, ID, KEL, SHAPE
from shapes import Report, ValidationError, read_shapes, validate
from tests.conftest import ROOT

FIXTURES = ROOT / "tests/fixtures"
INVALID = sorted((FIXTURES / "invalid").glob("*.trig"))
VALID = sorted((FIXTURES / "valid").glob("*.trig"))
TERM_STATUS = URIRef("http://www.w3.org/2003/06/sw-vocab-status/ns#term_status")


def facts(path: Path) -> Graph:
    """The triples of all graphs of a TriG file."""
    triples = (quad.triple for quad in ox.parse(path=path, format=ox.RdfFormat.TRIG))
    return Graph().parse(data=ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES), format="nt")


def local_names(report: Report) -> set[str]:
    return {str(result.shape).removeprefix(str(SHAPE)) for result in report.results}


@pytest.fixture(scope="module")
def ontology() -> Graph:
    return read_graph()


@pytest.fixture(scope="module")
def background(ontology: Graph) -> Graph:
    """What the shapes look up in the ontology: which class lies below which, which code is in which list.

    The terms and codes themselves are validated once, in a test of their own, and not again with each fixture.
    """
    graph = Graph()
    for predicate in (RDFS.subClassOf, SKOS.inScheme):
        for triple in ontology.triples((None, predicate, None)):
            graph.add(triple)
    for scheme in ontology.subjects(RDF.type, SKOS.ConceptScheme):
        graph.add((scheme, RDF.type, SKOS.ConceptScheme))
        for triple in ontology.triples((scheme, SKOS.prefLabel, None)):
            graph.add(triple)
    return graph


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_a_bad_fixture_breaks_the_rule_it_is_named_after_and_no_other(path: Path, background: Graph) -> None:
    report = validate(facts(path) + background)
    assert not report.conforms
    assert local_names(report) == {path.stem}


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_good_fixture_breaks_no_rule(path: Path, ontology: Graph) -> None:
    report = validate(facts(path) + ontology)
    assert report.results == ()
    assert report.conforms


def test_every_rule_has_its_bad_fixture() -> None:
    rules = {str(shape).removeprefix(str(SHAPE)) for shape in read_shapes().subjects(SH.message, None)}
    assert {path.stem for path in INVALID} == rules


@pytest.mark.parametrize("path", [*INVALID, *VALID], ids=lambda path: path.stem)
def test_fixtures_have_no_blank_nodes(path: Path) -> None:
    assert not any(isinstance(term, BNode) for triple in facts(path) for term in triple)


def test_the_good_fixtures_use_every_class(ontology: Graph) -> None:
    used = {cls for path in VALID for cls in facts(path).objects(None, RDF.type)}
    ours = {cls for cls in ontology.subjects(RDF.type, OWL.Class) if str(cls).startswith(str(KEL))}
    assert ours - used == set()


def test_every_class_has_shapes(ontology: Graph) -> None:
    targets = set(read_shapes().objects(None, SH.targetClass))
    for cls in ontology.subjects(RDF.type, OWL.Class):
        if str(cls).startswith(str(KEL)):
            assert targets & set(ontology.transitive_objects(cls, RDFS.subClassOf)), cls


def test_every_shape_has_a_name_and_every_rule_a_message_for_people() -> None:
    graph = read_shapes(ontology_style=True)
    for shape in {*graph.subjects(RDF.type, SH.NodeShape), *graph.subjects(RDF.type, SH.PropertyShape)}:
        assert isinstance(shape, URIRef)
        assert str(shape).startswith(str(SHAPE))
    for shape, message in graph.subject_objects(SH.message):
        assert isinstance(message, Literal)
        assert message.language == "en"
        assert re.fullmatch(r"([A-Z]|[a-z]+:).*[.]", message), message  # a sentence, which may begin with a term
        assert graph.value(shape, SH.name) or graph.value(predicate=SH.sparql, object=shape)
    assert not set(graph.objects(None, SH.property)) - set(graph.subjects(RDF.type, SH.PropertyShape))
    nested = {value for rule in (SH.node, SH.qualifiedValueShape) for value in graph.objects(None, rule)}
    assert not nested - set(graph.subjects(RDF.type, SH.NodeShape))


def test_shapes_for_data_are_shacl_core() -> None:
    graph = read_shapes()
    for predicate in (SH.sparql, SH.target, SH.rule, SH.js):
        assert (None, predicate, None) not in graph


def test_codes_are_tested_against_lists_that_exist(ontology: Graph) -> None:
    graph = read_shapes()
    used = {value for value in graph.objects(None, SH.hasValue) if str(value).startswith(str(CODE))}
    assert used == set(ontology.subjects(RDF.type, SKOS.ConceptScheme))


def test_the_ontology_conforms_to_the_shapes_for_data(ontology: Graph) -> None:
    assert validate(ontology).results == ()


def test_the_public_surface() -> None:
    assert shapes.__all__ == sorted(shapes.__all__, key=lambda name: (not name.isupper(), name))
    assert all(hasattr(shapes, name) for name in shapes.__all__)
    assert issubclass(ValidationError, KelisimError)


def test_a_dataset_is_validated_as_the_union_of_its_graphs_and_left_as_it_was(background: Graph) -> None:
    dataset = Dataset()
    for name, graph in ((ID.here, facts(FIXTURES / "invalid" / "Event-status.trig")), (ID.elsewhere, background)):
        for triple in graph:
            dataset.graph(name).add(triple)
    assert local_names(validate(dataset)) == {"Event-status"}
    assert not dataset.default_union


def test_the_graph_is_left_as_it_was(background: Graph) -> None:
    graph = facts(FIXTURES / "invalid" / "Event-status.trig") + background
    size = len(graph)
    validate(graph)
    validate(graph, ontology_style=True)
    assert len(graph) == size


def test_what_cannot_be_validated_is_an_error_and_not_a_report() -> None:
    graph = Graph()
    graph.add((ID.event, KEL.earliest, BNode()))
    graph.add((ID.event, KEL.latest, Literal("2031-04-02")))
    with pytest.raises(ValidationError, match="cannot be validated"):
        validate(graph)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("2023", True),
        ("2023-10", True),
        ("2023-21", True),
        ("201X", True),
        ("2024-11-27/2024-11-28", True),
        ("2013~", True),
        ("2024-11?/..", True),
        ("../2024", True),
        ("2024/", True),
        ("[2024-11-25..2024-11-27]", True),
        ("[..2024]", True),
        ("2023-13", False),
        ("2023-1", False),
        ("23", False),
        ("2023-10-32", False),
        ("October 2023", False),
        ("2024-11-27/28", False),
        ("[..]", False),
        ("/", False),
        ("", False),
    ],
)
def test_the_forms_of_edtf(text: str, good: bool) -> None:
    graph = Graph()
    graph.add((ID.event, KEL.edtf, Literal(text, datatype=URIRef("http://id.loc.gov/datatypes/edtf"))))
    assert ("Happened-edtf" in local_names(validate(graph))) is not good
