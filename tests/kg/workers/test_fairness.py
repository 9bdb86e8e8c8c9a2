"""Fair scheduling: who comes next, and what is remembered of long queries."""

from collections import deque
from types import SimpleNamespace
from typing import Any

from kg.workers.fairness import SHAPE_SECONDS, QueryShapes, pop_fairest
from kg.workers.messages import Task
from kg.workers.process import PendingQuery


def worker(client: str) -> Any:
    return SimpleNamespace(pending=PendingQuery(Task("ASK {}"), client) if client else None)


def test_clients_share_and_pages_come_first() -> None:
    names = ["greedy", "greedy", "modest", "new", "page"]
    queue = deque(PendingQuery(Task(f"ASK {{}} # {n}", internal=name == "page"), name) for n, name in enumerate(names))
    workers = [worker("greedy"), worker("greedy"), worker("modest"), worker("")]
    assert [pop_fairest(queue, workers).client for _ in names] == ["page", "new", "modest", "greedy", "greedy"]


def test_the_oldest_of_equals_comes_first() -> None:
    queue = deque(PendingQuery(Task(f"ASK {{}} # {n}"), "one") for n in range(5))
    order = [pop_fairest(queue, []).task.query for _ in range(5)]
    assert order == [f"ASK {{}} # {n}" for n in range(5)]


def test_shapes_differ_by_all_but_constants() -> None:
    shapes = QueryShapes()
    shapes.add("SELECT * { ?s ?p \"a\" FILTER(?x > 10) <urn:a> ?q 'b' } # first", 100.0)
    assert shapes.has("SELECT * { ?s ?p \"other\" FILTER(?x > 99) <urn:b> ?q '' } # second", 101.0)
    assert not shapes.has('SELECT * { ?s ?q "a" FILTER(?x > 10) <urn:a> ?q "b" }', 101.0)
    assert not shapes.has("SELECT * { ?s ?p \"a\" FILTER(?x > 10) <urn:a> ?q 'b' } #", 100.0 + SHAPE_SECONDS)


def test_no_more_than_so_many_shapes_are_kept() -> None:
    shapes = QueryShapes()
    for number in range(5000):
        shapes.add("?" + "a" * number, 1.0)
    assert len(shapes._seen) == 1000
    assert shapes.has("?" + "a" * 4999, 2.0)
