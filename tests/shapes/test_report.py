"""Reports: deterministic results, as values, as RDF and on a terminal."""

import io

import pyoxigraph as ox
import pytest
from rdflib import RDF, SH, Graph, Literal
from rdflib.compare import isomorphic
from rich.console import Console

from ontology import read_graph
from ontology.namespaces import CODE, ID, KEL, SHAPE
from shapes import Report, Result, render, validate
from tests.conftest import ROOT

INVALID = ROOT / "tests/fixtures" / "invalid"


@pytest.fixture(scope="module")
def reports() -> tuple[Report, Report]:
    """Two reports on the same faulty data."""
    graph = read_graph()
    for name in ("Event-status", "Observation-subject", "Thing", "Policy-subject"):
        triples = (quad.triple for quad in ox.parse(path=INVALID / f"{name}.trig", format=ox.RdfFormat.TRIG))
        graph.parse(data=ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES), format="nt")
    return validate(graph), validate(graph)


def test_a_report_says_the_same_in_the_same_order(reports: tuple[Report, Report]) -> None:
    first, second = reports
    assert first.results == second.results
    assert list(first.results) == sorted(first.results, key=lambda result: result.order)
    assert first.to_turtle() == second.to_turtle()


def test_a_report_is_shacl(reports: tuple[Report, Report]) -> None:
    graph = Graph().parse(data=reports[0].to_turtle(), format="turtle")
    assert isomorphic(graph, reports[0].graph)
    (report,) = graph.subjects(RDF.type, SH.ValidationReport)
    assert (report, SH.conforms, Literal(False)) in graph
    assert len(list(graph.objects(report, SH.result))) == len(reports[0].results)


def test_a_result_names_the_thing_the_path_and_the_rule(reports: tuple[Report, Report]) -> None:
    by_rule = {result.shape: result for result in reports[0].results}
    assert by_rule[SHAPE["Event-status"]] == Result(
        focus=ID["river-talks-2031"],
        path=str(KEL.status),
        value=CODE["bound-over"],
        message=by_rule[SHAPE["Event-status"]].message,
        severity=SH.Violation,
        shape=SHAPE["Event-status"],
    )
    assert by_rule[SHAPE["Observation-subject"]].path == f"(<{KEL.refArea}>|<{KEL.counterpartArea}>|<{KEL.observed}>)"
    assert by_rule[SHAPE.Thing].path is None


def test_a_report_is_readable_on_a_terminal(reports: tuple[Report, Report]) -> None:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(render(reports[0]))
    text = console.export_text()
    assert "4 results on 4 things." in text
    assert "id:river-talks-2031" in text
    assert "An event needs a kel:status" in text
    assert "https://w3id.org/kelisim/" not in text


def test_a_report_without_results_says_so() -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(render(validate(Graph())))
    assert console.export_text() == "The data conforms to all shapes.\n"
