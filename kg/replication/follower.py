"""The thread that keeps a replica level with its writer: it fetches, verifies, applies, and begins anew if it must."""

import logging
import random
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from kg.history.history import History
from kg.history.patch_log import DamagedHistoryError, frames
from kg.history.versions import parse_entry
from kg.rdf.patches import parse as parse_patch
from kg.replication.folder import ReplicaFolder
from kg.replication.replica import ReplicaStore
from kg.replication.upstream import (
    WAIT_SECONDS,
    Chunk,
    Evidence,
    GoneError,
    OtherDataError,
    Snapshot,
    Upstream,
    UpstreamError,
)
from kg.workers.past import PastVersions
from ontology import KelisimError

_LEAST_PAUSE: Final = 0.1
_MOST_PAUSE: Final = 2.0
_ASKED_PAUSE: Final = 60.0
"""The pauses between attempts, in seconds: they double up to `_MOST_PAUSE` while nothing is had. The writer may ask for
others, up to the last."""

_RETIRED_SECONDS: Final = 120.0
"""How long a former history is kept for what still reads it."""


class DamagedError(KelisimError):
    """What the writer sent is damaged; it is fetched again."""


class Follower:
    """Keeps a `ReplicaStore` level with its writer, in a thread of its own.

    | what happens | what follows |
    |---|---|
    | nothing is here | the snapshot is fetched, then the log, then all is loaded and served |
    | a history is here | it is brought up to date if the writer can be asked, and served |
    | the writer has a new version | it is verified, committed to the history here, and applied |
    | the writer cannot be asked, or refuses | service goes on; it is asked again, every two seconds at most |
    | a part is damaged | it is dropped and fetched again |
    | the log begins after the version here | service goes on; the snapshot is fetched, loaded, and takes its place |
    | the writer has compacted its log | the history here is compacted at the same version |
    | the writer has other data at the version here | service ends; all is fetched and served; what was here is kept |

    Data are verified by the SHA-256 of a snapshot, the CRC-32 of each patch, and by what names a version by its content
    (`kg.replication.upstream.Evidence`) before they are seen: nothing is taken from a writer of which it is not known
    whether its data before were the same, and the replica's states get the names of the writer's only then.
    """

    def __init__(self, store: ReplicaStore, upstream: Upstream, folder: ReplicaFolder) -> None:
        """Opens the history in the folder; raises KelisimError as `ReplicaFolder.open` does."""
        self._store = store
        self._upstream = upstream
        self._folder = folder
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kelisim-follower", daemon=True)
        self._own = folder.open()
        """The history that was here, until it is served."""
        self._anew = False
        """Whether all data must be fetched again."""
        self._progressed = False
        """Whether a part of a snapshot has come since the last failure."""
        self._retired: list[tuple[float, History, PastVersions | None]] = []
        self._told = ""
        self._log = logging.getLogger("kelisim")

    def start(self) -> None:
        """Begins to follow; the store must have been started."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Ends following: waits so many seconds for what is being committed; the loop of the store must run still.

        What has been begun on disk is recovered from at the next start.
        """
        self._stopped.set()
        self._upstream.interrupt()
        self._thread.join(seconds)

    def _run(self) -> None:
        pause = _LEAST_PAUSE
        while not self._stopped.is_set():
            try:
                self._step()
                pause = _LEAST_PAUSE
                continue
            except DamagedError as error:
                self._store.progress.refetched += 1
                self._say(f"{error} It is fetched again.")
            except OtherDataError as error:
                self._forbid(error, self._store.history)
            except GoneError as error:
                self._say(f"{error} All data are fetched again.")
                self._anew = True
            except UpstreamError as error:
                self._store.progress.lost()
                self._say(str(error))
                pause = max(pause, min(error.pause, _ASKED_PAUSE))
            except KelisimError as error:  # such as a full disk
                self._say(str(error))
            except Exception:
                if self._stopped.is_set():
                    return
                self._log.exception("The replica failed to follow its writer")
                self._upstream.close()
                pause = _MOST_PAUSE
            if self._progressed:
                self._progressed, pause = False, _LEAST_PAUSE
            self._stopped.wait(pause * random.uniform(0.8, 1.2))  # noqa: S311 - so that replicas do not ask at once
            pause = min(2 * pause, _MOST_PAUSE)

    def _step(self) -> None:
        """Takes one step; raises what `Upstream` raises, DamagedError, and KelisimError."""
        self._remove_retired()
        if self._own:
            self._begin(self._own)
        elif self._store.history is None or self._anew:
            self._synchronise()
        else:
            self._follow(self._store.history)

    def _begin(self, history: History) -> None:
        """Serves what is here, once the writer was asked about it, if it can be asked."""
        self._own = None
        try:
            self._catch_up(history)
        except OtherDataError as error:
            history.close()
            self._forbid(error, history)
            return
        except GoneError as error:
            self._say(f"{error} All data are fetched again.")
            self._anew = True
        except (UpstreamError, DamagedError) as error:
            self._store.progress.lost()
            self._say(str(error))
        try:
            server = self._store.load(history.folder)
        except KelisimError:
            history.close()
            raise
        self._store.adopt(history, server)
        self._log.warning("Serving version %d from %s.", history.version, self._folder.path)

    def _follow(self, history: History) -> None:
        """Asks for what is new, waiting for it, and applies that."""
        number = history.version
        self._store.progress.asked(WAIT_SECONDS)
        chunk = self._upstream.log(
            number, Evidence.of(history, number), WAIT_SECONDS if number == self._store.number else 0
        )
        if self._stopped.is_set():
            return
        payloads = self._verified(history, chunk)
        if chunk.identity != self._store.identity:  # it was started again, perhaps with other settings
            offer = self._upstream.offer()
            if offer.identity != chunk.identity:
                raise self._restarted()
            self._store.take_name(offer)
        if history.oldest < chunk.oldest <= number:  # before what came after: the writer still has that
            self._store.follow_compaction()
        if payloads:
            time_ = parse_entry(number + len(payloads), payloads[-1]).time
            self._store.append(chunk.frames, payloads, time_)
        self._store.progress.told(chunk.latest, history.version)
        self._say("")

    def _synchronise(self) -> None:
        """Fetches the snapshot and the log after it, loads them, and serves them instead of what was served."""
        offer = self._upstream.offer()
        self._fetch(offer.snapshot)
        try:
            history = self._folder.create(offer.snapshot)
        except DamagedHistoryError as error:
            raise DamagedError(f"The snapshot of version {offer.snapshot.version} came damaged.") from error
        try:
            self._catch_up(history, offer.identity)
            server = self._store.load(history.folder)
        except BaseException as error:
            history.close()
            self._folder.clean(*self._in_use())
            if isinstance(error, OtherDataError):  # it says nothing of what is served
                raise DamagedError(f"What was fetched is not what the writer has: {error}") from error
            raise
        former = self._store.history
        self._folder.use(history)
        past = self._store.adopt(history, server, offer)
        if former:
            self._retired.append((time.monotonic() + _RETIRED_SECONDS, former, past))
        self._store.progress.synchronisations += 1
        self._store.progress.told(max(offer.latest, history.version), history.version)
        self._anew = False
        self._folder.clean(*self._in_use())
        self._log.warning("All data of version %d were fetched from %s.", history.version, self._upstream.address)

    def _fetch(self, snapshot: Snapshot) -> None:
        """Fetches a snapshot, going on where an earlier attempt ended."""
        part = self._folder.part(snapshot)
        self._folder.clean(*self._in_use(), part)
        if part.exists() and part.stat().st_size > snapshot.bytes:
            part.unlink()
        self._upstream.fetch(snapshot, part, self._fetched)

    def _restarted(self) -> UpstreamError:
        return UpstreamError(f"The server {self._upstream.address} was started again meanwhile.")

    def _catch_up(self, history: History, named: str = "") -> None:
        """Brings a history that is not served yet up to date; `named` is what the writer called its states before."""
        while True:
            chunk = self._upstream.log(history.version, Evidence.of(history, history.version))
            self._check_stopped()
            payloads = self._verified(history, chunk)
            if named and chunk.identity != named:
                raise self._restarted()
            named = chunk.identity
            if not payloads:
                self._store.progress.told(chunk.latest, history.version)
                return
            if history.oldest < chunk.oldest <= history.version:
                history.compact()
            history.extend(chunk.frames)

    def _verified(self, history: History, chunk: Chunk) -> list[bytes]:
        """The patches in a part of the log, which are what they should be.

        Raises DamagedError, OtherDataError, and UpstreamError while that is not known.
        """
        number = history.version
        try:
            payloads = list(frames(chunk.frames, number))
            for payload in payloads:
                parse_patch(payload)
        except KelisimError as error:
            self._upstream.close()
            raise DamagedError(f"The log of {self._upstream.address} after version {number} came damaged.") from error
        here = Evidence(
            history.oldest, history.chain.after(number, payloads), history.digests.after(number, payloads) or ""
        )
        there = Evidence(chunk.oldest, chunk.chain, chunk.digest)
        same = here.agrees(there)
        if same is None:
            raise UpstreamError(
                f"Whether version {number} is the same here and at {self._upstream.address} is not known until both "
                "have worked out the digests of their data."
            )
        if not same:
            self._upstream.close()
            raise OtherDataError(
                f"Version {number + len(payloads)} has other data here than at {self._upstream.address}."
            )
        return payloads

    def _forbid(self, error: OtherDataError, history: History | None) -> None:
        """Serves no data until they have been fetched again; keeps what is here, which may be nowhere else."""
        self._store.forbid(
            "This replica has other data than its writer, as after the writer was restored from a backup. It fetches "
            "them again."
        )
        kept = self._folder.keep(history.folder) if history else None
        words = f" What was here is kept in {kept}: kelisim restore makes a store of it." if kept else ""
        self._say(f"{error} No data are served until they have been fetched again.{words}")
        self._anew = True

    def _in_use(self) -> list[Path]:
        return [history.folder for _, history, _ in self._retired]

    def _remove_retired(self) -> None:
        """Removes former histories that nothing reads any more."""
        while self._retired and self._retired[0][0] < time.monotonic():
            _, history, past = self._retired.pop(0)
            if past:
                self._store.end(past)
            history.close()
            self._folder.clean(*self._in_use())

    def _fetched(self) -> None:
        self._progressed = True
        self._check_stopped()

    def _check_stopped(self) -> None:
        if self._stopped.is_set():
            raise UpstreamError("The replica is being stopped.")

    def _say(self, what: str) -> None:
        """Logs what is not what was logged last; nothing means that all is well again."""
        if what == self._told or self._stopped.is_set():
            return
        if what or self._told:
            with suppress(ValueError):
                self._log.warning("%s", what or f"The replica follows {self._upstream.address} again.")
        self._told = what
