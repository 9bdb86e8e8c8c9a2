"""``kelisim explain``: what it prints, and the examples of the README."""

import json
import os
import re
import subprocess

import pytest

from kg.engine.engine import Engine
from kg.explanations.explanation import Asked, explain
from kg.explanations.probing import Budget
from kg.explanations.sources import EngineSource
from ontology import PREFIXES
from tests.conftest import ROOT

SECTION = re.search(r"### Why no rows\?\n(.*?)\nA thing", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
EXAMPLES = re.findall(r"^\| `([^`]+)` \| (.+) \|$", SECTION[1] if SECTION else "", re.MULTILINE)


def run(kelisim: str, *arguments: str) -> tuple[int, str]:
    """The exit status and what is printed, in a process of its own, since the command forks."""
    command = [kelisim, "explain", *arguments, "--seconds", "60"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "200"})
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(("pattern", "message"), EXAMPLES)
def test_the_readme_shows_what_is_told(engine: Engine, pattern: str, message: str) -> None:
    asked = Asked(f"SELECT * {{ {pattern} }}", known=PREFIXES)
    assert explain(EngineSource(engine), asked, Budget(60, 60)).findings[0].message == message


def test_it_prints_reasons_places_and_mends(kelisim: str) -> None:
    status, printed = run(kelisim, "SELECT ?v { ?v a kel:Visit ; kel:visited id:kazakstan }")
    assert status == 0
    assert "The query has no rows." in printed
    assert "1. id:kazakstan does not occur in the data; id:kazakhstan does." in printed
    assert "1:30  ?v kel:visited id:kazakstan" in printed
    assert "With this query, rows: 4" in printed


def test_it_prints_json_and_what_each_line_leaves(kelisim: str) -> None:
    status, printed = run(kelisim, "SELECT ?v { ?v a kel:Visit ; kel:visitor ?w }", "--json")
    assert status == 0
    found = json.loads(printed)
    assert found["rows"] == {"number": 4, "more": False}
    assert [step["through"]["number"] for step in found["steps"]] == [4, 4]
    assert found["findings"] == []


def test_it_explains_a_missing_row_in_kazakh(kelisim: str) -> None:
    query = "SELECT ?who { ?v a kel:Visit ; kel:visitor ?who }"
    status, printed = run(kelisim, query, "--row", "?who=id:xi-jinping", "--language", "kk")
    assert status == 0
    assert "id:vladimir-putin" in printed
    assert "The query has rows" not in printed


def test_it_explains_over_an_endpoint(kelisim: str, server: str) -> None:
    query = "SELECT ?v { ?v kel:visitor id:putin ; kel:visited id:nowhere-at-all }"
    status, printed = run(kelisim, query, "--endpoint", f"{server}sparql")
    assert status == 0
    assert "id:putin does not occur in the data; id:vladimir-putin does." in printed
    assert "id:nowhere-at-all does not occur in the data." in printed


def test_errors_are_clear(kelisim: str) -> None:
    assert run(kelisim)[0] == 2
    status, printed = run(kelisim, "SELECT ?x { ?x a }")
    assert status == 1
    assert "line 1, column 18" in printed
    status, printed = run(kelisim, "SELECT ?x { ?x a ?y }", "--row", "?z=1")
    assert status == 1
    assert "It has: ?x, ?y" in printed
