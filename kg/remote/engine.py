"""The engine of a server whose data are elsewhere: `kg.engine.engine.Engine` over a `RemoteStore`.

Only where a query is evaluated moves: syntax, guard, datasets, merges, formats and errors are those of the engine in
this process. Hints and lenses read a copy in memory, which is made of data of limited size only.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

import pyoxigraph as ox

from kg.engine.engine import Engine, OperationError
from kg.engine.errors import TooLargeError
from kg.engine.hints import Hints
from kg.engine.merging import MERGED_QUADS
from kg.lenses.building import LensTooLargeError
from kg.lenses.kept import Lenses
from kg.lenses.names import Lens
from kg.rdf.patches import Patch
from kg.remote.store import RemoteStore, as_store
from kg.upload.content import skolemised
from ontology import PREFIXES, KelisimError

_HINTED_SECONDS: Final = 0.1
"""A query for which the engine takes longer gets no hints of rows told with less certainty: that would ask it again."""


class RemoteEngine(Engine):
    """An engine over the dataset of another server, which it only reads."""

    def __init__(self, store: RemoteStore, prefixes: Mapping[str, str] = PREFIXES) -> None:
        """`prefixes` are those that errors propose."""
        super().__init__(ox.Store(), prefixes=prefixes)
        self._store = as_store(store)
        self.remote = store
        self.hints = RemoteHints(store)
        self.lenses = RemoteLenses(store)

    @property
    def opens_files(self) -> bool:
        """See `Engine`: each worker has a connection."""
        return True

    def for_change(self) -> Engine:
        """See `Engine`: a copy in memory; raises TooLargeError if the data are too large for one."""
        return EngineCopy(self.remote.current_copy(), prefixes=self.prefixes)

    def apply(self, patch: Patch) -> None:
        """Forgets what was read: the data have changed, by this patch of our own, or if it is empty by others."""
        if patch.is_empty:
            self.remote.renew()
        else:
            self.remote.apply(patch)
        self._merges.clear()
        self.lenses.clear()
        self.remembered.clear()
        self.hints.clear()
        with suppress(KelisimError):  # an engine that is down now has no hints until the next change
            self.hints.prepare()


class EngineCopy(Engine):
    """A copy of the data, on which a change is staged."""

    def storable(self, patch: Patch) -> Patch:
        """See `Engine`: new blank nodes become Skolem IRIs, as `kelisim publish` makes them; others no update can name.

        Raises OperationError for those.
        """
        old = {n for q in patch.deletes for n in _blank_nodes(q)}
        added = {q: [*_blank_nodes(q)] for q in patch.adds}
        for node in {n for nodes in added.values() for n in nodes}:
            said = [*self.with_subject(node), *self.with_object(node)]
            if any(q not in added for q in said):
                old.add(node)
        if old:
            raise OperationError(
                "The change is of a blank node that the engine has already, which no update can name. kelisim publish "
                "gives such nodes IRIs."
            )
        return Patch(patch.deletes, tuple(skolemised(q) for q in patch.adds), patch.header)


def _blank_nodes(quad: ox.Quad) -> Iterator[ox.BlankNode]:
    return (t for t in (quad.subject, quad.object, quad.graph_name) if isinstance(t, ox.BlankNode))


class RemoteHints(Hints):
    """Hints from a copy in memory, of at most `MERGED_QUADS` quads; of larger data only which names are not there."""

    def __init__(self, store: RemoteStore) -> None:
        super().__init__(as_store(store))
        self._remote = store
        self._has_copy = False

    def prepare(self) -> None:
        """Makes the copy before processes are forked, so that they share it."""
        with suppress(TooLargeError):
            copy = self._remote.copied(max(MERGED_QUADS, self._remote.shared))
            if len(copy) <= MERGED_QUADS:
                self._store, self._has_copy = copy, True
                super().prepare()

    def clear(self) -> None:
        """See `Hints`."""
        super().clear()
        self._store, self._has_copy = as_store(self._remote), False

    def hedged_rows(self, query: str) -> int:
        """See `Hints`; 0 also where there is no copy, or the engine took long for the query."""
        if not self._has_copy or self._remote.seconds > _HINTED_SECONDS:
            return 0
        return super().hedged_rows(query)

    def unknown_names(self, query: str) -> dict[str, list[str]]:
        """See `Hints`."""
        if not self._has_copy:
            self._unnamed = True  # labels are not read over the network
        return super().unknown_names(query)


class RemoteLenses(Lenses):
    """Lenses over a copy in memory, which is made with the first of them after each change."""

    def __init__(self, store: RemoteStore) -> None:
        super().__init__(as_store(store))
        self._remote = store

    def clear(self) -> None:
        """See `Lenses`."""
        super().clear()
        self._store = as_store(self._remote)

    def _made(self, lens: Lens) -> ox.Store:
        try:
            self._store = self._remote.copied()
        except TooLargeError as error:
            self._meanings[lens.path] = LensTooLargeError(str(error))
            raise self._meanings[lens.path] from error  # type: ignore[misc]
        return super()._made(lens)
