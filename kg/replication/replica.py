"""The store of a replica: it answers as the writer does, and takes versions from a log instead of changes."""

import asyncio
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kg.engine.replies import Reply
from kg.history.changes import NetChange
from kg.history.history import History
from kg.replication.timeline import ReplicaTimeline
from kg.replication.upstream import Offer
from kg.store.store import Store
from kg.workers.messages import Task
from kg.workers.past import PastVersions
from kg.workers.pool import WorkerPool
from kg.workers.process import LoadedForkServer
from ontology import KelisimError

NO_STATE: Final = "This replica has not fetched the data from its writer yet. Try again in a few seconds."

_GRACE_SECONDS: Final = 5.0
"""How much longer than agreed an answer of the writer may take before the replica counts as cut off."""


@dataclass
class Following:
    """How well a replica follows its writer.

    latest: the writer's latest version as last told, None before the first answer. connected: whether the last request
    was answered. synchronisations: how often all data were fetched; refetched: how often damaged ones were.
    """

    latest: int | None = None
    connected: bool = False
    synchronisations: int = 0
    refetched: int = 0
    _level_at: float = -1.0
    _valid_until: float = 0.0
    _level: bool = False

    def asked(self, seconds: float) -> None:
        """The writer is asked, and may take so many seconds to answer."""
        self._valid_until = time.monotonic() + seconds + _GRACE_SECONDS

    def told(self, latest: int, number: int) -> None:
        """The writer has told its latest version; the replica has `number`."""
        self.latest, self.connected, self._level = latest, True, number >= latest
        if self._level:
            self._level_at = time.monotonic()

    def lost(self) -> None:
        """The writer could not be asked."""
        self.connected, self._level = False, False

    @property
    def seconds(self) -> float | None:
        """For how long the replica has not been known to have the writer's latest version; None if it never had it."""
        now = time.monotonic()
        if self._level and now <= self._valid_until:
            return 0.0
        return now - self._level_at if self._level_at >= 0 else None


class ReplicaStore(Store):
    """A store without a state until the first `adopt`. What changes it is for one thread, the follower's."""

    def __init__(self, pool: WorkerPool) -> None:
        """`pool` holds nothing: its fork server forks those that load histories."""
        super().__init__(pool, secrets.token_hex(8))
        self.obstacle: str | None = NO_STATE
        """Why no data may be served now; None if they may."""
        self.progress = Following()
        self._nursery = pool.fork_server
        self.version = self._version_name(0)

    @property
    def writer(self) -> str:
        """The server that takes changes, for everybody: the address that its operator made public, or just words."""
        return f"{self.origin}/" if self.origin else "the writer"

    @property
    def known_latest(self) -> int | None:
        """See `Store`."""
        latest = self.progress.latest
        return None if latest is None else max(latest, self._number)

    @property
    def following(self) -> dict[str, object] | None:
        """See `Store`."""
        progress, latest, seconds = self.progress, self.known_latest, self.progress.seconds
        return {
            "of": self.writer,
            "connected": progress.connected,
            "behind": None if latest is None or self.obstacle else latest - self._number,
            "seconds": None if seconds is None else round(seconds, 3),
            "synchronisations": progress.synchronisations,
        }

    def answer(self, task: Task, timeout: float | None = None, client: str = "") -> asyncio.Future[Reply]:
        """See `Store`."""
        if task.at >= 0 and self._past:
            return self._past.query(task, timeout, client)
        return self.pool.query(task, timeout, client)

    def load(self, folder: Path) -> LoadedForkServer:
        """A fork server that has loaded the history in a folder; waits for that. Raises KelisimError if it fails."""

        async def loaded() -> LoadedForkServer:
            done: asyncio.Future[None] = self._loop.create_future()

            def failed() -> None:
                if not done.done():
                    done.set_exception(KelisimError(f"The data in {folder} could not be loaded into memory."))

            server = LoadedForkServer(self._nursery, folder, failed)
            server.connect(self._loop, lambda: done.set_result(None))
            await done
            return server

        return self._wait(loaded())

    def adopt(self, history: History, server: LoadedForkServer, offer: Offer | None = None) -> PastVersions | None:
        """Answers from that history, loaded by that server, from now on; queries under way end in the former state.

        `offer` is what the writer says of itself, if it could be asked. Returns what answers at past versions of the
        former history, to be shut down when those have ended.
        """
        modified = history.modified

        async def adopted() -> PastVersions | None:
            former = self._past

            def visible() -> None:
                if offer:
                    self._identity, self.new_graphs, self.origin = offer.identity, offer.new_graphs, offer.origin
                self.history, self._number, self.modified = history, history.version, modified
                self.timeline = ReplicaTimeline(history, lambda: self._number, lambda: self.progress.seconds == 0.0)
                self._past = PastVersions(self.pool, history)
                self.version, self.obstacle = self._version_name(self._number), None
                self.arrivals.tell()

            server.adopted = True
            self.pool.adopt(server, history.version, visible, keep=self._nursery)
            return former

        found = self._wait(adopted())
        self._digest()
        return found

    def append(self, frames: bytes, payloads: Sequence[bytes], time_: str) -> None:
        """Commits patches of the writer's log; when it returns, they are durable and visible.

        `frames` as in the log, `payloads` the patches in them, and the time of the last. Raises StoreFullError.
        """
        assert self.history
        number = self.history.extend(frames)
        patch = payloads[0] if len(payloads) == 1 else NetChange.of(payloads).serialize({})
        self._wait(self.pool.apply_patch(patch, lambda: self._publish(number, time_), versions=len(payloads)))
        with suppress(KelisimError):
            self.history.digests.get(number)

    def follow_compaction(self) -> None:
        """Gives up the versions before the latest, as the writer has; raises StoreFullError."""
        assert self.history
        version = self.history.compact()
        self._digest()
        if self._past:
            self._loop.call_soon_threadsafe(self._past.forget_before, version)

    def take_name(self, offer: Offer) -> None:
        """Names its states as the writer does, so that ETags hold for both, and treats unknown graphs as that does.

        The data must be known to be those of the writer: what was answered under such a name is used again.
        """

        async def named() -> None:
            self._identity, self.new_graphs, self.origin = offer.identity, offer.new_graphs, offer.origin
            self.version = self._version_name(self._number)

        self._wait(named())

    def forbid(self, reason: str) -> None:
        """Serves no data any more, until the next `adopt`."""
        self.obstacle = reason

    def end(self, past: PastVersions) -> None:
        """Shuts down what answered at past versions of a former history."""
        self._loop.call_soon_threadsafe(past.shut_down)

    def _version_name(self, number: int) -> str:
        return f"{self._identity}-{number}"
