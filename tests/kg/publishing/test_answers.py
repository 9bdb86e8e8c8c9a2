"""The digest of an answer: blind to the order of rows and the labels of blank nodes, and to nothing else."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.publishing.answers import CanonicalAnswer, is_ordered, of_graph, of_results, varying

TERMS = st.sampled_from(
    [
        {"type": "uri", "value": "urn:a"},
        {"type": "literal", "value": "a\nb"},
        {"type": "literal", "value": "urn:a"},
        {"type": "literal", "value": "x", "xml:lang": "ru"},
        {"type": "literal", "value": "x", "datatype": "urn:d"},
        {"type": "bnode", "value": "b0"},
        {"type": "bnode", "value": "b1"},
    ]
)
ROWS = st.lists(st.dictionaries(st.sampled_from("xyz"), TERMS), max_size=6)


def results(rows: list[dict[str, Any]], *, ordered: bool = False) -> CanonicalAnswer:
    body = json.dumps({"head": {"vars": ["x", "y", "z"]}, "results": {"bindings": rows}})
    return of_results(body.encode(), ordered=ordered)


def relabelled(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = {"b0": "q7", "b1": "b0"}
    return [
        {
            name: term | {"value": names[term["value"]]} if term["type"] == "bnode" else term
            for name, term in row.items()
        }
        for row in rows
    ]


@given(ROWS, st.randoms())
def test_order_and_labels_do_not_count(rows: list[dict[str, Any]], chance: random.Random) -> None:
    shuffled = relabelled(rows)
    chance.shuffle(shuffled)
    assert results(rows).digest == results(shuffled).digest
    assert results(rows).compared(results(shuffled)) == ([], [])


@given(ROWS, st.dictionaries(st.sampled_from("xyz"), TERMS))
def test_a_row_more_counts(rows: list[dict[str, Any]], row: dict[str, Any]) -> None:
    assert results(rows).digest != results([*rows, row]).digest


def test_terms_that_differ_are_told_apart() -> None:
    terms = [
        {"type": "uri", "value": "urn:a"},
        {"type": "literal", "value": "urn:a"},
        {"type": "literal", "value": "urn:a", "xml:lang": "en"},
        {"type": "literal", "value": "urn:a", "datatype": "urn:d"},
        {"type": "literal", "value": "<urn:a>"},
        {"type": "literal", "value": '"'},
        {"type": "literal", "value": "\\"},
    ]
    assert len({results([{"x": term}]).digest for term in terms}) == len(terms)
    assert results([{"x": terms[0]}]).digest != results([{"y": terms[0]}]).digest


def test_the_order_counts_if_the_query_orders() -> None:
    rows: list[dict[str, Any]] = [{"x": {"type": "literal", "value": v}} for v in "ab"]
    assert results(rows, ordered=True).digest != results(rows[::-1], ordered=True).digest


def test_graphs_and_booleans() -> None:
    one = of_graph(b"<urn:a> <urn:p> _:x .\n_:x <urn:q> _:y .\n")
    same = of_graph(b"_:n <urn:q> _:x .\n<urn:a> <urn:p> _:n .\n")
    other = of_graph(b"<urn:a> <urn:p> _:x .\n_:y <urn:q> _:x .\n")
    assert one.digest == same.digest != other.digest
    yes, no = (of_results(json.dumps({"head": {}, "boolean": b}).encode(), ordered=False) for b in (True, False))
    assert yes.digest != no.digest


@pytest.mark.parametrize(
    ("query", "ordered", "because"),
    [
        ("SELECT * { ?s ?p ?o } ORDER BY ?s", True, []),
        ("SELECT * { { SELECT * { ?s ?p ?o } ORDER BY ?s } }", False, []),
        ("SELECT * { ?s <urn:ORDER> 'ORDER BY' } # ORDER BY", False, []),
        ("SELECT (now() AS ?n) { } LIMIT 3", False, ["NOW", "LIMIT"]),
        ("SELECT * { ?s ?p ?o } ORDER BY RAND() LIMIT 3", True, ["RAND"]),
    ],
)
def test_what_the_text_of_a_query_tells(query: str, ordered: bool, because: list[str]) -> None:
    assert is_ordered(query) is ordered
    assert varying(query) == because
