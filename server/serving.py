"""Runs the application on Granian, a production WSGI server."""

import multiprocessing
import socket
import time
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPConnection
from threading import Thread

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from kg.dataset import Dataset
from kg.engine import Engine
from kg.pool import Limits, WorkerPool
from ontology import KelisimError
from server.app import create_app
from server.cache import Application, ResponseCache

BLOCKING_THREADS = 32
"""Threads of the serving process. Most of them wait for workers, so there are far more than cores."""

STOP_SECONDS = 10
"""How long requests under way may take to end when the server stops."""


def serve(dataset: Dataset, host: str, port: int, limits: Limits, ready: Callable[[str], None]) -> None:
    """Serves the dataset until SIGINT or SIGTERM, then stops cleanly.

    Calls `ready` with the address once requests are answered. Port 0 takes a free one. Raises KelisimError if the
    address cannot be had.
    """
    port = _free(host, port)
    engine = Engine(dataset.quads)
    shown = f"[{host}]" if ":" in host else host

    def load(*_: object) -> Application:
        """Runs in the serving process, before it begins to serve."""
        pool = WorkerPool(engine, limits)
        app = create_app(dataset, pool)
        Thread(target=_announce, args=(host, port, lambda: ready(f"http://{shown}:{port}/")), daemon=True).start()
        return ResponseCache(app, lambda: dataset.digest)

    # The serving process is forked, so that it shares the loaded store instead of loading it again.
    multiprocessing.set_start_method("fork", force=True)
    server = Granian(
        "server.app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=BLOCKING_THREADS,
        log_level=LogLevels.error,  # it warns of many threads, which here is meant
        workers_kill_timeout=STOP_SECONDS,
    )
    server.serve(target_loader=load, wrap_loader=False)


def _announce(host: str, port: int, ready: Callable[[], None]) -> None:
    """Calls `ready` as soon as the server answers."""
    while True:
        connection = HTTPConnection(host, port, timeout=5)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == HTTPStatus.OK:
                ready()
                return
        except OSError:
            time.sleep(0.02)
        finally:
            connection.close()


def _free(host: str, port: int) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = f"Cannot listen on {host}, port {port}: {error.strerror}. Choose another with --host and --port."
            raise KelisimError(message) from error
        return int(probe.getsockname()[1])
