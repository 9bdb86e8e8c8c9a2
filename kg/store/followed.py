"""What is worked out of a whole store once, and then follows its changes."""

import threading
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from kg.engine.errors import ClientDisconnectedError
from kg.history.changes import NetChange
from kg.store.reader import Reader
from kg.store.store import AS_OF, Store
from kg.workers.messages import Task
from ontology import KelisimError

_Value = TypeVar("_Value")


class _Known(NamedTuple, Generic[_Value]):
    """A value of a version, with the name of the state then, and of the store."""

    value: _Value
    number: int
    state: str
    identity: str


class Followed(Generic[_Value]):
    """A value of the latest version, which is made anew only where it cannot follow what changed; thread-safe.

    A request for a past version gets a value of its own.
    """

    def __init__(
        self, store: Store, make: Callable[[Reader], _Value], follow: Callable[[_Value, NetChange], _Value | None]
    ) -> None:
        """`follow` gives the value after a change, or None where it has to be made anew; it may change the given one.

        If `make` asks several queries, a change between them is told to `follow` too, though some have seen it.
        """
        self._store = store
        self._make = make
        self._follow = follow
        self._lock = threading.Lock()
        self._known: _Known[_Value] | None = None
        self._failures = 0
        self._error: KelisimError | None = None
        """The latest failure."""

    def get(self) -> _Value:
        """The value; raises what queries raise. Who waits for another to make it shares the outcome, errors too."""
        if AS_OF.get() >= 0:
            return self._make(Reader(self._store))
        failures = self._failures
        with self._lock:
            if self._error and self._failures > failures:  # to try one after another would take many times as long
                raise self._error
            self._error = None
            try:
                found = self._followed() or self._made()
            except KelisimError as error:
                if not isinstance(error, ClientDisconnectedError):  # which is that of the one client
                    self._failures, self._error = self._failures + 1, error
                raise
            self._known = found
            return found.value

    def _followed(self) -> _Known[_Value] | None:
        store, known, self._known = self._store, self._known, None
        number, state = store.number, store.version
        if known is None or known.identity != store.identity:
            return None
        if known.state == state:
            return known
        if store.history is None or known.number > number:
            return None
        try:
            change = store.history.net_change(known.number, number)
        except KelisimError:  # compacted since
            return None
        value = self._follow(known.value, change)
        return None if value is None else _Known(value, number, store.state(number), known.identity)

    def _made(self) -> _Known[_Value]:
        store, seen = self._store, list[int]()
        identity, state = store.identity, store.version

        def answer(query: str, form: str) -> bytes:
            reply = store.query(Task(query, bindings=form, graph="ntriples", internal=True))
            seen.append(reply.version)
            return reply.content

        value = self._make(Reader(store, answer))
        number = min(seen, default=store.number)
        return _Known(value, number, store.state(number) if store.history else state, identity)
