"""Runs the application on Granian, a production WSGI server."""

import multiprocessing
import socket
from collections.abc import Callable

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from kg.dataset import Dataset
from ontology import KelisimError
from server.app import create_app

BLOCKING_THREADS = 4
"""Threads that run Python in the serving process. The engine releases the GIL while it writes results."""


def serve(dataset: Dataset, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serves the dataset until SIGINT or SIGTERM, then stops cleanly.

    Calls `ready` with the address once the port takes connections. Port 0 takes a free one. Raises KelisimError if the
    address cannot be had.
    """
    port = _free(host, port)
    app = create_app(dataset)
    # The serving process is forked, so that it shares the loaded store instead of loading it again.
    multiprocessing.set_start_method("fork", force=True)
    server = Granian(
        "server.app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=BLOCKING_THREADS,
        log_level=LogLevels.warning,
    )
    shown = f"[{host}]" if ":" in host else host
    server.on_startup(lambda: ready(f"http://{shown}:{port}/"))
    server.serve(target_loader=lambda *_: app, wrap_loader=False)


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
