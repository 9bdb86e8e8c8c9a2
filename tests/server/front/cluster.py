"""Writers and replicas as processes, and a line between them that can be disturbed."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.conftest import Serving, serving
from tests.http import get_json, send
from tests.server.endpoint.test_writes import Client, make_token
from tests.waiting import becomes

SECONDS = 60
"""How long a replica may take to come to a state: tests run side by side."""


@contextmanager
def writing(kelisim: str, folder: Path, *options: str) -> Iterator[Client]:
    """A writer of a store in a folder, which begins empty; its token may change and compact it."""
    token = folder.parent / f"{folder.name}.token"
    if not token.exists():
        token.write_text(make_token(folder, "update", "admin"))
    with serving(kelisim, "--store", str(folder), "--empty", "--allow-updates", *options) as running:
        yield Client(running, token.read_text())


def replicating(kelisim: str, writer: str, *options: str) -> AbstractContextManager[Serving]:
    """A replica of the server at an address."""
    return serving(kelisim, "--replica-of", writer, *options)


def port_of(running: Serving | Client) -> str:
    """The port of a server, to start another one at the same."""
    return str(urlsplit(running.address if isinstance(running, Serving) else running.server).port)


def insert(client: Client, *numbers: int) -> None:
    """Makes one version for each number."""
    for number in numbers:
        status, body = client.update(f"INSERT DATA {{ <urn:{number}> <urn:p> {number} }}")
        assert status == 200, body


def state(server: str) -> tuple[int, str]:
    """The latest version of a server and its digest."""
    newest = get_json(f"{server}changes.json")["versions"][0]
    return newest["version"], newest["digest"]


def is_level(replica: str, writer: str) -> bool:
    """Whether a replica has the writer's version, with the same data."""
    status, _, body = send(f"{replica}changes.json")
    if status != 200:
        return False
    newest = json.loads(body)["versions"][0]
    return (newest["version"], newest["digest"]) == state(writer)


def follows(replica: str, writer: str) -> bool:
    """Whether a replica comes to the writer's version, with the same data."""
    return becomes(lambda: is_level(replica, writer), SECONDS)


def ready(server: str) -> dict[str, Any]:
    """What a replica says of how it follows; empty while it is not ready."""
    status, _, body = send(f"{server}ready")
    found: dict[str, Any] = json.loads(body)["replica"] if status == 200 else {}
    return found


class Line(ThreadingHTTPServer):
    """Passes GET requests on to a server; `meddle` gets each path and body, and may return another body.

    The header Content-Length stays that of the body as it was, so that a shorter one is a cut connection.
    """

    daemon_threads = True

    def __init__(self, server: str) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.target = server
        self.meddle: Callable[[str, bytes], bytes] = lambda _, body: body
        self.asked: list[tuple[str, str]] = []
        """The paths that were asked for, each with its header Range."""
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class _Passing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Line

    def do_GET(self) -> None:
        line, parts = self.server, urlsplit(self.server.target)
        line.asked.append((self.path, self.headers.get("Range", "")))
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        try:
            connection.request("GET", self.path, headers=dict(self.headers.items()))
            response = connection.getresponse()
            body = response.read()
        except OSError:
            self.close_connection = True
            return
        finally:
            connection.close()
        sent = line.meddle(self.path, body)
        self.send_response_only(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(sent)
        self.close_connection = len(sent) != len(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def line_to(server: str) -> Iterator[Line]:
    """A line to a server."""
    line = Line(server)
    try:
        yield line
    finally:
        line.shutdown()
        line.server_close()
