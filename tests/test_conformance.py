"""W3C's SPARQL 1.1 test suite against a running server: all tests pass except those in ``deviations.toml``."""

from pathlib import Path

import pyoxigraph as ox
import pytest

from tests.conformance import runner, suite
from tests.conformance.evaluation import text_of
from tests.conformance.peers import kelisim
from tests.conformance.suite import Case
from tests.engines.server import MissingEngineError
from tests.kg.changes.test_updates import compare


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    try:
        return runner.all_cases(suite.cases(suite.fetch(tmp_path_factory.mktemp("suite"))))
    except suite.Unreachable as reason:
        pytest.skip(f"the suite could not be fetched, so nothing was checked: {reason}")


def test_sparql_11(cases: list[Case], tmp_path: Path) -> None:
    assert len(cases) > 1000
    try:
        with kelisim(tmp_path) as target:
            outcomes = runner.run(target, cases, timeout=20, limit=150)
    except MissingEngineError as reason:
        pytest.skip(str(reason))
    found = runner.surprises(outcomes, runner.deviations())
    assert not found, f"{len(found)} surprises:\n" + "\n".join(found)


def test_updates_are_staged_alike_both_ways(cases: list[Case]) -> None:
    """Directly, and by comparing the store before and after."""
    updates = [case for case in cases if case.kind == "UpdateEvaluationTest"]
    assert len(updates) > 90
    for case in updates:
        assert case.text
        graphs = [
            (ox.NamedNode(name) if name else ox.DefaultGraph(), suite.triples(path)) for name, path in case.graphs
        ]
        quads = {ox.Quad(t.subject, t.predicate, t.object, graph) for graph, found in graphs for t in found}
        compare(quads, text_of(case.text))
