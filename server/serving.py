"""Runs the application: this process serves HTTP on one event loop, the processes of `kg.workers` evaluate.

The fork server of `kg.workers.pool` is forked from this process while it has one thread, so that they share the loaded
store. If that is killed, this process exits with status 1; if this one is, the kernel kills the fork server and the
workers (`kg.workers.confinement.die_with_parent`).
"""

import asyncio
import ctypes
import gc
import os
import secrets
import signal
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer
from typing import Final

import pyoxigraph as ox
import uvloop

from kg.changes.validation import prepare
from kg.curation.dataset import Dataset
from kg.curation.manifest import called
from kg.engine.engine import Engine
from kg.engine.limits import Limits
from kg.history.history import History
from kg.history.snapshots import snapshot_bytes
from kg.history.timeline import BuildTimeline, HistoryTimeline, Timeline
from kg.publishing.about import About, about_of_data
from kg.publishing.about_file import read_about
from kg.rdf.set_digest import SetDigest
from kg.store.reader import Reader
from kg.store.store import Store
from kg.workers.messages import Task
from kg.workers.pool import WorkerPool
from kg.workers.sizing import machine_memory, query_memory
from ontology import KelisimError
from server.app import UPLOAD_BYTES, create_app
from server.connections.listener import Listener
from server.endpoint.sparql import QUERY_BYTES
from server.engine_writes import EngineStore, check_folder
from server.engines import ConnectedEngine, EngineSettings
from server.front.cache import ResponseCache
from server.front.forwarding import Forwarding, network_of
from server.front.front import Front, Layers
from server.front.limits import RequestGuard, RequestLimits
from server.front.logs import AccessLog, LineLog, QueryLog
from server.front.metrics import Metrics, Workers
from server.front.observation import Observer
from server.front.rates import Buckets, RateLimit, client_key
from server.http.access import Access, LogAccess
from server.http.signposts import licences
from server.http.site import Site, Statistics, known_prefixes
from server.http.tokens import TokenStore
from server.loading import LoadedElsewhere
from server.replica import Following, Replica

STOP_SECONDS: Final = 8.0
"""After that time a graceful stop is over, whatever still runs; Docker waits 10 s."""

_ANNOUNCE_SECONDS: Final = 1.0
"""Between attempts to get a first answer."""

_CUT_SECONDS: Final = 7.0
"""After that time of a stop connections are cut whose clients do not read."""


@dataclass(frozen=True)
class Settings:
    """Settings of a server.

    limits: a `memory` of 0 stands for `kg.workers.sizing.query_memory`. folder: the store on disk; None for a store in
    memory. access_log, query_log: a file or ``-`` for standard error; empty for none. rate: requests per second of one
    client, 0 for no limit. services: IRIs of the endpoints that SERVICE may query. articles: the folder with the
    articles' texts. origin: the public origin, such as ``https://example.org``, if a proxy stands before the server.
    empty: whether everybody may query graphs that are not there, as empty ones. update_bytes: the longest update,
    decompressed. about: the file that describes the data, if it is not their own description that counts. proxies:
    whose word on their clients is believed; forwarded: given by the header Forwarded. open_log: whether everybody may
    follow the log. replica: what to follow, if it is a replica. engine: where the data are, if an engine elsewhere has
    them. columns: whether scans of a large store are answered from columns too. optimiser:
    whether queries of a large store are rewritten to cost less. data: the folder of curated files, if it is not the
    shipped one.
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
    proxies: tuple[str, ...] = ()
    forwarded: bool = False
    open_log: bool = False
    replica: Following | None = None
    engine: EngineSettings | None = None
    columns: bool = False
    optimiser: bool = True
    data: Path | None = None


@dataclass(frozen=True)
class _Loaded:
    """A loaded store: identity of its initial state, what it says of itself, history if it is writable, start message.

    engine: gives its engine, in the process that calls it. modified: when it was last changed, as in `Store`. load:
    what loads it into memory, if the engine is on disk. timeline: the versions of a store that takes no changes.
    connected: the engine elsewhere that has the data. elsewhere: what tells the number of quads and what the store
    says of itself, where `engine` loads it in another process.
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
    connected: ConnectedEngine | None = None
    elsewhere: LoadedElsewhere[tuple[int, About]] | None = None


