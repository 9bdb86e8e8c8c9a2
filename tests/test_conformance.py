"""W3C's SPARQL 1.1 suite against the running server: all of it passes but what ``deviations.toml`` explains."""

import pytest

from tests.conformance import runner, suite
from tests.conformance.peers import Missing, kelisim


def test_sparql_11(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("conformance")
    try:
        cases = runner.all_cases(suite.cases(suite.fetch(folder / "suite")))
    except suite.Unreachable as reason:
        pytest.skip(f"the suite could not be fetched, so nothing was checked: {reason}")
    assert len(cases) > 1000
    try:
        with kelisim(folder) as target:
            outcomes = runner.run(target, cases, timeout=20, limit=150)
    except Missing as reason:
        pytest.skip(str(reason))
    found = runner.surprises(outcomes, runner.deviations())
    assert not found, f"{len(found)} surprises:\n" + "\n".join(found)
