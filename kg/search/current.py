"""The index of a store's latest version, which follows its changes."""

from typing import Final

from kg.history.history import History
from kg.search.following import replace_texts, touched
from kg.search.index import Index
from kg.search.texts import read_texts, texts_of
from kg.store.reader import Reader
from kg.store.store import Store
from kg.workers.messages import Task
from ontology import KelisimError

PAGE_SECONDS: Final = 120.0
"""The seconds that a part of all texts may take, unless the server's limit is lower."""

MOST_THINGS: Final = 50_000
"""After changes of more things the index is made anew."""


class CurrentIndex:
    """Makes the index of the latest version: at first from all texts, then from those of the things that changed.

    For use by one thread at a time.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._index: Index | None = None
        self._number = 0
        self._history: History | None = None

    def get(self) -> Index:
        """The index, which has all changes up to that version at least; raises what queries raise."""
        history = self._store.history  # before the number: a replica may get another history at any time
        number, reader = self._store.number, Reader(self._store, self._answer)
        things = None if self._index is None or history is not self._history else self._changed(history, number)
        if self._index is None or things is None:
            self._index = Index(read_texts(reader))
        elif things:
            replace_texts(self._index, things, texts_of(reader, things))
        self._number, self._history = number, history
        return self._index

    def _answer(self, query: str, form: str) -> bytes:
        """The answer to a query, which in a large store takes longer than one of a page may."""
        return self._store.query(Task(query, bindings=form, internal=True), PAGE_SECONDS).content

    def _changed(self, history: History | None, number: int) -> set[str] | None:
        """The things with texts that changed since; None if that cannot be told, or there are too many."""
        if history is None:
            return None
        try:
            change = history.net_change(self._number, number)
        except KelisimError:  # compacted since
            return None
        things = touched((*change.deletes, *change.adds))
        return things if len(things) <= MOST_THINGS else None
