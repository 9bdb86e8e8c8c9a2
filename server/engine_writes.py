"""Changes through an engine elsewhere: a store whose log is the engine."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from kg.engine.errors import EngineChangedError, OutcomeUnknownError
from kg.history.timeline import BuildTimeline
from kg.rdf.patches import Patch
from kg.store.store import Store
from kg.upload.writing import EngineWriter
from kg.workers.pool import WorkerPool
from ontology import KelisimError


class EngineStore(Store):
    """Takes changes for an engine elsewhere: staged and validated on a copy, committed there, and then read anew."""

    def __init__(
        self,
        pool: WorkerPool,
        identity: str,
        writer: EngineWriter,
        look: Callable[[Store, bytes], None],
        timeline: BuildTimeline,
    ) -> None:
        """`look` has the store forget what it knows if the engine has another state; it is called in other threads."""
        super().__init__(pool, identity, timeline=timeline)
        self._writer = writer
        self._look = look

    @property
    def writable(self) -> bool:
        """See `Store`."""
        return True

    def look(self) -> None:
        """Looks whether the data have changed, when no change is under way."""
        with self._write_lock:
            self._look(self, b"")

    def _commit(self, patch: Patch) -> None:
        """See `Store`; raises what `EngineWriter.commit` raises."""
        try:
            self._writer.commit(patch, self.version.partition("+")[0])  # without what an audit found
        except (EngineChangedError, OutcomeUnknownError):
            with suppress(KelisimError):  # the watch looks again
                self._look(self, b"")
            raise
        try:
            self._look(self, patch.serialize())
        except KelisimError as error:
            raise OutcomeUnknownError(
                f"The change is made, and readers here see it once the engine answers this server again: {error}"
            ) from error

    def wait_for(self, renewal: Coroutine[Any, Any, None]) -> None:
        """Runs a renewal on the event loop, from another thread; returns when readers see the new state."""
        asyncio.run_coroutine_threadsafe(renewal, self._loop).result()

    def compact(self) -> int:
        """There is no history here. Raises KelisimError."""
        raise KelisimError("The engine keeps the data, and no history of them: there is nothing to compact.")


def check_folder(folder: Path | None) -> None:
    """Raises KelisimError unless there is a folder for the tokens of those who may change data, and for no more."""
    if folder is None:
        raise KelisimError(
            "Changes need tokens, which are kept in a folder: make one with kelisim token create NAME --store DIR, and "
            "give --store DIR beside --engine."
        )
    if (folder / "history").exists():
        raise KelisimError(f"{folder} holds a store with data of its own; give --store another folder for the tokens.")
