"""On random small stores and queries: what is said to fail is empty, and is minimal; each mend has its rows."""

import json
from collections.abc import Sequence

import pyoxigraph as ox
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.engine.engine import Engine
from kg.explanations.explanation import Asked, explain
from kg.explanations.findings import Line
from kg.explanations.probing import Budget
from kg.explanations.sources import EngineSource
from kg.rdf.formats import RESULT_FORMATS, by_name

BASE = "http://e.org/"
PROLOGUE = f"PREFIX : <{BASE}> "

things = st.sampled_from(["a", "b", "c"])
properties = st.sampled_from(["p", "q", "r"])
literals = st.sampled_from(
    ['"1"', "1", '"x"@en', '"X"@en', '"x"', '"2024-01-01"^^<http://www.w3.org/2001/XMLSchema#date>']
)
graphs = st.sampled_from(["", "", "g", "h"])
facts = st.tuples(things, properties, st.one_of(things.map(lambda t: f":{t}"), literals), graphs)

variables = st.sampled_from(["?x", "?y", "?z"])
subjects = st.one_of(variables, variables, things.map(lambda t: f":{t}"))
targets = st.one_of(variables, variables, things.map(lambda t: f":{t}"), literals)
verbs = st.one_of(properties.map(lambda p: f":{p}"), st.sampled_from([":p/:q", "^:p", ":unknown", "?p"]))
triples = st.tuples(subjects, verbs, targets).map(" ".join)
filters = st.sampled_from(
    [
        "FILTER(?x = ?y)",
        "FILTER(?y = 1)",
        'FILTER(STR(?y) = "x")',
        'FILTER(LANG(?y) = "ru")',
        "FILTER(?z > 5)",
        "FILTER(ISIRI(?y))",
        "FILTER(!BOUND(?z))",
    ]
)
patterns = st.one_of(
    triples.map(lambda t: f"{t} ."),
    triples.map(lambda t: f"{t} ."),
    triples.map(lambda t: f"{t} ."),
    triples.map(lambda t: f"GRAPH ?g {{ {t} }}"),
    triples.map(lambda t: f"OPTIONAL {{ {t} }}"),
    triples.map(lambda t: f"MINUS {{ {t} }}"),
    triples.map(lambda t: f"FILTER NOT EXISTS {{ {t} }}"),
    triples.map(lambda t: f"FILTER EXISTS {{ {t} }}"),
    st.tuples(triples, triples).map(lambda two: f"{{ {two[0]} }} UNION {{ {two[1]} }}"),
    triples.map(lambda t: f"{{ SELECT * WHERE {{ {t} }} }}"),
    things.map(lambda t: f"VALUES ?x {{ :{t} }}"),
    filters,
)
flat = st.one_of(triples.map(lambda t: f"{t} ."), triples.map(lambda t: f"{t} ."), filters)

often = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


def store(facts: Sequence[tuple[str, str, str, str]]) -> Engine:
    lines = (f"<{BASE}{s}> <{BASE}{p}> {_full(o)} {f'<{BASE}{g}>' if g else ''} ." for s, p, o, g in facts)
    return Engine(ox.parse("\n".join(lines).encode(), format=ox.RdfFormat.N_QUADS))


def _full(term: str) -> str:
    number = f'"{term}"^^<http://www.w3.org/2001/XMLSchema#integer>'
    return f"<{BASE}{term[1:]}>" if term.startswith(":") else number if term.isdigit() else term


def count(engine: Engine, query: str) -> int:
    body = json.loads(engine.query(query).serialize(by_name("json", RESULT_FORMATS)))
    return len(body["results"]["bindings"])


@often
@given(st.lists(facts, min_size=3, max_size=14), st.lists(patterns, min_size=1, max_size=4))
def test_each_mend_has_as_many_rows_as_it_says(given_facts: list[tuple[str, str, str, str]], parts: list[str]) -> None:
    engine = store(given_facts)
    query = f"{PROLOGUE}SELECT * WHERE {{ {' '.join(parts)} }}"
    there = count(engine, query)
    found = explain(EngineSource(engine), Asked(query), Budget(seconds=60, each=60))
    assert found.rows is not None
    assert found.rows.number == there
    assert bool(found.findings) == (there == 0)
    for finding in found.findings:
        if finding.query:
            assert finding.rows is not None
            assert count(engine, finding.query) == finding.rows.number > 0, finding
    for step in found.steps[-1:]:
        assert step.through is not None
        assert step.through.number == there


@often
@given(st.lists(facts, min_size=3, max_size=14), st.lists(flat, min_size=1, max_size=5))
def test_what_fails_is_empty_and_no_less_is(given_facts: list[tuple[str, str, str, str]], parts: list[str]) -> None:
    engine = store(given_facts)
    query = f"{PROLOGUE}SELECT * WHERE {{ {' '.join(parts)} }}"
    found = explain(EngineSource(engine), Asked(query), Budget(seconds=60, each=60))
    if count(engine, query) == 0:
        assert found.failing
    for part in found.failing:
        assert count(engine, together(part)) == 0, part
        for line in part:
            rest = [other for other in part if other is not line]
            assert not rest or _hangs(rest, part) or count(engine, together(rest)) > 0, (line, part)


def together(lines: Sequence[Line]) -> str:
    pattern = " ".join(line.text if line.text.startswith("FILTER") else f"{line.text} ." for line in lines)
    return f"{PROLOGUE}SELECT * WHERE {{ {pattern} }}"


def _hangs(rest: Sequence[Line], part: Sequence[Line]) -> bool:
    """Whether a filter lost the line that binds its variable: without it, it would fail for that reason alone."""
    words = [*(word for line in rest if not line.text.startswith("FILTER") for word in line.text.split())]
    all_words = [word for line in part for word in line.text.split() if not line.text.startswith("FILTER")]
    used = {v for line in rest if line.text.startswith("FILTER") for v in ("?x", "?y", "?z") if v in line.text}
    return any(v in all_words and v not in words for v in used)
