"""Dumps of the whole dataset, streamed into files, once for each version of the store."""

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotReadyError
from gzip import GzipFile
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from types import MappingProxyType
from typing import IO, Final

from kg.curation.tables import csvw, read_tables
from kg.engine.errors import BusyError
from kg.publishing.about import About
from kg.publishing.files import PublishedFile
from kg.rdf.conversion import NOT_WRITABLE
from kg.rdf.formats import GRAPH_FORMATS, NotAcceptableError
from kg.store.store import Store
from kg.workers.messages import Task
from ontology import PREFIXES, KelisimError

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
"""The media types by file extension. ``nq``, ``trig`` and ``jsonld`` hold the whole dataset; ``ttl``, ``nt`` and
``rdf`` hold the default graph and the named graphs reified; ``csv.zip`` holds tables of the project's own classes."""

PAGE_QUADS: Final = 1_000_000
"""The number of quads in one query."""

_ALL: Final = "SELECT ?s ?p ?o ?g WHERE {{ {{ ?s ?p ?o }} UNION {{ GRAPH ?g {{ ?s ?p ?o }} }} }} OFFSET {} LIMIT {}"
_MAX_ATTEMPTS: Final = 3
_SECONDS: Final = 3600.0  # the store may have a lower limit
_CHUNK: Final = 1 << 20
_ZIP_EPOCH: Final = (
    1980,
    1,
    1,
    0,
    0,
    0,
)  # the first date that a zip can hold; constant, so that dumps are reproducible


class Dumps:
    """The dumps of the current version of a store, each created at its first request; thread-safe.

    One is created at a time, and formats are converted in a subprocess. The files are in the folder for temporary files
    (TMPDIR).
    """

    def __init__(
        self, store: Store, about: Callable[[], About] = About, prefixes: Mapping[str, str] = PREFIXES
    ) -> None:
        """about: what is said of the dataset, for the tables. prefixes: those that the files declare."""
        self._store = store
        self._about = about
        self._prefixes = prefixes
        self._executor = ThreadPoolExecutor(1, "dumps")
        self._lock = Lock()
        self._version = ""
        self._futures: dict[str, Future[PublishedFile]] = {}

    def get(self, extension: str, wait: float) -> PublishedFile:
        """The dump with that extension, one of `MEDIA_TYPES`; waits for it at most `wait` seconds.

        Raises BusyError on a timeout, while its creation continues; else the errors of the store's `query`.
        """
        with self._lock:
            futures = self._current()
            future = futures.get(extension)
            if future is None or (future.done() and future.exception()):
                future = futures[extension] = self._executor.submit(self._make, extension, futures)
        try:
            return future.result(wait)
        except NotReadyError:
            raise BusyError("The file is being made. Ask for it again in a while.") from None

    def make(self, extensions: Iterable[str], wait: float) -> None:
        """Makes those that do not exist yet, and waits at most `wait` seconds for each; errors are told by `get`."""
        for extension in extensions:
            try:
                self.get(extension, wait)
            except BusyError:
                return
            except KelisimError:  # of one format, such as what RDF/XML cannot write
                continue

    def made(self) -> dict[str, PublishedFile]:
        """The dumps of the current version that exist already, by extension."""
        with self._lock:
            futures = dict(self._current())
        return {e: f.result() for e, f in futures.items() if f.done() and not f.exception()}

    def _current(self) -> dict[str, Future[PublishedFile]]:
        if self._store.version != self._version:
            self._version, self._futures = self._store.version, {}
        return self._futures

    def _make(self, extension: str, futures: dict[str, Future[PublishedFile]]) -> PublishedFile:
        """Creates a dump. Runs in the executor's only thread, so that no other dump is in progress."""
        return PublishedFile.written(
            f"dump.{extension}", MEDIA_TYPES[extension], lambda file: self._fill(file, extension, futures)
        )

    def _fill(self, file: IO[bytes], extension: str, futures: dict[str, Future[PublishedFile]]) -> None:
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
                    _convert(extension, whole, file, self._prefixes)

    def _quads(self, file: IO[bytes]) -> None:
        """Writes all quads of one version, queried as SPARQL 1.1 Query Results TSV with columns s, p, o and g."""
        for _ in range(_MAX_ATTEMPTS):
            version, start = self._store.version, 0
            with TemporaryFile() as table:
                while self._page(start, table) == PAGE_QUADS:
                    start += PAGE_QUADS
                if self._store.version == version:
                    table.seek(0)
                    _convert("nq", table, file, {})
                    return
        raise BusyError("The data change faster than they can be written out. Ask again in a while.")

    def _page(self, start: int, file: IO[bytes]) -> int:
        """Appends one page of quads to the table; returns their number."""
        lines, head = 0, start > 0
        for part in self._answer(_ALL.format(start, PAGE_QUADS), "tsv"):
            lines += part.count(b"\n")
            file.write(part.partition(b"\n")[2] if head else part)  # the header only once
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
            about = self._about()
            described = csvw(tables, title=str(about.name("en")), licences=about.licences)
            packed.writestr(_entry("csv-metadata.json"), described)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _ZIP_EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _convert(form: str, source: IO[bytes], target: IO[bytes], prefixes: Mapping[str, str]) -> None:
    """Converts `source` to another format, in a subprocess; see `kg.rdf.conversion`."""
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "kg.rdf.conversion", form, json.dumps(dict(prefixes))],
        stdin=source,
        stdout=target,
        stderr=subprocess.PIPE,
        check=False,
    )
    message = done.stderr.decode(errors="replace")
    if done.returncode == NOT_WRITABLE:
        raise NotAcceptableError(message)
    if done.returncode:
        raise RuntimeError(f"A file could not be made: {message}")
