"""The version that is answered from: patches that lead to the next, and fork servers that have another."""

import asyncio
from collections.abc import Callable

from kg.engine.limits import Limits
from kg.rdf.patches import Patch
from kg.workers.changing import Changing
from kg.workers.lanes import RETRY_SECONDS
from kg.workers.process import PATCH_BYTES, ForkServer, WorkerProcess
from kg.workers.wire import encode_message


class Versions(Changing):
    """Brings all processes to another version."""

    def __init__(self, server: ForkServer, limits: Limits, version: int, short_workers: int) -> None:
        super().__init__(server, limits, version, short_workers)
        self._loading: ForkServer | None = None
        """The one that loads the same state into memory."""
        self._former: set[ForkServer] = set()
        """Those that were replaced and have workers still."""

    async def apply_patch(self, patch: bytes, on_visible: Callable[[], None], *, versions: int = 1) -> None:
        """Applies a committed patch to all processes; calls `on_visible` when new queries see the state after it.

        `versions`: by how many the patch leads on.
        """
        applied: asyncio.Future[None] = self._loop.create_future()
        message = encode_message({"kind": "patch", "what": None}, patch)

        def apply_to_workers() -> None:
            may_replace = True  # one for each patch, so that the others can go on; all if this patch is too large
            for worker in [w for w in self._workers if not w.long]:  # in the long lane they end with their query
                worker.patched += len(message)
                if not worker.outdated:
                    worker.channel.send(message)
                elif worker.pending:
                    continue  # replaced after its outcome
                elif may_replace:
                    self._replace(worker)
                    may_replace = len(message) > PATCH_BYTES
                else:
                    worker.channel.send(message)
            if len(message) > PATCH_BYTES:  # a fork is faster
                self._writer.discard()
            else:
                self._writer.apply(message)
            self._prepare_writer()
            self.version += versions
            on_visible()
            if not applied.done():
                applied.set_result(None)

        self.forked_version += versions
        self._fork_server.request(message, apply_to_workers)
        await applied

    async def renew(self, on_visible: Callable[[], None], patch: bytes = b"") -> None:
        """Has all processes forget what they know of data elsewhere, which have changed.

        Calls `on_visible` when new queries see the state after it. Workers are replaced, as after a lens was made.
        `patch` is what was changed, where that is known.
        """
        patch = patch or Patch((), ()).serialize()
        renewed: asyncio.Future[None] = self._loop.create_future()

        def use() -> None:
            self._writer.discard()
            self._renew_workers()
            on_visible()
            if not renewed.done():
                renewed.set_result(None)

        self._fork_server.request(encode_message({"kind": "patch", "what": None}, patch), use)
        await renewed

    @property
    def can_move(self) -> bool:
        """Whether no query is queued or running and no worker is being forked."""
        return not self._pending and not self._fork_server.is_starting and len(self._idle) == len(self._workers)

    def move(self, message: bytes, version: int) -> None:
        """Brings all processes to another version by a message to each; only if `can_move`."""
        self._fork_server.request(message, lambda: None)
        self.version = self.forked_version = version
        for worker in [*self._workers]:
            worker.patched += len(message)
            if worker.outdated:
                self._end(worker)
            else:
                worker.channel.send(message)

    def _use_loaded(self) -> None:
        """Replaces the fork server on disk by the one in memory, and its workers as they end their queries."""
        assert self._loading
        if self._stopping:
            return
        former, loading, self._loading = self._fork_server, self._loading, None
        self._close_former(former, self._replace_all(loading))
        self.loaded.set()
        self._prepare_writer()
        self._gather()

    def adopt(self, server: ForkServer, version: int, on_visible: Callable[[], None], *, keep: ForkServer) -> None:
        """Answers by another fork server from now on, which has another state of that version.

        Queries under way end in the former state. The former fork server is closed after them, unless it is the one
        to `keep`. No patch may be applied meanwhile.
        """
        former = self._fork_server
        self._writer.discard()
        self.version = self.forked_version = version
        workers = self._replace_all(server)
        on_visible()
        self._gather()
        if former is not keep:
            self._close_former(former, workers)

    def _replace_all(self, server: ForkServer) -> set[WorkerProcess]:
        """Uses another fork server; replaces its workers as they end their queries, and returns those that have one.

        What waits for a lens of the former is queued: the other one makes it, where it lacks that too.
        """
        self._fork_server = server
        for lens in [*self._lenses]:
            self._queue_waiting(lens)
        for worker in [*self._workers]:
            worker.patched = PATCH_BYTES + 1  # it takes no patches, and is replaced after its query
            if not worker.pending:
                self._end(worker)
        return {*self._workers}

    def _close_former(self, former: ForkServer, workers: set[WorkerProcess]) -> None:
        """Closes a former fork server once its last worker has ended."""
        if former.is_starting or workers & self._workers:
            self._former.add(former)
            self._loop.call_later(RETRY_SECONDS, self._close_replaced, former, workers)
        else:
            former.close()

    def _close_replaced(self, former: ForkServer, workers: set[WorkerProcess]) -> None:
        if former in self._former:  # else the pool was closed meanwhile
            self._former.remove(former)
            self._close_former(former, workers)
