"""Answers as files of CSV, and what cannot stand in them."""

import pytest

from kg.engine.engine import Engine
from kg.packages.answers import Table, answer, read_table
from kg.publishing.questions import Question
from ontology import KelisimError


def asked(query: str) -> Table:
    question = Question.__new__(Question)
    object.__setattr__(question, "query", query)
    return answer(question, Engine([]))


def test_tables_are_read_as_they_were_written() -> None:
    table = Table(("a", "b"), (("x\ry", "l\nm"), ("", 'q"'), ("z" * 200_000, "")))
    assert read_table(table.csv().decode()) == table
    assert b"\r\n" not in table.csv()


def test_kinds_of_answers() -> None:
    assert asked("ASK {}") == Table(("ask",), (("true",),))
    assert asked("SELECT ?true { }") == Table(("true",), (("",),))
    assert asked("SELECT ?a ?b { VALUES ?a { 1 'x' } }") == Table(("a", "b"), (("1", ""), ("x", "")))


@pytest.mark.parametrize("query", ["SELECT (BNODE() AS ?b) {}", "CONSTRUCT { [] <http://e.org/p> 1 } {}"])
def test_blank_nodes_are_no_answer(query: str) -> None:
    with pytest.raises(KelisimError, match="blank nodes"):
        asked(query)
