"""Runs the application on the HTTP server Granian."""

import ctypes
import gc
import multiprocessing
import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from typing import Any

import pyoxigraph as ox
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from kg.changes.validation import prepare
from kg.curation.dataset import Dataset
from kg.engine.engine import Engine
from kg.engine.limits import Limits
from kg.history.history import History
from kg.history.timeline import BuildTimeline, HistoryTimeline, Timeline
from kg.publishing.about import About, about_of_data
from kg.publishing.about_file import read_about
from kg.rdf.set_digest import SetDigest
from kg.store.reader import Reader
from kg.store.store import Store
from kg.workers.confinement import die_with_parent
from kg.workers.pool import WorkerPool
from ontology import KelisimError
from server.app import UPLOAD_BYTES, create_app
from server.endpoint.sparql import QUERY_BYTES
from server.front.cache import ResponseCache
from server.front.connections import ConnectionTimeouts, SlowClients
from server.front.front import Front, Layers
from server.front.limits import RequestGuard, RequestLimits
from server.front.logs import AccessLog, LineLog, QueryLog
from server.front.metrics import Metrics, Workers
from server.front.observation import Observer
from server.front.rates import Buckets, RateLimit, client_key
from server.http.access import Access
from server.http.signposts import licences
from server.http.site import Site, Statistics, known_prefixes
from server.http.tokens import TokenStore

CONNECTIONS = 2048
"""Simultaneous connections; further ones wait in the backlog."""

STOP_SECONDS = 8
"""Timeout of a graceful stop in seconds, then the serving process is killed; Docker waits 10 s."""


@dataclass(frozen=True)
class Settings:
    """Settings of a server.

    folder: the store on disk; None for a store in memory. access_log, query_log: a file or ``-`` for standard error;
    empty for none. rate: requests per second of one client, 0 for no limit. services: IRIs of the endpoints that
    SERVICE may query. articles: the folder with the articles' texts. origin: the public origin, such as
    ``https://example.org``, if a proxy stands before the server. empty: whether
    everybody may query graphs that are not there, as empty ones. update_bytes: the longest update, decompressed.
    about: the file that describes the data, if it is not their own description that counts.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    limits: Limits = field(default_factory=Limits)
    folder: Path | None = None
    allow_updates: bool = False
    access_log: str = ""
    query_log: str = ""
    rate: float = 0.0
    services: frozenset[str] = frozenset()
    articles: Path | None = None
    origin: str = ""
    empty: bool = False
    update_bytes: int = 1 << 24
    about: Path | None = None


@dataclass(frozen=True)
class _Loaded:
    """A loaded store: identity of its initial state, what it says of itself, history if it is writable, start message.

    engine: gives its engine, in the process that calls it. modified: when it was last changed, as in `Store`. load:
    what loads it into memory, if the engine is on disk. timeline: the versions of a store that takes no changes.
    """

    engine: Callable[[], Engine]
    stated: About
    identity: str
    statistics: Statistics
    history: History | None
    words: str
    modified: str | None = None
    load: Callable[[], Engine] | None = None
    timeline: Timeline | None = None


def serve(settings: Settings, dataset: Callable[[], Dataset | None], ready: Callable[[str, str], None]) -> None:
    """Serves until SIGINT or SIGTERM, then stops gracefully.

    `dataset` loads the dataset to serve, or the initial content of a new store (None for an empty one). Calls `ready`
    with the server's URL and the start message once requests are answered. Port 0 chooses a free port. Raises
    KelisimError if the address is in use, the store cannot be opened or the description of the data is malformed.
    """
    given = read_about(settings.about) if settings.about else None  # errors of the file come before a long loading
    port = _free_port(settings.host, settings.port)
    stop_pipe, stop_writer = os.pipe()
    loaded = _load(settings, dataset, known_prefixes(given))
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host

    def load(*_: object) -> Front:
        """Runs in the serving process before it accepts connections."""
        # Else it would go on, with the store locked, if the main process were killed. At once: who would end it if it
        # did not stop? Acknowledged changes are on disk.
        die_with_parent()
        os.close(stop_writer)
        version = loaded.timeline.latest if loaded.timeline else 0
        pool = WorkerPool(loaded.engine, settings.limits, loaded.load, version=version)
        store = Store(
            pool,
            loaded.identity,
            loaded.history,
            modified=loaded.modified,
            new_graphs=settings.empty,
            timeline=loaded.timeline,
        )
        tokens = TokenStore(settings.folder) if settings.folder and settings.allow_updates else None
        metrics = Metrics(lambda: Workers(*pool.usage))
        site = Site(store, loaded.statistics, settings.articles, loaded.stated, given, settings.folder)
        app = create_app(site, Access(tokens), metrics)
        announce = lambda: ready(f"http://{shown}:{port}/", loaded.words)  # noqa: E731
        Thread(target=_wait_until_ready, args=(settings.host, port, announce), daemon=True).start()
        SlowClients(port, ConnectionTimeouts(silent=settings.limits.max_timeout + 60)).start()
        gc.collect()
        gc.freeze()  # objects loaded so far are permanent: later collections skip them
        gc.set_threshold(100_000, 50, 100)  # reference counting frees a request's objects, cycles are rare
        return Front(app, store, _layers(settings, site, metrics, tokens), stop_pipe)

    # The serving process is forked, so that it shares the loaded store.
    multiprocessing.set_start_method("fork", force=True)
    server = _Server(
        stop_writer,
        "server.front.front",
        address=settings.host,
        port=port,
        interface=Interfaces.RSGI,
        loop=Loops.uvloop,
        workers=1,
        websockets=False,
        backpressure=CONNECTIONS,
        backlog=CONNECTIONS,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=10_000, max_buffer_size=1 << 17),
        log_level=LogLevels.error,
        workers_kill_timeout=STOP_SECONDS,
    )
    server.serve(target_loader=load, wrap_loader=False)  # type: ignore[arg-type] # an RSGI application is an object


class _Server(MPServer):
    """Closes a pipe at the stop signal, since Granian does not notify the application in its serving process."""

    def __init__(self, pipe: int, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._pipe = pipe

    def signal_handler_interrupt(self, *args: Any, **more: Any) -> None:
        """Stops the server."""
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1
        super().signal_handler_interrupt(*args, **more)  # type: ignore[no-untyped-call]


def _layers(settings: Settings, site: Site, metrics: Metrics, tokens: TokenStore | None) -> Layers:
    observers: list[Observer] = [metrics]
    if settings.access_log:
        observers.append(AccessLog(LineLog(settings.access_log)))
    if settings.query_log:
        observers.append(QueryLog(LineLog(settings.query_log)))
    may_upload = lambda header: bool(tokens and header and tokens.check(header))  # noqa: E731
    limits = RequestLimits(body=QUERY_BYTES, bodies={"/graphs": UPLOAD_BYTES}, updates=settings.update_bytes)
    guard = RequestGuard(limits, may_upload)
    rate = None
    if settings.rate:
        buckets = Buckets(settings.rate, max(1, round(2 * settings.rate)))
        rate = RateLimit(buckets, lambda environ: client_key(environ, tokens))
    return Layers(
        ResponseCache(lambda: site.store.version),
        guard,
        may_upload,
        rate,
        observers,
        counted=bool(settings.query_log),
        origin=settings.origin,
        links=lambda: licences(site.latest_about),
    )


def history_folder(folder: Path) -> Path:
    """The subfolder of a store's folder with the history; the tokens are beside it."""
    return folder / "history"


