"""Whether nodes conform, found out from the shapes that target them: the same as by validation in full."""

import random

import pyoxigraph as ox
import pytest
from rdflib import Graph
from rdflib import URIRef as Iri

from kg.changes.staging import Change, stage
from kg.changes.validation import validate_change
from kg.curation.built import packaged_dataset
from kg.engine.engine import Engine
from kg.rdf.patches import Patch
from ontology.namespaces import CODE, ID, INFERRED_GRAPH, KEL, PREFIXES, RDF_TYPE
from shapes import background, conformance, validate
from tests.conftest import ROOT

FIXTURES = sorted((ROOT / "tests/fixtures").glob("*valid/*.trig"))[::4]
MOST_REFERRING = 50
"""Of more popular things a validation in full would take long."""

_INFERRED = ox.NamedNode(INFERRED_GRAPH)


def test_fixtures_conform_node_by_node_where_they_do_in_full() -> None:
    violated = 0
    for path in FIXTURES:
        triples = [quad.triple for quad in ox.parse(path=path, format=ox.RdfFormat.TRIG)]
        read = Graph().parse(data=ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES), format="nt")
        graph, nodes = background() + read, sorted({str(s) for s in read.subjects() if isinstance(s, Iri)})
        results = [each for each in validate(graph).results if str(each.focus) in nodes]
        assert [*conformance().report(graph, nodes).results] == results, path.name
        for node in nodes[:1]:
            of_node = [each for each in results if str(each.focus) == node]
            assert [*conformance().report(graph, [node]).results] == of_node, (path.name, node)
        violated += len(results)
    assert violated > len(FIXTURES) // 2


def test_what_shapes_read_of_values_is_little() -> None:
    """Else each change of a thing would have all that refers to it validated."""
    read = {str(each) for each in conformance().read_of_values}
    assert read == {RDF_TYPE, PREFIXES["rdfs"] + "subClassOf", PREFIXES["skos"] + "inScheme"}


def test_random_changes_are_refused_where_validation_of_all_would_refuse_them() -> None:
    chosen = random.Random(13)
    engine = Engine(packaged_dataset().quads)
    told = [q for q in engine.quads() if q.graph_name != _INFERRED]
    refused = 0
    for _ in range(25):
        taken, other = chosen.choice(told), chosen.choice(told)
        thing = taken.subject
        if not isinstance(thing, ox.NamedNode) or len([*engine.with_object(thing)]) > MOST_REFERRING:
            continue
        deletes = [taken] if chosen.random() < 0.7 else []
        if chosen.random() < 0.3:  # a class, which those that refer to the thing depend on
            deletes = list(engine.with_subject(thing, ox.NamedNode(RDF_TYPE)))
        adds = [ox.Quad(thing, chosen.choice((taken, other)).predicate, other.object, taken.graph_name)]
        patch = Patch(tuple(deletes), tuple(q for q in adds if not engine.contains(q) and q not in deletes))
        engine.apply(patch)
        report = validate_change(engine, patch)
        everything = _everything(engine, thing)
        assert (report is None or report.conforms) == everything, (patch.deletes, patch.adds)
        refused += not everything
        engine.apply(patch.inverse())
    assert 3 < refused < 25


_PREFIXES = (
    f"PREFIX code: <{CODE}> PREFIX id: <{ID}> PREFIX kel: <{KEL}> PREFIX org: <{PREFIXES['org']}> "
    f"PREFIX skos: <{PREFIXES['skos']}>"
)


@pytest.mark.parametrize(
    ("update", "broken"),
    [
        ("DELETE WHERE { code:role-minister skos:prefLabel ?name }", 3),  # which things of the ontology refer to
        ("INSERT DATA { <x:thing> org:memberOf id:kazakhstan }", 1),  # of which only what it refers to is one
        (
            "DELETE WHERE { code:role skos:definition ?text } ; INSERT DATA { code:role kel:gloss 'x'@en }",
            1,
        ),  # an object
        ("INSERT DATA { <x:thing> org:memberOf <x:other> }", 0),  # nothing of ours
    ],
)
def test_what_is_near_makes_things_targets(update: str, broken: int) -> None:
    engine = Engine(packaged_dataset().quads)
    report = validate_change(engine, stage(engine, Change("update", f"{_PREFIXES} {update}")))
    assert len(report.results if report else ()) == broken


def _everything(engine: Engine, changed: ox.NamedNode) -> bool:
    """Whether a thing that was changed conforms, and all that refers to it, by a validation in full."""
    near = {q.subject for q in engine.with_object(changed)} | ({changed} if _told(engine, changed) else set())
    focus = {node for node in near if isinstance(node, ox.NamedNode)}
    around = focus | {t.object for node in focus for t in _told(engine, node)}
    triples = {t for node in around if isinstance(node, ox.NamedNode) for t in _told(engine, node)}
    read = Graph().parse(data=ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES), format="nt")
    names = {node.value for node in focus}
    return not any(str(result.focus) in names for result in validate(background() + read).results)


def _told(engine: Engine, node: ox.NamedNode) -> set[ox.Triple]:
    """What is told of a node, and not only inferred."""
    quads = (q for q in engine.with_subject(node) if q.graph_name != _INFERRED)
    return {q.triple for q in quads if not engine.contains(ox.Quad(q.subject, q.predicate, q.object, _INFERRED))}
