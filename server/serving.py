"""Runs the application: this process serves HTTP on one event loop, the processes of `kg.workers` evaluate.

The fork server of `kg.workers.pool` is forked from this process while it has one thread, so that they share the loaded
store. If that is killed, this process exits with status 1; if this one is, the kernel kills the fork server and the
workers (`kg.workers.confinement.die_with_parent`).
"""

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import replace
from threading import Timer
from typing import Final

import uvloop

from kg.curation.dataset import Dataset
from kg.engine.limits import Limits
from kg.history.snapshots import snapshot_bytes
from kg.publishing.about_file import read_about
from kg.store.store import Store
from kg.workers.messages import Task
from kg.workers.pool import WorkerPool
from kg.workers.sizing import machine_memory, query_memory
from ontology import KelisimError
from server.app import UPLOAD_BYTES, create_app
from server.connections.listener import Listener
from server.endpoint.sparql import QUERY_BYTES
from server.engine_writes import EngineStore
from server.engines import ConnectedEngine
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
from server.http.site import Site, known_prefixes
from server.http.tokens import TokenStore
from server.replica import Replica
from server.settings import Settings
from server.stores import Loaded, history_folder, load

STOP_SECONDS: Final = 8.0
"""After that time a graceful stop is over, whatever still runs; Docker waits 10 s."""

_ANNOUNCE_SECONDS: Final = 1.0
"""Between attempts to get a first answer."""

_CUT_SECONDS: Final = 7.0
"""After that time of a stop connections are cut whose clients do not read."""


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
    loaded = load(settings, dataset, known_prefixes(given))
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


def _writing(pool: WorkerPool, loaded: Loaded) -> Store:
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
