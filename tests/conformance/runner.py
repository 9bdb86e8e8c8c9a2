"""Runs all tests against one target, and counts the results."""

import time
import tomllib
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.conformance import graph_store, protocol, service_description
from tests.conformance.evaluation import check_syntax, evaluate_query, evaluate_update
from tests.conformance.suite import Case
from tests.conformance.target import Client, Failed, Target

DEVIATIONS = Path(__file__).with_name("deviations.toml")
GRAPH_STORE = "http://www.w3.org/2009/sparql/docs/tests/data-sparql11/http-rdf-update/tests#"
CATEGORIES = (
    "query",
    "result formats",
    "query syntax",
    "update",
    "update syntax",
    "protocol",
    "graph store",
    "service description",
    "SPARQL 1.0 query",
    "SPARQL 1.0 query syntax",
)


@dataclass(frozen=True)
class Outcome:
    """The outcome of a test: ``failure`` is empty if it passed, ``skipped`` says why it was not run."""

    case: Case
    failure: str = ""
    skipped: str = ""

    @property
    def passed(self) -> bool:
        return not self.failure and not self.skipped


def all_cases(from_manifests: Iterable[Case]) -> list[Case]:
    """The tests of the manifests and those of the graph store, which has no manifest."""
    slugs = {name: GRAPH_STORE + name.lower().replace(" - ", "-").replace(" ", "-") for name in graph_store.TESTS}
    more = [Case(slugs[name], name, "graph store", "GraphStoreTest") for name in graph_store.TESTS]
    return [*from_manifests, *more]


def run(target: Target, cases: Iterable[Case], *, timeout: float = 3, limit: float = 600) -> list[Outcome]:
    """Runs the tests in sequence with ``timeout`` seconds a request; after ``limit`` seconds the rest fails."""
    until = time.monotonic() + limit
    # Tests that write come last, so that queries on the same data load it once.
    ordered = sorted(cases, key=lambda c: (c.category not in CATEGORIES, "update" in c.category, c.graphs == ()))
    with closing(Client(target, timeout=timeout)) as client:
        return [_outcome(client, case, until) for case in ordered]


def _outcome(client: Client, case: Case, until: float) -> Outcome:
    if case.skipped:
        return Outcome(case, skipped=case.skipped)
    if time.monotonic() > until:
        return Outcome(case, failure="not run: the whole run took too long")
    try:
        _run_one(client, case)
    except Failed as failure:
        return Outcome(case, failure=str(failure) or "failed")
    return Outcome(case)


def _run_one(client: Client, case: Case) -> None:
    fragment = case.iri.rpartition("#")[2]
    if "Syntax" in case.kind:
        check_syntax(client, case)
    elif case.kind == "UpdateEvaluationTest":
        evaluate_update(client, case)
    elif case.kind in {"QueryEvaluationTest", "CSVResultFormatTest"}:
        evaluate_query(client, case)
    elif case.kind == "ProtocolTest":
        protocol.run(client, fragment)
    elif case.kind == "ServiceDescriptionTest":
        service_description.run(client, fragment)
    elif case.kind == "GraphStoreTest":
        graph_store.run(client, case.name)
    else:
        raise AssertionError(f"no way to run {case.kind}")


def deviations() -> dict[str, str]:
    """The known failures of Kelisim by test IRI, with the reason."""
    with DEVIATIONS.open("rb") as file:
        return {iri: entry for table in tomllib.load(file).values() for iri, entry in table.items()}


def surprises(outcomes: Iterable[Outcome], known: dict[str, str]) -> list[str]:
    """The outcomes that differ from the list of deviations: new failures, and listed tests that pass."""
    found = []
    by_iri = {outcome.case.iri: outcome for outcome in outcomes}
    for iri, outcome in by_iri.items():
        if outcome.failure and iri not in known:
            found.append(f"{iri} ({outcome.case.name}) fails: {outcome.failure}")
        if outcome.passed and iri in known:
            found.append(f"{iri} passes: take it off the list")
    return found + [f"{iri} is on the list, but is no test that was run" for iri in known.keys() - by_iri.keys()]


def table(runs: dict[str, list[Outcome]]) -> str:
    """Markdown: tests passed by category for each target."""
    totals = {name: Counter(o.case.category for o in outcomes if o.passed) for name, outcomes in runs.items()}
    some = next(iter(runs.values()))
    sizes = Counter(outcome.case.category for outcome in some if not outcome.skipped)
    skipped = Counter(outcome.case.category for outcome in some if outcome.skipped)
    lines = ["| | tests | " + " | ".join(runs) + " |", "|---|" + "---:|" * (len(runs) + 1)]
    for category in CATEGORIES:
        cells = [str(totals[name][category]) for name in runs]
        lines.append(f"| {category} | {sizes[category]} | {' | '.join(cells)} |")
    cells = [f"**{totals[name].total()}**" for name in runs]
    lines.append(f"| **all** | **{sizes.total()}** | {' | '.join(cells)} |")
    told = ", ".join(f"{category} ({count})" for category, count in sorted(skipped.items()))
    return "\n".join([*lines, "", f"Not run: {told}."])
