"""The README: its example answers are those of the graph."""

import re
from collections import Counter

import pytest

from kg.engine.engine import Engine, with_prefixes
from tests.conftest import ROOT
from tests.kg.publishing.test_questions import CSV, rows

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```sparql\n((?:(?!```).)*)```\n\n((?:\|[^\n]*\n)+)", TEXT, re.DOTALL)


def table(lines: str) -> tuple[list[str], list[tuple[str, ...]]]:
    cells = [tuple(c.strip().strip("`") for c in line.strip().strip("|").split("|")) for line in lines.splitlines()]
    return list(cells[0]), sorted(cells[2:])


def test_questions_are_shown() -> None:
    assert len(SHOWN) >= 6
    assert len(re.findall(r"```sparql\n", TEXT)) >= 7, "and one on certainty"


@pytest.mark.parametrize(("query", "answer"), SHOWN)
def test_shown_answers_are_the_answers(query: str, answer: str, engine: Engine, shipped_engine: Engine) -> None:
    """Of the two articles just these rows; of all that is shipped these too, but there may be more."""
    shown = table(answer)
    assert asked(query, engine) == shown
    header, found = asked(query, shipped_engine)
    lost = Counter(shown[1]) - Counter(found)
    assert (header, lost) == (shown[0], Counter()), "write into README.md what the graph answers now"


def asked(query: str, engine: Engine) -> tuple[list[str], list[tuple[str, ...]]]:
    header, found = rows(engine.query(with_prefixes(query)).serialize(CSV).decode())
    return header, sorted(found.elements())