def _load(settings: Settings, dataset: Callable[[], Dataset | None], prefixes: Mapping[str, str]) -> _Loaded:
    if settings.folder is None:
        if settings.allow_updates:
            raise KelisimError("Changes need a place to last: give a folder with --store.")
        built = dataset()
        quads = built.quads if built else ()
        identity = built.digest if built else "empty"
        statistics = built.statistics() if built else {}
        only = _kept(Engine(quads, settings.services, prefixes))
        words = f"{len(quads)} quads, digest {identity[:12]}"
        about = about_of_data(Reader(only), "Dataset")
        timeline = _timeline(built, about)
        return _Loaded(lambda: only, about, identity, statistics, None, words, timeline=timeline)
    folder = history_folder(settings.folder)
    if folder.exists():
        history = History.open(folder, read_only=not settings.allow_updates)
    else:
        built = dataset()
        settings.folder.mkdir(parents=True, exist_ok=True)
        history = History.create(folder, built.quads if built else ())

    def load() -> Engine:
        store = ox.Store()
        history.load_into(store)
        return Engine(store, settings.services, prefixes)

    words = f"version {history.version} of {settings.folder}"
    copy = history.usable_disk_copy()

    def engine_on_disk() -> Engine:
        """Opened in each process that needs it, since open files would outlive a copy that is replaced."""
        return Engine(ox.Store.read_only(str(copy)), settings.services, prefixes, on_disk=True)

    if copy:
        stated = about_of_data(Reader(engine_on_disk()), settings.folder.resolve().name)
        words += ", from its copy on disk while it is loaded into memory"
    else:
        loaded = _kept(load())
        stated = about_of_data(Reader(loaded), settings.folder.resolve().name)
        words = f"{len(loaded)} quads, {words}"
    engine = engine_on_disk if copy else lambda: loaded
    if history.recovered:
        words += f". {history.recovered}"
    if settings.allow_updates:
        prepare()
    # Random at each start: this identity and the version number together identify a state.
    identity = secrets.token_hex(8)
    kept = history if settings.allow_updates else None
    timeline = HistoryTimeline(history)
    return _Loaded(engine, stated, identity, {}, kept, words, history.modified, load if copy else None, timeline)


def _timeline(built: Dataset | None, about: About) -> Timeline:
    """The one version of a build, which is as old as the data say, else as this server."""
    day = about.day("modified") or about.day("issued")
    time = f"{day}T00:00:00Z" if day else datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

    def digest() -> str:
        found = SetDigest()
        found.add(line + b"\n" for line in (built.lines if built else ()))
        return found.hexdigest()

    return BuildTimeline(time, built.digest if built else "", digest)


def _kept(engine: Engine) -> Engine:
    """The engine, with one reference more: to deallocate a large one would delay the exit by a minute."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(engine))
    return engine


def _wait_until_ready(host: str, port: int, ready: Callable[[], None]) -> None:
    """Polls the server and calls `ready` at its first response."""
    while True:
        connection = HTTPConnection(host, port, timeout=5)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == HTTPStatus.OK:
                ready()
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.02)


def _free_port(host: str, port: int) -> int:
    """The port, or a free one for 0; raises KelisimError if it cannot be bound."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = f"Cannot listen on {host}, port {port}: {error.strerror}. Choose another with --host and --port."
            raise KelisimError(message) from error
        return int(probe.getsockname()[1])