def serve(settings: Settings, dataset: Callable[[], Dataset | None], ready: Callable[[str, str], None]) -> None:
    """Serves until SIGINT or SIGTERM, then stops gracefully.

    `dataset` loads the dataset to serve, or the initial content of a new store (None for an empty one). Calls `ready`
    with the server's URL and the start message once requests are answered. Port 0 chooses a free port. Raises
    KelisimError if the address is in use, a proxy is named badly, the store cannot be opened or the description of the
    data is malformed.
    """
    given = read_about(settings.about) if settings.about else None  # errors of the file come before a long loading
    forwarding = _forwarding(settings)
    listening = _bound(settings.host, settings.port)
    os.register_at_fork(after_in_child=listening.close)  # else a dying child would keep the port
    loaded = _load(settings, dataset, known_prefixes(given))
    following = Replica(settings.replica, settings.folder) if settings.replica else None
    version = loaded.timeline.latest if loaded.timeline else 0
    pool = WorkerPool(loaded.engine, _limits(settings), loaded.load, version=version)
    if not settings.optimiser:
        pool.optimises_from = None
    if loaded.elsewhere:
        quads, stated = loaded.elsewhere.told()
        loaded = replace(loaded, stated=stated, words=f"{quads} quads, {loaded.words}")
    store = (
        following.store(pool)
        if following
        else _writing(pool, loaded)
        if loaded.connected and loaded.connected.writer
        else Store(
            pool,
            loaded.identity,
            loaded.history,
            modified=loaded.modified,
            new_graphs=settings.empty,
            timeline=loaded.timeline,
            origin=settings.origin,
        )
    )
    tokens = TokenStore(settings.folder) if settings.folder and settings.allow_updates else None
    followers = LogAccess(TokenStore(settings.folder) if settings.folder else None, everybody=settings.open_log)
    metrics = Metrics(lambda: Workers(*pool.usage, pool.scanned, pool.optimised))
    connected = loaded.connected
    kept = None if following else settings.folder  # a permalink that one replica kept would be missing at the others
    status = connected.status if connected else None
    site = Site(store, loaded.statistics, settings.articles, loaded.stated, given, kept, status, settings.data)
    app = create_app(site, Access(tokens, following.writer if following else None), metrics, followers)
    layers = replace(_layers(settings, site, metrics, tokens, forwarding), may_follow=followers.check)
    if following:
        layers = following.before(layers, metrics)
    front = Front(app, store, layers)
    gc.collect()
    gc.freeze()  # objects loaded so far are permanent: later collections skip them
    gc.set_threshold(100_000, 50, 100)  # reference counting frees a request's objects, cycles are rare
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{shown}:{listening.getsockname()[1]}/"
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(
            _serve(
                front,
                store,
                listening,
                lambda: ready(url, loaded.words),
                following or connected,
                columns=settings.columns,
            )
        )
    if following:
        following.close()


def _limits(settings: Settings) -> Limits:
    """The limits, with that of memory by the size of the store where none is given."""
    limits = settings.limits
    if limits.memory:
        return limits
    snapshot = snapshot_bytes(history_folder(settings.folder)) if settings.folder else 0
    return replace(limits, memory=query_memory(snapshot, machine_memory(), limits.workers))


def _writing(pool: WorkerPool, loaded: _Loaded) -> Store:
    """The store of an engine elsewhere that takes changes."""
    connected = loaded.connected
    assert connected
    assert connected.writer
    return EngineStore(pool, loaded.identity, connected.writer, connected.look, connected.timeline())


async def _serve(  # noqa: PLR0913 - one has a default
    front: Front,
    store: Store,
    listening: socket.socket,
    ready: Callable[[], None],
    source: Replica | ConnectedEngine | None,
    *,
    columns: bool = False,
) -> None:
    """Serves on the running event loop until a signal to stop, then until the requests under way have ended.

    `source` is where the data come from, if they are not a store's own.
    """
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    front.start(loop)
    if columns:
        store.keep_columns()
    listener = Listener(front, listening)
    await listener.start()
    if source:
        source.start(store)

    announcing = loop.create_task(_announce(store, ready))
    await stopped.wait()
    announcing.cancel()
    end = Timer(STOP_SECONDS, os._exit, (0,))  # threads that do not end would hold up the exit
    end.daemon = True
    end.start()
    front.stop()
    await listener.stop(_CUT_SECONDS)
    if source:
        await source.stop()
    store.shut_down()
    await asyncio.sleep(0)  # for the threads that wait for the pool
    store.pool.close()


async def _announce(store: Store, ready: Callable[[], None]) -> None:
    """Calls `ready` once a query was answered; an engine elsewhere may fail to at first, and is asked again."""
    while True:
        try:
            await store.pool.query(Task("ASK {}", bindings="json", internal=True))
        except KelisimError:
            await asyncio.sleep(_ANNOUNCE_SECONDS)
        else:
            ready()
            return


