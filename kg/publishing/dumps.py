"""The whole dataset as files, made once for each version of the store, by streaming."""

import base64
import hashlib
import shutil
import subprocess
import sys
import weakref
import zipfile
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillMakingError
from dataclasses import dataclass
from gzip import GzipFile
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from types import MappingProxyType
from typing import IO, Final

from kg.curation.tables import csvw, read_tables
from kg.engine.errors import BusyError
from kg.rdf.conversion import NOT_WRITABLE
from kg.rdf.formats import GRAPH_FORMATS, NotAcceptableError
from kg.store.store import Store
from kg.workers.messages import Task

_GRAPHS: Final = {f.extension: f.media_type for f in GRAPH_FORMATS}
_GZIP: Final = ".gz"
_TABLES: Final = "csv.zip"

MEDIA_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **_GRAPHS,
        _TABLES: "application/zip",
        **{extension + _GZIP: "application/gzip" for extension in _GRAPHS},
    }
)
"""What there is: file endings and media types. ``nq``, ``trig`` and ``jsonld`` lose nothing; ``ttl``, ``nt`` and
``rdf`` hold the default graph and, reified, all else."""

PAGE_QUADS: Final = 1_000_000
"""So many quads are asked of the store at once."""

_ALL: Final = "SELECT ?s ?p ?o ?g WHERE {{ {{ ?s ?p ?o }} UNION {{ GRAPH ?g {{ ?s ?p ?o }} }} }} OFFSET {} LIMIT {}"
_TRIES: Final = 3
_SECONDS: Final = 3600.0  # or as many as the store allows at most
_CHUNK: Final = 1 << 20
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)  # the first date that a zip can hold, so that its bytes repeat


@dataclass(frozen=True)
class Dump:
    """One file: its size in bytes, its SHA-256 in hexadecimal, and where it can be opened while this object lives.

    The file has no name of its own, so that nothing stays behind, however the server ends.
    """

    extension: str
    size: int
    sha256: str
    file: IO[bytes]

    @property
    def path(self) -> str:
        """Opens the file anew, at its start."""
        return f"/proc/self/fd/{self.file.fileno()}"

    @property
    def digest(self) -> str:
        """The checksum as the field Repr-Digest has it (RFC 9530, section 3)."""
        return f"sha-256=:{base64.b64encode(bytes.fromhex(self.sha256)).decode()}:"


class Dumps:
    """The files of the newest version of a store, each made when it is first asked for; safe for several threads.

    One is made at a time, and what is heavy is done in another process. Room for them is taken from the folder for
    temporary files (TMPDIR).
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._maker = ThreadPoolExecutor(1, "dumps")
        self._lock = Lock()
        self._version = ""
        self._futures: dict[str, Future[Dump]] = {}

    def get(self, extension: str, wait: float) -> Dump:
        """The file with that ending, one of `MEDIA_TYPES`, waiting for it at most so many seconds.

        Raises BusyError if it is not made by then; it is made all the same. Else what the store's `query` raises.
        """
        with self._lock:
            futures = self._of_now()
            future = futures.get(extension)
            if future is None or (future.done() and future.exception()):
                future = futures[extension] = self._maker.submit(self._make, extension, futures)
        try:
            return future.result(wait)
        except StillMakingError:
            raise BusyError("The file is being made. Ask for it again in a while.") from None

    def made(self) -> dict[str, Dump]:
        """The files of the newest version that are there already, by their endings."""
        with self._lock:
            futures = dict(self._of_now())
        return {e: f.result() for e, f in futures.items() if f.done() and not f.exception()}

    def _of_now(self) -> dict[str, Future[Dump]]:
        if self._store.version != self._version:
            self._version, self._futures = self._store.version, {}
        return self._futures

    def _make(self, extension: str, futures: dict[str, Future[Dump]]) -> Dump:
        """Runs in the one thread that makes files, so that what a file is made from is there when this is called."""
        file = TemporaryFile()  # noqa: SIM115 - lives as long as the dump
        try:
            self._fill(file, extension, futures)
            file.flush()
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            made = Dump(extension, file.tell(), digest, file)
        except BaseException:
            file.close()
            raise
        weakref.finalize(made, file.close)
        return made

    def _fill(self, file: IO[bytes], extension: str, futures: dict[str, Future[Dump]]) -> None:
        if extension == "nq":
            self._quads(file)
        elif extension == _TABLES:
            self._tables(file)
        else:
            source = extension.removesuffix(_GZIP) if extension.endswith(_GZIP) else "nq"
            future = futures.get(source)
            if future is None or not future.done() or future.exception():
                future = futures[source] = Future()
                future.set_result(self._make(source, futures))
            with Path(future.result().path).open("rb") as whole:
                if extension.endswith(_GZIP):
                    with GzipFile("", "wb", 6, file, mtime=0) as packed:
                        shutil.copyfileobj(whole, packed, _CHUNK)
                else:
                    _convert(extension, whole, file)

    def _quads(self, file: IO[bytes]) -> None:
        """All quads of one version, asked for as one table (SPARQL 1.1 Query Results TSV): columns s, p, o and g."""
        for _ in range(_TRIES):
            version, start = self._store.version, 0
            with TemporaryFile() as table:
                while self._page(start, table) == PAGE_QUADS:
                    start += PAGE_QUADS
                if self._store.version == version:
                    table.seek(0)
                    _convert("nq", table, file)
                    return
        raise BusyError("The data change faster than they can be written out. Ask again in a while.")

    def _page(self, start: int, file: IO[bytes]) -> int:
        """Appends some of the quads to the table; returns how many."""
        lines, head = 0, start > 0
        for part in self._answer(_ALL.format(start, PAGE_QUADS), "tsv"):
            lines += part.count(b"\n")
            file.write(part.partition(b"\n")[2] if head else part)  # the names of the columns, once
            head = False
        return lines - 1

    def _answer(self, query: str, form: str) -> Iterable[bytes]:
        body = self._store.query(Task(query, bindings=form), _SECONDS).body
        return [body] if isinstance(body, bytes) else body

    def _tables(self, file: IO[bytes]) -> None:
        tables = read_tables()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            for table in tables:
                with packed.open(_entry(f"{table.name}.csv"), "w", force_zip64=True) as entry:
                    for part in self._answer(table.query, "csv"):
                        entry.write(part)
            packed.writestr(_entry("csv-metadata.json"), csvw(tables))


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _LONG_AGO)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _convert(form: str, source: IO[bytes], target: IO[bytes]) -> None:
    """Writes `source` to `target` in another format, in a process of its own; see `kg.rdf.conversion`."""
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "kg.rdf.conversion", form],
        stdin=source,
        stdout=target,
        stderr=subprocess.PIPE,
        check=False,
    )
    said = done.stderr.decode(errors="replace")
    if done.returncode == NOT_WRITABLE:
        raise NotAcceptableError(said)
    if done.returncode:
        raise RuntimeError(f"A file could not be made: {said}")
