"""What can be read of a history that is open: its versions, their states, their patches and their digests."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pyoxigraph as ox

from kg.history.chain import Chain
from kg.history.changes import NetChange
from kg.history.digests import Digests
from kg.history.snapshots import Generation
from kg.history.versions import Entry, parse_entry
from kg.rdf.patches import Patch, parse
from ontology import KelisimError


class ReadableHistory:
    """The versions of a dataset from `oldest`, that of the snapshot, to `version`. Threads may read at once."""

    def __init__(self, folder: Path, generation: Generation, lock: int | None) -> None:
        """`lock` is the descriptor of the folder's lock if it is open for writing."""
        self.folder = folder
        self._files: Generation | None = generation
        self._lock = lock
        self._mutex = threading.RLock()
        self._digests: tuple[Generation, Digests] | None = None
        self._chain: tuple[Generation, Chain] | None = None

    @property
    def version(self) -> int:
        """The latest version; compaction does not reset it."""
        return self._generation.log.version

    @property
    def oldest(self) -> int:
        """The earliest version available: that of the latest compaction, or 0."""
        return self._generation.base

    @property
    def modified(self) -> str | None:
        """When the latest version was committed (xsd:dateTime); empty if that is compacted away, None at version 0."""
        latest = next(self.entries(), None)
        return latest.time if latest else "" if self.version else None

    @property
    def first_time(self) -> str:
        """When the version `oldest` was made (xsd:dateTime)."""
        return self._generation.time

    @property
    def digests(self) -> Digests:
        """The digests of the versions since `oldest`."""
        generation = self._generation
        with self._mutex:
            if self._digests is None or self._digests[0] is not generation:
                self._digests = generation, Digests(generation, writable=self._lock is not None)
            return self._digests[1]

    @property
    def chain(self) -> Chain:
        """The names of the versions since `oldest` by all that led to them."""
        generation = self._generation
        with self._mutex:
            if self._chain is None or self._chain[0] is not generation:
                self._chain = generation, Chain(generation)
            return self._chain[1]

    @property
    def snapshot_bytes(self) -> int:
        """The size of the snapshot."""
        return self._generation.size

    @property
    def snapshot_sha256(self) -> str:
        """The SHA-256 of the sorted canonical N-Quads of the version `oldest`."""
        return self._generation.first_line.split()[-1].decode()

    def load(self, version: int | None = None) -> set[ox.Quad]:
        """The quads at a version, by default the latest; raises KelisimError if there is no such version."""
        store = ox.Store()
        self.load_into(store, version)
        return set(store)

    def load_into(self, store: ox.Store, version: int | None = None) -> int:
        """Loads the state at a version into an empty store, by default the latest; returns the version."""
        if len(store):
            raise KelisimError("A history loads into an empty store only; this one holds quads.")
        generation = self._generation
        version = _checked_version(generation, version, generation.log.version)
        generation.load_into(store, version)
        return version

    def lines(self, version: int | None = None) -> Iterator[bytes | memoryview]:
        """The quads at a version, by default the latest, as sorted lines of canonical N-Quads, many in each block.

        Memory does not grow with their number. Raises KelisimError as `load` does.
        """
        generation = self._generation
        return generation.state(_checked_version(generation, version, generation.log.version))

    @property
    def snapshot_quads(self) -> int:
        """The number of quads of the snapshot."""
        return self._generation.count_quads()

    def patches(self, after: int | None = None) -> Iterator[tuple[int, Patch]]:
        """Versions and their patches, oldest first, from the one after `after`, by default all.

        Raises KelisimError if `after` is before `oldest` or after `version`.
        """
        generation = self._generation
        after = _checked_version(generation, after, generation.base)
        return ((v, parse(payload)) for v, payload in generation.log.payloads(after, generation.log.version))

    def payloads(self, after: int, until: int) -> Iterator[tuple[int, bytes]]:
        """Versions and serialised patches from after+1 to `until`; raises KelisimError as `load` does."""
        generation = self._generation
        _checked_version(generation, after, 0)
        _checked_version(generation, until, 0)
        return generation.log.payloads(after, until)

    def span(self, after: int, until: int) -> tuple[int, int, int]:
        """The file descriptor, offset and length of these patches in the log, for `kg.history.patch_log.frames`.

        The descriptor is a new one, to be closed. Raises KelisimError as `load` does.
        """
        generation = self._generation
        _checked_version(generation, after, 0)
        _checked_version(generation, until, 0)
        file, offset, length = generation.log.span(after, until)
        return os.dup(file), offset, length

    def chunk(self, after: int, until: int, most: int) -> tuple[int, int, int, int]:
        """What `span` returns of as many of these patches as take `most` bytes, at least one; and the last of them.

        `until` must be later than `after`. Raises KelisimError as `load` does.
        """
        generation = self._generation
        _checked_version(generation, after, 0)
        _checked_version(generation, until, 0)
        last = generation.log.within(after, until, most)
        file, offset, length = generation.log.span(after, last)
        return os.dup(file), offset, length, last

    def log_bytes(self, after: int, until: int) -> int:
        """How many bytes of the log these patches take; raises KelisimError as `load` does."""
        file, _, length = self.span(after, until)
        os.close(file)
        return length

    def net_change(self, before: int, after: int) -> NetChange:
        """By which quads version `after` differs from `before`, which may be the later one."""
        if before > after:
            return self.net_change(after, before).inverse()
        return NetChange.of(payload for _, payload in self.payloads(before, after))

    def entry(self, version: int) -> Entry:
        """The metadata of a version; of `oldest` only when it was made. Raises KelisimError as `load` does."""
        generation = self._generation
        _checked_version(generation, version, 0)
        if version == generation.base:
            return Entry(version, "", generation.time, "", "", 0, 0)
        return parse_entry(*next(generation.log.payloads(version - 1, version)))

    def entries(self) -> Iterator[Entry]:
        """The metadata of each version since `oldest`, latest first."""
        log = self._generation.log
        return (parse_entry(*next(log.payloads(v - 1, v))) for v in range(log.version, log.base, -1))

    def close(self) -> None:
        """Releases the lock and the files; reads in progress in other threads complete."""
        with self._mutex:
            self._files = None
            lock, self._lock = self._lock, None
            if lock is not None:
                os.close(lock)  # not LOCK_UN: that would release the lock of the parent process too

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def _generation(self) -> Generation:
        files = self._files
        if files is None:
            raise KelisimError(f"The history {self.folder} was closed: open it again.")
        return files


def _checked_version(generation: Generation, version: int | None, default: int) -> int:
    if version is None:
        return default
    if not generation.base <= version <= generation.log.version:
        raise KelisimError(
            f"There is no version {version}: this history has the versions {generation.base} to "
            f"{generation.log.version}; compaction gives up those before."
        )
    return version
