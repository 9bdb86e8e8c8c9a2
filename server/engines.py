"""A server whose data are in an engine elsewhere: how it is found, and how its changes are noticed."""

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from kg.engine.redaction import public_address
from kg.history.timeline import BuildTimeline
from kg.remote.audit import Audit
from kg.remote.breaker import Breaker
from kg.remote.engine import RemoteEngine
from kg.remote.mark import Mark, read_mark
from kg.remote.probing import Traits, probe
from kg.remote.store import COPIED_QUADS, RemoteStore
from kg.remote.transport import Transport
from kg.store.store import Store
from kg.upload.connection import Addresses, Connection
from kg.upload.credentials import read_credentials
from kg.upload.writing import EngineWriter
from ontology import KelisimError
from server.engine_writes import EngineStore

_ASKED_SECONDS: Final = 10.0
"""How long the engine may take to tell whether its data changed."""

_BUILD_SECONDS: Final = 120.0
"""How long it may take for one query by which a copy is made."""

_PAUSE_FACTOR: Final = 12.0
"""The least pause between two questions for the mark, as a multiple of how long one takes."""

_LOG: Final = logging.getLogger("kelisim")


@dataclass(frozen=True)
class EngineSettings:
    """Where the engine is. auth: as `kg.upload.credentials` reads it; poll: seconds between looks for changes.

    update: where it takes updates; empty if it is only read. copied: the most quads that it may have with changes.
    """

    url: str
    auth: str = ""
    poll: float = 5.0
    update: str = ""
    copied: int = COPIED_QUADS