def _forwarding(settings: Settings) -> Forwarding | None:
    """What is believed of proxies, None for nothing. Raises KelisimError if they are not named well."""
    if settings.forwarded and not settings.proxies:
        raise KelisimError("--forwarded needs to know whose header it is; name the proxies with --trusted-proxy.")
    networks = [*map(network_of, settings.proxies)]
    return Forwarding(networks, standard=settings.forwarded) if networks else None


def _layers(
    settings: Settings, site: Site, metrics: Metrics, tokens: TokenStore | None, forwarding: Forwarding | None
) -> Layers:
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
        forwarding=forwarding,
    )


def _nothing(settings: Settings, replica: Following, prefixes: Mapping[str, str]) -> _Loaded:
    """No data: those of a replica come later."""
    engine = Engine((), settings.services, prefixes)
    return _Loaded(lambda: engine, About(), "", {}, None, f"a replica of {replica.address}")


def history_folder(folder: Path) -> Path:
    """The subfolder of a store's folder with the history; the tokens are beside it."""
    return folder / "history"


def _load(settings: Settings, dataset: Callable[[], Dataset | None], prefixes: Mapping[str, str]) -> _Loaded:
    if settings.engine and settings.replica:
        raise KelisimError("Give --engine or --replica-of, and not both: data are asked elsewhere, or kept here.")
    if settings.replica:
        return _nothing(settings, settings.replica, prefixes)
    if settings.engine:
        return _connected(settings, settings.engine, prefixes)
    if settings.folder is None:
        if settings.allow_updates:
            raise KelisimError("Changes need a place to last: give a folder with --store.")
        built = dataset()
        quads = built.quads if built else ()
        identity = built.digest if built else "empty"
        statistics = built.statistics() if built else {}
        only = _kept(Engine(quads, settings.services, prefixes))
        words = f"{len(quads)} quads, digest {identity[:12]}"
        about = about_of_data(Reader(only), called(settings.data))
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

    name = settings.folder.resolve().name
    words = f"version {history.version} of {settings.folder}"
    copy = history.usable_disk_copy()

    def engine_on_disk() -> Engine:
        """Opened in each process that needs it, since open files would outlive a copy that is replaced."""
        return Engine(ox.Store.read_only(str(copy)), settings.services, prefixes, on_disk=True)

    if copy:
        words += ", from its copy on disk while it is loaded into memory"
    if history.recovered:
        words += f". {history.recovered}"
    if settings.allow_updates:
        prepare()
    # Random at each start: this identity and the version number together identify a state.
    identity = secrets.token_hex(8)
    kept = history if settings.allow_updates else None
    timeline = HistoryTimeline(history)
    if copy:
        stated = about_of_data(Reader(engine_on_disk()), name)
        return _Loaded(engine_on_disk, stated, identity, {}, kept, words, history.modified, load, timeline)
    elsewhere = LoadedElsewhere(load, lambda engine: (len(engine), about_of_data(Reader(engine), name)))
    return _Loaded(
        elsewhere.load, About(), identity, {}, kept, words, history.modified, timeline=timeline, elsewhere=elsewhere
    )


def _connected(settings: Settings, engine: EngineSettings, prefixes: Mapping[str, str]) -> _Loaded:
    """An engine elsewhere in place of a store."""
    if settings.empty or settings.services or settings.open_log or (settings.folder and not settings.allow_updates):
        raise KelisimError("--engine has the data: --store, --empty, --allow-service and --open-log do not go with it.")
    if settings.allow_updates:
        check_folder(settings.folder)
        prepare()
    connected = ConnectedEngine(engine)
    only = _kept(connected.engine(prefixes))
    if connected.writer and len(only) > engine.copied:
        raise KelisimError(
            f"The engine holds {len(only)} quads. Changes are worked out on a copy in memory, of {engine.copied} at "
            "most (--engine-copy; a million take 280 MB). Or change the data where they are made, and publish them "
            "again."
        )
    stated = about_of_data(Reader(only), "Dataset")
    return _Loaded(
        lambda: only,
        stated,
        connected.mark.name,
        {},
        None,
        connected.words(),
        timeline=connected.timeline(),
        connected=connected,
    )


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


def _bound(host: str, port: int) -> socket.socket:
    """A socket bound to the port, or to a free one for 0; raises KelisimError if it cannot be bound."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        message = f"Cannot listen on {host}, port {port}: {error.strerror}. Choose another with --host and --port."
        raise KelisimError(message) from error
    return bound
