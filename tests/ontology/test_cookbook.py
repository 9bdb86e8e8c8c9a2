"""The cookbook of the ontology's README: each pattern finds something."""

import re

import pytest

from kg.engine.engine import Engine, with_prefixes
from ontology.namespaces import EVERYTHING
from tests.conftest import ROOT
from tests.kg.publishing.test_questions import CSV, rows

TEXT = (ROOT / "ontology" / "README.md").read_text(encoding="utf-8")
COOKBOOK = TEXT.partition("## Cookbook")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| (.+?) \| (.+) \|$", COOKBOOK, re.MULTILINE)[1:]
PATTERNS = [
    (f"{wanted} {number}", pattern.replace("\\|", "|"))
    for wanted, cell in ROWS
    for number, pattern in enumerate(re.findall(r"`([^`]*\?[^`]*)`", f"{wanted} {cell}"))
]


def test_there_are_patterns() -> None:
    assert len(PATTERNS) > 50


@pytest.mark.parametrize("pattern", [p for _, p in PATTERNS], ids=[name for name, _ in PATTERNS])
def test_each_pattern_finds_something(pattern: str, shipped_engine: Engine) -> None:
    query = with_prefixes(f"SELECT * FROM <{EVERYTHING}> WHERE {{ {pattern} }} LIMIT 1")
    _, found = rows(shipped_engine.query(query).serialize(CSV).decode())
    assert found, pattern
    assert not shipped_engine.hints.unknown_names(query)
