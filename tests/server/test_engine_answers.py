"""A server over each engine answers as the one that has the data itself."""

from collections.abc import Iterator
from itertools import islice

import pytest

from kg.curation.dataset import Dataset
from tests.conftest import serving
from tests.engines import comparing
from tests.engines.comparing import Compare
from tests.engines.filling import fill
from tests.engines.registry import ENGINES, running_or_skipped
from tests.http import ask, get_json


@pytest.fixture(scope="module", params=ENGINES)
def connected(
    request: pytest.FixtureRequest, kelisim: str, dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The base URL of a server over an engine that has the dataset."""
    with running_or_skipped(request.param, tmp_path_factory.mktemp(request.param)) as engine:
        fill(engine, dataset.quads, dataset.digest)
        with serving(kelisim, "--engine", engine.query_url) as running:
            yield running.address


def check(checks: Iterator[tuple[str, Compare]], connected: str, server: str) -> None:
    done = 0
    for name, is_same in checks:
        assert is_same(connected, server), name
        done += 1
    assert done


def test_questions(connected: str, server: str) -> None:
    check(comparing.questions(), connected, server)


def test_cited_answers(connected: str, server: str, request: pytest.FixtureRequest) -> None:
    if "jena" in request.node.name:
        pytest.skip("a cited answer takes seconds with Jena in memory; make engines compares them")
    check(islice(comparing.cited(), 0, None, 12), connected, server)


def test_lenses(connected: str, server: str) -> None:
    check(comparing.lenses(), connected, server)


def test_explanations(connected: str, server: str) -> None:
    check(islice(comparing.explanations(server), 4), connected, server)


@pytest.mark.parametrize("modifiers", ["OFFSET 10", "ORDER BY ?s OFFSET 10", "ORDER BY ?s LIMIT 20000 OFFSET 10"])
def test_no_row_is_left_out(connected: str, server: str, modifiers: str) -> None:
    """Virtuoso gives the first 10000 of sorted rows, and says so nowhere, where an offset stands without a limit."""
    query = f"SELECT (COUNT(*) AS ?n) {{ {{ SELECT ?s {{ ?s ?p ?o }} {modifiers} }} }}"
    found = [get_json(ask(base, query, format="json"))["results"] for base in (connected, server)]
    assert found[0] == found[1]


def test_abuse(connected: str, server: str, request: pytest.FixtureRequest) -> None:
    if "oxigraph" not in request.node.name:
        pytest.skip("one engine shows it; make engines asks all")
    check(comparing.abuse(), connected, server)


def test_routes(connected: str, server: str, request: pytest.FixtureRequest) -> None:
    if "jena" in request.node.name:
        pytest.skip("Jena in memory takes minutes for all pages; make engines compares them")
    check(comparing.routes(), connected, server)
