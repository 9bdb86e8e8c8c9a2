"""Changes: staged in a process that waits for them, once all is in memory."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from kg.changes.staging import Change
from kg.engine.errors import BusyError
from kg.engine.limits import Limits
from kg.workers.aids import Aids
from kg.workers.lanes import stopping, timed_out
from kg.workers.messages import error_of
from kg.workers.process import ForkServer
from kg.workers.wire import encode_message
from kg.workers.writer import RENEWAL_SECONDS, Writer


class Changing(Aids):
    """Stages changes, outside both lanes (`kg.workers.writer`); those that are committed are applied by `versions`."""

    def __init__(self, server: ForkServer, limits: Limits, version: int, short_workers: int) -> None:
        super().__init__(server, limits, version, short_workers)
        self._writer = Writer(limits.memory, self._renew_writer)
        self._writes = False

    async def stage_change(self, change: Change, documents: Sequence[bytes], timeout: float | None = None) -> bytes:
        """Stages a change: returns its serialised patch, without applying it.

        Raises what `query` raises, DocumentError if a document cannot be parsed, OperationError, and InvalidChangeError
        if the state after it violates the shapes.
        """
        if self._stopping:
            raise stopping()
        seconds = self.limits.seconds(timeout)
        await self.wait_until_loaded(seconds)
        description = {"kind": "change", "what": vars(change), "sizes": [len(d) for d in documents]}
        message = encode_message(description, b"".join(documents))
        try:
            async with asyncio.timeout(seconds):
                outcome, body = await self._writer.stage(self._fork_server.fork, message)
        except TimeoutError:
            raise timed_out(seconds) from None
        except OSError as error:
            raise BusyError("The server has no files left. Try again later.") from error
        finally:
            if not self._writer.is_ready:
                self._renew_writer()
        if outcome.kind != "ok":
            raise error_of(outcome, self.limits.result, body)
        return body

    def keep_writer(self) -> None:
        """Keeps a process ready for changes from now on, so that none waits for a fork; after `start`."""
        self._writes = True
        if self.loaded.is_set():
            self._prepare_writer()

    def _renew_writer(self) -> None:
        self._loop.call_later(RENEWAL_SECONDS, self._prepare_writer)

    def _prepare_writer(self) -> None:
        if self._writes and not self._stopping:
            with suppress(OSError):  # no file descriptors are left: the next change tries again
                self._writer.prepare(self._fork_server.fork)

    async def wait_until_loaded(self, seconds: float) -> None:
        """Waits until changes can be made; raises BusyError after so many seconds, StoppedError at a stop."""
        try:
            await asyncio.wait_for(self.loaded.wait(), seconds)
        except TimeoutError:
            raise BusyError(
                "The store is still being loaded into memory, as after each start, and takes changes only then. "
                "Try again in a few seconds."
            ) from None
        if self._stopping:
            raise stopping()