class ConnectedEngine:
    """The engine of one server: what it is like, and the way to it."""

    def __init__(self, settings: EngineSettings) -> None:
        """Probes it.

        Raises KelisimError if it does not answer, or cannot be worked with.
        """
        header, secret = _authorization(settings.auth, writes=bool(settings.update))
        self.settings = settings
        self.breaker = Breaker(public_address(settings.url))
        self._header, self._secret = header, secret
        self._tasks: list[asyncio.Task[None]] = []
        self._renewing = asyncio.Lock()
        self._watched = self._transport(_ASKED_SECONDS)
        self.traits: Traits = probe(self._watched)
        self.mark: Mark = read_mark(self._watched)
        self._watched.close()
        auditing = Connection(Addresses(settings.url, settings.url), read_credentials(settings.auth), _BUILD_SECONDS)
        self.audit = Audit(auditing, self.traits.hidden)
        self.writer: EngineWriter | None = None
        """What commits changes, if they are taken."""
        if settings.update:
            self.writer = EngineWriter(
                Connection(Addresses(settings.url, settings.update), read_credentials(settings.auth))
            )
            self.writer.check()

    def engine(self, prefixes: Mapping[str, str]) -> RemoteEngine:
        """The engine as workers use it; whoever has them watches the time of queries."""
        shared = self.settings.copied if self.writer else 0
        return RemoteEngine(RemoteStore(self._transport(_BUILD_SECONDS), self.traits, shared), prefixes)

    def _transport(self, seconds: float) -> Transport:
        url, header, secret = self.settings.url, self._header, self._secret
        return Transport(url, self.breaker, authorization=header, seconds=seconds, secret=secret)

    def words(self) -> str:
        """The start message."""
        found = " ".join(self.traits.in_words())
        marked = self.mark.digest[:12] or self.mark.name
        return (
            f"the engine {self._watched.name}, data {marked}. {found} Changes are looked for every {self._pause(0):g} s"
        )

    def timeline(self) -> BuildTimeline:
        """The one version that there is: the data as they are now."""
        return _timeline(self.mark)

    def status(self) -> dict[str, Any]:
        """What ``/ready`` tells of it, without the secret."""
        return {
            "url": self._watched.name,
            "breaker": self.breaker.state,
            "data": self.mark.digest or self.mark.name,
            "placedDefaultGraph": self.traits.placed,
            "unionDefaultGraph": self.traits.union,
            "takesChanges": self.writer is not None,
            "lacks": [*self.traits.missing],
            "changedLiterals": [*self.traits.changed],
            "found": self.traits.in_words(),
            "audit": self.audit.status(),
        }

    def start(self, store: Store) -> None:
        """Begins to look for changes, on the running event loop; the store has been started."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self.watch(store)), loop.create_task(self.compare(store))]

    async def stop(self) -> None:
        """Ends looking for changes."""
        for task in self._tasks:
            task.cancel()

    async def watch(self, store: Store) -> None:
        """Has the store forget what it knows whenever the data have changed; runs until it is cancelled.

        Its question is also how it is noticed that the engine hangs, or is there again.
        """
        loop, answers = asyncio.get_running_loop(), True
        while True:
            began, took = time.monotonic(), 0.0
            try:
                found = await loop.run_in_executor(None, read_mark, self._watched)
                if found.name != self.mark.name and isinstance(store, EngineStore):
                    await loop.run_in_executor(None, store.look)  # once a change of our own that is under way is told
                    found = self.mark
            except KelisimError as error:
                if answers:
                    _LOG.warning("The engine fails: %s", error)
                answers = False
            else:
                if not answers:
                    _LOG.warning("The engine answers again.")
                took, answers = time.monotonic() - began, True
                if found.name != self.mark.name:
                    with suppress(KelisimError):
                        self.traits = await loop.run_in_executor(None, probe, self._watched)
                    _LOG.warning("The data of the engine have changed: they are %s now.", found.digest or found.name)
                    await self._renew(store, found)
            await asyncio.sleep(self._pause(took))

    async def compare(self, store: Store) -> None:
        """Compares the data with what was published, part by part; has the store forget what it knows if they differ.

        Runs until it is cancelled.
        """
        loop, known = asyncio.get_running_loop(), self.audit.suffix
        while True:
            began = time.monotonic()
            with suppress(KelisimError):  # the watch tells that the engine fails
                await loop.run_in_executor(None, self.audit.step, self.mark.name)
            if (suffix := self.audit.suffix) != known:
                known = suffix
                if found := self.audit.findings:
                    _LOG.warning(
                        "The engine has other data than were published there (in %d parts): somebody writes into it "
                        "past Kelisim. %s. What was published comes back with kelisim publish --overwrite.",
                        len(found),
                        found[0],
                    )
                else:
                    _LOG.warning("The engine has the data again that were published there.")
                await self._renew(store)
            await asyncio.sleep(self._pause(time.monotonic() - began))

    def look(self, store: Store, patch: bytes = b"") -> None:
        """Has the store read the data anew if the engine has another state; for threads beside the event loop.

        `patch` is what was written last, where that led to the state.
        """
        assert isinstance(store, EngineStore)
        asking = self._transport(_ASKED_SECONDS)
        try:
            found = read_mark(asking)
            if found.name != self.mark.name:
                led = found.changes == self.mark.changes + 1
                store.wait_for(self._renew(store, found, patch if led else b""))
        finally:
            asking.close()

    async def _renew(self, store: Store, found: Mark | None = None, patch: bytes = b"") -> None:
        """Has the store take that state, or the one that is known with what the audit finds: one after another, since
        a store that is named after an earlier state refuses all changes."""
        async with self._renewing:
            mark = found or self.mark
            await store.renew(mark.name + self.audit.suffix, _timeline(mark), patch)
            self.mark = mark

    def _pause(self, seconds: float) -> float:
        return max(self.settings.poll, _PAUSE_FACTOR * seconds)


def _authorization(given: str, *, writes: bool) -> tuple[str, str]:
    """The Authorization header (RFC 7617, RFC 6750) for an option, and the password; empty for an empty one."""
    credentials = read_credentials(given)
    if credentials is None:
        return "", ""
    if credentials.kind == "digest":
        if writes:  # each update answers another challenge, and queries go without
            return "", credentials.password
        raise KelisimError(
            "To ask an engine, --engine-auth takes basic or bearer; digest is for kelisim publish and --allow-updates."
        )
    return credentials.authorization, credentials.password


def _timeline(mark: Mark) -> BuildTimeline:
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return BuildTimeline(mark.time or now, mark.digest, lambda: mark.digest)
