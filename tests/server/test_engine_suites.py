"""The W3C's tests of queries over engines: no answer is wrong that is right in memory, but those that are listed."""

from contextlib import closing
from pathlib import Path

import pytest

from tests.conformance import suite
from tests.conformance.suite import Case
from tests.engines import suites
from tests.engines.server import MissingEngineError


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    try:
        return suite.cases(suite.fetch(tmp_path_factory.mktemp("suite")))
    except suite.Unreachable as reason:
        pytest.skip(f"the suite could not be fetched, so nothing was checked: {reason}")


@pytest.mark.parametrize("name", ["oxigraph", "jena"])
def test_no_answer_is_wrong_over_an_engine_alone(name: str, cases: list[Case], tmp_path: Path) -> None:
    """Virtuoso, which takes a minute, is asked by make engines."""
    embedded = [*suites.outcomes(suites.Embedded(), cases)]
    try:
        with suites.writable(name, tmp_path) as engine, closing(suites.Connected(engine)) as connected:
            found = [*suites.outcomes(connected, cases)]
    except MissingEngineError as reason:
        pytest.skip(f"no {name}: {reason}")
    assert sum(o.became == "right" for o in found) > 400
    assert not suites.surprises(name, found, embedded)
