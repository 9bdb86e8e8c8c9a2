"""The index of the latest version of a store whose history is replaced, as that of a replica is."""

from typing import Any, cast

import pyoxigraph as ox

from kg.engine.engine import Engine
from kg.engine.reading import answers_of
from kg.engine.replies import Reply
from kg.history.changes import NetChange
from kg.search.current import CurrentIndex
from kg.search.index import Index
from kg.search.texts import KINDS
from kg.store.store import Store
from kg.workers.messages import Task


def named(*names: str) -> set[ox.Quad]:
    return {ox.Quad(ox.NamedNode(f"x:{n}"), ox.NamedNode(next(iter(KINDS))), ox.Literal(n)) for n in names}


class Kept:
    """A history of states, and a store that has it."""

    def __init__(self, *states: set[ox.Quad]) -> None:
        self.states = states

    @property
    def history(self) -> "Kept":
        return self

    @property
    def number(self) -> int:
        return len(self.states) - 1

    def net_change(self, before: int, after: int) -> NetChange:
        return NetChange.between(self.states[before], self.states[after])

    def query(self, task: Task, _: float) -> Reply:
        return Reply("json", answers_of(Engine(self.states[-1]))(task.query, task.bindings))


def texts(index: Index) -> set[str]:
    with index.reading() as connection:
        return {text for (text,) in connection.execute("SELECT text FROM texts")}


def test_another_history_is_not_followed_as_if_it_were_the_same() -> None:
    current = CurrentIndex(cast(Store, Kept(named(), named("a"), named("a", "b"))))
    first = current.get()
    assert texts(first) == {"a", "b"}
    held = cast(Any, current)
    held._store.states += (named("b", "c"),)
    assert current.get() is first
    assert texts(first) == {"b", "c"}
    held._store = Kept(named(), named("d"), named("d", "e"), named("d", "e"), named("d", "e", "f"))
    assert texts(current.get()) == {"d", "e", "f"}
